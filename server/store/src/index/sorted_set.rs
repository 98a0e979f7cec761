//! Numbers with slots in order: what ordered indexes, and hash indexes whose keys are shared, are made of.
//!
//! Entries lie in chunks, keys and slots apart from each other, and a B-tree finds the chunk. So an entry takes 12 bytes
//! and a share of what its chunk keeps free; in a B-tree of its own it takes 27, and 54 when entries came in order.

#![expect(clippy::indexing_slicing, reason = "places are found in the chunk that they are used in")]

use std::collections::BTreeMap;
use std::ops::Bound;

use ambit_model::Slot;

use crate::limits::{SORTED_CHUNK_ENTRIES as FULL, SORTED_CHUNK_ENTRIES_FEW as FEW};

/// A set of keys and slots. `K` is an unsigned number.
#[derive(Debug, Clone)]
pub(crate) struct SortedSet<K> {
    /// By a bound that no entry of the chunk and every entry of the chunk before is below. The first chunk's is the lowest
    /// entry there can be.
    chunks: BTreeMap<(K, Slot), Chunk<K>>,
    len: usize,
}

/// Entries in order.
#[derive(Debug, Clone)]
struct Chunk<K> {
    keys: Vec<K>,
    slots: Vec<Slot>,
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self { chunks: BTreeMap::new(), len: 0 }
    }
}

impl<K: Copy + Ord + Default> SortedSet<K> {
    /// The set of a list of `count` entries, which need not be in order.
    pub(crate) fn of(entries: impl Iterator<Item = (K, Slot)>, count: usize) -> Self {
        let mut list = Vec::with_capacity(count);
        list.extend(entries);
        list.sort_unstable();
        let mut chunks = BTreeMap::new();
        let mut bound = (K::default(), 0);
        // A little room in every chunk, so that the next entries do not split them all.
        let mut parts = list.chunks(FULL - FULL / 8).peekable();
        while let Some(part) = parts.next() {
            let mut chunk = Chunk { keys: Vec::with_capacity(FULL), slots: Vec::with_capacity(FULL) };
            chunk.keys.extend(part.iter().map(|entry| entry.0));
            chunk.slots.extend(part.iter().map(|entry| entry.1));
            chunks.insert(bound, chunk);
            if let Some(next) = parts.peek() {
                bound = next[0];
            }
        }
        Self { chunks, len: list.len() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry that is not in the set.
    pub(crate) fn insert(&mut self, key: K, slot: Slot) {
        self.len += 1;
        let Some((_, chunk)) = self.chunks.range_mut(..=(key, slot)).next_back() else {
            self.chunks.insert((K::default(), 0), Chunk { keys: vec![key], slots: vec![slot] });
            return;
        };
        let position = chunk.position((key, slot));
        if chunk.keys.len() < FULL {
            chunk.insert(position, key, slot);
            return;
        }
        // In the middle, but behind the last entry when it came behind it: entries that come in order fill their chunks.
        let middle = if position == FULL { FULL } else { FULL / 2 };
        let mut behind = chunk.split_off(middle);
        if position <= middle && middle < FULL {
            chunk.insert(position, key, slot);
        } else {
            behind.insert(position - middle, key, slot);
        }
        self.chunks.insert(behind.first(), behind);
    }

    /// Takes an entry out; answers whether it was there.
    pub(crate) fn remove(&mut self, key: K, slot: Slot) -> bool {
        let Some((&bound, chunk)) = self.chunks.range_mut(..=(key, slot)).next_back() else { return false };
        let position = chunk.position((key, slot));
        if chunk.keys.get(position) != Some(&key) || chunk.slots[position] != slot {
            return false;
        }
        chunk.keys.remove(position);
        chunk.slots.remove(position);
        self.len -= 1;
        if chunk.keys.len() < FEW {
            self.merge(bound);
        }
        true
    }

    /// The entries between two, both included, in order.
    pub(crate) fn range(
        &self,
        low: (K, Slot),
        high: (K, Slot),
    ) -> impl DoubleEndedIterator<Item = (K, Slot)> + '_ {
        let is_empty = low > high;
        let first = self.chunks.range(..=low).next_back().map_or(low, |(&bound, _)| bound);
        let chunks = self.chunks.range((Bound::Included(first), Bound::Included(high.max(first))));
        chunks.filter(move |_| !is_empty).flat_map(move |(_, chunk)| {
            let (start, end) = (chunk.position(low), chunk.position_after(high));
            chunk.keys[start..end].iter().copied().zip(chunk.slots[start..end].iter().copied())
        })
    }

    /// The slots with this key, in order.
    #[inline]
    pub(crate) fn with_key(&self, key: K) -> impl Iterator<Item = Slot> + '_ {
        self.range((key, 0), (key, Slot::MAX)).map(|entry| entry.1)
    }

    /// All entries in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, Slot)> + '_ {
        self.chunks.values().flat_map(|chunk| chunk.keys.iter().copied().zip(chunk.slots.iter().copied()))
    }

    /// A chunk with few entries joins a neighbour if that has room; so an emptied set gives its memory back.
    fn merge(&mut self, bound: (K, Slot)) {
        let after = self.chunks.range((Bound::Excluded(bound), Bound::Unbounded)).next();
        let before = self.chunks.range(..bound).next_back();
        let len = self.chunks.get(&bound).map_or(0, |chunk| chunk.keys.len());
        let has_room = |neighbour: &Chunk<K>| len + neighbour.keys.len() <= FULL - FULL / 4;
        let (left, right) = match (before, after) {
            (_, Some((&after, neighbour))) if has_room(neighbour) => (bound, after),
            (Some((&before, neighbour)), _) if has_room(neighbour) => (before, bound),
            (None | Some(_), None | Some(_)) if len == 0 => return self.remove_empty(bound),
            (None | Some(_), None | Some(_)) => return,
        };
        if let Some(moved) = self.chunks.remove(&right)
            && let Some(chunk) = self.chunks.get_mut(&left)
        {
            chunk.keys.reserve_exact(moved.keys.len());
            chunk.slots.reserve_exact(moved.slots.len());
            chunk.keys.extend_from_slice(&moved.keys);
            chunk.slots.extend_from_slice(&moved.slots);
        }
    }

    fn remove_empty(&mut self, bound: (K, Slot)) {
        self.chunks.remove(&bound);
        // The first chunk takes whatever is below the second.
        if bound == (K::default(), 0)
            && let Some((_, chunk)) = self.chunks.pop_first()
        {
            self.chunks.insert(bound, chunk);
        }
    }
}

impl<K: Copy + Ord> Chunk<K> {
    /// The number of entries below this one.
    #[inline]
    fn position(&self, entry: (K, Slot)) -> usize {
        let (mut low, mut high) = (0, self.keys.len());
        while low < high {
            let middle = (low + high) / 2;
            if (self.keys[middle], self.slots[middle]) < entry {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The number of entries up to this one.
    #[inline]
    fn position_after(&self, entry: (K, Slot)) -> usize {
        let position = self.position(entry);
        let is_here = self.keys.get(position) == Some(&entry.0) && self.slots[position] == entry.1;
        position + usize::from(is_here)
    }

    fn insert(&mut self, position: usize, key: K, slot: Slot) {
        let len = self.keys.len();
        if len == self.keys.capacity() {
            // As a list grows by itself, but never past a full chunk.
            let more = len.max(4).min(FULL - len);
            self.keys.reserve_exact(more);
            self.slots.reserve_exact(more);
        }
        self.keys.insert(position, key);
        self.slots.insert(position, slot);
    }

    fn split_off(&mut self, position: usize) -> Self {
        Self { keys: self.keys.split_off(position), slots: self.slots.split_off(position) }
    }

    fn first(&self) -> (K, Slot) {
        (self.keys[0], self.slots[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Model = BTreeSet<(u64, Slot)>;

    fn check(set: &SortedSet<u64>, model: &Model) {
        assert!(set.iter().eq(model.iter().copied()));
        assert_eq!(set.len(), model.len());
        for chunk in set.chunks.values() {
            assert!((1..=FULL).contains(&chunk.keys.len()) && chunk.keys.capacity() <= FULL);
        }
    }

    fn toggle(set: &mut SortedSet<u64>, model: &mut Model, key: u64, slot: Slot) {
        if model.remove(&(key, slot)) {
            assert!(set.remove(key, slot));
        } else {
            model.insert((key, slot));
            set.insert(key, slot);
        }
        assert!(!set.remove(key, slot + 1_000_000));
    }

    proptest::proptest! {
        #[test]
        fn it_agrees_with_a_plain_set(
            runs in proptest::collection::vec((0_u64..600, 0_u32..400, 1_u32..300, -3_i64..=3), 0..20),
            probes in proptest::collection::vec(((0_u64..700, 0_u32..700), (0_u64..700, 0_u32..700)), 0..20),
        ) {
            let (mut set, mut model) = (SortedSet::default(), Model::new());
            for (key, slot, count, step) in runs {
                for number in 0..count {
                    let key = key.saturating_add_signed(i64::from(number) * step);
                    toggle(&mut set, &mut model, key, slot + number);
                }
                check(&set, &model);
            }
            let built = SortedSet::of(model.iter().rev().copied(), model.len());
            for set in [&set, &built] {
                check(set, &model);
                for &(low, high) in &probes {
                    let expected: Vec<_> = model.iter().copied().filter(|&entry| low <= entry && entry <= high).collect();
                    let backward: Vec<_> = expected.iter().rev().copied().collect();
                    proptest::prop_assert_eq!(set.range(low, high).collect::<Vec<_>>(), expected);
                    proptest::prop_assert_eq!(set.range(low, high).rev().collect::<Vec<_>>(), backward);
                    let with_key: Vec<_> = model.range((low.0, 0)..=(low.0, Slot::MAX)).map(|entry| entry.1).collect();
                    proptest::prop_assert_eq!(set.with_key(low.0).collect::<Vec<_>>(), with_key);
                }
            }
            let mut emptied = built.clone();
            model.iter().for_each(|&(key, slot)| assert!(emptied.remove(key, slot)));
            proptest::prop_assert_eq!((emptied.len(), emptied.chunks.len()), (0, 0));
        }
    }

    #[test]
    fn entries_in_order_fill_their_chunks() {
        let mut set = SortedSet::default();
        (0..10_000).for_each(|key| set.insert(key, 0));
        assert_eq!(set.chunks.len(), 10_000_usize.div_ceil(FULL));
    }
}
