//! Removing segments: only what a snapshot covers, never the last one, and a crash leaves a log without holes.

use std::sync::Arc;

use ambit_log::{Fault, Medium, RemoveError, Removed, remove_segments, segment_name, verify};
use proptest::prelude::*;

use crate::sample::{batch, cases, open, read_after, sample, sample_offsets, segments};

#[test]
fn only_what_is_covered_is_removed() {
    let offsets = sample_offsets();
    let firsts = segments(&sample());
    for through in 0..offsets[23] + 5 {
        let medium = sample();
        let bytes: u64 = firsts.iter().map(|first| medium.size(&segment_name(*first)).unwrap()).sum();
        let removed = remove_segments(&medium, through).unwrap();
        let left = segments(&medium);
        assert!(firsts.ends_with(&left) && !left.is_empty());
        let left_bytes: u64 = left.iter().map(|first| medium.size(&segment_name(*first)).unwrap()).sum();
        assert_eq!(removed, Removed { files: firsts.len() - left.len(), bytes: bytes - left_bytes });
        // As many as possible: the first one that is left holds a record after `through`, or is the last one.
        if let Some(next) = left.get(1) {
            let last = offsets.iter().rfind(|offset| *offset < next).unwrap();
            assert!(*last > through, "{through}: {left:?}");
        }
        let expected: Vec<u64> = offsets.iter().copied().filter(|offset| *offset > through).collect();
        assert_eq!(read_after(medium.clone(), through).unwrap(), (expected, None));
        assert_eq!(remove_segments(&medium, through).unwrap(), Removed::default());
        medium.crash(|| false);
        assert_eq!(segments(&medium), left, "what was removed stays so");
    }
}

#[test]
fn a_crash_in_between_leaves_a_log_without_holes() {
    proptest!(cases(64), |(
        through in 0u64..60,
        fault in prop_oneof![(0usize..6).prop_map(Fault::SyncNames), Just(Fault::ReadOnly)],
        kept in prop::collection::vec(any::<bool>(), 1..8),
    )| {
        let medium = sample();
        medium.inject(fault);
        let mut kept = kept.into_iter().cycle();
        // It may have failed or not; both are followed by the crash.
        drop(remove_segments(&medium, through));
        medium.crash(|| kept.next().unwrap_or_default());
        prop_assert_eq!(verify(Arc::new(medium.clone())).unwrap().damage, None);
        let expected: Vec<u64> = sample_offsets().into_iter().filter(|offset| *offset > through).collect();
        prop_assert_eq!(read_after(medium.clone(), through).unwrap(), (expected, None));
    });
}

/// A program may be killed after it has named a snapshot and before that name is on disk; the next one finds it and lets
/// segments go because of it.
#[test]
fn names_are_durable_before_something_is_removed_because_of_them() {
    let medium = sample();
    drop(medium.create("snapshot.tmp", 5).unwrap());
    medium.rename("snapshot.tmp", "snapshot").unwrap();
    medium.inject(Fault::SyncNames(1));
    let error = remove_segments(&medium, 30).unwrap_err();
    assert!(error.to_string().contains("nothing acknowledged is lost"), "{error}");
    medium.crash(|| false);
    assert!(medium.list().unwrap().contains(&"snapshot".to_owned()));
}

#[test]
fn a_damaged_header_stops_it_and_a_log_in_use_goes_on() {
    let medium = sample();
    let firsts = segments(&medium);
    let damaged = segment_name(firsts[2]);
    medium.edit(&damaged, |bytes| bytes[20] ^= 1);
    let error = remove_segments(&medium, u64::MAX).unwrap_err();
    assert!(matches!(&error, RemoveError::Damaged { file, .. } if *file == damaged), "{error}");
    assert_eq!(segments(&medium), firsts[1..]);

    let medium = sample();
    let mut log = open(&medium);
    assert_eq!(remove_segments(&medium, u64::MAX).unwrap().files, firsts.len() - 1);
    let next = log.next_offset();
    log.append(&batch(next..next + 20)).unwrap();
    log.sync().unwrap();
    let last = sample_offsets()[23];
    assert_eq!(read_after(medium, last).unwrap().0, (next..next + 20).collect::<Vec<_>>());
}
