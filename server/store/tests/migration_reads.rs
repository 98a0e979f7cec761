//! Plans that go with a function of the module: what the function reads of the old tables is there for it, and not lost.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, TableSchema, Value, encode_row};
use ambit_store::{Store, plan};

fn table(name: &str, columns: &[&str]) -> TableSchema {
    TableSchema {
        name: name.into(),
        columns: columns.iter().map(|name| ColumnSchema::new(*name, ColumnType::U64)).collect(),
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        ..TableSchema::default()
    }
}

fn schema(tables: Vec<TableSchema>) -> Arc<Schema> {
    let schema = Schema { tables, ..Schema::default() };
    schema.check().unwrap();
    Arc::new(schema)
}

#[test]
fn what_a_function_reads_is_not_lost() {
    let old = schema(vec![table("level", &["id", "level"]), table("gone", &["id"]), table("other", &["id"])]);
    let new = schema(vec![table("level", &["id"])]);
    let plan = plan(&old, &new);
    assert!(plan.is_destructive());
    let reads = [table("level", &["id", "level"]), table("gone", &["id"])];
    assert!(plan.clone().read_by_function(&old, &reads).is_destructive(), "nobody reads `other`");
    let all = [&reads[..], &[table("other", &["id"])]].concat();
    assert!(!plan.read_by_function(&old, &all).is_destructive());
}

/// A table that was kept moves to the new store; a function that reads it used to see it empty.
#[test]
fn kept_tables_stay_readable_for_a_function() {
    let old = schema(vec![table("first", &["id", "value"]), table("second", &["id", "value"])]);
    let new = schema(vec![table("second", &["id", "value"]), table("first", &["id", "value"])]);
    let mut store = Store::new(Arc::clone(&old));
    let row = |id| encode_row(&old.tables[0].layout(), &[Value::U64(id), Value::U64(id * 10)]).unwrap();
    for id in 1..5 {
        store.insert(0, &mut row(id)).unwrap();
        store.insert(1, &mut row(id + 10)).unwrap();
    }
    store.delete(0, 1).unwrap();
    store.commit();
    let slots = |store: &Store, table| -> Vec<_> {
        store.slots(table).map(|(slot, row)| (slot, row.to_vec())).collect()
    };
    let (first, second) = (slots(&store, 0), slots(&store, 1));
    let plan = plan(&old, &new);
    let copying = plan.copying(&old, &[table("first", &["id", "value"])]);
    assert_eq!(copying.successor(0), plan.successor(0));
    let former = store.reshape(Arc::clone(&new), &copying).unwrap();
    assert_eq!(slots(former.store(), 0), first);
    assert_eq!(slots(&store, 1), first);
    assert_eq!(slots(&store, 0), second);
    assert!(slots(former.store(), 1).is_empty(), "nobody reads it");
    store.restore(former);
    assert_eq!((slots(&store, 0), slots(&store, 1)), (first, second));
}
