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

    #[inline]
    pub(crate) fn insert(&mut self, slot: Slot) {
        let slot = slot as usize;
        let index = slot / WORD_BITS;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        if let Some(word) = self.words.get_mut(index) {
            *word |= 1 << (slot % WORD_BITS);
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
