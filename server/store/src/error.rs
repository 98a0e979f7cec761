//! What can go wrong, one type per operation.

use ambit_model::{DecodeError, Slot};

use crate::references::ReferenceViolation;

/// A row would share a key that only one row may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table `{table}`, column `{columns}`: another row already has {value} in the unique index `{index}`")]
pub struct UniqueViolation {
    /// Name of the table.
    pub table: String,
    /// Name of the index.
    pub index: String,
    /// Names of its columns, joined by commas.
    pub columns: String,
    /// The key as text.
    pub value: String,
}

/// A position is infinite or not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table `{table}`, column `{column}`: a position must be finite, got {value}")]
pub struct PositionError {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
    /// The position as text.
    pub value: String,
}

/// Bytes are not a row of their table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", row_text(self))]
pub struct RowError {
    /// Name of the table.
    pub table: String,
    /// Name of the column whose value is wrong; `None` when the row as a whole is.
    pub column: Option<String>,
    /// The value as text, where it has one.
    pub value: Option<String>,
    /// What is wrong with them.
    pub error: DecodeError,
}

fn row_text(RowError { table, column, value, error }: &RowError) -> String {
    let Some(column) = column else {
        return format!("the bytes are not a row of table `{table}`: {error}");
    };
    match value {
        Some(value) => format!("table `{table}`, column `{column}`: {} ({value})", error.kind),
        None => format!("table `{table}`, column `{column}`: {error}"),
    }
}

fn key_text(index: &str, row: &RowError) -> String {
    match row.column {
        Some(_) => format!("{row}, in a key of the index `{index}`"),
        None => {
            format!("table `{}`: the bytes are not a key of the index `{index}`: {}", row.table, row.error)
        }
    }
}
/// A transaction grew past a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionLimit {
    /// Too many rows of one table.
    #[error("the transaction changes more than {} rows of one table", crate::limits::TRANSACTION_ROWS_MAX)]
    Rows,
    /// Too many bytes.
    #[error("the transaction changes more than {} bytes", crate::limits::TRANSACTION_BYTES_MAX)]
    Bytes,
}

/// Why a row was not inserted. The store is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// The bytes are not a row.
    #[error(transparent)]
    Row(Box<RowError>),
    /// Another row has the key.
    #[error(transparent)]
    Unique(Box<UniqueViolation>),
    /// It names a row that is not there.
    #[error(transparent)]
    Reference(Box<ReferenceViolation>),
    /// A position is not finite.
    #[error(transparent)]
    Position(Box<PositionError>),
    /// The column's type holds no higher number.
    #[error("table `{table}`, column `{column}`: all numbers up to {max} have been handed out")]
    AutoIncExhausted {
        /// Name of the table.
        table: String,
        /// Name of the column.
        column: String,
        /// The highest number of its type.
        max: u64,
    },
    /// The table has as many rows as slots can name.
    #[error("table `{0}` is full")]
    TableFull(String),
    /// The transaction is too large.
    #[error("table `{table}`: {limit}")]
    Limit {
        /// Name of the table.
        table: String,
        /// Which limit.
        limit: TransactionLimit,
    },
}

/// Why a row was not changed. The store is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// The slot holds no row.
    #[error("table `{table}` has no row in slot {slot}")]
    UnknownSlot {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// The bytes are not a row, or not packed columns.
    #[error(transparent)]
    Row(Box<RowError>),
    /// Another row has the key.
    #[error(transparent)]
    Unique(Box<UniqueViolation>),
    /// It names a row that is not there, or others name the key that it had.
    #[error(transparent)]
    Reference(Box<ReferenceViolation>),
    /// A position is not finite.
    #[error(transparent)]
    Position(Box<PositionError>),
    /// The transaction is too large.
    #[error("table `{table}`: {limit}")]
    Limit {
        /// Name of the table.
        table: String,
        /// Which limit.
        limit: TransactionLimit,
    },
}

/// Why a row was not deleted. The store is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteError {
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// The slot holds no row.
    #[error("table `{table}` has no row in slot {slot}")]
    UnknownSlot {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// Others name it and may not lose it.
    #[error(transparent)]
    Reference(Box<ReferenceViolation>),
    /// Rows that refer to rows that refer to it go on for too long.
    #[error(
        "table `{table}`: deleting this row would go on through more than {} rows that refer to each other in a chain; \
         delete them in parts",
        crate::limits::CASCADE_DEPTH_MAX
    )]
    CascadeDepth {
        /// Name of the table.
        table: String,
    },
    /// The transaction is too large.
    #[error("table `{table}`: {limit}")]
    Limit {
        /// Name of the table.
        table: String,
        /// Which limit.
        limit: TransactionLimit,
    },
}

/// Why a look-up has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// The table has no index with this id.
    #[error("table `{table}` has no index with id {index}")]
    UnknownIndex {
        /// Name of the table.
        table: String,
        /// The id.
        index: u16,
    },
    /// The index cannot answer this kind of question.
    #[error("table `{table}`: the index `{index}` is not {needed}")]
    WrongIndex {
        /// Name of the table.
        table: String,
        /// Name of the index.
        index: String,
        /// What it would have to be.
        needed: &'static str,
    },
    /// The bytes are not a row of the index's columns.
    #[error("{}", key_text(index, row))]
    Key {
        /// Name of the index.
        index: String,
        /// What is wrong with them, as a row of the index's columns.
        row: Box<RowError>,
    },
    /// A bound names no column, or more columns than the index has.
    #[error("table `{table}`: a bound names {columns} columns; the index `{index}` takes 1 to {max}")]
    BoundColumns {
        /// Name of the table.
        table: String,
        /// Name of the index.
        index: String,
        /// Columns named.
        columns: usize,
        /// Columns of the index.
        max: usize,
    },
    /// The centre is not finite, or the radius is negative or not a number.
    #[error("a circle needs a finite centre and a radius of at least 0")]
    Circle,
}

/// Why a change set's body was not applied. The store is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change set is damaged at byte {at}: {kind}")]
pub struct ApplyError {
    /// Byte offset in the body.
    pub at: usize,
    /// What is wrong.
    pub kind: ApplyErrorKind,
}

/// What is wrong with a change set's body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyErrorKind {
    /// The store has uncommitted changes of its own.
    #[error("the store has an open transaction")]
    OpenTransaction,
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// A number has too many bits for its place, or is not in its shortest form.
    #[error("a number is too large for its place or not in its shortest form")]
    Number,
    /// No table has this id.
    #[error("there is no table with id {0}")]
    UnknownTable(u16),
    /// An insert into a slot that holds a row.
    #[error("table `{table}` already has a row in slot {slot}")]
    SlotTaken {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// A change of a row that is not there.
    #[error("table `{table}` has no row in slot {slot}")]
    SlotEmpty {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// A slot that no transaction could have been given.
    #[error("table `{table}`: slot {slot} lies too far ahead")]
    SlotTooFar {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// Two changes of one row.
    #[error("table `{table}`: slot {slot} is changed twice")]
    SlotTwice {
        /// Name of the table.
        table: String,
        /// The slot.
        slot: Slot,
    },
    /// The bytes are not a row, or not packed columns.
    #[error(transparent)]
    Row(Box<RowError>),
    /// Two rows would share a unique key.
    #[error(transparent)]
    Unique(Box<UniqueViolation>),
    /// A position is not finite.
    #[error(transparent)]
    Position(Box<PositionError>),
    /// A counter for a column that has none, or past its type.
    #[error("table `{table}`: column {column} has no auto_inc counter that could stand at {counter}")]
    Counter {
        /// Name of the table.
        table: String,
        /// Position of the column.
        column: u32,
        /// The counter.
        counter: u64,
    },
    /// The transaction is too large.
    #[error("table `{table}`: {limit}")]
    Limit {
        /// Name of the table.
        table: String,
        /// Which limit.
        limit: TransactionLimit,
    },
}
