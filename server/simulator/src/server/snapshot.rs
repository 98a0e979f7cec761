//! Snapshots: frozen at one moment, written at a later one, counting when the log holds everything before them; then old
//! snapshots and segments go.

use std::sync::Arc;

use ambit_log::{
    FinishedSnapshot, Medium, SnapshotWriteError, SnapshotWriter, remove_segments, remove_snapshots,
    snapshots,
};
use ambit_store::{FrozenStore, Store};

use crate::checkers::{Checker, Violation};
use crate::disk::Disk;

/// Snapshots that are kept: should the newest be damaged, the one before it takes its place.
const KEPT: usize = 2;

/// What is there and what is being written.
pub(super) struct Snapshots {
    log: Disk,
    disk: Disk,
    kept: Vec<u64>,
    job: Option<Job>,
}

enum Job {
    Frozen { offset: u64, head: Vec<u8>, rows: Box<FrozenStore> },
    Finished { offset: u64, snapshot: FinishedSnapshot },
}

impl Snapshots {
    pub(super) fn new((log, disk): (Disk, Disk), kept: Vec<u64>) -> Self {
        Self { log, disk, kept, job: None }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// Freezes the rows, unless a snapshot is being written or there is one of this offset.
    pub(super) fn begin(&mut self, offset: u64, head: Vec<u8>, store: &mut Store) -> Result<bool, String> {
        if self.is_busy() || self.kept.last() == Some(&offset) {
            return Ok(false);
        }
        let rows = Box::new(store.freeze().map_err(|error| error.to_string())?);
        self.job = Some(Job::Frozen { offset, head, rows });
        Ok(true)
    }

    /// Goes on. A snapshot that cannot be written is given up. Answers whether one counts from now on.
    pub(super) fn step(&mut self, durable_offset: u64, has_log_failed: bool) -> Result<bool, Violation> {
        match self.job.take() {
            None => Ok(false),
            Some(Job::Frozen { offset, head, rows }) => {
                self.job =
                    self.write(offset, &head, *rows).ok().map(|snapshot| Job::Finished { offset, snapshot });
                Ok(false)
            }
            Some(job @ Job::Finished { offset, .. }) if durable_offset < offset && !has_log_failed => {
                self.job = Some(job);
                Ok(false)
            }
            Some(Job::Finished { offset, snapshot }) => {
                if has_log_failed || snapshot.publish().is_err() {
                    return Ok(false);
                }
                self.kept.push(offset);
                self.let_go()?;
                Ok(true)
            }
        }
    }

    fn write(
        &self,
        offset: u64,
        head: &[u8],
        rows: FrozenStore,
    ) -> Result<FinishedSnapshot, SnapshotWriteError> {
        let medium: Arc<dyn Medium> = Arc::new(self.disk.clone());
        let mut writer = SnapshotWriter::create(medium, offset)?;
        writer.chunk(head)?;
        rows.write(&mut |chunk| writer.chunk(chunk))?;
        writer.finish()
    }

    /// Removes all but the last two snapshots and the segments that only hold what the older of them holds too.
    fn let_go(&mut self) -> Result<(), Violation> {
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..surplus);
        let [older, _] = self.kept[..] else { return Ok(()) };
        let removed =
            remove_snapshots(&self.disk, &self.kept).is_ok() && remove_segments(&self.log, older).is_ok();
        // What a failing disk did not let go of goes the next time.
        if removed { self.check_space(older) } else { Ok(()) }
    }

    fn check_space(&self, older: u64) -> Result<(), Violation> {
        let (Ok(there), Ok(files)) = (snapshots(&self.disk), self.log.list()) else { return Ok(()) };
        if there != self.kept {
            let text = format!("there are the snapshots {there:?}, {:?} should be kept", self.kept);
            return Err(Violation::new(Checker::Space, text));
        }
        let mut firsts: Vec<u64> =
            files.iter().filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect();
        firsts.sort_unstable();
        match firsts.get(1) {
            Some(second) if second.saturating_sub(1) <= older => {
                let text = format!("the segments {firsts:?} are there, offset {older} is in two snapshots");
                Err(Violation::new(Checker::Space, text))
            }
            _ => Ok(()),
        }
    }
}
