//! Where the bytes of a table's rows lie. Which slots hold a row is the table's business.

mod fixed;
mod heap;

use ambit_model::{RowLayout, Slot};

pub(crate) use fixed::FixedPages;
use heap::HeapPages;

/// The rows of one table, by slot.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Every row is its fixed part: cells of equal size, side by side.
    Fixed(FixedPages),
    /// Rows with a heap: one allocation each.
    Heap(HeapPages),
}

impl Rows {
    pub(crate) fn new(layout: &RowLayout) -> Self {
        if layout.is_fixed() {
            Self::Fixed(FixedPages::new(layout.fixed_bytes()))
        } else {
            Self::Heap(HeapPages::default())
        }
    }

    /// The bytes at a slot that holds a row; some bytes or none at any other slot.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        match self {
            Self::Fixed(pages) => pages.get(slot),
            Self::Heap(pages) => pages.get(slot),
        }
    }

    /// Overwrites the bytes at a slot. `row` is valid in the table's layout.
    #[inline]
    pub(crate) fn set(&mut self, slot: Slot, row: &[u8]) {
        match self {
            Self::Fixed(pages) => pages.cell(slot).copy_from_slice(row),
            Self::Heap(pages) => pages.place(slot).set(row),
        }
    }

    /// The bytes of a row without a heap, to be changed in place.
    #[inline]
    pub(crate) fn fixed_mut(&mut self, slot: Slot) -> Option<&mut [u8]> {
        match self {
            Self::Fixed(pages) => Some(pages.cell(slot)),
            Self::Heap(_) => None,
        }
    }

    /// Lets go of the bytes at a slot whose row is gone.
    pub(crate) fn clear(&mut self, slot: Slot) {
        match self {
            Self::Fixed(_) => {}
            Self::Heap(pages) => pages.place(slot).clear(),
        }
    }

    /// The same rows in the same memory: whoever writes to a page first copies it.
    pub(crate) fn share(&mut self) -> Self {
        match self {
            Self::Fixed(pages) => Self::Fixed(pages.share()),
            Self::Heap(pages) => Self::Heap(pages.share()),
        }
    }

    /// The first slot of the page behind the one that this slot is in.
    pub(crate) fn page_end(&self, slot: Slot) -> Slot {
        match self {
            Self::Fixed(pages) => pages.page_end(slot),
            Self::Heap(_) => HeapPages::page_end(slot),
        }
    }

    /// Lets go of the page that a slot is in.
    pub(crate) fn release_page(&mut self, slot: Slot) {
        match self {
            Self::Fixed(pages) => pages.release_page(slot),
            Self::Heap(pages) => pages.release_page(slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambit_model::{ColumnType, Field};

    fn rows(ty: ColumnType) -> Rows {
        Rows::new(&RowLayout::new(&[Field { name: "a".into(), ty }]))
    }

    #[test]
    fn fixed_rows_are_aligned_and_apart() {
        let mut rows = rows(ColumnType::DVec3);
        for slot in [0_u32, 1, 1_364, 1_365, 100_000] {
            rows.set(slot, &[slot as u8; 24]);
        }
        for slot in [0_u32, 1, 1_364, 1_365, 100_000] {
            assert_eq!(rows.get(slot), &[slot as u8; 24]);
            assert_eq!(rows.get(slot).as_ptr() as usize % 8, 0);
        }
    }

    #[test]
    fn a_row_without_columns_has_no_bytes() {
        let mut rows = Rows::new(&RowLayout::new(&[]));
        rows.set(7, &[]);
        assert_eq!(rows.get(7), &[] as &[u8]);
    }

    #[test]
    fn heap_rows_of_any_length() {
        let mut rows = rows(ColumnType::String);
        rows.set(3, &[1; 100_000]);
        rows.set(3, &[2; 9]);
        rows.set(2_000, &[3; 8]);
        assert_eq!(rows.get(3), &[2; 9]);
        assert_eq!(rows.get(2_000), &[3; 8]);
        rows.clear(3);
        assert_eq!(rows.get(3), &[] as &[u8]);
        assert_eq!(rows.get(4_000_000), &[] as &[u8]);
    }

    #[test]
    fn shared_rows_go_their_own_ways() {
        for ty in [ColumnType::U64, ColumnType::String] {
            let mut rows = rows(ty);
            let (page_end, length) = (rows.page_end(0), 8);
            for slot in [0, 1, page_end] {
                rows.set(slot, &vec![1; length]);
            }
            let mut other = rows.share();
            rows.set(1, &vec![2; length]);
            other.set(page_end, &vec![3; length]);
            let all = |rows: &Rows| [0, 1, page_end].map(|slot| rows.get(slot)[0]);
            assert_eq!((all(&rows), all(&other)), ([1, 2, 1], [1, 1, 3]));
            other.release_page(0);
            assert_eq!((other.get(0), other.get(page_end)[0], all(&rows)), (&[][..], 3, [1, 2, 1]));
        }
    }
}
