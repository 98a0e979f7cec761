//! Why a server's bytes are refused, a call is not taken, or a look-up has no answer.

use ambit_model::{DecodeError, SchemaDecodeError, Slot};
use ambit_wire::{DeliveryError, ParameterError, WireError};

use crate::limits;

/// What a server did that the protocol does not allow. The connection is to be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The bytes are no message.
    #[error("the server's message is unreadable: {0}")]
    Wire(#[from] WireError),
    /// A compressed message cannot be unpacked.
    #[error("the server's compressed message is unreadable: {0}")]
    Compressed(String),
    /// The Welcome carries no schema.
    #[error("the server's schema is unreadable: {0}")]
    Schema(#[from] SchemaDecodeError),
    /// A message before Welcome.
    #[error("the server spoke before its Welcome")]
    NotWelcome,
    /// A second Welcome.
    #[error("the server sent a second Welcome")]
    SecondWelcome,
    /// An update names a table that the schema does not have.
    #[error("the update names table {0}, which the schema does not have")]
    UnknownTable(u16),
    /// A change or the end of a row that the client does not hold.
    #[error("the update changes slot {slot} of table `{table}`, which the client does not hold")]
    UnknownSlot {
        /// The table's name.
        table: String,
        /// The row's name on the wire.
        slot: Slot,
    },
    /// A row that the client already holds.
    #[error("the update inserts slot {slot} of table `{table}`, which the client already holds")]
    DuplicateSlot {
        /// The table's name.
        table: String,
        /// The row's name on the wire.
        slot: Slot,
    },
    /// The bytes of a row are none.
    #[error("the update's slot {slot} of table `{table}` is no row: {error}")]
    Row {
        /// The table's name.
        table: String,
        /// The row's name on the wire.
        slot: Slot,
        /// What is wrong.
        error: DecodeError,
    },
    /// The few bits of a quantised column for a row whose value there has no steps.
    #[error("the update moves slot {slot} of table `{table}`, which stands where nothing is quantised")]
    NoSteps {
        /// The table's name.
        table: String,
        /// The row's name on the wire.
        slot: Slot,
    },
    /// An update with an offset before the last one.
    #[error("the update goes back from offset {last} to {offset}")]
    OffsetBackwards {
        /// The last update's offset.
        last: u64,
        /// This update's offset.
        offset: u64,
    },
    /// More than the client asked for.
    #[error("the server sent more {what} than the {max} that are possible")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// Why a call, a subscription or a ping was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too much waits to be sent, or to be answered.
    #[error("{what} are waiting; at most {max} are possible. Tick, or call less often")]
    Full {
        /// What is waiting.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The arguments or the query are larger than a message.
    #[error("{bytes} bytes do not fit a message; at most {max} are possible")]
    TooLarge {
        /// Bytes of the arguments or of the query.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Delivery options that are not possible.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// A value in a typed query that is no parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The client has never had a subscription of this number.
    #[error("there is no subscription {0}; use the number that subscribing gave")]
    UnknownSubscription(u32),
    /// The schema has no reducer of this name, or is not known yet.
    #[error("there is no reducer `{0}` that a client can call, or the connection is not there yet")]
    UnknownReducer(String),
    /// The arguments are not a row of the reducer's parameters.
    #[error("the arguments of reducer `{reducer}` are no row of its parameters: {error}")]
    Arguments {
        /// The reducer's name.
        reducer: String,
        /// What is wrong.
        error: DecodeError,
    },
    /// The connection is gone.
    #[error("the client is not connected: {0}")]
    Disconnected(String),
}

/// Why a look-up has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The table has no such index.
    #[error("table `{table}` has no index {index}")]
    UnknownIndex {
        /// The table's name.
        table: String,
        /// The index id asked for.
        index: u16,
    },
    /// The index cannot answer this kind of question.
    #[error("index `{index}` of table `{table}` does not answer {question}")]
    WrongKind {
        /// The table's name.
        table: String,
        /// The index's name.
        index: String,
        /// Equality, a range, or nearness.
        question: &'static str,
    },
    /// The bytes are not a row of the index's columns.
    #[error("the key for index `{index}` is no row of its columns: {error}")]
    Key {
        /// The index's name.
        index: String,
        /// What is wrong.
        error: DecodeError,
    },
}

/// Why a column is not interpolated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolateError {
    /// The table is not known, or not yet.
    #[error("there is no table {0} as of the last tick")]
    UnknownTable(u16),
    /// The table has no such column.
    #[error("table `{table}` has no column {column}")]
    UnknownColumn {
        /// The table's name.
        table: String,
        /// The column's place asked for.
        column: u16,
    },
    /// The column's values have nothing between them.
    #[error(
        "column `{column}` of table `{table}` is {ty}; f32, f64, Vec2, Vec3, Vec4, Quat, DVec2 and DVec3 can be interpolated"
    )]
    NotNumbers {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// Its type.
        ty: String,
    },
}

/// Why there is no value at a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The table is not known, or not yet.
    #[error("there is no table {0} as of the last tick")]
    UnknownTable(u16),
    /// Nobody asked for the column's history.
    #[error(
        "column {column} of table `{table}` is not interpolated; ask for it once, when the table is known"
    )]
    NotInterpolated {
        /// The table's name.
        table: String,
        /// The column's place asked for.
        column: u16,
    },
    /// The row is not in the cache.
    #[error("table `{table}` has no such row in the cache")]
    UnknownRow {
        /// The table's name.
        table: String,
    },
}

/// A delay of what is shown that is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a render delay of {delay_us} microseconds is not possible; at least 0 and at most {max} are", max = limits::RENDER_DELAY_FIXED_MAX_US)]
pub struct DelayError {
    /// The delay asked for.
    pub delay_us: i64,
}

pub(crate) fn full(what: &'static str, max: usize) -> SendError {
    SendError::Full { what, max }
}

/// Refuses more than [`limits::NOTICES_MAX`] news of subscriptions.
pub(crate) fn too_many_notices() -> ProtocolError {
    ProtocolError::TooMany { what: "news of subscriptions", max: limits::NOTICES_MAX }
}
