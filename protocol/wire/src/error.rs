//! Why bytes are not a message.

use ambit_model::DecodeError;

use crate::delivery::DeliveryError;
use crate::parameters::ParameterError;

/// Why bytes are not a message or a block of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Larger than its limit in [`crate::limits`].
    #[error("{what} has {bytes} bytes; at most {max} are possible")]
    TooLarge {
        /// The message, or a part of it.
        what: &'static str,
        /// Its bytes.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not a FlatBuffer of the expected form.
    #[error("the message's envelope is damaged: {0}")]
    Envelope(String),
    /// A client's message came from a server, or the other way round.
    #[error("a {0} message came from the wrong side")]
    WrongSide(&'static str),
    /// A part has another length than its meaning demands.
    #[error("{what} has {bytes} bytes instead of {expected}")]
    Length {
        /// The part.
        what: &'static str,
        /// Its bytes.
        bytes: usize,
        /// The bytes it must have.
        expected: usize,
    },
    /// A rate that is negative, not a number, or above [`crate::limits::RATE_HZ_MAX`] and finite.
    #[error("a rate of {0} updates per second is not possible")]
    Rate(String),
    /// Lists of delivery options that are too long.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// A query's parameter that is none.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A name stands twice in one message.
    #[error("the parameter `:{0}` has two values")]
    ParameterTwice(String),
    /// A block ends inside an entry.
    #[error("the {block} block ends inside an entry at byte {at}")]
    Truncated {
        /// Which kind of block.
        block: &'static str,
        /// Where the entry begins.
        at: usize,
    },
    /// A varint is longer than its value needs, or has more than 64 bits.
    #[error("the update block has a malformed number at byte {0}")]
    Varint(usize),
    /// Bytes kept for later versions are not zero.
    #[error("the {block} block has reserved bytes that are not zero at byte {at}")]
    Reserved {
        /// Which kind of block.
        block: &'static str,
        /// Where the entry begins.
        at: usize,
    },
    /// A number stands for nothing.
    #[error("{number} is no {what}")]
    Unknown {
        /// What the number should have named.
        what: &'static str,
        /// The number.
        number: u64,
    },
    /// A result's text is not UTF-8.
    #[error("the text of result {0} is not UTF-8")]
    Text(u32),
    /// A delta's mask or columns do not fit the table.
    #[error("the delta at byte {at} does not fit its table: {error}")]
    Delta {
        /// Where the operation begins in its table block.
        at: usize,
        /// What is wrong.
        error: DecodeError,
    },
    /// A motion block says what cannot be.
    #[error("the motion block is malformed at byte {at}: {problem}")]
    Motion {
        /// About where.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// An inspection says what cannot be.
    #[error("the inspection is none: {0}")]
    Inspection(&'static str),
    /// More entries than the limit.
    #[error("the {block} block has more than {max} entries")]
    TooMany {
        /// Which kind of block.
        block: &'static str,
        /// The limit.
        max: usize,
    },
}

/// Refuses `bytes` above `max`.
pub(crate) fn at_most(what: &'static str, bytes: usize, max: usize) -> Result<(), WireError> {
    if bytes > max { Err(WireError::TooLarge { what, bytes, max }) } else { Ok(()) }
}

/// The longest beginning of `text` that fits [`crate::limits::TEXT_BYTES_MAX`].
pub(crate) fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(crate::limits::TEXT_BYTES_MAX);
    text.get(..end).unwrap_or_default()
}
