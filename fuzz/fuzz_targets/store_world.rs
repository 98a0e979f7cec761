//! What two fuzz targets do with a store, and `server/store/tests/corpus.rs` with each file of their corpora.

// Each of the three that include this file uses a part of it.
#![allow(dead_code)]

use std::sync::{Arc, LazyLock};

use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, Schema, TableSchema, Value, encode_row,
};
use ambit_store::{LoadError, Store, StoreLoader};

/// Rows with a heap and every kind of index, fixed rows, and rows that no snapshot has.
pub static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let table = |name: &str, durability, value: ColumnType, kinds: &[(u16, IndexKind, bool)]| TableSchema {
        name: name.into(),
        durability,
        columns: vec![
            ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ColumnType::U16) },
            ColumnSchema::new("value", value),
            ColumnSchema::new("place", ColumnType::Vec2),
        ],
        indexes: kinds
            .iter()
            .zip(["first", "second", "third", "fourth"])
            .map(|(&(column, kind, unique), name)| IndexSchema {
                name: name.into(),
                columns: vec![column],
                kind,
                unique,
            })
            .collect(),
        ..TableSchema::default()
    };
    let id = (0, IndexKind::Hash, true);
    let place = (2, IndexKind::Spatial { cell: 2.0 }, false);
    let tables = vec![
        table("names", Durability::Durable, ColumnType::String, &[id, (1, IndexKind::Ordered, true), place]),
        table(
            "numbers",
            Durability::Checkpointed,
            ColumnType::I32,
            &[id, (1, IndexKind::Ordered, false), (1, IndexKind::Hash, false), place],
        ),
        table("presence", Durability::Ephemeral, ColumnType::Bool, &[id]),
    ];
    let schema = Schema { tables, ..Schema::default() };
    schema.check().expect("a possible schema");
    Arc::new(schema)
});

/// A store with two rows in every table, and one slot between them that is free.
pub fn store() -> Store {
    let mut store = Store::new(Arc::clone(&SCHEMA));
    for (id, table) in (0..).zip(&SCHEMA.tables) {
        for number in 0..3_u8 {
            let value = if table.columns[1].ty == ColumnType::String {
                Value::String(number.to_string())
            } else if table.columns[1].ty == ColumnType::Bool {
                Value::Bool(number == 1)
            } else {
                Value::I32(number.into())
            };
            let place = Value::Vec2(ambit_model::glam::Vec2::new(number.into(), 1.0));
            let mut row = encode_row(&table.layout(), &[Value::U16(0), value, place]).expect("a row");
            store.insert(id, &mut row).expect("a new row");
        }
        store.delete(id, 1).expect("a row");
    }
    store.commit();
    store
}

/// Applies bytes as a change set's body.
pub fn apply(bytes: &[u8]) {
    let mut store = store();
    let before = contents(&store);
    match store.apply(bytes, |_| {}) {
        Ok(()) => check(store),
        Err(_) => assert_eq!(contents(&store), before, "a refused change set has left something behind"),
    }
}

/// Loads bytes as chunks, each behind its length as a u32.
pub fn load(bytes: &[u8]) {
    let mut loader = StoreLoader::new(Arc::clone(&SCHEMA), 3);
    let mut rest = bytes;
    let mut result = Ok(());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (chunk, behind) = behind.split_at((u32::from_le_bytes(*length) as usize).min(behind.len()));
        result = result.and_then(|()| loader.chunk(chunk));
        rest = behind;
    }
    if let Ok(store) = loader.finish() {
        assert_eq!(result, Ok(()), "a damaged chunk has become a store");
        check(store);
    }
}

/// Every index holds every row, and what is written can be loaded.
fn check(mut store: Store) {
    for (id, table) in (0..).zip(&SCHEMA.tables) {
        for index in 0..table.indexes.len() as u16 {
            assert_eq!(store.index_count(id, index), Some(store.count(id)));
        }
    }
    let mut loader = StoreLoader::new(Arc::clone(&SCHEMA), 4);
    let frozen = store.freeze().expect("no open transaction");
    frozen.write::<LoadError>(&mut |chunk| loader.chunk(chunk)).expect("its own chunks");
    let (mut expected, loaded) = (contents(&store), contents(&loader.finish().expect("its own chunks")));
    expected.0.retain(|&(table, ..)| SCHEMA.tables[usize::from(table)].durability > Durability::Ephemeral);
    assert_eq!(loaded, expected);
}

/// Rows by table and slot, and the tables' counters.
type Contents = (Vec<(u16, u32, Vec<u8>)>, Vec<Option<u64>>);

fn contents(store: &Store) -> Contents {
    let tables = 0..SCHEMA.tables.len() as u16;
    let rows = tables.clone().flat_map(|table| {
        store.slots(table).map(move |(slot, row)| (table, slot, row.to_vec())).collect::<Vec<_>>()
    });
    (rows.collect(), tables.map(|table| store.auto_inc_counter(table, 0)).collect())
}
