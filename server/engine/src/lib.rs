//! One database: a module, its store and its schedule. Calls go in, change sets come out.
//!
//! The engine runs calls one at a time, in the order in which they are given, so they are serialisable by
//! construction. It has no threads, no clock, no randomness and no IO: the moment of every call and the key of its
//! random numbers are arguments, and whoever drives it logs what was committed and sends it on.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod database;

mod call;

mod schedule;

mod state;

mod recovery;

mod publish;

mod journal;

pub use ambit_module_host::{CallError, LogLevel, LogLine};
pub use call::{CallFailure, CallOutcome, CallRequest, Record};
pub use database::Database;
pub use journal::{Logged, LoggedError, MODULE_HASH_BYTES, ModuleHash};
pub use publish::{Migration, Prepared, PublishError, Published, plan_for, touches_unlogged};
pub use recovery::{RecoverError, Recovery, SnapshotError, SnapshotRecovery};
pub use state::{HeadError, Publication};
