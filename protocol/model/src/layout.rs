//! Where each column of a row lies.

use crate::types::{ColumnType, Field, fields_size, place_fields};

/// The placement of a row's columns (docs/formats/row.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLayout {
    columns: Vec<ColumnLayout>,
    fixed_bytes: usize,
    is_fixed: bool,
    is_plain: bool,
    checked_columns: u64,
    word_columns: Vec<u64>,
    whole_words: u64,
}

/// The placement of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    /// First byte in the fixed part.
    pub offset: usize,
    /// Bytes in the fixed part.
    pub size: usize,
    /// Whether the column has no heap part.
    pub is_fixed: bool,
    /// The column's type.
    pub ty: ColumnType,
}

impl RowLayout {
    /// Places fields in declared order, each at its natural alignment; the size is rounded up to 8.
    pub fn new(fields: &[Field]) -> Self {
        let mut columns = Vec::with_capacity(fields.len());
        place_fields(fields, 0, |offset, field| {
            columns.push(ColumnLayout {
                offset,
                size: field.ty.size(),
                is_fixed: field.ty.is_fixed(),
                ty: field.ty.clone(),
            });
        });
        let is_fixed = columns.iter().all(|column| column.is_fixed);
        let fixed_bytes = fields_size(fields).next_multiple_of(8);
        let is_plain = columns.iter().all(|column| column.ty.is_plain())
            && columns.iter().map(|column| column.size).sum::<usize>() == fixed_bytes;
        let needs_check =
            |(index, column): (usize, &ColumnLayout)| u64::from(!column.ty.is_plain()) << (index & 63);
        let checked_columns = columns.iter().enumerate().map(needs_check).fold(0, |mask, bit| mask | bit);
        let word_columns = (0..fixed_bytes / 8).map(|word| columns_in(&columns, word)).collect();
        let is_whole =
            |column: &ColumnLayout| column.offset.is_multiple_of(8) && column.size.is_multiple_of(8);
        let whole = |(index, column): (usize, &ColumnLayout)| u64::from(is_whole(column)) << (index & 63);
        let whole_words = columns.iter().enumerate().map(whole).fold(0, |mask, bit| mask | bit);
        Self { columns, fixed_bytes, is_fixed, is_plain, checked_columns, word_columns, whole_words }
    }

    /// The layout of some of this row's columns as a row of their own: an index key, a patch.
    /// Indices past the last column are left out.
    pub fn of_columns(&self, columns: &[u16]) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .filter_map(|&index| self.columns.get(usize::from(index)))
            .map(|column| Field { name: String::new(), ty: column.ty.clone() })
            .collect();
        Self::new(&fields)
    }

    /// The columns in declared order.
    #[inline]
    pub fn columns(&self) -> &[ColumnLayout] {
        &self.columns
    }

    /// Bytes of the fixed part, a multiple of 8. The heap begins here.
    #[inline]
    pub fn fixed_bytes(&self) -> usize {
        self.fixed_bytes
    }

    /// Whether any bytes of the right length are a row: no padding, no tags, no heap.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The columns of which not all bytes are a value, as a mask: those with a heap part, a tag or padding.
    #[inline]
    pub fn checked_columns(&self) -> u64 {
        self.checked_columns
    }

    /// For every 8 bytes of the fixed part, the columns that have a byte there, as a mask.
    pub(crate) fn word_columns(&self) -> &[u64] {
        &self.word_columns
    }

    /// The columns that share none of their words with another column, as a mask.
    #[inline]
    pub(crate) fn whole_words(&self) -> u64 {
        self.whole_words
    }

    /// Whether every row is exactly its fixed part: it can be read in place as a struct.
    #[inline]
    pub fn is_fixed(&self) -> bool {
        self.is_fixed
    }
}

/// The columns that have a byte in a word of the fixed part, as a mask.
fn columns_in(columns: &[ColumnLayout], word: usize) -> u64 {
    let (start, end) = (8 * word, 8 * word + 8);
    let is_in = |column: &ColumnLayout| column.offset < end && column.offset + column.size > start;
    let bits = columns.iter().enumerate().map(|(index, column)| u64::from(is_in(column)) << (index & 63));
    bits.fold(0, |mask, bit| mask | bit)
}
