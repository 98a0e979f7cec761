//! Rows by slot: 8-aligned, fixed rows in pages of a fixed stride, rows with a heap one block each.
//!
//! A row has a *local* number that it keeps as long as it lives; numbers are used again. It leaves out what the
//! bytes mean.

use ambit_model::{RowLayout, Slot};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// The slot of a local number that holds no row.
const NO_SLOT: Slot = Slot::MAX;

/// Bytes of a page, about: large enough to amortise its allocation, small enough for small tables.
const PAGE_BYTES: usize = 16 * 1024;

pub(crate) type SlotMap<T> = HashMap<Slot, T, FxBuildHasher>;

#[derive(Debug)]
pub(crate) struct Rows {
    fixed: bool,
    row_bytes: usize,
    page_shift: u32,
    pages: Vec<Box<[u64]>>,
    blocks: Vec<Block>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    locals: SlotMap<u32>,
}

/// One row with a heap.
#[derive(Debug, Default)]
struct Block {
    words: Vec<u64>,
    bytes: usize,
}

impl Rows {
    pub(crate) fn new(layout: &RowLayout) -> Self {
        let row_bytes = layout.fixed_bytes();
        let rows_per_page = (PAGE_BYTES / row_bytes.max(8)).max(1).next_power_of_two();
        Self {
            fixed: layout.is_fixed(),
            row_bytes,
            page_shift: rows_per_page.trailing_zeros(),
            pages: Vec::new(),
            blocks: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            locals: SlotMap::default(),
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.locals.len()
    }

    /// One past the largest local number.
    pub(crate) fn local_end(&self) -> u32 {
        self.slots.len() as u32
    }

    #[inline]
    pub(crate) fn local(&self, slot: Slot) -> Option<u32> {
        self.locals.get(&slot).copied()
    }

    pub(crate) fn slot(&self, local: u32) -> Option<Slot> {
        self.slots.get(local as usize).copied().filter(|&slot| slot != NO_SLOT)
    }

    /// The row of a local number in use.
    #[inline]
    pub(crate) fn row(&self, local: u32) -> Option<&[u8]> {
        self.slot(local)?;
        if self.fixed {
            let (page, at) = self.place(local);
            bytemuck::cast_slice::<u64, u8>(self.pages.get(page)?).get(at..at + self.row_bytes)
        } else {
            let block = self.blocks.get(local as usize)?;
            bytemuck::cast_slice::<u64, u8>(&block.words).get(..block.bytes)
        }
    }

    /// A row, to be changed in place within its length.
    #[inline]
    pub(crate) fn row_mut(&mut self, local: u32) -> Option<&mut [u8]> {
        if self.fixed {
            let (page, at) = self.place(local);
            bytemuck::cast_slice_mut::<u64, u8>(self.pages.get_mut(page)?).get_mut(at..at + self.row_bytes)
        } else {
            let block = self.blocks.get_mut(local as usize)?;
            bytemuck::cast_slice_mut::<u64, u8>(&mut block.words).get_mut(..block.bytes)
        }
    }

    /// Rows in the order of their local numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (0..self.local_end()).filter_map(|local| self.row(local).map(|row| (local, row)))
    }

    /// Takes in a row whose slot is not in use; `row` is a valid row.
    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) -> u32 {
        debug_assert!(!self.locals.contains_key(&slot), "slot {slot} is in use");
        let local = self.free.pop().unwrap_or_else(|| {
            self.slots.push(NO_SLOT);
            self.slots.len() as u32 - 1
        });
        if let Some(place) = self.slots.get_mut(local as usize) {
            *place = slot;
        }
        self.locals.insert(slot, local);
        self.make_room(local);
        self.write(local, row);
        local
    }

    /// Overwrites a row; `row` is a valid row.
    #[inline]
    pub(crate) fn write(&mut self, local: u32, row: &[u8]) {
        if let Some(place) = self.row_mut(local)
            && place.len() == row.len()
        {
            place.copy_from_slice(row);
            return;
        }
        debug_assert!(!self.fixed, "a fixed row has its layout's length");
        if let Some(block) = self.blocks.get_mut(local as usize) {
            block.words.clear();
            block.words.resize(row.len().div_ceil(8), 0);
            block.bytes = row.len();
            if let Some(place) = bytemuck::cast_slice_mut::<u64, u8>(&mut block.words).get_mut(..row.len()) {
                place.copy_from_slice(row);
            }
        }
    }

    /// Takes a row's slot from it; it stays, and is to be given another one.
    pub(crate) fn leave_slot(&mut self, slot: Slot) {
        self.locals.remove(&slot);
    }

    /// Gives a row that has no slot another one, which is not in use.
    pub(crate) fn take_slot(&mut self, local: u32, slot: Slot) {
        debug_assert!(!self.locals.contains_key(&slot), "slot {slot} is in use");
        if let Some(place) = self.slots.get_mut(local as usize) {
            *place = slot;
            self.locals.insert(slot, local);
        }
    }

    /// Gives up a row; answers the local number it had.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<u32> {
        let local = self.locals.remove(&slot)?;
        if let Some(place) = self.slots.get_mut(local as usize) {
            *place = NO_SLOT;
        }
        if let Some(block) = self.blocks.get_mut(local as usize) {
            *block = Block::default();
        }
        self.free.push(local);
        Some(local)
    }

    fn make_room(&mut self, local: u32) {
        if self.fixed {
            let (page, _) = self.place(local);
            while self.pages.len() <= page {
                let words = (self.row_bytes / 8) << self.page_shift;
                self.pages.push(vec![0; words].into_boxed_slice());
            }
        } else if self.blocks.len() <= local as usize {
            self.blocks.resize_with(local as usize + 1, Block::default);
        }
    }

    #[inline]
    fn place(&self, local: u32) -> (usize, usize) {
        let in_page = local as usize & ((1 << self.page_shift) - 1);
        (local as usize >> self.page_shift, in_page * self.row_bytes)
    }
}
