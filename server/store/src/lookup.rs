//! Questions to an index. Keys come from modules and clients, so each is checked before it is used.

use std::ops::Bound;

use ambit_model::{RowLayout, Slot, validate_row};

use crate::error::LookupError;
use crate::index::{Index, Prefix};
use crate::table::Table;

/// The first columns of an ordered index's key, as a row of those columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPrefix<'a> {
    /// A row in the layout `RowLayout::of_columns(&index.columns[..columns])`.
    pub key: &'a [u8],
    /// How many columns it holds, at least 1.
    pub columns: usize,
}

/// A range of an ordered index. A bound of fewer columns than the index has stands for all keys that begin with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<'a> {
    /// Where the range begins.
    pub lower: Bound<KeyPrefix<'a>>,
    /// Where it ends.
    pub upper: Bound<KeyPrefix<'a>>,
}

impl<'a> Bounds<'a> {
    /// The whole index.
    pub const ALL: Bounds<'static> = Bounds { lower: Bound::Unbounded, upper: Bound::Unbounded };

    /// All keys that begin with this one.
    pub fn equal(key: &'a [u8], columns: usize) -> Self {
        let prefix = KeyPrefix { key, columns };
        Self { lower: Bound::Included(prefix), upper: Bound::Included(prefix) }
    }

    /// The whole key that both ends name, if the range is an equality.
    fn equal_key(&self, columns: usize) -> Option<&'a [u8]> {
        match (self.lower, self.upper) {
            (Bound::Included(lower), Bound::Included(upper))
                if lower == upper && lower.columns == columns =>
            {
                Some(lower.key)
            }
            _ => None,
        }
    }
}

impl Table {
    #[inline]
    pub(crate) fn find(&self, index: u16, key: &[u8]) -> Result<Option<Slot>, LookupError> {
        let index = self.index(index)?;
        if !index.unique {
            return Err(self.wrong_index(index, "unique"));
        }
        self.check_key(index, index.key_layout(), key)?;
        Ok(index.find(&self.layout, self.rows(), key))
    }

    /// Whether the row in a slot has this key in a unique index, for the usual key alone: false may mean that nobody knows.
    #[inline]
    pub(crate) fn holds(&self, index: u16, slot: Slot, key: &[u8]) -> bool {
        let index = self.indexes.get(usize::from(index)).filter(|index| index.unique);
        index.is_some_and(|index| self.row(slot).is_some() && index.holds(self.rows(), slot, key))
    }

    pub(crate) fn find_all(&self, index: u16, key: &[u8], out: &mut Vec<Slot>) -> Result<(), LookupError> {
        let index = self.index(index)?;
        if index.is_spatial() {
            return Err(self.wrong_index(index, "a hash or ordered index"));
        }
        self.check_key(index, index.key_layout(), key)?;
        let start = out.len();
        index.find_all(&self.layout, self.rows(), key, out);
        sort_from(out, start);
        Ok(())
    }

    pub(crate) fn range(
        &self,
        index: u16,
        bounds: &Bounds<'_>,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        let found = self.index(index)?;
        if !found.is_ordered() {
            let columns = found.columns.len();
            return match bounds.equal_key(columns).filter(|_| !found.is_spatial()) {
                Some(key) => self.find_all(index, key, out),
                None => Err(self.wrong_index(found, "ordered")),
            };
        }
        let lower = self.check_bound(found, bounds.lower)?;
        let upper = self.check_bound(found, bounds.upper)?;
        found.range(lower, upper, out);
        Ok(())
    }

    pub(crate) fn walk(
        &self,
        index: u16,
        bounds: &Bounds<'_>,
        is_backward: bool,
        each: impl FnMut(Slot) -> bool,
    ) -> Result<(), LookupError> {
        let found = self.index(index)?;
        if !found.is_ordered() {
            return Err(self.wrong_index(found, "ordered"));
        }
        let lower = self.check_bound(found, bounds.lower)?;
        let upper = self.check_bound(found, bounds.upper)?;
        found.walk(lower, upper, is_backward, each);
        Ok(())
    }

    pub(crate) fn near(
        &self,
        index: u16,
        centre: [f64; 3],
        radius: f64,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        let index = self.index(index)?;
        if !index.is_spatial() {
            return Err(self.wrong_index(index, "spatial"));
        }
        if !centre.iter().all(|part| part.is_finite()) || radius.is_nan() || radius < 0.0 {
            return Err(LookupError::Circle);
        }
        let start = out.len();
        index.near(centre, radius, out);
        sort_from(out, start);
        Ok(())
    }

    fn index(&self, index: u16) -> Result<&Index, LookupError> {
        let found = self.indexes.get(usize::from(index));
        found.ok_or_else(|| LookupError::UnknownIndex { table: self.name.clone(), index })
    }

    #[inline]
    fn check_key(&self, index: &Index, layout: &RowLayout, key: &[u8]) -> Result<(), LookupError> {
        validate_row(layout, key).map_err(|error| LookupError::Key {
            index: index.name.clone(),
            row: self.key_error(layout, &index.columns, key, error),
        })
    }

    fn check_bound<'a>(
        &self,
        index: &Index,
        bound: Bound<KeyPrefix<'a>>,
    ) -> Result<Bound<Prefix<'a>>, LookupError> {
        let check = |prefix: KeyPrefix<'a>| {
            let layout = index.prefix_layout(prefix.columns).ok_or_else(|| LookupError::BoundColumns {
                table: self.name.clone(),
                index: index.name.clone(),
                columns: prefix.columns,
                max: index.columns.len(),
            })?;
            self.check_key(index, layout, prefix.key)?;
            Ok(Prefix { key: prefix.key, columns: prefix.columns })
        };
        Ok(match bound {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(prefix) => Bound::Included(check(prefix)?),
            Bound::Excluded(prefix) => Bound::Excluded(check(prefix)?),
        })
    }

    #[cold]
    fn wrong_index(&self, index: &Index, needed: &'static str) -> LookupError {
        LookupError::WrongIndex { table: self.name.clone(), index: index.name.clone(), needed }
    }
}

/// Answers come in the order of slots: a function of what the table holds, never of how it came to be.
fn sort_from(slots: &mut [Slot], start: usize) {
    if let Some(found) = slots.get_mut(start..) {
        found.sort_unstable();
    }
}
