//! Files that nobody wrote on purpose, and files that somebody did: typed errors, no panic, bounded memory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ambit_log::{
    LogReader, Medium, MediumFile, ReadError, SnapshotReadError, SnapshotReader, segment_name, snapshot_name,
};
use proptest::prelude::*;

use crate::any_bytes::{check_segment, check_snapshot};
use crate::fixtures::{segment, snapshot};
use crate::sample::cases;

/// A frame of these entries with a right checksum.
fn frame(first: u64, synced: u64, entries: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&synced.to_le_bytes());
    bytes.extend_from_slice(entries);
    let checksum = crc32c::crc32c(&bytes[4..]).to_le_bytes();
    bytes[..4].copy_from_slice(&checksum);
    bytes
}

#[test]
fn any_bytes_give_an_answer() {
    proptest!(cases(400), |(bytes in prop::collection::vec(any::<u8>(), 0..600))| {
        check_segment(&bytes);
        check_segment(&[&segment(0)[..40], &bytes].concat());
        check_snapshot(&bytes);
        check_snapshot(&[&snapshot()[..24], &bytes].concat());
    });
}

#[test]
fn frames_with_right_checksums_and_any_entries_give_an_answer() {
    let offset = || prop_oneof![0u64..20, Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()];
    let one = (offset(), offset(), prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..40));
    proptest!(cases(2_000), |(frames in prop::collection::vec(one, 0..5), noise in 0usize..9)| {
        let mut bytes = segment(0)[..40].to_vec();
        for (first, synced, entries) in frames {
            bytes.extend(frame(first, synced, &entries));
            bytes.resize(bytes.len() + noise, 0xEE);
        }
        check_segment(&bytes);
    });
}

#[test]
fn changed_files_give_an_answer() {
    proptest!(cases(400), |(edits in prop::collection::vec((0usize..256, any::<u8>()), 1..4))| {
        for (bytes, check) in [(segment(0), check_segment as fn(&[u8])), (snapshot(), check_snapshot)] {
            let mut bytes = bytes;
            for (at, value) in &edits {
                if let Some(byte) = bytes.get_mut(*at) {
                    *byte = *value;
                }
            }
            check(&bytes);
        }
    });
}

/// What the fuzzers begin with, and what they have found.
#[test]
fn the_fuzzers_corpora_give_answers() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, check) in
        [("log_segment", check_segment as fn(&[u8])), ("log_snapshot", check_snapshot as fn(&[u8]))]
    {
        let mut count = 0;
        for entry in std::fs::read_dir(corpora.join(name)).unwrap() {
            check(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 4, "{name}: {count} files");
    }
}

/// A medium with one file that claims to be larger than any memory.
struct Endless {
    name: String,
    start: Vec<u8>,
}

impl Medium for Endless {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(vec![self.name.clone()])
    }
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        panic!("the whole file is read at once")
    }
    fn size(&self, _: &str) -> io::Result<u64> {
        Ok(1 << 60)
    }
    fn read_at(&self, _: &str, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
        assert!(bytes.len() <= 8 << 20, "{} bytes are read at once", bytes.len());
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = self.start.get(position as usize + index).copied().unwrap_or(0xFF);
        }
        Ok(bytes.len())
    }
    fn create(&self, _: &str, _: usize) -> io::Result<Box<dyn MediumFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn open(&self, _: &str) -> io::Result<Box<dyn MediumFile>> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn sync(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn endless_files_cost_no_memory() {
    let log = Endless { name: segment_name(1), start: segment(0) };
    let Err(error) = LogReader::open(Arc::new(log), 0) else { panic!("an endless segment is read") };
    assert!(matches!(&error, ReadError::Damaged(damage) if damage.problem.contains("more than any segment")));

    let endless = Arc::new(Endless { name: snapshot_name(7), start: snapshot()[..24].to_vec() });
    let mut reader = SnapshotReader::open(endless, 7).unwrap();
    let error = reader.next_chunk(&mut Vec::new()).unwrap_err();
    assert!(matches!(&error, SnapshotReadError::Damaged { position: 32, .. }), "{error}");
}
