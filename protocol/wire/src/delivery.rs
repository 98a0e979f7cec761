//! How the rows of a subscription are delivered: options that stand beside its query and never in it.

pub(crate) mod envelope;

use crate::limits;

/// The delivery options of a subscription. The default says nothing: every change at the server's default rate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delivery {
    /// Updates per second. 0: that of the fastest tier, or without tiers the server's default. `f32::INFINITY`: one update
    /// per commit.
    pub rate: f32,
    /// A row enters a circle at its radius and leaves at its radius plus this, in units of the position. 0: at its radius.
    pub hysteresis: f64,
    /// By rising distance from the circle's centre; the last one holds to the border, wherever that is. None: every change
    /// at the subscription's rate.
    pub tiers: Vec<Tier>,
    /// Bytes per second that the connection is to be sent; changes of rows wait for their turn. 0: as many as there are.
    pub budget: u32,
    /// Whether the connection is only told what is durable, from here on and for all of its subscriptions.
    pub confirmed: bool,
}

/// What rows up to a distance from a circle's centre are told of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tier {
    /// Up to which distance, border included.
    pub distance: f64,
    /// Changes of one row per second. 0 and `f32::INFINITY`: one per update.
    pub rate: f32,
    /// Names of the columns whose changes are told while the row changes. None: all.
    pub columns: Vec<String>,
}

/// Why delivery options are not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// A rate that is none.
    #[error(
        "a rate of {0} is not possible; use 0 (the server's default), up to {max} per second, or infinity",
        max = limits::RATE_HZ_MAX
    )]
    Rate(String),
    /// A hysteresis that is no distance.
    #[error("the hysteresis {0} is not possible; use a finite distance from 0")]
    Hysteresis(String),
    /// Too many tiers.
    #[error("{0} tiers are too many; at most {max} are possible", max = limits::TIERS_MAX)]
    TooManyTiers(usize),
    /// A tier's distance is none.
    #[error("tier {tier} ends at the distance {distance}; use a finite distance above 0")]
    Distance {
        /// The tier, from 1.
        tier: usize,
        /// Its distance.
        distance: String,
    },
    /// A tier does not reach farther than the one before.
    #[error(
        "tier {tier} ends at the distance {distance}, which is not farther than the tier before; list tiers from near to far"
    )]
    Order {
        /// The tier, from 1.
        tier: usize,
        /// Its distance.
        distance: String,
    },
    /// A tier's rate is none.
    #[error(
        "tier {tier} has the rate {rate}; use changes per second from {min} to {max}, or 0 for as often as the subscription is told",
        min = limits::TIER_RATE_HZ_MIN, max = limits::RATE_HZ_MAX
    )]
    TierRate {
        /// The tier, from 1.
        tier: usize,
        /// Its rate.
        rate: String,
    },
    /// A tier names too many columns.
    #[error("tier {tier} names {count} columns; a table has at most {max}", max = limits::TIER_COLUMNS_MAX)]
    TooManyColumns {
        /// The tier, from 1.
        tier: usize,
        /// How many.
        count: usize,
    },
    /// A name that no column can have.
    #[error("tier {tier} names a column with {length} bytes; names have 1 to {max}", max = limits::PARAMETER_NAME_BYTES_MAX)]
    Name {
        /// The tier, from 1.
        tier: usize,
        /// The name's length.
        length: usize,
    },
    /// A budget that would hold everything back.
    #[error(
        "a budget of {0} bytes per second is too small; use at least {min}, or 0 for none",
        min = limits::BUDGET_BYTES_PER_S_MIN
    )]
    Budget(u32),
}

impl Delivery {
    /// Every change at this rate.
    pub fn at_rate(rate: f32) -> Self {
        Self { rate, ..Self::default() }
    }

    /// Whether all numbers are possible. What the query must have for them, the server says.
    pub fn check(&self) -> Result<(), DeliveryError> {
        if self.rate != f32::INFINITY && !(0.0..=limits::RATE_HZ_MAX).contains(&self.rate) {
            return Err(DeliveryError::Rate(self.rate.to_string()));
        }
        if !(0.0..=limits::DISTANCE_MAX).contains(&self.hysteresis) {
            return Err(DeliveryError::Hysteresis(self.hysteresis.to_string()));
        }
        if self.tiers.len() > limits::TIERS_MAX {
            return Err(DeliveryError::TooManyTiers(self.tiers.len()));
        }
        let mut before = 0.0;
        for (tier, number) in self.tiers.iter().zip(1..) {
            tier.check(number, before)?;
            before = tier.distance;
        }
        if self.budget != 0 && self.budget < limits::BUDGET_BYTES_PER_S_MIN {
            return Err(DeliveryError::Budget(self.budget));
        }
        Ok(())
    }
}

impl Tier {
    fn check(&self, tier: usize, before: f64) -> Result<(), DeliveryError> {
        let Self { distance, rate, ref columns } = *self;
        if !(distance > 0.0 && distance <= limits::DISTANCE_MAX) {
            return Err(DeliveryError::Distance { tier, distance: distance.to_string() });
        }
        if distance <= before {
            return Err(DeliveryError::Order { tier, distance: distance.to_string() });
        }
        let is_each = rate == 0.0 || rate == f32::INFINITY;
        if !is_each && !(limits::TIER_RATE_HZ_MIN..=limits::RATE_HZ_MAX).contains(&rate) {
            return Err(DeliveryError::TierRate { tier, rate: rate.to_string() });
        }
        if columns.len() > limits::TIER_COLUMNS_MAX {
            return Err(DeliveryError::TooManyColumns { tier, count: columns.len() });
        }
        let mut lengths = columns.iter().map(String::len);
        match lengths.find(|length| !(1..=limits::PARAMETER_NAME_BYTES_MAX).contains(length)) {
            Some(length) => Err(DeliveryError::Name { tier, length }),
            None => Ok(()),
        }
    }
}

impl Delivery {
    /// Bytes that it takes in a queue.
    pub fn byte_count(&self) -> usize {
        let names =
            self.tiers.iter().flat_map(|tier| &tier.columns).map(|name| size_of::<String>() + name.len());
        self.tiers.len() * size_of::<Tier>() + names.sum::<usize>()
    }
}
