//! What a log takes, and what it says when the disk takes no more.

use std::sync::Arc;

use ambit_log::{AppendError, Batch, Fault, LogOptions, LogReader, Medium, MemoryMedium, segment_name};

use crate::sample::{SMALL, batch, open, read, segments};

fn record(offset: u64, epoch: u32) -> Batch {
    let mut batch = Batch::default();
    let payload = crate::sample::payload(offset);
    batch.push(offset, epoch, |out| out.extend_from_slice(&payload)).unwrap();
    batch
}

fn advance(offset: u64) -> Batch {
    let mut batch = Batch::default();
    batch.advance(offset).unwrap();
    batch
}

#[test]
fn what_does_not_continue_the_log_is_refused_whole() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    log.append(&record(4, 2)).unwrap();
    let refused = log.append(&record(4, 2)).unwrap_err();
    assert!(matches!(refused, AppendError::Order { reached: 4, actual: 4 }), "{refused}");
    let mut old = record(5, 2);
    old.push(6, 1, |_| {}).unwrap();
    let refused = log.append(&old).unwrap_err();
    assert!(matches!(refused, AppendError::Epoch { current: 2, actual: 1 }), "{refused}");
    assert!(matches!(log.append(&advance(3)), Err(AppendError::Order { reached: 4, actual: 3 })));
    log.append(&advance(9)).unwrap();
    assert!(matches!(log.append(&record(9, 2)), Err(AppendError::Order { reached: 9, actual: 9 })));
    log.append(&record(10, 2)).unwrap();
    assert_eq!(log.sync().unwrap(), 10);
    assert_eq!(read(medium).unwrap(), (vec![4, 10], None));
}

#[test]
fn an_advance_moves_the_durable_offset_and_touches_no_disk() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    log.append(&record(1, 1)).unwrap();
    log.append(&advance(5)).unwrap();
    assert_eq!(log.durable_offset(), 0);
    assert_eq!(log.sync().unwrap(), 5);
    let before = (medium.fork().read(&segment_name(1)).unwrap(), log.written_bytes());
    medium.inject(Fault::ReadOnly);
    log.append(&advance(1_000)).unwrap();
    log.append(&Batch::default()).unwrap();
    assert_eq!(log.sync().unwrap(), 1_000);
    assert_eq!((medium.fork().read(&segment_name(1)).unwrap(), log.written_bytes()), before);
    log.append(&record(1_001, 1)).unwrap();
    log.append(&advance(1_002)).unwrap();
    log.sync().unwrap_err();
    assert!(log.append(&advance(2_000)).is_err() && log.sync().is_err());
    assert_eq!(log.durable_offset(), 1_000, "nothing is durable after a failure, also no advance");
}

#[test]
fn a_higher_epoch_begins_a_segment() {
    let medium = MemoryMedium::default();
    let mut log = LogReader::open(Arc::new(medium.clone()), 0)
        .unwrap()
        .into_log(LogOptions { segment_bytes: 4_096, ..SMALL })
        .unwrap()
        .0;
    let mut batch = record(1, 3);
    for (offset, epoch) in [(2, 3), (3, 4), (7, 4), (8, 9)] {
        let payload = crate::sample::payload(offset);
        batch.push(offset, epoch, |out| out.extend_from_slice(&payload)).unwrap();
    }
    log.append(&batch).unwrap();
    log.sync().unwrap();
    assert_eq!(segments(&medium), [1, 3, 8]);
    let mut reader = LogReader::open(Arc::new(medium.clone()), 0).unwrap();
    let mut epochs = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        epochs.push((record.offset, record.epoch));
    }
    assert_eq!(epochs, [(1, 3), (2, 3), (3, 4), (7, 4), (8, 9)]);
    assert_eq!(open(&medium).epoch(), 9);

    // A segment of an older epoch after a newer one: somebody has put logs together.
    let mut bytes = medium.read(&segment_name(8)).unwrap();
    bytes[32] = 2;
    let checksum = crc32c::crc32c(&bytes[..36]).to_le_bytes();
    bytes[36..40].copy_from_slice(&checksum);
    medium.edit(&segment_name(8), |file| *file = bytes);
    let error = read(medium).unwrap_err().to_string();
    assert!(error.contains("its epoch 2 is older than epoch 4"), "{error}");
}

#[test]
fn a_record_larger_than_a_segment_gets_its_own() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    let mut large = batch([1]);
    large.push(2, 1, |out| out.extend_from_slice(&[7; 500_000])).unwrap();
    large.push(3, 1, |out| out.extend_from_slice(&[8])).unwrap();
    log.append(&large).unwrap();
    log.append(&batch([])).unwrap();
    assert_eq!(log.sync().unwrap(), 3);
    let mut reader = LogReader::open(Arc::new(medium), 0).unwrap();
    reader.next_record().unwrap().unwrap();
    assert!(reader.next_record().unwrap().unwrap().payload == [7; 500_000]);
    assert_eq!(reader.next_record().unwrap().unwrap().payload, [8]);
    assert_eq!(reader.next_record().unwrap(), None);
}

/// What a call of a game adds to the log: two bytes beside its payload, and the headers shared by many.
#[test]
fn small_records_cost_little() {
    let medium = MemoryMedium::default();
    let mut log = open_with_default(&medium);
    for first in (1..10_000).step_by(50) {
        let mut batch = Batch::default();
        for offset in first..first + 50 {
            batch.push(offset, 1, |out| out.extend_from_slice(&[7; 40])).unwrap();
        }
        log.append(&batch).unwrap();
    }
    log.sync().unwrap();
    assert!(log.written_bytes() < 10_000 * 43, "{} bytes", log.written_bytes());
}

fn open_with_default(medium: &MemoryMedium) -> ambit_log::Log {
    crate::sample::open_with(medium, LogOptions { segment_bytes: 1 << 20, ..SMALL })
}

#[test]
fn a_failure_is_final_and_says_what_to_do() {
    for (fault, expected) in [
        (Fault::Write(0), "check the disk and restart the database; nothing acknowledged is lost"),
        (Fault::Sync(0), "check the disk and restart the database; nothing acknowledged is lost"),
        (Fault::Full(10), "the disk is full: free some space and restart the database"),
        (Fault::ReadOnly, "the disk is read-only: look for its errors"),
    ] {
        let medium = MemoryMedium::default();
        let mut log = open(&medium);
        log.append(&batch([1])).unwrap();
        log.sync().unwrap();
        medium.inject(fault);
        log.append(&batch([2])).unwrap();
        let error = log.sync().unwrap_err();
        assert!(matches!(error, AppendError::Medium { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        medium.heal();
        assert!(matches!(log.sync(), Err(AppendError::Poisoned(_))));
        assert!(matches!(log.append(&batch([3])), Err(AppendError::Poisoned(_))));
        assert_eq!(log.durable_offset(), 1);
        drop(log);
        // The same program or the next one, without a power failure: what it reads is then really on disk.
        let log = open(&medium);
        let durable = log.durable_offset();
        assert!(durable >= 1);
        medium.crash(|| false);
        assert_eq!(read(medium).unwrap(), ((1..=durable).collect(), None), "{fault:?}");
    }
}

#[test]
fn a_segment_that_cannot_be_made_or_named_fails_the_log() {
    for fault in [Fault::Full(100), Fault::SyncNames(0), Fault::ReadOnly] {
        let medium = MemoryMedium::default();
        let mut log = open(&medium);
        medium.inject(fault);
        let error = log.append(&batch([1])).unwrap_err();
        assert!(matches!(error, AppendError::Medium { .. }), "{fault:?}: {error}");
        assert!(matches!(log.sync(), Err(AppendError::Poisoned(_))));
        medium.crash(|| false);
        assert_eq!(read(medium).unwrap(), (vec![], None));
    }
}
