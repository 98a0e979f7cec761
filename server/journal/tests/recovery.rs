//! What a recovered database remembers besides its rows.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calls.rs"]
mod support;

use ambit_journal::{Recovery, State};
use ambit_model::{Lifecycle, ReducerSchema, Schema, Timestamp};

fn schema(lifecycles: &[Lifecycle]) -> Schema {
    let reducer = |(number, &lifecycle): (usize, &Lifecycle)| ReducerSchema {
        name: format!("reducer_{number}"),
        lifecycle,
        params: Vec::new(),
        doc: String::new(),
    };
    Schema { reducers: lifecycles.iter().enumerate().map(reducer).collect(), ..Schema::default() }
}

/// A database whose module was published and called by three connections; then the server was killed.
fn killed(schema: &Schema) -> Recovery {
    let mut journal = support::journal();
    let mut recovery = Recovery::default();
    let mut record = Vec::new();
    journal.write_publish(Timestamp(1), &[3; 32], schema, &[], &mut record);
    recovery.apply(1, &record).unwrap();
    for number in 1..4 {
        record.clear();
        journal.write_call(&support::call(number, &[], &[]), &mut record);
        recovery.apply(1 + u64::from(number), &record).unwrap();
    }
    recovery
}

#[test]
fn a_module_that_wants_to_know_is_told_who_was_connected() {
    let mut recovery = killed(&schema(&[Lifecycle::Call, Lifecycle::ClientDisconnected]));
    recovery.finish();
    let left: Vec<u8> = recovery.left_connected().iter().map(|(identity, _)| identity.0[0]).collect();
    assert_eq!(left, [1, 2, 3]);
}

/// Their numbers once piled up, crash by crash, in the heads of snapshots.
#[test]
fn sessions_that_nobody_asks_for_are_forgotten() {
    let mut recovery = killed(&schema(&[Lifecycle::Call]));
    assert_eq!(recovery.state().journal.sessions.iter().count(), 3);
    recovery.finish();
    assert_eq!(recovery.left_connected(), []);
    let (head, _) = recovery.freeze().unwrap();
    let (state, _) = State::decode_head(&head).unwrap();
    assert_eq!(state.journal.sessions.iter().count(), 0);
}

/// Each once made room for a million sessions, so that a backup of a few kilobytes took all memory.
#[test]
fn a_record_that_skips_session_numbers_is_refused() {
    let mut recovery = killed(&schema(&[Lifecycle::Call]));
    // A call that defines a session: kind and flag, number, identity and connection, reducer, timestamp, draw.
    let record = |session: u8| [&[0x04, 2 + session][..], &[7; 48], &[0, 0, 0]].concat();
    let refused = recovery.apply(5, &record(4)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the record of offset 5 cannot be read: the logged commit names session 4, which nobody has"
    );
    recovery.apply(5, &record(3)).unwrap();
    assert_eq!(recovery.state().journal.sessions.iter().count(), 4);
}

/// Restoring to a moment asks every record for its time first.
#[test]
fn asking_when_a_record_was_made_leaves_the_journal_as_it_was() {
    let mut recovery = killed(&schema(&[Lifecycle::Call]));
    let mut journal = recovery.state().journal.clone();
    let mut record = Vec::new();
    journal.write_call(&support::call(50, &[], &[]), &mut record);
    assert_eq!(recovery.timestamp_of(&record), Some(Timestamp(50)));
    assert_eq!(recovery.timestamp_of(&record[..10]), None);
    assert_eq!(recovery.state().journal.sessions.iter().count(), 3);
    recovery.apply(5, &record).unwrap();
    assert_eq!(recovery.state().journal.sessions.iter().count(), 4);
}
