//! What is left after a power failure: everything that was called durable, and a log that goes on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::sync::Arc;

use ambit_log::{
    Batch, Fault, Log, LogOptions, LogReader, Medium, MemoryMedium, ReadError, TornTail, segment_name,
};
use proptest::prelude::*;

/// Several writes fit a segment, and several sectors a write: so a crash keeps one and loses the other.
const OPTIONS: LogOptions = LogOptions { segment_bytes: 256 << 10, prepare_ahead: false, salt: 0x5A17_0002 };

fn open(medium: &MemoryMedium) -> Log {
    LogReader::open(Arc::new(medium.clone())).unwrap().into_log(OPTIONS).unwrap().0
}

fn payload(offset: u64) -> Vec<u8> {
    let length = 300 + offset as usize * 37 % 500;
    (0..length).map(|index| (index as u8).wrapping_mul(offset as u8)).collect()
}

fn batch(offsets: impl IntoIterator<Item = u64>) -> Batch {
    let mut batch = Batch::default();
    for offset in offsets {
        batch.push(offset, 1, |out| out.extend_from_slice(&payload(offset))).unwrap();
    }
    batch
}

/// The last offset that can be read; checks that each record is the one that was written.
fn read(medium: &MemoryMedium) -> Result<(u64, Option<TornTail>), ReadError> {
    let mut reader = LogReader::open(Arc::new(medium.clone()))?;
    let mut last = 0;
    while let Some(record) = reader.next_record()? {
        assert_eq!(record.offset, last + 1);
        assert_eq!(record.payload, payload(record.offset));
        last = record.offset;
    }
    Ok((last, reader.report().torn_tail.clone()))
}

#[test]
fn a_crash_loses_nothing_durable_and_the_log_goes_on() {
    let torn_tails = Cell::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) };
    proptest!(config, |(
        groups in prop::collection::vec((1u64..400, any::<bool>()), 1..8),
        kept in prop::collection::vec(any::<bool>(), 1..40),
    )| {
        let medium = MemoryMedium::default();
        let mut kept = kept.into_iter().cycle();
        let mut log = open(&medium);
        for (count, crashes) in groups {
            let first = log.next_offset();
            log.append(&batch(first..first + count)).unwrap();
            if !crashes {
                log.sync().unwrap();
                continue;
            }
            // Written in pieces of 64 KiB, but not synced.
            let durable = log.durable_offset();
            medium.inject(Fault::Sync(0));
            log.sync().unwrap_err();
            medium.crash(|| kept.next().unwrap_or_default());
            let (last, tail) = read(&medium).unwrap();
            prop_assert!(last >= durable && last < first + count, "{durable} {last}");
            torn_tails.set(torn_tails.get() + usize::from(tail.is_some()));
            log = open(&medium);
            medium.crash(|| false);
            prop_assert_eq!(read(&medium).unwrap(), (log.durable_offset(), None));
        }
    });
    assert!(torn_tails.get() > 10, "{} torn tails: the test misses what it is for", torn_tails.get());
}

/// A killed program leaves its writes with the operating system: the next one reads them, and must not call them
/// durable before it has synced them itself.
#[test]
fn what_is_read_after_a_restart_is_durable() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    log.append(&batch(1..=200)).unwrap();
    assert_eq!(log.durable_offset(), 0);
    drop(log);
    let log = open(&medium);
    assert!(log.durable_offset() > 0);
    medium.crash(|| false);
    assert_eq!(read(&medium).unwrap(), (log.durable_offset(), None));
}

/// A client can store any bytes, also those of a record that claims that the one before it was synced. If a crash
/// tears the record around it, that is a torn tail all the same.
#[test]
fn stored_bytes_are_no_proof_that_something_was_synced() {
    let other = MemoryMedium::default();
    let unsalted = LogOptions { salt: 0, ..OPTIONS };
    let mut log = LogReader::open(Arc::new(other.clone())).unwrap().into_log(unsalted).unwrap().0;
    log.append(&batch(1..=2)).unwrap();
    log.sync().unwrap();
    let begin = log_bytes(&other);
    log.append(&batch(3..=3)).unwrap();
    log.sync().unwrap();
    let record = other.read(&segment_name(1)).unwrap()[begin..log_bytes(&other)].to_vec();

    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    log.append(&batch([1])).unwrap();
    log.sync().unwrap();
    let mut forged = Batch::default();
    forged
        .push(2, 1, |out| {
            out.extend_from_slice(&[7; 1_024]);
            out.extend_from_slice(&record);
        })
        .unwrap();
    log.append(&forged).unwrap();
    medium.inject(Fault::Sync(0));
    log.sync().unwrap_err();
    let mut sector = 0;
    medium.crash(|| {
        sector += 1;
        sector > 1
    });
    let (last, tail) = read(&medium).unwrap();
    assert_eq!(last, 1);
    assert!(tail.is_some());
}

/// Where the first segment's records end.
fn log_bytes(medium: &MemoryMedium) -> usize {
    let bytes = medium.read(&segment_name(1)).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    end.next_multiple_of(8)
}
