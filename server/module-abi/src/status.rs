//! What an import answers: a number of 0 or more, or one of the error codes.

/// Why an import refused. The text that `error_text` gives names table, index or column, and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(i64)]
pub enum ErrorCode {
    /// No row has this key.
    #[error("no row has this key")]
    NotFound = -1,
    /// Another row has the same key in a unique index.
    #[error("another row has the same key in a unique index")]
    UniqueViolation = -2,
    /// The schema has no such table.
    #[error("the schema has no such table")]
    BadTable = -4,
    /// The table has no such index, or the index cannot answer this.
    #[error("the table has no such index, or the index cannot answer this")]
    BadIndex = -5,
    /// The bytes are not a key of the index.
    #[error("the bytes are not a key of the index")]
    BadKey = -6,
    /// The bytes are not a row of the table.
    #[error("the bytes are not a row of the table")]
    BadRow = -7,
    /// A named limit would be exceeded.
    #[error("a limit would be exceeded")]
    Limit = -8,
    /// An `auto_inc` column has no number left.
    #[error("an auto_inc column has no number left")]
    AutoIncExhausted = -10,
    /// No open cursor has this number.
    #[error("no open cursor has this number")]
    BadCursor = -11,
    /// The row names a row that is not there, or other rows name it and may not lose it.
    #[error("a reference between rows would be broken")]
    ReferenceViolation = -12,
}

impl ErrorCode {
    /// The number that crosses the border.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The error that a negative result stands for; none for a number that version 1 does not know.
    pub const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            -1 => Self::NotFound,
            -2 => Self::UniqueViolation,
            -4 => Self::BadTable,
            -5 => Self::BadIndex,
            -6 => Self::BadKey,
            -7 => Self::BadRow,
            -8 => Self::Limit,
            -10 => Self::AutoIncExhausted,
            -11 => Self::BadCursor,
            -12 => Self::ReferenceViolation,
            _ => return None,
        })
    }
}

/// Two numbers as one result: a slot or cursor (below 2^31) above, a byte length below.
pub const fn pack(high: u32, low: u32) -> i64 {
    ((high as i64) << 32) | low as i64
}

/// The two halves of a result of 0 or more.
pub const fn unpack(result: i64) -> (u32, u32) {
    ((result >> 32) as u32, result as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_names_itself() {
        for code in -20..20 {
            if let Some(error) = ErrorCode::from_code(code) {
                assert_eq!(error.code(), code);
            }
        }
        assert_eq!(ErrorCode::from_code(0), None);
        assert_eq!(ErrorCode::from_code(-3), None);
    }

    #[test]
    fn halves_survive() {
        assert_eq!(unpack(pack(0x7fff_ffff, u32::MAX)), (0x7fff_ffff, u32::MAX));
        assert!(pack(0x7fff_ffff, u32::MAX) > 0);
    }
}
