//! A store made of the chunks that [`crate::FrozenStore::write`] has written (docs/formats/store-chunk.md).
//!
//! The bytes come from a disk, so nothing in them is believed: every row is checked, every unique key too, and memory is
//! taken only for what is there.

use std::sync::Arc;

use ambit_model::{DecodeError, Durability, Schema, Slot};

use crate::error::{PositionError, UniqueViolation};
use crate::frozen::{CHUNK_ROWS, CHUNK_TABLE_END};
use crate::limits::LOADED_SPAN_BYTES_MAX;
use crate::reader::{ByteReader, ReadError};
use crate::store::Store;
use crate::table::Table;

/// Takes chunks in their order and makes a store of them.
#[derive(Debug)]
pub struct StoreLoader {
    schema: Arc<Schema>,
    hash_seed: u64,
    tables: Vec<Loading>,
    chunk_count: u64,
    /// What the slots seen so far span, in bytes of rows.
    span_bytes: u64,
    /// The first error. A loader that has met one makes no store.
    error: Option<LoadError>,
}

/// A table of which not all chunks have come.
#[derive(Debug)]
struct Loading {
    table: Table,
    is_complete: bool,
    /// The slot behind the highest so far.
    slot_end: u64,
}

/// Why chunks are not a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A chunk is damaged.
    #[error("the snapshot is damaged in chunk {chunk} at byte {at}: {kind}")]
    Chunk {
        /// Number of the chunk; the first is 0.
        chunk: u64,
        /// Byte offset in the chunk.
        at: usize,
        /// What is wrong.
        kind: LoadErrorKind,
    },
    /// Chunks are missing.
    #[error("the snapshot is not complete: table `{0}` has no end")]
    TableWithoutEnd(String),
    /// Two rows share a unique key.
    #[error("the snapshot is damaged: {0}")]
    Unique(Box<UniqueViolation>),
}

/// What is wrong with a chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadErrorKind {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// A number has too many bits for its place, or is not in its shortest form.
    #[error("a number is too large for its place or not in its shortest form")]
    Number,
    /// A number that stands for no kind of chunk.
    #[error("there is no chunk of kind {0}")]
    UnknownChunk(u8),
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// A chunk of a table that has come to its end.
    #[error("table `{0}` goes on behind its end")]
    BehindEnd(String),
    /// Rows of a table that no snapshot has rows of.
    #[error("table `{0}` is ephemeral, but there are rows of it")]
    Ephemeral(String),
    /// No row side by side, or more than a page holds.
    #[error("table `{table}`: {count} rows lie side by side")]
    RunLength {
        /// Name of the table.
        table: String,
        /// How many.
        count: u64,
    },
    /// A slot past every table's end, or one that no server could have had the memory for.
    #[error("table `{table}`: slot {slot} lies too far ahead")]
    SlotTooFar {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// Two rows in one slot.
    #[error("table `{table}`: there are two rows for slot {slot}")]
    SlotTwice {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// The bytes are not a row.
    #[error("table `{table}`: the bytes for slot {slot} are not a row: {error}")]
    Row {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
        /// What is wrong with them.
        error: DecodeError,
    },
    /// A position is not finite.
    #[error(transparent)]
    Position(Box<PositionError>),
    /// A counter for a column that has none, or past its type.
    #[error("table `{table}`: column {column} has no auto_inc counter that could stand at {counter}")]
    Counter {
        /// Name of the table.
        table: String,
        /// Position of the column.
        column: u16,
        /// The counter.
        counter: u64,
    },
    /// The table's end counts other rows than there are.
    #[error("table `{table}` should have {expected} rows and has {found}")]
    RowCount {
        /// Name of the table.
        table: String,
        /// As its end says.
        expected: u64,
        /// As many came.
        found: u64,
    },
}

impl From<ReadError> for LoadErrorKind {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated => Self::Truncated,
            ReadError::Number => Self::Number,
        }
    }
}

impl StoreLoader {
    /// A loader of a snapshot of these tables. `hash_seed` is for [`Store::with_hash_seed`]. The schema has passed
    /// [`Schema::check`], as every decoded schema has.
    pub fn new(schema: Arc<Schema>, hash_seed: u64) -> Self {
        debug_assert_eq!(schema.check(), Ok(()), "a store needs a checked schema");
        let tables = (0..)
            .zip(&schema.tables)
            .map(|(id, table)| Loading {
                table: Table::new(id, table, hash_seed),
                is_complete: false,
                slot_end: 0,
            })
            .collect();
        Self { schema, hash_seed, tables, chunk_count: 0, span_bytes: 0, error: None }
    }

    /// Takes the next chunk. Any bytes are safe to give. After an error the loader takes nothing more, and answers
    /// with the same error.
    pub fn chunk(&mut self, chunk: &[u8]) -> Result<(), LoadError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let mut reader = ByteReader::new(chunk);
        let result = self.read_chunk(&mut reader).map_err(|kind| LoadError::Chunk {
            chunk: self.chunk_count,
            at: reader.at,
            kind,
        });
        self.chunk_count += 1;
        self.error = result.as_ref().err().cloned();
        result
    }

    /// The store, after the last chunk. Builds the indexes, and so takes most of the time.
    pub fn finish(self) -> Result<Store, LoadError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some(incomplete) = self.tables.iter().find(|loading| !loading.is_complete) {
            return Err(LoadError::TableWithoutEnd(incomplete.table.name.clone()));
        }
        let mut tables = Vec::with_capacity(self.tables.len());
        for Loading { mut table, .. } in self.tables {
            table.finish_loading().map_err(LoadError::Unique)?;
            tables.push(table);
        }
        Ok(Store::from_tables(self.schema, tables, self.hash_seed))
    }

    fn read_chunk(&mut self, reader: &mut ByteReader<'_>) -> Result<(), LoadErrorKind> {
        let &[kind] = reader.take(1)?.first_chunk().ok_or(LoadErrorKind::Truncated)?;
        let id: u16 = reader.small()?;
        let loading = self.tables.get_mut(usize::from(id)).ok_or(LoadErrorKind::UnknownTable(id))?;
        if loading.is_complete {
            return Err(LoadErrorKind::BehindEnd(loading.table.name.clone()));
        }
        match kind {
            CHUNK_ROWS => {
                let durability = self.schema.tables.get(usize::from(id)).map(|table| table.durability);
                if durability == Some(Durability::Ephemeral) {
                    return Err(LoadErrorKind::Ephemeral(loading.table.name.clone()));
                }
                loading.read_rows(reader, &mut self.span_bytes)
            }
            CHUNK_TABLE_END => loading.read_end(reader),
            _ => Err(LoadErrorKind::UnknownChunk(kind)),
        }
    }
}

impl Loading {
    fn read_rows(&mut self, reader: &mut ByteReader<'_>, span_bytes: &mut u64) -> Result<(), LoadErrorKind> {
        let mut run_end = 0_u64;
        while !reader.is_at_end() {
            let gap: u32 = reader.small()?;
            let count = reader.number()?;
            let first = run_end + u64::from(gap);
            run_end = first.saturating_add(count);
            let too_far = || LoadErrorKind::SlotTooFar {
                table: self.table.name.clone(),
                slot: first.try_into().unwrap_or(Slot::MAX),
            };
            if run_end > self.slot_end {
                let row_bytes = self.table.layout.fixed_bytes().max(64) as u64;
                *span_bytes = span_bytes.saturating_add((run_end - self.slot_end).saturating_mul(row_bytes));
                if *span_bytes > LOADED_SPAN_BYTES_MAX {
                    return Err(too_far());
                }
                self.slot_end = run_end;
            }
            let slot = Slot::try_from(first).map_err(|_| too_far())?;
            self.table.load_run(slot, count, reader)?;
        }
        Ok(())
    }

    fn read_end(&mut self, reader: &mut ByteReader<'_>) -> Result<(), LoadErrorKind> {
        let (expected, found) = (reader.number()?, self.table.row_count as u64);
        if expected != found {
            return Err(LoadErrorKind::RowCount { table: self.table.name.clone(), expected, found });
        }
        while !reader.is_at_end() {
            self.table.load_counter(reader.small()?, reader.number()?, reader.number()?)?;
        }
        self.is_complete = true;
        Ok(())
    }
}
