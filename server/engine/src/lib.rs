//! One database: a module, its store and its schedule. Calls go in, change sets come out.
//!
//! The engine runs calls one at a time, in the order in which they are given, so they are serialisable by
//! construction. It has no threads, no clock, no randomness and no IO: the moment and the seed of every call are
//! arguments, and whoever drives it logs what was committed and sends it on.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod database;

mod call;

mod schedule;

mod recovery;

mod publish;

mod logged;

pub use ambit_module_host::{CallError, LogLevel, LogLine};
pub use call::{CallFailure, CallOutcome, CallRequest, Moment};
pub use database::Database;
pub use logged::{Logged, LoggedError};
pub use publish::{Fit, PublishError, Published, check_module, merge_schema};
pub use recovery::{RecoverError, Recovered, Recovery};
