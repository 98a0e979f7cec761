//! Records on their way from the engine's thread to the log's.

use crate::{limits, record};

/// Some records with consecutive offsets, already laid out as they will be on disk.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    last_offset: u64,
    records: usize,
}

/// Why a record is not taken into a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The payload exceeds [`limits::RECORD_PAYLOAD_BYTES_MAX`].
    #[error("the record of offset {offset} has {bytes} bytes; at most {max} are possible", max = limits::RECORD_PAYLOAD_BYTES_MAX)]
    TooLarge {
        /// The record's offset.
        offset: u64,
        /// Bytes of its payload.
        bytes: usize,
    },
    /// The offset does not follow the one before it.
    #[error("offset {offset} cannot follow offset {previous} in a batch")]
    Gap {
        /// The last offset in the batch.
        previous: u64,
        /// The offset that was to follow.
        offset: u64,
    },
}

impl Batch {
    /// Adds one record; `write` appends the payload to the buffer it is given.
    pub fn push(
        &mut self,
        offset: u64,
        epoch: u32,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), BatchError> {
        if self.records > 0 && self.last_offset.checked_add(1) != Some(offset) {
            return Err(BatchError::Gap { previous: self.last_offset, offset });
        }
        record::append(&mut self.bytes, offset, epoch, write)
            .map_err(|bytes| BatchError::TooLarge { offset, bytes })?;
        self.last_offset = offset;
        self.records += 1;
        Ok(())
    }

    /// Records in the batch.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Bytes that the records take on disk.
    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    /// The offset of the last record; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.last_offset
    }

    /// Takes all records out; the buffer stays for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
        self.last_offset = 0;
    }

    /// The laid-out records.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
