//! Pages of rows with a heap: one allocation per row, kept for the slot's next row.

use std::sync::Arc;

use ambit_model::Slot;

use crate::limits::{HEAP_ROWS_PER_PAGE, LARGE_ROW_BYTES_MIN};
use crate::page::Page;

/// Pages of rows of any length. A page that no row has needed yet is empty.
#[derive(Debug, Default)]
pub(crate) struct HeapPages {
    pages: Vec<Page<HeapRow>>,
}

/// One row's bytes. To copy a page copies its small rows only.
#[derive(Debug, Clone)]
pub(super) enum HeapRow {
    Small(Vec<u8>),
    /// At least [`LARGE_ROW_BYTES_MIN`].
    Large(Arc<Vec<u8>>),
}

impl HeapPages {
    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &[u8] {
        let slot = slot as usize;
        self.pages
            .get(slot / HEAP_ROWS_PER_PAGE)
            .and_then(|page| page.get().get(slot % HEAP_ROWS_PER_PAGE))
            .map_or(&[], HeapRow::bytes)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the page is made here if it is missing, and a cell is less than its length"
    )]
    pub(super) fn place(&mut self, slot: Slot) -> &mut HeapRow {
        let (page, cell) = (slot as usize / HEAP_ROWS_PER_PAGE, slot as usize % HEAP_ROWS_PER_PAGE);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Page::default);
        }
        let page = &mut self.pages[page];
        if page.get().is_empty() {
            *page = Page::Own(vec![HeapRow::Small(Vec::new()); HEAP_ROWS_PER_PAGE].into_boxed_slice());
        }
        &mut page.get_mut()[cell]
    }

    pub(super) fn share(&mut self) -> Self {
        Self { pages: self.pages.iter_mut().map(Page::share).collect() }
    }

    pub(super) fn page_end(slot: Slot) -> Slot {
        const ROWS: Slot = HEAP_ROWS_PER_PAGE as Slot;
        (slot / ROWS + 1) * ROWS
    }

    pub(super) fn release_page(&mut self, slot: Slot) {
        if let Some(page) = self.pages.get_mut(slot as usize / HEAP_ROWS_PER_PAGE) {
            *page = Page::default();
        }
    }
}

impl HeapRow {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Large(bytes) => bytes,
        }
    }

    #[inline]
    pub(super) fn set(&mut self, row: &[u8]) {
        if row.len() >= LARGE_ROW_BYTES_MIN {
            self.set_large(row);
        } else if let Self::Small(bytes) = self {
            bytes.clear();
            bytes.extend_from_slice(row);
        } else {
            *self = Self::Small(row.to_vec());
        }
    }

    fn set_large(&mut self, row: &[u8]) {
        if let Self::Large(shared) = self
            && let Some(bytes) = Arc::get_mut(shared)
            && row.len() >= bytes.capacity() / 4
        {
            bytes.clear();
            bytes.extend_from_slice(row);
        } else {
            *self = Self::Large(Arc::new(row.to_vec()));
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Small(bytes) => bytes.clear(),
            Self::Large(_) => *self = Self::Small(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_no_more_room_than_its_list() {
        assert_eq!(size_of::<HeapRow>(), size_of::<Vec<u8>>());
    }

    #[test]
    fn a_large_row_is_not_copied_with_its_page() {
        let mut rows = HeapPages::default();
        rows.place(0).set(&[1; LARGE_ROW_BYTES_MIN]);
        rows.place(1).set(&[1; 10]);
        let other = rows.share();
        rows.place(1).set(&[2; 11]);
        assert_eq!(rows.get(0).as_ptr(), other.get(0).as_ptr());
        rows.place(0).set(&[3; 2 * LARGE_ROW_BYTES_MIN]);
        assert_eq!(other.get(0), &[1; LARGE_ROW_BYTES_MIN]);
        assert_eq!(other.get(1), &[1; 10]);
        assert_eq!(rows.get(0), &[3; 2 * LARGE_ROW_BYTES_MIN]);
    }

    #[test]
    fn a_row_that_shrinks_gives_memory_back() {
        let mut row = HeapRow::Small(Vec::new());
        row.set(&[1; 100_000]);
        row.set(&[2; 2 * LARGE_ROW_BYTES_MIN]);
        let capacity = |row: &HeapRow| match row {
            HeapRow::Small(bytes) => bytes.capacity(),
            HeapRow::Large(bytes) => bytes.capacity(),
        };
        assert!(capacity(&row) < 8 * LARGE_ROW_BYTES_MIN);
        row.set(&[3; 10]);
        assert!(capacity(&row) < LARGE_ROW_BYTES_MIN);
        row.set(&[4; LARGE_ROW_BYTES_MIN]);
        row.clear();
        assert_eq!((row.bytes(), capacity(&row)), (&[][..], 0));
    }
}
