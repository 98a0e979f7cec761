//! How the key of a hash index is read from a row, hashed, and compared in place.

use ambit_model::delta::copy_columns;
use ambit_model::{ColumnType, RowLayout};

/// Where an index's key lies in a row and in a key row.
#[derive(Debug, Clone)]
pub(crate) enum KeyPlan {
    /// One run of 1, 2, 4 or 8 bytes.
    Word { offset: usize, width: usize },
    /// One run of 16 bytes.
    Double { offset: usize },
    /// Runs of fixed bytes, texts and byte strings.
    Parts(Vec<KeyPart>),
    /// Lists, options of text, payload enums: the key is copied out.
    Copied { columns: Vec<u16> },
}

/// A part of a key.
#[derive(Debug, Clone)]
pub(crate) struct KeyPart {
    row_offset: usize,
    key_offset: usize,
    size: usize,
    /// The part is a heap reference to bytes.
    is_text: bool,
}

impl KeyPlan {
    pub(crate) fn new(layout: &RowLayout, columns: &[u16], key_layout: &RowLayout) -> Self {
        let mut parts: Vec<KeyPart> = Vec::new();
        let row_columns = columns.iter().filter_map(|&column| layout.columns().get(usize::from(column)));
        for (row, key) in row_columns.zip(key_layout.columns()) {
            let is_text = matches!(row.ty, ColumnType::String | ColumnType::Bytes);
            if !row.is_fixed && !is_text {
                return Self::Copied { columns: columns.to_vec() };
            }
            let part = KeyPart { row_offset: row.offset, key_offset: key.offset, size: row.size, is_text };
            match parts.last_mut().filter(|last| last.continues_in(&part)) {
                Some(last) => last.size += part.size,
                None => parts.push(part),
            }
        }
        match *parts.as_slice() {
            [KeyPart { row_offset: offset, size: width @ (1 | 2 | 4 | 8), is_text: false, .. }] => {
                Self::Word { offset, width }
            }
            [KeyPart { row_offset: offset, size: 16, is_text: false, .. }] => Self::Double { offset },
            _ => Self::Parts(parts),
        }
    }

    /// The hash of a row's key.
    #[inline]
    pub(crate) fn hash_row(&self, layout: &RowLayout, key_layout: &RowLayout, seed: u64, row: &[u8]) -> u64 {
        match self {
            Self::Word { offset, width } => hash_word(seed, word_at(row, *offset, *width)),
            Self::Double { offset } => hash_double(seed, double_at(row, *offset)),
            Self::Parts(parts) => hash_parts(seed, parts.iter().map(|part| part.bytes(row, part.row_offset))),
            Self::Copied { columns } => hash_parts(seed, [&*copied(layout, row, columns, key_layout)]),
        }
    }

    /// The hash of a key row.
    #[inline]
    pub(crate) fn hash_key(&self, seed: u64, key: &[u8]) -> u64 {
        match self {
            Self::Word { width, .. } => hash_word(seed, word_at(key, 0, *width)),
            Self::Double { .. } => hash_double(seed, double_at(key, 0)),
            Self::Parts(parts) => hash_parts(seed, parts.iter().map(|part| part.bytes(key, part.key_offset))),
            Self::Copied { .. } => hash_parts(seed, [key]),
        }
    }

    /// Whether a row has the key of a key row.
    pub(crate) fn row_has_key(
        &self,
        layout: &RowLayout,
        key_layout: &RowLayout,
        row: &[u8],
        key: &[u8],
    ) -> bool {
        match self {
            Self::Word { offset, width } => word_at(row, *offset, *width) == word_at(key, 0, *width),
            Self::Double { offset } => double_at(row, *offset) == double_at(key, 0),
            Self::Parts(parts) => {
                parts.iter().all(|part| part.bytes(row, part.row_offset) == part.bytes(key, part.key_offset))
            }
            Self::Copied { columns } => copied(layout, row, columns, key_layout) == key,
        }
    }

    /// Whether two rows have the same key.
    #[inline]
    pub(crate) fn same_key(
        &self,
        layout: &RowLayout,
        key_layout: &RowLayout,
        one: &[u8],
        other: &[u8],
    ) -> bool {
        match self {
            Self::Word { offset, width } => word_at(one, *offset, *width) == word_at(other, *offset, *width),
            Self::Double { offset } => double_at(one, *offset) == double_at(other, *offset),
            Self::Parts(parts) => parts
                .iter()
                .all(|part| part.bytes(one, part.row_offset) == part.bytes(other, part.row_offset)),
            Self::Copied { columns } => {
                copied(layout, one, columns, key_layout) == copied(layout, other, columns, key_layout)
            }
        }
    }
}

impl KeyPart {
    fn continues_in(&self, next: &Self) -> bool {
        !self.is_text
            && !next.is_text
            && self.row_offset + self.size == next.row_offset
            && self.key_offset + self.size == next.key_offset
    }

    fn bytes<'a>(&self, row: &'a [u8], offset: usize) -> &'a [u8] {
        if self.is_text {
            ambit_model::RowReader::new(row).heap_bytes(offset).unwrap_or_default()
        } else {
            row.get(offset..offset + self.size).unwrap_or_default()
        }
    }
}

/// The number of `width` little-endian bytes.
#[inline]
pub(crate) fn word_at(row: &[u8], offset: usize, width: usize) -> u64 {
    match width {
        8 => u64::from_le_bytes(array_at(row, offset)),
        4 => u64::from(u32::from_le_bytes(array_at(row, offset))),
        2 => u64::from(u16::from_le_bytes(array_at(row, offset))),
        _ => u64::from(u8::from_le_bytes(array_at(row, offset))),
    }
}

#[inline]
pub(crate) fn double_at(row: &[u8], offset: usize) -> u128 {
    u128::from_le_bytes(array_at(row, offset))
}

/// The bytes at `offset`; zeros where the row is too short, which a valid row never is.
#[inline]
pub(crate) fn array_at<const N: usize>(row: &[u8], offset: usize) -> [u8; N] {
    row.get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

/// A full multiplication whose halves are folded: every bit of the input moves every bit of the hash.
#[inline]
pub(crate) fn hash_word(seed: u64, word: u64) -> u64 {
    fold_product(word ^ seed ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93)
}

#[inline]
fn fold_product(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn hash_double(seed: u64, double: u128) -> u64 {
    hash_word(hash_word(seed, double as u64), (double >> 64) as u64)
}

/// Clients choose texts, so the seed is in every step: who does not know it knows neither what a word is mixed
/// with nor what it is multiplied by.
fn hash_parts<'a>(seed: u64, parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let multiplier = hash_word(seed, 0xA076_1D64_78BD_642F) | 1;
    let mut hash = hash_word(seed, 0);
    for part in parts {
        let (words, rest) = part.as_chunks();
        for &word in words {
            hash = fold_product(hash ^ u64::from_le_bytes(word), multiplier);
        }
        // The length tells zeros at the end from bytes that are not there.
        let mut last = [0; 8];
        for (place, &byte) in last.iter_mut().zip(rest) {
            *place = byte;
        }
        hash = fold_product(hash ^ u64::from_le_bytes(last), multiplier);
        hash = fold_product(hash ^ part.len() as u64, multiplier);
    }
    hash_word(seed, hash)
}

fn copied(layout: &RowLayout, row: &[u8], columns: &[u16], key_layout: &RowLayout) -> Vec<u8> {
    let mut key = Vec::new();
    // A row in the table is valid, so its columns can be copied.
    let result = copy_columns(layout, row, columns, key_layout, &mut key);
    debug_assert_eq!(result, Ok(()), "a row in the table is not valid");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A hash that multiplies two halves of a text is zero for all texts of which one half is its constant.
    #[test]
    fn texts_made_to_collide_do_not() {
        let constant = 0x243f_6a88_85a3_08d3_u64.to_le_bytes();
        for seed in [0, 1, u64::MAX] {
            let hashes: BTreeSet<u64> = (0..1_000_u64)
                .flat_map(|word| {
                    let word = word.to_le_bytes();
                    [[constant, word].concat(), [word, constant].concat()]
                })
                .map(|text| hash_parts(seed, [text.as_slice()]))
                .collect();
            assert_eq!(hashes.len(), 2_000);
        }
    }

    #[test]
    fn parts_and_lengths_count() {
        let parts: [&[&[u8]]; 8] = [
            &[],
            &[b""],
            &[b"", b""],
            &[b"\0"],
            &[b"ab", b"c"],
            &[b"a", b"bc"],
            &[b"abcdefgh"],
            &[b"abcdefgh\0"],
        ];
        let hashes: BTreeSet<u64> = parts.iter().map(|parts| hash_parts(7, parts.iter().copied())).collect();
        assert_eq!(hashes.len(), parts.len());
        assert_ne!(hash_parts(7, [b"abc".as_slice()]), hash_parts(8, [b"abc".as_slice()]));
    }
}
