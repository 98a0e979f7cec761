//! The delivery options of a subscription, checked against its query: what a flush needs of them.

use ambit_model::TableSchema;
use ambit_wire::limits::TIERS_MAX;
use ambit_wire::{Delivery, Tier};

use crate::query::QueryError;
use crate::query::plan::{Area, Condition, Filter, Plan, Position, canonical};

/// How a subscription's rows are delivered, if not every change at once to whoever a strict result names.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// A row leaves at the radius plus this.
    pub hysteresis: f64,
    /// From near to far; the last of those that there are holds to the border. They lie here, not elsewhere: every flush reads
    /// them for every client.
    tiers: [TierTerms; TIERS_MAX],
    /// At least one.
    tier_count: usize,
    /// Bytes per second of the connection, 0 for no bound.
    pub budget: u32,
    /// Whether the query has to be a circle.
    needs_distance: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct TierTerms {
    /// The square of the distance up to which it holds.
    pub square: f64,
    /// A row's changes are at least so many milliseconds apart.
    pub interval_ms: u32,
    /// The columns that are told while the row changes, as a mask.
    pub columns: u64,
}

/// A circle that does not move: the conditions of its filter apart from the circle, and where it lies.
pub(crate) struct FixedCircle {
    pub target: Filter,
    pub position: Position,
    pub centre: [f64; 3],
    pub radius: f64,
}

impl Terms {
    /// The terms of a query's subscription; none if its result is delivered strictly. `table` is the selected one as the
    /// client knows it.
    pub fn of(delivery: &Delivery, plan: &Plan, table: &TableSchema) -> Result<Option<Self>, QueryError> {
        delivery.check().map_err(QueryError::Delivery)?;
        let Delivery { hysteresis, ref tiers, budget, .. } = *delivery;
        if hysteresis == 0.0 && tiers.is_empty() && budget == 0 {
            return Ok(None);
        }
        let needs_distance = hysteresis != 0.0 || !tiers.is_empty();
        check(plan, needs_distance)?;
        let (mut terms, tier_count) = ([TierTerms::EVERY; TIERS_MAX], tiers.len().max(1));
        for (tier, terms) in tiers.iter().zip(&mut terms) {
            *terms = TierTerms::of(tier, table)?;
        }
        Ok(Some(Self { hysteresis, tiers: terms, tier_count, budget, needs_distance }))
    }

    /// Whether a query with other parameters can be delivered on the same terms.
    pub fn check(&self, plan: &Plan) -> Result<(), QueryError> {
        check(plan, self.needs_distance)
    }

    /// From near to far; the last one holds to the border.
    #[inline]
    pub fn tiers(&self) -> &[TierTerms] {
        self.tiers.get(..self.tier_count).unwrap_or(&self.tiers)
    }

    /// A tier by its number.
    #[inline]
    pub fn numbered(&self, number: u8) -> (u8, TierTerms) {
        (number, self.tiers.get(usize::from(number)).copied().unwrap_or(TierTerms::EVERY))
    }
}

impl TierTerms {
    /// Everything at once.
    const EVERY: Self = Self { square: f64::INFINITY, interval_ms: 0, columns: u64::MAX };

    fn of(tier: &Tier, table: &TableSchema) -> Result<Self, QueryError> {
        let is_each = tier.rate == 0.0 || tier.rate == f32::INFINITY;
        let interval_ms = if is_each { 0 } else { (1_000.0 / f64::from(tier.rate)).round() as u32 };
        let mut columns = if tier.columns.is_empty() { u64::MAX } else { 0 };
        for name in &tier.columns {
            // A private column is to be told apart from none by nothing.
            let Some((column, _)) = table.column(name).filter(|(_, column)| !column.private) else {
                return Err(QueryError::TierColumn { table: table.name.clone(), column: name.clone() });
            };
            columns |= 1 << column;
        }
        Ok(Self { square: tier.distance * tier.distance, interval_ms, columns })
    }
}

fn check(plan: &Plan, needs_distance: bool) -> Result<(), QueryError> {
    let has_circle = match plan {
        Plan::Circle(_) => true,
        Plan::Filter(filter) => FixedCircle::of(filter).is_some(),
        Plan::Join(_) | Plan::Top(_) => return Err(QueryError::NoDelivery),
    };
    if needs_distance && !has_circle { Err(QueryError::NoDistance) } else { Ok(()) }
}

/// The rate at which a connection is to be flushed for a subscription: what it names, or that of its fastest tier.
pub(crate) fn flush_rate(delivery: &Delivery) -> f32 {
    let rates = delivery.tiers.iter().map(|tier| tier.rate);
    match rates.fold(0.0, f32::max) {
        fastest if delivery.rate == 0.0 && fastest.is_finite() => fastest,
        _ => delivery.rate,
    }
}

impl FixedCircle {
    /// The circle that every row of a filter's result lies in; none if there is not exactly one. Circles of rules do not count
    /// unless the client has asked for the same: what they hide is hidden whatever is kept longer.
    pub fn of(filter: &Filter) -> Option<Self> {
        let is_circle = |condition: &&Condition| {
            matches!(condition, Condition::Within { area: Area::Circle { .. }, negated: false, .. })
        };
        let circles = || filter.conditions.iter().filter(is_circle);
        let mut own = circles().filter(|circle| !filter.permission.contains(circle));
        let chosen = match (own.next(), own.next()) {
            (None, _) => circles().next().filter(|_| circles().count() == 1),
            (only, None) => only,
            (Some(_), Some(_)) => None,
        };
        let Some(Condition::Within { position, area, .. }) = chosen else { return None };
        let Area::Circle { centre, radius } = area else { return None };
        let others = filter.conditions.iter().filter(|condition| Some(*condition) != chosen);
        let conditions = canonical(others.chain(&filter.permission).cloned().collect());
        Some(Self {
            target: Filter { conditions, ..filter.clone() },
            position: *position,
            centre: centre.map(|part| part.get()),
            radius: radius.get(),
        })
    }
}
