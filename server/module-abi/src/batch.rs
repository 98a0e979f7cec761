//! Many rows in one buffer: what `insert` and `update` take and what scans give.
//!
//! An entry is `{ slot: u32, len: u32, row, zero padding to 8 }`. Slots are 0 in what a module writes.

/// Bytes of an entry before its row.
const ENTRY_HEADER_BYTES: usize = 8;

/// One row of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchEntry<'a> {
    /// The row's slot; 0 in a batch to be written.
    pub slot: u32,
    /// Where the row begins in the batch, a multiple of 8.
    pub at: usize,
    /// The row's bytes.
    pub row: &'a [u8],
}

/// Why bytes are not a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the batch is cut off in the entry at byte {at}")]
pub struct BatchError {
    /// Where the incomplete entry begins.
    pub at: usize,
}

/// Reads the rows of a batch in order; ends after the first error.
#[derive(Debug, Clone)]
pub struct BatchReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Fills a buffer of a fixed size with as many rows as fit.
#[derive(Debug)]
pub struct BatchWriter<'a> {
    out: &'a mut [u8],
    used: usize,
}

/// Appends one row to a growing batch.
#[inline]
pub fn push_entry(out: &mut Vec<u8>, slot: u32, row: &[u8]) {
    let length = u32::try_from(row.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&slot.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(row);
    out.resize(out.len().next_multiple_of(8), 0);
}

impl<'a> BatchReader<'a> {
    /// Reads from the first entry on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn entry(&self) -> Option<(BatchEntry<'a>, usize)> {
        let rest = self.bytes.get(self.at..)?;
        let (slot, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let row = rest.get(..length)?;
        let at = self.at + ENTRY_HEADER_BYTES;
        // The padding of the last entry may be missing: nobody reads it.
        let next = at.checked_add(length)?.checked_next_multiple_of(8)?;
        Some((BatchEntry { slot: u32::from_le_bytes(*slot), at, row }, next))
    }
}

impl<'a> Iterator for BatchReader<'a> {
    type Item = Result<BatchEntry<'a>, BatchError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        match self.entry() {
            Some((entry, next)) => {
                self.at = next;
                Some(Ok(entry))
            }
            None => {
                let at = self.at;
                self.at = self.bytes.len();
                Some(Err(BatchError { at }))
            }
        }
    }
}

impl<'a> BatchWriter<'a> {
    /// Fills `out` from its start, which lies at a multiple of 8 in the module's memory.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, used: 0 }
    }

    /// Writes one more row; answers false, with nothing written, if it does not fit.
    pub fn push(&mut self, slot: u32, row: &[u8]) -> bool {
        let end = self.used + ENTRY_HEADER_BYTES + row.len();
        let padded_end = end.next_multiple_of(8);
        let Ok(length) = u32::try_from(row.len()) else { return false };
        let Some(place) = self.out.get_mut(self.used..padded_end) else { return false };
        let Some((slot_place, place)) = place.split_first_chunk_mut() else { return false };
        let Some((length_place, place)) = place.split_first_chunk_mut() else { return false };
        let (row_place, padding) = place.split_at_mut(row.len());
        *slot_place = slot.to_le_bytes();
        *length_place = length.to_le_bytes();
        row_place.copy_from_slice(row);
        padding.fill(0);
        self.used = padded_end;
        true
    }

    /// Bytes written.
    pub fn used(&self) -> usize {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_writers_make_the_same_batch() {
        let rows: [&[u8]; 4] = [b"", b"abc", b"12345678", b"123456789"];
        let mut grown = Vec::new();
        for (slot, row) in (10..).zip(rows) {
            push_entry(&mut grown, slot, row);
        }
        let mut filled = vec![0xff; grown.len() + 7];
        let mut writer = BatchWriter::new(&mut filled);
        for (slot, row) in (10..).zip(rows) {
            assert!(writer.push(slot, row));
        }
        assert!(!writer.push(0, b""));
        assert_eq!(writer.used(), grown.len());
        assert_eq!(filled[..grown.len()], grown);

        let read: Vec<_> = BatchReader::new(&grown).collect::<Result<_, _>>().unwrap();
        assert!(read.iter().all(|entry| entry.at % 8 == 0 && grown[entry.at..].starts_with(entry.row)));
        assert_eq!(read.iter().map(|entry| entry.row).collect::<Vec<_>>(), rows);
        assert_eq!(read.iter().map(|entry| entry.slot).collect::<Vec<_>>(), [10, 11, 12, 13]);
    }

    #[test]
    fn a_cut_off_batch_is_an_error_and_ends() {
        let mut bytes = Vec::new();
        push_entry(&mut bytes, 1, b"12345678");
        push_entry(&mut bytes, 2, b"12345678");
        for length in 17..32 {
            let mut reader = BatchReader::new(&bytes[..length]);
            assert!(reader.next().is_some_and(|entry| entry.is_ok()));
            assert_eq!(reader.next(), Some(Err(BatchError { at: 16 })));
            assert_eq!(reader.next(), None);
        }
        let endless = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0];
        assert_eq!(BatchReader::new(&endless).next(), Some(Err(BatchError { at: 0 })));
    }
}
