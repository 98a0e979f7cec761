//! Which keys of an index a scan gives.

use std::ops::Bound;

/// The first columns of an index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPrefix<'a> {
    /// How many of the index's columns.
    pub columns: u8,
    /// A row of these columns.
    pub row: &'a [u8],
}

/// The keys of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBounds<'a> {
    /// Keys that begin with these columns; a hash index needs all of them.
    Equal(KeyPrefix<'a>),
    /// Keys between two bounds of an ordered index.
    Range {
        /// Where the scan begins.
        lower: Bound<KeyPrefix<'a>>,
        /// Where it ends.
        upper: Bound<KeyPrefix<'a>>,
    },
}

/// Why bytes are not bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoundsError {
    /// They end too early.
    #[error("the bounds of the scan are cut off")]
    Truncated,
    /// A kind is not one of the known numbers.
    #[error("the bounds of the scan have the unknown kind {0}")]
    Kind(u8),
    /// An unbounded or ignored side carries a key.
    #[error("an unbounded side of the scan carries a key")]
    UnexpectedKey,
}

const UNBOUNDED: u8 = 0;
const INCLUSIVE: u8 = 1;
const EXCLUSIVE: u8 = 2;
const EQUAL: u8 = 3;

impl<'a> KeyBounds<'a> {
    /// Appends the bounds' bytes to `out`, which ends at a multiple of 8.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let ((lower_kind, lower), (upper_kind, upper)) = match *self {
            Self::Equal(key) => ((EQUAL, Some(key)), (UNBOUNDED, None)),
            Self::Range { lower, upper } => (side(lower), side(upper)),
        };
        let columns = |key: Option<KeyPrefix<'_>>| key.map_or(0, |key| key.columns);
        let row = |key: Option<KeyPrefix<'a>>| key.map_or(&[][..], |key| key.row);
        out.extend_from_slice(&[lower_kind, upper_kind, columns(lower), columns(upper)]);
        let lower_length = u32::try_from(row(lower).len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&lower_length.to_le_bytes());
        out.extend_from_slice(row(lower));
        out.resize(out.len().next_multiple_of(8), 0);
        out.extend_from_slice(row(upper));
    }

    /// The bounds from their bytes. Whether the keys are rows of the index is for the caller to check.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BoundsError> {
        let (&[lower_kind, upper_kind, lower_columns, upper_columns], rest) =
            bytes.split_first_chunk().ok_or(BoundsError::Truncated)?;
        let (lower_length, keys) = rest.split_first_chunk().ok_or(BoundsError::Truncated)?;
        let lower_length = u32::from_le_bytes(*lower_length) as usize;
        let lower_row = keys.get(..lower_length).ok_or(BoundsError::Truncated)?;
        let upper_row = keys.get(lower_length.next_multiple_of(8)..).unwrap_or_default();
        let lower = KeyPrefix { columns: lower_columns, row: lower_row };
        let upper = KeyPrefix { columns: upper_columns, row: upper_row };
        if lower_kind == EQUAL {
            return match bound(upper_kind, upper)? {
                Bound::Unbounded => Ok(Self::Equal(lower)),
                Bound::Included(_) | Bound::Excluded(_) => Err(BoundsError::UnexpectedKey),
            };
        }
        Ok(Self::Range { lower: bound(lower_kind, lower)?, upper: bound(upper_kind, upper)? })
    }
}

fn side(bound: Bound<KeyPrefix<'_>>) -> (u8, Option<KeyPrefix<'_>>) {
    match bound {
        Bound::Unbounded => (UNBOUNDED, None),
        Bound::Included(key) => (INCLUSIVE, Some(key)),
        Bound::Excluded(key) => (EXCLUSIVE, Some(key)),
    }
}

fn bound(kind: u8, key: KeyPrefix<'_>) -> Result<Bound<KeyPrefix<'_>>, BoundsError> {
    match kind {
        UNBOUNDED if key.columns == 0 && key.row.is_empty() => Ok(Bound::Unbounded),
        UNBOUNDED => Err(BoundsError::UnexpectedKey),
        INCLUSIVE => Ok(Bound::Included(key)),
        EXCLUSIVE => Ok(Bound::Excluded(key)),
        _ => Err(BoundsError::Kind(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_survive() {
        let short = KeyPrefix { columns: 1, row: b"12345" };
        let long = KeyPrefix { columns: 2, row: b"1234567812345678" };
        let sides = [
            Bound::Unbounded,
            Bound::Included(short),
            Bound::Excluded(short),
            Bound::Included(long),
            Bound::Excluded(long),
        ];
        let mut all = vec![KeyBounds::Equal(short), KeyBounds::Equal(long)];
        for lower in sides {
            all.extend(sides.map(|upper| KeyBounds::Range { lower, upper }));
        }
        for bounds in all {
            let mut bytes = Vec::new();
            bounds.encode_into(&mut bytes);
            assert_eq!(KeyBounds::decode(&bytes), Ok(bounds));
        }
    }

    #[test]
    fn damaged_bounds_are_errors() {
        let check = |bytes: &[u8], error| assert_eq!(KeyBounds::decode(bytes), Err(error));
        check(&[], BoundsError::Truncated);
        check(&[1, 0, 1, 0, 8, 0, 0, 0, 1, 2, 3], BoundsError::Truncated);
        check(&[1, 0, 1, 0, 255, 255, 255, 255], BoundsError::Truncated);
        check(&[9, 0, 0, 0, 0, 0, 0, 0], BoundsError::Kind(9));
        check(&[0, 3, 0, 1, 0, 0, 0, 0], BoundsError::Kind(3));
        check(&[0, 0, 1, 0, 0, 0, 0, 0], BoundsError::UnexpectedKey);
        check(&[3, 1, 0, 1, 0, 0, 0, 0], BoundsError::UnexpectedKey);
    }
}
