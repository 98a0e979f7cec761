//! A table that takes over rows, a name or counters from another one: what a migration needs. No transaction is open.

use ambit_model::{Slot, TableSchema};

use crate::auto_inc::AutoInc;
use crate::table::Table;

/// Whether a row was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adopted {
    Yes,
    /// Its position in this index is not finite.
    Position {
        index: u16,
    },
    /// Another row has its key in this unique index.
    Duplicate {
        index: u16,
    },
}

impl Table {
    /// Puts a valid row into a slot that is free.
    pub(crate) fn adopt_row(&mut self, slot: Slot, row: &[u8]) -> Adopted {
        debug_assert!(!self.live.contains(slot), "slot {slot} is taken");
        for (position, index) in (0..).zip(&self.indexes) {
            if !index.accepts(row) {
                return Adopted::Position { index: position };
            }
            if index.unique && index.find_other(&self.layout, &self.rows, row, None).is_some() {
                return Adopted::Duplicate { index: position };
            }
        }
        self.occupy(slot, row);
        self.counters.iter_mut().for_each(AutoInc::accept);
        Adopted::Yes
    }

    /// Goes on counting where a column of another table stands, as far as this one's type goes.
    pub(crate) fn adopt_counter(&mut self, column: u16, other: &Self, other_column: u16) {
        let Some(source) = other.counters.iter().find(|counter| counter.column == other_column) else {
            return;
        };
        if let Some(counter) = self.counters.iter_mut().find(|counter| counter.column == column) {
            counter.continue_from(source);
        }
    }

    /// Takes the id and the names of a description of the same columns and indexes.
    pub(crate) fn rename(&mut self, id: u16, schema: &TableSchema) {
        self.id = id;
        self.name.clone_from(&schema.name);
        self.column_names = schema.columns.iter().map(|column| column.name.clone()).collect();
        for (index, schema) in self.indexes.iter_mut().zip(&schema.indexes) {
            index.name.clone_from(&schema.name);
        }
    }
}
