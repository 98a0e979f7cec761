//! Where reading begins: after the offset of a snapshot, whatever is missing before it.

use std::sync::Arc;

use ambit_log::{LogOptions, LogReader, Medium, MemoryMedium, ReadError, segment_name};

use crate::sample::{SMALL, batch, open, open_with, read, read_after, sample, sample_offsets, segments};

#[test]
fn records_after_any_offset_are_read_whatever_happened_to_older_segments() {
    let medium = sample();
    let offsets = sample_offsets();
    let firsts = segments(&medium);
    for lost in 0..firsts.len() {
        let (without, garbled) = (medium.fork(), medium.fork());
        for first in &firsts[..lost] {
            without.remove(&segment_name(*first)).unwrap();
            garbled.edit(&segment_name(*first), |bytes| bytes.fill(0xEE));
        }
        let lost_offset = offsets.iter().rfind(|offset| **offset < firsts[lost]).copied().unwrap_or(0);
        for after in 0..offsets[23] + 3 {
            let expected: Vec<u64> = offsets.iter().copied().filter(|offset| *offset > after).collect();
            match read_after(without.clone(), after) {
                Ok(found) => {
                    assert!(lost == 0 || after >= lost_offset, "{lost} {after}");
                    assert_eq!(found, (expected.clone(), None));
                }
                Err(ReadError::Missing { first, after: asked }) => {
                    assert!(lost > 0 && after < lost_offset, "{lost} {after}");
                    assert_eq!((first, asked), (firsts[lost], after));
                }
                Err(other) => panic!("{lost} {after}: {other}"),
            }
            match read_after(garbled.clone(), after) {
                Ok(found) => {
                    assert!(lost == 0 || after >= lost_offset, "{lost} {after}");
                    assert_eq!(found, (expected, None));
                }
                Err(ReadError::Damaged(_)) => assert!(lost > 0 && after < lost_offset, "{lost} {after}"),
                Err(other) => panic!("{lost} {after}: {other}"),
            }
        }
    }
}

#[test]
fn a_log_goes_on_after_a_snapshot_that_is_newer_or_its_own_end() {
    let last = sample_offsets()[23];
    for (next_after, next) in [(0, last + 1), (last - 5, last + 1), (last + 7, last + 8)] {
        let medium = sample();
        let options = LogOptions { next_after, ..SMALL };
        let reader = LogReader::open(Arc::new(medium.clone()), next_after).unwrap();
        let (mut log, _) = reader.into_log(options).unwrap();
        assert_eq!((log.next_offset(), log.durable_offset()), (next, next - 1));
        assert!(log.append(&batch([next - 1])).is_err());
        log.append(&batch([next, next + 1])).unwrap();
        log.sync().unwrap();
        assert_eq!(read_after(medium, last).unwrap().0, [next, next + 1]);
    }
}

#[test]
fn a_new_log_behind_a_snapshot_knows_that_earlier_records_are_not_in_it() {
    let medium = MemoryMedium::default();
    let mut log = open_with(&medium, LogOptions { next_after: 100, ..SMALL });
    assert_eq!((log.next_offset(), log.durable_offset()), (101, 100));
    log.append(&batch([105, 106])).unwrap();
    log.sync().unwrap();
    assert_eq!(read_after(medium.clone(), 100).unwrap().0, [105, 106]);
    assert_eq!(read_after(medium.clone(), 105).unwrap().0, [106]);
    let missing = read_after(medium, 99).unwrap_err();
    assert!(matches!(missing, ReadError::Missing { first: 105, after: 99 }), "{missing}");
    assert!(missing.to_string().contains("begins with commit offset 105"), "{missing}");
}

/// A crash may lose the record for which a segment was begun, after its name is on disk. The commits that come instead
/// may have lower offsets than that name says.
#[test]
fn an_empty_last_segment_makes_room_for_lower_offsets() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    log.append(&batch([1, 2])).unwrap();
    log.sync().unwrap();
    let mut later = ambit_log::Batch::default();
    later.push(50, 2, |out| out.extend_from_slice(&crate::sample::payload(50))).unwrap();
    log.append(&later).unwrap();
    medium.inject(ambit_log::Fault::Write(0));
    log.sync().unwrap_err();
    medium.crash(|| false);
    assert_eq!(segments(&medium), [1, 50]);
    assert_eq!(read(medium.clone()).unwrap(), (vec![1, 2], None));

    for lost_name in [false, true] {
        let medium = medium.fork();
        let log = open(&medium);
        assert_eq!((log.next_offset(), log.epoch()), (3, 2));
        drop(log);
        assert_eq!(segments(&medium), [1, 3]);
        let mut log = open(&medium);
        let mut next = ambit_log::Batch::default();
        next.push(3, 2, |out| out.extend_from_slice(&crate::sample::payload(3))).unwrap();
        log.append(&next).unwrap();
        log.sync().unwrap();
        medium.crash(|| lost_name);
        assert_eq!(read(medium.clone()).unwrap(), (vec![1, 2, 3], None));
        assert_eq!(medium.list().unwrap().len(), 2);
    }
}

/// Where reading begins, only the segment before knows what a repair would keep.
#[test]
fn a_damaged_header_where_reading_begins_names_the_record_before_it() {
    let medium = sample();
    let offsets = sample_offsets();
    let first = segments(&medium)[2];
    medium.edit(&segment_name(first), |bytes| bytes[9] ^= 1);
    let last_good = offsets.iter().rfind(|offset| **offset < first).copied().unwrap();
    for after in [0, last_good, first] {
        let Err(ReadError::Damaged(damage)) = read_after(medium.clone(), after) else { panic!("{after}") };
        assert_eq!((damage.file, damage.last_good), (segment_name(first), last_good), "{after}");
    }
    let repaired = ambit_log::repair(Arc::new(medium.clone()), last_good).unwrap();
    assert_eq!(repaired.last_offset, last_good);
    assert_eq!(read_after(medium, last_good).unwrap(), (vec![], None));
}

/// A snapshot stands for records that the end of the log has lost. The log went on right behind what was left, so that without
/// the snapshot the records behind the gap were read as if nothing were missing.
#[test]
fn a_log_that_lost_what_a_snapshot_has_does_not_hide_it() {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    for offset in 1..=3 {
        log.append(&batch([offset])).unwrap();
        log.sync().unwrap();
    }
    drop(log);
    let name = segment_name(1);
    medium.edit(&name, |bytes| {
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[last] ^= 1;
    });
    let behind_snapshot = || {
        let reader = LogReader::open(Arc::new(medium.clone()), 3).unwrap();
        reader.into_log(LogOptions { next_after: 3, ..SMALL }).unwrap()
    };
    let (log, report) = behind_snapshot();
    assert!(report.torn_tail.is_some() && report.goes_on_behind == Some(3));
    // A start that ends before its first record changes nothing.
    drop(log);
    let (mut log, report) = behind_snapshot();
    assert_eq!((report.torn_tail, report.goes_on_behind, log.next_offset()), (None, None, 4));
    log.append(&batch([4])).unwrap();
    log.sync().unwrap();
    drop(log);
    assert_eq!(read_after(medium.clone(), 3).unwrap(), (vec![4], None));
    let refused = read_after(medium, 0).unwrap_err();
    assert!(matches!(&refused, ReadError::Damaged(damage) if damage.last_good == 2), "{refused}");
}

/// A log whose last segment has lost its only record, for which it is named; and that record's offset.
fn torn_behind_a_new_name() -> (MemoryMedium, u64) {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    let mut offset = 0;
    while segments(&medium).len() < 3 {
        offset += 10;
        log.append(&batch([offset])).unwrap();
        log.sync().unwrap();
    }
    drop(log);
    let last = *segments(&medium).last().unwrap();
    assert_eq!(last, offset, "it holds the last record alone");
    flip_the_end(&medium, last);
    (medium, last)
}

/// What a segment begins with (docs/formats/log.md).
const HEADER_BYTES: usize = 40;

fn flip_the_end(medium: &MemoryMedium, segment: u64) {
    medium.edit(&segment_name(segment), |bytes| {
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[end] ^= 1;
    });
}

/// A crash can keep the new segment's name and the old segment, which nothing had removed yet. The next start went on in a third
/// one before both, if the torn bytes were gone by then; the one after that took the new segment for the last and read
/// nothing of what was written.
#[test]
fn a_crash_before_the_last_segment_of_later_records_is_removed_loses_nothing() {
    let changes: [fn(&MemoryMedium, u64); 3] = [
        |_, _| (),
        |medium, last| medium.edit(&segment_name(last), |bytes| bytes[HEADER_BYTES..].fill(0)),
        // The sector that was lost comes back.
        flip_the_end,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (medium, last) = torn_behind_a_new_name();
        let snapshot = last - 5;
        let options = LogOptions { next_after: snapshot, ..SMALL };
        let before = medium.fork();
        LogReader::open(Arc::new(medium.clone()), snapshot).unwrap().into_log(options.clone()).unwrap();
        assert_eq!(*segments(&medium).last().unwrap(), snapshot + 1);
        let mut bytes = vec![0; usize::try_from(before.size(&segment_name(last)).unwrap()).unwrap()];
        before.read_at(&segment_name(last), 0, &mut bytes).unwrap();
        medium.create(&segment_name(last), bytes.len()).unwrap();
        medium.edit(&segment_name(last), |new| *new = bytes);
        change(&medium, last);

        let reader = LogReader::open(Arc::new(medium.clone()), snapshot).unwrap();
        let (mut log, _) = reader.into_log(options).unwrap();
        assert!(!segments(&medium).contains(&last), "{index}");
        let next = log.next_offset();
        for offset in [next, next + 1] {
            log.append(&batch([offset])).unwrap();
            log.sync().unwrap();
        }
        drop(log);
        assert_eq!(read_after(medium.clone(), snapshot).unwrap(), (vec![next, next + 1], None), "{index}");
        assert!(
            matches!(read(medium), Err(ReadError::Damaged(_))),
            "{index}: the gap shows without the snapshot"
        );
    }
}

/// The segment that holds what was lost can be named after a later record than the snapshot's. It stayed behind the new segment and
/// said that nothing comes before it, so that what was written from then on was not read.
#[test]
fn a_last_segment_of_later_records_does_not_hide_what_follows_a_snapshot() {
    let (medium, last) = torn_behind_a_new_name();
    let snapshot = last - 5;
    let reader = LogReader::open(Arc::new(medium.clone()), snapshot).unwrap();
    let (mut log, report) = reader.into_log(LogOptions { next_after: snapshot, ..SMALL }).unwrap();
    assert!(report.torn_tail.is_some() && report.goes_on_behind == Some(snapshot));
    for offset in [snapshot + 1, snapshot + 2] {
        log.append(&batch([offset])).unwrap();
        log.sync().unwrap();
    }
    drop(log);
    assert_eq!(read_after(medium, snapshot).unwrap(), (vec![snapshot + 1, snapshot + 2], None));
}
