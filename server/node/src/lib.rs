//! The Ambit server: sockets and HTTP on one side, databases with their threads on the other.
//!
//! It joins what does not know each other: the engine runs calls, the log keeps their commits, the follower works out what
//! each client sees. It leaves out all of that, and what the bytes mean.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod server;

mod backup;
mod offline;

mod data_dir;
mod identity;

mod door;
mod http;
mod session;
mod socket_io;

mod compression;
mod connection;
mod frame;

mod database;

mod log_lines;

pub mod json;

mod clock;

pub use ambit_log::{Repaired, Verification};
pub use backup::BackupSummary;
pub use data_dir::{DataDirError, DatabaseNameError, check_database_name};
pub use database::{PlanReport, SnapshotOptions};
pub use offline::{Offline, OfflineError, verify_backup_file};
pub use server::{Server, ServerOptions, StartServerError};
