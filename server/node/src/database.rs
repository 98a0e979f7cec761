//! One running database: its threads, and the handle through which the rest of the server uses them.
//!
//! ```text
//! sockets ─ commands ─▶ engine thread ─ records ─▶ log thread ─ durable offset ─▶ everybody
//!                            │
//!                            └─ change sets, subscriptions ─▶ follower thread ─ updates ─▶ sockets
//! ```
//!
//! Everything that a client asks goes through the engine's queue, so that what one client says is done in the order in
//! which it said it: a subscription sees the calls before it.

mod command;
mod gate;
mod plan_report;
mod statistics;
mod views;

mod engine_thread;
mod flush_threads;
mod follower_thread;

mod durable;
mod recovery;
mod snapshots;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use ambit_engine::ModuleHash;
use ambit_log::DirectoryMedium;
use ambit_model::{Identity, Schema};
use ambit_module_host::Module;
use ambit_wire::goodbye;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::durable::LogNews;
use self::engine_thread::{Begin, EngineThread, Links};
use self::flush_threads::FlushThreads;
use self::follower_thread::FollowerThread;
use self::gate::Gate;
use self::snapshots::SnapshotThread;
use crate::connection::Connection;
use crate::data_dir::DatabaseDir;
use crate::limits;
use crate::log_lines::{Level, LogLines};

pub use command::{EngineCommand, Publication, PublishOutcome, PublishRefusal};
pub use plan_report::PlanReport;
pub use recovery::{Loaded, OpenError, Until, load};
pub use snapshots::SnapshotOptions;
pub use statistics::{Statistics, StatisticsReport};

/// A running database. Clones of the `Arc` share it.
pub struct Database {
    /// What is shared with the database's threads.
    pub shared: Arc<Shared>,
    commands: Sender<EngineCommand>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What a database's threads and its connections share.
pub struct Shared {
    /// The database's name.
    pub name: String,
    /// Who may publish to it.
    pub owner: Identity,
    /// Tables and reducers now.
    schema: RwLock<Arc<SchemaNow>>,
    /// What the module and the server say.
    pub lines: LogLines,
    /// Counters.
    pub statistics: Statistics,
    /// The last durable offset; the sender's end is with the log thread.
    pub durable: watch::Receiver<u64>,
    /// Clients that are to be told of durable offsets.
    pub waiting: durable::Waiting,
    /// Says nothing; its sender's end goes with the log thread, the last of the database's threads.
    closed: watch::Receiver<()>,
    /// Code and reason of the Goodbye that everybody gets, once the database ends.
    ending: OnceLock<(u16, String)>,
    /// Bytes of calls that wait for the engine.
    queued_bytes: AtomicUsize,
    /// Whether a snapshot is being written.
    is_snapshotting: AtomicBool,
    /// The offset before which no snapshot or segment is kept.
    oldest_needed: AtomicU64,
}

/// A database's schema.
pub struct SchemaNow {
    /// Tables and reducers.
    pub schema: Arc<Schema>,
    /// What clients may know of them, in bytes.
    pub bytes: Vec<u8>,
}

impl SchemaNow {
    fn new(schema: Arc<Schema>) -> Self {
        Self { bytes: schema.for_clients().encode(), schema }
    }
}

impl Shared {
    /// The schema now; a publish may change it.
    pub fn schema(&self) -> Arc<SchemaNow> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_schema(&self, schema: Arc<Schema>) {
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(SchemaNow::new(schema));
    }

    /// Returns when the database has ended, in whatever way. What was sent to it and not answered never will be.
    pub async fn ended(&self) {
        let mut closed = self.closed.clone();
        while closed.changed().await.is_ok() {}
    }

    /// Says goodbye to a client that the database has no more time for.
    pub fn say_ended(&self, connection: &Connection) {
        let (code, reason) = self.why_ended();
        connection.goodbye(code, reason);
    }

    /// Why the database has ended, with the code for clients.
    pub fn why_ended(&self) -> (u16, &str) {
        match self.ending.get() {
            Some((code, reason)) => (*code, reason),
            None => (goodbye::DATABASE, "the database has stopped"),
        }
    }

    /// Counts the bytes of a command that wants to the engine; false if there is no room.
    fn take_room(&self, bytes: usize) -> bool {
        let waiting = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let fits =
            bytes == 0 || waiting == 0 || waiting.saturating_add(bytes) <= limits::ENGINE_COMMAND_BYTES_MAX;
        if !fits {
            self.give_room(bytes);
        }
        fits
    }

    /// Takes the bytes of a command back.
    fn give_room(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// What opens a database.
pub struct Opening<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its folder.
    pub dir: &'a DatabaseDir,
    /// Its module.
    pub module: &'a Module,
    /// What tells the module from others.
    pub hash: ModuleHash,
    /// When snapshots are taken.
    pub snapshots: SnapshotOptions,
    /// How many threads its flushes run on.
    pub follower_threads: usize,
}

/// A command did not reach the engine.
pub enum Unsent {
    /// The queue is full; try again soon.
    Full(EngineCommand),
    /// The database has stopped.
    Stopped,
}

impl Database {
    /// Opens the database of a folder with this module: recovers it, or begins it.
    pub fn open(opening: Opening<'_>, runtime: &Handle) -> Result<Self, OpenError> {
        let (commands, receiver) = crossbeam_channel::bounded(limits::ENGINE_COMMANDS_MAX);
        let (shared, threads) = Self::start(&opening, receiver, runtime)?;
        runtime.spawn(durable::tell_durable(Arc::clone(&shared)));
        Ok(Self { shared, commands, threads: Mutex::new(threads) })
    }

    /// Whether the database of a folder can be opened with this module. Nothing changes but the end of a log that a crash
    /// left half written.
    pub fn check(
        dir: &DatabaseDir,
        module: &Module,
        hash: ModuleHash,
        may_lose: bool,
    ) -> Result<(), OpenError> {
        recovery::recover(dir, module, hash, 0, may_lose).map(drop)
    }

    fn start(
        opening: &Opening<'_>,
        commands: Receiver<EngineCommand>,
        runtime: &Handle,
    ) -> Result<(Arc<Shared>, Vec<JoinHandle<()>>), OpenError> {
        let Opening { name, dir, module, hash, snapshots, follower_threads } = opening;
        let key = (u128::from(getrandom::u64()?) << 64) | u128::from(getrandom::u64()?);
        let mut recovered = recovery::recover(dir, module, *hash, key, dir.is_confirmed(hash))?;
        let (durable_sender, durable) = watch::channel(recovered.log.durable_offset());
        let (closed_sender, closed) = watch::channel(());
        let schema = Arc::clone(recovered.database.schema());
        let shared = Arc::new(Shared {
            name: (*name).to_owned(),
            owner: dir.owner()?,
            schema: RwLock::new(Arc::new(SchemaNow::new(schema))),
            lines: LogLines::new(name),
            statistics: Statistics::default(),
            durable,
            waiting: durable::Waiting::default(),
            closed,
            ending: OnceLock::new(),
            queued_bytes: AtomicUsize::new(0),
            is_snapshotting: AtomicBool::new(false),
            oldest_needed: AtomicU64::new(0),
        });
        recovered.tell(&shared.lines);
        let (log_gate, log_keeper) = Gate::new(limits::LOG_BYTES_WAITING_MAX);
        let news = LogNews { durable: durable_sender, keeper: log_keeper, _closed: closed_sender };
        let log = durable::start_log(recovered.log, news, Arc::clone(&shared)).map_err(OpenError::Thread)?;
        let open =
            |path, what| DirectoryMedium::new(path).map_err(|source| OpenError::Medium { what, source });
        let media = (open(dir.log(), "log")?, open(dir.snapshots(), "snapshots")?);
        let (jobs, asked) = crossbeam_channel::bounded(limits::SNAPSHOT_JOBS_MAX);
        let kept = std::mem::take(&mut recovered.snapshots);
        let writer = SnapshotThread::new(media, kept, asked, Arc::clone(&shared), runtime.clone());
        let (rounds, followed) = crossbeam_channel::bounded(limits::FOLLOWER_ROUNDS_MAX);
        let (follower_gate, keeper) = Gate::new(limits::FOLLOWER_BYTES_WAITING_MAX);
        let threads = FlushThreads::new(name, *follower_threads).map_err(OpenError::Thread)?;
        let (follower, own) = ((recovered.follower, threads), Arc::clone(&shared));
        let follower = FollowerThread::new(follower, followed, keeper, jobs, own);
        let links = Links {
            log,
            log_gate,
            commands,
            follower: rounds,
            follower_gate,
            shared: Arc::clone(&shared),
            dir: DatabaseDir::clone(dir),
            snapshots: snapshots.clone(),
        };
        let engine = EngineThread::new(recovered.database, links);
        let begin = Begin {
            published: recovered.published.take(),
            left_connected: std::mem::take(&mut recovered.left_connected),
        };
        let spawn = |part: &str, stack_bytes: usize, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(format!("{part} {name}")).stack_size(stack_bytes);
            thread.spawn(run).map_err(OpenError::Thread)
        };
        let threads = vec![
            spawn("snapshots", limits::SNAPSHOT_STACK_BYTES, Box::new(move || writer.run()))?,
            spawn("follower", limits::FOLLOWER_STACK_BYTES, Box::new(move || follower.run()))?,
            spawn("engine", limits::ENGINE_STACK_BYTES, Box::new(move || engine.run(begin)))?,
        ];
        Ok((shared, threads))
    }

    /// Gives the engine a command without waiting.
    pub fn try_send(&self, command: EngineCommand) -> Result<(), Unsent> {
        let bytes = command.byte_count();
        if !self.shared.take_room(bytes) {
            return Err(Unsent::Full(command));
        }
        match self.commands.try_send(command) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(command)) => {
                self.shared.give_room(bytes);
                Err(Unsent::Full(command))
            }
            Err(TrySendError::Disconnected(_)) => {
                self.shared.give_room(bytes);
                Err(Unsent::Stopped)
            }
        }
    }

    /// Gives the engine a command, waiting for room. False if the database has stopped.
    pub async fn send(&self, mut command: EngineCommand) -> bool {
        loop {
            match self.try_send(command) {
                Ok(()) => return true,
                Err(Unsent::Stopped) => return false,
                Err(Unsent::Full(back)) => command = back,
            }
            tokio::time::sleep(limits::ENGINE_FULL_PAUSE).await;
        }
    }

    /// Ends the database: clients get a Goodbye with this code and reason, the log is synced. Waits for it.
    pub fn stop(&self, code: u16, reason: &str) {
        let command = EngineCommand::Stop { code, reason: reason.to_owned() };
        // If the engine is gone already there is nothing to end.
        drop(self.commands.send(command));
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                self.shared.lines.server(Level::Error, "a thread of the database panicked");
            }
        }
    }

    /// The counters.
    pub fn report(&self) -> StatisticsReport {
        self.shared.statistics.report(*self.shared.durable.borrow())
    }

    /// Whether the engine still takes commands.
    pub fn is_running(&self) -> bool {
        !self.shared.statistics.has_stopped.load(Ordering::Acquire)
    }
}
