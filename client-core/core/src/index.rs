//! Look-ups on a table of the cache: by key, by range, by distance.

mod grid;
mod hash;
mod order_key;
mod ordered;

use ambit_model::{IndexKind, IndexSchema, RowLayout};

pub(crate) use grid::Grid;
pub(crate) use hash::HashIndex;
pub(crate) use ordered::OrderedIndex;

use crate::rows::Rows;

/// One index. It names rows by their local numbers and reads keys from the rows.
#[derive(Debug)]
pub(crate) enum Index {
    Hash(HashIndex),
    Ordered(OrderedIndex),
    Grid(Grid),
}

impl Index {
    pub(crate) fn new(schema: &IndexSchema, layout: &RowLayout) -> Self {
        match schema.kind {
            IndexKind::Hash => Self::Hash(HashIndex::new(&schema.columns, layout)),
            IndexKind::Ordered => Self::Ordered(OrderedIndex::new(&schema.columns, layout)),
            IndexKind::Spatial { cell } => Self::Grid(Grid::new(&schema.columns, cell, layout)),
        }
    }

    pub(crate) fn insert(&mut self, local: u32, row: &[u8], layout: &RowLayout, rows: &Rows) {
        match self {
            Self::Hash(index) => index.insert(local, row, layout, rows),
            Self::Ordered(index) => index.insert(local, row, layout),
            Self::Grid(index) => index.insert(local, row),
        }
    }

    pub(crate) fn remove(&mut self, local: u32, row: &[u8], layout: &RowLayout) {
        match self {
            Self::Hash(index) => index.remove(local, row, layout),
            Self::Ordered(index) => index.remove(local, row, layout),
            Self::Grid(index) => index.remove(local, row),
        }
    }

    /// Moves a row from its old key to its new one, if they differ. `rows` still holds the old row.
    pub(crate) fn update(&mut self, local: u32, old: &[u8], new: &[u8], layout: &RowLayout, rows: &Rows) {
        match self {
            Self::Hash(index) if index.same_key(old, new, layout) => {}
            Self::Ordered(index) if index.same_key(old, new, layout) => {}
            Self::Grid(index) => index.update(local, old, new),
            Self::Hash(_) | Self::Ordered(_) => {
                self.remove(local, old, layout);
                self.insert(local, new, layout, rows);
            }
        }
    }
}
