//! What must be remembered of tables that a join depends on.

use super::World;
use crate::query::plan::{Filter, Join};

impl World {
    /// Begins to remember what happens to the tables of a join, and what its columns were before.
    pub fn watch_join(&mut self, join: &Join) {
        self.count_join(join, 1);
    }

    /// Takes one [`Self::watch_join`] back.
    pub fn unwatch_join(&mut self, join: &Join) {
        self.count_join(join, -1);
    }

    fn count_join(&mut self, join: &Join, by: i32) {
        for (place, joined) in join.tables.iter().enumerate() {
            // The rows at the ends are those of a filter. What else happens is worked out from the rows as they were.
            match join.is_leaf(place) {
                true => self.count(&joined.filter, by),
                false => self.count(&Filter::of_all(joined.filter.table), by),
            }
            if let Some(table) = self.tables.get_mut(usize::from(joined.filter.table)) {
                table.placed.add(join.columns(place), by);
            }
        }
    }
}
