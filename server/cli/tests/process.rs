//! The server as a process: what becomes of its databases when it, or its disk, ends without a word.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
#[path = "process/disk.rs"]
mod disk;
#[path = "process/kill.rs"]
mod kill;
#[path = "process/served.rs"]
mod served;
