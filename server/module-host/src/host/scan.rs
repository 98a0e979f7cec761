//! Imports that give many rows: scans and their cursors.

use std::collections::HashSet;

use ambit_model::Slot;
use ambit_module_abi::limits::{BATCH_BYTES_MAX, CURSORS_MAX};
use ambit_module_abi::{ALL_ROWS, BatchWriter, ErrorCode, KeyBounds, pack};
use ambit_store::{Bounds, KeyPrefix, Store};

use super::Host;
use super::memory::{self, Range};
use super::refusal::{Answer, Refusal, to_id};
use crate::limits;

/// The open cursors of one call.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    open: Vec<Cursor>,
    /// Slot lists of ended scans, for the next ones.
    spare: Vec<Vec<Slot>>,
    last_id: u32,
}

#[derive(Debug)]
struct Cursor {
    id: u32,
    table: u16,
    slots: Vec<Slot>,
    /// Position in `slots` of the next row.
    next: usize,
    /// Slots that have been given to new rows since the scan began, perhaps in the place of deleted ones.
    reused: HashSet<Slot>,
}

impl Cursors {
    pub fn close_all(&mut self) {
        while let Some(cursor) = self.open.pop() {
            self.keep(cursor.slots);
        }
        self.last_id = 0;
    }

    /// Tells the open cursors of a new row, which none of them may give.
    #[inline]
    pub fn note_insert(&mut self, table: u16, slot: Slot) {
        for cursor in self.open.iter_mut().filter(|cursor| cursor.table == table) {
            cursor.reused.insert(slot);
        }
    }

    fn keep(&mut self, mut slots: Vec<Slot>) {
        if slots.capacity() <= limits::KEPT_SLOTS_MAX && self.spare.len() < CURSORS_MAX {
            slots.clear();
            self.spare.push(slots);
        }
    }

    fn position(&self, id: u32) -> Result<usize, Refusal> {
        self.open.iter().position(|cursor| cursor.id == id).ok_or_else(|| {
            Refusal::code(
                ErrorCode::BadCursor,
                &format!("no cursor with the number {id} is open in this call"),
            )
        })
    }

    fn close(&mut self, position: usize) {
        let cursor = self.open.swap_remove(position);
        self.keep(cursor.slots);
    }
}

impl Host {
    pub(super) fn scan(
        &mut self,
        memory: &mut [u8],
        table: u32,
        index: u32,
        bounds: Range,
        out: Range,
    ) -> Answer {
        let table = self.table(table)?;
        let mut slots = self.cursors.spare.pop().unwrap_or_default();
        let bounds = memory::bytes(memory, bounds)?;
        if index == ALL_ROWS {
            slots.extend(self.store.slots(table).map(|(slot, _)| slot));
        } else {
            let bounds =
                KeyBounds::decode(bounds).map_err(|error| Refusal::code(ErrorCode::BadKey, &error))?;
            find_range(&self.store, table, to_id(index)?, bounds, &mut slots)?;
        }
        self.open(memory, table, slots, out)
    }

    pub(super) fn near(
        &mut self,
        memory: &mut [u8],
        table: u32,
        index: u32,
        centre: [f64; 3],
        radius: f64,
        out: Range,
    ) -> Answer {
        let table = self.table(table)?;
        let mut slots = self.cursors.spare.pop().unwrap_or_default();
        self.store.near(table, to_id(index)?, centre, radius, &mut slots)?;
        self.open(memory, table, slots, out)
    }

    pub(super) fn scan_next(&mut self, memory: &mut [u8], id: u32, (out, out_cap): Range) -> Answer {
        let position = self.cursors.position(id)?;
        let out = memory::bytes_mut(memory, (out, out_cap))?;
        let Some(cursor) = self.cursors.open.get_mut(position) else { return Ok(0) };
        let used = cursor.fill(&self.store, out)?;
        if cursor.next < cursor.slots.len() {
            return Ok(pack(id, used));
        }
        self.cursors.close(position);
        Ok(pack(0, used))
    }

    pub(super) fn scan_close(&mut self, id: u32) -> Answer {
        let position = self.cursors.position(id)?;
        self.cursors.close(position);
        Ok(0)
    }

    /// Gives the first rows of a scan, and a cursor if there are more.
    fn open(&mut self, memory: &mut [u8], table: u16, slots: Vec<Slot>, out: Range) -> Answer {
        let out = memory::bytes_mut(memory, out)?;
        let mut cursor =
            Cursor { id: self.cursors.last_id + 1, table, slots, next: 0, reused: HashSet::new() };
        let used = cursor.fill(&self.store, out)?;
        if cursor.next == cursor.slots.len() {
            self.cursors.keep(cursor.slots);
            return Ok(pack(0, used));
        }
        if self.cursors.open.len() >= CURSORS_MAX {
            let text = format!("{CURSORS_MAX} cursors are open; close one before the next scan");
            return Err(Refusal::code(ErrorCode::Limit, &text));
        }
        if cursor.id > i32::MAX as u32 {
            return Err(Refusal::code(ErrorCode::Limit, &"one call opened too many scans"));
        }
        let id = cursor.id;
        self.cursors.last_id = id;
        self.cursors.open.push(cursor);
        Ok(pack(id, used))
    }
}

impl Cursor {
    /// Writes as many rows as fit; those that are gone by now are left out.
    fn fill(&mut self, store: &Store, out: &mut [u8]) -> Result<u32, Refusal> {
        let length = out.len().min(BATCH_BYTES_MAX);
        let mut writer = BatchWriter::new(out.get_mut(..length).unwrap_or_default());
        while let Some(&slot) = self.slots.get(self.next) {
            let is_new = !self.reused.is_empty() && self.reused.contains(&slot);
            if let Some(row) = store.row(self.table, slot).filter(|_| !is_new)
                && !writer.push(slot, row)
            {
                break;
            }
            self.next += 1;
        }
        Ok(writer.used() as u32)
    }
}

/// The slots of the rows whose keys lie within the bounds.
fn find_range(
    store: &Store,
    table: u16,
    index: u16,
    bounds: KeyBounds<'_>,
    slots: &mut Vec<Slot>,
) -> Result<(), Refusal> {
    let bounds = match bounds {
        KeyBounds::Equal(key) => Bounds::equal(key.row, usize::from(key.columns)),
        KeyBounds::Range { lower, upper } => Bounds { lower: lower.map(prefix), upper: upper.map(prefix) },
    };
    Ok(store.range(table, index, &bounds, slots)?)
}

fn prefix(prefix: ambit_module_abi::KeyPrefix<'_>) -> KeyPrefix<'_> {
    KeyPrefix { key: prefix.row, columns: usize::from(prefix.columns) }
}
