//! References between rows: what is refused and in which words, what goes with what, and random steps on a plain model
//! that only knows the rule: after every step each row names rows that there are.

#![expect(clippy::unwrap_used, reason = "the helpers are outside test functions")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the world uses a few of the value types")]

#[path = "references/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use ambit_model::delta::pack_columns;
use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexSchema, OnDelete, ReferenceSchema, Slot, Value, decode_row,
    encode_row,
};
use ambit_store::limits::CASCADE_DEPTH_MAX;
use ambit_store::{Dangling, Store};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use world::*;

/// A store with these rows, committed.
fn store(rows: &[(u16, u32, Option<u32>)]) -> Store {
    let mut store = Store::new(schema());
    for &(table, id, named) in rows {
        store.insert(table, &mut row(table, id, named)).unwrap();
    }
    store.commit();
    store
}

fn refused<T: std::fmt::Debug, E: ToString>(result: Result<T, E>, expected: Expect) {
    expected.assert_eq(&result.map_err(|error| error.to_string()).unwrap_err());
}

fn everything(store: &Store) -> BTreeMap<(u16, Slot), Vec<u8>> {
    let rows = |table| store.slots(table).map(move |(slot, row)| ((table, slot), row.to_vec()));
    (0..TABLES).flat_map(rows).collect()
}

#[test]
fn a_new_row_names_rows_that_there_are() {
    let mut store = store(&[(PLAYER, 7, None), (TILE, 1, None)]);
    refused(
        store.insert(ITEM, &mut row(ITEM, 1, Some(8))),
        expect!["table `item`, column `named`: table `player` has no row with the key 8"],
    );
    refused(
        store.insert(HOUSE, &mut row(HOUSE, 1, Some(5))),
        expect![[
            r#"table `house`, column `tile_x, tile_name`: table `tile` has no row with the key 1, "cc""#
        ]],
    );
    assert!(!store.has_changes(), "a refusal opens nothing");
    store.insert(ITEM, &mut row(ITEM, 1, Some(7))).unwrap();
    store.insert(ITEM, &mut row(ITEM, 2, None)).unwrap();
    store.insert(HOUSE, &mut row(HOUSE, 1, Some(1))).unwrap();
    store.insert(HOUSE, &mut row(HOUSE, 2, None)).unwrap();
    store.insert(NODE, &mut row(NODE, 3, Some(3))).unwrap();
    refused(
        store.update(ITEM, 0, &row(ITEM, 1, Some(9))),
        expect!["table `item`, column `named`: table `player` has no row with the key 9"],
    );
    let mut packed = Vec::new();
    pack_columns(&layout_of(ITEM), &row(ITEM, 1, Some(9)), 0b100, &mut packed).unwrap();
    refused(
        store.patch(ITEM, 0, 0b100, &packed),
        expect!["table `item`, column `named`: table `player` has no row with the key 9"],
    );
    refused(
        store.patch(ITEM, 0, 0b100, &packed[1..]),
        expect!["the bytes are not a row of table `item`: the bytes end too early at byte 0 of the row"],
    );
}

#[test]
fn a_key_that_others_name_stays() {
    let mut store = store(&[(PLAYER, 7, None), (MAIL, 1, Some(7)), (MAIL, 2, Some(7)), (ITEM, 1, Some(7))]);
    let before = everything(&store);
    refused(
        store.delete(PLAYER, 0),
        expect![
            "table `player`: 2 rows of table `mail` name the row with the key 7 in column `named`; change or delete them first"
        ],
    );
    refused(
        store.update(PLAYER, 0, &row(PLAYER, 8, None)),
        expect![
            "table `player`: 1 rows of table `item` name the row with the key 7 in column `named`; change or delete them first"
        ],
    );
    assert!(!store.has_changes() && everything(&store) == before);
    store.delete(MAIL, 0).unwrap();
    store.update(MAIL, 1, &row(MAIL, 2, None)).unwrap();
    assert_eq!(store.delete(PLAYER, 0), Ok(2));
    store.rollback();
    assert_eq!(everything(&store), before);
}

#[test]
fn a_delete_takes_with_it_what_says_so() {
    let rows = [
        (PLAYER, 1, None),
        (PLAYER, 2, None),
        (ITEM, 1, Some(1)),
        (ITEM, 2, Some(1)),
        (ITEM, 3, Some(2)),
        (GEM, 1, Some(1)),
        (GEM, 2, Some(2)),
        (GEM, 3, Some(3)),
        (GEM, 4, None),
    ];
    let (mut store, mut follower) = (store(&rows), store(&rows));
    assert_eq!(store.delete(PLAYER, 0), Ok(5));
    follower.apply(&store.commit().body, |_| {}).unwrap();
    assert_eq!(everything(&follower), everything(&store));
    assert_eq!((store.count(PLAYER), store.count(ITEM), store.count(GEM)), (1, 1, 2));
}

#[test]
fn rings_and_rows_that_name_themselves() {
    let mut store = store(&[(LEFT, 1, None), (RIGHT, 1, Some(1)), (NODE, 1, Some(1)), (NODE, 2, Some(1))]);
    store.update(LEFT, 0, &row(LEFT, 1, Some(1))).unwrap();
    assert_eq!(store.delete(LEFT, 0), Ok(2));
    // A row that names itself takes a new key only with its name, and only if no other one names it.
    let text = "a row of its own";
    assert!(store.update(NODE, 0, &row(NODE, 9, Some(1))).is_err(), "{text}");
    assert!(store.update(NODE, 0, &row(NODE, 9, Some(9))).is_err(), "{text}");
    store.delete(NODE, 1).unwrap();
    assert!(store.update(NODE, 0, &row(NODE, 9, Some(1))).is_err(), "{text}");
    store.update(NODE, 0, &row(NODE, 9, Some(9))).unwrap();
    assert_eq!(store.delete(NODE, 0), Ok(1));
}

#[test]
fn who_goes_as_well_forbids_nothing() {
    // A gem goes with its item and holds on to the player who gave it.
    let mut schema = schema().as_ref().clone();
    let gem = &mut schema.tables[usize::from(GEM)];
    gem.columns.push(ColumnSchema::new("giver", ColumnType::U32));
    gem.indexes.push(IndexSchema { name: "giver".into(), columns: vec![3], ..gem.indexes[1].clone() });
    gem.references.push(ReferenceSchema {
        columns: vec![3],
        table: "player".into(),
        on_delete: OnDelete::Restrict,
    });
    let layout = gem.layout();
    let mut store = Store::new(schema.into());
    for (table, id, named) in [(PLAYER, 1, None), (PLAYER, 2, None), (ITEM, 1, Some(1)), (ITEM, 2, Some(2))] {
        store.insert(table, &mut row(table, id, named)).unwrap();
    }
    let mut give = |id: u32, item: u32| {
        let item = Value::Option(Some(Box::new(Value::U32(item))));
        let values = [Value::U32(id), Value::String(String::new()), item, Value::U32(1)];
        store.insert(GEM, &mut encode_row(&layout, &values).unwrap()).unwrap();
    };
    give(1, 1);
    give(2, 2);
    refused(
        store.delete(PLAYER, 0),
        expect![
            "table `player`: 1 rows of table `gem` name the row with the key 1 in column `giver`; change or delete them first"
        ],
    );
    store.delete(GEM, 1).unwrap();
    assert_eq!(store.delete(PLAYER, 0), Ok(3));
}

#[test]
fn a_chain_that_is_too_long_stays() {
    let length = CASCADE_DEPTH_MAX as u32 + 2;
    let chain: Vec<_> = (0..length).map(|id| (NODE, id, id.checked_sub(1))).collect();
    let mut store = store(&chain);
    refused(
        store.delete(NODE, 0),
        expect![
            "table `node`: deleting this row would go on through more than 64 rows that refer to each other in a chain; delete them in parts"
        ],
    );
    assert!(!store.has_changes());
    assert_eq!(store.delete(NODE, 1), Ok(length as usize - 1));
}

#[test]
fn rows_without_their_row_are_taken_out_after_a_recovery() {
    // The last snapshot has two gems; the log says that the first one's item is gone.
    let mut engine = store(&[(PLAYER, 1, None), (ITEM, 1, Some(1)), (ITEM, 2, Some(1))]);
    for (id, item) in [(1, 1), (2, 2), (3, 1)] {
        engine.insert(GEM, &mut row(GEM, id, Some(item))).unwrap();
    }
    let snapshot = engine.commit();
    let mut recovered = store(&[(PLAYER, 1, None), (ITEM, 1, Some(1)), (ITEM, 2, Some(1))]);
    recovered.apply(&snapshot.body, |_| {}).unwrap();
    // A store without references stands for the log, which holds no gems.
    let mut logged = schema().as_ref().clone();
    logged.tables[usize::from(GEM)].references.clear();
    let mut log = Store::new(logged.into());
    for (table, id, named) in [(PLAYER, 1, None), (ITEM, 1, Some(1)), (ITEM, 2, Some(1))] {
        log.insert(table, &mut row(table, id, named)).unwrap();
    }
    log.commit();
    log.delete(ITEM, 0).unwrap();
    recovered.apply(&log.commit().body, |_| {}).unwrap();

    assert_eq!(recovered.remove_dangling(), vec![Dangling { table: GEM, rows: 2 }]);
    assert!(!recovered.has_changes());
    assert_eq!(recovered.slots(GEM).map(|(slot, _)| slot).collect::<Vec<_>>(), [1]);
    assert_eq!(recovered.remove_dangling(), vec![]);
    assert_eq!(recovered.insert(GEM, &mut row(GEM, 9, None)), Ok(0));
    recovered.rollback();
    assert_eq!(recovered.slots(GEM).map(|(slot, _)| slot).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_named_a_row_that_is_taken_out_is_taken_out() {
    let mut schema = schema().as_ref().clone();
    schema.tables[usize::from(ITEM)].durability = Durability::Checkpointed;
    schema.check().unwrap();
    let mut recovered = Store::new(schema.clone().into());
    let rows =
        [(PLAYER, 1, None), (PLAYER, 2, None), (ITEM, 1, Some(1)), (ITEM, 2, Some(2)), (GEM, 1, Some(1))];
    for (table, id, named) in rows.into_iter().chain([(GEM, 2, Some(2)), (GEM, 3, None), (GEM, 4, Some(1))]) {
        recovered.insert(table, &mut row(table, id, named)).unwrap();
    }
    recovered.commit();
    schema.tables.iter_mut().for_each(|table| table.references.clear());
    let mut log = Store::new(schema.into());
    log.insert(PLAYER, &mut row(PLAYER, 1, None)).unwrap();
    log.commit();
    log.delete(PLAYER, 0).unwrap();
    recovered.apply(&log.commit().body, |_| {}).unwrap();
    let removed = [Dangling { table: ITEM, rows: 1 }, Dangling { table: GEM, rows: 2 }];
    assert_eq!(recovered.remove_dangling(), removed);
    assert_eq!(recovered.slots(GEM).map(|(slot, _)| slot).collect::<Vec<_>>(), [1, 2]);
}

/// Rows by table and slot, and the rule.
#[derive(Default, Clone)]
struct Model {
    rows: BTreeMap<(u16, Slot), Vec<u8>>,
}

impl Model {
    fn key(table: u16, row: &[u8]) -> Vec<Value> {
        let primary = schema().tables[usize::from(table)].primary_index().unwrap().columns.clone();
        let values = decode_row(&layout_of(table), row).unwrap();
        primary.iter().map(|&column| values[usize::from(column)].clone()).collect()
    }

    /// The table and key that a row names, and what becomes of it.
    fn named(table: u16, row: &[u8]) -> Option<(u16, Vec<Value>, OnDelete)> {
        let schema = schema();
        let reference = schema.tables[usize::from(table)].references.first()?;
        let values = decode_row(&layout_of(table), row).unwrap();
        let key = reference.columns.iter().map(|&column| match &values[usize::from(column)] {
            Value::Option(inner) => inner.as_deref().cloned(),
            other => Some(other.clone()),
        });
        let (parent, _) = schema.table(&reference.table).unwrap();
        Some((parent, key.collect::<Option<_>>()?, reference.on_delete))
    }

    fn dangling(&self) -> Vec<((u16, Slot), OnDelete)> {
        let keys: BTreeSet<_> = self
            .rows
            .iter()
            .map(|((table, _), row)| format!("{table} {:?}", Self::key(*table, row)))
            .collect();
        let is_dangling = |(&(table, slot), row): (&(u16, Slot), &Vec<u8>)| {
            let (parent, key, on_delete) = Self::named(table, row)?;
            (!keys.contains(&format!("{parent} {key:?}"))).then_some(((table, slot), on_delete))
        };
        self.rows.iter().filter_map(is_dangling).collect()
    }

    fn is_taken(&self, table: u16, row: &[u8], except: Option<Slot>) -> bool {
        let same = |(at, other): (&(u16, Slot), &Vec<u8>)| {
            at.0 == table && Some(at.1) != except && Self::key(table, other) == Self::key(table, row)
        };
        self.rows.iter().any(same)
    }

    /// The rows without one row and what goes with it; `None` when somebody stays behind.
    fn without(&self, table: u16, slot: Slot) -> Option<Self> {
        let mut next = self.clone();
        next.rows.remove(&(table, slot));
        loop {
            let dangling = next.dangling();
            let gone: Vec<_> = dangling.iter().filter(|(_, on)| *on == OnDelete::Cascade).collect();
            if gone.is_empty() {
                return dangling.is_empty().then_some(next);
            }
            gone.iter().for_each(|(at, _)| drop(next.rows.remove(at)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_names_rows_that_there_are(
        steps in proptest::collection::vec((0..TABLES, 0_u32..7, proptest::option::of(0_u32..7), 0_u8..10), 0..90),
    ) {
        let (mut engine, mut follower) = (Store::with_hash_seed(schema(), 3), Store::with_hash_seed(schema(), 4));
        let (mut model, mut committed) = (Model::default(), Model::default());
        for (table, id, named, step) in steps {
            let slot = model.rows.range((table, 0)..(table + 1, 0)).map(|(at, _)| at.1).nth(id as usize % 3);
            let mut new = row(table, id, named);
            match (step, slot) {
                (0..=4, _) => {
                    let mut next = model.clone();
                    next.rows.insert((table, Slot::MAX), new.clone());
                    let allowed = !model.is_taken(table, &new, None) && next.dangling().is_empty();
                    let got = engine.insert(table, &mut new);
                    prop_assert_eq!(got.is_ok(), allowed, "{:?}", got);
                    if let Ok(slot) = got {
                        model.rows.insert((table, slot), new);
                    }
                }
                (5 | 6, Some(slot)) => {
                    let mut next = model.clone();
                    next.rows.insert((table, slot), new.clone());
                    let allowed = !model.is_taken(table, &new, Some(slot)) && next.dangling().is_empty();
                    let got = if step == 5 {
                        engine.update(table, slot, &new)
                    } else {
                        let all = (1 << layout_of(table).columns().len()) - 1;
                        let mut packed = Vec::new();
                        pack_columns(&layout_of(table), &new, all, &mut packed).unwrap();
                        engine.patch(table, slot, all, &packed)
                    };
                    prop_assert_eq!(got.is_ok(), allowed, "{:?}", got);
                    if allowed {
                        model = next;
                    }
                }
                (7, Some(slot)) => {
                    let next = model.without(table, slot);
                    let got = engine.delete(table, slot);
                    let expected = next.as_ref().map(|next| model.rows.len() - next.rows.len());
                    prop_assert_eq!(got.as_ref().ok().copied(), expected, "{:?}", got);
                    model = next.unwrap_or(model);
                }
                (8, _) => {
                    engine.rollback();
                    model = committed.clone();
                }
                _ => {
                    follower.apply(&engine.commit().body, |_| {}).unwrap();
                    committed = model.clone();
                    prop_assert_eq!(everything(&follower), everything(&engine));
                }
            }
            prop_assert_eq!(&everything(&engine), &model.rows);
        }
    }
}
