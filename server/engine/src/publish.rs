//! Giving a database its module: at the start, and when another one is published.
//!
//! Rows survive, so the tables that exist must stay as they are: name, columns and indexes. New tables may come.
//! A database's tables keep their ids for ever; a module that numbers its tables differently is served by name.
//! Reducers may change in any way: their ids are the module's.
//!
//! A running database only takes a module of the same schema. Any other one is a new start, so that the module is stored
//! before its schema is logged, and no call that was made for one module runs in another.

use std::sync::Arc;

use ambit_model::{Identity, Schema, TableSchema};
use ambit_module_host::{CallError, Instance, Module};
use ambit_store::{ChangeSet, ExtendError, Store};

use crate::call::Moment;
use crate::database::{Database, reducers};
use crate::limits;
use crate::logged;
use crate::recovery::Recovery;
use crate::schedule::Schedule;

/// A commit that says that the database has another schema from here on.
#[derive(Debug, Clone)]
pub struct Published {
    /// Without changes of rows.
    pub change_set: ChangeSet,
    /// The schema, with the database's table ids.
    pub schema: Arc<Schema>,
}

/// How a running database can take a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Tables and reducers are as before: [`Database::replace_module`].
    Same,
    /// The database is to be started anew with the module. What is different, in a few words.
    Changed(String),
}

/// Why a database does not take a module. It stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The module's tables do not continue those of the database.
    #[error(
        "the database has rows that the new module cannot read: {0}. Leave existing tables as they are (new tables may be added), or publish under another name"
    )]
    Incompatible(String),
    /// The store does not take the new schema.
    #[error("the new module's tables do not fit: {0}")]
    Extend(#[from] ExtendError),
    /// The module does not start.
    #[error("the new module could not be started: {0}")]
    Start(#[from] CallError),
    /// The schema is another one, and the database runs.
    #[error("the new module's schema is another one ({0}); start the database anew with it")]
    Changed(String),
}

impl Published {
    /// Appends the bytes that the log holds of it.
    pub fn encode_logged(&self, out: &mut Vec<u8>) {
        logged::encode_publish(&self.change_set, &self.schema, out);
    }
}

impl Database {
    /// Starts a new or recovered database. Its schema is a commit of its own unless it is as before; ticks begin
    /// one interval after the moment. Init is still to run if [`Database::needs_init`] says so.
    pub fn start(
        mut recovery: Recovery,
        module: &Module,
        identity: Identity,
        moment: Moment,
    ) -> Result<(Self, Option<Published>), PublishError> {
        let (instance, is_new_schema) = start_instance(module, &mut recovery.store)?;
        let mut database = Self::assemble(instance, &recovery, identity);
        let published = database.adopt(module, is_new_schema, moment);
        Ok((database, published))
    }

    /// Replaces the module of a running database by one of the same schema. On an error the old one goes on.
    pub fn replace_module(&mut self, module: &Module, moment: Moment) -> Result<(), PublishError> {
        if let Fit::Changed(what) = check_module(self.schema(), module)? {
            return Err(PublishError::Changed(what));
        }
        let (instance, _) = start_instance(module, self.instance.store_mut())?;
        self.instance = instance;
        self.adopt(module, false, moment);
        Ok(())
    }

    fn adopt(&mut self, module: &Module, is_new_schema: bool, moment: Moment) -> Option<Published> {
        self.reducers = reducers(module.schema());
        self.schedule = Schedule::new(module.schema(), moment.now);
        if !is_new_schema {
            return None;
        }
        let caller = self.identity();
        let change_set = self.next_change_set(moment.now, caller, ChangeSet::NO_REDUCER, Arc::default());
        Some(Published { change_set, schema: Arc::clone(self.schema()) })
    }
}

/// Whether a database of this schema can take the module, and how. Nothing changes.
pub fn check_module(schema: &Schema, module: &Module) -> Result<Fit, PublishError> {
    let merged = merge_schema(schema, module.schema()).map_err(PublishError::Incompatible)?;
    if merged == *schema {
        return Ok(Fit::Same);
    }
    let changes = describe_changes(schema, &merged);
    // A module that cannot start is refused before anybody is disconnected for it.
    drop(Instance::new(module, Store::new(Arc::new(merged)))?);
    Ok(Fit::Changed(changes))
}

/// Starts the module and moves the store into it, extended by the module's new tables; tells whether the schema
/// is another one now. On an error the store is as it was.
fn start_instance(module: &Module, store: &mut Store) -> Result<(Instance, bool), PublishError> {
    let merged = merge_schema(store.schema(), module.schema()).map_err(PublishError::Incompatible)?;
    let is_new_schema = **store.schema() != merged;
    let schema = Arc::new(merged);
    // The module starts on empty tables first: if it cannot, nothing has happened to the rows.
    let mut instance = Instance::new(module, Store::new(Arc::clone(&schema)))?;
    if is_new_schema {
        store.extend(schema)?;
    }
    *instance.store_mut() = std::mem::take(store);
    Ok((instance, is_new_schema))
}

/// The schema of a database that takes a module: the database's tables with their ids, then the module's new
/// ones, and the module's reducers. Or what stands against it.
pub fn merge_schema(database: &Schema, module: &Schema) -> Result<Schema, String> {
    let mut tables = Vec::with_capacity(module.tables.len());
    for table in &database.tables {
        let (_, new) =
            module.table(&table.name).ok_or_else(|| format!("table `{}` is missing", table.name))?;
        compare_table(table, new)?;
        tables.push(new.clone());
    }
    let is_new = |table: &&TableSchema| database.table(&table.name).is_none();
    tables.extend(module.tables.iter().filter(is_new).cloned());
    Ok(Schema { tables, reducers: module.reducers.clone(), ..Schema::default() })
}

/// What a client would notice between two schemas of one database.
fn describe_changes(old: &Schema, new: &Schema) -> String {
    let tables = new.tables.iter().filter(|table| old.table(&table.name).is_none());
    let mut changes: Vec<String> = tables.map(|table| format!("table `{}` is new", table.name)).collect();
    for reducer in &new.reducers {
        match old.reducer(&reducer.name) {
            None => changes.push(format!("reducer `{}` is new", reducer.name)),
            Some((_, known)) if known.params != reducer.params => {
                changes.push(format!("reducer `{}` takes other arguments", reducer.name));
            }
            Some((_, known)) if known.lifecycle != reducer.lifecycle => {
                changes.push(format!("reducer `{}` runs at other times", reducer.name));
            }
            Some(_) => {}
        }
    }
    let gone = old.reducers.iter().filter(|reducer| new.reducer(&reducer.name).is_none());
    changes.extend(gone.map(|reducer| format!("reducer `{}` is gone", reducer.name)));
    if changes.is_empty() {
        return "its order or documentation has changed".to_owned();
    }
    let more = changes.len().saturating_sub(limits::CHANGES_TOLD_MAX);
    changes.truncate(limits::CHANGES_TOLD_MAX);
    match more {
        0 => changes.join(", "),
        more => format!("{} and {more} more changes", changes.join(", ")),
    }
}

fn compare_table(old: &TableSchema, new: &TableSchema) -> Result<(), String> {
    let table = &old.name;
    for (position, column) in old.columns.iter().enumerate() {
        let name = &column.name;
        let Some(same) = new.columns.get(position).filter(|same| same.name == *name) else {
            return Err(match new.column(name) {
                Some((moved, _)) => {
                    format!(
                        "table `{table}`: column `{name}` has moved from place {position} to place {moved}"
                    )
                }
                None => format!("table `{table}`: column `{name}` is missing"),
            });
        };
        if same.ty != column.ty {
            let detail = match same.ty.to_string() == column.ty.to_string() {
                true => "has another shape now".to_owned(),
                false => format!("was {} and is now {}", column.ty, same.ty),
            };
            return Err(format!("table `{table}`: column `{name}` {detail}"));
        }
        if same.auto_inc != column.auto_inc {
            return Err(format!("table `{table}`: auto_inc of column `{name}` has changed"));
        }
    }
    if let Some(column) = new.columns.get(old.columns.len()) {
        return Err(format!("table `{table}`: column `{}` is new", column.name));
    }
    if old.indexes != new.indexes || old.primary != new.primary {
        return Err(format!("table `{table}`: its indexes have changed"));
    }
    Ok(())
}
