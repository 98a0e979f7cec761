//! The commit log: what was committed, in order, on disk, checked and synced in groups.
//!
//! [`LogThread`] takes batches of records from the engine's thread, writes them in large pieces and syncs them
//! in groups. [`LogReader`] gives the records back after a restart, cuts off a tail that a crash left half
//! written and refuses a log that is damaged anywhere else (docs/formats/log.md).
//!
//! Snapshots ([`SnapshotWriter`], [`SnapshotReader`]) are files of checksummed chunks beside the log, because of which
//! [`remove_segments`] may let old segments go (docs/formats/snapshot.md). [`verify`] and [`repair`] are for the operator.
//!
//! The log does not know what its records mean, nor what is in a snapshot's chunks: both are opaque bytes.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod batch;
mod frame;
mod segment;
mod varint;

mod open_segment;
mod thread;
mod writer;

mod reader;
mod removal;
mod repair;
mod verify;

mod snapshot;

mod advice;
mod medium;

pub use batch::{Batch, BatchError};
pub use frame::Record;
pub use medium::directory::DirectoryMedium;
pub use medium::memory::{Fault, MemoryMedium};
pub use medium::{Medium, MediumFile};
pub use reader::{Damage, LogReader, ReadError, Readable, RecoveryReport, TornTail};
pub use removal::{RemoveError, Removed, remove_segments};
pub use repair::{RepairError, Repaired, repair, set_aside_snapshots};
pub use segment::segment_name;
pub use snapshot::{
    FinishedSnapshot, SnapshotListError, SnapshotReadError, SnapshotReader, SnapshotWriteError,
    SnapshotWriter, remove_snapshots, snapshot_name, snapshots,
};
pub use thread::{LogEvent, LogThread, StoppedError};
pub use verify::{Verification, verify};
pub use writer::{AppendError, Log, LogOptions};
