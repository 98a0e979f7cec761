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

mod publish;

pub use ambit_journal::{
    HeadError, Logged, LoggedError, MODULE_HASH_BYTES, ModuleHash, Publication, RecoverError, Recovery,
    SnapshotError, SnapshotRecovery,
};
pub use ambit_module_host::{CallError, LogLevel, LogLine};
pub use call::{CallFailure, CallOutcome, CallRequest, Record};
pub use database::Database;
pub use publish::{Migration, Prepared, PublishError, Published, plan_for, touches_unlogged};
