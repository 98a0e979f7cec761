//! Followed columns of a replica's rows.

use ambit_model::Timestamp;

use super::Replica;
use crate::sampling::{Arrivals, Moment};
use crate::table::Table;

impl Replica {
    /// What came in followed columns since the game took the table.
    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// As [`Self::arrivals`], of a table with followed columns.
    pub(crate) fn followed(&mut self) -> Option<&mut Arrivals> {
        (!self.arrivals.is_empty()).then_some(&mut self.arrivals)
    }

    /// What comes next was true at this moment.
    pub(crate) fn begin(&mut self, now: &Moment) {
        if !self.arrivals.is_empty() {
            self.arrivals.begin(*now);
        }
    }

    /// Follows the columns that the game's table remembers, which has just taken everything. Where that is new, also for a
    /// connection that continues another one, the table notes the rows' values as of this time.
    pub(crate) fn follow_as(&mut self, table: &mut Table, time: Timestamp) {
        if self.arrivals.follows(table.histories.columns()) {
            return;
        }
        self.arrivals.follow(table.histories.columns(), self.rows.iter(), time.0);
        for (local, row) in table.rows.iter() {
            table.histories.catch_up(local, row, time.0);
        }
    }
}
