//! Equality of all key columns.

use std::hash::BuildHasher;

use ambit_model::{RowLayout, delta};
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use crate::rows::Rows;

#[derive(Debug)]
pub(crate) struct HashIndex {
    columns: Vec<u16>,
    key: RowLayout,
    /// `(offset in the row, offset in the key, size)`, when no key column has a heap.
    places: Option<Vec<(usize, usize, usize)>>,
    table: HashTable<Entry>,
}

/// The hash is kept so that a growing table does not read rows, which may already hold another key.
#[derive(Debug)]
struct Entry {
    hash: u64,
    local: u32,
}

impl HashIndex {
    pub(crate) fn new(columns: &[u16], layout: &RowLayout) -> Self {
        let key = layout.of_columns(columns);
        let row_columns = columns.iter().filter_map(|&column| layout.columns().get(usize::from(column)));
        let places = row_columns.zip(key.columns()).map(|(row, key)| (row.offset, key.offset, key.size));
        let places = key.is_fixed().then(|| places.collect());
        Self { columns: columns.into(), places, key, table: HashTable::new() }
    }

    /// The layout of a key.
    pub(crate) fn key(&self) -> &RowLayout {
        &self.key
    }

    /// Calls `found` with every row that has the key. `key` is a valid key row.
    pub(crate) fn find_all(&self, key: &[u8], layout: &RowLayout, rows: &Rows, mut found: impl FnMut(u32)) {
        for entry in self.table.iter_hash(hash(key)) {
            if rows.row(entry.local).is_some_and(|row| self.has_key(row, key, layout)) {
                found(entry.local);
            }
        }
    }

    pub(crate) fn insert(&mut self, local: u32, row: &[u8], layout: &RowLayout, _rows: &Rows) {
        let hash = hash(&self.key_of(row, layout));
        self.table.insert_unique(hash, Entry { hash, local }, |entry| entry.hash);
    }

    pub(crate) fn remove(&mut self, local: u32, row: &[u8], layout: &RowLayout) {
        let hash = hash(&self.key_of(row, layout));
        if let Ok(entry) = self.table.find_entry(hash, |entry| entry.local == local) {
            entry.remove();
        }
    }

    #[inline]
    pub(crate) fn same_key(&self, old: &[u8], new: &[u8], layout: &RowLayout) -> bool {
        match &self.places {
            Some(places) => {
                places.iter().all(|&(at, _, size)| old.get(at..at + size) == new.get(at..at + size))
            }
            None => self.key_of(old, layout) == self.key_of(new, layout),
        }
    }

    fn has_key(&self, row: &[u8], key: &[u8], layout: &RowLayout) -> bool {
        match &self.places {
            Some(places) => places
                .iter()
                .all(|&(at, key_at, size)| row.get(at..at + size) == key.get(key_at..key_at + size)),
            None => self.key_of(row, layout) == key,
        }
    }

    fn key_of(&self, row: &[u8], layout: &RowLayout) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.key.fixed_bytes());
        let copied = delta::copy_columns(layout, row, &self.columns, &self.key, &mut key);
        debug_assert!(copied.is_ok(), "a checked row has its columns");
        key
    }
}

fn hash(key: &[u8]) -> u64 {
    FxBuildHasher.hash_one(key)
}
