//! The call block: many reducer calls of one client, in order.
//!
//! `{ request u32, reducer u16, flags u16, args_len u32, args row }` per call, little-endian, no padding.

use crate::error::WireError;
use crate::limits;

const HEADER_BYTES: usize = 12;

/// The flag of a quiet call.
const QUIET: u16 = 1;

/// One reducer call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// Chosen by the client; the result names it.
    pub request: u32,
    /// Reducer id.
    pub reducer: u16,
    /// Whether only a failure has a result.
    pub is_quiet: bool,
    /// The row of arguments, not yet checked.
    pub args: &'a [u8],
}

/// Appends one call. The block is to stay within [`limits::CALL_BLOCK_BYTES_MAX`].
pub fn write_call(out: &mut Vec<u8>, call: &Call<'_>) {
    out.extend_from_slice(&call.request.to_le_bytes());
    out.extend_from_slice(&call.reducer.to_le_bytes());
    out.extend_from_slice(&(if call.is_quiet { QUIET } else { 0 }).to_le_bytes());
    out.extend_from_slice(&(call.args.len() as u32).to_le_bytes());
    out.extend_from_slice(call.args);
}

/// The calls of a block. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Calls<'a> {
    block: &'a [u8],
    at: usize,
    count: usize,
}

impl<'a> Calls<'a> {
    /// Reads a block of any bytes.
    pub fn new(block: &'a [u8]) -> Self {
        Self { block, at: 0, count: 0 }
    }

    /// Bytes that the call with `args_bytes` of arguments takes in a block.
    pub const fn entry_bytes(args_bytes: usize) -> usize {
        HEADER_BYTES + args_bytes
    }

    fn read(&mut self) -> Result<Call<'a>, WireError> {
        let at = self.at;
        let truncated = WireError::Truncated { block: "call", at };
        if self.count == limits::CALLS_PER_BLOCK_MAX {
            return Err(WireError::TooMany { block: "call", max: limits::CALLS_PER_BLOCK_MAX });
        }
        let rest = self.block.get(at..).unwrap_or_default();
        let Some((&[r0, r1, r2, r3, d0, d1, f0, f1, l0, l1, l2, l3], rest)) =
            rest.split_first_chunk::<HEADER_BYTES>()
        else {
            return Err(truncated);
        };
        let flags = u16::from_le_bytes([f0, f1]);
        if flags & !QUIET != 0 {
            return Err(WireError::Reserved { block: "call", at });
        }
        let args_bytes = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let args = rest.get(..args_bytes).ok_or(truncated)?;
        self.at += HEADER_BYTES + args_bytes;
        self.count += 1;
        Ok(Call {
            request: u32::from_le_bytes([r0, r1, r2, r3]),
            reducer: u16::from_le_bytes([d0, d1]),
            is_quiet: flags & QUIET != 0,
            args,
        })
    }
}

impl<'a> Iterator for Calls<'a> {
    type Item = Result<Call<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.block.len() {
            return None;
        }
        let result = self.read();
        if result.is_err() {
            self.at = self.block.len();
        }
        Some(result)
    }
}
