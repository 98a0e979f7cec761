//! From the disks to a running server: the newest good snapshot, then the log after it, in the order in which a real
//! server does it.

use std::sync::Arc;

use ambit_interest::Follower;
use ambit_log::{
    Log, LogOptions, LogReader, Medium, ReadError, SnapshotReadError, SnapshotReader, snapshots,
};
use ambit_model::Timestamp;
use ambit_store::Store;

use super::journal::{Recovery, SnapshotRecovery};
use crate::disk::Disk;

/// A database as the disks hold it.
pub(crate) struct Recovered {
    pub store: Store,
    pub follower: Follower,
    pub log: Log,
    /// The snapshot that it began with.
    pub snapshot: Option<u64>,
    /// The snapshots that are there and were not found damaged.
    pub snapshots: Vec<u64>,
    /// Snapshots that were left out because they are damaged.
    pub damaged: Vec<(u64, String)>,
    /// The last record read from the log; 0 if none was.
    pub last_record: u64,
    pub last_offset: u64,
    pub last_timestamp: Timestamp,
}

/// Why a database does not start.
#[derive(Debug)]
pub(crate) enum RecoverFailure {
    /// The disk failed. Another start may succeed.
    Disk(String),
    /// Stored bytes are not what was written.
    Damage(String),
}

/// Recovers a database.
pub(crate) fn recover(log: &Disk, disk: &Disk, options: LogOptions) -> Result<Recovered, RecoverFailure> {
    // A name may be there without being on disk; what the database begins with must not go with it.
    disk.sync().map_err(|error| RecoverFailure::Disk(error.to_string()))?;
    let listed = snapshots(disk).map_err(|error| RecoverFailure::Disk(error.to_string()))?;
    let mut good = listed;
    let (mut recovery, mut snapshot, mut damaged) = (Recovery::new(), None, Vec::new());
    while let Some(&offset) = good.last() {
        match load_snapshot(disk, offset) {
            Ok(loaded) => {
                (recovery, snapshot) = (loaded, Some(offset));
                break;
            }
            Err(RecoverFailure::Damage(problem)) => {
                damaged.push((offset, problem));
                good.pop();
            }
            Err(RecoverFailure::Disk(problem)) => return Err(RecoverFailure::Disk(problem)),
        }
    }
    let medium: Arc<dyn Medium> = Arc::new(log.clone());
    let mut reader = LogReader::open(medium, recovery.last_offset).map_err(of_read)?;
    let mut last_record = 0;
    while let Some(record) = reader.next_record().map_err(of_read)? {
        let applied = recovery.apply(record.offset, record.payload);
        applied.map_err(|error| RecoverFailure::Damage(format!("record {}: {error}", record.offset)))?;
        last_record = record.offset;
    }
    let Recovery { mut store, last_offset, last_timestamp } = recovery;
    store.resume_counters();
    store.remove_dangling();
    let options = LogOptions { next_after: last_offset, ..options };
    let (log, _) = reader.into_log(options).map_err(of_read)?;
    let fork = store.fork().map_err(|error| RecoverFailure::Damage(error.to_string()))?;
    let follower = Follower::from_store(fork, last_offset, last_timestamp);
    Ok(Recovered {
        store,
        follower,
        log,
        snapshot,
        snapshots: good,
        damaged,
        last_record,
        last_offset,
        last_timestamp,
    })
}

fn load_snapshot(disk: &Disk, offset: u64) -> Result<Recovery, RecoverFailure> {
    let mut reader = SnapshotReader::open(Arc::new(disk.clone()), offset).map_err(of_snapshot)?;
    let mut recovery = SnapshotRecovery::default();
    let mut chunk = Vec::new();
    while reader.next_chunk(&mut chunk).map_err(of_snapshot)? {
        recovery.chunk(&chunk).map_err(RecoverFailure::Damage)?;
    }
    recovery.finish().map_err(RecoverFailure::Damage)
}

fn of_read(error: ReadError) -> RecoverFailure {
    match error {
        ReadError::Medium { .. } | ReadError::Prepare(_) => RecoverFailure::Disk(error.to_string()),
        ReadError::Damaged { .. } | ReadError::Missing { .. } | ReadError::Broken => {
            RecoverFailure::Damage(error.to_string())
        }
    }
}

fn of_snapshot(error: SnapshotReadError) -> RecoverFailure {
    match error {
        SnapshotReadError::Medium { .. } => RecoverFailure::Disk(error.to_string()),
        other => RecoverFailure::Damage(other.to_string()),
    }
}
