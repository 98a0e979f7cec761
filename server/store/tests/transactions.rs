//! Random transactions on the store and on a plain reference, which must agree about every row, slot, index,
//! counter and refusal; and a follower that applies every change set must hold the same, and a store that applies what
//! is logged of them the same of the table that is logged.

#![expect(clippy::unwrap_used, reason = "the reference and the trio are outside test functions")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the worlds use a few of the value types")]

#[path = "transactions/reference.rs"]
mod reference;
#[path = "transactions/world.rs"]
mod world;

use ambit_model::delta::pack_columns;
use ambit_model::{Slot, encode_row};
use ambit_store::{ChangeKind, Store};
use proptest::prelude::*;

use reference::Reference;
use world::{ITEMS, MONSTERS, Seed, layout_of, row_of, schema};

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, Seed),
    Update(u16, usize, Seed),
    Patch(u16, usize, u64, Seed),
    Delete(u16, usize),
    Commit,
    Rollback,
}

fn any_step() -> impl Strategy<Value = Step> {
    let table = prop_oneof![Just(MONSTERS), Just(ITEMS)];
    prop_oneof![
        6 => (table.clone(), any::<Seed>()).prop_map(|(table, seed)| Step::Insert(table, seed)),
        4 => (table.clone(), any::<usize>(), any::<Seed>()).prop_map(|(t, row, seed)| Step::Update(t, row, seed)),
        6 => (table.clone(), any::<usize>(), any::<u64>(), any::<Seed>())
            .prop_map(|(table, row, mask, seed)| Step::Patch(table, row, mask, seed)),
        3 => (table, any::<usize>()).prop_map(|(table, row)| Step::Delete(table, row)),
        3 => Just(Step::Commit),
        1 => Just(Step::Rollback),
    ]
}

/// The engine, the reference, a follower, and what a restart without a snapshot would come to.
struct Trio {
    engine: Store,
    reference: Reference,
    follower: Store,
    recovered: Store,
}

impl Trio {
    fn new() -> Self {
        let follower = Store::with_hash_seed(schema(), 77);
        let recovered = Store::new(schema());
        Self { engine: Store::new(schema()), reference: Reference::new(), follower, recovered }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Insert(table, seed) => {
                let mut row = row_of(table, seed);
                let expected = self.reference.insert(table, &row);
                let before = row.clone();
                match (self.engine.insert(table, &mut row), expected) {
                    (Ok(slot), Ok((expected_slot, expected_row))) => {
                        assert_eq!((slot, row), (expected_slot, expected_row));
                    }
                    (Err(error), Err(reason)) => {
                        assert!(error.to_string().contains(reason), "{error} / {reason}");
                        assert_eq!(row, before, "a refused row is as before");
                    }
                    (got, expected) => panic!("insert: got {got:?}, expected {expected:?}"),
                }
            }
            Step::Update(table, row, seed) => {
                let Some(slot) = self.reference.pick(table, row) else { return };
                self.replace(table, slot, u64::MAX, seed);
            }
            Step::Patch(table, row, mask, seed) => {
                let Some(slot) = self.reference.pick(table, row) else { return };
                let columns = layout_of(table).columns().len();
                self.replace(table, slot, mask & ((1 << columns) - 1), seed);
            }
            Step::Delete(table, row) => match self.reference.pick(table, row) {
                Some(slot) => {
                    self.reference.delete(table, slot);
                    assert_eq!(self.engine.delete(table, slot), Ok(1));
                    assert!(self.engine.delete(table, slot).is_err());
                }
                None => assert!(self.engine.delete(table, 3).is_err()),
            },
            Step::Commit => self.commit(),
            Step::Rollback => {
                self.reference.rollback();
                self.engine.rollback();
                self.reference.compare(&self.engine);
            }
        }
    }

    /// Updates with a whole row when the mask is full, and patches otherwise.
    fn replace(&mut self, table: u16, slot: Slot, mask: u64, seed: Seed) {
        let layout = layout_of(table);
        let row = row_of(table, seed);
        let merged = self.reference.merge(table, slot, mask, &row);
        let expected = self.reference.update(table, slot, &merged);
        let got = if mask == u64::MAX {
            self.engine.update(table, slot, &merged)
        } else {
            let mut packed = Vec::new();
            pack_columns(&layout, &row, mask, &mut packed).unwrap();
            self.engine.patch(table, slot, mask, &packed)
        };
        match (got, expected) {
            (Ok(()), Ok(())) => assert_eq!(self.engine.row(table, slot), Some(merged.as_slice())),
            (Err(error), Err(reason)) => assert!(error.to_string().contains(reason), "{error} / {reason}"),
            (got, expected) => panic!("replace: got {got:?}, expected {expected:?}"),
        }
    }

    fn commit(&mut self) {
        self.reference.compare(&self.engine);
        let changes = self.engine.commit();
        let mut expected = self.reference.commit();
        self.follower
            .apply(&changes.body, |change| {
                let (old, new) = expected.remove(&(change.table, change.slot)).expect("an unexpected change");
                assert_eq!((change.old, change.new), (old.as_slice(), new.as_slice()));
                match change.kind {
                    ChangeKind::Insert => assert!(old.is_empty() && change.packed == new),
                    ChangeKind::Delete => assert!(new.is_empty() && change.packed.is_empty()),
                    ChangeKind::Update => {
                        let layout = layout_of(change.table);
                        assert_eq!(change.mask, ambit_model::delta::changed_columns(&layout, &old, &new));
                    }
                }
            })
            .unwrap();
        assert!(expected.is_empty(), "missing changes: {expected:?}");
        self.reference.compare(&self.follower);
        self.recovered.apply(changes.logged(), |change| assert_eq!(change.table, ITEMS)).unwrap();
        assert!(self.recovered.slots(ITEMS).eq(self.engine.slots(ITEMS)));
        assert_eq!(self.recovered.auto_inc_counter(ITEMS, 0), self.engine.auto_inc_counter(ITEMS, 0));
        assert!(!self.engine.has_changes() && !self.follower.has_changes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn engine_reference_and_follower_agree(steps in proptest::collection::vec(any_step(), 1..80)) {
        let mut trio = Trio::new();
        for step in &steps {
            trio.step(step);
        }
        trio.commit();
        // The follower takes over: its next slots and numbers are the engine's.
        std::mem::swap(&mut trio.engine, &mut trio.follower);
        for step in steps.iter().rev().take(20) {
            trio.step(step);
        }
        trio.commit();
    }

    #[test]
    fn any_bytes_are_applied_or_refused(
        rows in proptest::collection::vec((prop_oneof![Just(MONSTERS), Just(ITEMS)], any::<Seed>()), 0..12),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        tail in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut engine = Store::new(schema());
        for &(table, seed) in &rows {
            let _refused = engine.insert(table, &mut row_of(table, seed));
        }
        let first = engine.commit();
        for &(table, seed) in rows.iter().rev() {
            let _refused = engine.update(table, 0, &row_of(table, seed));
            let _refused = engine.insert(table, &mut row_of(table, seed.rotate_left(9)));
        }
        let second = engine.commit().body.to_vec();
        let mut follower = Store::new(schema());
        follower.apply(&first.body, |_| {}).unwrap();
        let before = snapshot(&follower);

        let mut damaged = second.clone();
        for (place, value) in &damage {
            if let Some(byte) = damaged.len().checked_sub(1).map(|_| place.index(second.len())) {
                damaged[byte] = *value;
            }
        }
        damaged.truncate(cut.index(damaged.len() + 1).max(damaged.len().saturating_sub(3)));
        damaged.extend_from_slice(&tail);
        let mut observed = 0;
        match follower.apply(&damaged, |_| observed += 1) {
            Ok(()) => prop_assert!(!follower.has_changes()),
            Err(error) => {
                prop_assert!(error.to_string().starts_with("the change set is damaged at byte "));
                prop_assert_eq!(observed, 0);
                prop_assert_eq!(snapshot(&follower), before);
                // A refused change set leaves nothing behind: the intact one still fits.
                follower.apply(&second, |_| {}).unwrap();
                prop_assert_eq!(snapshot(&follower), snapshot(&engine));
            }
        }
        let noise = Store::new(schema()).apply(&tail, |_| {});
        prop_assert!(noise.is_ok() || noise.is_err());
    }
}

/// Rows by table and slot, and the tables' counters.
type Snapshot = (Vec<(u16, Slot, Vec<u8>)>, Vec<Option<u64>>);

fn snapshot(store: &Store) -> Snapshot {
    let tables = [MONSTERS, ITEMS];
    let rows = tables
        .iter()
        .flat_map(|&table| store.slots(table).map(move |(slot, row)| (table, slot, row.to_vec())));
    (rows.collect(), tables.iter().map(|&table| store.auto_inc_counter(table, 0)).collect())
}

#[test]
fn numbers_of_a_row_that_never_was_are_not_given_again() {
    let mut engine = Store::new(schema());
    let mut row = row_of(ITEMS, 0);
    let slot = engine.insert(ITEMS, &mut row).unwrap();
    engine.delete(ITEMS, slot).unwrap();
    let changes = engine.commit();
    let mut follower = Store::new(schema());
    follower.apply(&changes.body, |_| panic!("no row has changed")).unwrap();
    assert_eq!(engine.auto_inc_counter(ITEMS, 0), Some(1));
    assert_eq!(follower.auto_inc_counter(ITEMS, 0), Some(1));
    assert_eq!(
        encode_row(&layout_of(ITEMS), &ambit_model::decode_row(&layout_of(ITEMS), &row).unwrap()).unwrap(),
        row
    );
}
