//! Access by an index: one row, the rows of a key, a range, everything near a point.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use ambit_model::Column;
use ambit_model::glam::{DVec2, DVec3, Vec2, Vec3};
use ambit_module_abi::{KeyBounds, KeyPrefix};

use crate::error::{DeleteError, UpdateError};
use crate::key::{IntoKey, IntoPrefix, KeyColumns};
use crate::operations;
use crate::patch::PatchTarget;
use crate::rows::Rows;
use crate::scratch;
use crate::table::{Stored, Table};

/// A hash or ordered index of table `T` over the columns `K`, unique or not.
#[derive(Debug)]
pub struct Index<T, K, const UNIQUE: bool, const ORDERED: bool> {
    id: u32,
    of: PhantomData<fn() -> (T, K)>,
}

/// A spatial index of table `T` over a position column `C`.
#[derive(Debug)]
pub struct SpatialIndex<T, C> {
    id: u32,
    of: PhantomData<fn() -> (T, C)>,
}

/// A column type that a spatial index takes.
#[diagnostic::on_unimplemented(
    message = "a spatial index takes a position, not `{Self}`",
    label = "not a position",
    note = "`#[spatial]` stands on a column of type Vec2, Vec3, DVec2 or DVec3"
)]
pub trait Position: Column {
    /// x, y, z; z is 0 in two dimensions.
    fn coordinates(self) -> [f64; 3];
}

impl<T: Stored, K: KeyColumns, const UNIQUE: bool, const ORDERED: bool> Index<T, K, UNIQUE, ORDERED> {
    #[doc(hidden)]
    pub const fn new(id: u32) -> Self {
        Self { id, of: PhantomData }
    }

    /// The rows with this key.
    pub fn filter<Q: IntoKey<K>>(&self, key: Q) -> Rows<T> {
        scratch::with_key(
            |out| key.write_key(out),
            |row| Rows::scan(self.id, KeyBounds::Equal(KeyPrefix { columns: K::COUNT, row })),
        )
    }
}

impl<T: Stored, K: KeyColumns, const ORDERED: bool> Index<T, K, true, ORDERED> {
    /// The row with this key.
    #[inline]
    pub fn find<Q: IntoKey<K>>(&self, key: Q) -> Option<T> {
        operations::find(self.id, |out| key.write_key(out))
    }
}

impl<T: Table, K: KeyColumns, const ORDERED: bool> Index<T, K, true, ORDERED> {
    /// Replaces the row that has the same key.
    ///
    /// # Panics
    /// When there is none, or when another unique index forbids it; the call is then rolled back.
    #[inline]
    #[track_caller]
    pub fn update(&self, row: impl Borrow<T>) {
        operations::must(operations::update(self.id, row.borrow()));
    }

    /// Replaces the row that has the same key, or says why not.
    pub fn try_update(&self, row: impl Borrow<T>) -> Result<(), UpdateError> {
        operations::update(self.id, row.borrow())
    }

    /// Starts a change of single columns of the row with this key.
    #[inline]
    pub fn patch<Q: IntoKey<K>>(&self, key: Q) -> T::Patch {
        T::Patch::from(PatchTarget::new::<T>(self.id, |out| key.write_key(out)))
    }

    /// Deletes the row with this key, and the rows that go with it; whether there was one.
    ///
    /// # Panics
    /// When other rows name it and may not lose it; the call is then rolled back.
    #[inline]
    #[track_caller]
    pub fn delete<Q: IntoKey<K>>(&self, key: Q) -> bool {
        operations::must(self.try_delete(key))
    }

    /// Deletes the row with this key, and the rows that go with it, or says why not; whether there was one.
    #[inline]
    pub fn try_delete<Q: IntoKey<K>>(&self, key: Q) -> Result<bool, DeleteError> {
        operations::delete::<T>(self.id, |out| key.write_key(out)).map(|count| count != 0)
    }
}

impl<T: Table, K: KeyColumns, const ORDERED: bool> Index<T, K, false, ORDERED> {
    /// Deletes all rows with this key, and the rows that go with them; how many had the key.
    ///
    /// # Panics
    /// When other rows name one of them and may not lose it; the call is then rolled back.
    #[track_caller]
    pub fn delete<Q: IntoKey<K>>(&self, key: Q) -> u64 {
        operations::must(self.try_delete(key))
    }

    /// Deletes all rows with this key, and the rows that go with them; how many had the key. Or says why one of them
    /// stays, with those that come after it.
    pub fn try_delete<Q: IntoKey<K>>(&self, key: Q) -> Result<u64, DeleteError> {
        operations::delete::<T>(self.id, |out| key.write_key(out))
    }
}

impl<T: Stored, K: KeyColumns, const UNIQUE: bool> Index<T, K, UNIQUE, true> {
    /// The rows whose keys lie in the range, in the order of the keys: `5..`, `10..=20`, `("a", 1)..("b", 1)`.
    pub fn range<Q: IntoKey<K>, R: RangeBounds<Q>>(&self, range: R) -> Rows<T> {
        scratch::with_keys(
            |out| write_bound(range.start_bound(), out),
            |out| write_bound(range.end_bound(), out),
            |lower, upper| {
                let lower = range.start_bound().map(|_| KeyPrefix { columns: K::COUNT, row: lower });
                let upper = range.end_bound().map(|_| KeyPrefix { columns: K::COUNT, row: upper });
                Rows::scan(self.id, KeyBounds::Range { lower, upper })
            },
        )
    }

    /// The rows whose keys begin with these columns, in the order of the keys.
    pub fn prefix<Q: IntoPrefix<K>>(&self, prefix: Q) -> Rows<T> {
        scratch::with_key(
            |out| prefix.write_prefix(out),
            |row| Rows::scan(self.id, KeyBounds::Equal(KeyPrefix { columns: Q::COUNT, row })),
        )
    }
}

fn write_bound<K: KeyColumns, Q: IntoKey<K>>(bound: Bound<&Q>, out: &mut Vec<u8>) {
    match bound {
        Bound::Unbounded => {}
        Bound::Included(key) | Bound::Excluded(key) => key.write_key(out),
    }
}

impl<T, C> SpatialIndex<T, C> {
    #[doc(hidden)]
    pub const fn new(id: u32) -> Self {
        Self { id, of: PhantomData }
    }
}

impl<T: Stored, C: Position> SpatialIndex<T, C> {
    /// The rows at most `radius` away from `centre`, in no particular order.
    pub fn near(&self, centre: C, radius: impl Into<f64>) -> Rows<T> {
        Rows::near(self.id, centre.coordinates(), radius.into())
    }
}

impl Position for Vec2 {
    fn coordinates(self) -> [f64; 3] {
        [self.x.into(), self.y.into(), 0.0]
    }
}

impl Position for Vec3 {
    fn coordinates(self) -> [f64; 3] {
        [self.x.into(), self.y.into(), self.z.into()]
    }
}

impl Position for DVec2 {
    fn coordinates(self) -> [f64; 3] {
        [self.x, self.y, 0.0]
    }
}

impl Position for DVec3 {
    fn coordinates(self) -> [f64; 3] {
        [self.x, self.y, self.z]
    }
}
