//! The allocator that always hands out the lowest free slot.
//!
//! The lowest free slot is a function of which slots are in use, and of nothing else. So an engine, a follower
//! and a database after recovery agree about the next slot without ever exchanging a free list.

use ambit_model::Slot;

use super::{PagedBits, WORD_BITS};

/// Which slots are in use, and the lowest that is not.
///
/// Level 0 has a bit per slot. A bit of every higher level says that the word below it is full. The top level is
/// one word, so a look-up reads one word per level: four for 16 million slots.
#[derive(Debug)]
pub(crate) struct SlotAllocator {
    levels: Vec<PagedBits>,
}

impl Default for SlotAllocator {
    fn default() -> Self {
        Self { levels: vec![PagedBits::default()] }
    }
}

impl SlotAllocator {
    /// The lowest slot that is not in use.
    pub(crate) fn lowest_free(&self) -> Slot {
        let top_is_full = self.levels.last().is_some_and(|top| top.word(0) == u64::MAX);
        if top_is_full {
            return WORD_BITS.pow(self.levels.len() as u32) as Slot;
        }
        let mut position = 0;
        for level in self.levels.iter().rev() {
            let word = level.word(position);
            position = position * WORD_BITS + word.trailing_ones() as usize;
        }
        position as Slot
    }

    /// Marks a slot as in use.
    pub(crate) fn reserve(&mut self, slot: Slot) {
        let mut position = slot as usize;
        while position >> (6 * self.levels.len()) != 0 {
            let full = self.levels.last().is_some_and(|top| top.word(0) == u64::MAX);
            let mut level = PagedBits::default();
            if full {
                level.insert(0);
            }
            self.levels.push(level);
        }
        for level in &mut self.levels {
            let index = position / WORD_BITS;
            let word = level.word_mut(index);
            *word |= 1 << (position % WORD_BITS);
            if *word != u64::MAX {
                return;
            }
            position = index;
        }
    }

    /// Marks a slot as free.
    pub(crate) fn release(&mut self, slot: Slot) {
        let mut position = slot as usize;
        for level in &mut self.levels {
            let index = position / WORD_BITS;
            let word = level.word_mut(index);
            let was_full = *word == u64::MAX;
            *word &= !(1 << (position % WORD_BITS));
            if !was_full {
                return;
            }
            position = index;
        }
    }

    /// The same state in the same memory: whoever writes to a page first copies it.
    pub(crate) fn share(&mut self) -> Self {
        Self { levels: self.levels.iter_mut().map(PagedBits::share).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn slots_come_back_lowest_first() {
        let mut slots = SlotAllocator::default();
        for expected in 0..300_000 {
            let slot = slots.lowest_free();
            assert_eq!(slot, expected);
            slots.reserve(slot);
        }
        for slot in [299_999, 4_096, 70, 69, 0] {
            slots.release(slot);
        }
        for expected in [0, 69, 70, 4_096, 299_999, 300_000] {
            assert_eq!(slots.lowest_free(), expected);
            slots.reserve(expected);
        }
    }

    #[test]
    fn reserving_far_ahead_leaves_the_gap_free() {
        let mut slots = SlotAllocator::default();
        slots.reserve(1_000_000);
        assert_eq!(slots.lowest_free(), 0);
        for slot in 0..64 {
            slots.reserve(slot);
        }
        assert_eq!(slots.lowest_free(), 64);
    }

    proptest::proptest! {
        #[test]
        fn allocator_agrees_with_a_set(steps in proptest::collection::vec((0_u32..9_000, proptest::bool::ANY), 0..400)) {
            let mut slots = SlotAllocator::default();
            let mut used = BTreeSet::new();
            for (slot, reserve) in steps {
                if reserve {
                    slots.reserve(slot);
                    used.insert(slot);
                } else {
                    slots.release(slot);
                    used.remove(&slot);
                }
                let lowest = (0..).find(|slot| !used.contains(slot)).unwrap();
                proptest::prop_assert_eq!(slots.lowest_free(), lowest);
            }
        }
    }
}
