//! From the disks to a running server: the newest good snapshot, then the log after it, in the order in which a real
//! server does it.

use std::sync::Arc;

use ambit_interest::Follower;
use ambit_journal::{Logged, LoggedError, Recovery, State};
use ambit_log::{
    Log, LogOptions, LogReader, Medium, ReadError, SnapshotReadError, SnapshotReader, snapshots,
};
use ambit_model::{ConnectionId, Identity, Lifecycle};
use ambit_store::Store;

use crate::disk::Disk;
use crate::truth::Noted;

/// A database as the disks hold it.
pub(crate) struct Recovered {
    pub store: Store,
    pub state: State,
    /// The calls of the log that were read, by offset.
    pub noted: Vec<(u64, Noted)>,
    /// Who was connected when the server ended without a word, if the module wants to know.
    pub left_connected: Vec<(Identity, ConnectionId)>,
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
}

impl Recovered {
    /// Whether the module has a reducer for clients who have gone.
    pub(crate) fn wants_farewells(&self) -> bool {
        let mut reducers = self.store.schema().reducers.iter();
        reducers.any(|reducer| reducer.lifecycle == Lifecycle::ClientDisconnected)
    }
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
    let (mut recovery, mut snapshot, mut damaged) = (Recovery::default(), None, Vec::new());
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
    let mut reader = LogReader::open(medium, recovery.last_offset()).map_err(of_read)?;
    let (mut last_record, mut noted) = (0, Vec::new());
    while let Some(record) = reader.next_record().map_err(of_read)? {
        let journal = &mut recovery.state().journal.clone();
        noted.extend(
            call_of(journal.read(recovery.schema(), record.payload)).map(|call| (record.offset, call)),
        );
        let applied = recovery.apply(record.offset, record.payload);
        applied.map_err(|error| RecoverFailure::Damage(format!("record {}: {error}", record.offset)))?;
        last_record = record.offset;
    }
    recovery.finish();
    let options = LogOptions { next_after: recovery.last_offset(), ..options };
    let (log, _) = reader.into_log(options).map_err(of_read)?;
    let fork = recovery.fork_store().map_err(|error| RecoverFailure::Damage(error.to_string()))?;
    let follower = Follower::from_store(fork, recovery.last_offset(), recovery.last_timestamp());
    let left_connected = recovery.left_connected();
    let (store, state) = recovery.into_parts();
    Ok(Recovered {
        store,
        state,
        noted,
        left_connected,
        follower,
        log,
        snapshot,
        snapshots: good,
        damaged,
        last_record,
    })
}

fn load_snapshot(disk: &Disk, offset: u64) -> Result<Recovery, RecoverFailure> {
    let mut reader = SnapshotReader::open(Arc::new(disk.clone()), offset).map_err(of_snapshot)?;
    let mut recovery = Recovery::from_snapshot(0);
    let mut chunk = Vec::new();
    while reader.next_chunk(&mut chunk).map_err(of_snapshot)? {
        recovery.chunk(&chunk).map_err(|error| RecoverFailure::Damage(error.to_string()))?;
    }
    recovery.finish().map_err(|error| RecoverFailure::Damage(error.to_string()))
}

/// What a record says of a call.
fn call_of(logged: Result<Logged<'_>, LoggedError>) -> Option<Noted> {
    match logged {
        Ok(Logged::Call { caller, connection, reducer, timestamp, seed, arguments, .. }) => {
            Some(Noted { caller, connection, reducer, timestamp, seed, arguments: arguments.to_vec() })
        }
        Ok(Logged::Publish { .. }) | Err(_) => None,
    }
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
