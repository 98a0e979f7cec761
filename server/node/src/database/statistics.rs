//! Counters of one database. Written by its threads, read by anyone; never exact with each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;

/// The counters.
#[derive(Default)]
#[allow(missing_docs, reason = "the names say it; StatisticsReport explains them")]
pub struct Statistics {
    pub connections: AtomicU64,
    pub calls: AtomicU64,
    pub calls_failed: AtomicU64,
    pub calls_rejected: AtomicU64,
    pub commits: AtomicU64,
    pub ticks: AtomicU64,
    pub ticks_skipped: AtomicU64,
    pub offset: AtomicU64,
    pub updates: AtomicU64,
    pub update_bytes: AtomicU64,
    pub compressed_updates: AtomicU64,
    pub compressed_bytes: AtomicU64,
    pub flushes: AtomicU64,
    pub flush_us: AtomicU64,
    pub flush_us_last: AtomicU64,
    pub log_bytes: AtomicU64,
    pub log_syncs: AtomicU64,
    pub log_sync_us: AtomicU64,
    pub log_bytes_removed: AtomicU64,
    pub snapshots: AtomicU64,
    pub snapshot_offset: AtomicU64,
    pub snapshot_bytes: AtomicU64,
    pub snapshot_ms: AtomicU64,
    pub slow_clients: AtomicU64,
    pub protocol_errors: AtomicU64,
    pub has_stopped: AtomicBool,
}

/// The counters at one moment, since the server's start unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatisticsReport {
    /// Clients connected now.
    pub connections: u64,
    /// Calls by clients that ran.
    pub calls: u64,
    /// Of these, calls that ended in an error and changed nothing.
    pub calls_failed: u64,
    /// Calls that did not run: unknown reducers, wrong arguments.
    pub calls_rejected: u64,
    /// Commits, by clients and by ticks.
    pub commits: u64,
    /// Ticks run.
    pub ticks: u64,
    /// Ticks left out because the server was too late for them.
    pub ticks_skipped: u64,
    /// The last commit's offset.
    pub offset: u64,
    /// The last durable offset.
    pub durable_offset: u64,
    /// Update messages sent.
    pub updates: u64,
    /// Bytes of their rows, before any of them were compressed.
    pub update_bytes: u64,
    /// Of these, messages that went out compressed.
    pub compressed_updates: u64,
    /// What they had on their way.
    pub compressed_bytes: u64,
    /// Flushes of the follower.
    pub flushes: u64,
    /// Microseconds that all flushes took, sending included.
    pub flush_us: u64,
    /// Microseconds of the last flush.
    pub flush_us_last: u64,
    /// Bytes written to the log.
    pub log_bytes: u64,
    /// Groups synced to disk.
    pub log_syncs: u64,
    /// Microseconds that writing and syncing them took.
    pub log_sync_us: u64,
    /// Bytes of log that were removed because snapshots hold what they held.
    pub log_bytes_removed: u64,
    /// Snapshots written.
    pub snapshots: u64,
    /// The offset of the last one; 0 if none was written since the start.
    pub snapshot_offset: u64,
    /// Its bytes.
    pub snapshot_bytes: u64,
    /// Milliseconds that it took, waiting for the log included.
    pub snapshot_ms: u64,
    /// Clients let go because they read too slowly.
    pub slow_clients: u64,
    /// Clients let go because of what they sent.
    pub protocol_errors: u64,
}

impl Statistics {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// All counters now.
    pub fn report(&self, durable_offset: u64) -> StatisticsReport {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StatisticsReport {
            connections: read(&self.connections),
            calls: read(&self.calls),
            calls_failed: read(&self.calls_failed),
            calls_rejected: read(&self.calls_rejected),
            commits: read(&self.commits),
            ticks: read(&self.ticks),
            ticks_skipped: read(&self.ticks_skipped),
            offset: read(&self.offset),
            durable_offset,
            updates: read(&self.updates),
            update_bytes: read(&self.update_bytes),
            compressed_updates: read(&self.compressed_updates),
            compressed_bytes: read(&self.compressed_bytes),
            flushes: read(&self.flushes),
            flush_us: read(&self.flush_us),
            flush_us_last: read(&self.flush_us_last),
            log_bytes: read(&self.log_bytes),
            log_syncs: read(&self.log_syncs),
            log_sync_us: read(&self.log_sync_us),
            log_bytes_removed: read(&self.log_bytes_removed),
            snapshots: read(&self.snapshots),
            snapshot_offset: read(&self.snapshot_offset),
            snapshot_bytes: read(&self.snapshot_bytes),
            snapshot_ms: read(&self.snapshot_ms),
            slow_clients: read(&self.slow_clients),
            protocol_errors: read(&self.protocol_errors),
        }
    }
}
