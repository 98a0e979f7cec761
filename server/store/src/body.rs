//! The bytes of a change set's body: table blocks of operations (docs/formats/change-set.md). It knows numbers
//! and lengths, not tables: whether an operation makes sense is decided where it is applied.

use ambit_model::Slot;

use crate::error::{ApplyError, ApplyErrorKind};

pub(crate) const KIND_INSERT: u8 = 0;
pub(crate) const KIND_UPDATE: u8 = 1;
pub(crate) const KIND_DELETE: u8 = 2;
pub(crate) const KIND_COUNTER: u8 = 3;

/// Writes one table's block.
pub(crate) struct BlockWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    operation_count: u32,
}

const BLOCK_HEADER_BYTES: usize = 6;

impl<'a> BlockWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, table: u16) -> Self {
        let start = out.len();
        out.extend_from_slice(&table.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        Self { out, start, operation_count: 0 }
    }

    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) {
        self.begin(slot, KIND_INSERT);
        // ROW_BYTES_MAX keeps every row's length far inside u32.
        self.out.extend_from_slice(&(row.len() as u32).to_le_bytes());
        self.out.extend_from_slice(row);
    }

    /// Begins an update; the packed columns are to be appended to the buffer that it returns.
    pub(crate) fn update(&mut self, slot: Slot, mask: u64) -> &mut Vec<u8> {
        self.begin(slot, KIND_UPDATE);
        self.out.extend_from_slice(&mask.to_le_bytes());
        self.out
    }

    pub(crate) fn delete(&mut self, slot: Slot) {
        self.begin(slot, KIND_DELETE);
    }

    pub(crate) fn counter(&mut self, column: u16, counter: u64) {
        self.begin(column.into(), KIND_COUNTER);
        self.out.extend_from_slice(&counter.to_le_bytes());
    }

    /// Fills in the count, or takes the block back when it holds nothing. Returns the number of operations.
    pub(crate) fn finish(self) -> u32 {
        if self.operation_count == 0 {
            self.out.truncate(self.start);
        } else if let Some(place) = self.out.get_mut(self.start + 2..self.start + BLOCK_HEADER_BYTES) {
            place.copy_from_slice(&self.operation_count.to_le_bytes());
        }
        self.operation_count
    }

    fn begin(&mut self, slot: Slot, kind: u8) {
        self.operation_count += 1;
        self.out.extend_from_slice(&slot.to_le_bytes());
        self.out.push(kind);
    }
}

/// Reads a body from its start. Never reads outside of it.
#[derive(Debug, Clone)]
pub(crate) struct BodyReader<'a> {
    body: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> BodyReader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// The next block's table and number of operations; `None` at the end of the body.
    pub(crate) fn block(&mut self) -> Result<Option<(u16, u32)>, ApplyError> {
        if self.at == self.body.len() {
            return Ok(None);
        }
        let table = u16::from_le_bytes(self.array()?);
        Ok(Some((table, u32::from_le_bytes(self.array()?))))
    }

    /// The next operation's slot and kind.
    pub(crate) fn operation(&mut self) -> Result<(Slot, u8), ApplyError> {
        let slot = u32::from_le_bytes(self.array()?);
        let [kind] = self.array()?;
        Ok((slot, kind))
    }

    pub(crate) fn inserted_row(&mut self) -> Result<&'a [u8], ApplyError> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        self.take(length)
    }

    pub(crate) fn number(&mut self) -> Result<u64, ApplyError> {
        self.array().map(u64::from_le_bytes)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ApplyError> {
        let bytes =
            self.rest().get(..length).ok_or(ApplyError { at: self.at, kind: ApplyErrorKind::Truncated })?;
        self.at += length;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ApplyError> {
        let bytes = self
            .rest()
            .first_chunk::<N>()
            .copied()
            .ok_or(ApplyError { at: self.at, kind: ApplyErrorKind::Truncated })?;
        self.at += N;
        Ok(bytes)
    }
}
