//! The result block: what became of calls.
//!
//! `{ request u32, status u8, zero × 3, offset u64, message_len u32, message }` per call, little-endian, no
//! padding.

use crate::error::{WireError, cut};

const HEADER_BYTES: usize = 20;

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallResult<'a> {
    /// The number that the client gave the call.
    pub request: u32,
    /// What happened.
    pub status: CallStatus,
    /// The commit's offset; 0 if nothing was committed.
    pub offset: u64,
    /// The reducer's error or the reason of the refusal; empty when committed.
    pub message: &'a str,
}

/// What happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CallStatus {
    /// The transaction was committed.
    Committed = 0,
    /// The reducer ran and refused: nothing was changed.
    ReducerError = 1,
    /// The call did not run: unknown reducer, wrong arguments, a full queue, a module at fault.
    Rejected = 2,
    /// The connection was lost before the answer: whether the call was committed is not known. A client tells its game so; no
    /// server says it.
    Lost = 3,
}

impl CallStatus {
    fn from_byte(byte: u8) -> Result<Self, WireError> {
        match byte {
            0 => Ok(Self::Committed),
            1 => Ok(Self::ReducerError),
            2 => Ok(Self::Rejected),
            _ => Err(WireError::Unknown { what: "call status", number: byte.into() }),
        }
    }
}

/// Appends one result. A message beyond [`crate::limits::TEXT_BYTES_MAX`] is cut.
pub fn write_result(out: &mut Vec<u8>, result: &CallResult<'_>) {
    let message = cut(result.message);
    out.extend_from_slice(&result.request.to_le_bytes());
    out.extend_from_slice(&[result.status as u8, 0, 0, 0]);
    out.extend_from_slice(&result.offset.to_le_bytes());
    out.extend_from_slice(&(message.len() as u32).to_le_bytes());
    out.extend_from_slice(message.as_bytes());
}

/// The results of a block. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Results<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Results<'a> {
    /// Reads a block of any bytes.
    pub fn new(block: &'a [u8]) -> Self {
        Self { block, at: 0 }
    }

    fn read(&mut self) -> Result<CallResult<'a>, WireError> {
        let at = self.at;
        let truncated = WireError::Truncated { block: "result", at };
        let rest = self.block.get(at..).unwrap_or_default();
        let Some((header, rest)) = rest.split_first_chunk::<HEADER_BYTES>() else {
            return Err(truncated);
        };
        let &[r0, r1, r2, r3, status, z0, z1, z2, o0, o1, o2, o3, o4, o5, o6, o7, l0, l1, l2, l3] = header;
        if [z0, z1, z2] != [0; 3] {
            return Err(WireError::Reserved { block: "result", at });
        }
        let request = u32::from_le_bytes([r0, r1, r2, r3]);
        let status = CallStatus::from_byte(status)?;
        let message_bytes = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let message = rest.get(..message_bytes).ok_or(truncated)?;
        let message = std::str::from_utf8(message).map_err(|_| WireError::Text(request))?;
        self.at += HEADER_BYTES + message_bytes;
        let offset = u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
        Ok(CallResult { request, status, offset, message })
    }
}

impl<'a> Iterator for Results<'a> {
    type Item = Result<CallResult<'a>, WireError>;

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
