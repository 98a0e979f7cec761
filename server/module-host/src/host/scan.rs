//! Imports that give many rows: scans and their cursors.

use std::collections::HashMap;

use ambit_model::Slot;
use ambit_module_abi::limits::{BATCH_BYTES_MAX, CURSORS_MAX};
use ambit_module_abi::{ALL_ROWS, BatchWriter, ErrorCode, KeyBounds, pack};
use ambit_store::{Bounds, KeyPrefix, Store};

use super::Host;
use super::memory::{self, Range};
use super::refusal::{Answer, Refusal};
use super::tables::{Source, rows_of};
use crate::limits;

/// The open cursors of one call.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    open: Vec<Cursor>,
    /// Slot lists of ended scans, for the next ones.
    spare: Vec<Vec<Slot>>,
    last_id: u32,
    /// Rows inserted while a cursor was open, perhaps in the place of deleted ones, and how many inserts came
    /// before: a scan does not give rows that are younger than itself.
    inserted: HashMap<(u16, Slot), u32>,
    insert_count: u32,
}

#[derive(Debug)]
struct Cursor {
    id: u32,
    source: Source,
    slots: Vec<Slot>,
    /// Position in `slots` of the next row.
    next: usize,
    /// [`Cursors::insert_count`] when the scan began.
    opened_at: u32,
}

impl Cursors {
    pub fn close_all(&mut self) {
        while let Some(cursor) = self.open.pop() {
            self.keep(cursor.slots);
        }
        self.last_id = 0;
        // Not only cleared: one call that inserted millions of rows would keep their memory for ever.
        if !self.inserted.is_empty() {
            self.inserted = HashMap::new();
        }
        self.insert_count = 0;
    }

    /// Remembers a new row for the scans that are open.
    #[inline]
    pub fn note_insert(&mut self, table: u16, slot: Slot) {
        if !self.open.is_empty() {
            self.insert_count = self.insert_count.saturating_add(1);
            self.inserted.insert((table, slot), self.insert_count);
        }
    }

    /// Slots that all open cursors hold together.
    fn slot_count(&self) -> usize {
        self.open.iter().map(|cursor| cursor.slots.len()).sum()
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
        if self.open.is_empty() {
            self.inserted.clear();
        }
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
        let (source, index) = match index {
            ALL_ROWS => (self.source(table)?, None),
            index => self.source_and_index(table, index).map(|(source, index)| (source, Some(index)))?,
        };
        let (store, table) = rows_of(&self.store, &self.former, source);
        let mut slots = self.cursors.spare.pop().unwrap_or_default();
        let bounds = memory::bytes(memory, bounds)?;
        match index {
            None => slots.extend(store.slots(table).map(|(slot, _)| slot)),
            Some(index) => {
                let bounds =
                    KeyBounds::decode(bounds).map_err(|error| Refusal::code(ErrorCode::BadKey, &error))?;
                find_range(store, table, index, bounds, &mut slots)?;
            }
        }
        self.open(memory, source, slots, out)
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
        let (source, index) = self.source_and_index(table, index)?;
        let (store, table) = rows_of(&self.store, &self.former, source);
        let mut slots = self.cursors.spare.pop().unwrap_or_default();
        store.near(table, index, centre, radius, &mut slots)?;
        self.open(memory, source, slots, out)
    }

    pub(super) fn scan_next(&mut self, memory: &mut [u8], id: u32, (out, out_cap): Range) -> Answer {
        let position = self.cursors.position(id)?;
        let out = memory::bytes_mut(memory, (out, out_cap))?;
        let Cursors { open, inserted, .. } = &mut self.cursors;
        let Some(cursor) = open.get_mut(position) else { return Ok(0) };
        let (store, table) = rows_of(&self.store, &self.former, cursor.source);
        let used = cursor.fill(store, table, inserted, out)?;
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
    fn open(&mut self, memory: &mut [u8], source: Source, slots: Vec<Slot>, out: Range) -> Answer {
        let out = memory::bytes_mut(memory, out)?;
        let mut cursor = Cursor {
            id: self.cursors.last_id + 1,
            source,
            slots,
            next: 0,
            opened_at: self.cursors.insert_count,
        };
        let (store, table) = rows_of(&self.store, &self.former, source);
        let used = cursor.fill(store, table, &self.cursors.inserted, out)?;
        if cursor.next == cursor.slots.len() {
            self.cursors.keep(cursor.slots);
            return Ok(pack(0, used));
        }
        if self.cursors.open.len() >= CURSORS_MAX {
            let text = format!("{CURSORS_MAX} cursors are open; close one before the next scan");
            return Err(Refusal::code(ErrorCode::Limit, &text));
        }
        if self.cursors.slot_count() + cursor.slots.len() > limits::CURSOR_ROWS_MAX {
            let max = limits::CURSOR_ROWS_MAX;
            let text = format!("the open scans of one call may hold at most {max} rows together");
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
    fn fill(
        &mut self,
        store: &Store,
        table: u16,
        inserted: &HashMap<(u16, Slot), u32>,
        out: &mut [u8],
    ) -> Result<u32, Refusal> {
        let length = out.len().min(BATCH_BYTES_MAX);
        let mut writer = BatchWriter::new(out.get_mut(..length).unwrap_or_default());
        while let Some(&slot) = self.slots.get(self.next) {
            let is_new = !inserted.is_empty()
                && self.source == Source::Current(table)
                && inserted.get(&(table, slot)).is_some_and(|&at| at > self.opened_at);
            if let Some(row) = store.row(table, slot).filter(|_| !is_new)
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
