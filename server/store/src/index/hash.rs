//! The hash index: slots only; keys are compared where they lie, in the rows.

use ambit_model::{RowLayout, Slot};
use hashbrown::HashTable;

use crate::index::key::{KeyPlan, array_at, hash_word};
use crate::rows::Rows;

/// Slots by the hash of their rows' keys. Several slots may share a key.
#[derive(Debug)]
pub(crate) struct HashIndex {
    plan: KeyPlan,
    seed: u64,
    slots: HashTable<Slot>,
}

/// What every look-up needs besides the index.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) layout: &'a RowLayout,
    pub(crate) key_layout: &'a RowLayout,
    pub(crate) rows: &'a Rows,
}

impl HashIndex {
    pub(crate) fn new(layout: &RowLayout, columns: &[u16], key_layout: &RowLayout, seed: u64) -> Self {
        Self { plan: KeyPlan::new(layout, columns, key_layout), seed, slots: HashTable::new() }
    }

    /// A slot with this key. `key` is a valid key row.
    #[inline]
    pub(crate) fn find(&self, source: Source<'_>, key: &[u8]) -> Option<Slot> {
        // The usual key, a 64-bit id of a fixed row, without any detour.
        if let (&KeyPlan::Word { offset, width: 8 }, Rows::Fixed(pages)) = (&self.plan, source.rows) {
            let word = u64::from_le_bytes(array_at(key, 0));
            let same = |&slot: &Slot| u64::from_le_bytes(array_at(pages.get(slot), offset)) == word;
            return self.slots.find(hash_word(self.seed, word), same).copied();
        }
        let hash = self.plan.hash_key(self.seed, key);
        let same = |&slot: &Slot| {
            self.plan.row_has_key(source.layout, source.key_layout, source.rows.get(slot), key)
        };
        self.slots.find(hash, same).copied()
    }

    /// Appends all slots with this key.
    pub(crate) fn find_all(&self, source: Source<'_>, key: &[u8], out: &mut Vec<Slot>) {
        let hash = self.plan.hash_key(self.seed, key);
        out.extend(self.slots.iter_hash(hash).filter(|&&slot| {
            self.plan.row_has_key(source.layout, source.key_layout, source.rows.get(slot), key)
        }));
    }

    /// A slot other than `except` whose row has the same key as `row`.
    pub(crate) fn find_other(&self, source: Source<'_>, row: &[u8], except: Option<Slot>) -> Option<Slot> {
        let hash = self.plan.hash_row(source.layout, source.key_layout, self.seed, row);
        let same = |&slot: &Slot| {
            Some(slot) != except
                && self.plan.same_key(source.layout, source.key_layout, source.rows.get(slot), row)
        };
        self.slots.find(hash, same).copied()
    }

    pub(crate) fn same_key(&self, source: Source<'_>, one: &[u8], other: &[u8]) -> bool {
        self.plan.same_key(source.layout, source.key_layout, one, other)
    }

    /// Adds a slot whose row has been written.
    pub(crate) fn insert(&mut self, source: Source<'_>, slot: Slot) {
        let Self { plan, seed, slots } = self;
        let hash =
            |slot: &Slot| plan.hash_row(source.layout, source.key_layout, *seed, source.rows.get(*slot));
        slots.insert_unique(hash(&slot), slot, hash);
    }

    /// Takes out a slot whose row is still the one it was added with.
    pub(crate) fn remove(&mut self, source: Source<'_>, slot: Slot) {
        let row = source.rows.get(slot);
        let hash = self.plan.hash_row(source.layout, source.key_layout, self.seed, row);
        match self.slots.find_entry(hash, |&candidate| candidate == slot) {
            Ok(entry) => drop(entry.remove()),
            Err(_) => debug_assert!(false, "slot {slot} is missing in a hash index"),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}
