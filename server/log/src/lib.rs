//! The commit log: what was committed, in order, on disk, checked and synced in groups.
//!
//! [`LogThread`] takes batches of records from the engine's thread, writes them in large pieces and syncs them
//! in groups. [`LogReader`] gives the records back after a restart, cuts off a tail that a crash left half
//! written and refuses a log that is damaged anywhere else (docs/formats/log.md).
//!
//! The log does not know what its records mean: their payload is opaque bytes. It has no snapshots.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod batch;
mod record;
mod segment;

mod thread;
mod writer;

mod reader;

mod medium;

pub use batch::{Batch, BatchError};
pub use medium::directory::DirectoryMedium;
pub use medium::memory::{Fault, MemoryMedium};
pub use medium::{Medium, MediumFile};
pub use reader::{LogReader, ReadError, RecoveryReport, TornTail};
pub use record::Record;
pub use segment::segment_name;
pub use thread::{LogEvent, LogThread, StoppedError};
pub use writer::{AppendError, Log, LogOptions};
