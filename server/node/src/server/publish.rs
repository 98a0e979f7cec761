//! Publishing: a new database, or another module for one that is there.
//!
//! A running database takes another module between two calls (`database/engine_thread/publish.rs`). The module's file is
//! written before the log hears of it: if the server dies in between, the next start opens the database with the file's
//! module and comes to the same rows, and nobody was told that the publish had succeeded.

use std::sync::Arc;

use ambit_engine::{ModuleHash, Recovery};
use ambit_model::Identity;
use ambit_module_host::{Module, ModuleLimits};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::{Node, Place};
use crate::data_dir::{DatabaseNameError, check_database_name};
use crate::database::{
    Database, EngineCommand, OpenError, PlanReport, Publication, PublishOutcome, PublishRefusal,
};
use crate::{clock, limits};

/// How a module is to be published.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishOptions {
    /// Only what it would do is wanted.
    pub is_dry_run: bool,
    /// The publisher agrees that rows or columns are lost.
    pub is_confirmed: bool,
}

/// What a publish did or would do.
#[derive(Debug)]
pub struct PublishedModule {
    /// Whether the database is new.
    pub is_new: bool,
    /// What became of the tables; none for a new database and one that was repaired.
    pub plan: Option<PlanReport>,
    /// The commit with which the module took over, if it is known.
    pub offset: Option<u64>,
}

/// A module ready to run, and its bytes.
pub(super) struct Compiled {
    pub module: Module,
    pub wasm: Vec<u8>,
    pub hash: ModuleHash,
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
    /// It is not whole yet.
    #[error(
        "database {0} is being made from a backup; try again when that is done, or publish under another name"
    )]
    Restoring(String),
    /// Too many databases.
    #[error("this server has {max} databases, its limit", max = limits::DATABASES_MAX)]
    TooMany,
    /// The module is not one, or does not fit the tables that are there. Nothing was changed.
    #[error("the module is refused, nothing was changed: {0}")]
    Refused(String),
    /// Something would be lost, and the publisher has not agreed to that.
    #[error("publishing loses rows or columns, nothing was changed. Publish with --confirm if that is meant")]
    Unconfirmed(Box<PlanReport>),
    /// The server cannot do it.
    #[error("the server could not publish: {0}")]
    Server(String),
}

impl Node {
    /// Publishes a module: makes a new database, or gives one of the publisher's another module. To be run to its end.
    pub async fn publish(
        &self,
        name: &str,
        publisher: Identity,
        wasm: Vec<u8>,
        options: PublishOptions,
    ) -> Result<PublishedModule, PublishError> {
        check_database_name(name)?;
        let _one_at_a_time = self.publishing.lock().await;
        let place = self.place(name);
        let owner = match &place {
            None => publisher,
            Some(Place::Running(database)) => database.shared.owner,
            Some(Place::Restoring) => return Err(PublishError::Restoring(name.to_owned())),
            Some(Place::Broken(_)) => self.data.database(name).owner().map_err(server)?,
        };
        if owner != publisher {
            return Err(PublishError::NotOwner(name.to_owned()));
        }
        if place.is_none() && self.database_count() >= limits::DATABASES_MAX {
            return Err(PublishError::TooMany);
        }
        let compiled = self.compile(wasm).await?;
        // Whoever subscribes could not be told what is wrong with the module.
        ambit_interest::check_rules(compiled.module.schema()).map_err(refused)?;
        match place {
            None => self.create(name, publisher, compiled, options).await,
            Some(Place::Running(database)) if database.is_running() => {
                self.replace_module(&database, compiled, options).await
            }
            Some(Place::Running(_)) => Err(stopped()),
            Some(Place::Restoring) => Err(PublishError::Restoring(name.to_owned())),
            Some(Place::Broken(_)) => self.repair(name, compiled, options).await,
        }
    }

    pub(super) async fn compile(&self, wasm: Vec<u8>) -> Result<Compiled, PublishError> {
        let runtime = self.runtime.clone();
        blocking(move || {
            let module = Module::compile(&runtime, &wasm, ModuleLimits::default()).map_err(refused)?;
            let hash = Sha256::digest(&wasm).into();
            Ok(Compiled { module, wasm, hash })
        })
        .await?
    }

    async fn create(
        &self,
        name: &str,
        owner: Identity,
        compiled: Compiled,
        options: PublishOptions,
    ) -> Result<PublishedModule, PublishError> {
        let own = self.identities.issue().map_err(server)?.0;
        // A module that cannot even start, or whose init fails, leaves no database behind.
        let tried = compiled.module.clone();
        blocking(move || try_module(&tried, own)).await?.map_err(PublishError::Refused)?;
        let made = PublishedModule { is_new: true, plan: None, offset: None };
        if options.is_dry_run {
            return Ok(made);
        }
        let dir = self.data.database(name);
        let opened = match dir.create(owner, own, &compiled.wasm, &compiled.hash) {
            Ok(()) => self.open(name, &compiled).await.map_err(server),
            Err(error) => Err(server(error)),
        };
        if opened.is_err() {
            self.forget(name);
            if let Err(error) = dir.remove() {
                tracing::error!(database = name, "what a failed publish has left stays: {error}");
            }
        }
        opened.map(|()| made)
    }

    /// Gives a running database another module.
    async fn replace_module(
        &self,
        database: &Arc<Database>,
        compiled: Compiled,
        options: PublishOptions,
    ) -> Result<PublishedModule, PublishError> {
        let Compiled { module, wasm, hash } = compiled;
        let PublishOptions { is_dry_run, is_confirmed } = options;
        let publication = Box::new(Publication { module, wasm, hash, is_dry_run, is_confirmed });
        let (reply, answer) = oneshot::channel();
        if !database.send(EngineCommand::Publish { publication, reply }).await {
            return Err(stopped());
        }
        let answer = tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| stopped())?,
            () = database.shared.ended() => return Err(stopped()),
        };
        let PublishOutcome { offset, plan } = answer.map_err(|refusal| match refusal {
            PublishRefusal::Refused(problem) => PublishError::Refused(problem),
            PublishRefusal::Unconfirmed(plan) => PublishError::Unconfirmed(plan),
            PublishRefusal::Server(problem) => PublishError::Server(problem),
        })?;
        if let Some(offset) = offset {
            let mut durable = database.shared.durable.clone();
            durable.wait_for(|durable| *durable >= offset).await.map_err(|_| stopped())?;
        }
        Ok(PublishedModule { is_new: false, plan: Some(plan), offset })
    }

    /// Gives a database that could not be opened another module, if it can be opened with that.
    async fn repair(
        &self,
        name: &str,
        compiled: Compiled,
        options: PublishOptions,
    ) -> Result<PublishedModule, PublishError> {
        let (dir, tried, hash) = (self.data.database(name), compiled.module.clone(), compiled.hash);
        let may_lose = options.is_confirmed;
        blocking(move || Database::check(&dir, &tried, hash, may_lose)).await?.map_err(refused)?;
        let repaired = PublishedModule { is_new: false, plan: None, offset: None };
        if options.is_dry_run {
            return Ok(repaired);
        }
        let dir = self.data.database(name);
        if may_lose {
            dir.confirm(&compiled.hash).map_err(server)?;
        }
        dir.write_module(&compiled.wasm, &compiled.hash).map_err(server)?;
        self.open_or_tell(name, &compiled).await.map_err(server)?;
        Ok(repaired)
    }

    /// Opens a database; if it cannot be opened, that is what is said of it from here on.
    async fn open_or_tell(&self, name: &str, compiled: &Compiled) -> Result<(), OpenError> {
        let opened = self.open(name, compiled).await;
        if let Err(error) = &opened {
            self.set(name, Place::Broken(error.to_string()));
            tracing::error!(database = name, "the database could not be opened: {error}");
        }
        opened
    }
}

/// Starts the module as a new database in memory and runs its init.
fn try_module(module: &Module, own: Identity) -> Result<(), String> {
    let key = u128::from(getrandom::u64().map_err(|error| error.to_string())?);
    let now = clock::now();
    let started =
        ambit_engine::Database::start(Recovery::default(), module, ModuleHash::default(), own, key, now);
    let mut database = started.map_err(|error| error.to_string())?.0;
    for outcome in database.init(now) {
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
