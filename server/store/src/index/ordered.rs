//! The ordered index: sortable keys in order, each followed by its slot.
//!
//! Keys of up to 8 and up to 16 bytes are numbers in a sorted set; longer ones and texts are byte strings in a B-tree.

use std::collections::BTreeSet;
use std::ops::Bound;

use ambit_model::{RowLayout, Slot};

use crate::index::sortable::SortablePart;
use crate::index::sorted_set::SortedSet;
use crate::rows::Rows;

/// Slots in the order of their rows' keys; equal keys in the order of their slots.
#[derive(Debug, Clone)]
pub(crate) struct OrderedIndex {
    parts: Vec<SortablePart>,
    tree: Tree,
    /// Reused for keys that are byte strings.
    scratch: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Tree {
    Word(SortedSet<u64>),
    Double(SortedSet<u128>),
    /// The last four bytes are the slot, big-endian.
    Bytes(BTreeSet<Box<[u8]>>),
}

/// One end of a range: the first columns of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) columns: usize,
}

impl OrderedIndex {
    pub(crate) fn new(layout: &RowLayout, columns: &[u16], key_layout: &RowLayout) -> Self {
        let parts = SortablePart::of_columns(layout, columns, key_layout);
        let bits = parts.iter().map(SortablePart::bits).sum::<Option<u32>>();
        let tree = match bits {
            Some(0..=64) => Tree::Word(SortedSet::default()),
            Some(65..=128) => Tree::Double(SortedSet::default()),
            Some(_) | None => Tree::Bytes(BTreeSet::new()),
        };
        Self { parts, tree, scratch: Vec::new() }
    }

    /// Appends all slots with this key.
    pub(crate) fn find_all(&self, key: &[u8], out: &mut Vec<Slot>) {
        let whole = Prefix { key, columns: self.parts.len() };
        self.range(Bound::Included(whole), Bound::Included(whole), out);
    }

    /// A slot with this key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Slot> {
        match &self.tree {
            Tree::Word(tree) => {
                let number = self.number(key, |part| part.key_offset) as u64;
                tree.with_key(number).next()
            }
            Tree::Double(tree) => {
                let number = self.number(key, |part| part.key_offset);
                tree.with_key(number).next()
            }
            Tree::Bytes(tree) => {
                let mut lowest = Vec::new();
                self.encode(key, |part| part.key_offset, &mut lowest);
                let first = tree.range::<[u8], _>((Bound::Included(&*lowest), Bound::Unbounded)).next()?;
                let (found, slot) = split_slot(first);
                (found == lowest).then_some(slot)
            }
        }
    }

    /// A slot other than `except` whose row has the same key as `row`.
    pub(crate) fn find_other(&self, row: &[u8], except: Option<Slot>) -> Option<Slot> {
        let other = |slot: &Slot| Some(*slot) != except;
        match &self.tree {
            Tree::Word(tree) => {
                let number = self.number(row, |part| part.row_offset) as u64;
                tree.with_key(number).find(other)
            }
            Tree::Double(tree) => {
                let number = self.number(row, |part| part.row_offset);
                tree.with_key(number).find(other)
            }
            Tree::Bytes(tree) => {
                let mut lowest = Vec::new();
                self.encode(row, |part| part.row_offset, &mut lowest);
                tree.range::<[u8], _>((Bound::Included(&*lowest), Bound::Unbounded))
                    .map(|entry| split_slot(entry))
                    .take_while(|(key, _)| *key == lowest)
                    .map(|(_, slot)| slot)
                    .find(other)
            }
        }
    }

    /// Whether two rows have the same place in the order.
    pub(crate) fn same_key(&self, one: &[u8], other: &[u8]) -> bool {
        self.parts.iter().all(|part| match part.bits() {
            Some(0..=128) => part.number(one, part.row_offset) == part.number(other, part.row_offset),
            Some(_) | None => {
                let (mut first, mut second) = (Vec::new(), Vec::new());
                part.encode(one, part.row_offset, &mut first);
                part.encode(other, part.row_offset, &mut second);
                first == second
            }
        })
    }

    /// Adds a slot with its row.
    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) {
        let number = self.is_number().then(|| self.number(row, |part| part.row_offset));
        match (&mut self.tree, number) {
            (Tree::Word(tree), Some(number)) => tree.insert(number as u64, slot),
            (Tree::Double(tree), Some(number)) => tree.insert(number, slot),
            (Tree::Bytes(_) | Tree::Word(_) | Tree::Double(_), _) => {
                let key = self.take_entry(row, slot);
                if let Tree::Bytes(tree) = &mut self.tree {
                    tree.insert(key.as_slice().into());
                }
                self.scratch = key;
            }
        }
    }

    /// Adds the rows of `count` slots to an empty index.
    pub(crate) fn build(&mut self, rows: &Rows, slots: &mut dyn Iterator<Item = Slot>, count: usize) {
        if !self.is_number() {
            return slots.for_each(|slot| self.insert(slot, rows.get(slot)));
        }
        let parts = &self.parts;
        let numbers =
            slots.map(|slot| (prefix_number(parts, rows.get(slot), |part| part.row_offset).0, slot));
        match &mut self.tree {
            Tree::Word(tree) => {
                *tree = SortedSet::of(numbers.map(|(number, slot)| (number as u64, slot)), count);
            }
            Tree::Double(tree) => *tree = SortedSet::of(numbers, count),
            Tree::Bytes(_) => {}
        }
    }

    /// A slot whose row has the same key as another's.
    pub(crate) fn duplicate(&self) -> Option<Slot> {
        match &self.tree {
            Tree::Word(tree) => neighbours(tree.iter()),
            Tree::Double(tree) => neighbours(tree.iter()),
            Tree::Bytes(tree) => neighbours(tree.iter().map(|entry| split_slot(entry))),
        }
    }

    /// Takes out a slot with the row it was added with.
    pub(crate) fn remove(&mut self, slot: Slot, row: &[u8]) {
        let number = self.is_number().then(|| self.number(row, |part| part.row_offset));
        let was_there = match (&mut self.tree, number) {
            (Tree::Word(tree), Some(number)) => tree.remove(number as u64, slot),
            (Tree::Double(tree), Some(number)) => tree.remove(number, slot),
            (Tree::Bytes(_) | Tree::Word(_) | Tree::Double(_), _) => {
                let key = self.take_entry(row, slot);
                let was_there = match &mut self.tree {
                    Tree::Bytes(tree) => tree.remove(key.as_slice()),
                    Tree::Word(_) | Tree::Double(_) => false,
                };
                self.scratch = key;
                was_there
            }
        };
        debug_assert!(was_there, "slot {slot} is missing in an ordered index");
    }

    /// Appends the slots between two bounds in order. The bounds' keys are valid.
    pub(crate) fn range(&self, lower: Bound<Prefix<'_>>, upper: Bound<Prefix<'_>>, out: &mut Vec<Slot>) {
        self.walk(lower, upper, false, |slot| {
            out.push(slot);
            true
        });
    }

    /// Calls `each` with the slots between two bounds, in order or backwards, until it answers false.
    pub(crate) fn walk(
        &self,
        lower: Bound<Prefix<'_>>,
        upper: Bound<Prefix<'_>>,
        is_backward: bool,
        each: impl FnMut(Slot) -> bool,
    ) {
        match &self.tree {
            Tree::Word(tree) => {
                let Some((low, high)) = self.number_range(lower, upper, 64) else { return };
                let entries = tree.range((low as u64, 0), (high as u64, Slot::MAX));
                walk(entries.map(|entry| entry.1), is_backward, each);
            }
            Tree::Double(tree) => {
                let Some((low, high)) = self.number_range(lower, upper, 128) else { return };
                let entries = tree.range((low, 0), (high, Slot::MAX));
                walk(entries.map(|entry| entry.1), is_backward, each);
            }
            Tree::Bytes(tree) => {
                let (Some(low), Some(high)) = (self.edge(lower, false), self.edge(upper, true)) else {
                    return;
                };
                let in_order = match (&low, &high) {
                    (Bound::Included(low), Bound::Excluded(high)) => low <= high,
                    _ => true,
                };
                if in_order {
                    let range = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
                    let entries = tree.range::<[u8], _>(range);
                    walk(entries.map(|entry| split_slot(entry).1), is_backward, each);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.tree {
            Tree::Word(tree) => tree.len(),
            Tree::Double(tree) => tree.len(),
            Tree::Bytes(tree) => tree.len(),
        }
    }

    fn is_number(&self) -> bool {
        match &self.tree {
            Tree::Word(_) | Tree::Double(_) => true,
            Tree::Bytes(_) => false,
        }
    }

    /// All parts as one number, the first column in the highest bits.
    #[inline]
    fn number(&self, row: &[u8], offset: impl Fn(&SortablePart) -> usize) -> u128 {
        prefix_number(&self.parts, row, offset).0
    }

    fn encode(&self, row: &[u8], offset: impl Fn(&SortablePart) -> usize, out: &mut Vec<u8>) {
        self.parts.iter().for_each(|part| part.encode(row, offset(part), out));
    }

    fn take_entry(&mut self, row: &[u8], slot: Slot) -> Vec<u8> {
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        self.encode(row, |part| part.row_offset, &mut key);
        key.extend_from_slice(&slot.to_be_bytes());
        key
    }

    /// The lowest and the highest number between two bounds, both included; `None` when there is none.
    fn number_range(
        &self,
        lower: Bound<Prefix<'_>>,
        upper: Bound<Prefix<'_>>,
        tree_bits: u32,
    ) -> Option<(u128, u128)> {
        let total = self.parts.iter().map(|part| part.bits().unwrap_or(0)).sum::<u32>();
        // The numbers that begin with the prefix: from all zeros to all ones in the bits that it leaves open.
        let span = |prefix: Prefix<'_>| {
            let parts = self.parts.get(..prefix.columns).unwrap_or(&self.parts);
            let (number, bits) = prefix_number(parts, prefix.key, |part| part.key_offset);
            let open = total - bits;
            let low = number.checked_shl(open).unwrap_or(0);
            (low, low | 1_u128.checked_shl(open).map_or(u128::MAX, |bit| bit - 1))
        };
        let low = match lower {
            Bound::Unbounded => 0,
            Bound::Included(prefix) => span(prefix).0,
            Bound::Excluded(prefix) => span(prefix).1.checked_add(1)?,
        };
        let high = match upper {
            Bound::Unbounded => u128::MAX >> (128 - tree_bits),
            Bound::Included(prefix) => span(prefix).1,
            Bound::Excluded(prefix) => span(prefix).0.checked_sub(1)?,
        };
        (low <= high).then_some((low, high))
    }

    /// A bound as the first byte string at or past it; `None` when nothing lies past it.
    fn edge(&self, bound: Bound<Prefix<'_>>, is_upper: bool) -> Option<Bound<Vec<u8>>> {
        let (prefix, past) = match bound {
            Bound::Unbounded => return Some(Bound::Unbounded),
            Bound::Included(prefix) => (prefix, is_upper),
            Bound::Excluded(prefix) => (prefix, !is_upper),
        };
        let mut bytes = Vec::new();
        let parts = self.parts.get(..prefix.columns).unwrap_or(&self.parts);
        parts.iter().for_each(|part| part.encode(prefix.key, part.key_offset, &mut bytes));
        if past {
            while let Some(last) = bytes.pop() {
                if last < u8::MAX {
                    bytes.push(last + 1);
                    break;
                }
            }
            if bytes.is_empty() {
                return is_upper.then_some(Bound::Unbounded);
            }
        }
        Some(if is_upper { Bound::Excluded(bytes) } else { Bound::Included(bytes) })
    }
}

fn walk(
    mut slots: impl DoubleEndedIterator<Item = Slot>,
    is_backward: bool,
    mut each: impl FnMut(Slot) -> bool,
) {
    let is_done = |slot: Slot| !each(slot);
    match is_backward {
        false => slots.any(is_done),
        true => slots.rev().any(is_done),
    };
}

/// The slot of an entry whose key is that of the entry before.
fn neighbours<K: PartialEq>(mut entries: impl Iterator<Item = (K, Slot)>) -> Option<Slot> {
    let (mut before, _) = entries.next()?;
    entries.find_map(|(key, slot)| match key == before {
        true => Some(slot),
        false => {
            before = key;
            None
        }
    })
}

/// The parts as one number, and its bits.
#[inline]
fn prefix_number(parts: &[SortablePart], row: &[u8], offset: impl Fn(&SortablePart) -> usize) -> (u128, u32) {
    parts.iter().fold((0, 0), |(number, bits), part| {
        let width = part.bits().unwrap_or(0);
        (number.checked_shl(width).unwrap_or(0) | part.number(row, offset(part)), bits + width)
    })
}

fn split_slot(entry: &[u8]) -> (&[u8], Slot) {
    match entry.split_last_chunk::<4>() {
        Some((key, slot)) => (key, Slot::from_be_bytes(*slot)),
        None => (entry, 0),
    }
}
