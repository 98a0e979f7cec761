//! Snapshots: when one is due, the thread that writes them, and what may go once one is there.
//!
//! The follower's rows are frozen between two commits, which costs next to nothing; this thread writes them while the world
//! goes on. A snapshot counts once the log holds everything before it, so that it never knows more than the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ambit_log::{
    DirectoryMedium, Medium, RemoveError, SnapshotListError, SnapshotWriteError, SnapshotWriter,
    remove_segments, remove_snapshots,
};
use ambit_store::FrozenStore;
use crossbeam_channel::{Receiver, Sender};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Shared, Statistics};
use crate::limits;
use crate::log_lines::Level;

/// When snapshots are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// After so many bytes of log.
    pub log_bytes: u64,
    /// After so long, if anything has changed.
    pub interval: Duration,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self { log_bytes: limits::SNAPSHOT_LOG_BYTES, interval: limits::SNAPSHOT_INTERVAL }
    }
}

/// What a snapshot is to hold.
pub struct SnapshotRequest {
    /// Its first chunk, made by the engine at the snapshot's offset.
    pub head: Vec<u8>,
    /// Its offset.
    pub offset: u64,
    /// The offset that must be durable before the snapshot counts.
    pub after: u64,
    /// Is told when it counts, or why it never will. Dropped if the thread has gone.
    pub reply: Option<Sender<Result<(), String>>>,
}

/// A request and the rows.
pub struct SnapshotJob {
    /// What was asked for.
    pub request: SnapshotRequest,
    /// The rows at its offset.
    pub rows: FrozenStore,
}

/// Writes snapshots one after the other.
pub struct SnapshotThread {
    jobs: Receiver<SnapshotJob>,
    shared: Arc<Shared>,
    runtime: Handle,
    durable: watch::Receiver<u64>,
    log: Arc<dyn Medium>,
    snapshots: Arc<dyn Medium>,
    /// Those that count, ascending; at most two are kept.
    kept: Vec<u64>,
}

/// Why a snapshot was not written.
#[derive(Debug, thiserror::Error)]
enum SnapshotError {
    #[error(transparent)]
    Write(#[from] SnapshotWriteError),
    #[error("the log has ended before it held everything that the snapshot holds")]
    LogEnded,
}

/// Why something needless stays.
#[derive(Debug, thiserror::Error)]
enum LetGoError {
    #[error(transparent)]
    Snapshots(#[from] SnapshotListError),
    #[error(transparent)]
    Segments(#[from] RemoveError),
}

impl SnapshotThread {
    /// A thread's state; it runs with [`SnapshotThread::run`].
    pub fn new(
        (log, snapshots): (DirectoryMedium, DirectoryMedium),
        kept: Vec<u64>,
        jobs: Receiver<SnapshotJob>,
        shared: Arc<Shared>,
        runtime: Handle,
    ) -> Self {
        let durable = shared.durable.clone();
        Self { jobs, shared, runtime, durable, log: Arc::new(log), snapshots: Arc::new(snapshots), kept }
    }

    /// Runs until nobody can ask for snapshots any more.
    pub fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let SnapshotJob { request, rows } = job;
            let (offset, reply) = (request.offset, request.reply.clone());
            let begin = Instant::now();
            let result = self.write(request, rows).map_err(|error| error.to_string());
            match &result {
                Ok(bytes) => self.note(offset, *bytes, begin.elapsed()),
                Err(problem) => {
                    let text = format!(
                        "the snapshot of offset {offset} could not be written; the log goes on growing until one can be: {problem}"
                    );
                    self.shared.lines.server(Level::Error, text);
                }
            }
            self.shared.is_snapshotting.store(false, Ordering::Release);
            if let Some(reply) = reply {
                // Whoever asked may have gone.
                drop(reply.send(result.map(drop)));
            }
        }
    }

    fn note(&self, offset: u64, bytes: u64, took: Duration) {
        let statistics = &self.shared.statistics;
        Statistics::add(&statistics.snapshots, 1);
        statistics.snapshot_offset.store(offset, Ordering::Relaxed);
        statistics.snapshot_bytes.store(bytes, Ordering::Relaxed);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        statistics.snapshot_ms.store(millis, Ordering::Relaxed);
    }

    /// Writes a snapshot and lets go of what it makes needless; its bytes.
    fn write(&mut self, request: SnapshotRequest, rows: FrozenStore) -> Result<u64, SnapshotError> {
        if self.kept.last() == Some(&request.offset) {
            return Ok(0);
        }
        let mut writer = SnapshotWriter::create(Arc::clone(&self.snapshots), request.offset)?;
        writer.chunk(&request.head)?;
        rows.write(&mut |chunk| writer.chunk(chunk))?;
        let finished = writer.finish()?;
        let bytes = finished.file_bytes();
        let durable =
            self.runtime.block_on(self.durable.wait_for(|durable| *durable >= request.after)).is_ok();
        if !durable {
            finished.discard()?;
            return Err(SnapshotError::LogEnded);
        }
        finished.publish()?;
        self.kept.push(request.offset);
        if let Err(error) = self.let_go() {
            let text = format!("old segments and snapshots could not be removed and stay: {error}");
            self.shared.lines.server(Level::Warn, text);
        }
        Ok(bytes)
    }

    /// Removes all but the last two snapshots and the segments before the older of them. With a single snapshot the log
    /// stays whole: should that one be damaged, the log is what is left.
    fn let_go(&mut self) -> Result<(), LetGoError> {
        let surplus = self.kept.len().saturating_sub(limits::SNAPSHOTS_KEPT);
        self.kept.drain(..surplus);
        remove_snapshots(&*self.snapshots, &self.kept)?;
        if let [older, _] = self.kept[..] {
            let removed = remove_segments(&*self.log, older)?;
            Statistics::add(&self.shared.statistics.log_bytes_removed, removed.bytes);
            self.shared.oldest_needed.store(older, Ordering::Release);
        }
        Ok(())
    }
}
