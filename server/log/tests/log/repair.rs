//! Cutting a log after a record: what comes before stays, what comes after is set aside and never deleted.

use std::sync::Arc;

use ambit_log::{Fault, Medium, MemoryMedium, RepairError, Repaired, repair, segment_name, verify};
use proptest::prelude::*;

use crate::sample::{batch, cases, open, read, read_after, sample, sample_offsets, segment_names, segments};

fn repaired(medium: &MemoryMedium, to: u64) -> Result<Repaired, RepairError> {
    repair(Arc::new(medium.clone()), to)
}

/// Checks a log that was cut after `to`.
fn check(medium: &MemoryMedium, to: u64) {
    let mut kept: Vec<u64> = sample_offsets().into_iter().filter(|offset| *offset <= to).collect();
    assert_eq!(read(medium.clone()).unwrap(), (kept.clone(), None), "{to}");
    let mut log = open(medium);
    kept.push(log.next_offset());
    log.append(&batch([log.next_offset()])).unwrap();
    log.sync().unwrap();
    medium.crash(|| false);
    assert_eq!(read(medium.clone()).unwrap(), (kept, None), "{to}");
}

/// Every byte of the segments before is still somewhere.
fn check_nothing_deleted(before: &MemoryMedium, after: &MemoryMedium) {
    let names = after.list().unwrap();
    for name in segment_names(before) {
        let bytes = before.read(&name).unwrap();
        let is_there = names.iter().any(|other| {
            (*other == name || other.starts_with(&name) && other.ends_with(".cut"))
                && after.read(other).unwrap() == bytes
        });
        assert!(is_there, "{name} among {names:?}");
    }
}

#[test]
fn an_intact_log_is_cut_after_any_offset() {
    let offsets = sample_offsets();
    for to in 0..=offsets[23] {
        let medium = sample();
        let before = medium.fork();
        let done = repaired(&medium, to).unwrap();
        medium.crash(|| false);
        let last = offsets.iter().rfind(|offset| **offset <= to).copied().unwrap_or(0);
        assert_eq!(done.last_offset, last);
        assert_eq!(done.set_aside.is_empty(), last == offsets[23]);
        check_nothing_deleted(&before, &medium);
        let again = Repaired { last_offset: last, set_aside: Vec::new() };
        assert_eq!(repaired(&medium, last).unwrap(), again);
        check(&medium, to);
    }
    let error = repaired(&sample(), offsets[23] + 1).unwrap_err();
    assert!(matches!(error, RepairError::Beyond { to, last } if to == last + 1), "{error}");
}

#[test]
fn a_damaged_log_is_cut_before_the_damage() {
    let last = sample_offsets()[23];
    for name in segment_names(&sample()) {
        for at in (0..300).step_by(7) {
            let medium = sample();
            medium.edit(&name, |bytes| bytes[at] ^= 0x40);
            let Some(damage) = verify(Arc::new(medium.clone())).unwrap().damage else { continue };
            let before = medium.fork();
            let error = repaired(&medium, damage.last_good + 1).unwrap_err();
            assert!(matches!(error, RepairError::Beyond { last, .. } if last == damage.last_good), "{error}");
            let done = repaired(&medium, damage.last_good).unwrap();
            assert_eq!(done.last_offset, damage.last_good);
            assert!(!done.set_aside.is_empty() && damage.last_good < last);
            check_nothing_deleted(&before, &medium);
            assert_eq!(repaired(&medium, damage.last_good).unwrap().set_aside, Vec::<String>::new());
            medium.crash(|| false);
            check(&medium, damage.last_good);
        }
    }
}

#[test]
fn a_log_without_its_beginning_is_not_cut_before_it() {
    let medium = sample();
    let first = segments(&medium)[0];
    ambit_log::remove_segments(&medium, 10).unwrap();
    assert!(segments(&medium)[0] > first);
    let previous = sample_offsets().into_iter().rfind(|offset| *offset < segments(&medium)[0]).unwrap();
    let error = repaired(&medium, previous - 1).unwrap_err();
    assert!(matches!(error, RepairError::Before { previous: found, .. } if found == previous), "{error}");
    assert_eq!(repaired(&medium, previous).unwrap().last_offset, previous);
    assert_eq!(read_after(medium, previous).unwrap(), (vec![], None));

    let empty = MemoryMedium::default();
    assert_eq!(repaired(&empty, 0).unwrap(), Repaired::default());
    assert!(matches!(repaired(&empty, 1), Err(RepairError::Beyond { to: 1, last: 0 })));
    assert_eq!(empty.list().unwrap(), Vec::<String>::new());
}

/// Until a repair is through, what it leaves is either what was there or refused; and the same repair goes on.
#[test]
fn a_repair_that_was_interrupted_is_repeated() {
    let interrupted = std::cell::Cell::new(0);
    proptest!(cases(200), |(
        to in 0u64..=52,
        fault in prop_oneof![
            (0usize..8).prop_map(Fault::SyncNames),
            (0usize..8).prop_map(Fault::Write),
            (0usize..8).prop_map(Fault::Sync),
            (0usize..2_000).prop_map(Fault::Full),
        ],
        kept in prop::collection::vec(any::<bool>(), 1..30),
    )| {
        let medium = sample();
        let before = medium.fork();
        medium.inject(fault);
        let failed = repaired(&medium, to).is_err();
        interrupted.set(interrupted.get() + usize::from(failed));
        let mut kept = kept.into_iter().cycle();
        medium.crash(|| kept.next().unwrap_or_default());
        check_nothing_deleted(&before, &medium);
        let found = verify(Arc::new(medium.clone())).unwrap();
        if failed && found.damage.is_none() {
            let is_old_or_new = found.records == 24 || found.last_offset <= to;
            prop_assert!(is_old_or_new, "a log that can be started is the old or the new one: {found:?}");
        }
        let last = sample_offsets().into_iter().rfind(|offset| *offset <= to).unwrap_or(0);
        match repaired(&medium, to) {
            Ok(done) => prop_assert_eq!(done.last_offset, last),
            // Of an offset between two records only the record before it is left: the error names that.
            Err(RepairError::Beyond { last: found, .. }) if found == last && last < to => {
                repaired(&medium, found).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
        medium.crash(|| false);
        check_nothing_deleted(&before, &medium);
        check(&medium, to);
    });
    assert!(interrupted.get() > 40, "{} interrupted: the test misses what it is for", interrupted.get());
}

#[test]
fn a_torn_tail_is_set_aside_too() {
    let medium = sample();
    let name = segment_names(&medium).pop().unwrap();
    let end = medium.read(&name).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
    medium.edit(&name, |bytes| bytes[end + 1..].fill(0xEE));
    let before = medium.fork();
    let last = sample_offsets()[23];
    let done = repaired(&medium, last).unwrap();
    assert_eq!(done.set_aside, [format!("{}.cut", segment_name(*segments(&medium).last().unwrap()))]);
    check_nothing_deleted(&before, &medium);
    check(&medium, last);
}
