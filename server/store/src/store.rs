//! The store: all tables of a database, and one transaction that is always open.
//!
//! Writes are visible to reads at once. [`Store::commit`] makes them final and says what they come to;
//! [`Store::rollback`] takes them back. The store knows neither time nor threads: one owner at a time calls it.

mod counters;

use std::sync::Arc;

use ambit_model::{Schema, Slot};

use crate::body::{Bodies, BodyReader};
use crate::change_set::{AppliedChange, Changes};
use crate::error::{
    ApplyError, ApplyErrorKind, DeleteError, InsertError, LookupError, TransactionLimit, UpdateError,
};
use crate::frozen::{FreezeError, FrozenTable};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::lookup::Bounds;
use crate::references::References;
use crate::reuse;
use crate::table::{Applied, Table};

/// All tables of a database.
#[derive(Debug, Default)]
pub struct Store {
    pub(crate) schema: Arc<Schema>,
    pub(crate) tables: Vec<Table>,
    pub(crate) references: References,
    pub(crate) seed: u64,
    /// Tables that the open transaction has touched, in that order.
    touched_tables: Vec<u16>,
    /// What the open transaction has saved and written, in bytes.
    pub(crate) transaction_bytes: usize,
    /// Reused by commit.
    bodies: Bodies,
    /// Reused by apply.
    applied: Vec<Applied>,
}

impl Store {
    /// Empty tables. The schema has passed [`Schema::check`], as every decoded schema has.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self::with_hash_seed(schema, 0)
    }

    /// Empty tables whose hash indexes are seeded, so that nobody can prepare keys that collide. The seed changes
    /// no answer and need not be the same on a follower.
    pub fn with_hash_seed(schema: Arc<Schema>, seed: u64) -> Self {
        debug_assert_eq!(schema.check(), Ok(()), "a store needs a checked schema");
        let tables = (0..).zip(&schema.tables).map(|(id, table)| Table::new(id, table, seed)).collect();
        let references = References::new(&schema);
        Self { schema, tables, references, seed, ..Self::default() }
    }

    /// Tables that are only read: nothing is known of their references.
    pub(crate) fn of_tables(schema: Arc<Schema>, tables: Vec<Table>, seed: u64) -> Self {
        Self { schema, tables, seed, ..Self::default() }
    }

    /// The tables' description.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The row in a slot.
    #[inline]
    pub fn row(&self, table: u16, slot: Slot) -> Option<&[u8]> {
        self.tables.get(usize::from(table))?.row(slot)
    }

    /// The slot of the row with this key in a unique index. `key` is a row of the index's columns
    /// (`RowLayout::of_columns`).
    #[inline]
    pub fn find(&self, table: u16, index: u16, key: &[u8]) -> Result<Option<Slot>, LookupError> {
        self.table(table)?.find(index, key)
    }

    /// As [`Store::find`], but looks at some slots first: whoever has just read a row, or goes from row to row, finds what he
    /// looks for without its hash.
    #[inline]
    pub fn find_near(
        &self,
        table: u16,
        index: u16,
        key: &[u8],
        hints: &[Slot],
    ) -> Result<Option<Slot>, LookupError> {
        let table = self.table(table)?;
        match hints.iter().find(|&&hint| table.holds(index, hint, key)) {
            Some(&hint) => Ok(Some(hint)),
            None => table.find(index, key),
        }
    }

    /// Appends the slots of all rows with this key in a hash or ordered index, in the order of slots.
    pub fn find_all(
        &self,
        table: u16,
        index: u16,
        key: &[u8],
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        self.table(table)?.find_all(index, key, out)
    }

    /// Appends the slots of an ordered index's range, in the order of keys, then slots. A hash index answers an
    /// equality of all its columns.
    pub fn range(
        &self,
        table: u16,
        index: u16,
        bounds: &Bounds<'_>,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        self.table(table)?.range(index, bounds, out)
    }

    /// Calls `each` with the slots of an ordered index's range, in the order of keys, then slots, or backwards, until it
    /// answers false.
    pub fn walk(
        &self,
        table: u16,
        index: u16,
        bounds: &Bounds<'_>,
        is_backward: bool,
        each: impl FnMut(Slot) -> bool,
    ) -> Result<(), LookupError> {
        self.table(table)?.walk(index, bounds, is_backward, each)
    }

    /// Appends the slots of all rows whose position is at most `radius` from `centre`, in the order of slots.
    /// Positions of two coordinates ignore the centre's third.
    pub fn near(
        &self,
        table: u16,
        index: u16,
        centre: [f64; 3],
        radius: f64,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        self.table(table)?.near(index, centre, radius, out)
    }

    /// All rows of a table in the order of slots; none for an unknown table.
    pub fn slots(&self, table: u16) -> impl Iterator<Item = (Slot, &[u8])> {
        self.tables.get(usize::from(table)).into_iter().flat_map(Table::slots)
    }

    /// The number of rows of a table; 0 for an unknown table.
    pub fn count(&self, table: u16) -> usize {
        self.tables.get(usize::from(table)).map_or(0, |table| table.row_count)
    }

    /// How many rows an index holds: always as many as its table. For statistics and checks.
    pub fn index_count(&self, table: u16, index: u16) -> Option<usize> {
        Some(self.tables.get(usize::from(table))?.indexes.get(usize::from(index))?.len())
    }

    /// Whether bytes are a row of a table, in the words of an update.
    pub fn check_row(&self, table: u16, row: &[u8]) -> Result<(), UpdateError> {
        let found = self.tables.get(usize::from(table)).ok_or(UpdateError::UnknownTable(table))?;
        found.check_row(row)
    }

    /// Adds a row in the lowest slot that is free, and was free or became so only in this transaction. auto_inc
    /// columns that are 0 get the next number, in `row` too; on an error they are 0 again.
    pub fn insert(&mut self, table: u16, row: &mut [u8]) -> Result<Slot, InsertError> {
        match self.references.refers(table) {
            false => self.add(table, |found| found.insert(row)),
            true => self.insert_referring(table, row),
        }
    }

    #[inline]
    pub(crate) fn add(
        &mut self,
        table: u16,
        add: impl FnOnce(&mut Table) -> Result<Slot, InsertError>,
    ) -> Result<Slot, InsertError> {
        let full = self.is_transaction_full();
        let found = self.tables.get_mut(usize::from(table)).ok_or(InsertError::UnknownTable(table))?;
        if full {
            return Err(InsertError::Limit { table: found.name.clone(), limit: TransactionLimit::Bytes });
        }
        let (was_touched, cost) = (found.is_touched(), found.transaction_cost());
        let slot = add(found)?;
        self.transaction_bytes += found.transaction_cost() - cost;
        self.note_touched(table, was_touched);
        Ok(slot)
    }

    /// Replaces the row in a slot.
    pub fn update(&mut self, table: u16, slot: Slot, row: &[u8]) -> Result<(), UpdateError> {
        if self.references.watches(table, u64::MAX) {
            return self.update_linked(table, slot, row);
        }
        self.change(table, |found| found.update(slot, row))
    }

    /// Replaces some columns of the row in a slot: `packed` holds the columns of `mask` (`ambit_model::delta`).
    pub fn patch(&mut self, table: u16, slot: Slot, mask: u64, packed: &[u8]) -> Result<(), UpdateError> {
        if self.references.watches(table, mask) {
            return self.patch_linked(table, slot, mask, packed);
        }
        self.change(table, |found| found.patch(slot, mask, packed))
    }

    /// Takes the row out of a slot, with all rows whose reference to it says so. Returns how many rows that were. A row
    /// that others may not lose stays, and everything with it.
    pub fn delete(&mut self, table: u16, slot: Slot) -> Result<usize, DeleteError> {
        match self.references.is_referred(table) {
            false => self.delete_row(table, slot).map(|()| 1),
            true => self.delete_referred(table, slot),
        }
    }

    pub(crate) fn delete_row(&mut self, table: u16, slot: Slot) -> Result<(), DeleteError> {
        let full = self.is_transaction_full();
        let found = self.tables.get_mut(usize::from(table)).ok_or(DeleteError::UnknownTable(table))?;
        if full {
            return Err(DeleteError::Limit { table: found.name.clone(), limit: TransactionLimit::Bytes });
        }
        let (was_touched, cost) = (found.is_touched(), found.transaction_cost());
        found.delete(slot)?;
        self.transaction_bytes += found.transaction_cost() - cost;
        self.note_touched(table, was_touched);
        Ok(())
    }

    /// A second store with the same rows, counters and indexes, which goes its own way. Rows are in the same memory until
    /// one of the two writes to their page.
    pub fn fork(&mut self) -> Result<Self, FreezeError> {
        if self.has_changes() {
            return Err(FreezeError::OpenTransaction);
        }
        let tables = self.tables.iter_mut().map(Table::fork).collect();
        let references = References::new(&self.schema);
        Ok(Self { schema: Arc::clone(&self.schema), tables, seed: self.seed, references, ..Self::default() })
    }

    /// Whether the open transaction has touched anything.
    pub fn has_changes(&self) -> bool {
        !self.touched_tables.is_empty()
    }

    /// Makes the open transaction final and opens the next. Returns its net effect: a row that was changed and
    /// changed back is not in it.
    pub fn commit(&mut self) -> Changes {
        let mut operation_count = 0;
        for &table in &self.touched_tables {
            if let Some(table) = self.tables.get_mut(usize::from(table)) {
                operation_count += table.commit(&mut self.bodies);
            }
        }
        self.touched_tables.clear();
        self.transaction_bytes = 0;
        self.bodies.take(operation_count)
    }

    /// Puts everything back as it was after the last commit: rows, slots, indexes and counters.
    pub fn rollback(&mut self) {
        for table in self.touched_tables.drain(..) {
            if let Some(table) = self.tables.get_mut(usize::from(table)) {
                table.rollback();
            }
        }
        self.transaction_bytes = 0;
    }

    /// Carries out another store's [`Changes::body`]: the same rows in the same slots, the same counters. Any bytes
    /// are safe to give. On an error the store is as before and `observe` has not been called; otherwise `observe`
    /// is called once for every row, in the body's order.
    pub fn apply(
        &mut self,
        body: &[u8],
        mut observe: impl FnMut(AppliedChange<'_>),
    ) -> Result<(), ApplyError> {
        if self.has_changes() {
            return Err(ApplyError { at: 0, kind: ApplyErrorKind::OpenTransaction });
        }
        if let Err(error) = self.apply_blocks(body) {
            self.rollback();
            reuse::empty(&mut self.applied);
            return Err(error);
        }
        for &applied in &self.applied {
            let table = self.tables.get(usize::from(applied.table));
            if let Some(change) = table.and_then(|table| table.describe(applied, body)) {
                observe(change);
            }
        }
        for table in self.touched_tables.drain(..) {
            if let Some(table) = self.tables.get_mut(usize::from(table)) {
                table.accept();
            }
        }
        self.transaction_bytes = 0;
        reuse::empty(&mut self.applied);
        Ok(())
    }

    fn apply_blocks(&mut self, body: &[u8]) -> Result<(), ApplyError> {
        let mut reader = BodyReader::new(body);
        loop {
            let at = reader.at();
            let Some((id, operation_count)) = reader.block()? else { break };
            let Some(table) = self.tables.get_mut(usize::from(id)) else {
                return Err(ApplyError { at, kind: ApplyErrorKind::UnknownTable(id) });
            };
            // Pushed before anything is done, so that a rollback finds the table; counters may be all there is.
            if !self.touched_tables.contains(&id) {
                self.touched_tables.push(id);
            }
            let row_count = table.row_count;
            for _ in 0..operation_count {
                let cost = table.transaction_cost();
                self.applied.extend(table.apply(&mut reader, row_count)?);
                self.transaction_bytes += table.transaction_cost() - cost;
                // Twice what an engine may do: its last operation may have gone past the limit.
                if self.transaction_bytes > 2 * TRANSACTION_BYTES_MAX {
                    let kind =
                        ApplyErrorKind::Limit { table: table.name.clone(), limit: TransactionLimit::Bytes };
                    return Err(ApplyError { at: reader.at(), kind });
                }
            }
        }
        for &applied in &self.applied {
            if let Some(table) = self.tables.get(usize::from(applied.table)) {
                table.check_unique(applied).map_err(|kind| ApplyError { at: reader.at(), kind })?;
            }
        }
        Ok(())
    }

    pub(crate) fn freeze_tables(&mut self) -> Vec<FrozenTable> {
        self.tables.iter_mut().map(Table::freeze).collect()
    }

    /// A store of tables that belong to this schema and have no open transaction.
    pub(crate) fn from_tables(schema: Arc<Schema>, tables: Vec<Table>, seed: u64) -> Self {
        let references = References::new(&schema);
        Self { schema, tables, references, seed, ..Self::default() }
    }

    #[inline]
    fn table(&self, table: u16) -> Result<&Table, LookupError> {
        self.tables.get(usize::from(table)).ok_or(LookupError::UnknownTable(table))
    }

    #[inline]
    pub(crate) fn change(
        &mut self,
        table: u16,
        change: impl FnOnce(&mut Table) -> Result<(), UpdateError>,
    ) -> Result<(), UpdateError> {
        let full = self.is_transaction_full();
        let found = self.tables.get_mut(usize::from(table)).ok_or(UpdateError::UnknownTable(table))?;
        if full {
            return Err(UpdateError::Limit { table: found.name.clone(), limit: TransactionLimit::Bytes });
        }
        let (was_touched, cost) = (found.is_touched(), found.transaction_cost());
        change(found)?;
        self.transaction_bytes += found.transaction_cost() - cost;
        self.note_touched(table, was_touched);
        Ok(())
    }

    #[inline]
    fn is_transaction_full(&self) -> bool {
        self.transaction_bytes > TRANSACTION_BYTES_MAX
    }

    /// A table's first change in a transaction puts it on the list.
    #[inline]
    fn note_touched(&mut self, table: u16, was_touched: bool) {
        if !was_touched {
            self.touched_tables.push(table);
        }
    }
}
