//! Publishing: a new database, or another module for one that is there.
//!
//! The module's file is written before anything depends on it. If the server dies in between, the next start opens the
//! database with whichever module the file holds, and either is whole: a new schema is logged by the database's start
//! alone, and nobody was told that the publish had succeeded.

use std::sync::Arc;

use ambit_engine::{Fit, Moment, Recovery};
use ambit_model::Identity;
use ambit_module_host::{Module, ModuleLimits};
use ambit_wire::goodbye;
use tokio::sync::oneshot;

use super::{Node, Place, stop};
use crate::data_dir::{DatabaseNameError, check_database_name};
use crate::database::{Database, EngineCommand, OpenError};
use crate::{clock, limits};

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

impl Node {
    /// Publishes a module: makes a new database, or gives one of the publisher's another module. True if it is new. To be
    /// run to its end: halfway through the database is closed.
    pub async fn publish(
        &self,
        name: &str,
        publisher: Identity,
        wasm: Vec<u8>,
    ) -> Result<bool, PublishError> {
        check_database_name(name)?;
        let _one_at_a_time = self.publishing.lock().await;
        let place = self.place(name);
        let owner = match &place {
            None => publisher,
            Some(Place::Running(database)) => database.shared.owner,
            Some(Place::Opening | Place::Broken(_)) => self.data.database(name).owner().map_err(server)?,
        };
        if owner != publisher {
            return Err(PublishError::NotOwner(name.to_owned()));
        }
        if place.is_none() && self.database_count() >= limits::DATABASES_MAX {
            return Err(PublishError::TooMany);
        }
        let (module, wasm) = self.compile(wasm).await?;
        match place {
            None => self.create(name, publisher, module, &wasm).await.map(|()| true),
            Some(Place::Running(database)) if database.is_running() => {
                self.replace_module(database, module, &wasm).await.map(|()| false)
            }
            Some(Place::Running(_)) => Err(stopped()),
            Some(Place::Opening | Place::Broken(_)) => self.repair(name, module, &wasm).await.map(|()| false),
        }
    }

    pub(super) async fn compile(&self, wasm: Vec<u8>) -> Result<(Module, Vec<u8>), PublishError> {
        let runtime = self.runtime.clone();
        blocking(move || {
            let module = Module::compile(&runtime, &wasm, ModuleLimits::default());
            module.map(|module| (module, wasm)).map_err(refused)
        })
        .await?
    }

    async fn create(
        &self,
        name: &str,
        owner: Identity,
        module: Module,
        wasm: &[u8],
    ) -> Result<(), PublishError> {
        let own = self.identities.issue().map_err(server)?.0;
        // A module that cannot even start, or whose init fails, leaves no database behind.
        let tried = module.clone();
        blocking(move || try_module(&tried, own)).await?.map_err(PublishError::Refused)?;
        let dir = self.data.database(name);
        let opened = match dir.create(owner, own, wasm) {
            Ok(()) => self.open(name, module).await.map_err(server),
            Err(error) => Err(server(error)),
        };
        if opened.is_err() {
            self.forget(name);
            if let Err(error) = dir.remove() {
                tracing::error!(database = name, "what a failed publish has left stays: {error}");
            }
        }
        opened
    }

    /// Gives a running database another module.
    async fn replace_module(
        &self,
        database: Arc<Database>,
        module: Module,
        wasm: &[u8],
    ) -> Result<(), PublishError> {
        let name = database.shared.name.clone();
        let (schema, checked) = (Arc::clone(&database.shared.schema), module.clone());
        // Only a publish changes the schema, and there is one at a time.
        let fit = blocking(move || ambit_engine::check_module(&schema, &checked)).await?.map_err(refused)?;
        self.data.database(&name).write_module(wasm).map_err(server)?;
        match fit {
            Fit::Same => {
                let (reply, answer) = oneshot::channel();
                if !database.send(EngineCommand::Replace { module, reply }).await {
                    return Err(stopped());
                }
                tokio::select! {
                    biased;
                    answer = answer => answer.map_err(|_| stopped())?.map_err(PublishError::Server),
                    () = database.shared.ended() => Err(stopped()),
                }
            }
            Fit::Changed(what) => {
                self.set(&name, Place::Opening);
                let reason = format!("the module was replaced: {what}; connect again");
                stop(database, goodbye::MODULE_REPLACED, reason).await;
                self.open_or_tell(&name, module).await.map_err(server)
            }
        }
    }

    /// Gives a database that could not be opened another module, if it can be opened with that.
    async fn repair(&self, name: &str, module: Module, wasm: &[u8]) -> Result<(), PublishError> {
        let (dir, tried) = (self.data.database(name), module.clone());
        blocking(move || Database::check(&dir, &tried)).await?.map_err(refused)?;
        self.data.database(name).write_module(wasm).map_err(server)?;
        self.open_or_tell(name, module).await.map_err(server)
    }

    /// Opens a database; if it cannot be opened, that is what is said of it from here on.
    async fn open_or_tell(&self, name: &str, module: Module) -> Result<(), OpenError> {
        let opened = self.open(name, module).await;
        if let Err(error) = &opened {
            self.set(name, Place::Broken(error.to_string()));
            tracing::error!(database = name, "the database could not be opened: {error}");
        }
        opened
    }
}

/// Starts the module as a new database in memory and runs its init.
fn try_module(module: &Module, own: Identity) -> Result<(), String> {
    let seed = u128::from(getrandom::u64().map_err(|error| error.to_string())?);
    let moment = Moment { now: clock::now(), seed };
    let started = ambit_engine::Database::start(Recovery::default(), module, own, moment);
    let mut database = started.map_err(|error| error.to_string())?.0;
    for outcome in database.init(moment) {
        outcome.result.map_err(|error| format!("its init failed: {error}"))?;
    }
    Ok(())
}

/// Runs what takes long elsewhere than on the threads that serve sockets.
async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Result<T, PublishError> {
    tokio::task::spawn_blocking(run).await.map_err(server)
}

fn server(error: impl std::fmt::Display) -> PublishError {
    PublishError::Server(error.to_string())
}

fn refused(error: impl std::fmt::Display) -> PublishError {
    PublishError::Refused(error.to_string())
}

fn stopped() -> PublishError {
    PublishError::Server("the database has stopped; restart the server".into())
}
