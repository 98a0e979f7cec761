//! Rows whose named row did not survive a restart: they are of tables that are less durable than the ones they refer
//! to, so their last snapshot may be older.

use ambit_model::{Durability, Slot};

use crate::limits::REMOVED_ROWS_PER_STEP;
use crate::store::Store;

/// Rows of one table that were taken out because the rows they named are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// The table's id.
    pub table: u16,
    /// How many rows.
    pub rows: usize,
}

impl Store {
    /// After a recovery: takes out the rows of less durable tables that name rows which are gone, and those that name
    /// these, until none is left. It is a function of what the store holds, so that a follower which does the same
    /// agrees. No transaction is open, before and after.
    pub fn remove_dangling(&mut self) -> Vec<Dangling> {
        debug_assert!(!self.has_changes(), "a recovery has no open transaction");
        let mut doomed = self.dangling_rows();
        let mut counts = vec![0; self.tables.len()];
        let mut step = 0;
        let mut referrers = Vec::new();
        while let Some((table, slot)) = doomed.pop() {
            let Some(row) = self.row(table, slot) else { continue };
            for incoming in self.incoming(table) {
                referrers.clear();
                self.find_referrers(incoming, row, &mut referrers);
                doomed.extend(referrers.iter().map(|&referrer| (incoming.child, referrer)));
            }
            if let Some(found) = self.tables.get_mut(usize::from(table)) {
                found.take_out(slot);
            }
            if let Some(count) = counts.get_mut(usize::from(table)) {
                *count += 1;
            }
            step += 1;
            if step % REMOVED_ROWS_PER_STEP == 0 {
                self.tables.iter_mut().for_each(|table| table.accept());
            }
        }
        self.tables.iter_mut().for_each(|table| table.accept());
        let removed = (0..).zip(counts).filter(|(_, rows)| *rows != 0);
        removed.map(|(table, rows)| Dangling { table, rows }).collect()
    }

    fn dangling_rows(&self) -> Vec<(u16, Slot)> {
        let mut doomed = Vec::new();
        let mut key = Vec::new();
        for (child, outgoing) in self.references.all() {
            let schema = self.schema.tables.get(usize::from(child));
            // A durable table refers to durable ones only: both are as the log left them.
            if schema.is_none_or(|schema| schema.durability == Durability::Durable) {
                continue;
            }
            for (slot, row) in self.slots(child) {
                if outgoing.names(row, &mut key) && self.find_referred(outgoing, &key).is_none() {
                    doomed.push((child, slot));
                }
            }
        }
        doomed
    }
}
