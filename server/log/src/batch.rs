//! Records on their way from the engine's thread to the log's.

use crate::{frame, limits, varint};

/// Some records with increasing offsets, laid out as the entries of frames; and how far the durable offset may go
/// once they are on disk.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    runs: Vec<Run>,
    records: usize,
    /// The last offset that was pushed or advanced to.
    reached: u64,
    /// Bytes that the length of the record before took: a good guess for the next one's.
    length_bytes: usize,
}

/// Entries that fit one frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Where the entries begin, without the gap before the first one: only the log knows what comes before it.
    start: usize,
    end: usize,
    pub first: u64,
    pub last: u64,
    pub epoch: u32,
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
    /// The offset is not higher than the one before it.
    #[error("offset {offset} cannot follow offset {previous} in a batch: offsets increase")]
    Order {
        /// The last offset in the batch.
        previous: u64,
        /// The offset that was to follow.
        offset: u64,
    },
}

impl Batch {
    /// Adds one record; `write` appends the payload to the buffer it is given. Offsets increase; there may be gaps.
    pub fn push(
        &mut self,
        offset: u64,
        epoch: u32,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), BatchError> {
        if offset <= self.reached {
            return Err(BatchError::Order { previous: self.reached, offset });
        }
        let begin = self.bytes.len();
        let gap = self.runs.last().map_or(0, |run| offset - run.last - 1);
        varint::put(&mut self.bytes, gap);
        let start = self.bytes.len();
        if let Err(bytes) = self.put_payload(start, write) {
            self.bytes.truncate(begin);
            return Err(BatchError::TooLarge { offset, bytes });
        }
        let end = self.bytes.len();
        match self.runs.last_mut() {
            Some(run) if run.epoch == epoch && end - run.start < limits::FRAME_BYTES_MAX => {
                run.end = end;
                run.last = offset;
            }
            Some(_) | None => self.runs.push(Run { start, end, first: offset, last: offset, epoch }),
        }
        self.reached = offset;
        self.records += 1;
        Ok(())
    }

    /// Says that nothing is logged for the offsets up to this one: once the records before it are on disk, the durable
    /// offset may reach it. Costs neither a write nor a sync.
    pub fn advance(&mut self, offset: u64) -> Result<(), BatchError> {
        if offset < self.reached {
            return Err(BatchError::Order { previous: self.reached, offset });
        }
        self.reached = offset;
        Ok(())
    }

    /// Records in the batch.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there is nothing to write and nothing to advance to.
    pub fn is_empty(&self) -> bool {
        self.reached == 0
    }

    /// Bytes that the records take on disk, at most.
    pub fn byte_count(&self) -> usize {
        self.bytes.len() + self.runs.len() * frame::HEADER_BYTES
    }

    /// The last offset that was pushed or advanced to; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.reached
    }

    /// Takes all records out; the buffer stays for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.records = 0;
        self.reached = 0;
    }

    /// The runs, each with its entries as bytes.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Run, &[u8])> {
        self.runs.iter().map(|run| (run, self.bytes.get(run.start..run.end).unwrap_or_default()))
    }

    /// Puts a payload and its length at `start`, the end of the bytes; or returns how long it is if it is too long.
    fn put_payload(&mut self, start: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), usize> {
        let guess = self.length_bytes.max(1);
        self.bytes.resize(start + guess, 0);
        write(&mut self.bytes);
        let length = self.bytes.len().saturating_sub(start + guess);
        if length > limits::RECORD_PAYLOAD_BYTES_MAX {
            return Err(length);
        }
        let needed = varint::length(length as u64);
        if needed != guess {
            self.bytes.resize(start + guess.max(needed) + length, 0);
            self.bytes.copy_within(start + guess..start + guess + length, start + needed);
            self.length_bytes = needed;
        }
        self.bytes.truncate(start + needed + length);
        if let Some(place) = self.bytes.get_mut(start..start + needed) {
            varint::overwrite(place, length as u64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets and payload lengths of a run's entries.
    fn entries(run: &Run, bytes: &[u8]) -> Vec<(u64, usize)> {
        let bytes = [&[0], bytes].concat();
        let mut found = Vec::new();
        let (mut position, mut previous) = (0, run.first - 1);
        while position < bytes.len() {
            let entry = frame::entry_at(&bytes, position, previous).expect("an entry");
            found.push((entry.offset, entry.payload.len()));
            assert!(bytes[entry.payload.clone()].iter().all(|byte| *byte == entry.offset as u8));
            (position, previous) = (entry.payload.end, entry.offset);
        }
        found
    }

    #[test]
    fn lengths_of_any_size_and_gaps_are_laid_out() {
        let mut batch = Batch::default();
        let lengths = [0, 100, 127, 128, 5, 20_000, 3, 300, 66_000, 1, 70_000, 2];
        let mut expected = Vec::new();
        for (index, length) in lengths.into_iter().enumerate() {
            let offset = (index as u64 + 1) * (index as u64 + 200);
            expected.push((offset, length));
            let push = batch.push(offset, 0, |out| out.resize(out.len() + length, offset as u8));
            push.expect("the offset is higher");
        }
        let found: Vec<_> = batch.runs().flat_map(|(run, bytes)| entries(run, bytes)).collect();
        assert_eq!(found, expected);
        let runs: Vec<_> = batch.runs().map(|(run, _)| (run.first, run.last)).collect();
        assert_eq!(runs.len(), 5, "what is larger than a frame has its own: {runs:?}");
        for (run, bytes) in batch.runs() {
            assert!(run.first == run.last || bytes.len() <= limits::FRAME_BYTES_MAX);
        }
    }

    #[test]
    fn offsets_increase_and_each_epoch_has_its_own_run() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        assert_eq!(batch.push(0, 1, |_| {}), Err(BatchError::Order { previous: 0, offset: 0 }));
        batch.push(3, 1, |_| {}).expect("the first");
        assert_eq!(batch.push(3, 1, |_| {}), Err(BatchError::Order { previous: 3, offset: 3 }));
        batch.advance(3).expect("nothing new");
        batch.advance(7).expect("further");
        assert_eq!(batch.advance(6), Err(BatchError::Order { previous: 7, offset: 6 }));
        assert_eq!(batch.push(7, 2, |_| {}), Err(BatchError::Order { previous: 7, offset: 7 }));
        batch.push(8, 2, |_| {}).expect("the next");
        assert_eq!((batch.len(), batch.last_offset(), batch.runs().count()), (2, 8, 2));
        batch.clear();
        assert!(batch.is_empty() && batch.byte_count() == 0);
        batch.advance(1).expect("further than nothing");
        assert!(!batch.is_empty() && batch.byte_count() == 0);
    }
}
