//! Any bytes as a segment or a snapshot: a value or a typed error, and what was read once is read again. Also run by the
//! fuzzers in `fuzz/`, so it uses nothing but the crate.

use std::sync::Arc;

use ambit_log::{
    Batch, LogOptions, LogReader, Medium, MemoryMedium, SnapshotReader, repair, segment_name, snapshot_name,
    verify,
};

/// The records that can be read, as offset and payload length; and whether the end was reached without an error.
fn read(medium: &MemoryMedium) -> (Vec<(u64, usize)>, bool) {
    let mut found = Vec::new();
    let Ok(mut reader) = LogReader::open(Arc::new(medium.clone()), 0) else { return (found, false) };
    loop {
        match reader.next_record() {
            Ok(Some(record)) => found.push((record.offset, record.payload.len())),
            Ok(None) => return (found, true),
            Err(_) => return (found, false),
        }
    }
}

fn with_file(name: &str, bytes: &[u8]) -> MemoryMedium {
    let medium = MemoryMedium::default();
    let mut file = medium.create(name, 0).expect("a medium without faults");
    file.write_at(0, bytes).and_then(|()| file.sync()).expect("a medium without faults");
    medium
}

/// The bytes as the only segment of a log, with the name that they claim or that of the first one.
pub fn check_segment(bytes: &[u8]) {
    let claimed = bytes.get(16..24).and_then(|bytes| bytes.try_into().ok()).map_or(1, u64::from_le_bytes);
    let medium = with_file(&segment_name(claimed), bytes);
    let found = verify(Arc::new(medium.clone())).expect("a medium without faults");
    let (records, is_whole) = read(&medium);
    if is_whole {
        assert_eq!(found.damage, None);
        assert_eq!(records.len() as u64, found.records);
    }

    // A log that can be read takes more, and then has what it had and that.
    let options = LogOptions { segment_bytes: 4_096, prepare_ahead: false, salt: 3, next_after: 0 };
    if let Ok((mut log, _)) =
        LogReader::open(Arc::new(medium.clone()), 0).and_then(|reader| reader.into_log(options))
    {
        let mut batch = Batch::default();
        let epoch = log.epoch();
        if batch.push(log.next_offset(), epoch, |out| out.extend_from_slice(b"more")).is_ok()
            && log.append(&batch).is_ok()
        {
            log.sync().expect("a medium without faults");
            let (again, is_whole) = read(&medium);
            assert!(is_whole && again.starts_with(&records));
            assert_eq!(again.last(), Some(&(batch.last_offset(), 4)));
        }
    }

    // One that is damaged is repaired to what could be read before.
    if let Some(damage) = found.damage {
        let medium = with_file(&segment_name(claimed), bytes);
        repair(Arc::new(medium.clone()), damage.last_good).expect("the offset that damage names");
        let repaired = verify(Arc::new(medium)).expect("a medium without faults");
        assert_eq!((repaired.damage, repaired.records), (None, found.records));
    }
}

/// The bytes as a snapshot, with the offset that they claim.
pub fn check_snapshot(bytes: &[u8]) {
    let claimed = bytes.get(12..20).and_then(|bytes| bytes.try_into().ok()).map_or(1, u64::from_le_bytes);
    let medium: Arc<dyn Medium> = Arc::new(with_file(&snapshot_name(claimed), bytes));
    let Ok(mut reader) = SnapshotReader::open(Arc::clone(&medium), claimed) else { return };
    let mut chunk = Vec::new();
    let mut total = 0;
    loop {
        match reader.next_chunk(&mut chunk) {
            Ok(true) => total += chunk.len(),
            Ok(false) => break,
            Err(_) => return assert!(chunk.is_empty()),
        }
        assert!(!chunk.is_empty() && total < bytes.len());
    }
}
