//! Index keys: what may be given to `find`, `filter` and `range`, and its bytes.

use std::marker::PhantomData;

use ambit_model::{Column, RowWriter};

use crate::generated::place;

/// The column types of an index, as a tuple.
pub trait KeyColumns {
    /// How many columns.
    const COUNT: u8;
}

/// A value that can stand for a key column of type `C`: `C`, `&C`, and `&str` for text.
pub trait KeyPart<C> {
    /// Writes the value at byte `at` of the key.
    fn write_part(&self, writer: &mut RowWriter<'_>, at: usize);
}

/// A value that can stand for a whole key: the value itself for one column, a tuple for several.
pub trait IntoKey<K: KeyColumns> {
    /// Appends the key's bytes.
    fn write_key(&self, out: &mut Vec<u8>);
}

/// A value that can stand for the first columns of a key of several.
pub trait IntoPrefix<K: KeyColumns> {
    /// How many of the columns.
    const COUNT: u8;

    /// Appends the bytes of the key's first columns.
    fn write_prefix(&self, out: &mut Vec<u8>);
}

impl<C: Column> KeyPart<C> for C {
    #[inline]
    fn write_part(&self, writer: &mut RowWriter<'_>, at: usize) {
        self.write(writer, at);
    }
}

impl<C: Column> KeyPart<C> for &C {
    #[inline]
    fn write_part(&self, writer: &mut RowWriter<'_>, at: usize) {
        (*self).write(writer, at);
    }
}

impl KeyPart<String> for &str {
    #[inline]
    fn write_part(&self, writer: &mut RowWriter<'_>, at: usize) {
        writer.bytes(at, self.as_bytes());
    }
}

/// A tuple of column types laid out as a key row.
struct KeyRow<K>(PhantomData<K>);

macro_rules! key_of {
    ($count:literal: $($column:ident $part:ident $index:tt),+) => {
        impl<$($column: Column),+> KeyColumns for ($($column,)+) {
            const COUNT: u8 = $count;
        }

        impl<$($column: Column),+> KeyRow<($($column,)+)> {
            const PLACES: crate::generated::Places<$count> =
                place(0, [$(($column::SIZE, $column::ALIGN)),+]);
        }
    };
}

macro_rules! key_from_tuple {
    ($count:literal: $($column:ident $part:ident $index:tt),+) => {
        key_of!($count: $($column $part $index),+);

        impl<$($column: Column,)+ $($part: KeyPart<$column>),+> IntoKey<($($column,)+)> for ($($part,)+) {
            #[inline]
            fn write_key(&self, out: &mut Vec<u8>) {
                let places = KeyRow::<($($column,)+)>::PLACES;
                let mut writer = RowWriter::new(out, places.row_bytes);
                $(self.$index.write_part(&mut writer, places.offsets[$index]);)+
            }
        }
    };
}

key_of!(1: A PA 0);
key_from_tuple!(2: A PA 0, B PB 1);
key_from_tuple!(3: A PA 0, B PB 1, C PC 2);
key_from_tuple!(4: A PA 0, B PB 1, C PC 2, D PD 3);

impl<A: Column, P: KeyPart<A>> IntoKey<(A,)> for P {
    #[inline]
    fn write_key(&self, out: &mut Vec<u8>) {
        let mut writer = RowWriter::new(out, KeyRow::<(A,)>::PLACES.row_bytes);
        self.write_part(&mut writer, 0);
    }
}

macro_rules! prefix {
    ($prefix:literal [$($column:ident),+] of [$($all:ident),+] for $value:ty where $($part:ident: $of:ident),+) => {
        impl<$($all: Column,)+ $($part: KeyPart<$of>),+> IntoPrefix<($($all,)+)> for $value {
            const COUNT: u8 = $prefix;

            #[inline]
            fn write_prefix(&self, out: &mut Vec<u8>) {
                IntoKey::<($($column,)+)>::write_key(self, out);
            }
        }
    };
}

prefix!(1 [A] of [A, B] for P where P: A);
prefix!(1 [A] of [A, B, C] for P where P: A);
prefix!(1 [A] of [A, B, C, D] for P where P: A);
