//! The log's thread: everything appended becomes durable in order, and a failure is told and final.

use std::sync::Arc;
use std::sync::mpsc::channel;

use ambit_log::{Batch, Fault, LogEvent, LogOptions, LogReader, LogThread, MemoryMedium};

/// Segments are not prepared ahead: the thread that does it would meet the faults that are meant for the log.
fn start(medium: &MemoryMedium, notify: impl FnMut(LogEvent<'_>) + Send + 'static) -> LogThread {
    let options = LogOptions { segment_bytes: 4_096, prepare_ahead: false, salt: 7, next_after: 0 };
    start_with(medium, options, notify)
}

fn start_with(
    medium: &MemoryMedium,
    options: LogOptions,
    notify: impl FnMut(LogEvent<'_>) + Send + 'static,
) -> LogThread {
    let (log, _) = LogReader::open(Arc::new(medium.clone()), 0).unwrap().into_log(options).unwrap();
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
    let options = LogOptions { segment_bytes: 4_096, prepare_ahead: true, salt: 7, next_after: 0 };
    let thread = start_with(&medium, options, move |event| match event {
        LogEvent::Durable { offset, .. } => told.send(offset).unwrap(),
        LogEvent::Failed { reason } => panic!("{reason}"),
    });
    for first in (1..2_000).step_by(10) {
        append(&thread, first, 10).unwrap();
    }
    assert_eq!(thread.close().unwrap(), 2_000);
    let offsets: Vec<u64> = offsets.iter().collect();
    assert!(offsets.is_sorted() && offsets.last() == Some(&2_000), "{offsets:?}");

    let mut reader = LogReader::open(Arc::new(medium), 0).unwrap();
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

/// Commits of which nothing is logged become durable in their place: after the records before them.
#[test]
fn advances_are_told_in_order_and_cost_no_sync() {
    let medium = MemoryMedium::default();
    let (told, events) = channel();
    let thread = start(&medium, move |event| match event {
        LogEvent::Durable { offset, bytes, written, .. } => {
            told.send((offset, bytes > 0, written > 0)).unwrap()
        }
        LogEvent::Failed { reason } => panic!("{reason}"),
    });
    append(&thread, 1, 2).unwrap();
    assert_eq!(events.recv().unwrap(), (2, true, true));
    let mut batch = thread.batch();
    batch.advance(10).unwrap();
    thread.append(batch).unwrap();
    assert_eq!(events.recv().unwrap(), (10, false, false));
    assert_eq!(thread.durable_offset(), 10);
    let mut batch = thread.batch();
    batch.push(12, 0, |out| out.push(1)).unwrap();
    batch.advance(15).unwrap();
    thread.append(batch).unwrap();
    assert_eq!(events.recv().unwrap(), (15, true, true));
    assert_eq!(thread.close().unwrap(), 15);
}

/// A full disk: what the operator is told says what to do, and also an advance is not acknowledged any more.
#[test]
fn after_a_failure_no_advance_is_acknowledged() {
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
    medium.inject(Fault::Full(5));
    let mut batch = thread.batch();
    batch.push(4, 0, |out| out.extend_from_slice(&[1; 100])).unwrap();
    batch.advance(9).unwrap();
    thread.append(batch).unwrap();
    let reason = events.recv().unwrap().unwrap_err();
    assert!(reason.contains("the disk is full: free some space and restart the database"), "{reason}");
    assert!(reason.contains("nothing acknowledged is lost"), "{reason}");
    assert!(events.recv().is_err(), "the thread has ended");
    medium.heal();
    let mut batch = thread.batch();
    batch.advance(20).unwrap();
    assert_eq!(thread.append(batch).unwrap_err().reason, reason);
    assert_eq!(thread.durable_offset(), 3);
}
