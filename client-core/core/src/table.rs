//! One table of the game's cache: rows in place, and look-ups.

use std::ops::Bound;
use std::sync::Arc;

use ambit_model::{IndexSchema, RowLayout, Schema, Slot, TableSchema, validate_row};

use crate::error::LookupError;
use crate::index::Index;
use crate::rows::Rows;
use crate::sampling::Histories;

/// One table as of the last tick. Rows are named by local numbers, which hold until the row leaves; their bytes
/// stay in place until the next tick.
#[derive(Debug)]
pub struct Table {
    schema: Arc<Schema>,
    id: u16,
    layout: Arc<RowLayout>,
    pub(crate) rows: Rows,
    indexes: Vec<Index>,
    /// Per index: its columns as a mask.
    indexed: Vec<u64>,
    /// Per local number: its undelivered event.
    pub(crate) events: Vec<u32>,
    pub(crate) histories: Histories,
}

/// No undelivered event.
pub(crate) const NO_EVENT: u32 = u32::MAX;

/// A bound of a range: a key row of the index's first columns, and how many those are.
pub type KeyBound<'a> = Bound<(&'a [u8], usize)>;

impl Table {
    pub(crate) fn new(schema: &Arc<Schema>, id: u16, table: &TableSchema) -> Self {
        let layout = Arc::new(table.layout());
        let indexes = table.indexes.iter().map(|index| Index::new(index, &layout)).collect();
        let mask = |index: &IndexSchema| index.columns.iter().fold(0, |mask, column| mask | 1 << column);
        let indexed = table.indexes.iter().map(mask).collect();
        let rows = Rows::new(&layout);
        Self {
            schema: Arc::clone(schema),
            id,
            layout,
            rows,
            indexes,
            indexed,
            events: Vec::new(),
            histories: Histories::default(),
        }
    }

    /// The table's id.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The table's columns and indexes; `None` never for a table of a world.
    pub fn schema(&self) -> Option<&TableSchema> {
        self.schema.tables.get(usize::from(self.id))
    }

    /// Where the columns of a row lie.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// How many rows the cache holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the cache holds no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One past the largest local number, for loops with [`Table::row`].
    pub fn local_end(&self) -> u32 {
        self.rows.local_end()
    }

    /// The row's bytes, 8-aligned.
    pub fn row(&self, local: u32) -> Option<&[u8]> {
        self.rows.row(local)
    }

    /// The row's name on the wire.
    pub fn slot(&self, local: u32) -> Option<Slot> {
        self.rows.slot(local)
    }

    /// The local number of a slot.
    pub fn local(&self, slot: Slot) -> Option<u32> {
        self.rows.local(slot)
    }

    /// Local numbers and rows.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.rows.iter()
    }

    /// A row with this key in a hash or ordered index. `key` is a row of the index's columns.
    pub fn find(&self, index: u16, key: &[u8]) -> Result<Option<u32>, LookupError> {
        let mut found = None;
        self.each_equal(index, key, |local| found = found.or(Some(local)))?;
        Ok(found)
    }

    /// Appends every row with this key in a hash or ordered index.
    pub fn find_all(&self, index: u16, key: &[u8], out: &mut Vec<u32>) -> Result<(), LookupError> {
        self.each_equal(index, key, |local| out.push(local))
    }

    /// Appends the rows between two bounds of an ordered index, in its order.
    pub fn range(
        &self,
        index: u16,
        lower: KeyBound<'_>,
        upper: KeyBound<'_>,
        out: &mut Vec<u32>,
    ) -> Result<(), LookupError> {
        let Index::Ordered(ordered) = self.index(index)? else {
            return Err(self.wrong_kind(index, "ranges"));
        };
        let layout = |bound: KeyBound<'_>| match bound {
            Bound::Included((key, count)) | Bound::Excluded((key, count)) => {
                let layout = ordered.key(&self.layout, count);
                self.check_key(index, &layout, key).map(|()| layout)
            }
            Bound::Unbounded => Ok(RowLayout::new(&[])),
        };
        let (lower_layout, upper_layout) = (layout(lower)?, layout(upper)?);
        ordered.range(
            lower.map(|(key, _)| (key, &lower_layout)),
            upper.map(|(key, _)| (key, &upper_layout)),
            |local| out.push(local),
        );
        Ok(())
    }

    /// Appends the rows at most `radius` from `centre` by a spatial index. In two dimensions `centre[2]` is
    /// ignored.
    pub fn near(
        &self,
        index: u16,
        centre: [f64; 3],
        radius: f64,
        out: &mut Vec<u32>,
    ) -> Result<(), LookupError> {
        let Index::Grid(grid) = self.index(index)? else {
            return Err(self.wrong_kind(index, "nearness"));
        };
        grid.near(centre, radius, &self.rows, |local| out.push(local));
        Ok(())
    }

    fn each_equal(&self, index: u16, key: &[u8], mut found: impl FnMut(u32)) -> Result<(), LookupError> {
        match self.index(index)? {
            Index::Hash(hash) => {
                self.check_key(index, hash.key(), key)?;
                hash.find_all(key, &self.layout, &self.rows, found);
            }
            Index::Ordered(ordered) => {
                let layout = ordered.key(&self.layout, ordered.column_count());
                self.check_key(index, &layout, key)?;
                let bound = Bound::Included((key, &layout));
                ordered.range(bound, bound, &mut found);
            }
            Index::Grid(_) => return Err(self.wrong_kind(index, "equality")),
        }
        Ok(())
    }

    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) -> u32 {
        let local = self.rows.insert(slot, row);
        if self.events.len() <= local as usize {
            self.events.resize(local as usize + 1, NO_EVENT);
        }
        for index in &mut self.indexes {
            index.insert(local, row, &self.layout, &self.rows);
        }
        self.histories.enter(local);
        local
    }

    /// Puts a row in the place of one that differs from it in columns of `mask` only.
    #[inline]
    pub(crate) fn update(&mut self, local: u32, row: &[u8], mask: u64) {
        if let Some(old) = self.rows.row(local) {
            for (index, columns) in self.indexes.iter_mut().zip(&self.indexed) {
                if columns & mask != 0 {
                    index.update(local, old, row, &self.layout, &self.rows);
                }
            }
        }
        self.rows.write(local, row);
    }

    pub(crate) fn delete(&mut self, slot: Slot) {
        let Some(local) = self.rows.local(slot) else { return };
        if let Some(old) = self.rows.row(local) {
            for index in &mut self.indexes {
                index.remove(local, old, &self.layout);
            }
        }
        self.rows.remove(slot);
    }

    fn index(&self, index: u16) -> Result<&Index, LookupError> {
        let unknown = || LookupError::UnknownIndex { table: self.name(), index };
        self.indexes.get(usize::from(index)).ok_or_else(unknown)
    }

    fn check_key(&self, index: u16, layout: &RowLayout, key: &[u8]) -> Result<(), LookupError> {
        validate_row(layout, key).map_err(|error| LookupError::Key { index: self.index_name(index), error })
    }

    fn wrong_kind(&self, index: u16, question: &'static str) -> LookupError {
        LookupError::WrongKind { table: self.name(), index: self.index_name(index), question }
    }

    fn name(&self) -> String {
        self.schema().map_or_else(String::new, |table| table.name.clone())
    }

    fn index_name(&self, index: u16) -> String {
        let schema = self.schema().and_then(|table| table.indexes.get(usize::from(index)));
        schema.map_or_else(String::new, |index| index.name.clone())
    }
}
