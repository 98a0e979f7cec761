//! Imports that change rows.

use ambit_model::{Slot, delta};
use ambit_module_abi::limits::BATCH_BYTES_MAX;
use ambit_module_abi::{BatchReader, ErrorCode};

use super::memory::{self, Range};
use super::refusal::{Answer, Refusal, not_found, to_id};
use super::{Host, hints, note_found};
use crate::limits;

/// What a patch costs in the change set besides its columns: slot, kind and mask.
const PATCH_OVERHEAD_BYTES: u32 = 16;

/// Rows of an update that are looked up before the first of them is written.
const LOOK_UPS_AHEAD: usize = 16;

impl Host {
    pub(super) fn insert(&mut self, memory: &mut [u8], table: u32, rows: Range) -> Answer {
        let table = self.table(table)?;
        self.count_written(rows.1)?;
        let batch = memory::bytes_mut(memory, rows)?;
        let (mut at, mut count) = (0, 0);
        while let Some((start, end, next)) = entry(batch, at)? {
            // The guest sleeps while the host works, so the row can be completed where it lies.
            let row = batch.get_mut(start..end).unwrap_or_default();
            let slot = self.store.insert(table, row)?;
            self.cursors.note_insert(table, slot);
            (at, count) = (next, count + 1);
        }
        Ok(count)
    }

    pub(super) fn update(&mut self, memory: &mut [u8], table: u32, index: u32, rows: Range) -> Answer {
        let (id, index_id) = (self.table(table)?, to_id(index)?);
        self.count_written(rows.1)?;
        let batch = memory::bytes(memory, rows)?;
        if let Some((start, end, next)) = entry(batch, 0)?
            && next >= batch.len()
        {
            let row = batch.get(start..end).unwrap_or_default();
            let slot = self.find_written((table, id, index_id), row)?;
            self.store.update(id, slot, row)?;
            return Ok(1);
        }
        let mut found = std::mem::take(&mut self.found);
        let (mut at, mut count) = (0, 0);
        let result = loop {
            let goes_on = self.look_up_ahead(batch, &mut at, (table, id, index_id), &mut found);
            count += found.len() as i64;
            // Those before a row that is refused are written.
            let mut rows = found.drain(..);
            let row = |start, end| batch.get(start..end).unwrap_or_default();
            let written =
                rows.try_for_each(|(slot, start, end)| self.store.update(id, slot, row(start, end)));
            match (written, goes_on) {
                (Ok(()), Ok(true)) => {}
                (Ok(()), Ok(false)) => break Ok(count),
                (Err(error), _) => break Err(error.into()),
                (Ok(()), Err(refusal)) => break Err(refusal),
            }
        };
        self.found = found;
        result
    }

    /// Finds the rows of some entries before any of them is written, so that the processor waits for several at once where
    /// they are not in its cache. Writing them changes no key of this index. Answers whether there may be more.
    fn look_up_ahead(
        &mut self,
        batch: &[u8],
        at: &mut usize,
        ids: (u32, u16, u16),
        found: &mut Vec<(Slot, usize, usize)>,
    ) -> Result<bool, Refusal> {
        while found.len() < LOOK_UPS_AHEAD {
            let Some((start, end, next)) = entry(batch, *at)? else { return Ok(false) };
            let slot = self.find_written(ids, batch.get(start..end).unwrap_or_default())?;
            found.push((slot, start, end));
            *at = next;
        }
        Ok(true)
    }

    /// The row that one of the guest's is to replace, by its key. `table` is the guest's and the store's id of it.
    fn find_written(
        &mut self,
        (guest_table, table, index): (u32, u16, u16),
        row: &[u8],
    ) -> Result<Slot, Refusal> {
        self.take_key(table, index, row)?;
        let slot = self.store.find_near(table, index, &self.key, &hints(self.recent))?;
        let slot = slot.ok_or_else(|| not_found(guest_table, index.into()))?;
        note_found(&mut self.recent, slot);
        Ok(slot)
    }

    pub(super) fn patch(
        &mut self,
        memory: &mut [u8],
        table: u32,
        index: u32,
        key: Range,
        mask: u64,
        packed: Range,
    ) -> Answer {
        let (id, index_id) = (self.table(table)?, to_id(index)?);
        self.count_written(packed.1.saturating_add(PATCH_OVERHEAD_BYTES))?;
        let found = self.store.find_near(id, index_id, memory::bytes(memory, key)?, &hints(self.recent))?;
        let Some(slot) = found else { return Err(not_found(table, index)) };
        note_found(&mut self.recent, slot);
        self.store.patch(id, slot, mask, memory::bytes(memory, packed)?)?;
        Ok(1)
    }

    pub(super) fn delete(&mut self, memory: &mut [u8], table: u32, index: u32, key: Range) -> Answer {
        let (table, index) = (self.table(table)?, to_id(index)?);
        self.slots.clear();
        self.store.find_all(table, index, memory::bytes(memory, key)?, &mut self.slots)?;
        let (mut count, mut deleted) = (0, 0_usize);
        for &slot in &self.slots {
            // An earlier row's delete may have taken this one with it.
            if self.store.row(table, slot).is_some() {
                deleted = deleted.saturating_add(self.store.delete(table, slot)?);
            }
            count += 1;
        }
        self.written_bytes = self.written_bytes.saturating_add(deleted.saturating_mul(size_of::<u64>()));
        self.trim_slots();
        Ok(count)
    }

    /// Takes the columns of an index out of a row of the guest's, into `self.key`.
    fn take_key(&mut self, table: u16, index: u16, row: &[u8]) -> Result<(), Refusal> {
        self.key.clear();
        let Some(keys) = self.tables.keys.get(usize::from(table)) else {
            return Err(Refusal::bad_table(table));
        };
        let Some((columns, layout)) = keys.indexes.get(usize::from(index)) else {
            return Err(Refusal::bad_index(&self.store, table, index));
        };
        if !keys.layout.is_fixed() {
            // The guest's heap references may all name the same bytes, and a copy of them exceed all memory.
            self.store.check_row(table, row)?;
        }
        delta::copy_columns(&keys.layout, row, columns, layout, &mut self.key).or_else(|error| {
            self.store.check_row(table, row)?;
            Err(Refusal::code(ErrorCode::BadRow, &error))
        })
    }

    /// Refuses a buffer that is too large, and a call that writes too much.
    fn count_written(&mut self, bytes: u32) -> Result<(), Refusal> {
        let bytes = bytes as usize;
        if bytes > BATCH_BYTES_MAX {
            let text = format!("the buffer has {bytes} bytes; at most {BATCH_BYTES_MAX} are possible");
            return Err(Refusal::code(ErrorCode::Limit, &text));
        }
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        if self.written_bytes > self.written_bytes_max {
            let max = self.written_bytes_max;
            return Err(Refusal::code(ErrorCode::Limit, &format!("one call may write at most {max} bytes")));
        }
        Ok(())
    }

    /// Gives the memory of an unusually large result back.
    fn trim_slots(&mut self) {
        if self.slots.capacity() > limits::KEPT_SLOTS_MAX {
            self.slots = Vec::new();
        }
    }
}

/// Where the row of the entry at `at` begins and ends, and where the next entry begins; none at the end.
fn entry(batch: &[u8], at: usize) -> Result<Option<(usize, usize, usize)>, Refusal> {
    let rest = batch.get(at..).unwrap_or_default();
    match BatchReader::new(rest).next() {
        None => Ok(None),
        Some(Ok(entry)) => {
            let (start, end) = (at + entry.at, at + entry.at + entry.row.len());
            Ok(Some((start, end, end.next_multiple_of(8))))
        }
        Some(Err(error)) => Err(Refusal::code(ErrorCode::BadRow, &error)),
    }
}
