//! A store that came out of a snapshot's chunks once knew nothing of its schema's references: rows could name rows that are
//! not there, and rows that others name could go.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, OnDelete, ReferenceSchema, Schema, TableSchema,
};
use ambit_store::{DeleteError, InsertError, Store, StoreLoader};

fn table(name: &str, references: Vec<ReferenceSchema>) -> TableSchema {
    let index = |name: &str, column, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind: IndexKind::Hash,
        unique,
    };
    TableSchema {
        name: name.into(),
        columns: vec![ColumnSchema::new("id", ColumnType::U64), ColumnSchema::new("guild", ColumnType::U64)],
        indexes: vec![index("id", 0, true), index("guild", 1, false)],
        primary: Some(0),
        references,
        ..TableSchema::default()
    }
}

#[test]
fn a_loaded_store_guards_its_references() {
    let to_guild = ReferenceSchema { columns: vec![1], table: "guild".into(), on_delete: OnDelete::Restrict };
    let schema = Schema {
        tables: vec![table("guild", Vec::new()), table("member", vec![to_guild])],
        ..Schema::default()
    };
    let schema = Arc::new(schema);
    let row = |id: u64, guild: u64| [id.to_le_bytes(), guild.to_le_bytes()].concat();
    let mut store = Store::new(Arc::clone(&schema));
    let guild = store.insert(0, &mut row(7, 0)).unwrap();
    store.insert(1, &mut row(1, 7)).unwrap();
    store.commit();

    let mut loader = StoreLoader::new(schema, 0);
    let mut take = |chunk: &[u8]| -> Result<(), Infallible> {
        loader.chunk(chunk).unwrap();
        Ok(())
    };
    store.freeze().unwrap().write(&mut take).unwrap();
    let mut loaded = loader.finish().unwrap();
    assert!(matches!(loaded.insert(1, &mut row(2, 8)), Err(InsertError::Reference(_))));
    assert!(matches!(loaded.delete(0, guild), Err(DeleteError::Reference(_))));
}
