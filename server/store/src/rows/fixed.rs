//! Pages of rows without a heap: cells of equal size.

use ambit_model::Slot;

use crate::limits::PAGE_BYTES;
use crate::page::Page;

/// Pages of equal cells. A page that no row has needed yet is empty.
#[derive(Debug)]
pub(crate) struct FixedPages {
    row_bytes: usize,
    /// A page holds `1 << shift` rows.
    shift: u32,
    /// Words, so that every row starts at a multiple of 8.
    pages: Vec<Page<u64>>,
}

impl FixedPages {
    pub(super) fn new(row_bytes: usize) -> Self {
        let rows_per_page = (PAGE_BYTES / row_bytes.max(8)).max(1);
        Self { row_bytes, shift: rows_per_page.ilog2(), pages: Vec::new() }
    }

    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
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
            .and_then(|page| bytemuck::cast_slice::<u64, u8>(page.get()).get(start..start + self.row_bytes))
            .unwrap_or_default()
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "a page's rows fill it")]
    pub(super) fn cell(&mut self, slot: Slot) -> &mut [u8] {
        let (row_bytes, (page, start)) = (self.row_bytes, self.place(slot));
        &mut self.page(page)[start..start + row_bytes]
    }

    /// The bytes of rows side by side, in one page.
    pub(crate) fn run(&self, first: Slot, count: usize) -> &[u8] {
        let (page, start) = self.place(first);
        self.pages
            .get(page)
            .and_then(|page| {
                bytemuck::cast_slice::<u64, u8>(page.get()).get(start..start + count * self.row_bytes)
            })
            .unwrap_or_default()
    }

    /// Overwrites rows side by side. They lie in one page.
    #[expect(clippy::indexing_slicing, reason = "a page's rows fill it, and the run ends in it")]
    pub(crate) fn set_run(&mut self, first: Slot, rows: &[u8]) {
        let (page, start) = self.place(first);
        self.page(page)[start..start + rows.len()].copy_from_slice(rows);
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the page is made here if it is missing")]
    fn page(&mut self, page: usize) -> &mut [u8] {
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, Page::default);
        }
        let page = &mut self.pages[page];
        if page.get().is_empty() {
            let words = (self.row_bytes << self.shift) / 8;
            *page = Page::Own(vec![0; words].into_boxed_slice());
        }
        bytemuck::cast_slice_mut(page.get_mut())
    }

    pub(super) fn share(&mut self) -> Self {
        let pages = self.pages.iter_mut().map(Page::share).collect();
        Self { row_bytes: self.row_bytes, shift: self.shift, pages }
    }

    pub(super) fn page_end(&self, slot: Slot) -> Slot {
        ((slot >> self.shift) + 1) << self.shift
    }

    pub(super) fn release_page(&mut self, slot: Slot) {
        if let Some(page) = self.pages.get_mut((slot >> self.shift) as usize) {
            *page = Page::default();
        }
    }
}
