//! Snapshot files: all chunks or an error, and a name only for what is whole and on disk.

use std::sync::Arc;

use ambit_log::limits::{SNAPSHOT_BUFFER_BYTES, SNAPSHOT_CHUNK_BYTES_MAX};
use ambit_log::{
    DirectoryMedium, Fault, Medium, MemoryMedium, SnapshotReadError, SnapshotReader, SnapshotWriteError,
    SnapshotWriter, remove_snapshots, snapshot_name, snapshots,
};
use proptest::prelude::*;

use crate::sample::cases;

fn chunk(index: usize, length: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..251).map(|at: usize| (at * 7 + index * 31) as u8).collect();
    let mut bytes = pattern.repeat(length / pattern.len() + 1);
    bytes.truncate(length);
    bytes
}

fn write(medium: &Arc<dyn Medium>, offset: u64, lengths: &[usize]) -> Result<(), SnapshotWriteError> {
    let mut writer = SnapshotWriter::create(Arc::clone(medium), offset)?;
    for (index, length) in lengths.iter().enumerate() {
        writer.chunk(&chunk(index, *length))?;
    }
    let finished = writer.finish()?;
    assert_eq!(finished.offset(), offset);
    finished.publish()
}

fn read(medium: &Arc<dyn Medium>, offset: u64) -> Result<Vec<Vec<u8>>, SnapshotReadError> {
    let mut reader = SnapshotReader::open(Arc::clone(medium), offset)?;
    let mut chunks = Vec::new();
    let mut bytes = Vec::new();
    while reader.next_chunk(&mut bytes)? {
        chunks.push(bytes.clone());
    }
    assert!(!reader.next_chunk(&mut bytes).unwrap() && bytes.is_empty());
    Ok(chunks)
}

fn expected(lengths: &[usize]) -> Vec<Vec<u8>> {
    let chunks = lengths.iter().enumerate().map(|(index, length)| chunk(index, *length));
    chunks.filter(|chunk| !chunk.is_empty()).collect()
}

fn memory() -> (MemoryMedium, Arc<dyn Medium>) {
    let medium = MemoryMedium::default();
    (medium.clone(), Arc::new(medium))
}

#[test]
fn chunks_of_any_size_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let on_disk: Arc<dyn Medium> = Arc::new(DirectoryMedium::new(directory.path()).unwrap());
    let half = SNAPSHOT_BUFFER_BYTES / 2;
    let sizes: [&[usize]; 5] = [
        &[],
        &[0, 1, 0],
        &[1, 100, 100_000, 3, half, half, half + 1, half - 8, half - 7, 1, SNAPSHOT_BUFFER_BYTES, 5],
        &[SNAPSHOT_BUFFER_BYTES - 24 - 8, 1, SNAPSHOT_BUFFER_BYTES - 8, 2, SNAPSHOT_BUFFER_BYTES + 1],
        &[SNAPSHOT_CHUNK_BYTES_MAX, 9, SNAPSHOT_CHUNK_BYTES_MAX],
    ];
    for medium in [memory().1, on_disk] {
        for (offset, lengths) in sizes.iter().enumerate() {
            write(&medium, offset as u64, lengths).unwrap();
            assert!(read(&medium, offset as u64).unwrap() == expected(lengths), "{lengths:?}");
        }
        assert_eq!(snapshots(&*medium).unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(medium.list().unwrap().len(), 5);
    }
    proptest!(cases(64), |(lengths in prop::collection::vec(0usize..60_000, 0..60))| {
        let (_, medium) = memory();
        write(&medium, 7, &lengths).unwrap();
        prop_assert!(read(&medium, 7).unwrap() == expected(&lengths));
    });
}

#[test]
fn a_chunk_that_is_too_large_is_refused_and_costs_nothing() {
    let (_, medium) = memory();
    let mut writer = SnapshotWriter::create(Arc::clone(&medium), 1).unwrap();
    let error = writer.chunk(&vec![0; SNAPSHOT_CHUNK_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(error, SnapshotWriteError::ChunkTooLarge { .. }), "{error}");
    writer.chunk(&chunk(0, 10)).unwrap();
    let finished = writer.finish().unwrap();
    assert_eq!((finished.chunks(), finished.file_bytes()), (1, 24 + 8 + 10 + 24));
    finished.publish().unwrap();
    assert_eq!(read(&medium, 1).unwrap(), expected(&[10]));
}

#[test]
fn any_change_of_any_byte_is_found() {
    let (memory, medium) = memory();
    write(&medium, 42, &[20, 1, 300, 7]).unwrap();
    let name = snapshot_name(42);
    let intact = memory.read(&name).unwrap();
    let check = |what: String, bytes: Vec<u8>| {
        memory.edit(&name, |file| *file = bytes);
        let error = read(&medium, 42).expect_err(&what).to_string();
        assert!(error.contains(&format!("the snapshot {name} is damaged at byte")), "{what}: {error}");
    };
    for at in 0..intact.len() {
        let mut bytes = intact.clone();
        bytes[at] ^= 0x10;
        check(format!("a flip at {at}"), bytes);
        check(format!("a cut at {at}"), intact[..at].to_vec());
    }
    check("more behind it".into(), [&intact[..], &[0]].concat());
    // The second chunk missing, doubled, or exchanged with the first one.
    let (first, second, rest) = (24..52, 52..61, 61..);
    for parts in [vec![&first], vec![&first, &second, &second], vec![&second, &first]] {
        let mut bytes = intact[..24].to_vec();
        parts.iter().for_each(|part| bytes.extend_from_slice(&intact[(*part).clone()]));
        bytes.extend_from_slice(&intact[rest.clone()]);
        check(format!("{parts:?}"), bytes);
    }
    memory.edit(&name, |file| *file = intact);
    assert_eq!(read(&medium, 42).unwrap(), expected(&[20, 1, 300, 7]));
    memory.rename(&name, &snapshot_name(43)).unwrap();
    let error = read(&medium, 43).unwrap_err().to_string();
    assert!(error.contains("belongs to another file"), "{error}");
    assert!(matches!(read(&medium, 42), Err(SnapshotReadError::Medium { .. })));
}

/// After an error no later chunk is given, however good it looks.
#[test]
fn an_error_is_final() {
    let (memory, medium) = memory();
    write(&medium, 1, &[10, 10]).unwrap();
    memory.edit(&snapshot_name(1), |bytes| bytes[40] ^= 1);
    let mut reader = SnapshotReader::open(medium, 1).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..3 {
        assert!(reader.next_chunk(&mut bytes).is_err() && bytes.is_empty());
    }
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let (memory, medium) = memory();
    write(&medium, 1, &[5]).unwrap();
    let begin = |offset| SnapshotWriter::create(Arc::clone(&medium), offset).unwrap();
    let names = || memory.list().unwrap();
    let mut dropped = begin(2);
    dropped.chunk(&[1]).unwrap();
    assert_eq!(names().len(), 2);
    drop(dropped);
    assert_eq!(names(), [snapshot_name(1)]);
    begin(2).finish().unwrap().discard().unwrap();
    assert_eq!(names(), [snapshot_name(1)]);
    drop(begin(2).finish().unwrap());
    assert_eq!(names(), [snapshot_name(1)]);
    // One that an earlier program had begun goes with the next one.
    drop(memory.create(&format!("{}.tmp", snapshot_name(9)), 3).unwrap());
    write(&medium, 2, &[6]).unwrap();
    assert_eq!(names(), [snapshot_name(1), snapshot_name(2)]);
}

#[test]
fn only_those_to_be_kept_stay() {
    let (memory, medium) = memory();
    for offset in [5, 10, 15, 20] {
        write(&medium, offset, &[3]).unwrap();
    }
    drop(memory.create("00000000000000000001.log", 3).unwrap());
    assert_eq!(remove_snapshots(&*medium, &[15, 20]).unwrap(), 2);
    assert_eq!(remove_snapshots(&*medium, &[15, 20]).unwrap(), 0);
    memory.crash(|| false);
    assert_eq!(snapshots(&*medium).unwrap(), [15, 20]);
    assert_eq!(memory.list().unwrap().len(), 3, "the log's segment stays");
    memory.inject(Fault::SyncNames(0));
    let error = remove_snapshots(&*medium, &[]).unwrap_err().to_string();
    assert!(error.starts_with("could not sync the names of the snapshots"), "{error}");
}

#[test]
fn a_crash_or_fault_anywhere_leaves_a_whole_snapshot_or_none() {
    let fault = prop_oneof![
        (0usize..6).prop_map(Fault::Write),
        (0usize..4).prop_map(Fault::Sync),
        (0usize..2).prop_map(Fault::SyncNames),
        (0usize..3_000_000).prop_map(Fault::Full),
        Just(Fault::ReadOnly),
    ];
    let failures = std::cell::Cell::new(0);
    proptest!(cases(64), |(
        lengths in prop::collection::vec(0usize..700_000, 0..6),
        fault in prop::option::of(fault),
        kept in prop::collection::vec(any::<bool>(), 1..30),
    )| {
        let (memory, medium) = memory();
        write(&medium, 3, &[9, 9]).unwrap();
        if let Some(fault) = fault {
            memory.inject(fault);
        }
        let written = write(&medium, 8, &lengths);
        failures.set(failures.get() + usize::from(written.is_err()));
        let mut kept = kept.into_iter().cycle();
        memory.crash(|| kept.next().unwrap_or_default());
        prop_assert!(read(&medium, 3).unwrap() == expected(&[9, 9]));
        let listed = snapshots(&*medium).unwrap();
        prop_assert!(listed == [3, 8] || written.is_err() && listed == [3], "{listed:?}");
        if listed.contains(&8) {
            prop_assert!(read(&medium, 8).unwrap() == expected(&lengths));
        }
    });
    assert!(failures.get() > 10, "{} failures: the test misses what it is for", failures.get());
}

#[test]
fn a_full_disk_gets_its_room_back() {
    let (memory, medium) = memory();
    memory.inject(Fault::Full(1 << 20));
    let error = write(&medium, 1, &[SNAPSHOT_CHUNK_BYTES_MAX]).unwrap_err().to_string();
    assert!(error.contains("the disk is full: free some space"), "{error}");
    assert_eq!(memory.list().unwrap(), Vec::<String>::new());
}
