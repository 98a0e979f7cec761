//! How the rows of a typed query are delivered: options beside its text, as docs/guides/delivery.md has them. Whether they are
//! possible is said when the query is subscribed to.

use ambit_client_core::{Delivery, Tier};

use super::{Column, Query};

/// A column of the rows `R`, whatever its type.
pub trait AnyColumn<R> {
    /// What it is called.
    fn name(&self) -> &'static str;
}

impl<R, T> AnyColumn<R> for Column<R, T> {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl<R> Query<R> {
    /// Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update per commit.
    #[must_use]
    pub fn rate(mut self, rate: f32) -> Self {
        self.delivery.rate = rate;
        self
    }

    /// A row enters the query's circle at its radius and leaves at its radius plus this.
    #[must_use]
    pub fn hysteresis(mut self, distance: f64) -> Self {
        self.delivery.hysteresis = distance;
        self
    }

    /// One more tier, farther than the one before: up to this distance from the circle's centre a row is told so many times per
    /// second, 0 for once per update, and while it changes only these of its columns, without any all of them.
    ///
    /// ```
    /// # use ambit_client::{Column, Query};
    /// # struct MonsterRow;
    /// # struct MonsterColumns;
    /// # impl MonsterColumns { const FACING: Column<MonsterRow, f32> = Column::new("monster", "facing"); }
    /// let query = Query::<MonsterRow>::new("monster").tier(30.0, 20.0, &[]).tier(80.0, 5.0, &[&MonsterColumns::FACING]);
    /// assert_eq!(query.wanted_delivery().tiers[1].columns, ["facing"]);
    /// ```
    ///
    /// Columns of another table do not compile:
    ///
    /// ```compile_fail,E0277
    /// # use ambit_client::{Column, Query};
    /// # struct MonsterRow;
    /// # struct PlayerRow;
    /// # struct PlayerColumns;
    /// # impl PlayerColumns { const FACING: Column<PlayerRow, f32> = Column::new("player", "facing"); }
    /// let query = Query::<MonsterRow>::new("monster").tier(80.0, 5.0, &[&PlayerColumns::FACING]);
    /// ```
    #[must_use]
    pub fn tier(mut self, distance: f64, rate: f32, columns: &[&dyn AnyColumn<R>]) -> Self {
        let columns = columns.iter().map(|column| column.name().to_owned()).collect();
        self.delivery.tiers.push(Tier { distance, rate, columns });
        self
    }

    /// Bytes per second that the connection is to be sent; changes of rows wait for their turn.
    #[must_use]
    pub fn budget(mut self, bytes_per_second: u32) -> Self {
        self.delivery.budget = bytes_per_second;
        self
    }

    /// The connection is only told what is durable, for all of its subscriptions from this one on.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        self.delivery.confirmed = true;
        self
    }

    /// All delivery options, in place of those that were said before.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// The delivery options that were asked for.
    pub fn wanted_delivery(&self) -> &Delivery {
        &self.delivery
    }
}
