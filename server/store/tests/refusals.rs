//! What the store refuses and how it says so: every sentence names the table, the column or index, and the value.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

use std::ops::Bound;
use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, RowLayout, Schema, TableSchema, Value, encode_row,
    varint,
};
use ambit_store::{Bounds, KeyPrefix, Store};
use expect_test::{Expect, expect};

const PLAYERS: u16 = 0;
const BY_ID: u16 = 0;
const BY_NAME: u16 = 1;
const BY_LEVEL: u16 = 2;
const BY_PLACE: u16 = 3;

fn schema() -> Arc<Schema> {
    let column = |name: &str, ty, auto_inc| ColumnSchema { auto_inc, ..ColumnSchema::new(name, ty) };
    let index = |name: &str, columns: &[u16], kind, unique| IndexSchema {
        name: name.into(),
        columns: columns.to_vec(),
        kind,
        unique,
    };
    let players = TableSchema {
        name: "players".into(),
        public: true,
        columns: vec![
            column("id", ColumnType::I8, true),
            column("name", ColumnType::String, false),
            column("level", ColumnType::U32, false),
            column("place", ColumnType::Vec2, false),
        ],
        indexes: vec![
            index("id", &[0], IndexKind::Hash, true),
            index("name_level", &[1, 2], IndexKind::Hash, true),
            index("level", &[2, 0], IndexKind::Ordered, false),
            index("place", &[3], IndexKind::Spatial { cell: 10.0 }, false),
        ],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    Arc::new(Schema { tables: vec![players], reducers: vec![], ..Schema::default() })
}

fn layout() -> RowLayout {
    schema().tables[0].layout()
}

fn player(id: i8, name: &str, level: u32, x: f32) -> Vec<u8> {
    let place = Value::Vec2(ambit_model::glam::Vec2::new(x, 0.0));
    encode_row(&layout(), &[Value::I8(id), Value::String(name.into()), Value::U32(level), place]).unwrap()
}

fn key(columns: &[u16], values: &[Value]) -> Vec<u8> {
    encode_row(&layout().of_columns(columns), values).unwrap()
}

/// A store with one committed player in slot 0.
fn store() -> Store {
    let mut store = Store::new(schema());
    store.insert(PLAYERS, &mut player(0, "Ada", 7, 1.0)).unwrap();
    store.commit();
    store
}

fn check(attempt: impl FnOnce(&mut Store) -> Result<(), String>, expected: Expect) {
    let mut store = store();
    let rows_before: Vec<_> = store.slots(PLAYERS).map(|(slot, row)| (slot, row.to_vec())).collect();
    let refusal = attempt(&mut store).unwrap_err();
    expected.assert_eq(&refusal);
    let rows_after: Vec<_> = store.slots(PLAYERS).map(|(slot, row)| (slot, row.to_vec())).collect();
    assert_eq!(rows_after, rows_before, "a refusal changes nothing");
    assert!(!store.has_changes(), "a refusal opens nothing");
}

fn text<T, E: ToString>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|error| error.to_string())
}

#[test]
fn inserts() {
    check(|store| text(store.insert(9, &mut [])), expect!["there is no table with id 9"]);
    check(
        |store| text(store.insert(PLAYERS, &mut [1, 2])),
        expect!["the bytes are not a row of table `players`: the bytes end too early at byte 0 of the row"],
    );
    check(
        |store| text(store.insert(PLAYERS, &mut player(1, "Bob", 1, 0.0))),
        expect!["table `players`, column `id`: another row already has 1 in the unique index `id`"],
    );
    check(
        |store| text(store.insert(PLAYERS, &mut player(0, "Ada", 7, 0.0))),
        expect![[
            r#"table `players`, column `name, level`: another row already has "Ada", 7 in the unique index `name_level`"#
        ]],
    );
    check(
        |store| text(store.insert(PLAYERS, &mut player(0, "Bob", 1, f32::NAN))),
        expect!["table `players`, column `place`: a position must be finite, got [NaN, 0]"],
    );
    check(
        |store| text(store.insert(PLAYERS, &mut player(0, "Bob", 1, f32::INFINITY))),
        expect!["table `players`, column `place`: a position must be finite, got [inf, 0]"],
    );
}

#[test]
fn a_type_runs_out_of_numbers() {
    let mut store = store();
    store.insert(PLAYERS, &mut player(i8::MAX, "last", 1, 0.0)).unwrap();
    store.commit();
    let mut row = player(0, "one more", 1, 0.0);
    let refusal = store.insert(PLAYERS, &mut row).unwrap_err();
    expect!["table `players`, column `id`: all numbers up to 127 have been handed out"]
        .assert_eq(&refusal.to_string());
    assert_eq!(row, player(0, "one more", 1, 0.0));
    store.insert(PLAYERS, &mut player(-5, "by hand", 1, 0.0)).unwrap();
}

#[test]
fn updates_and_deletes() {
    check(|store| text(store.update(9, 0, &[])), expect!["there is no table with id 9"]);
    check(
        |store| text(store.update(PLAYERS, 5, &player(1, "Bob", 1, 0.0))),
        expect!["table `players` has no row in slot 5"],
    );
    check(
        |store| text(store.update(PLAYERS, u32::MAX, &player(1, "Bob", 1, 0.0))),
        expect!["table `players` has no row in slot 4294967295"],
    );
    check(
        |store| text(store.update(PLAYERS, 0, &[0; 32])),
        expect![
            "the bytes are not a row of table `players`: unexpected bytes follow the row at byte 24 of the row"
        ],
    );
    check(
        |store| text(store.update(PLAYERS, 0, &player(1, "Ada", 7, f32::NEG_INFINITY))),
        expect!["table `players`, column `place`: a position must be finite, got [-inf, 0]"],
    );
    check(
        |store| text(store.patch(PLAYERS, 0, 1 << 9, &[])),
        expect![
            "the bytes are not a row of table `players`: a column is named that the row does not have at byte 0 of the row"
        ],
    );
    check(
        |store| text(store.patch(PLAYERS, 0, 4, &[1, 2])),
        expect!["the bytes are not a row of table `players`: the bytes end too early at byte 0 of the row"],
    );
    check(
        |store| text(store.patch(PLAYERS, 0, 4, &[1, 0, 0, 0, 5])),
        expect![
            "the bytes are not a row of table `players`: unexpected bytes follow the row at byte 4 of the row"
        ],
    );
    check(|store| text(store.delete(9, 0)), expect!["there is no table with id 9"]);
    check(|store| text(store.delete(PLAYERS, 1)), expect!["table `players` has no row in slot 1"]);
}

#[test]
fn an_update_to_a_taken_key() {
    let mut store = store();
    let slot = store.insert(PLAYERS, &mut player(0, "Bob", 1, 0.0)).unwrap();
    let refusal = store.update(PLAYERS, slot, &player(1, "Bob", 1, 0.0)).unwrap_err();
    expect!["table `players`, column `id`: another row already has 1 in the unique index `id`"]
        .assert_eq(&refusal.to_string());
    let mut packed = Vec::new();
    ambit_model::delta::pack_columns(&layout(), &player(0, "Ada", 7, 0.0), 0b110, &mut packed).unwrap();
    let refusal = store.patch(PLAYERS, slot, 0b110, &packed).unwrap_err();
    expect![[r#"table `players`, column `name, level`: another row already has "Ada", 7 in the unique index `name_level`"#]]
        .assert_eq(&refusal.to_string());
    assert_eq!(store.row(PLAYERS, slot), Some(player(2, "Bob", 1, 0.0).as_slice()));
}

#[test]
fn look_ups() {
    let id = key(&[0], &[Value::I8(1)]);
    let slots = &mut vec![];
    check(|store| text(store.find(9, 0, &id)), expect!["there is no table with id 9"]);
    check(|store| text(store.find(PLAYERS, 9, &id)), expect!["table `players` has no index with id 9"]);
    check(
        |store| text(store.find(PLAYERS, BY_LEVEL, &id)),
        expect!["table `players`: the index `level` is not unique"],
    );
    check(
        |store| text(store.find(PLAYERS, BY_ID, &[1])),
        expect![
            "table `players`: the bytes are not a key of the index `id`: the bytes end too early at byte 0 of the row"
        ],
    );
    check(
        |store| text(store.find(PLAYERS, BY_ID, &[1, 1, 0, 0, 0, 0, 0, 0])),
        expect![
            "table `players`: the bytes are not a key of the index `id`: padding is not zero at byte 1 of the row"
        ],
    );
    check(
        |store| text(store.find(PLAYERS, BY_NAME, &[9; 16])),
        expect![
            "table `players`, column `name`: a heap reference points to the wrong place at byte 0 of the row, in a key of the index `name_level`"
        ],
    );
    check(
        |store| text(store.find_all(PLAYERS, BY_PLACE, &[0; 8], slots)),
        expect!["table `players`: the index `place` is not a hash or ordered index"],
    );
    check(
        |store| text(store.range(PLAYERS, BY_NAME, &Bounds::ALL, slots)),
        expect!["table `players`: the index `name_level` is not ordered"],
    );
    check(
        |store| text(store.walk(PLAYERS, BY_NAME, &Bounds::ALL, false, |_| true)),
        expect!["table `players`: the index `name_level` is not ordered"],
    );
    check(
        |store| text(store.range(PLAYERS, BY_LEVEL, &Bounds::equal(&id, 3), slots)),
        expect!["table `players`: a bound names 3 columns; the index `level` takes 1 to 2"],
    );
    check(
        |store| text(store.range(PLAYERS, BY_LEVEL, &Bounds::equal(&id, 0), slots)),
        expect!["table `players`: a bound names 0 columns; the index `level` takes 1 to 2"],
    );
    check(
        |store| text(store.range(PLAYERS, BY_LEVEL, &Bounds::equal(&[1], 1), slots)),
        expect![
            "table `players`: the bytes are not a key of the index `level`: the bytes end too early at byte 0 of the row"
        ],
    );
    check(
        |store| text(store.near(PLAYERS, BY_ID, [0.0; 3], 1.0, slots)),
        expect!["table `players`: the index `id` is not spatial"],
    );
    check(
        |store| text(store.near(PLAYERS, BY_PLACE, [f64::NAN, 0.0, 0.0], 1.0, slots)),
        expect!["a circle needs a finite centre and a radius of at least 0"],
    );
    check(
        |store| text(store.near(PLAYERS, BY_PLACE, [0.0; 3], -1.0, slots)),
        expect!["a circle needs a finite centre and a radius of at least 0"],
    );
    assert_eq!(*slots, vec![]);
}

#[test]
fn what_is_found() {
    let mut store = store();
    for (id, level) in [(10, 3), (20, 9), (30, 3)] {
        store.insert(PLAYERS, &mut player(id, "npc", u32::from(id as u8) + level, f32::from(id))).unwrap();
    }
    let level = |level| key(&[2], &[Value::U32(level)]);
    let (low, high) = (level(7), level(29));
    let prefix = |key| KeyPrefix { key, columns: 1 };
    let mut slots = vec![];
    let bounds = Bounds { lower: Bound::Included(prefix(&low)), upper: Bound::Excluded(prefix(&high)) };
    store.range(PLAYERS, BY_LEVEL, &bounds, &mut slots).unwrap();
    assert_eq!(slots, [0, 1]);
    slots.clear();
    store.range(PLAYERS, BY_LEVEL, &Bounds { lower: bounds.upper, upper: bounds.lower }, &mut slots).unwrap();
    assert_eq!(slots, []);
    let name = key(&[1, 2], &[Value::String("npc".into()), Value::U32(29)]);
    store.range(PLAYERS, BY_NAME, &Bounds::equal(&name, 2), &mut slots).unwrap();
    assert_eq!(slots, [2]);
    slots.clear();
    store.near(PLAYERS, BY_PLACE, [15.0, 0.0, 99.0], 5.0, &mut slots).unwrap();
    assert_eq!(slots, [1, 2], "both ends of the radius belong to the circle");
}

#[test]
fn change_sets() {
    let body = |operation: &[u8]| [&[0, 1], operation].concat();
    let row = player(9, "Bob", 1, 0.0);
    let insert = |slot: u64, row: &[u8]| {
        let mut operation = Vec::new();
        varint::write(&mut operation, slot << 2);
        varint::write(&mut operation, row.len() as u64);
        body(&[&operation, row].concat())
    };
    let twice = [insert(4, &row), insert(4, &row)].concat();
    let same_name = insert(1, &player(9, "Ada", 7, 0.0));
    let nowhere = insert(1, &player(9, "Bob", 7, f32::NAN));
    check(
        |store| text(store.apply(&[0], |_| {})),
        expect!["the change set is damaged at byte 1: the bytes end too early"],
    );
    check(
        |store| text(store.apply(&[7, 1], |_| {})),
        expect!["the change set is damaged at byte 0: there is no table with id 7"],
    );
    check(
        |store| text(store.apply(&body(&[]), |_| {})),
        expect!["the change set is damaged at byte 2: the bytes end too early"],
    );
    check(
        |store| text(store.apply(&insert(1 << 32, &row), |_| {})),
        expect![
            "the change set is damaged at byte 2: a number is too large for its place or not in its shortest form"
        ],
    );
    check(
        |store| text(store.apply(&body(&[5 << 2 | 2]), |_| {})),
        expect!["the change set is damaged at byte 2: table `players` has no row in slot 5"],
    );
    check(
        |store| text(store.apply(&insert(0, &row), |_| {})),
        expect!["the change set is damaged at byte 2: table `players` already has a row in slot 0"],
    );
    check(
        |store| text(store.apply(&insert(1 << 30, &row), |_| {})),
        expect!["the change set is damaged at byte 2: table `players`: slot 1073741824 lies too far ahead"],
    );
    check(
        |store| text(store.apply(&insert(1, &row[1..]), |_| {})),
        expect![
            "the change set is damaged at byte 2: the bytes are not a row of table `players`: padding is not zero at byte 3 of the row"
        ],
    );
    check(
        |store| text(store.apply(&twice, |_| {})),
        expect!["the change set is damaged at byte 33: table `players`: slot 4 is changed twice"],
    );
    check(
        |store| text(store.apply(&same_name, |_| {})),
        expect![[
            r#"the change set is damaged at byte 31: table `players`, column `name, level`: another row already has "Ada", 7 in the unique index `name_level`"#
        ]],
    );
    check(
        |store| text(store.apply(&nowhere, |_| {})),
        expect![
            "the change set is damaged at byte 2: table `players`, column `place`: a position must be finite, got [NaN, 0]"
        ],
    );
    check(
        |store| text(store.apply(&body(&[5 << 2 | 0x82, 0]), |_| {})),
        expect![
            "the change set is damaged at byte 2: a number is too large for its place or not in its shortest form"
        ],
    );
    check(
        |store| text(store.apply(&[0, 0x81, 0x80, 0x80, 0x80, 0x10], |_| {})),
        expect![
            "the change set is damaged at byte 1: a number is too large for its place or not in its shortest form"
        ],
    );
    let counter = |column: u8, counter: u64| {
        let mut operation = vec![column << 3 | 3];
        varint::write(&mut operation, counter);
        body(&operation)
    };
    check(
        |store| text(store.apply(&counter(2, 5), |_| {})),
        expect![
            "the change set is damaged at byte 2: table `players`: column 2 has no auto_inc counter that could stand at 5"
        ],
    );
    check(
        |store| text(store.apply(&counter(0, 128), |_| {})),
        expect![
            "the change set is damaged at byte 2: table `players`: column 0 has no auto_inc counter that could stand at 128"
        ],
    );

    let mut store = store();
    store.delete(PLAYERS, 0).unwrap();
    let refusal = store.apply(&[], |_| {}).unwrap_err();
    expect!["the change set is damaged at byte 0: the store has an open transaction"]
        .assert_eq(&refusal.to_string());
}

#[test]
fn two_rows_exchange_their_unique_keys() {
    let mut engine = store();
    engine.insert(PLAYERS, &mut player(2, "Bob", 7, 0.0)).unwrap();
    let first = engine.commit();
    engine.update(PLAYERS, 0, &player(1, "someone", 7, 1.0)).unwrap();
    engine.update(PLAYERS, 1, &player(2, "Ada", 7, 0.0)).unwrap();
    engine.update(PLAYERS, 0, &player(1, "Bob", 7, 1.0)).unwrap();
    let second = engine.commit();
    let mut follower = store();
    follower.apply(&first.body, |_| {}).unwrap();
    follower.apply(&second.body, |_| {}).unwrap();
    assert!(follower.slots(PLAYERS).eq(engine.slots(PLAYERS)));
    let name = key(&[1, 2], &[Value::String("Ada".into()), Value::U32(7)]);
    assert_eq!(follower.find(PLAYERS, BY_NAME, &name), Ok(Some(1)));
}
