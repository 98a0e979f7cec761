//! The bytes of a change set's body: table blocks of operations (docs/formats/change-set.md). It knows numbers
//! and lengths, not tables: whether an operation makes sense is decided where it is applied.

use ambit_model::{Slot, varint};

use crate::change_set::Changes;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::reader::{ByteReader, ReadError};
use crate::reuse;

/// What an operation does. The number is its kind in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert = 0,
    Update = 1,
    Delete = 2,
    Counter = 3,
}

/// What a commit writes, in the making.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// Blocks that are logged: durable tables, and the reservations of all.
    pub(crate) logged: Vec<u8>,
    /// Blocks that only followers get.
    pub(crate) rest: Vec<u8>,
}

impl Bodies {
    /// What has been written, as a commit hands it out. The memory is for the next commit.
    pub(crate) fn take(&mut self, operation_count: u32) -> Changes {
        let logged_bytes = self.logged.len();
        self.logged.extend_from_slice(&self.rest);
        let changes = Changes { body: self.logged.as_slice().into(), logged_bytes, operation_count };
        reuse::empty(&mut self.logged);
        reuse::empty(&mut self.rest);
        changes
    }
}

/// Writes one table's block.
pub(crate) struct BlockWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    count_at: usize,
    count_bytes: usize,
    operation_count_guess: usize,
    operation_count: u32,
}

impl<'a> BlockWriter<'a> {
    /// The count stands before the operations, so it is guessed first and seldom put right.
    #[inline]
    pub(crate) fn new(out: &'a mut Vec<u8>, table: u16, operation_count_guess: usize) -> Self {
        let start = out.len();
        varint::write(out, table.into());
        let count_at = out.len();
        varint::write(out, operation_count_guess as u64);
        let count_bytes = out.len() - count_at;
        Self { out, start, count_at, count_bytes, operation_count_guess, operation_count: 0 }
    }

    #[inline]
    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) {
        self.begin(slot, Operation::Insert);
        varint::write(self.out, row.len() as u64);
        self.out.extend_from_slice(row);
    }

    /// Begins an update; the packed columns are to be appended to the buffer that it returns.
    #[inline]
    pub(crate) fn update(&mut self, slot: Slot, mask: u64) -> &mut Vec<u8> {
        self.begin(slot, Operation::Update);
        varint::write(self.out, mask);
        self.out
    }

    pub(crate) fn delete(&mut self, slot: Slot) {
        self.begin(slot, Operation::Delete);
    }

    pub(crate) fn counter(&mut self, column: u16, counter: u64) {
        self.begin(Slot::from(column) << 1, Operation::Counter);
        varint::write(self.out, counter);
    }

    pub(crate) fn reservation(&mut self, column: u16, reservation: u64) {
        self.begin(Slot::from(column) << 1 | 1, Operation::Counter);
        varint::write(self.out, reservation);
    }

    /// Fills in the count, or takes the block back when it holds nothing. Returns the number of operations.
    #[inline]
    pub(crate) fn finish(self) -> u32 {
        let operation_count = self.operation_count;
        if operation_count == 0 || operation_count as usize != self.operation_count_guess {
            self.put_right();
        }
        operation_count
    }

    #[cold]
    fn put_right(self) {
        if self.operation_count == 0 {
            return self.out.truncate(self.start);
        }
        let end = self.out.len();
        varint::write(self.out, self.operation_count.into());
        let count = self.out.split_off(end);
        self.out.splice(self.count_at..self.count_at + self.count_bytes, count);
    }

    #[inline]
    fn begin(&mut self, slot: Slot, kind: Operation) {
        self.operation_count += 1;
        varint::write(self.out, u64::from(slot) << 2 | kind as u64);
    }
}

/// Reads a body from its start. Never reads outside of it.
#[derive(Debug, Clone)]
pub(crate) struct BodyReader<'a> {
    bytes: ByteReader<'a>,
}

impl<'a> BodyReader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { bytes: ByteReader::new(body) }
    }

    /// Position of the next byte.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.bytes.at
    }

    /// The next block's table and number of operations; `None` at the end of the body.
    pub(crate) fn block(&mut self) -> Result<Option<(u16, u32)>, ApplyError> {
        if self.bytes.is_at_end() {
            return Ok(None);
        }
        let table = self.bytes.small().map_err(|error| self.refuse(error))?;
        let operation_count = self.bytes.small().map_err(|error| self.refuse(error))?;
        Ok(Some((table, operation_count)))
    }

    /// The next operation's slot (or column) and kind.
    #[inline]
    pub(crate) fn operation(&mut self) -> Result<(Slot, Operation), ApplyError> {
        let at = self.at();
        let head = self.number()?;
        let slot = Slot::try_from(head >> 2).map_err(|_| ApplyError { at, kind: ApplyErrorKind::Number })?;
        let kind = match head & 3 {
            0 => Operation::Insert,
            1 => Operation::Update,
            2 => Operation::Delete,
            _ => Operation::Counter,
        };
        Ok((slot, kind))
    }

    pub(crate) fn inserted_row(&mut self) -> Result<&'a [u8], ApplyError> {
        let length = self.bytes.small().map_err(|error| self.refuse(error))?;
        self.bytes.take(length).map_err(|error| self.refuse(error))
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, ApplyError> {
        self.bytes.number().map_err(|error| self.refuse(error))
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.rest()
    }

    /// Goes on behind bytes of [`BodyReader::rest`] that somebody else has read.
    pub(crate) fn skip(&mut self, length: usize) {
        self.bytes.at += length.min(self.rest().len());
    }

    #[cold]
    fn refuse(&self, error: ReadError) -> ApplyError {
        let kind = match error {
            ReadError::Truncated => ApplyErrorKind::Truncated,
            ReadError::Number => ApplyErrorKind::Number,
        };
        ApplyError { at: self.at(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_guess_is_put_right() {
        for (guess, operations) in [(1, 1), (127, 127), (128, 127), (20_000, 128), (1 << 22, 1), (0, 300)] {
            let mut out = vec![7];
            let mut block = BlockWriter::new(&mut out, 300, guess);
            (0..operations).for_each(|slot| block.delete(slot));
            assert_eq!(block.finish(), operations);
            let mut reader = BodyReader::new(&out[1..]);
            assert_eq!(reader.block(), Ok(Some((300, operations))));
            for slot in 0..operations {
                assert_eq!(reader.operation(), Ok((slot, Operation::Delete)));
            }
            assert_eq!(reader.block(), Ok(None));
        }
    }

    #[test]
    fn a_block_without_operations_is_not_there() {
        let mut out = vec![7];
        assert_eq!(BlockWriter::new(&mut out, 300, 500).finish(), 0);
        assert_eq!(out, [7]);
    }
}
