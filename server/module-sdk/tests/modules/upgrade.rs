//! A migration, from the attributes of a module to the rows of its database.

use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, EnumType, IndexKind, IndexSchema, Lifecycle, Schema, TableSchema, Timestamp,
    Value, Variant, encode_row,
};
use ambit_module_host::CallError;
use ambit_store::Store;

use crate::world::World;

/// `account` as the module's first version had it.
fn account() -> TableSchema {
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    let standing = EnumType { name: "Standing".into(), variants: vec![variant("Good"), variant("Bad")] };
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    TableSchema {
        name: "account".into(),
        public: true,
        columns: vec![
            ColumnSchema::new("id", ColumnType::U64),
            ColumnSchema::new("gold", ColumnType::U32),
            ColumnSchema::new("silver", ColumnType::U32),
            ColumnSchema::new("standing", ColumnType::Enum(Arc::new(standing))),
        ],
        indexes: vec![index("id", 0, IndexKind::Hash, true), index("gold", 1, IndexKind::Ordered, false)],
        primary: Some(0),
        ..TableSchema::default()
    }
}

/// A database of version 0 with `count` accounts; account `n` holds `n` gold and `n % 20` silver coins.
fn former(count: u32) -> Store {
    let layout = account().layout();
    let mut store = Store::new(Arc::new(Schema { tables: vec![account()], ..Schema::default() }));
    for id in 0..count {
        let standing = Value::Enum(u8::from(id % 3 == 0), vec![]);
        let values = [Value::U64(id.into()), Value::U32(id), Value::U32(id % 20), standing];
        let mut row = encode_row(&layout, &values).expect("the values are a row");
        store.insert(0, &mut row).expect("the row is new");
    }
    drop(store.commit());
    store
}

#[test]
fn the_module_describes_what_it_needs() {
    let world = World::start("upgrade-module");
    let schema = world.instance.module().schema();
    assert_eq!(schema.version, 1);
    let [migration] = schema.migrations.as_slice() else { panic!("{:?}", schema.migrations) };
    assert_eq!((migration.name.as_str(), migration.from), ("accounts_to_purses", 0));
    let [reads] = migration.reads.as_slice() else { panic!("{:?}", migration.reads) };
    assert_eq!(reads.name, "account");
    let (_, champion) = schema.table("champion").unwrap();
    assert_eq!(champion.renamed_from.as_deref(), Some("hero"));
    assert_eq!(champion.columns[2].default.as_deref(), Some([1, 0, 0, 0, 0, 0, 0, 0].as_slice()));
}

#[test]
fn a_migration_reads_the_old_rows_and_writes_new_ones() {
    let mut world = World::start("upgrade-module");
    world.now = Timestamp(77);
    let (result, old) = world.migrate(0, former(5_000));
    assert_eq!(result, Ok(()));
    assert_eq!(old.count(0), 5_000);
    assert_eq!(world.log_texts(), ["5000 accounts, 4900 of them rich; the first holds 1 gold coins"]);
    let purses = world.rows("purse");
    assert_eq!(purses.len(), 5_000);
    assert_eq!(purses[43], [Value::U64(43), Value::U64(43 * 20 + 3), Value::Enum(0, vec![])]);
    assert_eq!(purses[45], [Value::U64(45), Value::U64(45 * 20 + 5), Value::Enum(1, vec![])]);
    let upgrade = &world.rows("upgrade")[0];
    assert_eq!(upgrade[1..4], [Value::Timestamp(Timestamp(77)), Value::U64(5_000), Value::U64(4_900)]);
    assert_eq!(world.call("spend", &[Value::U64(43), Value::U64(863)]), Ok(()));
    assert_eq!(world.rows("purse")[43][1], Value::U64(0));
}

#[test]
fn the_same_seed_migrates_the_same() {
    let migrated = |seed| {
        let mut world = World::start("upgrade-module");
        world.seed = seed;
        assert_eq!(world.migrate(0, former(10)).0, Ok(()));
        (world.rows("purse"), world.rows("upgrade"))
    };
    assert_eq!(migrated(3), migrated(3));
    assert_ne!(migrated(3).1, migrated(4).1);
}

#[test]
fn a_migration_that_fails_leaves_nothing_and_can_be_tried_again() {
    let mut world = World::start("upgrade-module");
    let mut store = former(10);
    let layout = account().layout();
    let poor = [Value::U64(99), Value::U32(0), Value::U32(21), Value::Enum(0, vec![])];
    let slot = store.insert(0, &mut encode_row(&layout, &poor).unwrap()).unwrap();
    drop(store.commit());
    let (result, mut store) = world.migrate(0, store);
    assert_eq!(result, Err(CallError::Failed("account 99 has 21 silver coins".into())));
    assert_eq!((world.count("purse"), store.count(0)), (0, 11));
    store.delete(0, slot).unwrap();
    drop(store.commit());
    assert_eq!(world.migrate(0, store).0, Ok(()));
    assert_eq!(world.count("purse"), 10);
}

#[test]
fn a_migration_from_another_database_is_refused() {
    let mut world = World::start("upgrade-module");
    let mut table = account();
    table.columns[2].ty = ColumnType::U16;
    let store = Store::new(Arc::new(Schema { tables: vec![table], ..Schema::default() }));
    let expected = "the migration `accounts_to_purses` reads the column `silver` of the table `account` as u32; in \
                    the database it was u16";
    assert_eq!(world.migrate(0, store).0, Err(CallError::Refused(expected.into())));
    assert_eq!(world.run_all(Lifecycle::Init), Ok(()));
}
