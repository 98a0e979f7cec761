//! One table: its rows, which slots they are in, its indexes and counters, and the open transaction's part.

mod transaction;

mod adopt;
mod apply;
mod damage;
mod load;
mod write;

use ambit_model::{Durability, RowLayout, Slot, TableSchema};

use crate::auto_inc::AutoInc;
use crate::describe::describe_columns;
use crate::error::{PositionError, UniqueViolation};
use crate::frozen::FrozenTable;
use crate::index::Index;
use crate::rows::Rows;
use crate::slots::{PagedBits, SlotAllocator};
pub(crate) use adopt::Adopted;
pub(crate) use apply::Applied;
use transaction::Transaction;

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) layout: RowLayout,
    pub(crate) indexes: Vec<Index>,
    pub(crate) row_count: usize,
    id: u16,
    /// Whether its rows are logged.
    is_durable: bool,
    column_names: Vec<String>,
    rows: Rows,
    /// Slots that hold a row now.
    live: PagedBits,
    /// Slots that hold a row now or held one when the transaction began.
    allocator: SlotAllocator,
    counters: Vec<AutoInc>,
    transaction: Transaction,
    /// Columns that are indexed or counted. Changes of other columns are a copy and nothing else.
    watched_mask: u64,
    /// Columns of which not all bytes are a value.
    checked_mask: u64,
    scratch: Vec<u8>,
}

impl Table {
    pub(crate) fn new(id: u16, schema: &TableSchema, seed: u64) -> Self {
        let layout = schema.layout();
        let indexes: Vec<_> = schema.indexes.iter().map(|index| Index::new(&layout, index, seed)).collect();
        let counters = AutoInc::of_table(schema);
        let indexed = indexes.iter().fold(0, |mask, index| mask | index.mask);
        let watched_mask = counters.iter().fold(indexed, |mask, counter| mask | 1 << counter.column);
        Self {
            name: schema.name.clone(),
            rows: Rows::new(&layout),
            transaction: Transaction::new(layout.fixed_bytes()),
            checked_mask: layout.checked_columns(),
            layout,
            indexes,
            row_count: 0,
            id,
            is_durable: schema.durability == Durability::Durable,
            column_names: schema.columns.iter().map(|column| column.name.clone()).collect(),
            live: PagedBits::default(),
            allocator: SlotAllocator::default(),
            counters,
            watched_mask,
            scratch: Vec::new(),
        }
    }

    /// The rows and counters as they are now. There is no open transaction.
    pub(crate) fn freeze(&mut self) -> FrozenTable {
        FrozenTable {
            rows: self.rows.share(),
            live: self.live.share(),
            row_count: self.row_count,
            counters: self.counters.iter().map(AutoInc::standing).collect(),
        }
    }

    /// A second table with the same content. There is no open transaction.
    pub(crate) fn fork(&mut self) -> Self {
        Self {
            name: self.name.clone(),
            layout: self.layout.clone(),
            indexes: self.indexes.clone(),
            row_count: self.row_count,
            id: self.id,
            is_durable: self.is_durable,
            column_names: self.column_names.clone(),
            rows: self.rows.share(),
            live: self.live.share(),
            allocator: self.allocator.share(),
            counters: self.counters.clone(),
            transaction: Transaction::new(self.layout.fixed_bytes()),
            watched_mask: self.watched_mask,
            checked_mask: self.checked_mask,
            scratch: Vec::new(),
        }
    }

    /// The row in a slot.
    #[inline]
    pub(crate) fn row(&self, slot: Slot) -> Option<&[u8]> {
        self.live.contains(slot).then(|| self.rows.get(slot))
    }

    /// All rows in the order of their slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Slot, &[u8])> {
        self.live.iter().map(|slot| (slot, self.rows.get(slot)))
    }

    /// The rows, for look-ups through an index.
    #[inline]
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(crate) fn column_name(&self, column: u16) -> &str {
        self.column_names.get(usize::from(column)).map_or("?", String::as_str)
    }

    /// The names of columns, joined by commas.
    pub(crate) fn column_list(&self, columns: &[u16]) -> String {
        columns.iter().map(|&column| self.column_name(column)).collect::<Vec<_>>().join(", ")
    }

    /// The number that the counter of an auto_inc column stands at.
    pub(crate) fn counter(&self, column: u16) -> Option<u64> {
        self.counters.iter().find(|counter| counter.column == column).map(|counter| counter.counter)
    }

    /// How far the numbers of an auto_inc column are reserved.
    pub(crate) fn reservation(&self, column: u16) -> Option<u64> {
        self.counters.iter().find(|counter| counter.column == column).map(|counter| counter.reservation)
    }

    fn unique_violation(&self, index: &Index, row: &[u8]) -> Box<UniqueViolation> {
        Box::new(UniqueViolation {
            table: self.name.clone(),
            index: index.name.clone(),
            columns: self.column_list(&index.columns),
            value: describe_columns(&self.layout, row, &index.columns, index.key_layout()),
        })
    }

    fn position_error(&self, index: &Index, row: &[u8]) -> Box<PositionError> {
        Box::new(PositionError {
            table: self.name.clone(),
            column: index.columns.first().map_or("?", |&column| self.column_name(column)).to_owned(),
            value: describe_columns(&self.layout, row, &index.columns, index.key_layout()),
        })
    }
}
