//! A plan carried out on a store, and taken back. Everything that can fail happens before the store changes.

use std::sync::Arc;

use ambit_model::{ColumnSchema, Schema, TableSchema};

use crate::migration::build::{RowMaker, fill};
use crate::migration::check::{check_reference, explain};
use crate::migration::convert::is_same_shape;
use crate::migration::error::MigrateError;
use crate::migration::{ColumnSource, Plan, TablePlan};
use crate::references::References;
use crate::store::Store;
use crate::table::Table;

/// What a migrated store had before: the tables that were converted, replaced or dropped, under the old schema. Those
/// that were kept have moved on and are empty here.
#[derive(Debug)]
pub struct Former {
    store: Store,
    /// Old and new ids of the tables that have moved.
    kept: Vec<(u16, u16)>,
    /// Of every table of the new schema, by id: whether its references need no second look.
    settled: Vec<bool>,
}

impl Former {
    /// The old tables, to be read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The old tables, to be lent to a module's migration and given back.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// The new id of an old table that has moved on with its rows.
    pub fn kept(&self, table: u16) -> Option<u16> {
        self.kept.iter().find(|(from, _)| *from == table).map(|(_, id)| *id)
    }
}

impl Store {
    /// Brings the rows under another schema, which the plan was made for: [`Store::reshape`], then
    /// [`Store::check_references`]. On an error the store is exactly as before.
    pub fn migrate(&mut self, new: Arc<Schema>, plan: &Plan) -> Result<Former, MigrateError> {
        let former = self.reshape(new, plan)?;
        match self.check_references(&former) {
            Ok(()) => Ok(former),
            Err(error) => {
                self.restore(former);
                Err(error)
            }
        }
    }

    /// [`Store::migrate`] without a look at references: for a module's own migration, which makes the rows that others
    /// name, and for followers. `new` has passed [`Schema::check`].
    ///
    /// Kept tables move, converted ones are built beside the old ones, which stay in [`Former`]. On an error the store
    /// is exactly as before.
    pub fn reshape(&mut self, new: Arc<Schema>, plan: &Plan) -> Result<Former, MigrateError> {
        if self.has_changes() {
            return Err(MigrateError::OpenTransaction);
        }
        check_fit(&self.schema, &new, plan)?;
        let mut built = Vec::with_capacity(new.tables.len());
        for ((id, schema), table) in (0..).zip(&new.tables).zip(&plan.tables) {
            built.push(match table {
                TablePlan::Kept { .. } => None,
                TablePlan::Created => Some(Table::new(id, schema, self.seed)),
                TablePlan::Replaced { from, .. } => Some(self.replacement(id, schema, *from)),
                TablePlan::Converted { from, columns } => Some(self.converted(id, schema, *from, columns)?),
            });
        }
        Ok(self.exchange(new, plan, built))
    }

    /// Whether every row of the tables that a migration has touched names rows that there are.
    pub fn check_references(&self, former: &Former) -> Result<(), MigrateError> {
        let is_settled = |table: u16| former.settled.get(usize::from(table)).copied().unwrap_or(false);
        for (child, outgoing) in self.references.all() {
            if !(is_settled(child) && is_settled(outgoing.parent)) {
                check_reference(self, child, outgoing)?;
            }
        }
        Ok(())
    }

    /// Takes a migration back. An open transaction is rolled back first; what was committed to kept tables since
    /// stays in them.
    pub fn restore(&mut self, former: Former) {
        self.rollback();
        let Former { mut store, kept, .. } = former;
        for (from, id) in kept {
            let schema = store.schema.tables.get(usize::from(from));
            let old = store.tables.get_mut(usize::from(from));
            if let (Some(schema), Some(old), Some(new)) = (schema, old, self.tables.get_mut(usize::from(id)))
            {
                std::mem::swap(old, new);
                old.rename(from, schema);
            }
        }
        self.references = References::new(&store.schema);
        self.tables = store.tables;
        self.schema = store.schema;
    }

    /// An empty table in the place of one whose rows cannot be converted. Numbers that were given stay given.
    fn replacement(&self, id: u16, schema: &TableSchema, from: u16) -> Table {
        let mut table = Table::new(id, schema, self.seed);
        let old = (self.tables.get(usize::from(from)), self.schema.tables.get(usize::from(from)));
        if let (Some(old), Some(old_schema)) = old {
            for (column, name) in (0..).zip(&schema.columns) {
                if let Some((old_column, _)) = old_schema.column(&name.name) {
                    table.adopt_counter(column, old, old_column);
                }
            }
        }
        table
    }

    fn converted(
        &self,
        id: u16,
        schema: &TableSchema,
        from: u16,
        sources: &[ColumnSource],
    ) -> Result<Table, MigrateError> {
        let misplaced = || MigrateError::Plan { table: schema.name.clone() };
        let old = self.tables.get(usize::from(from)).ok_or_else(misplaced)?;
        let old_schema = self.schema.tables.get(usize::from(from)).ok_or_else(misplaced)?;
        let maker = RowMaker::new(old_schema, schema, sources).ok_or_else(misplaced)?;
        let mut table = Table::new(id, schema, self.seed);
        let filled = fill(&mut table, &maker, old);
        if let Err((row, misfit)) = filled {
            // What has been built so far would stand beside the copy that tells which rows are in each other's way.
            drop(table);
            return Err(explain(schema, old, &maker, (old_schema, sources), row, misfit));
        }
        for (column, source) in (0..).zip(sources) {
            if let ColumnSource::Column(from) = source {
                table.adopt_counter(column, old, *from);
            }
        }
        Ok(table)
    }

    /// Puts the new tables in the place of the old ones.
    fn exchange(&mut self, new: Arc<Schema>, plan: &Plan, built: Vec<Option<Table>>) -> Former {
        let settled = settled_tables(&self.schema, &new, plan);
        let old_schema = std::mem::replace(&mut self.schema, Arc::clone(&new));
        let mut old_tables = std::mem::take(&mut self.tables);
        let mut kept = Vec::new();
        for (((id, schema), built), table) in (0..).zip(&new.tables).zip(built).zip(&plan.tables) {
            let kept_from = match table {
                TablePlan::Kept { from } => Some(*from),
                TablePlan::Created | TablePlan::Converted { .. } | TablePlan::Replaced { .. } => None,
            };
            let mut table = built.unwrap_or_else(|| Table::new(id, schema, self.seed));
            if let Some(from) = kept_from
                && let Some(old) = old_tables.get_mut(usize::from(from))
                && let Some(old_schema) = old_schema.tables.get(usize::from(from))
            {
                std::mem::swap(&mut table, old);
                table.rename(id, schema);
                old.rename(from, old_schema);
                kept.push((from, id));
            }
            self.tables.push(table);
        }
        self.references = References::new(&new);
        let store = Store::of_tables(old_schema, old_tables, self.seed);
        Former { store, kept, settled }
    }
}

/// Refuses a plan that was made for other schemas.
fn check_fit(old: &Schema, new: &Schema, plan: &Plan) -> Result<(), MigrateError> {
    if plan.tables.len() != new.tables.len() {
        return Err(MigrateError::Plan { table: "?".into() });
    }
    let mut continued = vec![false; old.tables.len()];
    for (schema, table) in new.tables.iter().zip(&plan.tables) {
        let Some(from) = table.from() else { continue };
        let misplaced = || MigrateError::Plan { table: schema.name.clone() };
        let old_schema = old.tables.get(usize::from(from)).ok_or_else(misplaced)?;
        let is_second =
            continued.get_mut(usize::from(from)).is_some_and(|place| std::mem::replace(place, true));
        let fits = match table {
            TablePlan::Kept { .. } => can_keep(old_schema, schema),
            TablePlan::Created | TablePlan::Converted { .. } | TablePlan::Replaced { .. } => true,
        };
        if is_second || !fits {
            return Err(misplaced());
        }
    }
    Ok(())
}

/// Whether a table's rows and indexes can stay as they are.
fn can_keep(old: &TableSchema, new: &TableSchema) -> bool {
    let same_column = |(old, new): (&ColumnSchema, &ColumnSchema)| {
        is_same_shape(&old.ty, &new.ty) && old.auto_inc == new.auto_inc
    };
    old.columns.len() == new.columns.len()
        && old.columns.iter().zip(&new.columns).all(same_column)
        && old.indexes.len() == new.indexes.len()
        && old
            .indexes
            .iter()
            .zip(&new.indexes)
            .all(|(old, new)| old.columns == new.columns && old.kind == new.kind && old.unique == new.unique)
}

/// Of every new table, whether its rows, its key and its references are the old ones.
fn settled_tables(old: &Schema, new: &Schema, plan: &Plan) -> Vec<bool> {
    let is_settled = |schema: &TableSchema, table: &TablePlan| match table {
        TablePlan::Kept { from } => old
            .tables
            .get(usize::from(*from))
            .is_some_and(|former| former.primary == schema.primary && former.references == schema.references),
        TablePlan::Created | TablePlan::Converted { .. } | TablePlan::Replaced { .. } => false,
    };
    new.tables.iter().zip(&plan.tables).map(|(schema, table)| is_settled(schema, table)).collect()
}
