//! Players, what they own, and what is said.

use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, OnDelete, ReferenceSchema, Schema, Slot, TableSchema,
    Value, encode_row,
};
use ambit_store::Store;

pub fn schema(tables: Vec<TableSchema>) -> Schema {
    Schema { tables, ..Schema::default() }
}

pub fn table(name: &str, columns: Vec<ColumnSchema>) -> TableSchema {
    TableSchema { name: name.into(), public: true, columns, ..TableSchema::default() }
}

pub fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.to_vec(), kind, unique }
}

pub fn world() -> Schema {
    let id = || ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ColumnType::U32) };
    let key = || index("id", &[0], IndexKind::Hash, true);
    let player = TableSchema {
        indexes: vec![key(), index("name", &[1], IndexKind::Hash, true)],
        primary: Some(0),
        ..table(
            "player",
            vec![
                id(),
                ColumnSchema::new("name", ColumnType::String),
                ColumnSchema::new("level", ColumnType::U16),
            ],
        )
    };
    let owner = ReferenceSchema { columns: vec![1], table: "player".into(), on_delete: OnDelete::Cascade };
    let item = TableSchema {
        indexes: vec![key(), index("owner", &[1], IndexKind::Hash, false)],
        primary: Some(0),
        references: vec![owner],
        ..table(
            "item",
            vec![
                id(),
                ColumnSchema::new("owner", ColumnType::U32),
                ColumnSchema::new("kind", ColumnType::U8),
            ],
        )
    };
    let schema =
        schema(vec![player, item, table("rumour", vec![ColumnSchema::new("text", ColumnType::String)])]);
    schema.check().unwrap();
    schema
}

/// Three players; the first one has two items, the second one.
pub fn store() -> Store {
    let mut store = Store::new(Arc::new(world()));
    for name in ["Ada", "Bob", "Cyd"] {
        insert(&mut store, 0, &[Value::U32(0), Value::String(name.into()), Value::U16(name.len() as u16)]);
    }
    for owner in [1, 1, 2] {
        insert(&mut store, 1, &[Value::U32(0), Value::U32(owner), Value::U8(7)]);
    }
    store.commit();
    store
}

/// The row as it is in the table.
pub fn insert(store: &mut Store, table: u16, values: &[Value]) -> Vec<u8> {
    let layout = store.schema().tables[usize::from(table)].layout();
    let mut row = encode_row(&layout, values).unwrap();
    store.insert(table, &mut row).unwrap();
    row
}

pub fn rows(store: &Store, table: u16) -> Vec<(Slot, Vec<u8>)> {
    store.slots(table).map(|(slot, row)| (slot, row.to_vec())).collect()
}
