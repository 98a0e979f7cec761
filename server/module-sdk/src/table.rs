//! Access to one table as a whole and by its primary key.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use ambit_model::{DecodeError, Row, RowReader, TableSchema};

use crate::error::{DeleteError, InsertError, UpdateError};
use crate::generated::TableRegistration;
use crate::key::{IntoKey, KeyColumns};
use crate::operations;
use crate::patch::PatchTarget;
use crate::rows::Rows;

/// A struct that is the row of a table, or of a table as it was. `#[table]` and `#[old_table]` implement it.
pub trait Stored: Row + 'static {
    /// The table's name.
    const NAME: &'static str;

    #[doc(hidden)]
    fn registration() -> &'static TableRegistration;

    #[doc(hidden)]
    fn describe() -> TableSchema;
}

/// A struct that is the row of a table. `#[table]` implements it.
pub trait Table: Stored {
    /// Collects changes of single columns.
    type Patch: From<PatchTarget>;

    #[doc(hidden)]
    fn read_auto_inc(&mut self, row: RowReader<'_>) -> Result<(), DecodeError>;
}

/// A table with a primary key.
pub trait PrimaryKey: Stored {
    /// The key's columns.
    type Key: KeyColumns;
    /// The index's id.
    const INDEX: u32;
}

/// A table of the database.
pub struct TableHandle<T> {
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for TableHandle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TableHandle<T> {}

impl<T: Stored> fmt::Debug for TableHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableHandle({})", T::NAME)
    }
}

impl<T: Stored> TableHandle<T> {
    pub(crate) const fn new() -> Self {
        Self { of: PhantomData }
    }

    /// All rows.
    pub fn iter(&self) -> Rows<T> {
        Rows::all()
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        operations::count::<T>()
    }
}

impl<T: Table> TableHandle<T> {
    /// Inserts a row and gives it back with its `auto_inc` columns filled in.
    ///
    /// # Panics
    /// When a unique index forbids it; the call is then rolled back. [`Self::try_insert`] says so instead.
    #[inline]
    #[track_caller]
    pub fn insert(&self, row: T) -> T {
        operations::must(operations::insert(row))
    }

    /// Inserts a row and gives it back with its `auto_inc` columns filled in, or says why not.
    pub fn try_insert(&self, row: T) -> Result<T, InsertError> {
        operations::insert(row)
    }

    /// Inserts many rows with as few crossings into the database as possible; how many.
    ///
    /// # Panics
    /// When a unique index forbids one; the call is then rolled back.
    #[track_caller]
    pub fn insert_all(&self, rows: impl IntoIterator<Item = T>) -> u64 {
        operations::must(operations::insert_all(rows))
    }
}

impl<T: PrimaryKey> TableHandle<T> {
    /// The row with this primary key.
    #[inline]
    pub fn find<Q: IntoKey<T::Key>>(&self, key: Q) -> Option<T> {
        operations::find(T::INDEX, |out| key.write_key(out))
    }
}

impl<T: PrimaryKey + Table> TableHandle<T> {
    /// Replaces the row that has the same primary key.
    ///
    /// # Panics
    /// When there is none, or when another unique index forbids it; the call is then rolled back.
    #[inline]
    #[track_caller]
    pub fn update(&self, row: impl Borrow<T>) {
        operations::must(operations::update(T::INDEX, row.borrow()));
    }

    /// Replaces the row that has the same primary key, or says why not.
    pub fn try_update(&self, row: impl Borrow<T>) -> Result<(), UpdateError> {
        operations::update(T::INDEX, row.borrow())
    }

    /// Replaces many rows by primary key with as few crossings into the database as possible; how many.
    ///
    /// # Panics
    /// When there is none for one of them, or when another unique index forbids it; the call is then rolled back.
    #[track_caller]
    pub fn update_all<R: Borrow<T>>(&self, rows: impl IntoIterator<Item = R>) -> u64 {
        operations::must(operations::update_all(T::INDEX, rows))
    }

    /// Starts a change of single columns of the row with this primary key.
    #[inline]
    pub fn patch<Q: IntoKey<T::Key>>(&self, key: Q) -> T::Patch {
        T::Patch::from(PatchTarget::new::<T>(T::INDEX, |out| key.write_key(out)))
    }

    /// Deletes the row with this primary key, and the rows that go with it; whether there was one.
    ///
    /// # Panics
    /// When other rows name it and may not lose it; the call is then rolled back.
    #[inline]
    #[track_caller]
    pub fn delete<Q: IntoKey<T::Key>>(&self, key: Q) -> bool {
        operations::must(self.try_delete(key))
    }

    /// Deletes the row with this primary key, and the rows that go with it, or says why not; whether there was one.
    #[inline]
    pub fn try_delete<Q: IntoKey<T::Key>>(&self, key: Q) -> Result<bool, DeleteError> {
        operations::delete::<T>(T::INDEX, |out| key.write_key(out)).map(|count| count != 0)
    }
}
