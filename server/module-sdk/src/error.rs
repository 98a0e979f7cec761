//! Why the database refused a write. Each text names table, index or column, and value.

use std::fmt;

use ambit_module_abi::ErrorCode;

use crate::imports;

/// Why a row was not inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertError {
    /// Another row has the same key in a unique index.
    UniqueViolation(String),
    /// The row names a row that is not there.
    ReferenceViolation(String),
    /// An `auto_inc` column has no number left.
    AutoIncExhausted(String),
    /// The row is impossible: too large, too many rows, a position that is no number.
    Refused(String),
}

/// Why a row was not replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateError {
    /// No row has this key.
    NotFound(String),
    /// Another row has the same key in another unique index.
    UniqueViolation(String),
    /// The row names a row that is not there, or other rows name the key that it had.
    ReferenceViolation(String),
    /// The row is impossible: too large, a position that is no number.
    Refused(String),
}

/// Why columns were not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchError {
    /// No row has this key.
    NotFound(String),
    /// Another row has the same key in another unique index.
    UniqueViolation(String),
    /// The row names a row that is not there, or other rows name the key that it had.
    ReferenceViolation(String),
    /// The new columns are impossible: too large, a position that is no number.
    Refused(String),
}

/// Why rows were not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteError {
    /// Other rows name one of them and may not lose it.
    ReferenceViolation(String),
    /// The delete is impossible: it would take too many rows with it.
    Refused(String),
}

macro_rules! sentence {
    ($error:ident: $($variant:ident),*) => {
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(text))|* => f.write_str(text),
                }
            }
        }

        impl std::error::Error for $error {}

        // So that `?` works in a reducer that returns `Result<(), String>`.
        impl From<$error> for String {
            fn from(error: $error) -> String {
                match error {
                    $($error::$variant(text))|* => text,
                }
            }
        }
    };
}

sentence!(InsertError: UniqueViolation, ReferenceViolation, AutoIncExhausted, Refused);
sentence!(UpdateError: NotFound, UniqueViolation, ReferenceViolation, Refused);
sentence!(PatchError: NotFound, UniqueViolation, ReferenceViolation, Refused);
sentence!(DeleteError: ReferenceViolation, Refused);

impl InsertError {
    #[cold]
    pub(crate) fn last(code: i64) -> Self {
        let text = imports::last_error_text();
        match ErrorCode::from_code(code) {
            Some(ErrorCode::UniqueViolation) => Self::UniqueViolation(text),
            Some(ErrorCode::ReferenceViolation) => Self::ReferenceViolation(text),
            Some(ErrorCode::AutoIncExhausted) => Self::AutoIncExhausted(text),
            // All other codes say that the row is impossible.
            _ => Self::Refused(text),
        }
    }
}

impl DeleteError {
    #[cold]
    pub(crate) fn last(code: i64) -> Self {
        let text = imports::last_error_text();
        match ErrorCode::from_code(code) {
            Some(ErrorCode::ReferenceViolation) => Self::ReferenceViolation(text),
            // All other codes say that the delete is impossible.
            _ => Self::Refused(text),
        }
    }
}

macro_rules! keyed_write {
    ($error:ident) => {
        impl $error {
            #[cold]
            pub(crate) fn last(code: i64) -> Self {
                let text = imports::last_error_text();
                match ErrorCode::from_code(code) {
                    Some(ErrorCode::NotFound) => Self::NotFound(text),
                    Some(ErrorCode::UniqueViolation) => Self::UniqueViolation(text),
                    Some(ErrorCode::ReferenceViolation) => Self::ReferenceViolation(text),
                    // All other codes say that the row is impossible.
                    _ => Self::Refused(text),
                }
            }
        }
    };
}

keyed_write!(UpdateError);
keyed_write!(PatchError);
