//! A store's rows and counters as they were at one moment, and how they are written down as chunks
//! (docs/formats/store-chunk.md).
//!
//! A frozen store shares its pages with the store that goes on: whoever comes first to write to a page copies it. What
//! holds the chunks, and their checksums, is the business of who stores them.

use std::sync::Arc;

use ambit_model::{Durability, Schema, Slot, varint};

use crate::limits::CHUNK_BYTES;
use crate::rows::Rows;
use crate::slots::PagedBits;
use crate::store::Store;

/// A chunk of rows of one table.
pub(crate) const CHUNK_ROWS: u8 = 0;
/// The end of one table: how many rows it has, and its counters.
pub(crate) const CHUNK_TABLE_END: u8 = 1;

/// All rows and counters of a store at one moment, for another thread to write down.
#[derive(Debug)]
pub struct FrozenStore {
    schema: Arc<Schema>,
    tables: Vec<FrozenTable>,
}

/// One table of a frozen store.
#[derive(Debug)]
pub(crate) struct FrozenTable {
    pub(crate) rows: Rows,
    /// Slots that hold a row.
    pub(crate) live: PagedBits,
    pub(crate) row_count: usize,
    /// Column, the highest number that it has given out or held, and its reservation.
    pub(crate) counters: Vec<(u16, u64, u64)>,
}

/// Why a store was not frozen or forked. It is as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// The store has uncommitted changes.
    #[error("the store has an open transaction: commit it or roll it back first")]
    OpenTransaction,
}

impl Store {
    /// The rows and counters as they are now, to be written down while the store goes on. Costs a little per page
    /// (32 KiB of rows), and a copy of every page that the store writes to before the frozen one lets go of it.
    pub fn freeze(&mut self) -> Result<FrozenStore, FreezeError> {
        if self.has_changes() {
            return Err(FreezeError::OpenTransaction);
        }
        let schema = Arc::clone(self.schema());
        Ok(FrozenStore { tables: self.freeze_tables(), schema })
    }
}

impl FrozenStore {
    /// The tables' description.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The number of rows that [`FrozenStore::write`] writes.
    pub fn row_count(&self) -> usize {
        self.tables.iter().map(|table| table.row_count).sum()
    }

    /// Writes everything as chunks of about [`CHUNK_BYTES`], one call of `sink` each, and lets go of each page as soon as
    /// it is written. [`crate::StoreLoader`] makes a store of the chunks in their order. Of ephemeral tables it writes
    /// the counters only. An error of `sink` ends it.
    pub fn write<E>(self, sink: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut chunk = Vec::new();
        for ((id, schema), table) in (0..).zip(&self.schema.tables).zip(self.tables) {
            match schema.durability {
                Durability::Ephemeral => table.write_end(id, 0, &mut chunk, sink)?,
                Durability::Checkpointed | Durability::Durable => table.write(id, &mut chunk, sink)?,
            }
        }
        Ok(())
    }
}

impl FrozenTable {
    fn write<E>(
        mut self,
        id: u16,
        chunk: &mut Vec<u8>,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        chunk.clear();
        // The slot behind the last run of this chunk, and a slot of the page that is being written.
        let (mut run_end, mut kept) = (0, 0);
        let mut next = self.live.next(0);
        while let Some(start) = next {
            if self.rows.page_end(kept) <= start {
                self.rows.release_page(kept);
                kept = start;
            }
            if chunk.is_empty() {
                chunk.push(CHUNK_ROWS);
                varint::write(chunk, id.into());
                run_end = 0;
            }
            varint::write(chunk, u64::from(start - run_end));
            run_end = self.write_run(start, chunk);
            if chunk.len() >= CHUNK_BYTES {
                sink(chunk)?;
                chunk.clear();
            }
            next = self.live.next(run_end);
        }
        if !chunk.is_empty() {
            sink(chunk)?;
        }
        let row_count = self.row_count;
        self.write_end(id, row_count, chunk, sink)
    }

    /// Appends rows side by side, those of one page at most. Returns the slot behind the last.
    fn write_run(&self, start: Slot, chunk: &mut Vec<u8>) -> Slot {
        let live_end = self.live.next_absent(start, self.rows.page_end(start));
        let room = CHUNK_BYTES.saturating_sub(chunk.len());
        match &self.rows {
            Rows::Fixed(pages) => {
                let rows_that_fit = room / pages.row_bytes().max(1) + 1;
                let count = ((live_end - start) as usize).min(rows_that_fit);
                varint::write(chunk, count as u64);
                chunk.extend_from_slice(pages.run(start, count));
                start + count as Slot
            }
            Rows::Heap(_) => {
                let mut bytes = 0;
                let fits = |slot: &Slot| {
                    let has_room = bytes < room;
                    bytes += self.rows.get(*slot).len();
                    has_room
                };
                let count = (start..live_end).take_while(fits).count().max(1);
                varint::write(chunk, count as u64);
                let end = start + count as Slot;
                for slot in start..end {
                    let row = self.rows.get(slot);
                    varint::write(chunk, row.len() as u64);
                    chunk.extend_from_slice(row);
                }
                end
            }
        }
    }

    fn write_end<E>(
        self,
        id: u16,
        row_count: usize,
        chunk: &mut Vec<u8>,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        chunk.clear();
        chunk.push(CHUNK_TABLE_END);
        varint::write(chunk, id.into());
        varint::write(chunk, row_count as u64);
        for &(column, counter, reservation) in &self.counters {
            varint::write(chunk, column.into());
            varint::write(chunk, counter);
            varint::write(chunk, reservation.saturating_sub(counter));
        }
        sink(chunk)
    }
}
