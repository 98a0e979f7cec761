//! Clients that were welcomed with an earlier schema: which tables are still what they know, and under which id.
//!
//! A client keeps the table ids and the names of the schema that it was welcomed with. Its queries are read with that
//! schema; a table is still what it knows if its rows went over unchanged and their columns lie where they lay. Other names
//! alone do not matter to it.

use std::sync::Arc;

use ambit_model::{ColumnSchema, Schema, TableSchema};

use crate::query::plan::{Plan, Selection};
use crate::query::{self, Caller, QueryError};
use crate::renumber::Renumbering;

/// Why a table is not what a client knows any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "table `{table}` has changed since this client connected ({difference}); connect again with newly generated code"
)]
pub struct TableChange {
    /// The table's name as the client knows it.
    pub table: String,
    /// What is different.
    pub difference: Difference,
}

/// What is different in a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// There is no such table.
    #[error("it was removed")]
    Removed,
    /// Clients may not see it.
    #[error("it is private now")]
    Private,
    /// A column that clients know is gone.
    #[error("column `{0}` was removed")]
    ColumnRemoved(String),
    /// A column that clients do not know.
    #[error("column `{0}` was added")]
    ColumnAdded(String),
    /// A column that clients saw, or that they see now.
    #[error("its columns that clients may see are others")]
    Visibility,
    /// A column of another type.
    #[error("column `{column}` is of type {is} now and was of type {was}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type in the client's schema.
        was: String,
        /// Its type now.
        is: String,
    },
    /// A column whose type has kept its name, but not its variants or fields.
    #[error("the type {ty} of column `{column}` was changed")]
    ColumnParts {
        /// The column.
        column: String,
        /// Its type.
        ty: String,
    },
    /// A column that is quantised otherwise on its way to clients.
    #[error("column `{0}` is quantised otherwise")]
    Quantize(String),
    /// The same columns in another order.
    #[error("its columns are in another order")]
    ColumnOrder,
    /// The same columns, but other rows.
    #[error("its rows were made anew")]
    Rows,
}

/// What becomes of each table of the last schema for those who watch it: its new id, or why it is not the same.
pub(crate) struct Moves(Vec<Result<u16, Difference>>);

/// A schema that clients were welcomed with and that is not the current one.
#[derive(Debug)]
pub(crate) struct EarlierSchema {
    schema: Arc<Schema>,
    /// By the ids of that schema: the current id, or why the table is not the same any more.
    tables: Vec<Result<u16, Difference>>,
    /// How many schemas have followed it.
    pub age: usize,
}

impl Moves {
    /// `successor` tells the new id of the table that holds an old table's rows unchanged.
    pub fn new(old: &Schema, new: &Schema, successor: impl Fn(u16) -> Option<u16>) -> Self {
        let move_of = |(id, table): (u16, &TableSchema)| {
            let found = successor(id).and_then(|id| Some((id, new.tables.get(usize::from(id))?)));
            match found {
                Some((_, found)) if !found.public => Err(Difference::Private),
                Some((_, found)) if has_same_rows(table, found) && !has_same_private(table, found) => {
                    Err(Difference::Visibility)
                }
                Some((id, found)) if has_same_rows(table, found) => Ok(id),
                Some((_, found)) => Err(Difference::between(table, found)),
                None => Err(match new.table(&table.name) {
                    Some((_, found)) => Difference::between(table, found),
                    None => Difference::Removed,
                }),
            }
        };
        Self((0..).zip(&old.tables).map(move_of).collect())
    }

    /// Whether every table is where it was.
    pub fn are_none(&self) -> bool {
        (0..).zip(&self.0).all(|(id, to)| *to == Ok(id))
    }

    pub fn renumbering(&self) -> Renumbering {
        Renumbering(self.0.iter().map(|to| to.as_ref().ok().copied()).collect())
    }

    fn of(&self, table: u16) -> Result<u16, Difference> {
        self.0.get(usize::from(table)).cloned().unwrap_or(Err(Difference::Removed))
    }
}

impl EarlierSchema {
    /// The schema that has just been followed by another.
    pub fn last(schema: &Arc<Schema>, moves: &Moves) -> Self {
        Self { schema: Arc::clone(schema), tables: moves.0.clone(), age: 1 }
    }

    /// The same schema after one more change.
    pub fn after(&self, moves: &Moves) -> Self {
        let tables = self.tables.iter().map(|to| to.clone().and_then(|id| moves.of(id)));
        Self { schema: Arc::clone(&self.schema), tables: tables.collect(), age: self.age + 1 }
    }

    /// The schema itself.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The id that its clients know a current table by.
    pub fn known_id(&self, current: u16) -> Option<u16> {
        (0..).zip(&self.tables).find(|(_, to)| **to == Ok(current)).map(|(id, _)| id)
    }

    /// The current id of a table that its clients know by `id`.
    pub fn current_id(&self, id: u16) -> Result<u16, TableChange> {
        let to = self.tables.get(usize::from(id)).cloned().unwrap_or(Err(Difference::Removed));
        to.map_err(|difference| {
            let table = self.schema.tables.get(usize::from(id)).map(|table| table.name.clone());
            TableChange { table: table.unwrap_or_default(), difference }
        })
    }

    /// The plan of a client's query over the current tables, and the id that the client knows the selected table by.
    pub fn plan(
        &self,
        current: &Schema,
        caller: Caller<'_>,
        sql: &str,
    ) -> Result<(Selection, u16), QueryError> {
        let mut selection = match query::parse(&self.schema, caller, sql) {
            Ok(selection) => selection,
            Err(error) => {
                return Err(match query::parse(current, caller, sql) {
                    Ok(selection) => QueryError::NewerTable(self.newer_table(current, &selection.plan)),
                    Err(_) => error.into(),
                });
            }
        };
        let known_id = selection.plan.table();
        for table in selection.plan.tables_mut() {
            *table = self.current_id(*table)?;
        }
        Ok((selection, known_id))
    }

    /// The name of a table that makes a query one for clients of the current schema only.
    fn newer_table(&self, current: &Schema, plan: &Plan) -> String {
        let unknown = plan.tables().find(|&table| self.known_id(table).is_none());
        let table = current.tables.get(usize::from(unknown.unwrap_or(plan.table())));
        table.map(|table| table.name.clone()).unwrap_or_default()
    }
}

impl Difference {
    /// What tells two tables apart that do not hold the same rows.
    fn between(old: &TableSchema, new: &TableSchema) -> Self {
        let is_told = |column: &&ColumnSchema| !column.private;
        for column in old.columns.iter().filter(is_told) {
            let Some((_, found)) = new.column(&column.name) else {
                return Self::ColumnRemoved(column.name.clone());
            };
            if found.ty != column.ty {
                let (column, was, is) = (column.name.clone(), column.ty.to_string(), found.ty.to_string());
                return match was == is {
                    true => Self::ColumnParts { column, ty: is },
                    false => Self::ColumnType { column, was, is },
                };
            }
            if found.quantize != column.quantize {
                return Self::Quantize(column.name.clone());
            }
        }
        let is_added = |column: &&ColumnSchema| old.column(&column.name).is_none();
        if let Some(added) = new.columns.iter().filter(is_told).find(is_added) {
            return Self::ColumnAdded(added.name.clone());
        }
        let names =
            |table: &TableSchema| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if names(old) == names(new) { Self::Rows } else { Self::ColumnOrder }
    }
}

/// Whether clients may see the same columns of both tables.
fn has_same_private(old: &TableSchema, new: &TableSchema) -> bool {
    old.private_columns() == new.private_columns()
}

/// Whether the same bytes are a row of both tables and mean the same.
fn has_same_rows(old: &TableSchema, new: &TableSchema) -> bool {
    let types = |table: &TableSchema| {
        let columns = table.columns.iter();
        columns.map(|column| (column.ty.clone(), column.quantize)).collect::<Vec<_>>()
    };
    types(old) == types(new)
}
