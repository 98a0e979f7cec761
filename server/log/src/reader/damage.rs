//! What is wrong with a damaged log, and what could be done about it.

use std::fmt;

use super::scan::Scan;

/// A place of a log that holds something else than what was synced there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment's file name.
    pub file: String,
    /// The byte in the file.
    pub position: usize,
    /// The offset of the last record before it; what came before the log's first segment, if there is none.
    pub last_good: u64,
    /// What is wrong.
    pub problem: String,
    /// What can still be read after it.
    pub readable: Readable,
}

/// Records after a damaged place that are whole themselves. They are of little use: a commit between is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readable {
    /// How many.
    pub records: u64,
    /// The offset of the first one; 0 if there is none.
    pub first_offset: u64,
    /// The offset of the last one; 0 if there is none.
    pub last_offset: u64,
}

impl Readable {
    /// Counts the whole frames of a segment from `position` on that come after the record `last_good`.
    pub(super) fn scan(&mut self, bytes: &[u8], position: usize, last_good: u64, salt: u32) {
        let rest = bytes.get(position..).unwrap_or_default();
        let mut scan = Scan::new(rest, rest.len(), salt);
        while let Some(frame) = scan.next_frame(|header| header.first > last_good) {
            self.records += frame.records;
            self.last_offset = self.last_offset.max(frame.last);
            if self.first_offset == 0 || frame.first < self.first_offset {
                self.first_offset = frame.first;
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, last_good, problem, readable } = self;
        write!(
            out,
            "the log is damaged in {file} at byte {position}, after commit offset {last_good}: {problem}. "
        )?;
        write!(
            out,
            "`ambit log repair --data DIR --name DB --to {last_good}` would keep every commit up to offset {last_good} and \
             set the rest aside, "
        )?;
        match readable.records {
            0 => write!(out, "of which no record can be read")?,
            records => {
                let Readable { first_offset, last_offset, .. } = readable;
                write!(
                    out,
                    "of which {records} records of offsets {first_offset} to {last_offset} can be read"
                )?;
            }
        }
        write!(out, "; `ambit log verify --data DIR --name DB` tells what is there and changes nothing")
    }
}
