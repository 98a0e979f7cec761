//! Equality of the first key columns, then a range, in order.

use std::collections::BTreeSet;
use std::ops::Bound;

use ambit_model::{RowLayout, delta};

use super::order_key;

#[derive(Debug)]
pub(crate) struct OrderedIndex {
    columns: Vec<u16>,
    key: RowLayout,
    entries: BTreeSet<(Vec<u8>, u32)>,
}

impl OrderedIndex {
    pub(crate) fn new(columns: &[u16], layout: &RowLayout) -> Self {
        Self { columns: columns.into(), key: layout.of_columns(columns), entries: BTreeSet::new() }
    }

    /// The layout of a key of the first `count` columns.
    pub(crate) fn key(&self, layout: &RowLayout, count: usize) -> RowLayout {
        layout.of_columns(self.columns.get(..count).unwrap_or(&self.columns))
    }

    /// How many columns a whole key has.
    pub(crate) fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Calls `found` with the rows between two bounds, in key order. Each bound is a valid key row of the
    /// index's first columns, with its layout; rows that begin with those columns equal the bound.
    pub(crate) fn range(
        &self,
        lower: Bound<(&[u8], &RowLayout)>,
        upper: Bound<(&[u8], &RowLayout)>,
        mut found: impl FnMut(u32),
    ) {
        let lower = match lower {
            Bound::Unbounded => Vec::new(),
            Bound::Included((key, layout)) => ordered_bytes(key, layout),
            Bound::Excluded((key, layout)) => match after(ordered_bytes(key, layout)) {
                Some(lower) => lower,
                None => return,
            },
        };
        let upper = match upper {
            Bound::Unbounded => None,
            Bound::Included((key, layout)) => after(ordered_bytes(key, layout)),
            Bound::Excluded((key, layout)) => Some(ordered_bytes(key, layout)),
        };
        for (key, local) in self.entries.range((lower, 0)..) {
            if upper.as_ref().is_some_and(|upper| key >= upper) {
                return;
            }
            found(*local);
        }
    }

    pub(crate) fn insert(&mut self, local: u32, row: &[u8], layout: &RowLayout) {
        self.entries.insert((self.key_of(row, layout), local));
    }

    pub(crate) fn remove(&mut self, local: u32, row: &[u8], layout: &RowLayout) {
        self.entries.remove(&(self.key_of(row, layout), local));
    }

    pub(crate) fn same_key(&self, old: &[u8], new: &[u8], layout: &RowLayout) -> bool {
        self.key_of(old, layout) == self.key_of(new, layout)
    }

    fn key_of(&self, row: &[u8], layout: &RowLayout) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.key.fixed_bytes());
        let copied = delta::copy_columns(layout, row, &self.columns, &self.key, &mut key);
        debug_assert!(copied.is_ok(), "a checked row has its columns");
        ordered_bytes(&key, &self.key)
    }
}

fn ordered_bytes(key: &[u8], layout: &RowLayout) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 2);
    for column in layout.columns() {
        order_key::append(column, key, column.offset, &mut out);
    }
    out
}

/// The least key behind every key that begins with `prefix`; `None` when there is none.
fn after(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if last < u8::MAX {
            prefix.push(last + 1);
            return Some(prefix);
        }
    }
    None
}
