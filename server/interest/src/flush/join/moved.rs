//! The rows that changed in a period, found by what they are joined by: made once for all joins along the same columns.

use std::collections::BTreeMap;

use ambit_model::Slot;

use crate::flush::TableScratch;
use crate::flush::circle::row_before;
use crate::query::plan::{JoinedTable, Key, Operand};
use crate::world::World;

/// By table and columns.
#[derive(Default)]
pub(super) struct Moved {
    kinds: Vec<(u16, Vec<Operand>, ChangedRows)>,
}

/// The rows of one table that changed.
#[derive(Default)]
pub(super) struct ChangedRows {
    before: BTreeMap<Key, Vec<Slot>>,
    now: BTreeMap<Key, Vec<Slot>>,
}

impl Moved {
    pub fn clear(&mut self) {
        self.kinds.clear();
    }

    /// The rows of `table` that changed, by the columns that `child` hangs on.
    pub fn of(
        &mut self,
        world: &World,
        tables: &[TableScratch<'_>],
        table: u16,
        child: &JoinedTable,
    ) -> &ChangedRows {
        let is_same = |(known, columns, _): &(u16, Vec<Operand>, ChangedRows)| {
            let of_parent = child.columns.iter().map(|(of_parent, _)| of_parent);
            *known == table && columns.iter().eq(of_parent)
        };
        let place = self.kinds.iter().position(is_same).unwrap_or_else(|| {
            let columns = child.columns.iter().map(|(of_parent, _)| *of_parent).collect();
            self.kinds.push((table, columns, ChangedRows::new(world, tables, table, child)));
            self.kinds.len() - 1
        });
        const NONE: &ChangedRows = &ChangedRows { before: BTreeMap::new(), now: BTreeMap::new() };
        self.kinds.get(place).map_or(NONE, |(_, _, changed)| changed)
    }
}

impl ChangedRows {
    fn new(world: &World, tables: &[TableScratch<'_>], table: u16, child: &JoinedTable) -> Self {
        let mut changed = Self::default();
        let Some(scratch) = tables.get(usize::from(table)) else { return changed };
        for slot in scratch.period.rows.iter().map(|change| change.slot) {
            let key_of = |row: Option<&[u8]>| row.and_then(|row| child.key_of_parent(row));
            if let Some(key) = key_of(row_before(world, tables, table, slot)) {
                changed.before.entry(key).or_default().push(slot);
            }
            if let Some(key) = key_of(world.row(table, slot)) {
                changed.now.entry(key).or_default().push(slot);
            }
        }
        changed
    }

    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.now.is_empty()
    }

    /// Those that had the key at the period's start.
    pub fn before(&self, key: &Key) -> impl Iterator<Item = Slot> {
        self.before.get(key).into_iter().flatten().copied()
    }

    /// Those that have it now.
    pub fn now(&self, key: &Key) -> impl Iterator<Item = Slot> {
        self.now.get(key).into_iter().flatten().copied()
    }
}
