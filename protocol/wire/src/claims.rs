//! What a client holds when it comes back: the slots of its rows, and a digest of each, in place of the bytes.
//!
//! Per table: `varint(table)`, `varint(count)`, and `count` times `varint(slot - slot before - 1, or the slot)` and the digest in
//! eight bytes. Tables rise, and slots rise in a table. The digest is SipHash-1-3 of the row's bytes under a key that the client
//! draws anew each time: nobody can make a row that passes for an older one.

use ambit_model::limits::ROWS_PER_TABLE_MAX;
use ambit_model::{Slot, varint};
use siphasher::sip::SipHasher13;

use crate::error::{WireError, at_most};
use crate::limits::CLAIMS_MAX;

/// A row that a client holds, or says that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Table id, not yet looked up.
    pub table: u16,
    /// The row's name when the client was told of it last.
    pub slot: Slot,
    /// Of the row's bytes: see [`row_digest`].
    pub digest: u64,
}

/// The digest of a row's bytes under a key.
pub fn row_digest([low, high]: [u64; 2], row: &[u8]) -> u64 {
    SipHasher13::new_with_keys(low, high).hash(row)
}

/// Appends the claims on rows of one table: slots, which rise, and digests. Tables are to be written in the order of their ids.
pub fn write_claims(out: &mut Vec<u8>, table: u16, rows: &[(Slot, u64)]) {
    if rows.is_empty() {
        return;
    }
    varint::write(out, table.into());
    varint::write(out, rows.len() as u64);
    let mut next = 0;
    for &(slot, digest) in rows {
        debug_assert!(u64::from(slot) >= next, "slots rise");
        varint::write(out, u64::from(slot).wrapping_sub(next));
        out.extend_from_slice(&digest.to_le_bytes());
        next = u64::from(slot) + 1;
    }
}

/// The claims of a block. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Claims<'a> {
    bytes: &'a [u8],
    at: usize,
    count: usize,
    table: Table,
}

/// The table whose claims are being read.
#[derive(Debug, Clone, Copy, Default)]
struct Table {
    id: u16,
    /// The least id that the next table can have.
    next_id: u64,
    /// Claims that are left.
    left: u64,
    /// The least slot that the next claim can have.
    next_slot: u64,
}

impl<'a> Claims<'a> {
    /// Reads any bytes.
    pub fn new(block: &'a [u8]) -> Self {
        Self { bytes: block, at: 0, count: 0, table: Table::default() }
    }

    fn number(&mut self) -> Result<u64, WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (value, length) = varint::read(rest).ok_or(WireError::Varint(self.at))?;
        self.at += length;
        Ok(value)
    }

    fn begin_table(&mut self) -> Result<(), WireError> {
        let (number, left) = (self.number()?, self.number()?);
        let known = u16::try_from(number).ok().filter(|_| number >= self.table.next_id);
        let id = known.ok_or(WireError::Unknown { what: "table of claims", number })?;
        if left == 0 {
            return Err(WireError::Unknown { what: "count of claims", number: 0 });
        }
        self.table = Table { id, next_id: number + 1, left, next_slot: 0 };
        Ok(())
    }

    fn read(&mut self) -> Result<Claim, WireError> {
        if self.table.left == 0 {
            self.begin_table()?;
        }
        self.count += 1;
        at_most("the list of digests", 8 * self.count, 8 * CLAIMS_MAX)?;
        let number = self.number()?.saturating_add(self.table.next_slot);
        let slot = Slot::try_from(number).ok().filter(|&slot| (slot as usize) < ROWS_PER_TABLE_MAX);
        let slot = slot.ok_or(WireError::Unknown { what: "slot", number })?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digest = rest.first_chunk::<8>().ok_or(WireError::Truncated { block: "claims", at: self.at })?;
        self.at += digest.len();
        (self.table.left, self.table.next_slot) = (self.table.left - 1, number + 1);
        Ok(Claim { table: self.table.id, slot, digest: u64::from_le_bytes(*digest) })
    }
}

impl Iterator for Claims<'_> {
    type Item = Result<Claim, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() && self.table.left == 0 {
            return None;
        }
        let result = self.read();
        if result.is_err() {
            (self.at, self.table.left) = (self.bytes.len(), 0);
        }
        Some(result)
    }
}
