//! The server: its databases, its door, and how it ends.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ambit_engine::{Moment, Recovery};
use ambit_model::Identity;
use ambit_module_host::{EpochTicker, Module, ModuleLimits, Runtime, RuntimeError};
use ambit_wire::goodbye;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::data_dir::{DataDir, DataDirError, DatabaseNameError, check_database_name};
use crate::database::{Database, EngineCommand, OpenError, Published};
use crate::identity::Identities;
use crate::{clock, door, limits};

/// Where a server keeps its data and where it listens.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The data folder; made if it is missing.
    pub data: PathBuf,
    /// The address; port 0 takes any free one.
    pub listen: SocketAddr,
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
    data: DataDir,
    runtime: Runtime,
    databases: RwLock<BTreeMap<String, Arc<Database>>>,
    /// One publish at a time.
    publishing: tokio::sync::Mutex<()>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartServerError {
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
    /// A database.
    #[error("cannot open database {name}: {source}")]
    Database {
        /// Its name.
        name: String,
        /// Why.
        source: Box<OpenError>,
    },
    /// A stored module.
    #[error("cannot open database {name}: its module cannot run: {problem}")]
    Module {
        /// The database's name.
        name: String,
        /// Why.
        problem: String,
    },
}

/// Why a module is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The name.
    #[error(transparent)]
    Name(#[from] DatabaseNameError),
    /// Somebody else's database.
    #[error(
        "database {0} belongs to another identity; publish under another name, or with its owner's token"
    )]
    NotOwner(String),
    /// Too many databases.
    #[error("this server has {max} databases, its limit", max = limits::DATABASES_MAX)]
    TooMany,
    /// The module is not one, or does not fit the tables that are there. Nothing was changed.
    #[error("the module is refused, nothing was changed: {0}")]
    Refused(String),
    /// The server cannot do it.
    #[error("the server could not publish: {0}")]
    Server(String),
}

impl Server {
    /// Opens the data folder and every database in it, and begins to listen.
    pub async fn start(options: ServerOptions) -> Result<Self, StartServerError> {
        let data = DataDir::open(&options.data)?;
        let identities = Arc::new(Identities::new(&data.server_key()?));
        let runtime = Runtime::new()?;
        let ticker = runtime.start_ticker().map_err(StartServerError::Thread)?;
        let node = Arc::new(Node {
            identities,
            connections: AtomicU64::new(1),
            data,
            runtime,
            databases: RwLock::default(),
            publishing: tokio::sync::Mutex::new(()),
        });
        for name in node.data.database_names()? {
            node.reopen(&name).await?;
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
        let databases = std::mem::take(&mut *self.node.write_databases());
        for database in databases.into_values() {
            stop(database, goodbye::SHUTDOWN, "the server is going down").await;
        }
    }
}

impl Node {
    /// The running database of this name.
    pub fn database(&self, name: &str) -> Option<Arc<Database>> {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// A number for a new connection.
    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Publishes a module: makes a new database, or gives one of the publisher's another module.
    pub async fn publish(
        &self,
        name: &str,
        publisher: Identity,
        wasm: Vec<u8>,
    ) -> Result<bool, PublishError> {
        check_database_name(name)?;
        let _one_at_a_time = self.publishing.lock().await;
        let existing = self.database(name);
        match &existing {
            Some(database) if database.shared.owner != publisher => {
                return Err(PublishError::NotOwner(name.to_owned()));
            }
            None if self.database_count() >= limits::DATABASES_MAX => return Err(PublishError::TooMany),
            Some(_) | None => {}
        }
        let (module, wasm) = self.compile(wasm).await?;
        match existing {
            Some(database) => self.replace_module(&database, module, &wasm).await.map(|()| false),
            None => self.create(name, publisher, module, &wasm).await.map(|()| true),
        }
    }

    async fn create(
        &self,
        name: &str,
        owner: Identity,
        module: Module,
        wasm: &[u8],
    ) -> Result<(), PublishError> {
        let own = self.identities.issue().map_err(|error| PublishError::Server(error.to_string()))?.0;
        // A module that cannot even start leaves no database behind.
        let moment = Moment { now: clock::now(), seed: 0 };
        let trial = ambit_engine::Database::start(Recovery::default(), &module, own, moment);
        drop(trial.map_err(|error| PublishError::Refused(error.to_string()))?);
        let dir = self.data.database(name);
        dir.create(owner, own, wasm).map_err(|error| PublishError::Server(error.to_string()))?;
        self.open(name, module).await.map_err(|error| PublishError::Server(error.to_string()))
    }

    async fn replace_module(
        &self,
        database: &Arc<Database>,
        module: Module,
        wasm: &[u8],
    ) -> Result<(), PublishError> {
        let name = database.shared.name.clone();
        let stopped = || PublishError::Server("the database has stopped; restart the server".into());
        let (reply, answer) = oneshot::channel();
        let command = EngineCommand::Publish { module: module.clone(), reply };
        if !database.send(command).await {
            return Err(stopped());
        }
        let published = answer.await.map_err(|_| stopped())?.map_err(PublishError::Refused)?;
        let written = self.data.database(&name).write_module(wasm);
        written.map_err(|error| PublishError::Server(error.to_string()))?;
        match published {
            Published::Swapped => Ok(()),
            Published::NeedsReopen => {
                self.write_databases().remove(&name);
                let reason = "the module was replaced and its tables changed; connect again";
                stop(Arc::clone(database), goodbye::MODULE_REPLACED, reason).await;
                self.open(&name, module).await.map_err(|error| PublishError::Server(error.to_string()))
            }
        }
    }

    /// Opens a database at the server's start.
    async fn reopen(&self, name: &str) -> Result<(), StartServerError> {
        let wasm = self.data.database(name).module()?;
        let (module, _) = self.compile(wasm).await.map_err(|error| StartServerError::Module {
            name: name.to_owned(),
            problem: error.to_string(),
        })?;
        self.open(name, module)
            .await
            .map_err(|source| StartServerError::Database { name: name.to_owned(), source: Box::new(source) })
    }

    async fn open(&self, name: &str, module: Module) -> Result<(), OpenError> {
        let (dir, runtime, owned) =
            (self.data.database(name), tokio::runtime::Handle::current(), name.to_owned());
        let opened =
            tokio::task::spawn_blocking(move || Database::open(&owned, &dir, &module, &runtime)).await;
        let database = opened.map_err(|error| OpenError::Thread(std::io::Error::other(error)))??;
        self.write_databases().insert(name.to_owned(), Arc::new(database));
        Ok(())
    }

    async fn compile(&self, wasm: Vec<u8>) -> Result<(Module, Vec<u8>), PublishError> {
        let runtime = self.runtime.clone();
        let compile = move || {
            let module = Module::compile(&runtime, &wasm, ModuleLimits::default());
            module.map(|module| (module, wasm)).map_err(|error| PublishError::Refused(error.to_string()))
        };
        let compiled = tokio::task::spawn_blocking(compile).await;
        compiled.map_err(|error| PublishError::Server(error.to_string()))?
    }

    fn database_count(&self) -> usize {
        self.databases.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn write_databases(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Arc<Database>>> {
        self.databases.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stopping waits for threads and the disk: not on the threads that serve sockets.
async fn stop(database: Arc<Database>, code: u16, reason: &'static str) {
    let name = database.shared.name.clone();
    let stopped = tokio::task::spawn_blocking(move || database.stop(code, reason)).await;
    if let Err(error) = stopped {
        tracing::error!(database = name, "stopping the database failed: {error}");
    }
}
