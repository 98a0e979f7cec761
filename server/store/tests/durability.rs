//! What of a commit is logged, and what of a world is in a snapshot: by each table's durability.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, Schema, TableSchema};
use ambit_store::{Changes, FreezeError, Store, StoreLoader};

const ITEMS: u16 = 0;
const POSITIONS: u16 = 1;
const PRESENCE: u16 = 2;

fn schema() -> Arc<Schema> {
    let table = |name: &str, durability| TableSchema {
        name: name.into(),
        durability,
        columns: vec![
            ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ColumnType::U64) },
            ColumnSchema::new("value", ColumnType::U64),
        ],
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        ..TableSchema::default()
    };
    let tables = vec![
        table("items", Durability::Durable),
        table("positions", Durability::Checkpointed),
        table("presence", Durability::Ephemeral),
    ];
    Arc::new(Schema { tables, ..Schema::default() })
}

fn row(id: u64, value: u64) -> [u8; 16] {
    bytemuck::cast([id, value])
}

fn insert(store: &mut Store, table: u16, value: u64) {
    store.insert(table, &mut row(0, value)).unwrap();
}

/// What a store holds after the logged part of these commits.
fn replayed(commits: &[Changes]) -> Store {
    let mut store = Store::new(schema());
    commits.iter().for_each(|changes| store.apply(changes.logged(), |_| {}).unwrap());
    store
}

#[test]
fn a_durable_commit_is_logged_whole() {
    let mut store = Store::new(schema());
    insert(&mut store, ITEMS, 7);
    let changes = store.commit();
    assert_eq!(changes.logged().len(), changes.body.len());
    assert!(replayed(&[changes]).slots(ITEMS).eq(store.slots(ITEMS)));
}

#[test]
fn rows_of_other_tables_are_for_followers_only() {
    let mut store = Store::new(schema());
    insert(&mut store, PRESENCE, 1);
    insert(&mut store, ITEMS, 2);
    insert(&mut store, POSITIONS, 3);
    let changes = store.commit();
    // Each table's first number reserves those to come, which is logged whatever becomes of the rows.
    assert_eq!(changes.operation_count, 6);
    let mut follower = Store::new(schema());
    let mut seen = Vec::new();
    follower.apply(&changes.body, |change| seen.push(change.table)).unwrap();
    seen.sort_unstable();
    assert_eq!(seen, [ITEMS, POSITIONS, PRESENCE]);
    let recovered = replayed(&[changes]);
    assert_eq!([ITEMS, POSITIONS, PRESENCE].map(|table| recovered.count(table)), [1, 0, 0]);

    store.update(POSITIONS, 0, &row(1, 4)).unwrap();
    store.delete(PRESENCE, 0).unwrap();
    let changes = store.commit();
    assert_eq!((changes.logged().len(), changes.operation_count), (0, 2));
    assert!(!changes.is_empty(), "followers have something to do");
    follower.apply(&changes.body, |_| {}).unwrap();
    assert!(follower.slots(POSITIONS).eq(store.slots(POSITIONS)));
    assert_eq!(follower.count(PRESENCE), 0);
}

#[test]
fn reservations_of_all_tables_are_logged() {
    let mut store = Store::new(schema());
    for table in [ITEMS, POSITIONS, PRESENCE] {
        let slot = store.insert(table, &mut row(0, 1)).unwrap();
        store.delete(table, slot).unwrap();
    }
    let changes = store.commit();
    assert_eq!(changes.operation_count, 6);
    let mut recovered = replayed(std::slice::from_ref(&changes));
    recovered.resume_counters();
    let counters = [ITEMS, POSITIONS, PRESENCE].map(|table| recovered.auto_inc_counter(table, 0));
    assert_eq!(counters, [Some(1_025); 3]);
    let mut follower = Store::new(schema());
    follower.apply(&changes.body, |_| panic!("no row has changed")).unwrap();
    assert_eq!([ITEMS, POSITIONS, PRESENCE].map(|table| follower.auto_inc_counter(table, 0)), [Some(1); 3]);
}

#[test]
fn a_snapshot_has_no_ephemeral_rows_but_their_counters() {
    let mut store = Store::new(schema());
    for value in 0..3 {
        for table in [ITEMS, POSITIONS, PRESENCE] {
            insert(&mut store, table, value);
        }
    }
    assert_eq!(store.freeze().unwrap_err(), FreezeError::OpenTransaction);
    assert_eq!(store.fork().unwrap_err(), FreezeError::OpenTransaction);
    store.commit();
    let mut loader = StoreLoader::new(schema(), 0);
    store.freeze().unwrap().write(&mut |chunk| loader.chunk(chunk)).unwrap();
    let mut loaded = loader.finish().unwrap();
    assert!(loaded.slots(ITEMS).eq(store.slots(ITEMS)));
    assert!(loaded.slots(POSITIONS).eq(store.slots(POSITIONS)));
    assert_eq!(loaded.count(PRESENCE), 0);
    insert(&mut loaded, PRESENCE, 9);
    assert!(loaded.slots(PRESENCE).eq([(0, row(4, 9).as_slice())]));

    let fork = store.fork().unwrap();
    assert!(fork.slots(PRESENCE).eq(store.slots(PRESENCE)), "a fork is the whole world");
}
