//! The hash index: slots and perhaps hashes; keys are compared where they lie, in the rows.

use ambit_model::{IndexSchema, RowLayout, Slot};

use crate::index::key::{KeyPlan, array_at, hash_word};
use crate::index::slot_table::SlotTable;
use crate::index::sorted_set::SortedSet;
use crate::rows::Rows;

/// Slots by the hash of their rows' keys.
#[derive(Debug, Clone)]
pub(crate) struct HashIndex {
    plan: KeyPlan,
    seed: u64,
    slots: Slots,
}

#[derive(Debug, Clone)]
enum Slots {
    /// Of a unique index: keys are shared only in the midst of a change set.
    Table(SlotTable),
    /// Of any other. A hash table looks at every slot of a key to find one of them, and a table may have a million
    /// rows and ten keys; the tree goes straight to the hash and slot.
    Tree(SortedSet<u64>),
}

/// What every look-up needs besides the index.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) layout: &'a RowLayout,
    pub(crate) key_layout: &'a RowLayout,
    pub(crate) rows: &'a Rows,
}

impl HashIndex {
    pub(crate) fn new(layout: &RowLayout, schema: &IndexSchema, key_layout: &RowLayout, seed: u64) -> Self {
        let plan = KeyPlan::new(layout, &schema.columns, key_layout);
        let slots = match schema.unique {
            true => Slots::Table(SlotTable::default()),
            false => Slots::Tree(SortedSet::default()),
        };
        Self { plan, seed, slots }
    }

    /// A slot with this key. `key` is a valid key row.
    #[inline]
    pub(crate) fn find(&self, source: Source<'_>, key: &[u8]) -> Option<Slot> {
        // The usual key, a 64-bit id of a fixed row, without any detour.
        if let (&KeyPlan::Word { offset, width: 8 }, Rows::Fixed(pages), Slots::Table(table)) =
            (&self.plan, source.rows, &self.slots)
        {
            let word = u64::from_le_bytes(array_at(key, 0));
            let same = |slot: Slot| u64::from_le_bytes(array_at(pages.get(slot), offset)) == word;
            return table.find(hash_word(self.seed, word), same);
        }
        let hash = self.plan.hash_key(self.seed, key);
        self.slots.find(hash, |slot| self.has_key(source, slot, key))
    }

    /// Whether the row in a slot has this key, if both are a 64-bit word.
    #[inline]
    pub(crate) fn holds(&self, rows: &Rows, slot: Slot, key: &[u8]) -> bool {
        if let (&KeyPlan::Word { offset, width: 8 }, Rows::Fixed(pages), Ok(key)) =
            (&self.plan, rows, <[u8; 8]>::try_from(key))
        {
            return array_at(pages.get(slot), offset) == key;
        }
        false
    }

    /// Appends all slots with this key.
    pub(crate) fn find_all(&self, source: Source<'_>, key: &[u8], out: &mut Vec<Slot>) {
        let hash = self.plan.hash_key(self.seed, key);
        match &self.slots {
            Slots::Table(table) => {
                out.extend(table.find_all(hash).filter(|&slot| self.has_key(source, slot, key)));
            }
            Slots::Tree(tree) => {
                out.extend(tree.with_key(hash).filter(|&slot| self.has_key(source, slot, key)));
            }
        }
    }

    /// A slot other than `except` whose row has the same key as `row`.
    pub(crate) fn find_other(&self, source: Source<'_>, row: &[u8], except: Option<Slot>) -> Option<Slot> {
        let hash = self.hash_row(source, row);
        self.slots
            .find(hash, |slot| Some(slot) != except && self.same_key(source, source.rows.get(slot), row))
    }

    pub(crate) fn same_key(&self, source: Source<'_>, one: &[u8], other: &[u8]) -> bool {
        self.plan.same_key(source.layout, source.key_layout, one, other)
    }

    /// Adds a slot whose row has been written. Answers whether the index is unique and at least two others have the key.
    pub(crate) fn insert(&mut self, source: Source<'_>, slot: Slot) -> bool {
        let hash = self.hash_row(source, source.rows.get(slot));
        match &mut self.slots {
            // Other keys rarely have a hash like it.
            Slots::Table(table) => table.insert(hash, slot) && self.is_crowded(source, hash, slot),
            Slots::Tree(tree) => {
                tree.insert(hash, slot);
                false
            }
        }
    }

    #[cold]
    fn is_crowded(&self, source: Source<'_>, hash: u64, slot: Slot) -> bool {
        let Slots::Table(table) = &self.slots else { return false };
        let row = source.rows.get(slot);
        let has_key = |&other: &Slot| self.same_key(source, source.rows.get(other), row);
        table.find_all(hash).filter(has_key).nth(2).is_some()
    }

    /// Adds the rows of `count` slots to an empty index. Answers a slot whose row has the same key as another's, if the
    /// index is unique.
    pub(crate) fn build(
        &mut self,
        source: Source<'_>,
        slots: &mut dyn Iterator<Item = Slot>,
        count: usize,
    ) -> Option<Slot> {
        let Self { plan, seed, slots: built } = self;
        let hash = |row: &[u8]| plan.hash_row(source.layout, source.key_layout, *seed, row);
        let hashed = slots.map(|slot| (hash(source.rows.get(slot)), slot));
        match built {
            Slots::Table(table) => {
                let same = |one: Slot, other: Slot| {
                    let (one, other) = (source.rows.get(one), source.rows.get(other));
                    plan.same_key(source.layout, source.key_layout, one, other)
                };
                match SlotTable::build(hashed, count, same) {
                    Ok(built) => {
                        *table = built;
                        None
                    }
                    Err(slot) => Some(slot),
                }
            }
            Slots::Tree(tree) => {
                *tree = SortedSet::of(hashed, count);
                None
            }
        }
    }

    /// Takes out a slot whose row is still the one it was added with.
    pub(crate) fn remove(&mut self, source: Source<'_>, slot: Slot) {
        let hash = self.hash_row(source, source.rows.get(slot));
        let was_there = match &mut self.slots {
            Slots::Table(table) => table.remove(hash, slot),
            Slots::Tree(tree) => tree.remove(hash, slot),
        };
        debug_assert!(was_there, "slot {slot} is missing in a hash index");
    }

    pub(crate) fn len(&self) -> usize {
        match &self.slots {
            Slots::Table(table) => table.len(),
            Slots::Tree(tree) => tree.len(),
        }
    }

    #[inline]
    fn hash_row(&self, source: Source<'_>, row: &[u8]) -> u64 {
        self.plan.hash_row(source.layout, source.key_layout, self.seed, row)
    }

    fn has_key(&self, source: Source<'_>, slot: Slot, key: &[u8]) -> bool {
        self.plan.row_has_key(source.layout, source.key_layout, source.rows.get(slot), key)
    }
}

impl Slots {
    #[inline]
    fn find(&self, hash: u64, mut is_wanted: impl FnMut(Slot) -> bool) -> Option<Slot> {
        match self {
            Self::Table(table) => table.find(hash, is_wanted),
            Self::Tree(tree) => tree.with_key(hash).find(|&slot| is_wanted(slot)),
        }
    }
}
