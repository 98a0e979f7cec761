//! Numbers of auto_inc columns over commits, rollbacks, crashes and clean ends.

#![expect(clippy::unwrap_used, reason = "the helpers are outside test functions")]

use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, Schema, TableSchema, Value, encode_row,
};
use ambit_store::{InsertError, Store};

fn schema() -> Arc<Schema> {
    let table = |name: &str, ty, durability| TableSchema {
        name: name.into(),
        durability,
        columns: vec![ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ty) }],
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
        table("item", ColumnType::U64, Durability::Durable),
        table("mob", ColumnType::U64, Durability::Checkpointed),
        table("seat", ColumnType::U8, Durability::Ephemeral),
    ];
    Arc::new(Schema { tables, ..Schema::default() })
}

/// Inserts a row whose number the store fills in; returns it.
fn insert(store: &mut Store, table: u16) -> Result<u64, InsertError> {
    let zero = if table == 2 { Value::U8(0) } else { Value::U64(0) };
    let mut row = encode_row(&schema().tables[usize::from(table)].layout(), &[zero]).unwrap();
    store.insert(table, &mut row)?;
    Ok(u64::from_le_bytes(row[..8].try_into().unwrap()))
}

fn reservations(store: &Store) -> Vec<Option<u64>> {
    (0..3).map(|table| store.auto_inc_reservation(table, 0)).collect()
}

#[test]
fn after_a_crash_numbers_go_on_where_nobody_has_seen_one() {
    let (mut engine, mut recovered) = (Store::new(schema()), Store::new(schema()));
    for table in 0..3 {
        assert_eq!(insert(&mut engine, table), Ok(1));
    }
    recovered.apply(&engine.commit().body, |_| {}).unwrap();
    assert_eq!(reservations(&recovered), [Some(1_025), Some(1_025), Some(4)]);
    assert_eq!(reservations(&recovered), reservations(&engine));
    // Commits that do not reach the disk.
    for _ in 0..100 {
        insert(&mut engine, 0).unwrap();
        insert(&mut engine, 1).unwrap();
        engine.commit();
    }
    recovered.resume_counters();
    assert_eq!(insert(&mut recovered, 0), Ok(1_026));
    assert_eq!(insert(&mut recovered, 1), Ok(1_026));
    assert_eq!(insert(&mut recovered, 2), Ok(5));
    recovered.rollback();
    assert_eq!(insert(&mut recovered, 0), Ok(1_026));
}

#[test]
fn after_a_clean_end_numbers_go_on_without_a_gap() {
    let (mut engine, mut recovered) = (Store::new(schema()), Store::new(schema()));
    for table in [0, 0, 1] {
        insert(&mut engine, table).unwrap();
    }
    recovered.apply(&engine.commit().body, |_| {}).unwrap();
    insert(&mut engine, 0).unwrap();
    let released = engine.release_reservations();
    assert_eq!(released.operation_count, 2);
    recovered.apply(&released.body, |_| {}).unwrap();
    assert_eq!(reservations(&recovered), [Some(2), Some(1), Some(0)]);
    assert_eq!(reservations(&engine), reservations(&recovered));
    recovered.resume_counters();
    assert_eq!((insert(&mut recovered, 0), insert(&mut recovered, 1)), (Ok(3), Ok(2)));
    assert!(engine.release_reservations().is_empty());
}

#[test]
fn a_refused_change_set_takes_its_reservation_back() {
    let (mut engine, mut follower) = (Store::new(schema()), Store::new(schema()));
    insert(&mut engine, 0).unwrap();
    let mut body = engine.commit().body.to_vec();
    body.push(0);
    follower.apply(&body, |_| {}).unwrap_err();
    assert_eq!(follower.auto_inc_reservation(0, 0), Some(0));
    assert_eq!(follower.auto_inc_counter(0, 0), Some(0));
}

#[test]
fn a_small_type_gives_all_its_numbers_but_those_that_crashes_skip() {
    let mut engine = Store::new(schema());
    let mut given = vec![];
    let refusal = loop {
        match insert(&mut engine, 2) {
            Ok(number) => given.push(number),
            Err(error) => break error,
        }
        engine.commit();
    };
    assert_eq!(given, (1..=255).collect::<Vec<_>>());
    assert_eq!(refusal.to_string(), "table `seat`, column `id`: all numbers up to 255 have been handed out");
}
