//! The delete of a row that others may refer to: everything that goes with it is found and judged first, then deleted.

use ambit_model::{OnDelete, Slot};
use rustc_hash::FxHashSet;

use crate::error::{DeleteError, TransactionLimit};
use crate::limits::{CASCADE_DEPTH_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_ROWS_MAX};
use crate::references::Incoming;
use crate::store::Store;

/// The rows that go.
#[derive(Debug, Default)]
struct Cascade {
    /// Level by level: first the row itself, then those that refer to it, and so on.
    rows: Vec<(u16, Slot)>,
    known: FxHashSet<(u16, Slot)>,
    /// Rows of each table that the transaction has not touched before.
    untouched: Vec<usize>,
    /// Bytes that the transaction will save.
    cost: usize,
}

impl Store {
    /// [`Store::delete`] for a table whose rows others refer to. Returns how many rows are gone.
    pub(crate) fn delete_referred(&mut self, table: u16, slot: Slot) -> Result<usize, DeleteError> {
        if self.row(table, slot).is_none() {
            return self.delete_row(table, slot).map(|()| 0);
        }
        let mut cascade = Cascade { untouched: vec![0; self.tables.len()], ..Cascade::default() };
        self.doom(&mut cascade, table, slot)?;
        let (mut start, mut depth) = (0, 0);
        while start < cascade.rows.len() {
            if depth > CASCADE_DEPTH_MAX {
                return Err(DeleteError::CascadeDepth { table: self.table_name(table) });
            }
            let end = cascade.rows.len();
            for position in start..end {
                self.follow(&mut cascade, position)?;
            }
            (start, depth) = (end, depth + 1);
        }
        // Who refers but goes as well forbids nothing.
        for &(table, slot) in &cascade.rows {
            self.check_restricted(&cascade, table, slot)?;
        }
        for &(table, slot) in cascade.rows.iter().rev() {
            self.delete_row(table, slot)?;
        }
        Ok(cascade.rows.len())
    }

    /// Adds the rows that go with the one at a position.
    fn follow(&self, cascade: &mut Cascade, position: usize) -> Result<(), DeleteError> {
        let Some(&(table, slot)) = cascade.rows.get(position) else { return Ok(()) };
        let mut referrers = Vec::new();
        for incoming in self.incoming(table) {
            match incoming.on_delete {
                OnDelete::Restrict => continue,
                OnDelete::Cascade => {}
            }
            referrers.clear();
            self.find_referrers(incoming, self.row(table, slot).unwrap_or_default(), &mut referrers);
            // An index answers in its own order, which a seed decides; a change set is the same everywhere.
            referrers.sort_unstable();
            for &referrer in &referrers {
                self.doom(cascade, incoming.child, referrer)?;
            }
        }
        Ok(())
    }

    /// Adds one row, if the transaction has room for it.
    fn doom(&self, cascade: &mut Cascade, table: u16, slot: Slot) -> Result<(), DeleteError> {
        if !cascade.known.insert((table, slot)) {
            return Ok(());
        }
        let Some(found) = self.tables.get(usize::from(table)) else { return Ok(()) };
        let limit = |limit| DeleteError::Limit { table: found.name.clone(), limit };
        if let (Some(cost), Some(count)) =
            (found.delete_cost(slot), cascade.untouched.get_mut(usize::from(table)))
        {
            *count += 1;
            cascade.cost += cost;
            if *count + found.touched_count() > TRANSACTION_ROWS_MAX {
                return Err(limit(TransactionLimit::Rows));
            }
        }
        // The first row alone may go past the limit, as any operation may.
        if !cascade.rows.is_empty() && self.transaction_bytes + cascade.cost > TRANSACTION_BYTES_MAX {
            return Err(limit(TransactionLimit::Bytes));
        }
        cascade.rows.push((table, slot));
        Ok(())
    }

    fn check_restricted(&self, cascade: &Cascade, table: u16, slot: Slot) -> Result<(), DeleteError> {
        let row = self.row(table, slot).unwrap_or_default();
        let mut referrers = Vec::new();
        for incoming in self.incoming(table) {
            match incoming.on_delete {
                OnDelete::Restrict => {}
                OnDelete::Cascade => continue,
            }
            referrers.clear();
            self.find_referrers(incoming, row, &mut referrers);
            referrers.retain(|&referrer| !cascade.known.contains(&(incoming.child, referrer)));
            if !referrers.is_empty() {
                let mut key = Vec::new();
                let own = self.references.links(table).and_then(|links| links.key.as_ref());
                let written = own.is_some_and(|own| own.convert(row, &mut key).is_ok());
                debug_assert!(written, "a valid row has a key");
                return Err(DeleteError::Reference(self.named(incoming, &key, referrers.len())));
            }
        }
        Ok(())
    }

    pub(super) fn incoming(&self, table: u16) -> impl Iterator<Item = &Incoming> {
        self.references.links(table).into_iter().flat_map(|links| &links.incoming)
    }

    fn table_name(&self, table: u16) -> String {
        self.tables.get(usize::from(table)).map_or_else(|| "?".to_owned(), |table| table.name.clone())
    }
}
