//! The log's thread: everything appended becomes durable in order, and a failure is told and final.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::mpsc::channel;

use ambit_log::{Batch, Fault, LogEvent, LogOptions, LogReader, LogThread, MemoryMedium};

fn start(medium: &MemoryMedium, notify: impl FnMut(LogEvent<'_>) + Send + 'static) -> LogThread {
    let options = LogOptions { segment_bytes: 4_096, prepare_ahead: true, salt: 7 };
    let (log, _) = LogReader::open(Arc::new(medium.clone())).unwrap().into_log(options).unwrap();
    LogThread::start(log, notify).unwrap()
}

fn append(thread: &LogThread, first: u64, count: u64) -> Result<(), ambit_log::StoppedError> {
    let mut batch: Batch = thread.batch();
    for offset in first..first + count {
        batch.push(offset, 0, |out| out.extend_from_slice(&offset.to_le_bytes())).unwrap();
    }
    thread.append(batch)
}

#[test]
fn groups_become_durable_in_order() {
    let medium = MemoryMedium::default();
    let (told, offsets) = channel();
    let thread = start(&medium, move |event| match event {
        LogEvent::Durable { offset, .. } => told.send(offset).unwrap(),
        LogEvent::Failed { reason } => panic!("{reason}"),
    });
    for first in (1..2_000).step_by(10) {
        append(&thread, first, 10).unwrap();
    }
    assert_eq!(thread.close().unwrap(), 2_000);
    let offsets: Vec<u64> = offsets.iter().collect();
    assert!(offsets.is_sorted() && offsets.last() == Some(&2_000), "{offsets:?}");

    let mut reader = LogReader::open(Arc::new(medium)).unwrap();
    let mut expected = 1u64;
    while let Some(record) = reader.next_record().unwrap() {
        assert_eq!(record.payload, expected.to_le_bytes());
        expected += 1;
    }
    assert_eq!(expected, 2_001);
}

#[test]
fn a_failure_is_told_and_nothing_is_acknowledged_after_it() {
    let medium = MemoryMedium::default();
    let (told, events) = channel();
    let thread = start(&medium, move |event| {
        told.send(match event {
            LogEvent::Durable { offset, .. } => Ok(offset),
            LogEvent::Failed { reason } => Err(reason.to_owned()),
        })
        .unwrap();
    });
    append(&thread, 1, 3).unwrap();
    assert_eq!(events.recv().unwrap(), Ok(3));
    medium.inject(Fault::Sync(0));
    append(&thread, 4, 1).unwrap();
    let reason = events.recv().unwrap().unwrap_err();
    assert!(reason.contains("sync"), "{reason}");
    assert!(events.recv().is_err(), "the thread has ended");
    assert_eq!(append(&thread, 5, 1).unwrap_err().reason, reason);
    assert_eq!(thread.failure(), Some(reason.as_str()));
    assert_eq!(thread.durable_offset(), 3);
    assert_eq!(thread.close().unwrap_err().reason, reason);
}
