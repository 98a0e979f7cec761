//! The server: its databases, its door, and how it ends.

mod publish;
mod restore;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ambit_module_host::{EpochTicker, Runtime, RuntimeError};
use ambit_wire::goodbye;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::connection::OutgoingBytes;
use crate::data_dir::{DataDir, DataDirError, DatabaseDir};
use crate::database::{Database, OpenError, Opening, SnapshotOptions};
use crate::identity::Identities;
use crate::{door, limits};

pub use publish::{PublishError, PublishOptions};
pub use restore::RestoreFailure;

/// Where a server keeps its data and where it listens.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The data folder; made if it is missing.
    pub data: PathBuf,
    /// The address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// When snapshots are taken.
    pub snapshots: SnapshotOptions,
    /// How many threads the flushes of each database run on, its follower's included: 1 to [`limits::FOLLOWER_THREADS_MAX`].
    pub follower_threads: usize,
}

/// A running server.
pub struct Server {
    node: Arc<Node>,
    address: SocketAddr,
    closing: watch::Sender<bool>,
    door: JoinHandle<()>,
    _ticker: EpochTicker,
}

/// What the HTTP handlers share.
pub struct Node {
    /// Issues and checks tokens.
    pub identities: Arc<Identities>,
    /// Counts connections.
    pub connections: AtomicU64,
    /// Bytes that wait for all clients together.
    pub outgoing: Arc<OutgoingBytes>,
    /// How many messages may still be compressed at once.
    pub compressions: Arc<Semaphore>,
    /// One for each socket that may be open.
    pub sockets: Arc<Semaphore>,
    /// One for each module that may be on its way here.
    pub uploads: Semaphore,
    /// One for each backup that may be on its way here.
    pub restores: Semaphore,
    data: DataDir,
    snapshots: SnapshotOptions,
    follower_threads: usize,
    runtime: Runtime,
    databases: RwLock<BTreeMap<String, Place>>,
    /// One publish at a time.
    publishing: tokio::sync::Mutex<()>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartServerError {
    /// The number of threads.
    #[error("flushes cannot run on {0} threads; allowed are 1 to {max}", max = limits::FOLLOWER_THREADS_MAX)]
    FollowerThreads(usize),
    /// The data folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// WebAssembly.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// What the server knows of a database.
#[derive(Clone)]
enum Place {
    /// It was opened.
    Running(Arc<Database>),
    /// It is being made from a backup.
    Restoring,
    /// It could not be opened, and why.
    Broken(String),
}

/// Why there is no running database of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDatabaseError {
    /// Nobody has published it.
    #[error("there is no database \"{0}\"; publish a module first: ambit publish DIR --name {0}")]
    Unknown(String),
    /// It is being made from a backup.
    #[error("database {0} is being made from a backup; try again")]
    Restoring(String),
    /// It could not be opened.
    #[error("database {name} could not be opened: {problem}")]
    Broken {
        /// Its name.
        name: String,
        /// Why.
        problem: String,
    },
    /// It has ended.
    #[error("database {0} has stopped; restart the server")]
    Stopped(String),
}

impl Server {
    /// Opens the data folder and every database in it, and begins to listen.
    pub async fn start(options: ServerOptions) -> Result<Self, StartServerError> {
        if !(1..=limits::FOLLOWER_THREADS_MAX).contains(&options.follower_threads) {
            return Err(StartServerError::FollowerThreads(options.follower_threads));
        }
        let data = DataDir::open(&options.data)?;
        let identities = Arc::new(Identities::new(&data.server_key()?));
        let runtime = Runtime::new()?;
        let ticker = runtime.start_ticker().map_err(StartServerError::Thread)?;
        let node = Arc::new(Node {
            identities,
            connections: AtomicU64::new(1),
            outgoing: Arc::default(),
            compressions: Arc::new(Semaphore::new(limits::COMPRESSIONS_AT_ONCE)),
            sockets: Arc::new(Semaphore::new(limits::SOCKETS_MAX)),
            uploads: Semaphore::new(limits::UPLOADS_MAX),
            restores: Semaphore::new(limits::RESTORES_MAX),
            data,
            snapshots: options.snapshots.clone(),
            follower_threads: options.follower_threads,
            runtime,
            databases: RwLock::default(),
            publishing: tokio::sync::Mutex::new(()),
        });
        for name in node.data.database_names()? {
            // The others must not wait for somebody to repair this one.
            if let Err(problem) = node.reopen(&name).await {
                tracing::error!(database = name, "the database could not be opened: {problem}");
                node.set(&name, Place::Broken(problem));
            }
        }
        let listen = |source| StartServerError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (closing, closed) = watch::channel(false);
        let door = tokio::spawn(door::accept(listener, Arc::clone(&node), closed));
        Ok(Self { node, address, closing, door, _ticker: ticker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, says goodbye to clients, syncs every log. Returns when all is on disk.
    pub async fn stop(self) {
        self.closing.send_replace(true);
        // The door only ever ends by itself.
        drop(self.door.await);
        // A publish that is halfway through is let finish; another one does not begin.
        let _publishing = self.node.publishing.lock().await;
        let databases = std::mem::take(&mut *self.node.write_databases());
        for place in databases.into_values() {
            if let Place::Running(database) = place {
                stop(database, goodbye::SHUTDOWN, "the server is going down".into()).await;
            }
        }
        // A connection that takes its time to end still holds the node, but writes nothing.
        if let Err(error) = self.node.data.unlock() {
            tracing::warn!("{error}");
        }
    }
}

impl Node {
    /// The running database of this name.
    pub fn database(&self, name: &str) -> Result<Arc<Database>, NoDatabaseError> {
        match self.place(name) {
            Some(Place::Running(database)) if database.is_running() => Ok(database),
            Some(Place::Running(_)) => Err(NoDatabaseError::Stopped(name.to_owned())),
            Some(Place::Restoring) => Err(NoDatabaseError::Restoring(name.to_owned())),
            Some(Place::Broken(problem)) => Err(NoDatabaseError::Broken { name: name.to_owned(), problem }),
            None => Err(NoDatabaseError::Unknown(name.to_owned())),
        }
    }

    /// The folder of a database.
    pub fn database_dir(&self, name: &str) -> DatabaseDir {
        self.data.database(name)
    }

    /// A number for a new connection.
    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Opens a database at the server's start.
    async fn reopen(&self, name: &str) -> Result<(), String> {
        let wasm = self.data.database(name).module().map_err(|error| error.to_string())?;
        let compiled = self.compile(wasm).await;
        let compiled = compiled.map_err(|error| format!("its module cannot run: {error}"))?;
        self.open(name, &compiled).await.map_err(|error| error.to_string())
    }

    async fn open(&self, name: &str, compiled: &publish::Compiled) -> Result<(), OpenError> {
        let (dir, runtime, owned) =
            (self.data.database(name), tokio::runtime::Handle::current(), name.to_owned());
        let (module, hash, snapshots) = (compiled.module.clone(), compiled.hash, self.snapshots.clone());
        let follower_threads = self.follower_threads;
        let opened = tokio::task::spawn_blocking(move || {
            let opening =
                Opening { name: &owned, dir: &dir, module: &module, hash, snapshots, follower_threads };
            Database::open(opening, &runtime)
        });
        let opened = opened.await;
        let database = opened.map_err(|error| OpenError::Thread(std::io::Error::other(error)))??;
        self.set(name, Place::Running(Arc::new(database)));
        Ok(())
    }

    fn place(&self, name: &str) -> Option<Place> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn set(&self, name: &str, place: Place) {
        self.write_databases().insert(name.to_owned(), place);
    }

    fn forget(&self, name: &str) {
        self.write_databases().remove(name);
    }

    fn database_count(&self) -> usize {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn write_databases(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Place>> {
        self.databases.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stopping waits for threads and the disk: not on the threads that serve sockets.
async fn stop(database: Arc<Database>, code: u16, reason: String) {
    let name = database.shared.name.clone();
    let stopped = tokio::task::spawn_blocking(move || database.stop(code, &reason)).await;
    if let Err(error) = stopped {
        tracing::error!(database = name, "stopping the database failed: {error}");
    }
}

#[cfg(test)]
mod tests;
