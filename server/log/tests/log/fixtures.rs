//! The bytes of version 1 stay readable, and writing still makes them. `AMBIT_BLESS=1` writes them anew, and the files
//! that the fuzzers begin with.

use std::path::Path;
use std::sync::Arc;

use ambit_log::{
    LogOptions, Medium, MemoryMedium, ReadError, SnapshotReadError, SnapshotReader, SnapshotWriter,
    segment_name, snapshot_name,
};

use crate::sample::{batch, open_with, read, with_file};

/// A segment of three records, each in a frame of its own, with a gap before the last one.
pub fn segment(salt: u32) -> Vec<u8> {
    let medium = MemoryMedium::default();
    let options = LogOptions { segment_bytes: 256, prepare_ahead: false, salt, next_after: 0 };
    let mut log = open_with(&medium, options);
    for offset in [1, 2, 9] {
        log.append(&batch([offset])).unwrap();
        log.sync().unwrap();
    }
    medium.read(&segment_name(1)).unwrap()
}

/// The snapshot of offset 7 with three chunks.
pub fn snapshot() -> Vec<u8> {
    let medium: Arc<dyn Medium> = Arc::new(MemoryMedium::default());
    let mut writer = SnapshotWriter::create(Arc::clone(&medium), 7).unwrap();
    for chunk in [b"one".as_slice(), b"and two", &[7; 40]] {
        writer.chunk(chunk).unwrap();
    }
    writer.finish().unwrap().publish().unwrap();
    medium.read(&snapshot_name(7)).unwrap()
}

/// Compares a committed file with what is written today.
fn check_file(name: &str, corpus: &str, bytes: &[u8]) {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = [manifest.join("tests/fixtures").join(name), manifest.join(corpus).join(name)];
    for path in paths {
        if std::env::var_os("AMBIT_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{}", path.display());
    }
}

#[test]
fn the_committed_segments_read_as_ever() {
    let (intact, salted) = (segment(0), segment(0x1122_3344));
    let mut damaged = intact.clone();
    damaged[70] ^= 1;
    let torn = intact[..130].to_vec();
    for (name, bytes) in [("intact", intact), ("salted", salted), ("damaged", damaged), ("torn", torn)] {
        check_file(&format!("v1-{name}.log"), "../../fuzz/corpus/log_segment", &bytes);
        match (name, read(with_file(&segment_name(1), &bytes))) {
            ("intact" | "salted", Ok((offsets, None))) => assert_eq!(offsets, [1, 2, 9]),
            ("torn", Ok((offsets, Some(tail)))) => assert_eq!((offsets, tail.position), (vec![1, 2], 113)),
            ("damaged", Err(ReadError::Damaged(damage))) => {
                assert_eq!((damage.position, damage.last_good), (40, 0));
                assert_eq!((damage.readable.records, damage.readable.first_offset), (2, 2));
            }
            (name, other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_committed_snapshots_read_as_ever() {
    let intact = snapshot();
    let mut damaged = intact.clone();
    damaged[60] ^= 1;
    let truncated = intact[..intact.len() - 24].to_vec();
    let mut short = intact[..24].to_vec();
    short.extend_from_slice(&[0xFF; 8]);
    for (name, bytes, chunks, position) in [
        ("intact", intact.clone(), 3, None),
        ("damaged", damaged, 2, Some(58)),
        ("truncated", truncated, 3, Some(intact.len() as u64 - 24)),
        ("length", short, 0, Some(32)),
    ] {
        check_file(&format!("v1-{name}.snapshot"), "../../fuzz/corpus/log_snapshot", &bytes);
        let medium = Arc::new(with_file(&snapshot_name(7), &bytes));
        let mut reader = SnapshotReader::open(medium, 7).unwrap();
        let mut chunk = Vec::new();
        let mut found = 0;
        let problem = loop {
            match reader.next_chunk(&mut chunk) {
                Ok(true) => found += 1,
                Ok(false) => break None,
                Err(SnapshotReadError::Damaged { position, .. }) => break Some(position),
                Err(error) => panic!("{name}: {error}"),
            }
        };
        assert_eq!((found, problem), (chunks, position), "{name}");
    }
}
