//! Rows of which a client is shown some columns: their inserts and deltas. The columns that it is not shown are blank in
//! its cache, and are made blank again when it is not shown them any more.
//!
//! Steps of quantised columns are told to those who are shown all that clients may see. All others get whole values.

use ambit_model::{Slot, delta};
use ambit_wire::{write_delta, write_insert, write_insert_columns};

use super::TableScratch;
use crate::changes::RowState;
use crate::world::{Table, World};

/// The columns that a client is shown of a row, before a flush and after it; 0 if it does not hold the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shown {
    pub was: u64,
    pub is: u64,
}

impl Shown {
    /// Of a row that was or is in one result.
    #[inline]
    pub fn once(columns: u64, was: bool, is: bool) -> Self {
        Self { was: if was { columns } else { 0 }, is: if is { columns } else { 0 } }
    }

    /// What two results show together.
    pub fn and(self, other: Self) -> Self {
        Self { was: self.was | other.was, is: self.is | other.is }
    }
}

/// Appends the insert of a row with these columns.
#[inline]
pub(super) fn enter(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table, slot): (u16, Slot),
    shown: u64,
    out: &mut Vec<u8>,
) {
    if insert(world, (table, slot), shown, out) == Told::All {
        scratch.enter(slot);
    }
}

/// What an insert tells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// There is no such row.
    Nothing,
    Some,
    /// All that clients may see.
    All,
}

/// The same for a client that is told of no motion.
#[inline]
pub(super) fn insert(world: &World, (table, slot): (u16, Slot), shown: u64, out: &mut Vec<u8>) -> Told {
    let (Some(row), Some(table)) = (world.row(table, slot), world.table(table)) else {
        return Told::Nothing;
    };
    let mask = shown & table.columns;
    if mask == table.columns {
        write_insert(out, slot, row);
    } else {
        let start = out.len();
        write_insert_columns(out, slot, mask, &[]);
        pack(table, row, mask, (start, out));
    }
    if shown == table.visible { Told::All } else { Told::Some }
}

/// Appends the delta of a row that stays: what has changed in it, and what the client is shown from now on or no longer.
pub(super) fn stay(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table_id, slot): (u16, Slot),
    shown: Shown,
    out: &mut Vec<u8>,
) {
    let Some(table) = world.table(table_id) else { return };
    if shown.was == shown.is && shown.is == table.visible {
        return super::ops::change(world, scratch, table_id, slot, out);
    }
    let TableScratch { period, motion, .. } = *scratch;
    let change = period.change(slot).filter(|change| change.state == RowState::Updated);
    let mut changed = change.map_or(0, |change| motion.changed(change));
    if shown.was == table.visible || shown.is == table.visible {
        // What was told in steps may not be exact, and what will be told in steps begins with exact values.
        changed |= table.motion.mask();
    }
    if shown.is == table.visible && world.row(table_id, slot).is_some() {
        scratch.enter(slot);
    }
    tell(world, (table_id, slot), shown, changed, out);
}

/// Appends the delta of a row that stays and of which these columns may not be as the client has them.
pub(super) fn tell(
    world: &World,
    (table_id, slot): (u16, Slot),
    Shown { was, is }: Shown,
    changed: u64,
    out: &mut Vec<u8>,
) {
    let Some(table) = world.table(table_id) else { return };
    let Some(row) = world.row(table_id, slot) else { return };
    let (mut come, mut gone) = (is & !was & table.columns, was & !is & table.columns);
    if come | gone != 0 {
        // What is blank anyway needs not be told, unless the client knows a way that it went.
        let blank = blank_columns(table, row, (come | gone) & !table.motion.mask());
        (come, gone) = (come & !blank, gone & !(blank & !changed));
    }
    let told = (changed & is & was | come) & table.columns;
    if told | gone == 0 {
        return;
    }
    let start = out.len();
    write_delta(out, slot, told | gone, &[]);
    if gone == 0 {
        return pack(table, row, told, (start, out));
    }
    for column in (0..64).map(|place| 1 << place).filter(|column| (told | gone) & column != 0) {
        let from = if gone & column != 0 { table.blank.as_slice() } else { row };
        pack(table, from, column, (start, out));
    }
}

/// Those of these columns of a row that are blank.
fn blank_columns(table: &Table, row: &[u8], columns: u64) -> u64 {
    let [mut own, mut blank] = [Vec::new(), Vec::new()];
    let mut is_blank = |column: u64| {
        own.clear();
        blank.clear();
        pack(table, row, column, (0, &mut own));
        pack(table, &table.blank, column, (0, &mut blank));
        own == blank
    };
    let each = (0..64).map(|place| 1 << place).filter(|column| columns & column != 0);
    each.filter(|column| is_blank(*column)).fold(0, |mask, column| mask | column)
}

/// Appends packed columns of a row to an operation that began at `start`.
fn pack(table: &Table, row: &[u8], mask: u64, (start, out): (usize, &mut Vec<u8>)) {
    if delta::pack_columns(&table.layout, row, mask, out).is_err() {
        // The store only holds valid rows, and those can always be packed.
        debug_assert!(false, "a stored row could not be packed");
        out.truncate(start);
    }
}
