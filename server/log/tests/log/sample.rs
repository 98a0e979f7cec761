//! A log whose records can be told by their offsets, and what can be read of it.

use std::sync::Arc;

use ambit_log::{Batch, Log, LogOptions, LogReader, Medium, MemoryMedium, ReadError, TornTail, segment_name};
use proptest::prelude::ProptestConfig;

/// A few frames fit a segment.
pub const SMALL: LogOptions =
    LogOptions { segment_bytes: 300, prepare_ahead: false, salt: 0x5A17_0001, next_after: 0 };

pub fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}

pub fn open(medium: &MemoryMedium) -> Log {
    open_with(medium, SMALL)
}

pub fn open_with(medium: &MemoryMedium, options: LogOptions) -> Log {
    LogReader::open(Arc::new(medium.clone()), 0).unwrap().into_log(options).unwrap().0
}

pub fn payload(offset: u64) -> Vec<u8> {
    (0..offset as usize * 7 % 61).map(|index| (index as u8).wrapping_mul(offset as u8)).collect()
}

pub fn batch(offsets: impl IntoIterator<Item = u64>) -> Batch {
    let mut batch = Batch::default();
    for offset in offsets {
        batch.push(offset, 1, |out| out.extend_from_slice(&payload(offset))).unwrap();
    }
    batch
}

/// The offsets that can be read; checks that each record is the one that was written.
pub fn read_after(
    medium: impl Medium + 'static,
    after: u64,
) -> Result<(Vec<u64>, Option<TornTail>), ReadError> {
    let mut reader = LogReader::open(Arc::new(medium), after)?;
    let mut offsets = Vec::new();
    while let Some(record) = reader.next_record()? {
        assert_eq!(record.payload, payload(record.offset));
        offsets.push(record.offset);
    }
    assert!(offsets.is_sorted_by(|left, right| left < right), "{offsets:?}");
    assert_eq!(reader.report().records, offsets.len() as u64);
    assert_eq!(reader.report().last_offset, offsets.last().copied().unwrap_or_default());
    assert_eq!(reader.report().first_offset, offsets.first().copied().unwrap_or_default());
    Ok((offsets, reader.report().torn_tail.clone()))
}

pub fn read(medium: impl Medium + 'static) -> Result<(Vec<u64>, Option<TornTail>), ReadError> {
    read_after(medium, 0)
}

/// The offsets of [`sample`].
pub fn sample_offsets() -> Vec<u64> {
    (1..=24).map(|index| index + index * index / 20).collect()
}

/// Records in groups of two over several segments, with gaps in their offsets.
pub fn sample() -> MemoryMedium {
    let medium = MemoryMedium::default();
    let mut log = open(&medium);
    for group in sample_offsets().chunks(2) {
        log.append(&batch(group.iter().copied())).unwrap();
        assert_eq!(log.sync().unwrap(), group[1]);
    }
    assert!(segments(&medium).len() > 3, "{:?}", segments(&medium));
    medium
}

/// The first offsets of the segments, ascending.
pub fn segments(medium: &MemoryMedium) -> Vec<u64> {
    let mut firsts: Vec<u64> = medium
        .list()
        .unwrap()
        .iter()
        .filter_map(|name| name.strip_suffix(".log"))
        .map(|digits| digits.parse().unwrap())
        .collect();
    firsts.sort_unstable();
    firsts
}

/// The names of the segments, in order.
pub fn segment_names(medium: &MemoryMedium) -> Vec<String> {
    segments(medium).into_iter().map(segment_name).collect()
}

/// A medium with one file.
pub fn with_file(name: &str, bytes: &[u8]) -> MemoryMedium {
    let medium = MemoryMedium::default();
    drop(medium.create(name, 0).unwrap());
    medium.edit(name, |file| file.extend_from_slice(bytes));
    medium.sync().unwrap();
    medium
}
