//! What a log gives back after damage, crashes and faults: a prefix that holds everything durable, or an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use ambit_log::{
    AppendError, Batch, BatchError, DirectoryMedium, Fault, Log, LogOptions, LogReader, Medium, MemoryMedium,
    ReadError, segment_name,
};
use proptest::prelude::*;

const SMALL: LogOptions = LogOptions { segment_bytes: 300, prepare_ahead: false, salt: 0x5A17_0001 };

fn open(medium: &MemoryMedium) -> Log {
    LogReader::open(Arc::new(medium.clone())).unwrap().into_log(SMALL).unwrap().0
}

fn payload(offset: u64) -> Vec<u8> {
    (0..offset as usize * 7 % 61).map(|index| (index as u8).wrapping_mul(offset as u8)).collect()
}

fn batch(offsets: impl IntoIterator<Item = u64>) -> Batch {
    let mut batch = Batch::default();
    for offset in offsets {
        batch.push(offset, 1, |out| out.extend_from_slice(&payload(offset))).unwrap();
    }
    batch
}

/// The offsets that can be read; checks that each record is the one that was written.
fn read(medium: impl Medium + 'static) -> Result<(u64, Option<ambit_log::TornTail>), ReadError> {
    let mut reader = LogReader::open(Arc::new(medium))?;
    let mut last = 0;
    while let Some(record) = reader.next_record()? {
        assert_eq!(record.offset, last + 1);
        assert_eq!(record.payload, payload(record.offset));
        last = record.offset;
    }
    assert_eq!(reader.report().last_offset, last);
    Ok((last, reader.report().torn_tail.clone()))
}

/// Twelve records in groups of two over several segments; returns the last segment's first offset.
fn sample() -> (MemoryMedium, u64) {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    for first in (1..=11).step_by(2) {
        log.append(&batch(first..=first + 1)).unwrap();
        assert_eq!(log.sync().unwrap(), first + 1);
    }
    let names = medium.list().unwrap();
    assert!(names.len() > 2, "{names:?}");
    let last = names.iter().max().unwrap().trim_end_matches(".log").parse().unwrap();
    (medium, last)
}

#[test]
fn everything_synced_comes_back() {
    let (medium, _) = sample();
    assert_eq!(read(medium.clone()).unwrap(), (12, None));
    let mut log = open(&medium);
    assert_eq!((log.next_offset(), log.durable_offset(), log.epoch()), (13, 12, 1));
    log.append(&batch([13])).unwrap();
    log.sync().unwrap();
    assert_eq!(read(medium).unwrap(), (13, None));
}

#[test]
fn a_flip_at_any_byte_is_found_or_cuts_off_the_last_group_only() {
    let (medium, _) = sample();
    for name in medium.list().unwrap() {
        for at in 0..medium.read(&name).unwrap().len() {
            let damaged = medium.fork();
            damaged.edit(&name, |bytes| bytes[at] ^= 0x10);
            match read(damaged) {
                // Nothing on disk proves that the last group was synced: only that can look torn.
                Ok((last, tail)) => {
                    assert!(last >= 10 && tail.is_some(), "{name} byte {at}: {last} {tail:?}")
                }
                Err(ReadError::Damaged { file, .. }) => assert_eq!(file, name),
                Err(other) => panic!("{name} byte {at}: {other}"),
            }
        }
    }
}

#[test]
fn a_cut_at_any_byte_is_found_or_shortens_the_last_segment_only() {
    let (medium, last_segment) = sample();
    for name in medium.list().unwrap() {
        for length in 0..medium.read(&name).unwrap().len() {
            let damaged = medium.fork();
            damaged.edit(&name, |bytes| bytes.truncate(length));
            match read(damaged.clone()) {
                Ok((12, None)) => {}
                Ok((last, _)) => {
                    assert_eq!(name, segment_name(last_segment));
                    let mut log = open(&damaged);
                    log.append(&batch([last + 1])).unwrap();
                    log.sync().unwrap();
                    assert_eq!(read(damaged).unwrap(), (last + 1, None));
                }
                Err(ReadError::Damaged { file, .. }) => assert_eq!(file, name),
                Err(other) => panic!("{name} cut to {length}: {other}"),
            }
        }
    }
}

#[test]
fn a_missing_segment_is_named() {
    let (medium, _) = sample();
    let mut names = medium.list().unwrap();
    names.sort();
    medium.remove(&names[1]).unwrap();
    let error = read(medium).unwrap_err().to_string();
    assert!(error.contains(&names[0]) && error.contains("the next segment begins at offset"), "{error}");
}

#[test]
fn any_bytes_in_a_segment_give_an_answer() {
    proptest!(|(bytes in prop::collection::vec(any::<u8>(), 0..600), keep_header in any::<bool>())| {
        let (medium, _) = sample();
        let from = if keep_header { 32 } else { 0 };
        medium.edit(&segment_name(1), |file| {
            file.truncate(from);
            file.extend_from_slice(&bytes);
        });
        let mut reader = LogReader::open(Arc::new(medium));
        while let Ok(Ok(Some(_))) = reader.as_mut().map(LogReader::next_record) {}
    });
}

#[test]
fn a_failed_write_or_sync_poisons_the_log() {
    for fault in [Fault::Write(0), Fault::Sync(0)] {
        let medium = MemoryMedium::default();
        let mut log = open(&medium);
        log.append(&batch([1])).unwrap();
        log.sync().unwrap();
        medium.inject(fault);
        log.append(&batch([2])).unwrap();
        let error = log.sync().unwrap_err();
        assert!(matches!(error, AppendError::Medium { .. }), "{error}");
        assert!(matches!(log.sync(), Err(AppendError::Poisoned(_))));
        assert!(matches!(log.append(&batch([3])), Err(AppendError::Poisoned(_))));
        assert_eq!(log.durable_offset(), 1);
    }
}

#[test]
fn gaps_and_old_epochs_are_refused() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    assert!(matches!(log.append(&batch([2])), Err(AppendError::Gap { expected: 1, actual: 2 })));
    log.append(&batch([1])).unwrap();
    let mut old = Batch::default();
    old.push(2, 0, |_| {}).unwrap();
    assert_eq!(old.push(4, 0, |_| {}), Err(BatchError::Gap { previous: 2, offset: 4 }));
    assert!(matches!(log.append(&old), Err(AppendError::Epoch { current: 1, actual: 0 })));
}

#[test]
fn a_record_larger_than_a_segment_gets_its_own() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    let mut large = batch([1]);
    large.push(2, 1, |out| out.extend_from_slice(&[7; 5_000])).unwrap();
    log.append(&large).unwrap();
    log.append(&batch([])).unwrap();
    assert_eq!(log.sync().unwrap(), 2);
    let mut reader = LogReader::open(Arc::new(medium)).unwrap();
    reader.next_record().unwrap().unwrap();
    assert!(reader.next_record().unwrap().unwrap().payload == [7; 5_000]);
    assert_eq!(reader.next_record().unwrap(), None);
}

#[test]
fn a_directory_keeps_the_log_and_a_leftover_spare_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    for round in 0..3 {
        let medium: Arc<dyn Medium> = Arc::new(DirectoryMedium::new(&path).unwrap());
        drop(medium.create("spare.tmp", 10).unwrap());
        let options = LogOptions { segment_bytes: 4_096, prepare_ahead: true, salt: round as u32 };
        let (mut log, report) = LogReader::open(medium).unwrap().into_log(options).unwrap();
        assert_eq!(report.last_offset, round * 100);
        log.append(&batch(round * 100 + 1..=round * 100 + 100)).unwrap();
        assert_eq!(log.sync().unwrap(), round * 100 + 100);
    }
    assert_eq!(read(DirectoryMedium::new(&path).unwrap()).unwrap(), (300, None));
}

/// The bytes of version 1 stay readable, and writing still makes them. `AMBIT_BLESS=1` writes them anew.
#[test]
fn the_committed_fixtures_read_as_ever() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let written = |salt| {
        let medium = MemoryMedium::default();
        let options = LogOptions { segment_bytes: 256, prepare_ahead: false, salt };
        let mut log = LogReader::open(Arc::new(medium.clone())).unwrap().into_log(options).unwrap().0;
        for offset in 1..=3 {
            log.append(&batch([offset])).unwrap();
            log.sync().unwrap();
        }
        medium.read(&segment_name(1)).unwrap()
    };
    let (intact, salted) = (written(0), written(0x1122_3344));
    let mut damaged = intact.clone();
    damaged[70] ^= 1;
    let torn = intact[..150].to_vec();
    for (name, bytes) in [("intact", intact), ("salted", salted), ("damaged", damaged), ("torn", torn)] {
        let path = directory.join(format!("v1-{name}.log"));
        if std::env::var_os("AMBIT_BLESS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
        let medium = MemoryMedium::default();
        drop(medium.create(&segment_name(1), 0).unwrap());
        medium.edit(&segment_name(1), |file| *file = bytes);
        match (name, read(medium)) {
            ("intact" | "salted", Ok((3, None))) | ("torn", Ok((2, Some(_)))) => {}
            ("damaged", Err(ReadError::Damaged { position: 32, offset: 1, .. })) => {}
            (name, other) => panic!("{name}: {other:?}"),
        }
    }
}
