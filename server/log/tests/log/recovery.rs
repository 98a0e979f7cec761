//! What a log gives back after damage: a prefix that holds everything proven to be synced, or an error.

use std::sync::Arc;

use ambit_log::{Damage, DirectoryMedium, LogOptions, LogReader, Medium, ReadError, verify};

use crate::sample::{batch, open, read, sample, sample_offsets, segment_names};

#[test]
fn everything_synced_comes_back() {
    let medium = sample();
    let mut offsets = sample_offsets();
    assert_eq!(read(medium.clone()).unwrap(), (offsets.clone(), None));
    let last = *offsets.last().unwrap();
    let mut log = open(&medium);
    assert_eq!((log.next_offset(), log.durable_offset(), log.epoch()), (last + 1, last, 1));
    offsets.push(last + 10);
    log.append(&batch([last + 10])).unwrap();
    log.sync().unwrap();
    assert_eq!(read(medium).unwrap(), (offsets, None));
}

#[test]
fn a_flip_at_any_byte_is_found_or_cuts_off_the_last_group_only() {
    let medium = sample();
    let offsets = sample_offsets();
    let last_name = segment_names(&medium).pop().unwrap();
    for name in segment_names(&medium) {
        for at in 0..medium.read(&name).unwrap().len() {
            let damaged = medium.fork();
            damaged.edit(&name, |bytes| bytes[at] ^= 0x10);
            match read(damaged) {
                Ok((found, None)) if found == offsets && name != last_name => {}
                // Nothing on disk proves that the last group was synced: only that can look torn.
                Ok((found, tail)) => {
                    let is_prefix = offsets.starts_with(&found) && found.len() >= offsets.len() - 2;
                    assert!(is_prefix && tail.is_some(), "{name} byte {at}: {found:?} {tail:?}");
                }
                Err(ReadError::Damaged(damage)) => assert_eq!(damage.file, name),
                Err(other) => panic!("{name} byte {at}: {other}"),
            }
        }
    }
}

#[test]
fn a_cut_at_any_byte_is_found_or_shortens_the_last_segment_only() {
    let medium = sample();
    let offsets = sample_offsets();
    let names = segment_names(&medium);
    for name in &names {
        for length in 0..medium.read(name).unwrap().len() {
            let damaged = medium.fork();
            damaged.edit(name, |bytes| bytes.truncate(length));
            match read(damaged.clone()) {
                Ok((found, None)) if found == offsets => {}
                Ok((mut found, _)) => {
                    assert_eq!(Some(name), names.last());
                    let mut log = open(&damaged);
                    found.push(log.next_offset());
                    log.append(&batch([log.next_offset()])).unwrap();
                    log.sync().unwrap();
                    assert_eq!(read(damaged).unwrap(), (found, None));
                }
                Err(ReadError::Damaged(damage)) => assert_eq!(damage.file, *name),
                Err(other) => panic!("{name} cut to {length}: {other}"),
            }
        }
    }
}

#[test]
fn a_missing_segment_is_named() {
    let medium = sample();
    let names = segment_names(&medium);
    medium.remove(&names[1]).unwrap();
    let error = read(medium).unwrap_err().to_string();
    assert!(error.contains(&names[0]) && error.contains(&names[2]), "{error}");
    assert!(error.contains("follows, which comes after commit offset"), "{error}");
}

/// The sentence names file, byte and offset, and what a repair would keep and lose.
#[test]
fn damage_says_what_can_be_done() {
    let medium = sample();
    let offsets = sample_offsets();
    let name = segment_names(&medium).remove(0);
    // The second frame of the first segment: it ends after the first two records.
    let bytes = medium.read(&name).unwrap();
    let length = u32::from_le_bytes(bytes[44..48].try_into().unwrap()) as usize;
    let position = 40 + 24 + length;
    medium.edit(&name, |bytes| bytes[position + 30] ^= 1);
    let found = verify(Arc::new(medium.clone())).unwrap();
    let damage: Damage = found.damage.unwrap();
    assert_eq!((found.records, found.last_offset, damage.last_good), (2, offsets[1], offsets[1]));
    assert_eq!((&damage.file, damage.position), (&name, position));
    let readable = damage.readable.clone();
    assert_eq!((readable.records, readable.last_offset), (20, offsets[23]), "two records are lost");
    assert_eq!(readable.first_offset, offsets[4]);
    let error = read(medium).unwrap_err();
    let text = error.to_string();
    assert_eq!(text, damage.to_string());
    for part in [
        format!("damaged in {name} at byte {position}, after commit offset {}", offsets[1]),
        format!("ambit log repair --data DIR --name DB --to {}", offsets[1]),
        format!("20 records of offsets {} to {} can be read", offsets[4], offsets[23]),
        "ambit log verify --data DIR --name DB".into(),
    ] {
        assert!(text.contains(&part), "{part:?} in {text}");
    }
}

/// A reader that has told of damage must not go on as if nothing were.
#[test]
fn a_log_that_was_damaged_cannot_be_written() {
    let medium = sample();
    medium.edit(&segment_names(&medium)[0], |bytes| bytes[70] ^= 1);
    let mut reader = LogReader::open(Arc::new(medium.clone()), 0).unwrap();
    while let Ok(Some(_)) = reader.next_record() {}
    assert!(matches!(reader.next_record(), Err(ReadError::Broken)));
    assert!(matches!(reader.into_log(LogOptions::default()), Err(ReadError::Broken)));
}

#[test]
fn a_directory_keeps_the_log_and_a_leftover_spare_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    for round in 0..3 {
        let medium: Arc<dyn Medium> = Arc::new(DirectoryMedium::new(&path).unwrap());
        for leftover in ["spare.tmp", "repair.tmp", "00000000000000000007.snapshot.tmp"] {
            drop(medium.create(leftover, 10).unwrap());
        }
        let options =
            LogOptions { segment_bytes: 4_096, prepare_ahead: true, salt: round as u32, next_after: 0 };
        let reader = LogReader::open(Arc::clone(&medium), 0).unwrap();
        let (mut log, report) = reader.into_log(options).unwrap();
        assert_eq!(report.last_offset, round * 100);
        log.append(&batch(round * 100 + 1..=round * 100 + 100)).unwrap();
        assert_eq!(log.sync().unwrap(), round * 100 + 100);
        drop(log);
        let names = medium.list().unwrap();
        assert!(names.iter().all(|name| name.ends_with(".log") || name == "spare.tmp"), "{names:?}");
    }
    assert_eq!(read(DirectoryMedium::new(&path).unwrap()).unwrap(), ((1..=300).collect(), None));
}
