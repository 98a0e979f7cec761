//! Migrations one by one: what a plan says, what stops one and in which words, and what can be read and taken back.

#![expect(clippy::unwrap_used, reason = "the helpers are outside test functions")]

#[path = "migration_steps/world.rs"]
mod world;

use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, Durability, Field, IndexKind, OnDelete, Schema, StructType, Value, Variant,
    decode_row, encode_row,
};
use ambit_store::{Former, MigrateError, Plan, Store, TablePlan, plan, settled};
use expect_test::{Expect, expect};

use world::*;

fn told(plan: &Plan) -> String {
    plan.changes.iter().map(|change| format!("{:?}: {change}\n", change.effect)).collect()
}

fn migrate(store: &mut Store, new: &Schema) -> Result<Former, MigrateError> {
    new.check().unwrap();
    let plan = plan(store.schema(), new);
    store.migrate(Arc::new(settled(new)), &plan)
}

/// The refusal of a new schema, which leaves everything as it was.
fn refused(store: &mut Store, new: &Schema, expected: Expect) {
    let (before, schema) = (rows(store, 0), Arc::clone(store.schema()));
    expected.assert_eq(&migrate(store, new).unwrap_err().to_string());
    assert_eq!(rows(store, 0), before);
    assert_eq!(*store.schema(), schema);
    assert!(!store.has_changes());
}

#[test]
fn a_plan_says_what_it_does() {
    let old = world();
    let mut new = old.clone();
    new.tables.remove(2);
    new.tables.push(table("weather", vec![ColumnSchema::new("wind", ColumnType::Vec2)]));
    let player = &mut new.tables[0];
    player.name = "hero".into();
    player.renamed_from = Some("player".into());
    player.public = false;
    player.durability = Durability::Ephemeral;
    player.columns.swap(1, 2);
    player.columns[1].ty = ColumnType::U64;
    player.indexes[1].columns = vec![2];
    player.columns[2].renamed_from = Some("name".into());
    player.columns[2].name = "title".into();
    player.columns.push(ColumnSchema::new("guild", ColumnType::Option(Box::new(ColumnType::U32))));
    player.indexes.push(index("level", &[1], IndexKind::Ordered, true));
    let item = &mut new.tables[1];
    item.references[0].on_delete = OnDelete::Restrict;
    item.references[0].table = "hero".into();
    item.columns[0].auto_inc = false;
    item.columns[1].ty = ColumnType::Option(Box::new(ColumnType::U32));
    item.columns[2].ty = ColumnType::String;
    item.columns.push(ColumnSchema::new("weight", ColumnType::F32));
    let changes = plan(&old, &new);
    expect![[r#"
        Nothing: table `hero`: was `player`
        Rebuild: table `hero`: column `level` was column 2 and is column 1
        Rebuild: table `hero`: column `level` was u16 and is u64 now
        Nothing: table `hero`: column `title` was `name`
        Rebuild: table `hero`: column `title` was column 1 and is column 2
        Rebuild: table `hero`: column `guild` is new and absent
        Rebuild: table `hero`: the unique ordered index `level` (level) is new
        Destructive: table `hero`: was durable and is ephemeral now
        Nothing: table `hero`: clients may no longer subscribe to it
        Rebuild: table `item`: column `id` counts up (auto_inc) no more
        Rebuild: table `item`: column `owner` was u32 and is Option<u32> now
        Refused: table `item`: column `kind` was u8 and is String now: u8 does not become String by itself
        Refused: table `item`: column `weight` is new, without a default and not an option
        Nothing: table `item`: the reference from owner to `hero` (restrict) is new: every row is checked
        Nothing: table `item`: the reference from owner to `player` (cascade) is gone
        Nothing: table `weather`: is new
        Destructive: table `rumour`: is gone with all its rows
    "#]]
    .assert_eq(&told(&changes));
    assert!(!changes.is_automatic() && changes.is_destructive() && !changes.is_same());
    assert!(matches!(changes.tables[1], TablePlan::Replaced { from: 1, .. }));
    assert_eq!(changes.dropped, [2]);
    assert_eq!(changes.rows_rebuilt(&store()), 3);
    let mut same = old.clone();
    same.tables[0].doc = "another comment".into();
    assert!(plan(&old, &same).is_same());
}

#[test]
fn keys_that_rows_share() {
    let mut store = store();
    for number in 0..60_u16 {
        // Twelve levels, of which the higher ones are rarer.
        let level = (1..=12).find(|step| number < step * (step + 1) / 2 - 1).unwrap_or(12);
        insert(&mut store, 0, &[Value::U32(0), Value::String(format!("p{number}")), Value::U16(100 + level)]);
    }
    store.commit();
    let mut new = world();
    new.tables[0].indexes.push(index("level", &[2], IndexKind::Hash, true));
    refused(
        &mut store,
        &new,
        expect![
            "table `player`: the index `level` cannot be unique: 63 rows share 11 values of `level`: 110 (10 times), 109 (9 times), 108 (8 times), 107 (7 times), 106 (6 times), 111 (6 times), 105 (5 times), 104 (4 times), 3 (3 times), 103 (3 times), and 1 more"
        ],
    );
    let Err(MigrateError::Duplicates(duplicates)) = migrate(&mut store, &new) else {
        panic!("it is refused")
    };
    assert_eq!((duplicates.group_count, duplicates.groups[0].count), (11, 10));
}

#[test]
fn more_groups_than_are_told() {
    let mut store = store();
    for number in 0..40 {
        let level = Value::U16(number / 2 + 50);
        insert(&mut store, 0, &[Value::U32(0), Value::String(format!("p{number}")), level]);
    }
    store.commit();
    let mut new = world();
    new.tables[0].indexes.push(index("level", &[2], IndexKind::Ordered, true));
    let Err(MigrateError::Duplicates(duplicates)) = migrate(&mut store, &new) else {
        panic!("it is refused")
    };
    assert_eq!((duplicates.groups.len(), duplicates.group_count, duplicates.row_count), (10, 21, 43));
    assert!(duplicates.to_string().ends_with("58 (2 times), and 11 more"), "{duplicates}");
}

#[test]
fn rows_that_name_nobody() {
    let mut old = world();
    old.tables[1].references.clear();
    let mut store = Store::new(Arc::new(old));
    for owner in [1, 8, 7, 8] {
        insert(&mut store, 1, &[Value::U32(0), Value::U32(owner), Value::U8(0)]);
    }
    insert(&mut store, 0, &[Value::U32(0), Value::String("Ada".into()), Value::U16(1)]);
    store.commit();
    refused(
        &mut store,
        &world(),
        expect![
            "table `item`, column `owner`: 3 rows name 2 keys that no row of table `player` has: 8 (2 times), 7 (1 times)"
        ],
    );
    // A function of the module may make the rows first.
    let new = Arc::new(world());
    let changes = plan(store.schema(), &new);
    let former = store.reshape(Arc::clone(&new), &changes).unwrap();
    store.check_references(&former).unwrap_err();
    for id in [7, 8] {
        insert(&mut store, 0, &[Value::U32(id), Value::String(format!("{id}")), Value::U16(1)]);
    }
    store.check_references(&former).unwrap();
    assert_eq!(store.delete(0, 2), Ok(3));
}

#[test]
fn values_without_a_counterpart() {
    let wide = ColumnSchema::new("number", ColumnType::I64);
    let mut store = Store::new(Arc::new(schema(vec![table("count", vec![wide.clone()])])));
    insert(&mut store, 0, &[Value::I64(1 << 53)]);
    store.commit();
    let mut new = settled(store.schema());
    new.tables[0].columns[0].ty = ColumnType::F64;
    migrate(&mut store, &new).map(|former| store.restore(former)).unwrap();
    insert(&mut store, 0, &[Value::I64((1 << 53) + 1)]);
    store.commit();
    refused(
        &mut store,
        &new,
        expect![
            "table `count`, column `number`: 9007199254740993 cannot be converted: no f64 has this value exactly"
        ],
    );

    let mut store =
        Store::new(Arc::new(schema(vec![table("spot", vec![ColumnSchema::new("at", ColumnType::Vec2)])])));
    insert(&mut store, 0, &[Value::Vec2(ambit_model::glam::Vec2::new(f32::NAN, 1.0))]);
    store.commit();
    let mut new = settled(store.schema());
    new.tables[0].indexes.push(index("at", &[0], IndexKind::Spatial { cell: 1.0 }, false));
    refused(
        &mut store,
        &new,
        expect![
            "table `spot`, column `at`: [NaN, 1] cannot be converted: a position in a spatial index must be finite"
        ],
    );
}

#[test]
fn a_row_that_would_grow_past_its_limit_takes_no_memory() {
    let tag = |fields| {
        let variant = Variant { name: "V".into(), fields };
        ColumnType::Enum(ambit_model::EnumType { name: "Tag".into(), variants: vec![variant] }.into())
    };
    let list = |inner| table("list", vec![ColumnSchema::new("tags", ColumnType::Vec(Box::new(inner)))]);
    let mut store = Store::new(Arc::new(schema(vec![list(tag(vec![]))])));
    insert(&mut store, 0, &[Value::Vec(vec![Value::Enum(0, vec![]); 100_000])]);
    store.commit();
    let large: Vec<_> =
        (0..60).map(|number| Field { name: format!("f{number}"), ty: ColumnType::Identity }).collect();
    let large = ColumnType::Struct(StructType { name: "Large".into(), fields: large }.into());
    let payload = Field { name: "large".into(), ty: ColumnType::Option(Box::new(large)) };
    let new = schema(vec![list(tag(vec![payload]))]);
    let error = migrate(&mut store, &new).unwrap_err().to_string();
    assert!(error.ends_with("cannot be converted: its row would be larger than a row can be"), "{error}");
}

#[test]
fn the_bits_of_a_nan_are_the_same_everywhere() {
    let of = |ty| schema(vec![table("number", vec![ColumnSchema::new("value", ty)])]);
    let mut store = Store::new(Arc::new(of(ColumnType::F32)));
    for bits in [0x7F80_0001_u32, 0xFFC0_1234, 0x7F80_0000, 0x0000_0001] {
        store.insert(0, &mut u64::from(bits).to_le_bytes()).unwrap();
    }
    store.commit();
    migrate(&mut store, &of(ColumnType::F64)).unwrap();
    let bits: Vec<_> = store.slots(0).map(|(_, row)| u64::from_le_bytes(row.try_into().unwrap())).collect();
    let least = f64::from(f32::from_bits(1)).to_bits();
    assert_eq!(bits, [0x7FF0_0000_2000_0000, 0xFFF8_0246_8000_0000, 0x7FF0_0000_0000_0000, least]);
}

#[test]
fn tables_under_other_ids_and_back() {
    let mut store = store();
    let before = (rows(&store, 0), rows(&store, 1));
    let mut new = world();
    new.tables.rotate_left(1);
    new.tables[2].columns.push(ColumnSchema::new("guild", ColumnType::Option(Box::new(ColumnType::U32))));
    // item, rumour, player
    let former = migrate(&mut store, &new).unwrap();
    assert_eq!((former.kept(0), former.kept(1), former.kept(2)), (None, Some(0), Some(1)));
    assert_eq!((rows(former.store(), 0), former.store().count(1)), (before.0.clone(), 0));
    assert_eq!((rows(&store, 0), store.count(2)), (before.1.clone(), 3));
    let nobody = [Value::U32(0), Value::U32(77), Value::U8(0)];
    let mut orphan = encode_row(&new.tables[0].layout(), &nobody).unwrap();
    expect!["table `item`, column `owner`: table `player` has no row with the key 77"]
        .assert_eq(&store.insert(0, &mut orphan).unwrap_err().to_string());
    assert_eq!(store.delete(2, 0), Ok(3));
    store.restore(former);
    assert!(!store.has_changes());
    assert_eq!((rows(&store, 0), rows(&store, 1)), before);
    let mut orphan = encode_row(&world().tables[1].layout(), &nobody).unwrap();
    expect!["table `item`, column `owner`: table `player` has no row with the key 77"]
        .assert_eq(&store.insert(1, &mut orphan).unwrap_err().to_string());
    assert_eq!(store.delete(0, 0), Ok(3));
    // Change sets and errors carry the old ids and names again.
    let mut follower = self::store();
    follower.apply(&store.commit().body, |_| {}).unwrap();
    assert_eq!((rows(&follower, 0), rows(&follower, 1)), (rows(&store, 0), rows(&store, 1)));
}

#[test]
fn indexes_in_another_order() {
    let mut store = store();
    let mut new = world();
    new.tables[0].indexes.swap(0, 1);
    new.tables[0].primary = Some(1);
    let changes = plan(store.schema(), &new);
    assert_eq!(changes.changes, vec![]);
    assert!(!changes.is_same() && changes.is_automatic());
    let name = encode_row(&new.tables[0].layout().of_columns(&[1]), &[Value::String("Bob".into())]).unwrap();
    assert_eq!(store.find(0, 1, &name), Ok(Some(1)));
    migrate(&mut store, &new).unwrap();
    assert_eq!(store.find(0, 0, &name), Ok(Some(1)));
    assert_eq!(store.delete(0, 0), Ok(3));
}

#[test]
fn a_table_that_only_the_module_can_convert() {
    let mut store = store();
    store.delete(0, 2).unwrap();
    store.commit();
    let reserved = store.auto_inc_reservation(0, 0);
    let mut new = world();
    new.tables[0].columns[2].ty = ColumnType::String;
    let changes = plan(store.schema(), &new);
    assert!(!changes.is_automatic());
    // Nobody has made the rows yet that the items name.
    assert!(matches!(migrate(&mut store, &new), Err(MigrateError::Dangling(_))));
    let former = store.reshape(Arc::new(settled(&new)), &changes).unwrap();
    assert_eq!(store.count(0), 0);
    let layout = former.store().schema().tables[0].layout();
    let old: Vec<_> = former.store().slots(0).map(|(_, row)| decode_row(&layout, row).unwrap()).collect();
    for mut values in old {
        let Value::U16(level) = values[2] else { panic!("a level is a u16") };
        values[2] = Value::String(format!("level {level}"));
        insert(&mut store, 0, &values);
    }
    store.check_references(&former).unwrap();
    // The number of the row that was deleted is not given again.
    let id =
        insert(&mut store, 0, &[Value::U32(0), Value::String("Eve".into()), Value::String(String::new())]);
    assert_eq!(id[..4], 4_u32.to_le_bytes());
    assert_eq!(store.auto_inc_reservation(0, 0), reserved);
}

#[test]
fn what_is_no_plan_for_a_store() {
    let mut store = store();
    let new = Arc::new(world());
    let other = plan(&Schema::default(), &new);
    let short = Plan { tables: vec![], ..plan(&new, &new) };
    let mut twice = plan(&new, &new);
    twice.tables[1] = twice.tables[0].clone();
    let mut far = plan(&new, &new);
    far.tables[0] = TablePlan::Kept { from: 9 };
    let mut wrong = plan(&new, &new);
    wrong.tables[0] = TablePlan::Converted { from: 0, columns: vec![] };
    for plan in [short, twice, far, wrong] {
        assert!(matches!(store.migrate(Arc::clone(&new), &plan), Err(MigrateError::Plan { .. })));
    }
    assert_eq!(store.count(0), 3);
    store.delete(1, 0).unwrap();
    assert_eq!(store.migrate(Arc::clone(&new), &other).unwrap_err(), MigrateError::OpenTransaction);
}
