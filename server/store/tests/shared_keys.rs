//! A hash index whose rows share few keys: a hundred thousand players in one zone. A structure that looks at every
//! row of a key to find one of them does not finish this in a minute.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, Slot, TableSchema};
use ambit_store::Store;

const ROWS: u64 = 100_000;

fn store() -> Store {
    let column = |name: &str| ColumnSchema::new(name, ColumnType::U64);
    let zone = IndexSchema { name: "zone".into(), columns: vec![1], kind: IndexKind::Hash, unique: false };
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
    let mut store = store();
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
