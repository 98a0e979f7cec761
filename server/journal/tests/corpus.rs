//! The corpora of log records and heads of snapshots, intact and damaged.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

#[path = "../../../fuzz/fuzz_targets/any_journal.rs"]
mod any_journal;
#[path = "../../../fuzz/replay.rs"]
mod replay;
#[path = "support/calls.rs"]
mod support;

use ambit_journal::Recovery;
use ambit_model::{ColumnSchema, ColumnType, Schema, TableSchema, Timestamp};
use replay::replay;

/// A publication with a table, and calls of two connections that insert a row each.
fn records() -> Vec<Vec<u8>> {
    let columns = vec![ColumnSchema::new("value", ColumnType::U32)];
    let table = TableSchema { name: "thing".into(), columns, ..TableSchema::default() };
    let schema = Schema { tables: vec![table], ..Schema::default() };
    let mut journal = support::journal();
    let mut store = ambit_store::Store::new(std::sync::Arc::new(schema.clone()));
    let mut published = Vec::new();
    journal.write_publish(Timestamp(1), &[3; 32], &schema, &[], &mut published);
    let mut records = vec![published];
    for number in [1_u8, 2, 1] {
        store.insert(0, &mut u64::from(number).to_le_bytes()).unwrap();
        let changes = store.commit();
        let mut record = Vec::new();
        journal.write_call(&support::call(number, &[number], changes.logged()), &mut record);
        records.push(record);
    }
    records
}

#[test]
fn commits() {
    let records = records();
    let intact = any_journal::framed(&records);
    let mut damaged = records.clone();
    damaged[2][0] ^= 0x04;
    let twice: Vec<Vec<u8>> = [&records[..], &records[..]].concat();
    let seeds = [
        ("intact", intact.clone()),
        ("damaged", any_journal::framed(&damaged)),
        ("twice", any_journal::framed(&twice)),
        ("cut", intact[..intact.len() - 2].to_vec()),
    ];
    replay("commits", &seeds, any_journal::commits);
}

#[test]
fn heads() {
    let mut recovery = Recovery::default();
    (1..).zip(records()).for_each(|(offset, record)| recovery.apply(offset, &record).unwrap());
    let (head, _) = recovery.freeze().unwrap();
    let mut damaged = head.clone();
    damaged[120] ^= 0x10;
    let seeds = [("intact", head.clone()), ("damaged", damaged), ("cut", head[..head.len() - 1].to_vec())];
    replay("head", &seeds, any_journal::head);
}
