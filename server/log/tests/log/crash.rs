//! What is left after a power failure: everything that was called durable, and a log that goes on.

use std::cell::Cell;
use std::sync::Arc;

use ambit_log::{
    Batch, Fault, Log, LogOptions, LogReader, Medium, MemoryMedium, remove_segments, segment_name, verify,
};
use proptest::prelude::*;

use crate::sample::{cases, open_with};

/// Several writes fit a segment, and several sectors a write: so a crash keeps one and loses the other.
const OPTIONS: LogOptions =
    LogOptions { segment_bytes: 256 << 10, prepare_ahead: false, salt: 0x5A17_0002, next_after: 0 };

/// A few groups fill a segment, so that crashes hit the change from one to the next.
const TIGHT: LogOptions = LogOptions { segment_bytes: 2_000, ..OPTIONS };

fn payload(offset: u64) -> Vec<u8> {
    let length = 300 + offset as usize * 37 % 500;
    let mut bytes = offset.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes().repeat(100);
    bytes.truncate(length);
    bytes
}

fn push(batch: &mut Batch, offset: u64, epoch: u32) {
    batch.push(offset, epoch, |out| out.extend_from_slice(&payload(offset))).unwrap();
}

/// What happens between two starts.
#[derive(Debug, Clone)]
enum Step {
    /// Records with these gaps before them, and a sync.
    Group(Vec<u64>),
    /// An offset that far from the last one is reached without a record.
    Advance(u64),
    Epoch,
    /// Removes segments through this part of what is there.
    Remove(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![3 => Just(0u64), 1 => 1u64..200];
    let step = prop_oneof![
        6 => prop::collection::vec(gap, 1..12).prop_map(Step::Group),
        1 => (0u64..50).prop_map(Step::Advance),
        1 => Just(Step::Epoch),
        1 => (0u64..100).prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 0..12)
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (0usize..12).prop_map(Fault::Write),
        (0usize..12).prop_map(Fault::Sync),
        (0usize..4).prop_map(Fault::SyncNames),
        (0usize..30_000).prop_map(Fault::Full),
        Just(Fault::ReadOnly),
    ]
}

/// What was written, in order, and what of it must be there.
#[derive(Debug, Default)]
struct Expected {
    written: Vec<(u64, u32)>,
    /// Everything up to this offset was called durable.
    durable: u64,
    /// Everything up to this offset may have been removed.
    removed: u64,
}

impl Expected {
    /// Compares with what can be read; what a crash has lost is forgotten.
    fn check(&mut self, medium: &MemoryMedium) {
        let mut reader = LogReader::open(Arc::new(medium.clone()), self.removed).unwrap();
        let mut found = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            assert_eq!(record.payload, payload(record.offset));
            found.push((record.offset, record.epoch));
        }
        let kept: Vec<_> =
            self.written.iter().copied().filter(|(offset, _)| *offset > self.removed).collect();
        assert!(kept.starts_with(&found), "{found:?} is no prefix of {kept:?}");
        let durable = kept.iter().filter(|(offset, _)| *offset <= self.durable).count();
        assert!(found.len() >= durable, "{found:?} of {kept:?} lack something up to {}", self.durable);
        assert_eq!(verify(Arc::new(medium.clone())).unwrap().damage, None);
        let last = found.last().map_or(self.removed, |(offset, _)| *offset);
        self.written.retain(|(offset, _)| *offset <= last);
    }

    /// Runs steps until one fails; returns whether all went well.
    fn run(&mut self, log: &mut Log, medium: &MemoryMedium, steps: &[Step], epoch: &mut u32) -> bool {
        steps.iter().all(|step| {
            let mut batch = Batch::default();
            match step {
                Step::Group(gaps) => {
                    let mut next = log.next_offset();
                    for gap in gaps {
                        push(&mut batch, next + gap, *epoch);
                        self.written.push((next + gap, *epoch));
                        next += gap + 1;
                    }
                }
                Step::Advance(further) => batch.advance(log.next_offset() + further).unwrap(),
                Step::Epoch => *epoch += 1,
                Step::Remove(percent) => {
                    // As if there were a snapshot: never of what is not durable.
                    let through =
                        self.durable.min(self.written.last().map_or(0, |last| last.0)) * percent / 100;
                    self.removed = self.removed.max(through);
                    return remove_segments(medium, through).is_ok();
                }
            }
            let synced = log.append(&batch).and_then(|()| log.sync());
            if let Ok(offset) = synced {
                self.durable = offset;
            }
            synced.is_ok()
        })
    }
}

#[test]
fn whatever_fails_and_whatever_a_crash_keeps_nothing_durable_is_lost() {
    let crashes = Cell::new([0; 2]);
    proptest!(cases(300), |(
        lives in prop::collection::vec((steps(), fault(), any::<bool>(), prop::option::of(fault())), 1..6),
        kept in prop::collection::vec(any::<bool>(), 1..60),
    )| {
        let medium = MemoryMedium::default();
        let mut kept = kept.into_iter().cycle();
        let mut expected = Expected::default();
        let mut epoch = 1;
        for (steps, fault, is_power_failure, fault_on_open) in lives {
            if let Some(fault) = fault_on_open {
                medium.inject(fault);
            }
            let reader = LogReader::open(Arc::new(medium.clone()), expected.removed);
            let next_after = expected.removed;
            let opened = reader.and_then(|reader| reader.into_log(LogOptions { next_after, ..TIGHT }));
            if let Ok((mut log, report)) = opened {
                let last = report.last_offset.max(expected.removed);
                prop_assert_eq!(log.durable_offset(), last);
                expected.written.retain(|(offset, _)| *offset <= last);
                expected.durable = last;
                epoch = epoch.max(log.epoch());
                medium.heal();
                medium.inject(fault);
                expected.run(&mut log, &medium, &steps, &mut epoch);
            }
            medium.heal();
            if is_power_failure {
                medium.crash(|| kept.next().unwrap_or_default());
            }
            let [power, kill] = crashes.get();
            crashes.set([power + usize::from(is_power_failure), kill + usize::from(!is_power_failure)]);
            expected.check(&medium);
        }
    });
    assert!(crashes.get().iter().all(|count| *count > 100), "{:?}", crashes.get());
}

#[test]
fn a_crash_tears_large_groups_and_the_log_goes_on() {
    let torn_tails = Cell::new(0);
    proptest!(cases(24), |(
        groups in prop::collection::vec((1u64..250, any::<bool>()), 1..6),
        kept in prop::collection::vec(any::<bool>(), 1..40),
    )| {
        let medium = MemoryMedium::default();
        let mut kept = kept.into_iter().cycle();
        let mut log = open_with(&medium, OPTIONS);
        let mut expected = Expected::default();
        for (count, crashes) in groups {
            let mut batch = Batch::default();
            for offset in log.next_offset()..log.next_offset() + count {
                push(&mut batch, offset, 1);
                expected.written.push((offset, 1));
            }
            log.append(&batch).unwrap();
            if !crashes {
                expected.durable = log.sync().unwrap();
                continue;
            }
            // Written in pieces of 64 KiB, but not synced.
            medium.inject(Fault::Sync(0));
            log.sync().unwrap_err();
            medium.crash(|| kept.next().unwrap_or_default());
            expected.check(&medium);
            let tail = verify(Arc::new(medium.clone())).unwrap().torn_tail;
            torn_tails.set(torn_tails.get() + usize::from(tail.is_some()));
            log = open_with(&medium, OPTIONS);
            expected.durable = log.durable_offset();
            medium.crash(|| false);
            expected.check(&medium);
            prop_assert_eq!(verify(Arc::new(medium.clone())).unwrap().torn_tail, None);
        }
    });
    assert!(torn_tails.get() > 10, "{} torn tails: the test misses what it is for", torn_tails.get());
}

/// A killed program leaves its writes with the operating system: the next one reads them, and must not call them
/// durable before it has synced them itself.
#[test]
fn what_is_read_after_a_restart_is_durable() {
    let medium = MemoryMedium::default();
    let mut log = open_with(&medium, OPTIONS);
    let mut expected = Expected::default();
    let mut batch = Batch::default();
    for offset in 1..=200 {
        push(&mut batch, offset, 1);
        expected.written.push((offset, 1));
    }
    log.append(&batch).unwrap();
    assert_eq!(log.durable_offset(), 0);
    drop(log);
    let log = open_with(&medium, OPTIONS);
    assert!(log.durable_offset() > 0);
    expected.durable = log.durable_offset();
    medium.crash(|| false);
    expected.check(&medium);
}

/// A client can store any bytes, also those of a frame that claims that the one before it was synced. If a crash
/// tears the frame around it, that is a torn tail all the same.
#[test]
fn stored_bytes_are_no_proof_that_something_was_synced() {
    let other = MemoryMedium::default();
    let mut log = open_with(&other, LogOptions { salt: 0, ..OPTIONS });
    let written = |log: &mut Log, offsets: std::ops::RangeInclusive<u64>| {
        let mut batch = Batch::default();
        offsets.for_each(|offset| push(&mut batch, offset, 1));
        log.append(&batch).unwrap();
        log.sync().unwrap();
        40 + log.written_bytes() as usize
    };
    let begin = written(&mut log, 1..=2);
    let end = written(&mut log, 3..=3);
    let frame = other.read(&segment_name(1)).unwrap()[begin..end].to_vec();

    for (salt, is_believed) in [(0, true), (0x5A17_0002, false)] {
        let medium = MemoryMedium::default();
        let mut log = open_with(&medium, LogOptions { salt, ..OPTIONS });
        written(&mut log, 1..=1);
        let mut forged = Batch::default();
        forged
            .push(2, 1, |out| {
                out.extend_from_slice(&[7; 1_024]);
                out.extend_from_slice(&frame);
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
        let found = verify(Arc::new(medium)).unwrap();
        assert_eq!(found.last_offset, 1);
        assert_eq!(found.damage.is_some(), is_believed, "without a salt it would be taken for proof");
        assert_eq!(found.torn_tail.is_some(), !is_believed);
    }
}

/// A start may fail after it has zeroed a torn tail, when the disk refuses the sync. The next one reads zeros, which are on
/// no disk; a crash brings the tail back behind the records that were written and synced since.
#[test]
fn a_torn_tail_whose_zeros_were_lost_does_no_harm() {
    for (groups, expected_segments) in [(vec![2], 1), (vec![2, 4], 1), (vec![2, 4, 4, 1], 3)] {
        let medium = MemoryMedium::default();
        let mut expected = Expected::default();
        let step = |count: u64| Step::Group(vec![0; count as usize]);
        medium.inject(Fault::Full(9_000));
        let mut log = open_with(&medium, TIGHT);
        assert!(!expected.run(&mut log, &medium, &[step(10)], &mut 1));
        drop(log);
        assert!(verify(Arc::new(medium.clone())).unwrap().torn_tail.is_some());
        medium.heal();
        medium.inject(Fault::Sync(0));
        let reader = LogReader::open(Arc::new(medium.clone()), 0).unwrap();
        assert!(reader.into_log(TIGHT).is_err());
        expected = Expected::default();
        let mut log = open_with(&medium, TIGHT);
        assert!(expected.run(&mut log, &medium, &groups.into_iter().map(step).collect::<Vec<_>>(), &mut 1));
        drop(log);
        // What was torn is kept by the disk, the zeros are not.
        let mut changes = 0;
        medium.crash(|| {
            changes += 1;
            changes <= 9
        });
        assert_eq!(crate::sample::segments(&medium).len(), expected_segments);
        expected.check(&medium);
    }
}

/// The same, but what comes back is a whole frame, exactly behind the one that was written instead of a torn one: a
/// commit of a history that never was.
#[test]
fn a_frame_whose_zeros_were_lost_does_not_come_back() {
    const LARGE: usize = 66_000;
    let medium = MemoryMedium::default();
    let mut log = open_with(&medium, OPTIONS);
    let mut batch = Batch::default();
    batch.push(1, 1, |out| out.resize(out.len() + LARGE, 7)).unwrap();
    push(&mut batch, 2, 1);
    log.append(&batch).unwrap();
    medium.inject(Fault::Sync(0));
    log.sync().unwrap_err();
    drop(log);
    let mut sector = 0;
    medium.crash(|| {
        sector += 1;
        sector != 1
    });
    let tail = verify(Arc::new(medium.clone())).unwrap().torn_tail.unwrap();
    assert!(tail.bytes > LARGE + 300, "the second frame is whole: {tail:?}");
    medium.inject(Fault::Sync(0));
    assert!(LogReader::open(Arc::new(medium.clone()), 0).unwrap().into_log(OPTIONS).is_err());

    let mut log = open_with(&medium, OPTIONS);
    let mut batch = Batch::default();
    batch.push(1, 1, |out| out.resize(out.len() + LARGE, 8)).unwrap();
    log.append(&batch).unwrap();
    log.sync().unwrap();
    drop(log);
    medium.crash(|| false);
    let mut reader = LogReader::open(Arc::new(medium), 0).unwrap();
    assert!(reader.next_record().unwrap().unwrap().payload == [8; LARGE]);
    assert_eq!(reader.next_record().unwrap(), None);
}
