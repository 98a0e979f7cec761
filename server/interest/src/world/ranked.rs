//! What must be remembered of tables whose rows are ordered.

use super::World;
use crate::query::plan::Order;
use crate::rankings::Ranked;

impl World {
    /// Begins to remember what happens to the rows of a ranking.
    pub fn watch_ranked(&mut self, ranked: &Ranked) {
        self.count_ranked(ranked, 1);
    }

    /// Takes one [`Self::watch_ranked`] back.
    pub fn unwatch_ranked(&mut self, ranked: &Ranked) {
        self.count_ranked(ranked, -1);
    }

    fn count_ranked(&mut self, Ranked { filter, order, .. }: &Ranked, by: i32) {
        self.count_columns(filter.table, filter.columns() | order.columns_of_first(), by);
    }

    /// Begins to remember by what rows of a circle or a join were ordered.
    pub fn watch_order(&mut self, table: u16, order: &Order) {
        self.count_order(table, order, 1);
    }

    /// Takes one [`Self::watch_order`] back.
    pub fn unwatch_order(&mut self, table: u16, order: &Order) {
        self.count_order(table, order, -1);
    }

    fn count_order(&mut self, table: u16, order: &Order, by: i32) {
        if let Some(table) = self.tables.get_mut(usize::from(table)) {
            table.placed.add(order.columns(), by);
        }
    }
}
