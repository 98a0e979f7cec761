//! A long list of bits whose pages frozen copies share.

use ambit_model::Slot;

use crate::limits::WORDS_PER_PAGE;
use crate::page::Page;

use super::{WORD_BITS, bits_of};

const PAGE_BITS: usize = WORDS_PER_PAGE * WORD_BITS;

/// A growing set of slots, one bit each, in pages. A page that no slot has needed yet is empty.
#[derive(Debug, Default)]
pub(crate) struct PagedBits {
    pages: Vec<Page<u64>>,
}

impl PagedBits {
    /// 64 bits; zeros where there is no page.
    #[inline]
    pub(crate) fn word(&self, index: usize) -> u64 {
        self.pages
            .get(index / WORDS_PER_PAGE)
            .and_then(|page| page.get().get(index % WORDS_PER_PAGE))
            .copied()
            .unwrap_or(0)
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the page is made here if it is missing")]
    pub(super) fn word_mut(&mut self, index: usize) -> &mut u64 {
        let page = index / WORDS_PER_PAGE;
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Page::default);
        }
        let page = &mut self.pages[page];
        if page.get().is_empty() {
            *page = Page::Own(vec![0; WORDS_PER_PAGE].into_boxed_slice());
        }
        &mut page.get_mut()[index % WORDS_PER_PAGE]
    }

    #[inline]
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        let slot = slot as usize;
        self.word(slot / WORD_BITS) >> (slot % WORD_BITS) & 1 == 1
    }

    #[inline]
    pub(crate) fn insert(&mut self, slot: Slot) {
        let slot = slot as usize;
        *self.word_mut(slot / WORD_BITS) |= 1 << (slot % WORD_BITS);
    }

    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        let slot = slot as usize;
        if self.word(slot / WORD_BITS) != 0 {
            *self.word_mut(slot / WORD_BITS) &= !(1 << (slot % WORD_BITS));
        }
    }

    /// The slots of the set in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        (0..).zip(&self.pages).flat_map(|(page, words): (usize, _)| {
            (0..).zip(words.get()).flat_map(move |(index, &word): (usize, _)| {
                bits_of(word, (page * PAGE_BITS + index * WORD_BITS) as Slot)
            })
        })
    }

    /// The first slot of the set at or past `from`.
    pub(crate) fn next(&self, from: Slot) -> Option<Slot> {
        let from = from as usize;
        let mut index = from / WORD_BITS;
        let mut word = self.word(index) & (u64::MAX << (from % WORD_BITS));
        while word == 0 {
            index += 1;
            let page = self.pages.get(index / WORDS_PER_PAGE)?;
            match page.get().get(index % WORDS_PER_PAGE) {
                Some(&next) => word = next,
                // The last word of a page that is empty.
                None => index |= WORDS_PER_PAGE - 1,
            }
        }
        Some((index * WORD_BITS) as Slot + word.trailing_zeros())
    }

    /// The first slot at or past `from` that is not in the set, or `until`.
    pub(crate) fn next_absent(&self, from: Slot, until: Slot) -> Slot {
        let mut slot = from;
        while slot < until {
            let bit = slot as usize % WORD_BITS;
            let present = (self.word(slot as usize / WORD_BITS) >> bit).trailing_ones();
            slot += present;
            if present < (WORD_BITS - bit) as u32 {
                break;
            }
        }
        slot.min(until)
    }

    /// The same bits in the same memory: whoever writes to a page first copies it.
    pub(crate) fn share(&mut self) -> Self {
        Self { pages: self.pages.iter_mut().map(Page::share).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    proptest::proptest! {
        #[test]
        fn paged_bits_agree_with_a_set(
            runs in proptest::collection::vec((0_u32..200_000, 1_u32..300, proptest::bool::ANY), 0..40),
            probes in proptest::collection::vec(0_u32..210_000, 0..40),
        ) {
            let mut bits = PagedBits::default();
            let mut set = BTreeSet::new();
            let mut earlier = bits.share();
            let mut earlier_set = set.clone();
            for (step, (start, count, insert)) in runs.into_iter().enumerate() {
                if step % 8 == 4 {
                    (earlier, earlier_set) = (bits.share(), set.clone());
                }
                for slot in start..start + count {
                    if insert {
                        bits.insert(slot);
                        set.insert(slot);
                    } else {
                        bits.remove(slot);
                        set.remove(&slot);
                    }
                }
            }
            proptest::prop_assert!(bits.iter().eq(set.iter().copied()));
            proptest::prop_assert!(earlier.iter().eq(earlier_set.iter().copied()));
            for probe in probes.into_iter().chain(set.iter().copied().take(20)) {
                proptest::prop_assert_eq!(bits.contains(probe), set.contains(&probe));
                proptest::prop_assert_eq!(bits.next(probe), set.range(probe..).next().copied());
                let absent = (probe..).find(|slot| !set.contains(slot)).unwrap();
                proptest::prop_assert_eq!(bits.next_absent(probe, probe + 70), absent.min(probe + 70));
            }
        }
    }
}
