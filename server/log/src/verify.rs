//! Reads a whole log and tells what is there. Changes nothing.

use std::fmt;
use std::sync::Arc;

use crate::medium::Medium;
use crate::reader::{Damage, LogReader, ReadError, TornTail};

/// What is in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Segments read; up to the damaged one, if there is damage.
    pub segments: usize,
    /// Records up to the end or the damage.
    pub records: u64,
    /// Bytes of these records' payloads.
    pub payload_bytes: u64,
    /// The offset of the first record; 0 if there is none.
    pub first_offset: u64,
    /// The offset of the last record before the end or the damage. If there is none: what came before the log.
    pub last_offset: u64,
    /// What a crash left half written, if anything: no damage, nothing acknowledged is in it.
    pub torn_tail: Option<TornTail>,
    /// Why the log cannot be used as it is.
    pub damage: Option<Damage>,
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, records, payload_bytes, first_offset, last_offset, torn_tail, damage } = self;
        writeln!(f, "{segments} segments, {records} records with {payload_bytes} bytes")?;
        write!(f, "commit offsets {first_offset} to {last_offset}")?;
        if let Some(TornTail { file, position, bytes }) = torn_tail {
            write!(
                f,
                "\na crash left {bytes} bytes half written at byte {position} of {file}; they are cut off at the next \
                 start, nothing acknowledged is in them"
            )?;
        }
        match damage {
            Some(damage) => write!(f, "\nDAMAGED: {damage}"),
            None => write!(f, "\nnothing is damaged"),
        }
    }
}

/// Reads all segments, also those that a recovery from a snapshot would not need.
pub fn verify(medium: Arc<dyn Medium>) -> Result<Verification, ReadError> {
    let mut found = Verification::default();
    let mut reader = match LogReader::open_whole(medium) {
        Ok(reader) => reader,
        Err(ReadError::Damaged(damage)) => {
            let (segments, last_offset) = (1, damage.last_good);
            return Ok(Verification { segments, last_offset, damage: Some(damage), ..found });
        }
        Err(error) => return Err(error),
    };
    loop {
        match reader.next_record() {
            Ok(Some(record)) => found.payload_bytes += record.payload.len() as u64,
            Ok(None) => break,
            Err(ReadError::Damaged(damage)) => {
                found.damage = Some(damage);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let report = reader.report();
    found.segments = report.segments;
    found.records = report.records;
    found.first_offset = report.first_offset;
    found.last_offset = reader.last_offset();
    found.torn_tail.clone_from(&report.torn_tail);
    Ok(found)
}
