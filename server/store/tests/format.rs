//! The bytes of docs/formats/change-set.md, written out: version 1 stays readable and is written like this.

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, TableSchema, Value, encode_row};
use ambit_store::Store;

fn schema() -> Arc<Schema> {
    let column = |name: &str, ty, auto_inc| ColumnSchema { auto_inc, ..ColumnSchema::new(name, ty) };
    let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let table = |name: &str| TableSchema {
        name: name.into(),
        public: true,
        columns: vec![column("id", ColumnType::U32, true), column("name", ColumnType::String, false)],
        indexes: vec![id.clone()],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    Arc::new(Schema { tables: vec![table("first"), table("second")], reducers: vec![], ..Schema::default() })
}

fn row(id: u32, name: &str) -> Vec<u8> {
    let layout = schema().tables[0].layout();
    encode_row(&layout, &[Value::U32(id), Value::String(name.into())]).expect("values of these columns")
}

#[test]
fn every_operation_byte_for_byte() {
    let mut store = Store::new(schema());
    store.insert(1, &mut row(0, "ab")).unwrap();
    store.insert(1, &mut row(0, "")).unwrap();
    let inserts: [&[u8]; 7] = [
        &[1, 3],
        &[0, 18],
        &[1, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        b"ab",
        &[1 << 2, 16],
        &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[1 << 2 | 3, 0x82, 0x08],
    ];
    let first = store.commit();
    assert_eq!((&*first.body, first.operation_count), (inserts.concat().as_slice(), 3));

    store.update(1, 0, &row(1, "xyz")).unwrap();
    store.delete(1, 1).unwrap();
    let never = store.insert(1, &mut row(0, "gone at once")).unwrap();
    assert_eq!(never, 2, "the slot of a deleted row rests until the commit");
    store.delete(1, never).unwrap();
    let changes: [&[u8]; 6] =
        [&[1, 3], &[1, 2], &[11, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0], b"xyz", &[1 << 2 | 2], &[3, 3]];
    let second = store.commit();
    assert_eq!((&*second.body, second.operation_count), (changes.concat().as_slice(), 3));

    let mut follower = Store::new(schema());
    follower.apply(&inserts.concat(), |_| {}).unwrap();
    follower.apply(&changes.concat(), |_| {}).unwrap();
    assert!(follower.slots(1).eq([(0, row(1, "xyz").as_slice())]));
    assert_eq!(follower.insert(1, &mut row(0, "next")), Ok(1));
    assert_eq!(follower.auto_inc_counter(1, 0), Some(4));
    assert_eq!(follower.auto_inc_reservation(1, 0), Some(0x402));
}
