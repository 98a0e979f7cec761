//! Columns that can be compared.

use std::cmp::Ordering;
use std::hash::Hasher;

use ambit_model::{ColumnLayout, ColumnType, RowReader};
use rustc_hash::FxHasher;

use super::scalar::{rank_of_bytes, rank_of_signed};
use super::{Number, Scalar};

/// A column that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Operand {
    pub column: u16,
    /// Where the value lies in the row.
    pub offset: usize,
    /// Where the byte lies that tells whether there is a value, if there may be none.
    pub tag: Option<usize>,
    pub form: Form,
}

/// How a column's bytes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    Bool,
    Unsigned(usize),
    Signed(usize),
    Float32,
    Float64,
    /// Ids: so many bytes in place.
    Bytes(usize),
    /// Text and bytes in the heap.
    Heap,
    /// Not at all: such a column can only be NULL or not.
    Opaque,
}

impl Operand {
    /// The column as something to compare, if its type allows that.
    pub fn new(column: u16, layout: &ColumnLayout) -> Option<Self> {
        Some(Self::nullable(column, layout)).filter(|operand| operand.form != Form::Opaque)
    }

    /// The column as something that may be NULL.
    pub fn nullable(column: u16, layout: &ColumnLayout) -> Self {
        if let ColumnType::Option(inner) = &layout.ty {
            let (offset, tag) = (layout.offset + inner.align(), Some(layout.offset));
            return Self { column, offset, tag, form: Form::of(inner) };
        }
        Self { column, offset: layout.offset, tag: None, form: Form::of(&layout.ty) }
    }

    /// Whether the column can be NULL in any row. A float that is not a number is.
    pub fn can_be_null(self) -> bool {
        self.tag.is_some() || self.form.is_float()
    }

    pub fn is_null(self, row: &[u8]) -> bool {
        self.is_absent(row) || self.form.is_float() && self.float(row).is_nan()
    }

    /// How the row's column compares to `value`; unknown if it is NULL.
    #[inline]
    pub fn compare(self, row: &[u8], value: &Scalar) -> Option<Ordering> {
        if self.is_absent(row) {
            return None;
        }
        match (self.form, value) {
            (Form::Bool, Scalar::Unsigned(value)) => Some(self.unsigned(row, 1).cmp(value)),
            (Form::Unsigned(size), Scalar::Unsigned(value)) => Some(self.unsigned(row, size).cmp(value)),
            (Form::Signed(size), Scalar::Signed(value)) => Some(self.signed(row, size).cmp(value)),
            (Form::Float32 | Form::Float64, Scalar::Float(value)) => {
                self.float(row).partial_cmp(&value.get())
            }
            (Form::Bytes(_) | Form::Heap, Scalar::Bytes(value)) => {
                Some(self.bytes(row).cmp(value.as_slice()))
            }
            _ => None,
        }
    }

    /// The row's value; none if it is NULL.
    pub fn scalar(self, row: &[u8]) -> Option<Scalar> {
        if self.is_null(row) {
            return None;
        }
        match self.form {
            Form::Bool => Some(Scalar::Unsigned(self.unsigned(row, 1))),
            Form::Unsigned(size) => Some(Scalar::Unsigned(self.unsigned(row, size))),
            Form::Signed(size) => Some(Scalar::Signed(self.signed(row, size))),
            Form::Float32 | Form::Float64 => Some(Scalar::Float(Number::new(self.float(row)))),
            Form::Bytes(_) | Form::Heap => Some(Scalar::Bytes(self.bytes(row).to_vec())),
            Form::Opaque => None,
        }
    }

    /// The rank of the row's value, as [`Scalar::rank`] gives it; none if it is NULL.
    pub fn rank(self, row: &[u8]) -> Option<u128> {
        if self.is_null(row) {
            return None;
        }
        match self.form {
            Form::Bool => Some(self.unsigned(row, 1)),
            Form::Unsigned(size) => Some(self.unsigned(row, size)),
            Form::Signed(size) => Some(rank_of_signed(self.signed(row, size))),
            Form::Float32 | Form::Float64 => Some(Number::new(self.float(row)).rank()),
            Form::Bytes(_) | Form::Heap => Some(rank_of_bytes(self.bytes(row))),
            Form::Opaque => None,
        }
    }

    /// Whether values of one rank are equal.
    pub fn is_told_by_rank(self) -> bool {
        match self.form {
            Form::Bool | Form::Unsigned(_) | Form::Signed(_) | Form::Float32 | Form::Float64 => true,
            Form::Bytes(size) => size <= 16,
            Form::Heap | Form::Opaque => false,
        }
    }

    /// Adds the row's value to a hash, as [`Self::hash_value`] does.
    #[inline]
    pub fn hash(self, row: &[u8], hasher: &mut FxHasher) {
        match self.form {
            Form::Bytes(_) | Form::Heap if !self.is_absent(row) => hash_bytes(self.bytes(row), hasher),
            Form::Opaque if !self.is_absent(row) => hasher.write_u8(1),
            Form::Bool
            | Form::Unsigned(_)
            | Form::Signed(_)
            | Form::Float32
            | Form::Float64
            | Form::Bytes(_)
            | Form::Heap
            | Form::Opaque => hash_rank(self.rank(row), hasher),
        }
    }

    /// Adds a value to a hash, or NULL: equal values alike.
    pub fn hash_value(value: Option<&Scalar>, hasher: &mut FxHasher) {
        match value {
            Some(Scalar::Bytes(bytes)) => hash_bytes(bytes, hasher),
            Some(Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Float(_)) | None => {
                hash_rank(value.map(Scalar::rank), hasher);
            }
        }
    }

    /// The row's value as bytes that are equal exactly when the values are; a float or one that may be NULL is not taken.
    pub fn bytes(self, row: &[u8]) -> &[u8] {
        match self.form {
            Form::Heap => RowReader::new(row).heap_bytes(self.offset).unwrap_or_default(),
            Form::Bool => row.get(self.offset..self.offset + 1).unwrap_or_default(),
            Form::Unsigned(size) | Form::Signed(size) | Form::Bytes(size) => {
                row.get(self.offset..self.offset + size).unwrap_or_default()
            }
            Form::Float32 => row.get(self.offset..self.offset + 4).unwrap_or_default(),
            Form::Float64 => row.get(self.offset..self.offset + 8).unwrap_or_default(),
            Form::Opaque => &[],
        }
    }

    fn is_absent(self, row: &[u8]) -> bool {
        self.tag.is_some_and(|tag| row.get(tag) != Some(&1))
    }

    fn unsigned(self, row: &[u8], size: usize) -> u128 {
        let mut bytes = [0; 16];
        let value = row.get(self.offset..self.offset + size).unwrap_or_default();
        if let Some(place) = bytes.get_mut(..value.len()) {
            place.copy_from_slice(value);
        }
        u128::from_le_bytes(bytes)
    }

    fn signed(self, row: &[u8], size: usize) -> i128 {
        let unused_bits = 128 - 8 * size;
        (self.unsigned(row, size) << unused_bits).cast_signed() >> unused_bits
    }

    fn float(self, row: &[u8]) -> f64 {
        let reader = RowReader::new(row);
        match self.form {
            Form::Float32 => {
                reader.array(self.offset).map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(bytes)))
            }
            Form::Float64 => reader.array(self.offset).map_or(f64::NAN, f64::from_le_bytes),
            Form::Bool | Form::Unsigned(_) | Form::Signed(_) | Form::Bytes(_) | Form::Heap | Form::Opaque => {
                f64::NAN
            }
        }
    }
}

impl Form {
    fn of(ty: &ColumnType) -> Self {
        match ty {
            ColumnType::Bool => Self::Bool,
            ColumnType::U8 => Self::Unsigned(1),
            ColumnType::U16 => Self::Unsigned(2),
            ColumnType::U32 => Self::Unsigned(4),
            ColumnType::U64 | ColumnType::EntityId => Self::Unsigned(8),
            ColumnType::U128 => Self::Unsigned(16),
            ColumnType::I8 => Self::Signed(1),
            ColumnType::I16 => Self::Signed(2),
            ColumnType::I32 => Self::Signed(4),
            ColumnType::I64 | ColumnType::Timestamp | ColumnType::Duration => Self::Signed(8),
            ColumnType::I128 => Self::Signed(16),
            ColumnType::F32 => Self::Float32,
            ColumnType::F64 => Self::Float64,
            ColumnType::Identity => Self::Bytes(32),
            ColumnType::ConnectionId | ColumnType::Uuid => Self::Bytes(16),
            ColumnType::String | ColumnType::Bytes => Self::Heap,
            ColumnType::Enum(enumeration) if !enumeration.has_payload() => Self::Unsigned(1),
            ColumnType::Enum(_)
            | ColumnType::Vec2
            | ColumnType::Vec3
            | ColumnType::Vec4
            | ColumnType::Quat
            | ColumnType::DVec2
            | ColumnType::DVec3
            | ColumnType::IVec2
            | ColumnType::IVec3
            | ColumnType::Option(_)
            | ColumnType::Vec(_)
            | ColumnType::Struct(_) => Self::Opaque,
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }
}

fn hash_bytes(bytes: &[u8], hasher: &mut FxHasher) {
    hasher.write_u8(1);
    hasher.write(bytes);
}

fn hash_rank(rank: Option<u128>, hasher: &mut FxHasher) {
    hasher.write_u8(u8::from(rank.is_some()));
    let rank = rank.unwrap_or_default();
    hasher.write_u64(rank as u64);
    hasher.write_u64((rank >> 64) as u64);
}
