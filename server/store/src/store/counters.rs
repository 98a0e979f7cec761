//! Numbers of auto_inc columns: where they stand, how far they are reserved, and what a start and an end do to them.

use crate::change_set::Changes;
use crate::store::Store;
use crate::table::Table;

impl Store {
    /// The highest number that an auto_inc column has held or been given.
    pub fn auto_inc_counter(&self, table: u16, column: u16) -> Option<u64> {
        self.tables.get(usize::from(table))?.counter(column)
    }

    /// The highest number of an auto_inc column that the log allows.
    pub fn auto_inc_reservation(&self, table: u16, column: u16) -> Option<u64> {
        self.tables.get(usize::from(table))?.reservation(column)
    }

    /// After a recovery: every auto_inc column goes on from its reservation, behind which nobody has seen a number. No
    /// transaction is open.
    pub fn resume_counters(&mut self) {
        debug_assert!(!self.has_changes(), "a recovery has no open transaction");
        self.tables.iter_mut().for_each(Table::resume_counters);
    }

    /// Before a clean end: a commit that lets go of the numbers that were reserved and not given, so that the next start
    /// goes on without a gap. An open transaction is rolled back first.
    pub fn release_reservations(&mut self) -> Changes {
        self.rollback();
        let out = &mut self.bodies.logged;
        let operation_count = self.tables.iter_mut().map(|table| table.release_reservations(out)).sum();
        self.bodies.take(operation_count)
    }
}
