//! Many rows: an iterator that fetches as many per crossing as fit its buffer.

use std::marker::PhantomData;

use ambit_module_abi::{ALL_ROWS, BatchReader, KeyBounds, limits, unpack};

use crate::imports;
use crate::operations;
use crate::scratch;
use crate::table::Stored;

/// Bytes of a scan's first buffer: some hundred usual rows.
const BUFFER_BYTES: usize = 64 * 1024;

/// Rows of a table. Sees the rows that existed when it was made, less those deleted since, as they are when it
/// reaches them or up to one buffer earlier.
#[derive(Debug)]
pub struct Rows<T> {
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    /// The database's cursor; 0 when the buffer holds the last rows.
    cursor: u32,
    of: PhantomData<fn() -> T>,
}

impl<T: Stored> Rows<T> {
    pub(crate) fn all() -> Self {
        Self::open(|table, out| imports::scan(table, ALL_ROWS, &[], out))
    }

    pub(crate) fn scan(index: u32, bounds: KeyBounds<'_>) -> Self {
        let mut bytes = scratch::take();
        bytes.clear();
        bounds.encode_into(&mut bytes);
        let rows = Self::open(|table, out| imports::scan(table, index, &bytes, out));
        scratch::give_back(bytes);
        rows
    }

    pub(crate) fn near(index: u32, centre: [f64; 3], radius: f64) -> Self {
        Self::open(|table, out| imports::near(table, index, centre, radius, out))
    }

    fn open(first: impl FnOnce(u32, &mut [u8]) -> i64) -> Self {
        let mut buffer = scratch::take();
        if buffer.len() < BUFFER_BYTES {
            buffer.resize(BUFFER_BYTES, 0);
        }
        let result = first(T::registration().id(), &mut buffer);
        let mut rows = Self { buffer, at: 0, filled: 0, cursor: 0, of: PhantomData };
        rows.take_result(result);
        rows
    }

    fn take_result(&mut self, result: i64) {
        if result < 0 {
            operations::refused();
        }
        let (cursor, filled) = unpack(result);
        (self.cursor, self.filled, self.at) = (cursor, filled as usize, 0);
    }

    #[cold]
    fn fetch(&mut self) {
        while self.at >= self.filled && self.cursor != 0 {
            let result = imports::scan_next(self.cursor, &mut self.buffer);
            self.take_result(result);
            if self.filled == 0 && self.cursor != 0 {
                if self.buffer.len() >= limits::ENTRY_BYTES_MAX {
                    panic!("the database gave a row of table `{}` larger than any row can be", T::NAME);
                }
                self.buffer.resize(limits::ENTRY_BYTES_MAX, 0);
            }
        }
    }
}

impl<T: Stored> Iterator for Rows<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        if self.at >= self.filled {
            self.fetch();
        }
        let batch = self.buffer.get(self.at..self.filled)?;
        match BatchReader::new(batch).next()? {
            Ok(entry) => {
                self.at = (self.at + entry.at + entry.row.len()).next_multiple_of(8);
                Some(operations::decode(entry.row))
            }
            Err(error) => panic!("table `{}`: {error}", T::NAME),
        }
    }
}

impl<T> Drop for Rows<T> {
    fn drop(&mut self) {
        if self.cursor != 0 {
            // The cursor is known to be open, and the database closes it at the end of the call at the latest.
            let _ = imports::scan_close(self.cursor);
        }
        scratch::give_back(std::mem::take(&mut self.buffer));
    }
}
