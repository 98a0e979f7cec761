//! What a publish does to the tables, for people and tools: with rows and an estimate of the time.

use std::fmt;

use ambit_model::Schema;
use ambit_store::{ChangeWhat, Plan, Store, TablePlan};
use serde::{Deserialize, Serialize};

use crate::limits::MIGRATED_ROW_NS;

/// A plan with what only the rows can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReport {
    /// The module's tables, then those that are dropped.
    pub tables: Vec<TableReport>,
    /// Reducers that are new, gone, or take other arguments.
    pub reducers: Vec<String>,
    /// Whether rows or columns are lost.
    pub is_destructive: bool,
    /// Milliseconds that building tables anew will take, roughly; calls wait meanwhile.
    pub estimated_ms: u64,
}

/// One table of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// Its name.
    pub table: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Rows that it has now.
    pub rows: u64,
    /// Everything that is different, in words.
    pub changes: Vec<String>,
}

/// What becomes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Its rows stay as they are.
    Kept,
    /// It is new.
    Added,
    /// Its rows are brought to another form, or its indexes are built anew.
    Rebuilt,
    /// It begins empty, and the module's migration function fills it.
    Migrated,
    /// It is gone with its rows.
    Dropped,
}

impl PlanReport {
    /// What a plan does to the rows of a store.
    pub fn new(plan: &Plan, module: &Schema, store: &Store) -> Self {
        let schema = store.schema();
        let texts = |table: &str, is_dropped: bool| -> Vec<String> {
            let of_table = plan.changes.iter().filter(|change| change.table == table);
            // A table may be dropped and another one have its name.
            let of_table = of_table.filter(|change| is_dropped == (change.what == ChangeWhat::TableDropped));
            of_table.map(|change| change.text.clone()).collect()
        };
        let mut tables = Vec::new();
        for (name, table) in module.tables.iter().map(|table| &table.name).zip(&plan.tables) {
            let (fate, from) = match table {
                TablePlan::Kept { from } => (Fate::Kept, Some(*from)),
                TablePlan::Created => (Fate::Added, None),
                TablePlan::Converted { from, .. } => (Fate::Rebuilt, Some(*from)),
                TablePlan::Replaced { from, .. } => (Fate::Migrated, Some(*from)),
            };
            let rows = from.map_or(0, |from| store.count(from) as u64);
            tables.push(TableReport { table: name.clone(), fate, rows, changes: texts(name, false) });
        }
        for &id in &plan.dropped {
            let Some(table) = schema.tables.get(usize::from(id)) else { continue };
            let name = table.name.clone();
            let rows = store.count(id) as u64;
            let changes = texts(&name, true);
            tables.push(TableReport { table: name, fate: Fate::Dropped, rows, changes });
        }
        let rows = plan.rows_rebuilt(store);
        let estimated_ms = (rows * MIGRATED_ROW_NS).div_ceil(1_000_000);
        let reducers = reducer_changes(schema, module);
        Self { tables, reducers, is_destructive: plan.is_destructive(), estimated_ms }
    }
}

/// What callers would notice.
fn reducer_changes(old: &Schema, new: &Schema) -> Vec<String> {
    let mut changes = Vec::new();
    for reducer in &new.reducers {
        let name = &reducer.name;
        match old.reducer(name) {
            None => changes.push(format!("`{name}` is new")),
            Some((_, known)) if known.params != reducer.params => {
                changes.push(format!("`{name}` takes other arguments"));
            }
            Some((_, known)) if known.lifecycle != reducer.lifecycle => {
                changes.push(format!("`{name}` runs at other times"));
            }
            Some(_) => {}
        }
    }
    let gone = old.reducers.iter().filter(|reducer| new.reducer(&reducer.name).is_none());
    changes.extend(gone.map(|reducer| format!("`{}` is gone", reducer.name)));
    changes
}

impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for TableReport { table, fate, rows, changes } in &self.tables {
            let fate = match fate {
                Fate::Kept => "kept",
                Fate::Added => "added",
                Fate::Rebuilt => "rebuilt",
                Fate::Migrated => "migrated",
                Fate::Dropped => "DROPPED",
            };
            writeln!(f, "  {fate:<9} {table:<24} {rows:>12} rows")?;
            for change in changes {
                writeln!(f, "              {change}")?;
            }
        }
        for reducer in &self.reducers {
            writeln!(f, "  reducer   {reducer}")?;
        }
        if self.estimated_ms > 0 {
            writeln!(f, "  building tables anew takes about {} ms, in which calls wait", self.estimated_ms)?;
        }
        Ok(())
    }
}
