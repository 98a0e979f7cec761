//! The tables, reducers and migrations of the module that this crate is built into.
//!
//! Each macro adds its own before anything runs. Ids are positions in the order of names (of migrations: of the versions
//! that they start from), so that they do not depend on the order in which a linker puts things.

use std::sync::{Mutex, OnceLock, PoisonError};

use ambit_model::{MigrationSchema, ReducerSchema, Schema};

use crate::generated::{MigrationRegistration, ReducerRegistration, TableRegistration};

static ADDED: Mutex<Registry> = Mutex::new(Registry {
    tables: Vec::new(),
    reducers: Vec::new(),
    old_tables: Vec::new(),
    migrations: Vec::new(),
});
static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Everything added, in the order of ids once it is sorted.
#[derive(Clone)]
pub(crate) struct Registry {
    tables: Vec<&'static TableRegistration>,
    reducers: Vec<&'static ReducerRegistration>,
    /// With the version of the databases that have them.
    old_tables: Vec<(u32, &'static TableRegistration)>,
    migrations: Vec<&'static MigrationRegistration>,
}

/// The module's tables, reducers and migrations. On targets other than wasm32 and Linux the lists are empty.
pub fn describe() -> Schema {
    registry().schema()
}

pub(crate) fn add_table(table: &'static TableRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).tables.push(table);
}

pub(crate) fn add_reducer(reducer: &'static ReducerRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).reducers.push(reducer);
}

pub(crate) fn add_old_table(from: u32, table: &'static TableRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).old_tables.push((from, table));
}

pub(crate) fn add_migration(migration: &'static MigrationRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).migrations.push(migration);
}

/// The registry; the first use sorts it and gives out the ids.
pub(crate) fn registry() -> &'static Registry {
    REGISTRY.get_or_init(|| {
        let mut registry = ADDED.lock().unwrap_or_else(PoisonError::into_inner).clone();
        registry.tables.sort_by_key(|table| table.name);
        registry.reducers.sort_by_key(|reducer| reducer.name);
        registry.old_tables.sort_by_key(|(from, table)| (*from, table.name));
        registry.migrations.sort_by_key(|migration| migration.from);
        for (id, table) in (0..).zip(&registry.tables) {
            table.set_id(id);
        }
        // The tables that a migration reads are numbered after those of the module, for each migration anew.
        let first = u32::try_from(registry.tables.len()).unwrap_or(u32::MAX);
        for migration in &registry.migrations {
            for (id, table) in (first..).zip(registry.read_by(migration.from)) {
                table.set_id(id);
            }
        }
        registry
    })
}

impl Registry {
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn reducer(&self, id: u32) -> Option<&'static ReducerRegistration> {
        self.reducers.get(id as usize).copied()
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn migration(&self, id: u32) -> Option<&'static MigrationRegistration> {
        self.migrations.get(id as usize).copied()
    }

    /// What is wrong with the module and cannot be seen in its schema.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        expect(dead_code, reason = "only a module's description is refused")
    )]
    pub(crate) fn problem(&self) -> Option<String> {
        let is_read = |from: u32| {
            self.migrations.iter().any(|migration: &&MigrationRegistration| migration.from == from)
        };
        let (from, table) = self.old_tables.iter().find(|(from, _)| !is_read(*from))?;
        Some(format!(
            "the old table `{}` is of version {from}, and the module has no `#[migration(from = {from})]` to read it",
            table.name
        ))
    }

    /// The old tables of a version, in the order of ids.
    fn read_by(&self, from: u32) -> impl Iterator<Item = &'static TableRegistration> {
        self.old_tables.iter().filter(move |(of, _)| *of == from).map(|(_, table)| *table)
    }

    fn schema(&self) -> Schema {
        let reducer = |reducer: &&ReducerRegistration| ReducerSchema {
            name: reducer.name.to_owned(),
            params: (reducer.params)(),
            lifecycle: reducer.lifecycle,
            doc: reducer.doc.to_owned(),
        };
        let migration = |migration: &&MigrationRegistration| MigrationSchema {
            name: migration.name.to_owned(),
            from: migration.from,
            reads: self.read_by(migration.from).map(|table| (table.describe)()).collect(),
        };
        Schema {
            version: self.migrations.last().map_or(0, |last| last.from.saturating_add(1)),
            tables: self.tables.iter().map(|table| (table.describe)()).collect(),
            reducers: self.reducers.iter().map(reducer).collect(),
            migrations: self.migrations.iter().map(migration).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ambit_model::TableSchema;

    use super::*;

    #[test]
    fn an_old_table_that_no_migration_reads_is_a_problem() {
        static OLD: TableRegistration = TableRegistration::new("player", TableSchema::default);
        static FROM_2: MigrationRegistration =
            MigrationRegistration { name: "from_2", from: 2, run: |_| Ok(()) };
        let registry = |from| Registry {
            tables: Vec::new(),
            reducers: Vec::new(),
            old_tables: vec![(from, &OLD)],
            migrations: vec![&FROM_2],
        };
        assert_eq!(registry(2).problem(), None);
        let expected = "the old table `player` is of version 3, and the module has no `#[migration(from = 3)]` to read it";
        assert_eq!(registry(3).problem().as_deref(), Some(expected));
    }
}
