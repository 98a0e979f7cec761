//! Opens a database's log and brings engine and follower to where the last server stopped.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use ambit_engine::{Database, Logged, Moment, PublishError, Published, RecoverError, Recovery};
use ambit_interest::Follower;
use ambit_log::{DirectoryMedium, Log, LogOptions, LogReader, ReadError, RecoveryReport};
use ambit_model::{ConnectionId, Identity, Lifecycle, Schema};
use ambit_module_host::Module;
use ambit_store::ChangeSet;

use crate::clock;
use crate::data_dir::{DataDirError, DatabaseDir};
use crate::log_lines::{Level, LogLines};

/// A database as it was.
pub struct Recovered {
    /// The engine.
    pub database: Database,
    /// The first commit of this start, if the module brought another schema; not logged yet.
    pub published: Option<Published>,
    /// The follower, before that commit.
    pub follower: Follower,
    /// The log, ready for more.
    pub log: Log,
    /// Clients that were connected when the last server ended without a word.
    pub left_connected: Vec<(Identity, ConnectionId)>,
    report: RecoveryReport,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of the database's folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The log's folder.
    #[error("cannot open the log: {0}")]
    Medium(io::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A record of the log.
    #[error(transparent)]
    Record(#[from] RecoverError),
    /// The follower disagrees with the engine.
    #[error("the follower cannot apply the commit of offset {offset}: {problem}")]
    Follow {
        /// The commit's offset.
        offset: u64,
        /// Why.
        problem: String,
    },
    /// The module.
    #[error(transparent)]
    Module(#[from] PublishError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Recovers the database of a folder with this module; an empty log gives a new database.
pub fn recover(dir: &DatabaseDir, module: &Module, seed: u128) -> Result<Recovered, OpenError> {
    let medium = Arc::new(DirectoryMedium::new(dir.log()).map_err(OpenError::Medium)?);
    let hash_seed = getrandom::u64()?;
    let mut recovery = Recovery::new(hash_seed);
    let mut connected = BTreeSet::new();
    let mut follower: Option<Follower> = None;
    let mut reader = LogReader::open(Arc::clone(&medium) as _)?;
    while let Some(record) = reader.next_record()? {
        let recovered = recovery.apply(record.offset, record.payload)?;
        follow_connection(recovery.schema(), record.payload, &mut connected);
        // A log usually begins with its only schema. If there are more, the follower reads it once again.
        let follower = follower
            .get_or_insert_with(|| Follower::with_hash_seed(Arc::clone(recovery.schema()), hash_seed));
        if follower.schema() == recovery.schema() {
            follow(follower, &recovered.change_set)?;
        }
    }
    let options = LogOptions { salt: getrandom::u32()?, ..LogOptions::default() };
    let (log, report) = reader.into_log(options)?;
    let moment = Moment { now: clock::now(), seed };
    let (database, published) = Database::start(recovery, module, dir.own_identity()?, moment)?;
    let follower = match follower {
        Some(follower) if follower.schema() == database.schema() => follower,
        Some(_) | None => follow_again(medium, database.schema(), hash_seed)?,
    };
    let left_connected = connected.into_iter().collect();
    Ok(Recovered { database, published, follower, log, left_connected, report })
}

/// A follower of a log from its beginning, with the schema of its end.
fn follow_again(
    medium: Arc<DirectoryMedium>,
    schema: &Arc<Schema>,
    hash_seed: u64,
) -> Result<Follower, OpenError> {
    let mut follower = Follower::with_hash_seed(Arc::clone(schema), hash_seed);
    let mut reader = LogReader::open(medium)?;
    while let Some(record) = reader.next_record()? {
        let offset = record.offset;
        let logged =
            Logged::decode(record.payload).map_err(|source| RecoverError::Record { offset, source })?;
        match logged {
            Logged::Call { change_set, .. } | Logged::Publish { change_set, .. } => {
                follow(&mut follower, &change_set)?;
            }
        }
    }
    Ok(follower)
}

fn follow(follower: &mut Follower, change_set: &ChangeSet) -> Result<(), OpenError> {
    follower
        .apply(change_set)
        .map_err(|error| OpenError::Follow { offset: change_set.offset, problem: error.to_string() })
}

impl Recovered {
    /// Says what was found.
    pub fn tell(&self, lines: &LogLines) {
        if self.report.records > 0 {
            let report = &self.report;
            let text = format!("recovered {} commits, to offset {}", report.records, report.last_offset);
            lines.server(Level::Info, text);
        }
        if let Some(tail) = &self.report.torn_tail {
            let text = format!(
                "cut off {} bytes at byte {} of {} that a crash left half written; no acknowledged commit is lost",
                tail.bytes, tail.position, tail.file
            );
            lines.server(Level::Warn, text);
        }
    }
}

/// Keeps track of who is connected: by the commits of the module's own lifecycle reducers, and by calls, since a client whose
/// call was committed was connected. Of no use to a module that does not want to know who has gone.
fn follow_connection(schema: &Schema, payload: &[u8], connected: &mut BTreeSet<(Identity, ConnectionId)>) {
    if schema.reducers.iter().all(|reducer| reducer.lifecycle != Lifecycle::ClientDisconnected) {
        return;
    }
    // The recovery has just decoded the same bytes and would have refused them.
    let Ok(Logged::Call { change_set, connection, .. }) = Logged::decode(payload) else { return };
    let reducer = schema.reducers.get(usize::from(change_set.reducer));
    let client = (change_set.caller, connection);
    match reducer.map(|reducer| reducer.lifecycle) {
        Some(Lifecycle::ClientDisconnected) => {
            connected.remove(&client);
        }
        // Init, ticks and tools call without a connection.
        _ if connection == ConnectionId::default() => {}
        Some(Lifecycle::ClientConnected | Lifecycle::Call | Lifecycle::Init | Lifecycle::Tick { .. })
        | None => {
            connected.insert(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use ambit_model::{ReducerSchema, Timestamp};

    use super::*;

    /// A log of one call, as bytes. The reducers are numbered as in `schema`.
    fn logged(reducer: u16, caller: u8, connection: u8) -> Vec<u8> {
        let outcome = ambit_engine::CallOutcome {
            reducer,
            result: Ok(1),
            change_set: Some(ChangeSet {
                offset: 1,
                timestamp: Timestamp(0),
                caller: Identity([caller; 32]),
                reducer,
                body: Arc::default(),
            }),
            logs: Vec::new(),
            logs_dropped: 0,
            connection: ConnectionId([connection; 16]),
            seed: 0,
            dt: ambit_model::Duration(0),
        };
        let mut bytes = Vec::new();
        outcome.encode_logged(&[], &mut bytes);
        bytes
    }

    /// Whether a client was let go after a crash used to depend on whether its greeting had changed a row.
    #[test]
    fn whoever_has_called_was_connected() {
        let reducer = |lifecycle| ReducerSchema {
            name: format!("{lifecycle:?}"),
            params: Vec::new(),
            lifecycle,
            doc: String::new(),
        };
        let lifecycles = [Lifecycle::Call, Lifecycle::ClientConnected, Lifecycle::ClientDisconnected];
        let mut schema =
            Schema { tables: Vec::new(), reducers: lifecycles.map(reducer).to_vec(), ..Schema::default() };
        let connected = |schema: &Schema| {
            let mut connected = BTreeSet::new();
            for (reducer, caller, connection) in
                [(0, 1, 1), (1, 2, 2), (1, 3, 3), (0, 3, 3), (2, 3, 3), (0, 4, 0), (0, 1, 5), (2, 1, 5)]
            {
                follow_connection(schema, &logged(reducer, caller, connection), &mut connected);
            }
            connected.into_iter().map(|(identity, connection)| (identity.0[0], connection.0[0]))
        };
        assert_eq!(connected(&schema).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
        schema.reducers.pop();
        assert_eq!(connected(&schema).count(), 0);
    }
}
