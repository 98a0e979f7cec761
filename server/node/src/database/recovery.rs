//! Opens a database's snapshots and log, and brings engine and follower to where the last server stopped.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ambit_engine::{
    Database, ModuleHash, PublishError, Published, RecoverError, Recovery, SnapshotError, plan_for,
};
use ambit_interest::Follower;
use ambit_log::{
    DirectoryMedium, Log, LogOptions, LogReader, Medium, ReadError, RecoveryReport, SnapshotListError,
    SnapshotReadError, SnapshotReader, snapshots,
};
use ambit_model::{ConnectionId, Identity};
use ambit_module_host::Module;
use ambit_store::{Dangling, Effect, FreezeError};

use crate::clock;
use crate::data_dir::{DataDirError, DatabaseDir};
use crate::log_lines::{Level, LogLines};

/// A database as it was.
pub struct Recovered {
    /// The engine.
    pub database: Database,
    /// The first commit of this start, if the module is another one than before; not logged yet.
    pub published: Option<Published>,
    /// The follower, before that commit.
    pub follower: Follower,
    /// The log, ready for more.
    pub log: Log,
    /// Clients that were connected when the last server ended without a word.
    pub left_connected: Vec<(Identity, ConnectionId)>,
    /// The offsets of the snapshots that are there and good, as far as they were looked at; ascending.
    pub snapshots: Vec<u64>,
    report: Report,
}

/// What was found on the way.
#[derive(Default)]
struct Report {
    log: RecoveryReport,
    /// The snapshot that the database began with.
    snapshot: Option<u64>,
    /// Snapshots that could not be read, and why.
    damaged: Vec<(u64, String)>,
    /// With the names of the tables.
    dangling: Vec<(String, usize)>,
    took_ms: u128,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of the database's folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The folder of the log or of the snapshots.
    #[error("cannot open or sync the folder of the {what}: {source}")]
    Medium {
        /// Which.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The log.
    #[error("{source}{}", told(.damaged))]
    Log {
        /// Why.
        source: ReadError,
        /// Snapshots that could not be read either, and why.
        damaged: Vec<(u64, String)>,
    },
    /// There was a database, and nothing of it can be read.
    #[error("the log is empty and no snapshot can be read{0}. Restore a backup, or bring the files back")]
    NothingLeft(String),
    /// The list of the snapshots.
    #[error(transparent)]
    Snapshots(#[from] SnapshotListError),
    /// A record of the log.
    #[error(transparent)]
    Record(#[from] RecoverError),
    /// The follower cannot begin.
    #[error("the follower cannot begin: {0}")]
    Fork(#[from] FreezeError),
    /// The module.
    #[error(transparent)]
    Module(#[from] PublishError),
    /// The module would lose rows, and nobody has agreed to that.
    #[error(
        "with its module the database would lose rows or columns: {0}. Publish a module that keeps them, or this one with --confirm"
    )]
    Destructive(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Why one snapshot is of no use.
#[derive(Debug, thiserror::Error)]
enum UnreadableError {
    #[error(transparent)]
    File(#[from] SnapshotReadError),
    #[error(transparent)]
    Content(#[from] SnapshotError),
}

fn told(damaged: &[(u64, String)]) -> String {
    damaged
        .iter()
        .map(|(offset, why)| format!(". The snapshot of offset {offset} is of no use: {why}"))
        .collect()
}

/// The database of a folder before its module, from its newest good snapshot and its log.
pub struct Loaded {
    /// The rows and what goes with them.
    pub recovery: Recovery,
    /// The log, read to its end.
    pub reader: LogReader,
    snapshots: Vec<u64>,
    report: Report,
}

/// Loads the newest snapshot that can be read, then the log after it up to and with `until`.
pub fn load(
    log: Arc<dyn Medium>,
    snapshot_medium: &Arc<dyn Medium>,
    hash_seed: u64,
    until: Until,
) -> Result<Loaded, OpenError> {
    let mut report = Report::default();
    let listed = snapshots(&**snapshot_medium)?;
    let mut good: Vec<u64> = listed.into_iter().filter(|offset| until.includes(*offset)).collect();
    let mut recovery = Recovery::new(hash_seed);
    while let Some(&offset) = good.last() {
        match load_snapshot(snapshot_medium, offset, hash_seed) {
            // A snapshot's offset does not tell its time.
            Ok(loaded) if matches!(until, Until::Time(until) if loaded.last_timestamp() > until) => {
                good.pop();
            }
            Ok(loaded) => {
                recovery = loaded;
                report.snapshot = Some(offset);
                break;
            }
            Err(error) => {
                report.damaged.push((offset, error.to_string()));
                good.pop();
            }
        }
    }
    let log_error = |source, damaged: &Vec<_>| OpenError::Log { source, damaged: damaged.clone() };
    let opened = LogReader::open(log, recovery.last_offset());
    let mut reader = opened.map_err(|source| log_error(source, &report.damaged))?;
    loop {
        let record = reader.next_record();
        let Some(record) = record.map_err(|source| log_error(source, &report.damaged))? else { break };
        if !until.includes(record.offset) {
            break;
        }
        if let Until::Time(until) = until
            && recovery.timestamp_of(record.payload).is_some_and(|timestamp| timestamp > until)
        {
            break;
        }
        recovery.apply(record.offset, record.payload)?;
    }
    if recovery.publications().is_empty() && !report.damaged.is_empty() && until == Until::End {
        return Err(OpenError::NothingLeft(told(&report.damaged)));
    }
    let dangling = recovery.finish();
    let schema = recovery.schema();
    let named = |Dangling { table, rows }: Dangling| {
        let table = schema.tables.get(usize::from(table));
        (table.map_or_else(String::new, |table| table.name.clone()), rows)
    };
    report.dangling = dangling.into_iter().map(named).collect();
    Ok(Loaded { recovery, reader, snapshots: good, report })
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the end.
    End,
    /// To this commit offset, included.
    Offset(u64),
    /// To the last commit that was made at or before this moment.
    Time(ambit_model::Timestamp),
}

impl Until {
    fn includes(self, offset: u64) -> bool {
        match self {
            Self::Offset(last) => offset <= last,
            Self::End | Self::Time(_) => true,
        }
    }
}

fn load_snapshot(medium: &Arc<dyn Medium>, offset: u64, hash_seed: u64) -> Result<Recovery, UnreadableError> {
    let mut reader = SnapshotReader::open(Arc::clone(medium), offset)?;
    let mut recovery = Recovery::from_snapshot(hash_seed);
    let mut chunk = Vec::new();
    while reader.next_chunk(&mut chunk)? {
        recovery.chunk(&chunk)?;
    }
    Ok(recovery.finish()?)
}

/// Recovers the database of a folder with this module; an empty folder gives a new database. `key` seeds the random
/// numbers of calls. A module that loses rows or columns is refused unless it `may_lose` them.
pub fn recover(
    dir: &DatabaseDir,
    module: &Module,
    hash: ModuleHash,
    key: u128,
    may_lose: bool,
) -> Result<Recovered, OpenError> {
    let begin = Instant::now();
    let hash_seed = getrandom::u64()?;
    let open = |path, what| DirectoryMedium::new(path).map_err(|source| OpenError::Medium { what, source });
    let log: Arc<dyn Medium> = Arc::new(open(dir.log(), "log")?);
    let snapshot_medium: Arc<dyn Medium> = Arc::new(open(dir.snapshots(), "snapshots")?);
    // A name may be there without being on disk; what the database begins with must not go with it.
    snapshot_medium.sync().map_err(|source| OpenError::Medium { what: "snapshots", source })?;
    let Loaded { mut recovery, reader, snapshots, mut report } =
        load(log, &snapshot_medium, hash_seed, Until::End)?;
    let options =
        LogOptions { salt: getrandom::u32()?, next_after: recovery.last_offset(), ..LogOptions::default() };
    let ready = reader.into_log(options);
    let (log, log_report) =
        ready.map_err(|source| OpenError::Log { source, damaged: report.damaged.clone() })?;
    report.log = log_report;
    let (plan, _) = plan_for(recovery.schema(), module.schema())?;
    if plan.is_destructive() && !may_lose {
        let lost = plan.changes.iter().filter(|change| change.effect == Effect::Destructive);
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        return Err(OpenError::Destructive(lost.join("; ")));
    }
    let follower =
        Follower::from_store(recovery.fork_store()?, recovery.last_offset(), recovery.last_timestamp());
    let left_connected = recovery.left_connected();
    let (database, published) =
        Database::start(recovery, module, hash, dir.own_identity()?, key, clock::now())?;
    report.took_ms = begin.elapsed().as_millis();
    Ok(Recovered { database, published, follower, log, left_connected, snapshots, report })
}

impl Recovered {
    /// Says what was found.
    pub fn tell(&self, lines: &LogLines) {
        let Report { log, snapshot, damaged, dangling, took_ms } = &self.report;
        for (offset, why) in damaged {
            let text = format!(
                "the snapshot of offset {offset} is damaged and was left out, an older one and the log take its place: {why}"
            );
            lines.server(Level::Warn, text);
        }
        if log.records > 0 || snapshot.is_some() {
            let begun =
                snapshot.map_or_else(String::new, |offset| format!("the snapshot of offset {offset} and "));
            let text = format!(
                "recovered {begun}{} commits of the log, to offset {}, in {took_ms} ms",
                log.records,
                self.database.last_offset()
            );
            lines.server(Level::Info, text);
        }
        if let Some(tail) = &log.torn_tail {
            let place = format!("{} bytes at byte {} of {}", tail.bytes, tail.position, tail.file);
            let text = match log.goes_on_behind {
                None => {
                    format!("cut off {place} that a crash left half written; no acknowledged commit is lost")
                }
                Some(offset) => format!(
                    "{place} cannot be read. The snapshot of offset {offset} is newer and has what may have been there, so \
                     nothing is lost, and the log goes on behind it. Make a backup now: until there are two newer snapshots, \
                     the log cannot be read without this one"
                ),
            };
            lines.server(Level::Warn, text);
        }
        for (table, rows) in dangling {
            let text = format!(
                "{rows} rows of table `{table}` name rows that were deleted after the snapshot, and are deleted too"
            );
            lines.server(Level::Info, text);
        }
    }
}
