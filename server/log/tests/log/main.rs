//! Tests of the log and of snapshot files, most of them over a medium in memory that crashes and fails on demand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

mod crash;
mod opening;
mod recovery;
mod writing;

mod removal;
mod repair;

mod snapshot;

mod any_bytes;
mod fixtures;
mod hostile;

mod thread;
