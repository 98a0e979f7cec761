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
mod seeds;
mod statistics;

mod engine_thread;
mod follower_thread;

mod durable;
mod recovery;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use ambit_model::{Identity, Schema};
use ambit_module_host::Module;
use ambit_wire::goodbye;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::durable::LogNews;
use self::engine_thread::{Begin, EngineThread, Links};
use self::follower_thread::FollowerThread;
use self::gate::Gate;
use self::seeds::Seeds;
use crate::connection::Connection;
use crate::data_dir::DatabaseDir;
use crate::limits;
use crate::log_lines::{Level, LogLines};

pub use command::EngineCommand;
pub use recovery::OpenError;
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
    /// Tables and reducers.
    pub schema: Arc<Schema>,
    /// The schema's bytes, for clients.
    pub schema_bytes: Vec<u8>,
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
}

impl Shared {
    /// Returns when the database has ended, in whatever way. What was sent to it and not answered never will be.
    pub async fn ended(&self) {
        let mut closed = self.closed.clone();
        while closed.changed().await.is_ok() {}
    }

    /// Says goodbye to a client that the database has no more time for.
    pub fn say_ended(&self, connection: &Connection) {
        match self.ending.get() {
            Some((code, reason)) => connection.goodbye(*code, reason),
            None => connection.goodbye(goodbye::DATABASE, "the database has stopped"),
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

/// A command did not reach the engine.
pub enum Unsent {
    /// The queue is full; try again soon.
    Full(EngineCommand),
    /// The database has stopped.
    Stopped,
}

impl Database {
    /// Opens the database of a folder with this module: recovers it from its log, or begins it.
    pub fn open(name: &str, dir: &DatabaseDir, module: &Module, runtime: &Handle) -> Result<Self, OpenError> {
        let (commands, receiver) = crossbeam_channel::bounded(limits::ENGINE_COMMANDS_MAX);
        let (shared, threads) = Self::start(name, dir, module, receiver)?;
        runtime.spawn(durable::tell_durable(Arc::clone(&shared)));
        Ok(Self { shared, commands, threads: Mutex::new(threads) })
    }

    /// Whether the database of a folder can be opened with this module. Nothing changes.
    pub fn check(dir: &DatabaseDir, module: &Module) -> Result<(), OpenError> {
        recovery::recover(dir, module, Seeds::new()?.next_seed()).map(drop)
    }

    fn start(
        name: &str,
        dir: &DatabaseDir,
        module: &Module,
        commands: Receiver<EngineCommand>,
    ) -> Result<(Arc<Shared>, Vec<JoinHandle<()>>), OpenError> {
        let mut seeds = Seeds::new()?;
        let mut recovered = recovery::recover(dir, module, seeds.next_seed())?;
        let (durable_sender, durable) = watch::channel(recovered.log.durable_offset());
        let (closed_sender, closed) = watch::channel(());
        let schema = Arc::clone(recovered.database.schema());
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            owner: dir.owner()?,
            schema_bytes: schema.encode(),
            schema,
            lines: LogLines::new(name),
            statistics: Statistics::default(),
            durable,
            waiting: durable::Waiting::default(),
            closed,
            ending: OnceLock::new(),
            queued_bytes: AtomicUsize::new(0),
        });
        recovered.tell(&shared.lines);
        let (log_gate, log_keeper) = Gate::new(limits::LOG_BYTES_WAITING_MAX);
        let news = LogNews { durable: durable_sender, keeper: log_keeper, _closed: closed_sender };
        let log = durable::start_log(recovered.log, news, Arc::clone(&shared)).map_err(OpenError::Thread)?;
        let (rounds, followed) = crossbeam_channel::bounded(limits::FOLLOWER_ROUNDS_MAX);
        let (follower_gate, keeper) = Gate::new(limits::FOLLOWER_BYTES_WAITING_MAX);
        let follower = FollowerThread::new(recovered.follower, followed, keeper, Arc::clone(&shared));
        let links =
            Links { log, log_gate, commands, follower: rounds, follower_gate, shared: Arc::clone(&shared) };
        let engine = EngineThread::new(recovered.database, links, seeds);
        let begin = Begin {
            published: recovered.published.take(),
            left_connected: std::mem::take(&mut recovered.left_connected),
        };
        let spawn = |part: &str, stack_bytes: usize, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(format!("{part} {name}")).stack_size(stack_bytes);
            thread.spawn(run).map_err(OpenError::Thread)
        };
        let threads = vec![
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
