//! A look-up that is told where to look first finds what any other finds.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, TableSchema};
use ambit_store::{LookupError, Store};

fn store(key: ColumnType, kind: IndexKind) -> Store {
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    let table = TableSchema {
        name: "thing".into(),
        columns: vec![ColumnSchema::new("id", key), ColumnSchema::new("group", ColumnType::U64)],
        indexes: vec![index("id", 0, kind, true), index("group", 1, IndexKind::Hash, false)],
        primary: Some(0),
        ..TableSchema::default()
    };
    Store::new(Arc::new(Schema { tables: vec![table], ..Schema::default() }))
}

fn row(id: u64) -> [u8; 16] {
    (u128::from(id) | u128::from(id % 3) << 64).to_le_bytes()
}

#[test]
fn any_hints_lead_to_the_same_row() {
    for (key, kind) in [
        (ColumnType::U64, IndexKind::Hash),
        (ColumnType::U64, IndexKind::Ordered),
        (ColumnType::I64, IndexKind::Hash),
    ] {
        let mut store = store(key, kind);
        for id in 0..20 {
            store.insert(0, &mut row(id)).unwrap();
        }
        store.commit();
        // Slots whose row is gone hold its bytes still, and one row has moved to another key.
        for slot in [3, 4, 19] {
            store.delete(0, slot).unwrap();
        }
        store.update(0, 7, &row(3)).unwrap();
        for id in 0..22 {
            let expected = store.find(0, 0, &u64::to_le_bytes(id)).unwrap();
            for first in 0..25 {
                for second in [0, 7, 24, u32::MAX] {
                    let found = store.find_near(0, 0, &u64::to_le_bytes(id), &[first, second]);
                    assert_eq!(found.unwrap(), expected, "key {id}, hints {first} and {second}");
                }
            }
        }
    }
}

#[test]
fn hints_excuse_no_wrong_question() {
    let mut store = store(ColumnType::U64, IndexKind::Hash);
    store.insert(0, &mut row(0)).unwrap();
    assert!(matches!(store.find_near(9, 0, &[0; 8], &[0]), Err(LookupError::UnknownTable(9))));
    for (index, key) in [(1, &[0; 8][..]), (2, &[0; 8]), (0, &[0; 7]), (0, &[0; 16])] {
        let found = store.find(0, index, key).map_err(|error| error.to_string());
        assert!(found.is_err());
        assert_eq!(store.find_near(0, index, key, &[0]).map_err(|error| error.to_string()), found);
    }
}
