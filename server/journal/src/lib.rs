//! What a database's log and snapshots hold, and a database read back from them.
//!
//! Records of commits and heads of snapshots are bytes for it; files, checksums and syncs are somebody else's. It has no
//! clock, no randomness and no IO. The bytes are drawn in docs/formats/logged-commit.md and docs/formats/snapshot.md.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod journal;
mod recovery;
mod state;

pub use journal::{CallRecord, Journal, Logged, LoggedError, MODULE_HASH_BYTES, ModuleHash, Seeds, Sessions};
pub use recovery::{RecoverError, Recovery, SnapshotError, SnapshotRecovery};
pub use state::{HeadError, Publication, State};
