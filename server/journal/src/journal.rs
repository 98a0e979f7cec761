//! What the writer and every reader of the log keep in mind from record to record, so that a record need not repeat it:
//! who is behind a session number, when the last record was made, and what seeds the calls' random numbers.
//!
//! The state after a record is a function of the state before it and of the record alone. A snapshot holds the state of
//! its offset. The bytes are drawn in docs/formats/logged-commit.md.

mod decode;
mod encode;
mod seeds;
mod sessions;
#[cfg(test)]
mod tests;

use ambit_model::{Identity, Timestamp};

pub(crate) use decode::Reader;
pub use decode::{Logged, LoggedError};
pub use encode::{CallRecord, MODULE_HASH_BYTES, ModuleHash};
pub use seeds::Seeds;
pub use sessions::Sessions;

/// The memory of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// The database's own identity: the caller of init and ticks. Known from the first record on.
    pub own: Identity,
    /// When the last record was made.
    pub timestamp: Timestamp,
    /// The seeds of the calls.
    pub seeds: Seeds,
    /// The number of the last record's seed.
    pub drawn: u64,
    /// The sessions that have a number.
    pub sessions: Sessions,
}
