//! Sets of slots, and which slot is the next.

mod paged;

mod allocator;

use ambit_model::Slot;

pub(crate) use allocator::SlotAllocator;
pub(crate) use paged::PagedBits;

const WORD_BITS: usize = 64;

/// A growing set of slots, one bit each.
#[derive(Debug, Default, Clone)]
pub(crate) struct SlotSet {
    words: Vec<u64>,
}

impl SlotSet {
    #[inline]
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        let slot = slot as usize;
        self.words.get(slot / WORD_BITS).is_some_and(|word| word >> (slot % WORD_BITS) & 1 == 1)
    }

    /// Answers whether the slot was not in the set before.
    #[inline]
    pub(crate) fn insert(&mut self, slot: Slot) -> bool {
        let slot = slot as usize;
        let (index, bit) = (slot / WORD_BITS, 1 << (slot % WORD_BITS));
        match self.words.get_mut(index) {
            Some(word) if *word & bit != 0 => false,
            Some(word) => {
                *word |= bit;
                true
            }
            None => {
                self.words.resize(index, 0);
                self.words.push(bit);
                true
            }
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        let slot = slot as usize;
        if let Some(word) = self.words.get_mut(slot / WORD_BITS) {
            *word &= !(1 << (slot % WORD_BITS));
        }
    }
}

/// The positions of the bits that are set, from `base` on.
fn bits_of(word: u64, base: Slot) -> impl Iterator<Item = Slot> {
    std::iter::successors(Some(word).filter(|&word| word != 0), |&rest| {
        Some(rest & (rest - 1)).filter(|&rest| rest != 0)
    })
    .map(move |rest| base + rest.trailing_zeros())
}
