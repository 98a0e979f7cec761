//! A database whose module has other tables: `samples/upgrade-module` over a database of its version 0.

use std::sync::{Arc, OnceLock};

use ambit_model::{
    ColumnSchema, ColumnType, EnumType, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema,
    TableSchema, Value, Variant, encode_row,
};

use crate::modules::{assemble, insertion};
use crate::world::{World, sample};

/// A module of this schema whose reducers insert one row each: the table's id and the row.
fn inserting(mut schema: Schema, reducers: &[(&str, u16, Vec<u8>)]) -> Vec<u8> {
    schema.reducers = reducers
        .iter()
        .map(|(name, _, _)| ReducerSchema {
            name: (*name).into(),
            params: Vec::new(),
            lifecycle: Lifecycle::Call,
            doc: String::new(),
        })
        .collect();
    let actions: Vec<_> = reducers.iter().map(|(_, table, row)| insertion(*table, row)).collect();
    assemble(&schema, &actions)
}

fn upgrade() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| sample("upgrade-module"))
}

fn standing() -> ColumnType {
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    ColumnType::Enum(Arc::new(EnumType {
        name: "StandingV0".into(),
        variants: vec![variant("Good"), variant("Bad")],
    }))
}

fn table(name: &str, columns: Vec<ColumnSchema>) -> TableSchema {
    let index = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let public = true;
    let indexes = vec![index];
    TableSchema { name: name.into(), public, columns, indexes, primary: Some(0), ..TableSchema::default() }
}

/// Version 0, with reducers that each insert a row.
fn first_version() -> Vec<u8> {
    let account = TableSchema {
        indexes: vec![
            IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true },
            IndexSchema { name: "gold".into(), columns: vec![1], kind: IndexKind::Ordered, unique: false },
        ],
        ..table(
            "account",
            vec![
                ColumnSchema::new("id", ColumnType::U64),
                ColumnSchema::new("gold", ColumnType::U32),
                ColumnSchema::new("silver", ColumnType::U32),
                ColumnSchema::new("standing", standing()),
            ],
        )
    };
    let hero = table(
        "hero",
        vec![ColumnSchema::new("id", ColumnType::U32), ColumnSchema::new("title", ColumnType::String)],
    );
    let row = |table: &TableSchema, values: &[Value]| encode_row(&table.layout(), values).unwrap();
    let of_account = |id, gold, silver, standing| {
        let standing = Value::Enum(standing, Vec::new());
        row(&account, &[Value::U64(id), Value::U32(gold), Value::U32(silver), standing])
    };
    let reducers = [
        ("add_rich", 0, of_account(1, 150, 7, 0)),
        ("add_poor", 0, of_account(2, 0, 19, 1)),
        ("add_careless", 0, of_account(3, 1, 20, 1)),
        ("add_hero", 1, row(&hero, &[Value::U32(4), Value::String("Arthur".into())])),
    ];
    inserting(Schema { tables: vec![account.clone(), hero.clone()], ..Schema::default() }, &reducers)
}

fn world(reducers: &[&str]) -> World {
    let world = World::with_module(&first_version());
    for reducer in reducers {
        let (status, text) = world.call(reducer, serde_json::json!([]));
        assert_eq!(status, 200, "{text}");
    }
    world
}

fn expect_migrated(world: &World) {
    let purse =
        |id, coins, standing| vec![Value::U64(id), Value::U64(coins), Value::Enum(standing, Vec::new())];
    assert_eq!(world.rows("bank", "purse", 2), [purse(1, 3_007, 0), purse(2, 19, 1)]);
    let hero = vec![Value::U32(4), Value::String("Arthur".into()), Value::U16(1)];
    assert_eq!(world.rows("bank", "champion", 1), [hero]);
}

#[test]
fn a_migration_function_makes_the_new_rows_of_the_old_ones() {
    let mut world = world(&["add_rich", "add_poor", "add_hero"]);
    let (status, plan) =
        world.post("database/bank/publish?dry_run=1", &world.owner, "application/wasm", upgrade());
    assert_eq!(status, 200, "{plan}");
    // What the function reads is not lost.
    assert!(plan.contains("\"is_destructive\":false"), "{plan}");
    assert!(plan.contains("after the migration function has read it"), "{plan}");
    assert_eq!(world.rows("bank", "account", 2).len(), 2);
    world.publish_bank(upgrade());
    expect_migrated(&world);
    assert!(
        world.logs().contains("2 accounts, 1 of them rich; the first holds 150 gold coins"),
        "{}",
        world.logs()
    );
    assert_eq!(world.call("spend", serde_json::json!([1, 7])).0, 200);
    world.settle();

    // By the log, whether there was a crash or a stop in order.
    let mut crashed = world.crashed();
    crashed.start();
    assert_eq!(crashed.rows("bank", "purse", 2)[0][1], Value::U64(3_000));
    drop(crashed);
    world.stop();
    world.start();
    assert_eq!(world.rows("bank", "purse", 2)[0][1], Value::U64(3_000));
    assert_eq!(world.rows("bank", "champion", 1).len(), 1);

    // The module before is an older one now.
    let (status, text) = world.publish("bank", &world.owner, &first_version());
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("it is an older one"), "{text}");
}

#[test]
fn a_failed_migration_leaves_the_old_module_running() {
    let world = world(&["add_rich", "add_careless", "add_hero"]);
    let (status, text) = world.publish("bank", &world.owner, upgrade());
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("account 3 has 20 silver coins"), "{text}");
    assert_eq!(world.rows("bank", "account", 2).len(), 2);
    assert_eq!(world.rows("bank", "hero", 1)[0][1], Value::String("Arthur".into()));
    assert_eq!(world.call("add_poor", serde_json::json!([])).0, 200);
    assert_eq!(world.rows("bank", "account", 3).len(), 3);
    world.settle();
    let mut crashed = world.crashed();
    crashed.start();
    assert_eq!(crashed.rows("bank", "account", 3).len(), 3);
}
