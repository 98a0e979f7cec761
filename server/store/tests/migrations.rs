//! Random schemas and edits on random rows: a migrated store holds what a plain conversion of values gives, in the same
//! slots, a follower agrees, a refusal changes nothing, and a migration can be taken back.

#![expect(clippy::unwrap_used, reason = "the helpers are outside test functions")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the worlds use some of the types")]

#[path = "migrations/model.rs"]
mod model;
#[path = "migrations/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ambit_model::delta::copy_columns;
use ambit_model::{IndexKind, Schema, TableSchema, encode_row};
use ambit_store::{Effect, Former, MigrateError, Store, plan, settled};
use proptest::prelude::*;

use model::{Rows, Stop, convert_row, former_table, is_possible, rows_of};
use world::{Dice, any_value, edit};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_agrees_with_a_plain_conversion(seed: u64, edits in 0_usize..9) {
        let mut dice = Dice(seed);
        let old = world::schema(&mut dice);
        let mut new = old.clone();
        (0..edits).for_each(|number| edit(&mut dice, &mut new, number));
        if old.check().is_err() || new.check().is_err() {
            // An edit may have made an old name a new one again.
            return Ok(());
        }
        run(&mut dice, &Arc::new(old), &new);
    }
}

/// The engine's store and a follower's, with the same rows.
fn stores(dice: &mut Dice, schema: &Arc<Schema>) -> (Store, Store) {
    let (mut store, mut follower) =
        (Store::with_hash_seed(Arc::clone(schema), 5), Store::with_hash_seed(Arc::clone(schema), 6));
    for _ in 0..2 {
        for (id, table) in (0..).zip(&schema.tables) {
            for _ in 0..dice.roll(12) {
                let _refused = store.insert(id, &mut any_row(dice, table));
            }
            let slots: Vec<_> = store.slots(id).map(|(slot, _)| slot).collect();
            for slot in slots {
                if dice.roll(3) == 0 {
                    store.delete(id, slot).unwrap();
                }
            }
        }
        follower.apply(&store.commit().body, |_| {}).unwrap();
    }
    (store, follower)
}

fn any_row(dice: &mut Dice, table: &TableSchema) -> Vec<u8> {
    let values: Vec<_> = table
        .columns
        .iter()
        .map(|column| match column.auto_inc {
            true => ambit_model::decode_row(&world::single(&column.ty), &[0; 8]).unwrap().remove(0),
            false => any_value(dice, &column.ty),
        })
        .collect();
    encode_row(&table.layout(), &values).unwrap()
}

fn run(dice: &mut Dice, old: &Arc<Schema>, new: &Schema) {
    let (mut store, mut follower) = stores(dice, old);
    let before = rows_of(&store);
    let counters_before = counters(&store);
    let plan = plan(old, new);
    let possible = new
        .tables
        .iter()
        .all(|table| former_table(old, table).is_none_or(|former| is_possible(former, table)));
    assert_eq!(plan.is_automatic(), possible, "{:?}", plan.changes);
    let schema = Arc::new(settled(new));
    let expected = expected_rows(old, new, &before);
    match store.migrate(Arc::clone(&schema), &plan) {
        Ok(former) => {
            let expected = expected.expect("the model refuses what the store has done");
            assert_eq!(expected.clashes, vec![], "keys are shared");
            assert_eq!(rows_of(&store), expected.rows, "{:?}", plan.changes);
            check_indexes(&store);
            check_numbers(old, new, &store, &former);
            assert_eq!(ambit_store::plan(&schema, &schema).changes, vec![]);
            follower.migrate(Arc::clone(&schema), &plan).unwrap();
            assert_eq!(rows_of(&follower), rows_of(&store));
            assert_eq!(counters(&follower), counters(&store));
            for (id, table) in (0..).zip(&schema.tables) {
                let mut row = any_row(dice, table);
                let mut twin = row.clone();
                assert_eq!(store.insert(id, &mut row), follower.insert(id, &mut twin));
                assert_eq!(row, twin);
            }
            store.restore(former);
        }
        Err(MigrateError::Value(_)) => assert_eq!(expected.err(), Some(Stop::Value)),
        Err(MigrateError::Duplicates(duplicates)) => {
            let clashes = expected.expect("the model has rows").clashes;
            let found = (
                duplicates.table.clone(),
                duplicates.index.clone(),
                duplicates.group_count,
                duplicates.row_count,
            );
            assert!(clashes.contains(&found), "{found:?} is not among {clashes:?}");
            assert!(duplicates.groups.len() == duplicates.group_count.min(10));
        }
        Err(error) => panic!("{error}"),
    }
    assert!(!store.has_changes());
    assert_eq!(rows_of(&store), before);
    assert_eq!(counters(&store), counters_before);
    assert_eq!(store.schema(), old);
    check_indexes(&store);
    for (id, table) in (0..).zip(&old.tables) {
        let _refused = store.insert(id, &mut any_row(dice, table));
    }
    store.rollback();
    assert_eq!(rows_of(&store), before);
}

/// A continued table's numbers go on where the old ones stood, even if the highest row is gone.
fn check_numbers(old: &Schema, new: &Schema, store: &Store, former: &Former) {
    for (id, table) in (0..).zip(&new.tables) {
        let number_of = |table: &TableSchema| {
            let counting = (0..).zip(&table.columns).find(|(_, column)| column.auto_inc);
            counting.map(|(column, _)| column).unwrap()
        };
        let Some(continued) = former_table(old, table).filter(|former| is_possible(former, table)) else {
            continue;
        };
        let (old_id, _) = old.table(&continued.name).unwrap();
        if former.kept(old_id).is_some() {
            continue;
        }
        let (column, old_column) = (number_of(table), number_of(continued));
        let was = former.store();
        assert_eq!(store.auto_inc_counter(id, column), was.auto_inc_counter(old_id, old_column));
        assert_eq!(store.auto_inc_reservation(id, column), was.auto_inc_reservation(old_id, old_column));
    }
}

fn counters(store: &Store) -> Vec<(String, Option<u64>, Option<u64>)> {
    let tables = (0..).zip(&store.schema().tables);
    let columns =
        tables.flat_map(|(id, table)| (0..table.columns.len() as u16).map(move |column| (id, column)));
    columns
        .map(|(id, column)| {
            let name = store.schema().tables[usize::from(id)].columns[usize::from(column)].name.clone();
            (name, store.auto_inc_counter(id, column), store.auto_inc_reservation(id, column))
        })
        .collect()
}

struct Expected {
    rows: Rows,
    /// Table, index, groups and rows of keys that are shared although they may not.
    clashes: Vec<(String, String, usize, usize)>,
}

fn expected_rows(old: &Schema, new: &Schema, before: &Rows) -> Result<Expected, Stop> {
    let mut expected = Expected { rows: Rows::new(), clashes: vec![] };
    for table in &new.tables {
        let mut rows = BTreeMap::new();
        if let Some(former) = former_table(old, table).filter(|former| is_possible(former, table)) {
            for (slot, row) in &before[&former.name] {
                rows.insert(*slot, convert_row(former, table, row)?);
            }
        }
        for index in table.indexes.iter().filter(|index| index.unique) {
            let mut keys = BTreeMap::<Vec<u8>, usize>::new();
            for row in rows.values() {
                *keys.entry(key(table, &index.columns, row)).or_default() += 1;
            }
            keys.retain(|_, count| *count > 1);
            if !keys.is_empty() {
                let clash = (table.name.clone(), index.name.clone(), keys.len(), keys.values().sum());
                expected.clashes.push(clash);
            }
        }
        expected.rows.insert(table.name.clone(), rows);
    }
    Ok(expected)
}

fn key(table: &TableSchema, columns: &[u16], row: &[u8]) -> Vec<u8> {
    let layout = table.layout();
    let mut key = Vec::new();
    copy_columns(&layout, row, columns, &layout.of_columns(columns), &mut key).unwrap();
    key
}

/// Every row is found by every one of its keys, and no index holds more.
fn check_indexes(store: &Store) {
    for (id, table) in (0..).zip(&store.schema().tables) {
        for (index_id, index) in (0..).zip(&table.indexes) {
            assert_eq!(store.index_count(id, index_id), Some(store.count(id)));
            if matches!(index.kind, IndexKind::Spatial { .. }) {
                continue;
            }
            for (slot, row) in store.slots(id) {
                let mut found = vec![];
                store.find_all(id, index_id, &key(table, &index.columns, row), &mut found).unwrap();
                assert!(found.contains(&slot) && (found.len() == 1 || !index.unique));
            }
        }
    }
}

#[test]
fn the_random_edits_reach_every_kind_of_change() {
    let mut seen = BTreeSet::new();
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let old = world::schema(&mut dice);
        let mut new = old.clone();
        (0..6).for_each(|number| edit(&mut dice, &mut new, number));
        if new.check().is_ok() {
            seen.extend(plan(&old, &new).changes.iter().map(|change| (change.what, change.effect)));
        }
    }
    use ambit_store::ChangeWhat as What;
    for expected in [
        (What::TableCreated, Effect::Nothing),
        (What::TableDropped, Effect::Destructive),
        (What::TableRenamed, Effect::Nothing),
        (What::ColumnAdded, Effect::Rebuild),
        (What::ColumnAdded, Effect::Refused),
        (What::ColumnRemoved, Effect::Destructive),
        (What::ColumnRenamed, Effect::Nothing),
        (What::ColumnMoved, Effect::Rebuild),
        (What::ColumnType, Effect::Rebuild),
        (What::ColumnType, Effect::Destructive),
        (What::ColumnType, Effect::Refused),
        (What::Index, Effect::Rebuild),
        (What::Visibility, Effect::Nothing),
    ] {
        assert!(seen.contains(&expected), "{expected:?}");
    }
}
