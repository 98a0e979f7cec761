//! Giving a database its module: at the start, and when another one is published while it runs.
//!
//! The tables are brought to the module's schema by a plan that follows from the two schemas alone, so that whoever
//! replays the log comes to the same rows; what a plan cannot do is the business of a migration function of the module,
//! which runs in the same transaction. Until [`Database::complete_publish`] everything can be undone.

use std::sync::Arc;

use ambit_journal::{ModuleHash, Publication, Recovery, Seeds};
use ambit_model::{ConnectionId, Durability, Duration, Identity, MigrationSchema, Schema, Timestamp};
use ambit_module_host::{CallError, CallHeader, Instance, Module};
use ambit_store::{ChangeSet, Effect, Former, MigrateError, Plan, Store, plan, settled};

use crate::database::{Database, Reducer, reducers};
use crate::schedule::Schedule;

/// A commit that says that the database has another module, and perhaps another schema, from here on.
#[derive(Debug, Clone)]
pub struct Published {
    /// What the migration function changed, after the tables were brought to the new schema.
    pub change_set: ChangeSet,
    /// The module's schema, with the old names that its plan goes by.
    pub schema: Arc<Schema>,
    /// From the schema before to this one.
    pub plan: Arc<Plan>,
    /// Whether a snapshot must hold this commit before the log does: rows of tables that are not logged were changed by it,
    /// which a replay has only as they were at some snapshot.
    pub needs_snapshot: bool,
    /// The module.
    pub module: ModuleHash,
    /// How much of the change set's body the log holds: its first bytes.
    pub logged_bytes: usize,
}

/// A database with another module, before anybody was told. One of [`Database::complete_publish`] and
/// [`Database::cancel_publish`] follows.
pub struct Prepared {
    former_instance: Instance,
    former: Former,
    former_reducers: Vec<Reducer>,
    former_schedule: Schedule,
    plan: Arc<Plan>,
    schema: Arc<Schema>,
    logs: Vec<ambit_module_host::LogLine>,
}

/// Why a database does not take a module. It stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The plan cannot be carried out without a migration function.
    #[error(
        "the new module cannot read the rows of this database: {}. Write a function #[migration(from = {version})] that does it, or publish under another name",
        .reasons.join("; ")
    )]
    Refused {
        /// What stands against it.
        reasons: Vec<String>,
        /// The database's version.
        version: u32,
    },
    /// The module is older than the database.
    #[error(
        "the database is at version {database} of its schema, the module at version {module}: it is an older one"
    )]
    Older {
        /// The database's.
        database: u32,
        /// The module's.
        module: u32,
    },
    /// The module has no migration from the database's version.
    #[error(
        "the database is at version {database} of its schema, the module at version {module}, and the module has no function #[migration(from = {database})]"
    )]
    NoMigration {
        /// The database's.
        database: u32,
        /// The module's.
        module: u32,
    },
    /// The rows do not fit the new schema.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The migration function failed.
    #[error("the migration function `{name}` failed: {source}")]
    Migration {
        /// Its name.
        name: String,
        /// Why.
        source: CallError,
    },
    /// The module does not start.
    #[error("the new module could not be started: {0}")]
    Start(#[from] CallError),
}

impl Prepared {
    /// What the migration function logged.
    pub fn take_logs(&mut self) -> Vec<ambit_module_host::LogLine> {
        std::mem::take(&mut self.logs)
    }
}

impl Database {
    /// Starts a new or recovered database. Unless it runs this module with this schema already, that it does is a commit of
    /// its own; ticks begin one interval after the moment. Init is still to run if [`Database::needs_init`] says so. `key`
    /// seeds the random numbers of calls; nobody else may know it.
    pub fn start(
        recovery: Recovery,
        module: &Module,
        hash: ModuleHash,
        identity: Identity,
        key: u128,
        now: Timestamp,
    ) -> Result<(Self, Option<Published>), PublishError> {
        let (store, mut state) = recovery.into_parts();
        let is_present = state.publications.last().is_some_and(|last| last.module == hash);
        let plan = plan(store.schema(), module.schema());
        state.journal.seeds = Seeds::new(key);
        state.journal.own = identity;
        if is_present && plan.is_same() {
            let instance = Instance::new(module, store)?;
            let schedule = Schedule::new(module.schema(), now);
            return Ok((Self { instance, reducers: reducers(module.schema()), schedule, state }, None));
        }
        // An instance of the module on its own empty tables stands in for the module before.
        let instance = Instance::new(module, Store::new(Arc::new(settled(module.schema()))))?;
        let mut database = Self { instance, reducers: Vec::new(), schedule: Schedule::default(), state };
        *database.instance.store_mut() = store;
        let prepared = database.prepare_publish(module, now)?;
        let published = database.complete_publish(prepared, hash, now);
        Ok((database, Some(published)))
    }

    /// What the module would do to the tables.
    pub fn plan(&self, module: &Module) -> Result<Plan, PublishError> {
        Ok(plan_for(self.schema(), module.schema())?.0)
    }

    /// Brings the tables to the module's schema and puts the module in its place. On an error everything is as before.
    pub fn prepare_publish(&mut self, module: &Module, now: Timestamp) -> Result<Prepared, PublishError> {
        let schema = Arc::clone(module.schema());
        let (plan, migration) = plan_for(self.schema(), &schema)?;
        let settled = Arc::new(settled(&schema));
        // The module starts on empty tables first: if it cannot, nothing has happened to the rows.
        let mut instance = Instance::new(module, Store::new(Arc::clone(&settled)))?;
        // Rows that a migration function is still to make may be named by rows that are there.
        let former = match migration {
            Some((_, migration)) => {
                let plan = plan.copying(self.schema(), &migration.reads);
                self.instance.store_mut().reshape(settled, &plan)?
            }
            None => self.instance.store_mut().migrate(settled, &plan)?,
        };
        std::mem::swap(instance.store_mut(), self.instance.store_mut());
        let former_instance = std::mem::replace(&mut self.instance, instance);
        let mut prepared = Prepared {
            former_instance,
            former,
            former_reducers: std::mem::replace(&mut self.reducers, reducers(&schema)),
            former_schedule: std::mem::replace(&mut self.schedule, Schedule::new(&schema, now)),
            plan: Arc::new(plan),
            schema: Arc::clone(&schema),
            logs: Vec::new(),
        };
        let Some((id, migration)) = migration else { return Ok(prepared) };
        let migrated = self.run_migration(id, &mut prepared, now);
        let name = || migration.name.clone();
        let migrated = migrated.map_err(|source| PublishError::Migration { name: name(), source });
        let checked = migrated.and_then(|()| Ok(self.instance.store().check_references(&prepared.former)?));
        match checked {
            Ok(()) => Ok(prepared),
            Err(error) => {
                self.cancel_publish(prepared);
                Err(error)
            }
        }
    }

    fn run_migration(&mut self, id: u16, prepared: &mut Prepared, now: Timestamp) -> Result<(), CallError> {
        let draw = self.state.journal.seeds.draw();
        let header = CallHeader {
            sender: self.identity(),
            connection: ConnectionId::default(),
            timestamp: now.max(self.state.last_timestamp),
            dt: Duration(0),
            seed: self.state.journal.seeds.seed(draw),
        };
        let former = std::mem::take(prepared.former.store_mut());
        let (result, former) = self.instance.call_migration(&header, id, former);
        *prepared.former.store_mut() = former;
        prepared.logs = std::mem::take(self.instance.logs().0);
        result
    }

    /// Makes a prepared publication a commit.
    pub fn complete_publish(&mut self, prepared: Prepared, module: ModuleHash, now: Timestamp) -> Published {
        let Prepared { plan, schema, former, former_instance, .. } = prepared;
        drop(former_instance);
        let changes = self.instance.store_mut().commit();
        let needs_snapshot =
            changes.body.len() != changes.logged_bytes || touches_unlogged(former.store().schema(), &plan);
        let change_set = self.next_change_set(now, self.identity(), ChangeSet::NO_REDUCER, changes.body);
        self.state.publications.push(Publication { offset: change_set.offset, module });
        Published { change_set, schema, plan, needs_snapshot, module, logged_bytes: changes.logged_bytes }
    }

    /// Takes a prepared publication back.
    pub fn cancel_publish(&mut self, prepared: Prepared) {
        let Prepared { mut former_instance, former, former_reducers, former_schedule, .. } = prepared;
        self.instance.store_mut().restore(former);
        std::mem::swap(former_instance.store_mut(), self.instance.store_mut());
        self.instance = former_instance;
        self.reducers = former_reducers;
        self.schedule = former_schedule;
    }

    /// Appends what the log is to hold of a publication. To be encoded once, in order with the outcomes of calls.
    pub fn encode_published(&mut self, published: &Published, out: &mut Vec<u8>) {
        let Published { change_set, schema, module, logged_bytes, .. } = published;
        let logged = change_set.body.get(..*logged_bytes).unwrap_or_default();
        let schema = Schema { migrations: Vec::new(), ..Schema::clone(schema) };
        self.state.journal.write_publish(change_set.timestamp, module, &schema, logged, out);
    }
}

/// Whether a plan does anything to tables of which the log does not hold the rows.
pub fn touches_unlogged(database: &Schema, plan: &Plan) -> bool {
    let is_logged = |id: u16| {
        let table = database.tables.get(usize::from(id));
        table.is_none_or(|table| table.durability == Durability::Durable)
    };
    plan.changes.iter().filter_map(|change| change.from).any(|from| !is_logged(from))
}

/// A migration function of a module and its id.
pub type Migration<'a> = (u16, &'a MigrationSchema);

/// How a database of this schema takes a module: what becomes of the tables, and the migration function that must run, if
/// any. Or what stands against it.
pub fn plan_for<'a>(
    database: &Schema,
    module: &'a Schema,
) -> Result<(Plan, Option<Migration<'a>>), PublishError> {
    let plan = plan(database, module);
    let (from, to) = (database.version, module.version);
    if to < from {
        return Err(PublishError::Older { database: from, module: to });
    }
    // A new database has no rows to migrate, whatever the module's version.
    if to > from && !database.tables.is_empty() {
        let found = (0..).zip(&module.migrations).find(|(_, migration)| migration.from == from);
        let (id, migration) = found.ok_or(PublishError::NoMigration { database: from, module: to })?;
        return Ok((plan.read_by_function(database, &migration.reads), Some((id, migration))));
    }
    match plan.is_automatic() {
        true => Ok((plan, None)),
        false => {
            let refused = plan.changes.iter().filter(|change| change.effect == Effect::Refused);
            let reasons = refused.map(ToString::to_string).collect();
            Err(PublishError::Refused { reasons, version: from })
        }
    }
}
