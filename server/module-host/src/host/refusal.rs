//! How an import says no: an error code with a text, or a trap that ends the call.

use std::fmt::Display;

use ambit_module_abi::ErrorCode;
use ambit_store::{DeleteError, InsertError, LookupError, Store, UpdateError};

use super::text::Problem;
use crate::error::HostTrap;

/// What an import answers.
pub(super) type Answer = Result<i64, Refusal>;

/// Why an import does not do what it was asked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The guest broke the interface; the call ends.
    Trap(HostTrap),
    /// The guest is told and goes on.
    Code(ErrorCode, Problem),
}

impl Refusal {
    #[cold]
    pub fn code(code: ErrorCode, text: &dyn Display) -> Self {
        Self::Code(code, Problem::Text(text.to_string()))
    }

    #[cold]
    pub fn bad_table(table: impl Display) -> Self {
        Self::code(ErrorCode::BadTable, &format!("the schema has no table {table}"))
    }

    #[cold]
    pub fn bad_index(store: &Store, table: u16, index: impl Display) -> Self {
        let name = store.schema().tables.get(usize::from(table)).map_or("?", |table| &table.name);
        Self::code(ErrorCode::BadIndex, &format!("table `{name}` has no index {index}"))
    }

    #[cold]
    pub fn lost_row() -> Self {
        Self::Trap(HostTrap::Store("an index names a row that does not exist".into()))
    }
}

/// The answer if no row has the key: expected, so it is put in words only when the guest asks.
pub(super) fn not_found(table: u32, index: u32) -> Refusal {
    Refusal::Code(ErrorCode::NotFound, Problem::NotFound { table, index })
}

/// The index's id as a small number; the store says whether there is one.
#[inline]
pub(super) fn to_id(index: u32) -> Result<u16, Refusal> {
    u16::try_from(index)
        .map_err(|_| Refusal::code(ErrorCode::BadIndex, &format!("there is no index {index}")))
}

impl From<LookupError> for Refusal {
    #[cold]
    fn from(error: LookupError) -> Self {
        let code = match &error {
            LookupError::UnknownTable(_) => ErrorCode::BadTable,
            LookupError::UnknownIndex { .. } | LookupError::WrongIndex { .. } => ErrorCode::BadIndex,
            LookupError::Key { .. } | LookupError::BoundColumns { .. } | LookupError::Circle => {
                ErrorCode::BadKey
            }
        };
        Self::code(code, &error)
    }
}

impl From<InsertError> for Refusal {
    #[cold]
    fn from(error: InsertError) -> Self {
        let code = match &error {
            InsertError::UnknownTable(_) => ErrorCode::BadTable,
            InsertError::Row(_) | InsertError::Position(_) => ErrorCode::BadRow,
            InsertError::Unique(_) => ErrorCode::UniqueViolation,
            InsertError::Reference(_) => ErrorCode::ReferenceViolation,
            InsertError::AutoIncExhausted { .. } => ErrorCode::AutoIncExhausted,
            InsertError::TableFull(_) | InsertError::Limit { .. } => ErrorCode::Limit,
        };
        Self::code(code, &error)
    }
}

impl From<UpdateError> for Refusal {
    #[cold]
    fn from(error: UpdateError) -> Self {
        let code = match &error {
            UpdateError::UnknownTable(_) => ErrorCode::BadTable,
            UpdateError::UnknownSlot { .. } => ErrorCode::NotFound,
            UpdateError::Row(_) | UpdateError::Position(_) => ErrorCode::BadRow,
            UpdateError::Unique(_) => ErrorCode::UniqueViolation,
            UpdateError::Reference(_) => ErrorCode::ReferenceViolation,
            UpdateError::Limit { .. } => ErrorCode::Limit,
        };
        Self::code(code, &error)
    }
}

impl From<DeleteError> for Refusal {
    #[cold]
    fn from(error: DeleteError) -> Self {
        let code = match &error {
            DeleteError::UnknownTable(_) => ErrorCode::BadTable,
            DeleteError::UnknownSlot { .. } => ErrorCode::NotFound,
            DeleteError::Reference(_) => ErrorCode::ReferenceViolation,
            DeleteError::CascadeDepth { .. } | DeleteError::Limit { .. } => ErrorCode::Limit,
        };
        Self::code(code, &error)
    }
}
