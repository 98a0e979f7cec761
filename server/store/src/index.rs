//! The indexes of a table: one front over the three kinds.

mod key;
mod sortable;
mod sorted_set;

mod hash;
mod ordered;
mod slot_table;
mod spatial;

use std::ops::Bound;

use ambit_model::{IndexKind, IndexSchema, RowLayout, Slot};

use crate::rows::Rows;
use hash::{HashIndex, Source};
use ordered::OrderedIndex;
pub(crate) use ordered::Prefix;
use spatial::SpatialIndex;
pub use spatial::is_within;

/// One index of a table.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) unique: bool,
    pub(crate) columns: Vec<u16>,
    /// The columns as a mask.
    pub(crate) mask: u64,
    /// The layout of key rows, and of their first one, two … columns.
    key_layouts: Vec<RowLayout>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Hash(HashIndex),
    Ordered(OrderedIndex),
    Spatial(SpatialIndex),
}

impl Index {
    pub(crate) fn new(layout: &RowLayout, schema: &IndexSchema, seed: u64) -> Self {
        let columns = &schema.columns;
        let key_layouts: Vec<_> = (1..=columns.len())
            .map(|count| layout.of_columns(columns.get(..count).unwrap_or(columns)))
            .collect();
        let key_layout = layout.of_columns(columns);
        let body = match schema.kind {
            IndexKind::Hash => Body::Hash(HashIndex::new(layout, schema, &key_layout, seed)),
            IndexKind::Ordered => Body::Ordered(OrderedIndex::new(layout, columns, &key_layout)),
            IndexKind::Spatial { cell } => {
                let column = columns.first().and_then(|&column| layout.columns().get(usize::from(column)));
                let column = column.expect("a checked schema: a spatial index has one column");
                Body::Spatial(SpatialIndex::new(&column.ty, column.offset, cell))
            }
        };
        let mask = columns.iter().fold(0, |mask, &column| mask | 1 << column);
        Self {
            name: schema.name.clone(),
            unique: schema.unique,
            columns: columns.clone(),
            mask,
            key_layouts,
            body,
        }
    }

    /// The layout of this index's key rows.
    pub(crate) fn key_layout(&self) -> &RowLayout {
        self.key_layouts.last().expect("a checked schema: an index has columns")
    }

    /// The layout of the first `columns` columns of a key; `None` for 0 or too many.
    pub(crate) fn prefix_layout(&self, columns: usize) -> Option<&RowLayout> {
        self.key_layouts.get(columns.checked_sub(1)?)
    }

    pub(crate) fn is_spatial(&self) -> bool {
        match self.body {
            Body::Spatial(_) => true,
            Body::Hash(_) | Body::Ordered(_) => false,
        }
    }

    pub(crate) fn is_ordered(&self) -> bool {
        match self.body {
            Body::Ordered(_) => true,
            Body::Hash(_) | Body::Spatial(_) => false,
        }
    }

    /// A slot with this valid key.
    #[inline]
    pub(crate) fn find(&self, layout: &RowLayout, rows: &Rows, key: &[u8]) -> Option<Slot> {
        match &self.body {
            Body::Hash(index) => index.find(Source { layout, key_layout: self.key_layout(), rows }, key),
            Body::Ordered(index) => index.find(key),
            Body::Spatial(_) => None,
        }
    }

    /// Whether the row in a slot has this key, if both are a 64-bit word.
    #[inline]
    pub(crate) fn holds(&self, rows: &Rows, slot: Slot, key: &[u8]) -> bool {
        match &self.body {
            Body::Hash(index) => index.holds(rows, slot, key),
            Body::Ordered(_) | Body::Spatial(_) => false,
        }
    }

    /// Appends all slots with this valid key.
    pub(crate) fn find_all(&self, layout: &RowLayout, rows: &Rows, key: &[u8], out: &mut Vec<Slot>) {
        match &self.body {
            Body::Hash(index) => {
                index.find_all(Source { layout, key_layout: self.key_layout(), rows }, key, out);
            }
            Body::Ordered(index) => index.find_all(key, out),
            Body::Spatial(_) => {}
        }
    }

    /// Appends the slots between two bounds with valid keys, in order.
    pub(crate) fn range(&self, lower: Bound<Prefix<'_>>, upper: Bound<Prefix<'_>>, out: &mut Vec<Slot>) {
        match &self.body {
            Body::Ordered(index) => index.range(lower, upper, out),
            Body::Hash(_) | Body::Spatial(_) => {}
        }
    }

    /// Calls `each` with the slots between two bounds with valid keys, in order or backwards, until it answers false.
    pub(crate) fn walk(
        &self,
        lower: Bound<Prefix<'_>>,
        upper: Bound<Prefix<'_>>,
        is_backward: bool,
        each: impl FnMut(Slot) -> bool,
    ) {
        match &self.body {
            Body::Ordered(index) => index.walk(lower, upper, is_backward, each),
            Body::Hash(_) | Body::Spatial(_) => {}
        }
    }

    /// Appends the slots near a point, in no particular order.
    pub(crate) fn near(&self, centre: [f64; 3], radius: f64, out: &mut Vec<Slot>) {
        match &self.body {
            Body::Spatial(index) => index.near(centre, radius, out),
            Body::Hash(_) | Body::Ordered(_) => {}
        }
    }

    /// A slot other than `except` whose row has the same key as `row`.
    pub(crate) fn find_other(
        &self,
        layout: &RowLayout,
        rows: &Rows,
        row: &[u8],
        except: Option<Slot>,
    ) -> Option<Slot> {
        match &self.body {
            Body::Hash(index) => {
                index.find_other(Source { layout, key_layout: self.key_layout(), rows }, row, except)
            }
            Body::Ordered(index) => index.find_other(row, except),
            Body::Spatial(_) => None,
        }
    }

    /// Whether a row's position, if this is a spatial index, is finite.
    pub(crate) fn accepts(&self, row: &[u8]) -> bool {
        match &self.body {
            Body::Spatial(index) => index.accepts(row),
            Body::Hash(_) | Body::Ordered(_) => true,
        }
    }

    /// Whether two rows have the same key, so that the index need not be touched.
    #[inline]
    pub(crate) fn same_key(&self, layout: &RowLayout, rows: &Rows, one: &[u8], other: &[u8]) -> bool {
        match &self.body {
            Body::Hash(index) => {
                index.same_key(Source { layout, key_layout: self.key_layout(), rows }, one, other)
            }
            Body::Ordered(index) => index.same_key(one, other),
            Body::Spatial(index) => index.same_key(one, other),
        }
    }

    /// Adds a row that has been written to its slot. Answers whether this is a unique hash index in which at least two others
    /// have its key: within a change set two rows may share one, but never three.
    #[inline]
    pub(crate) fn insert(&mut self, layout: &RowLayout, rows: &Rows, slot: Slot) -> bool {
        match &mut self.body {
            Body::Hash(index) => {
                let key_layout = self.key_layouts.last().expect("a checked schema: an index has columns");
                return index.insert(Source { layout, key_layout, rows }, slot);
            }
            Body::Ordered(index) => index.insert(slot, rows.get(slot)),
            Body::Spatial(index) => index.insert(slot, rows.get(slot)),
        }
        false
    }

    /// Adds the rows of all slots to an empty index. Answers a slot whose row has the same key as another's, if the index
    /// is unique and there is one; the index is of no use then.
    pub(crate) fn build(
        &mut self,
        layout: &RowLayout,
        rows: &Rows,
        slots: &mut dyn Iterator<Item = Slot>,
        count: usize,
    ) -> Option<Slot> {
        match &mut self.body {
            Body::Hash(index) => {
                let key_layout = self.key_layouts.last().expect("a checked schema: an index has columns");
                index.build(Source { layout, key_layout, rows }, slots, count)
            }
            Body::Ordered(index) => {
                index.build(rows, slots, count);
                self.unique.then(|| index.duplicate()).flatten()
            }
            Body::Spatial(index) => {
                slots.for_each(|slot| index.insert(slot, rows.get(slot)));
                None
            }
        }
    }

    /// Takes out a row that is still in its slot.
    pub(crate) fn remove(&mut self, layout: &RowLayout, rows: &Rows, slot: Slot) {
        match &mut self.body {
            Body::Hash(index) => {
                let key_layout = self.key_layouts.last().expect("a checked schema: an index has columns");
                index.remove(Source { layout, key_layout, rows }, slot);
            }
            Body::Ordered(index) => index.remove(slot, rows.get(slot)),
            Body::Spatial(index) => index.remove(slot),
        }
    }

    /// First half of a change of a row's key: before the new row is written.
    #[inline]
    pub(crate) fn before_change(&mut self, layout: &RowLayout, rows: &Rows, slot: Slot) {
        match &self.body {
            Body::Spatial(_) => {}
            Body::Hash(_) | Body::Ordered(_) => self.remove(layout, rows, slot),
        }
    }

    /// Second half: after the new row was written. Answers the same as [`Self::insert`].
    #[inline]
    pub(crate) fn after_change(&mut self, layout: &RowLayout, rows: &Rows, slot: Slot) -> bool {
        match &mut self.body {
            Body::Spatial(index) => {
                index.update(slot, rows.get(slot));
                false
            }
            Body::Hash(_) | Body::Ordered(_) => self.insert(layout, rows, slot),
        }
    }

    /// How many slots the index holds.
    pub(crate) fn len(&self) -> usize {
        match &self.body {
            Body::Hash(index) => index.len(),
            Body::Ordered(index) => index.len(),
            Body::Spatial(index) => index.len(),
        }
    }
}
