//! Frozen, written, loaded and forked stores hold what the original held at that moment, whatever it does afterwards.

#![expect(clippy::unwrap_used, reason = "the worlds are outside test functions")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the worlds use a few of the value types")]

#[path = "transactions/reference.rs"]
mod reference;
#[path = "transactions/world.rs"]
mod world;

use ambit_store::{FrozenStore, LoadError, Store, StoreLoader};
use proptest::prelude::*;

use reference::Reference;
use world::{ITEMS, MONSTERS, Seed, row_of, schema};

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, Seed),
    Update(u16, usize, u64, Seed),
    Delete(u16, usize),
    Commit,
    Rollback,
    Freeze,
    Fork,
}

fn any_step() -> impl Strategy<Value = Step> {
    let table = prop_oneof![Just(MONSTERS), Just(ITEMS)];
    prop_oneof![
        8 => (table.clone(), any::<Seed>()).prop_map(|(table, seed)| Step::Insert(table, seed)),
        4 => (table.clone(), any::<usize>(), any::<u64>(), any::<Seed>())
            .prop_map(|(table, row, mask, seed)| Step::Update(table, row, mask, seed)),
        3 => (table, any::<usize>()).prop_map(|(table, row)| Step::Delete(table, row)),
        2 => Just(Step::Commit),
        1 => Just(Step::Rollback),
        1 => Just(Step::Freeze),
        1 => Just(Step::Fork),
    ]
}

/// A store and what it should hold.
struct World {
    store: Store,
    reference: Reference,
}

impl World {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Insert(table, seed) => {
                let mut row = row_of(table, seed);
                let expected = self.reference.insert(table, &row);
                assert_eq!(self.store.insert(table, &mut row).ok(), expected.ok().map(|(slot, _)| slot));
            }
            Step::Update(table, row, mask, seed) => {
                let Some(slot) = self.reference.pick(table, row) else { return };
                let row = self.reference.merge(table, slot, mask, &row_of(table, seed));
                let expected = self.reference.update(table, slot, &row);
                assert_eq!(self.store.update(table, slot, &row).is_ok(), expected.is_ok());
            }
            Step::Delete(table, row) => {
                let Some(slot) = self.reference.pick(table, row) else { return };
                self.reference.delete(table, slot);
                self.store.delete(table, slot).unwrap();
            }
            Step::Rollback => {
                self.store.rollback();
                self.reference.rollback();
            }
            Step::Commit | Step::Freeze | Step::Fork => {
                self.store.commit();
                self.reference.commit();
            }
        }
    }

    fn go_on(&mut self, steps: &[Step]) {
        steps.iter().for_each(|step| self.step(step));
        self.reference.compare(&self.store);
    }
}

fn chunks_of(frozen: FrozenStore) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let written = frozen.write::<()>(&mut |chunk| {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    written.unwrap();
    chunks
}

fn load(chunks: &[Vec<u8>]) -> Result<Store, LoadError> {
    let mut loader = StoreLoader::new(schema(), 99);
    chunks.iter().try_for_each(|chunk| loader.chunk(chunk))?;
    loader.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frozen_and_forked_worlds_stay_as_they_were(steps in proptest::collection::vec(any_step(), 1..120)) {
        let mut world = World { store: Store::new(schema()), reference: Reference::new() };
        let mut frozen = Vec::new();
        let mut forks = Vec::new();
        for step in &steps {
            world.step(step);
            match step {
                Step::Freeze => frozen.push((world.store.freeze().unwrap(), world.reference.clone())),
                Step::Fork => {
                    let fork = world.store.fork().unwrap();
                    forks.push(World { store: fork, reference: world.reference.clone() });
                }
                Step::Insert(..) | Step::Update(..) | Step::Delete(..) | Step::Commit | Step::Rollback => {}
            }
        }
        world.go_on(&[]);
        let backwards: Vec<_> = steps.iter().rev().take(20).cloned().collect();
        for (number, fork) in forks.iter_mut().enumerate() {
            fork.go_on(&backwards[..backwards.len().min(5 * number)]);
        }
        for (frozen, reference) in frozen {
            let store = load(&chunks_of(frozen)).unwrap();
            reference.compare(&store);
            // The next slots and numbers are those of the original.
            World { store, reference }.go_on(&backwards);
        }
        world.go_on(&backwards);
        for fork in &mut forks {
            fork.go_on(&backwards);
        }
    }

    #[test]
    fn any_chunks_are_loaded_or_refused(
        rows in proptest::collection::vec((prop_oneof![Just(MONSTERS), Just(ITEMS)], any::<Seed>()), 0..30),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..3),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut store = Store::new(schema());
        for &(table, seed) in &rows {
            let _refused = store.insert(table, &mut row_of(table, seed));
        }
        store.commit();
        let mut chunks = chunks_of(store.freeze().unwrap());
        for (chunk, place, value) in &damage {
            let chunk = chunk.get_mut(&mut chunks);
            *place.get_mut(chunk) = *value;
        }
        if let Ok(mut loaded) = load(&chunks) {
            for index in 0..6 {
                prop_assert_eq!(loaded.index_count(MONSTERS, index), Some(loaded.count(MONSTERS)));
                prop_assert_eq!(loaded.index_count(ITEMS, index), Some(loaded.count(ITEMS)));
            }
            // It is a store like any other.
            for &(table, seed) in &rows {
                let _refused = loaded.insert(table, &mut row_of(table, seed.rotate_left(7)));
            }
            loaded.rollback();
            prop_assert!(load(&chunks_of(loaded.freeze().unwrap())).is_ok());
        }
        let noise = load(&[noise]);
        prop_assert!(noise.is_ok() || noise.is_err());
    }
}
