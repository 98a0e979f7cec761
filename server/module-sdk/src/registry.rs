//! The tables and reducers of the module that this crate is built into.
//!
//! Each macro adds its table or reducer before anything runs. Ids are positions in the order of names, so that
//! they do not depend on the order in which a linker puts things.

use std::sync::{Mutex, OnceLock, PoisonError};

use ambit_model::{ReducerSchema, Schema};

use crate::generated::{ReducerRegistration, TableRegistration};

static ADDED: Mutex<Added> = Mutex::new(Added { tables: Vec::new(), reducers: Vec::new() });
static REGISTRY: OnceLock<Registry> = OnceLock::new();

struct Added {
    tables: Vec<&'static TableRegistration>,
    reducers: Vec<&'static ReducerRegistration>,
}

/// Everything added, in the order of ids.
pub(crate) struct Registry {
    tables: Vec<&'static TableRegistration>,
    reducers: Vec<&'static ReducerRegistration>,
}

/// The module's tables and reducers. On targets other than wasm32 and Linux the list is empty.
pub fn describe() -> Schema {
    registry().schema()
}

pub(crate) fn add_table(table: &'static TableRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).tables.push(table);
}

pub(crate) fn add_reducer(reducer: &'static ReducerRegistration) {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).reducers.push(reducer);
}

/// The registry; the first use sorts it and gives out the ids.
pub(crate) fn registry() -> &'static Registry {
    REGISTRY.get_or_init(|| {
        let added = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut tables, mut reducers) = (added.tables.clone(), added.reducers.clone());
        tables.sort_by_key(|table| table.name);
        reducers.sort_by_key(|reducer| reducer.name);
        for (id, table) in (0..).zip(&tables) {
            table.set_id(id);
        }
        Registry { tables, reducers }
    })
}

impl Registry {
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn reducer(&self, id: u32) -> Option<&'static ReducerRegistration> {
        self.reducers.get(id as usize).copied()
    }

    fn schema(&self) -> Schema {
        Schema {
            tables: self.tables.iter().map(|table| (table.describe)()).collect(),
            reducers: self
                .reducers
                .iter()
                .map(|reducer| ReducerSchema {
                    name: reducer.name.to_owned(),
                    params: (reducer.params)(),
                    lifecycle: reducer.lifecycle,
                    doc: reducer.doc.to_owned(),
                })
                .collect(),
            ..Schema::default()
        }
    }
}
