//! Update blocks: how a client's rows change, table by table.
//!
//! Per table `{ table u16, kind u16, byte_len u32 }`, then `byte_len` bytes of operations, if the kind is 0. An operation is
//! `varint(slot << 2 | kind)` and: insert (0) `varint(row_len) row`, delta (1) `varint(mask) packed columns`,
//! delete (2) `reason u8`, insert of some columns (3) `varint(mask) packed columns`. An operation depends on nothing around it: a server encodes it once and copies the
//! bytes to every client that needs it.

use ambit_model::limits::{ROW_BYTES_MAX, ROWS_PER_TABLE_MAX};
use ambit_model::{RowLayout, Slot, delta};

use crate::error::{WireError, at_most};
use crate::motion::MotionBlock;
use ambit_model::{MotionLayout, varint};

const HEADER_BYTES: usize = 8;
const INSERT: u64 = 0;
const DELTA: u64 = 1;
const DELETE: u64 = 2;
const OPERATIONS: u16 = 0;
const MOTION: u16 = 1;
const INSERT_COLUMNS: u64 = 3;

/// Why a row leaves a client's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LeaveReason {
    /// The row no longer exists.
    Deleted = 0,
    /// It is too far away.
    OutOfRange = 1,
    /// Its columns no longer match the query.
    NoLongerMatching = 2,
    /// The client may no longer see it.
    NotPermitted = 3,
    /// The subscription that held it has ended.
    Unsubscribed = 4,
    /// It left while the client's connection was lost. Why is not known.
    Away = 5,
}

impl LeaveReason {
    /// The reason with this number.
    pub fn from_byte(byte: u8) -> Result<Self, WireError> {
        match byte {
            0 => Ok(Self::Deleted),
            1 => Ok(Self::OutOfRange),
            2 => Ok(Self::NoLongerMatching),
            3 => Ok(Self::NotPermitted),
            4 => Ok(Self::Unsubscribed),
            5 => Ok(Self::Away),
            _ => Err(WireError::Unknown { what: "leave reason", number: byte.into() }),
        }
    }
}

/// Where a table block begins, for [`end_table`].
#[derive(Debug)]
#[must_use = "the table block has no length until end_table"]
pub struct TableMark(usize);

/// Begins a table block at the end of `out`. Append operations, then call [`end_table`].
pub fn begin_table(out: &mut Vec<u8>, table: u16) -> TableMark {
    let mark = TableMark(out.len());
    out.extend_from_slice(&table.to_le_bytes());
    out.extend_from_slice(&[0; 6]);
    mark
}

/// The same for a block that tells how quantised columns have changed.
pub fn begin_motion(out: &mut Vec<u8>, table: u16) -> TableMark {
    let mark = begin_table(out, table);
    if let Some(kind) = out.get_mut(mark.0 + 2..mark.0 + 4) {
        kind.copy_from_slice(&MOTION.to_le_bytes());
    }
    mark
}

/// Ends the table block: writes its length. A block without operations is taken back.
pub fn end_table(out: &mut Vec<u8>, mark: TableMark) {
    let TableMark(at) = mark;
    let byte_len = out.len().saturating_sub(at + HEADER_BYTES);
    if byte_len == 0 {
        out.truncate(at);
    } else if let Some(place) = out.get_mut(at + 4..at + HEADER_BYTES) {
        // A block that long is no message (it is refused for its size), but it must not pass for a shorter one.
        place.copy_from_slice(&u32::try_from(byte_len).unwrap_or(u32::MAX).to_le_bytes());
    }
}

/// Appends the operation "this row is new to the client".
pub fn write_insert(out: &mut Vec<u8>, slot: Slot, row: &[u8]) {
    varint::write(out, u64::from(slot) << 2 | INSERT);
    varint::write(out, row.len() as u64);
    out.extend_from_slice(row);
}

/// Appends the operation "this row is new to the client, which knows these columns of it". All others are blank, as in
/// [`RowLayout::blank_row`]. `packed` is what [`delta::pack_columns`] gives for `mask`.
pub fn write_insert_columns(out: &mut Vec<u8>, slot: Slot, mask: u64, packed: &[u8]) {
    varint::write(out, u64::from(slot) << 2 | INSERT_COLUMNS);
    varint::write(out, mask);
    out.extend_from_slice(packed);
}

/// Appends the operation "these columns of the row have changed". `packed` is what
/// [`delta::pack_columns`] gives for `mask`.
pub fn write_delta(out: &mut Vec<u8>, slot: Slot, mask: u64, packed: &[u8]) {
    varint::write(out, u64::from(slot) << 2 | DELTA);
    varint::write(out, mask);
    out.extend_from_slice(packed);
}

/// Appends the operation "the row leaves the client's cache".
pub fn write_delete(out: &mut Vec<u8>, slot: Slot, reason: LeaveReason) {
    varint::write(out, u64::from(slot) << 2 | DELETE);
    out.push(reason as u8);
}

/// One operation on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op<'a> {
    /// The row is new to the client. Its bytes are not yet checked.
    Insert {
        /// The row's name.
        slot: Slot,
        /// The whole row.
        row: &'a [u8],
    },
    /// The row is new to the client, which knows some columns of it: all others are blank. Lengths are checked, contents
    /// are not.
    InsertColumns {
        /// The row's name.
        slot: Slot,
        /// Bit i: column i follows.
        mask: u64,
        /// Packed columns.
        packed: &'a [u8],
    },
    /// Some columns have changed. Lengths are checked, contents are not.
    Delta {
        /// The row's name.
        slot: Slot,
        /// Bit i: column i follows.
        mask: u64,
        /// Packed columns.
        packed: &'a [u8],
    },
    /// The row leaves the cache.
    Delete {
        /// The row's name.
        slot: Slot,
        /// Why.
        reason: LeaveReason,
    },
}

impl Op<'_> {
    /// The row's name.
    pub fn slot(&self) -> Slot {
        match *self {
            Self::Insert { slot, .. }
            | Self::InsertColumns { slot, .. }
            | Self::Delta { slot, .. }
            | Self::Delete { slot, .. } => slot,
        }
    }
}

/// What a table block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Operations on rows.
    Operations,
    /// How quantised columns have changed.
    Motion,
}

/// What happened to one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableBlock<'a> {
    /// Table id, not yet looked up.
    pub table: u16,
    /// How its bytes are to be read.
    pub kind: BlockKind,
    /// Operations or motion, encoded.
    pub bytes: &'a [u8],
}

impl<'a> TableBlock<'a> {
    /// What it tells of quantised columns, if that is its kind, read with those of the table.
    pub fn motion(self, layout: &'a MotionLayout) -> MotionBlock<'a> {
        MotionBlock::new(layout, self.bytes)
    }

    /// The operations, if that is its kind, read with the table's layout.
    pub fn ops(self, layout: &'a RowLayout) -> Ops<'a> {
        Ops { layout, bytes: self.bytes, at: 0 }
    }
}

/// The table blocks of an update. Ends after the first error.
#[derive(Debug, Clone)]
pub struct TableBlocks<'a> {
    blocks: &'a [u8],
    at: usize,
}

impl<'a> TableBlocks<'a> {
    /// Reads any bytes.
    pub fn new(blocks: &'a [u8]) -> Self {
        Self { blocks, at: 0 }
    }

    fn read(&mut self) -> Result<TableBlock<'a>, WireError> {
        let at = self.at;
        let truncated = WireError::Truncated { block: "update", at };
        let rest = self.blocks.get(at..).unwrap_or_default();
        let Some((&[t0, t1, k0, k1, l0, l1, l2, l3], rest)) = rest.split_first_chunk::<HEADER_BYTES>() else {
            return Err(truncated);
        };
        let kind = match u16::from_le_bytes([k0, k1]) {
            OPERATIONS => BlockKind::Operations,
            MOTION => BlockKind::Motion,
            number => return Err(WireError::Unknown { what: "kind of table block", number: number.into() }),
        };
        let byte_len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let bytes = rest.get(..byte_len).ok_or(truncated)?;
        self.at += HEADER_BYTES + byte_len;
        Ok(TableBlock { table: u16::from_le_bytes([t0, t1]), kind, bytes })
    }
}

impl<'a> Iterator for TableBlocks<'a> {
    type Item = Result<TableBlock<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.blocks.len() {
            return None;
        }
        let result = self.read();
        if result.is_err() {
            self.at = self.blocks.len();
        }
        Some(result)
    }
}

/// The operations of a table block. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Ops<'a> {
    layout: &'a RowLayout,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Ops<'a> {
    #[inline]
    fn number(&mut self) -> Result<u64, WireError> {
        let (value, length) =
            varint::read(self.bytes.get(self.at..).unwrap_or_default()).ok_or(WireError::Varint(self.at))?;
        self.at += length;
        Ok(value)
    }

    #[inline]
    fn take(&mut self, start: usize, length: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(length);
        let bytes = end
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(WireError::Truncated { block: "update", at: start })?;
        self.at += length;
        Ok(bytes)
    }

    /// A mask and the packed columns that it names.
    #[inline]
    fn columns(&mut self, start: usize) -> Result<(u64, &'a [u8]), WireError> {
        let mask = self.number()?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = delta::packed_length(self.layout, mask, rest)
            .map_err(|error| WireError::Delta { at: start, error })?;
        Ok((mask, self.take(start, length)?))
    }

    #[inline]
    fn read(&mut self) -> Result<Op<'a>, WireError> {
        let start = self.at;
        let head = self.number()?;
        let number = head >> 2;
        let slot = Slot::try_from(number)
            .ok()
            .filter(|&slot| (slot as usize) < ROWS_PER_TABLE_MAX)
            .ok_or(WireError::Unknown { what: "slot", number })?;
        match head & 3 {
            INSERT => {
                let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
                at_most("a row", length, ROW_BYTES_MAX)?;
                Ok(Op::Insert { slot, row: self.take(start, length)? })
            }
            DELTA => {
                let (mask, packed) = self.columns(start)?;
                Ok(Op::Delta { slot, mask, packed })
            }
            INSERT_COLUMNS => {
                let (mask, packed) = self.columns(start)?;
                Ok(Op::InsertColumns { slot, mask, packed })
            }
            DELETE => {
                let reason = self.take(start, 1)?.first().copied().unwrap_or(u8::MAX);
                Ok(Op::Delete { slot, reason: LeaveReason::from_byte(reason)? })
            }
            number => Err(WireError::Unknown { what: "row operation", number }),
        }
    }
}

impl<'a> Iterator for Ops<'a> {
    type Item = Result<Op<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let result = self.read();
        if result.is_err() {
            self.at = self.bytes.len();
        }
        Some(result)
    }
}
