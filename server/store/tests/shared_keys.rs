//! A hash index whose rows share few keys: a hundred thousand players in one zone. A structure that looks at every
//! row of a key to find one of them does not finish this in a minute.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, Slot, TableSchema};
use ambit_store::{ApplyErrorKind, Store};

const ROWS: u64 = 100_000;

/// Whether the table's only index, by zone, is unique.
fn store(unique: bool) -> Store {
    let column = |name: &str| ColumnSchema::new(name, ColumnType::U64);
    let zone = IndexSchema { name: "zone".into(), columns: vec![1], kind: IndexKind::Hash, unique };
    let table = TableSchema {
        name: "player".into(),
        public: true,
        columns: vec![column("id"), column("zone")],
        indexes: vec![zone],
        primary: None,
        doc: String::new(),
        ..TableSchema::default()
    };
    Store::new(Arc::new(Schema { tables: vec![table], reducers: Vec::new(), ..Schema::default() }))
}

fn row(id: u64, zone: u64) -> Vec<u8> {
    [id, zone].map(u64::to_le_bytes).concat()
}

fn in_zone(store: &Store, zone: u64) -> Vec<Slot> {
    let mut found = Vec::new();
    store.find_all(0, 0, &zone.to_le_bytes(), &mut found).unwrap();
    found
}

#[test]
fn rows_that_share_a_key_come_go_and_move_quickly() {
    let mut store = store(false);
    for id in 0..ROWS {
        store.insert(0, &mut row(id, 7)).unwrap();
    }
    store.commit();
    assert_eq!(in_zone(&store, 7), (0..ROWS as Slot).collect::<Vec<_>>());
    for slot in 0..ROWS as Slot {
        store.update(0, slot, &row(slot.into(), 8)).unwrap();
    }
    assert_eq!((in_zone(&store, 7).len(), in_zone(&store, 8).len()), (0, ROWS as usize));
    store.rollback();
    assert_eq!((in_zone(&store, 7).len(), in_zone(&store, 8).len()), (ROWS as usize, 0));
    for slot in in_zone(&store, 7) {
        store.delete(0, slot).unwrap();
    }
    assert_eq!((in_zone(&store, 7).len(), store.index_count(0, 0)), (0, Some(0)));
}

/// It was refused at its end only, after each row had been put behind all others of its key.
#[test]
fn a_change_set_in_which_many_rows_share_a_unique_key_is_refused_at_once() {
    let mut forger = store(false);
    for id in 0..ROWS {
        forger.insert(0, &mut row(id, 7)).unwrap();
    }
    let body = forger.commit().body;
    let mut store = store(true);
    let refused = store.apply(&body, |_| {}).unwrap_err();
    assert!(matches!(refused.kind, ApplyErrorKind::Unique(_)), "{refused}");
    assert!(refused.at < 100, "the third row lies at byte {}", refused.at);
    assert_eq!((store.count(0), store.index_count(0, 0)), (0, Some(0)));
}

/// Three rows hand their keys on: while that is carried out two rows share one.
#[test]
fn rows_that_exchange_unique_keys_are_taken() {
    let (mut engine, mut follower) = (store(true), store(true));
    for id in 0..3 {
        engine.insert(0, &mut row(id, id)).unwrap();
    }
    follower.apply(&engine.commit().body, |_| {}).unwrap();
    for (slot, zone) in [(0, 9), (1, 0), (2, 1), (0, 2)] {
        engine.update(0, slot, &row(slot.into(), zone)).unwrap();
    }
    follower.apply(&engine.commit().body, |_| {}).unwrap();
    assert_eq!([0, 1, 2].map(|zone| in_zone(&follower, zone)), [[1], [2], [0]]);
}
