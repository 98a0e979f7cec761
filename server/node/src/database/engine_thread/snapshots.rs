//! When the engine asks for a snapshot, and how it waits for one that must come before the log.

use std::sync::atomic::Ordering;

use ambit_engine::{Database, ModuleHash};
use ambit_model::{Durability, Duration, Timestamp};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::super::command::{FollowerCommand, SnapshotReply};
use super::super::snapshots::{SnapshotOptions, SnapshotRequest};
use super::EngineThread;
use crate::log_lines::Level;
use crate::{clock, limits};

/// What happened since the last snapshot that was asked for.
pub(super) struct Snapshots {
    options: SnapshotOptions,
    /// The offset of the last one that was asked for.
    last_offset: u64,
    /// When the first commit after it was seen; none while there is none.
    first_change: Option<Timestamp>,
    /// Bytes of log after it.
    log_bytes: u64,
}

impl Snapshots {
    pub fn new(options: SnapshotOptions, database: &Database) -> Self {
        Self { options, last_offset: database.last_offset(), first_change: None, log_bytes: 0 }
    }

    /// When the next snapshot is due because of its age.
    pub fn due(&self) -> Option<Timestamp> {
        let interval = i64::try_from(self.options.interval.as_micros()).unwrap_or(i64::MAX);
        self.first_change.map(|first| first.plus(Duration(interval)))
    }

    /// Notes what the log was given.
    pub fn note(&mut self, last_offset: u64, log_bytes: u64, now: Timestamp) {
        self.log_bytes += log_bytes;
        if last_offset > self.last_offset && self.first_change.is_none() {
            self.first_change = Some(now);
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.log_bytes >= self.options.log_bytes || self.due().is_some_and(|due| due <= now)
    }

    fn asked(&mut self, offset: u64) {
        *self = Self { options: self.options.clone(), last_offset: offset, first_change: None, log_bytes: 0 };
    }

    /// The one that was due is being written still: looks again later.
    fn postpone(&mut self, now: Timestamp) {
        self.first_change = Some(now);
    }
}

impl EngineThread {
    /// Asks for a snapshot if one is due and none is being written.
    pub(super) fn snapshot_if_due(&mut self) {
        let now = clock::now();
        if self.round.failure().is_some() || !self.snapshots.is_due(now) {
            return;
        }
        if self.shared.is_snapshotting.swap(true, Ordering::AcqRel) {
            return self.snapshots.postpone(now);
        }
        // No publication that a kept snapshot or segment needs is forgotten.
        self.database.forget_publications(self.shared.oldest_needed.load(Ordering::Acquire));
        let needed: Vec<ModuleHash> =
            self.database.publications().iter().map(|publication| publication.module).collect();
        if let Err(error) = self.dir.keep_modules(&needed) {
            self.shared.lines.server(Level::Warn, format!("old modules stay: {error}"));
        }
        self.ask_for_snapshot(self.database.last_offset(), None);
        self.round.hand_over_rest();
    }

    /// Takes a snapshot for somebody who waits for it.
    pub(super) fn snapshot_now(&mut self, reply: SnapshotReply) {
        self.hand_over();
        let offset = self.database.last_offset();
        let (sender, receiver) = bounded(1);
        self.ask_for_snapshot(offset, Some(sender));
        self.round.hand_over_rest();
        // Whoever asked may have gone.
        drop(reply.send((offset, receiver)));
    }

    /// Lets a snapshot hold the commits that were just made before the log does: they changed rows that are not logged and
    /// cannot come again. What came before them has been handed over.
    pub(super) fn snapshot_before_log(&mut self) {
        if self.round.failure().is_some() {
            return;
        }
        let durable_before = self.round.handed_offset();
        let receiver = self.snapshot_and_wait(durable_before);
        if let Err(problem) = receiver {
            let text =
                format!("rows of tables that are not logged may be lost if the server dies now: {problem}");
            self.shared.lines.server(Level::Error, text);
        }
    }

    /// At a clean end: rows that are not logged are kept by a last snapshot.
    pub(super) fn last_snapshot(&mut self) {
        let has_unlogged =
            self.database.schema().tables.iter().any(|table| table.durability == Durability::Checkpointed);
        let is_worth_it = has_unlogged || self.snapshots.log_bytes >= limits::LAST_SNAPSHOT_LOG_BYTES_MIN;
        let has_changed = self.database.last_offset() > self.snapshots.last_offset;
        if self.round.failure().is_some() || !is_worth_it || !has_changed {
            return;
        }
        if let Err(problem) = self.snapshot_and_wait(self.database.last_offset()) {
            let text = format!("the last snapshot was not written: {problem}");
            self.shared.lines.server(Level::Error, text);
        }
    }

    /// Takes a snapshot of now and waits until it counts, which it does once the log is durable up to `after`.
    pub(super) fn snapshot_and_wait(&mut self, after: u64) -> Result<(), String> {
        let (sender, receiver): (Sender<_>, Receiver<Result<(), String>>) = bounded(1);
        self.ask_for_snapshot(after, Some(sender));
        self.round.hand_over_rest();
        receiver.recv().unwrap_or_else(|_| Err("the thread that writes snapshots has ended".into()))
    }

    /// Sends the request behind the commits that the follower was given.
    fn ask_for_snapshot(&mut self, after: u64, reply: Option<Sender<Result<(), String>>>) {
        let offset = self.database.last_offset();
        let head = self.database.snapshot_head();
        self.snapshots.asked(offset);
        self.round.follow(FollowerCommand::Snapshot(SnapshotRequest { head, offset, after, reply }));
    }
}
