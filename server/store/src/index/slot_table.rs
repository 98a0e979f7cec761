//! A hash table of slots: open addressing in the order of hashes.
//!
//! An entry is a word, 32 bits of the hash and the slot, so that a look-up touches one line of the table and the row that it
//! wants. An entry's home is its share of the table, so entries lie in the order of their hashes, each at its home or as
//! little behind it as those before it allow (linear probing with "Robin Hood" displacement, P. Celis 1986, and deletion by
//! backward shift): a search for what is not there ends as soon as one for what is, and growing is a single pass.

use ambit_model::Slot;

use crate::limits::{BUILD_PART_SLOTS, BUILD_PARTS_MAX};

/// Marks an entry's word, which is never zero then. Slots leave this bit free.
const OCCUPIED: u64 = 1 << 31;

/// At most 4 of 5 places are taken.
const LOAD_MAX: (usize, usize) = (4, 5);

/// Places from an entry's home on in which it usually lies.
const NEAR: usize = 4;

const BUCKETS_MIN: usize = 16;

/// Places behind the last home when a table is made. More are added when they are needed.
const TAIL: usize = 32;

/// Slots by hash. A hash may have several.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotTable {
    /// `buckets` homes and a tail, whose last place is empty, or nothing.
    entries: Vec<u64>,
    buckets: usize,
    len: usize,
}

impl SlotTable {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first slot with this hash that is wanted.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is_wanted: impl FnMut(Slot) -> bool) -> Option<Slot> {
        let tag = tag(hash);
        let home = self.home(tag);
        let first = word(tag, 0);
        // The entries before it, counted without a branch: how many there are is anybody's guess. An empty place counts as
        // one behind it.
        let near = self.entries.get(home..)?.first_chunk::<NEAR>()?;
        let before = near.map(|entry| usize::from(entry.wrapping_sub(1) < first - 1));
        let mut at = home + before.iter().sum::<usize>();
        loop {
            let entry = *self.entries.get(at)?;
            if entry == 0 || tag_of(entry) > tag {
                return None;
            }
            if tag_of(entry) == tag && is_wanted(slot_of(entry)) {
                return Some(slot_of(entry));
            }
            at += 1;
        }
    }

    /// All slots whose hash may be this one.
    pub(crate) fn find_all(&self, hash: u64) -> impl Iterator<Item = Slot> + '_ {
        let tag = tag(hash);
        let entries = self.entries.get(self.home(tag)..).unwrap_or_default();
        let cluster = entries.iter().take_while(move |&&entry| entry != 0 && tag_of(entry) <= tag);
        cluster.filter(move |&&entry| tag_of(entry) == tag).map(|&entry| slot_of(entry))
    }

    /// Adds a slot, which is not there with this hash. Answers whether at least two others have a hash like it.
    pub(crate) fn insert(&mut self, hash: u64, slot: Slot) -> bool {
        if (self.len + 1) * LOAD_MAX.1 > self.buckets * LOAD_MAX.0 {
            self.rebuild((self.buckets + self.buckets / 2).max(BUCKETS_MIN));
        }
        let tag = tag(hash);
        let mut at = self.home(tag);
        let mut carried = word(tag, slot);
        let mut own = None;
        // Behind those that come before it; those behind it make room.
        while let Some(place) = self.entries.get_mut(at) {
            if *place == 0 || *place > carried {
                own.get_or_insert(at);
                std::mem::swap(place, &mut carried);
                if carried == 0 {
                    break;
                }
            }
            at += 1;
        }
        self.len += 1;
        if at + 1 >= self.entries.len() {
            self.entries.reserve_exact(TAIL);
            self.entries.resize(self.entries.len() + TAIL, 0);
        }
        self.is_crowded(own.unwrap_or(at), tag)
    }

    /// Whether an entry is one of at least three of its hash. They lie side by side.
    #[inline]
    fn is_crowded(&self, at: usize, tag: u32) -> bool {
        let is_alike =
            |at: usize| self.entries.get(at).is_some_and(|&entry| entry != 0 && tag_of(entry) == tag);
        match (at > 0 && is_alike(at - 1), is_alike(at + 1)) {
            (true, true) => true,
            (true, false) => at > 1 && is_alike(at - 2),
            (false, true) => is_alike(at + 2),
            (false, false) => false,
        }
    }

    /// Takes a slot out. Answers whether it was there with this hash.
    pub(crate) fn remove(&mut self, hash: u64, slot: Slot) -> bool {
        let tag = tag(hash);
        let wanted = word(tag, slot);
        let mut at = self.home(tag);
        loop {
            match self.entries.get(at) {
                Some(&entry) if entry == wanted => break,
                Some(&entry) if entry != 0 && entry < wanted => at += 1,
                Some(_) | None => return false,
            }
        }
        self.len -= 1;
        // Those behind it that are not at home move up.
        loop {
            let next = self.entries.get(at + 1).copied().unwrap_or(0);
            let moves = next != 0 && self.home(tag_of(next)) <= at;
            if let Some(place) = self.entries.get_mut(at) {
                *place = if moves { next } else { 0 };
            }
            if !moves {
                return true;
            }
            at += 1;
        }
    }

    /// A table of `count` slots with their hashes; or a slot that has the same key as another.
    ///
    /// The table is written from its start to its end: slots are sorted into parts by their hashes, and then within each,
    /// where they stay in the processor's cache.
    pub(crate) fn build(
        hashed: impl Iterator<Item = (u64, Slot)>,
        count: usize,
        same: impl Fn(Slot, Slot) -> bool,
    ) -> Result<Self, Slot> {
        let part_count = (count / BUILD_PART_SLOTS).clamp(1, BUILD_PARTS_MAX);
        let mut parts: Vec<Vec<u64>> = Vec::new();
        // Hashes spread evenly, but not quite.
        let part_slots = count / part_count;
        parts.resize_with(part_count, || Vec::with_capacity(part_slots + part_slots / 16));
        for (hash, slot) in hashed {
            if let Some(part) = parts.get_mut(share(tag(hash), part_count)) {
                part.push(word(tag(hash), slot));
            }
        }
        let buckets = (count * LOAD_MAX.1).div_ceil(LOAD_MAX.0).max(BUCKETS_MIN);
        let mut table = Self { entries: Vec::with_capacity(buckets + TAIL), buckets, len: 0 };
        for mut part in parts {
            part.sort_unstable();
            table.append(&part, &same)?;
        }
        let end = (buckets + TAIL).max(table.entries.len() + 1);
        table.entries.resize(end, 0);
        table.entries.shrink_to_fit();
        Ok(table)
    }

    /// Adds entries, which are in order and come behind all others, to a table in the making.
    fn append(&mut self, part: &[u64], same: &impl Fn(Slot, Slot) -> bool) -> Result<(), Slot> {
        self.len += part.len();
        for &entry in part {
            let tag = tag_of(entry);
            let mut alike =
                self.entries.iter().rev().take_while(|&&other| other != 0 && tag_of(other) == tag);
            if alike.any(|&other| same(slot_of(entry), slot_of(other))) {
                return Err(slot_of(entry));
            }
            let at = self.home(tag).max(self.entries.len());
            self.entries.resize(at, 0);
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Where a hash belongs.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        share(tag, self.buckets)
    }

    fn rebuild(&mut self, buckets: usize) {
        let old = std::mem::replace(&mut self.entries, vec![0; buckets + TAIL]);
        self.buckets = buckets;
        let mut next = 0;
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            let at = self.home(tag_of(entry)).max(next);
            next = at + 1;
            if next >= self.entries.len() {
                self.entries.resize(next + TAIL, 0);
            }
            if let Some(place) = self.entries.get_mut(at) {
                *place = entry;
            }
        }
    }
}

/// The half of a hash that an entry holds.
#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// An entry.
#[inline]
fn word(tag: u32, slot: Slot) -> u64 {
    u64::from(tag) << 32 | OCCUPIED | u64::from(slot)
}

#[inline]
fn tag_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

#[inline]
fn slot_of(entry: u64) -> Slot {
    (entry & (OCCUPIED - 1)) as Slot
}

/// All hashes spread evenly over `count` places, in their order (D. Lemire 2019, "Fast random integer generation in an
/// interval").
#[inline]
fn share(tag: u32, count: usize) -> usize {
    ((u64::from(tag) * count as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    impl SlotTable {
        fn check(&self) {
            let entries: Vec<_> =
                self.entries.iter().copied().enumerate().filter(|(_, entry)| *entry != 0).collect();
            assert_eq!(entries.len(), self.len);
            assert!(entries.is_sorted_by_key(|(_, entry)| *entry));
            assert!(self.entries.last().is_none_or(|last| *last == 0));
            let mut before = None;
            for (at, entry) in entries {
                let home = self.home(tag_of(entry));
                assert!(home == at || home < at && before == Some(at - 1), "a hole before an entry");
                before = Some(at);
            }
        }
    }

    #[test]
    fn hashes_at_the_end_and_the_same_hash_often() {
        let mut table = SlotTable::default();
        for slot in 0..1_000 {
            table.insert(u64::MAX, slot);
            table.insert(0, slot);
        }
        table.check();
        assert!(table.find_all(u64::MAX).eq(0..1_000));
        assert_eq!(table.find(0, |slot| slot == 999), Some(999));
        assert!((0..1_000).rev().all(|slot| table.remove(u64::MAX, slot)));
        table.check();
        assert_eq!((table.len(), table.find(u64::MAX, |_| true)), (1_000, None));
    }

    #[test]
    fn a_key_that_two_rows_have_is_found_when_a_table_is_built() {
        let hash = |slot: Slot| (u64::from(slot % 1_000) * 0x9E37_79B9) << 32;
        let build = |count: Slot, keys: Slot| {
            let hashed = (0..count).map(|slot| (hash(slot), slot));
            SlotTable::build(hashed, count as usize, |one, other| one % keys == other % keys)
        };
        let table = build(100_000, 100_000).unwrap();
        table.check();
        assert_eq!((table.len(), table.find_all(hash(7)).count()), (100_000, 100));
        assert_eq!(build(100_000, 99_000).map(|table| table.len()), Err(99_000));
        assert_eq!(build(0, 1).map(|table| table.len()), Ok(0));
    }

    proptest! {
        /// Few different hashes, near each other and at both ends, so that entries displace each other.
        #[test]
        fn it_holds_what_a_set_holds(steps in proptest::collection::vec((any::<bool>(), 0_u32..24, 0_u32..8), 1..400)) {
            let hash = |number: u32| match number % 3 {
                0 => u64::from(number) << 32,
                1 => (u64::from(u32::MAX) - u64::from(number)) << 32,
                _ => u64::from(number) << 58,
            };
            let (mut table, mut model) = (SlotTable::default(), BTreeSet::new());
            for (is_insert, number, slot) in steps {
                let hash = hash(number);
                if is_insert && model.insert((hash, slot)) {
                    table.insert(hash, slot);
                } else if !is_insert {
                    prop_assert_eq!(table.remove(hash, slot), model.remove(&(hash, slot)));
                }
                table.check();
                let expected = model.range((hash, 0)..=(hash, Slot::MAX)).map(|(_, slot)| *slot);
                prop_assert!(table.find_all(hash).eq(expected));
            }
            let built = SlotTable::build(model.iter().copied(), model.len(), |_, _| false);
            let built = built.unwrap();
            built.check();
            for (hash, slot) in model {
                prop_assert_eq!(built.find(hash, |found| found == slot), Some(slot));
                prop_assert_eq!(table.find(hash, |found| found == slot), Some(slot));
            }
        }
    }
}
