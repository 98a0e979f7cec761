//! Where the bytes of a table's rows lie. Which slots hold a row is the table's business.

use ambit_model::{RowLayout, Slot};

use crate::limits::{HEAP_ROWS_PER_PAGE, IDLE_ROW_BYTES_MAX, PAGE_BYTES};

/// The rows of one table, by slot.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Every row is its fixed part: cells of equal size, side by side.
    Fixed(FixedPages),
    /// Rows with a heap: one allocation each, kept for the slot's next row.
    Heap(Vec<Box<[Vec<u8>]>>),
}

/// Pages of equal cells. A page that no row has needed yet is empty.
#[derive(Debug)]
pub(crate) struct FixedPages {
    row_bytes: usize,
    /// A page holds `1 << shift` rows.
    shift: u32,
    /// Words, so that every row starts at a multiple of 8.
    pages: Vec<Box<[u64]>>,
}

impl Rows {
    pub(crate) fn new(layout: &RowLayout) -> Self {
        if layout.is_fixed() {
            Self::Fixed(FixedPages::new(layout.fixed_bytes()))
        } else {
            Self::Heap(Vec::new())
        }
    }

    /// The bytes at a slot that holds a row; some bytes or none at any other slot.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        match self {
            Self::Fixed(pages) => pages.get(slot),
            Self::Heap(pages) => {
                let slot = slot as usize;
                pages
                    .get(slot / HEAP_ROWS_PER_PAGE)
                    .and_then(|page| page.get(slot % HEAP_ROWS_PER_PAGE))
                    .map_or(&[], Vec::as_slice)
            }
        }
    }

    /// Overwrites the bytes at a slot. `row` is valid in the table's layout.
    #[inline]
    pub(crate) fn set(&mut self, slot: Slot, row: &[u8]) {
        match self {
            Self::Fixed(pages) => pages.cell(slot).copy_from_slice(row),
            Self::Heap(pages) => {
                let place = heap_place(pages, slot);
                place.clear();
                if place.capacity() > IDLE_ROW_BYTES_MAX && row.len() < place.capacity() / 4 {
                    *place = Vec::new();
                }
                place.extend_from_slice(row);
            }
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
            Self::Heap(pages) => {
                let place = heap_place(pages, slot);
                place.clear();
                place.shrink_to(IDLE_ROW_BYTES_MAX);
            }
        }
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "the page is made here if it is missing, and a cell is less than its length"
)]
fn heap_place(pages: &mut Vec<Box<[Vec<u8>]>>, slot: Slot) -> &mut Vec<u8> {
    let (page, cell) = (slot as usize / HEAP_ROWS_PER_PAGE, slot as usize % HEAP_ROWS_PER_PAGE);
    if page >= pages.len() {
        pages.resize_with(page + 1, Default::default);
    }
    if pages[page].is_empty() {
        pages[page] = std::iter::repeat_with(Vec::new).take(HEAP_ROWS_PER_PAGE).collect();
    }
    &mut pages[page][cell]
}

impl FixedPages {
    fn new(row_bytes: usize) -> Self {
        let rows_per_page = (PAGE_BYTES / row_bytes.max(8)).max(1);
        Self { row_bytes, shift: rows_per_page.ilog2(), pages: Vec::new() }
    }

    #[inline]
    fn place(&self, slot: Slot) -> (usize, usize) {
        let page = (slot >> self.shift) as usize;
        let cell = (slot & ((1 << self.shift) - 1)) as usize;
        (page, cell * self.row_bytes)
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        let (page, start) = self.place(slot);
        self.pages
            .get(page)
            .and_then(|page| bytemuck::cast_slice::<u64, u8>(page).get(start..start + self.row_bytes))
            .unwrap_or_default()
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "the page is made here if it is missing, and its rows fill it"
    )]
    fn cell(&mut self, slot: Slot) -> &mut [u8] {
        let (page, start) = self.place(slot);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Default::default);
        }
        let page = &mut self.pages[page];
        if page.is_empty() {
            let words = (self.row_bytes << self.shift) / 8;
            *page = vec![0; words].into_boxed_slice();
        }
        &mut bytemuck::cast_slice_mut::<u64, u8>(page)[start..start + self.row_bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambit_model::{ColumnType, Field};

    fn layout(ty: ColumnType) -> RowLayout {
        RowLayout::new(&[Field { name: "a".into(), ty }])
    }

    #[test]
    fn fixed_rows_are_aligned_and_apart() {
        let mut rows = Rows::new(&layout(ColumnType::DVec3));
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
        let mut rows = Rows::new(&layout(ColumnType::String));
        rows.set(3, &[1; 100_000]);
        rows.set(3, &[2; 9]);
        rows.set(2_000, &[3; 8]);
        assert_eq!(rows.get(3), &[2; 9]);
        assert_eq!(rows.get(2_000), &[3; 8]);
        rows.clear(3);
        assert_eq!(rows.get(3), &[] as &[u8]);
        assert_eq!(rows.get(4_000_000), &[] as &[u8]);
    }
}
