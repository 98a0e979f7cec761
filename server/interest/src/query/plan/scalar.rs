//! Values that columns are compared with.

use std::cmp::Ordering;

use super::Form;

/// A value to compare a column with. The variant follows from the column's form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scalar {
    Unsigned(u128),
    Signed(i128),
    Float(Number),
    Bytes(Vec<u8>),
}

/// A finite float that can be a key, without a negative zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Number(u64);

impl Scalar {
    /// The value's bytes as they lie in a column of that form.
    pub fn column_bytes(&self, form: Form) -> Vec<u8> {
        let cut = |bytes: [u8; 16], size: usize| bytes.get(..size).unwrap_or(&bytes).to_vec();
        match (self, form) {
            (Self::Unsigned(value), Form::Bool) => cut(value.to_le_bytes(), 1),
            (Self::Unsigned(value), Form::Unsigned(size)) => cut(value.to_le_bytes(), size),
            (Self::Signed(value), Form::Signed(size)) => cut(value.to_le_bytes(), size),
            (Self::Float(value), Form::Float32) => (value.get() as f32).to_le_bytes().to_vec(),
            (Self::Float(value), _) => value.get().to_le_bytes().to_vec(),
            (Self::Bytes(bytes), _) => bytes.clone(),
            (Self::Unsigned(_) | Self::Signed(_), _) => Vec::new(),
        }
    }

    /// A number that never decreases while the value grows. Long texts that begin alike share one.
    pub fn rank(&self) -> u128 {
        match self {
            Self::Unsigned(value) => *value,
            Self::Signed(value) => rank_of_signed(*value),
            Self::Float(value) => value.rank(),
            Self::Bytes(bytes) => rank_of_bytes(bytes),
        }
    }
}

impl Number {
    pub fn new(value: f64) -> Self {
        // Adding 0 turns a negative zero into a positive one.
        Self((value + 0.0).to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// Its place in the order of floats.
    pub fn rank(self) -> u128 {
        let is_negative = self.0 >> 63 == 1;
        u128::from(if is_negative { !self.0 } else { self.0 | 1 << 63 })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.get().total_cmp(&other.get())
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pub(super) fn rank_of_signed(value: i128) -> u128 {
    value.cast_unsigned() ^ 1 << 127
}

/// The first bytes, most important first.
pub(super) fn rank_of_bytes(bytes: &[u8]) -> u128 {
    let mut first = [0; 16];
    first.iter_mut().zip(bytes).for_each(|(place, &byte)| *place = byte);
    u128::from_be_bytes(first)
}
