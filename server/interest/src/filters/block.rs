//! A block of operations that several clients are sent: whoever needs it first encodes it, and it stays until the period ends.

use std::sync::OnceLock;

use crate::limits;

#[derive(Debug, Default)]
pub(crate) struct SharedBlock {
    bytes: OnceLock<Vec<u8>>,
    /// Bytes that the last one took.
    expected: usize,
}

impl SharedBlock {
    /// The block; `encode` appends it if nobody has needed it yet in this period. It must append the same for everybody.
    pub fn get_or_encode(&self, encode: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        self.bytes.get_or_init(|| {
            let mut bytes = Vec::with_capacity(self.expected);
            encode(&mut bytes);
            bytes
        })
    }

    /// Forgets it.
    pub fn end_period(&mut self) {
        if let Some(bytes) = self.bytes.take() {
            self.expected = bytes.len().min(limits::FILTER_BLOCK_BYTES_EXPECTED_MAX);
        }
    }
}
