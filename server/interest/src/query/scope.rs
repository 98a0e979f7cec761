//! The tables that a query names, and what its identifiers mean.

use ambit_model::{ColumnLayout, ColumnSchema, RowLayout, Schema, TableSchema};
use sqlparser::ast::{Expr, Ident, ObjectName, Spanned, TableFactor};
use sqlparser::tokenizer::Span;

use super::error::TextError;

/// The tables of a query.
pub(super) struct Scope<'a> {
    pub tables: Vec<ScopedTable<'a>>,
    /// Whether private tables and columns may be named.
    pub is_trusted: bool,
}

/// A table under the name that the query gives it.
pub(super) struct ScopedTable<'a> {
    pub id: u16,
    pub schema: &'a TableSchema,
    pub layout: RowLayout,
    name: Ident,
}

/// A column of one of the scope's tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnName {
    /// Position in [`Scope::tables`].
    pub table: usize,
    pub column: u16,
}

pub(super) fn refuse(span: Span, problem: impl Into<String>, remedy: impl Into<String>) -> TextError {
    TextError {
        line: span.start.line.max(1),
        column: span.start.column.max(1),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

impl<'a> Scope<'a> {
    /// Adds a table of the FROM clause.
    pub fn add(&mut self, schema: &'a Schema, factor: &TableFactor) -> Result<(), TextError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "everything but a plain table is refused")]
        let (name, alias) = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => (name, alias),
            other => {
                return Err(refuse(
                    other.span(),
                    "only a table can stand after FROM and JOIN",
                    "write the name of a table, without a subquery or options",
                ));
            }
        };
        let ident = single_ident(name)?;
        let (id, table) = find_table(schema, ident, self.is_trusted)?;
        let ident = match alias {
            None => ident,
            Some(alias) if alias.columns.is_empty() && alias.at.is_none() => &alias.name,
            Some(alias) => {
                return Err(refuse(
                    alias.name.span,
                    "columns cannot be renamed",
                    "give the table a name only",
                ));
            }
        };
        if self.tables.iter().any(|other| same_name(&other.name, ident)) {
            return Err(refuse(
                ident.span,
                format!("two tables are called `{}`", ident.value),
                format!("give them names: `{} a JOIN {} b`", table.name, table.name),
            ));
        }
        self.tables.push(ScopedTable { id, schema: table, layout: table.layout(), name: ident.clone() });
        Ok(())
    }

    /// The table that `name.*` names.
    pub fn table(&self, name: &Ident) -> Result<usize, TextError> {
        self.tables.iter().position(|table| same_name(&table.name, name)).ok_or_else(|| {
            let names: Vec<&str> = self.tables.iter().map(|table| table.name.value.as_str()).collect();
            refuse(
                name.span,
                format!("the query has no table `{}`", name.value),
                format!("use `{}`", names.join("` or `")),
            )
        })
    }

    /// The name that the query gives a table.
    pub fn name(&self, table: usize) -> Ident {
        self.tables.get(table).map_or_else(|| Ident::new(""), |scoped| scoped.name.clone())
    }

    /// The columns of a table that clients may see, as a mask.
    pub fn visible_columns(&self, table: usize) -> u64 {
        self.tables.get(table).map_or(0, |scoped| scoped.schema.visible_columns())
    }

    /// These columns of a table and its primary key's, as a mask.
    pub fn with_key(&self, table: usize, columns: u64) -> u64 {
        let Some(scoped) = self.tables.get(table) else { return columns };
        let key = scoped.schema.primary_index().map(|index| index.columns.as_slice()).unwrap_or_default();
        let columns = key.iter().fold(columns, |mask, column| mask | 1 << column);
        let (all, visible) = (scoped.layout.all_columns(), scoped.schema.visible_columns());
        // Whoever names all columns is shown what `*` shows.
        if columns & all == visible & all { visible } else { columns }
    }

    /// Where a column lies in its table's rows, and its type.
    pub fn layout(&self, name: ColumnName) -> Option<&ColumnLayout> {
        self.tables.get(name.table).and_then(|table| table.layout.columns().get(usize::from(name.column)))
    }

    /// The column that an expression names; `None` if it is not a column's name at all.
    pub fn column(&self, expression: &Expr) -> Result<Option<ColumnName>, TextError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "two forms name columns")]
        match expression {
            Expr::Identifier(name) => self.unqualified(name).map(Some),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => {
                    let table = self.table(table)?;
                    self.qualified(table, name).map(Some)
                }
                _ => Err(refuse(
                    expression.span(),
                    format!("`{expression}` names no column"),
                    "write `column` or `table.column`",
                )),
            },
            Expr::Nested(inner) => self.column(inner),
            _ => Ok(None),
        }
    }

    fn qualified(&self, table: usize, name: &Ident) -> Result<ColumnName, TextError> {
        let scoped = self.tables.get(table);
        scoped
            .and_then(|scoped| self.find_column(scoped.schema, name))
            .map(|column| ColumnName { table, column })
            .ok_or_else(|| {
                let table = scoped.map_or("", |scoped| scoped.schema.name.as_str());
                let columns: Vec<&str> = scoped
                    .map(|scoped| {
                        let is_told = |column: &&ColumnSchema| self.is_trusted || !column.private;
                        let visible = scoped.schema.columns.iter().filter(is_told);
                        visible.map(|column| column.name.as_str()).collect()
                    })
                    .unwrap_or_default();
                refuse(
                    name.span,
                    format!("table `{table}` has no column `{}`", name.value),
                    format!("its columns are: {}", columns.join(", ")),
                )
            })
    }

    fn find_column(&self, table: &TableSchema, name: &Ident) -> Option<u16> {
        let is_named = |(_, column): &(u16, &ColumnSchema)| {
            (self.is_trusted || !column.private) && names(name, &column.name)
        };
        (0..).zip(&table.columns).find(is_named).map(|(index, _)| index)
    }

    fn unqualified(&self, name: &Ident) -> Result<ColumnName, TextError> {
        let mut having = self.tables.iter().enumerate().filter_map(|(table, scoped)| {
            self.find_column(scoped.schema, name).map(|column| ColumnName { table, column })
        });
        match (having.next(), having.next()) {
            (Some(column), None) => Ok(column),
            (None, _) => self.qualified(0, name),
            (Some(_), Some(_)) => Err(refuse(
                name.span,
                format!("more than one table has a column `{}`", name.value),
                format!(
                    "write `{}.{}`",
                    self.tables.first().map_or("table", |table| &table.name.value),
                    name.value
                ),
            )),
        }
    }
}

pub(super) fn single_ident(name: &ObjectName) -> Result<&Ident, TextError> {
    match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    }
    .ok_or_else(|| refuse(name.span(), format!("`{name}` is not a table's name"), "write one plain name"))
}

fn find_table<'a>(
    schema: &'a Schema,
    name: &Ident,
    is_trusted: bool,
) -> Result<(u16, &'a TableSchema), TextError> {
    let found = (0..).zip(&schema.tables).find(|(_, table)| names(name, &table.name));
    let public = || {
        let public = schema.tables.iter().filter(|table| table.public);
        public.map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match found {
        Some((id, table)) if table.public || is_trusted => Ok((id, table)),
        Some((_, table)) => Err(refuse(
            name.span,
            format!("table `{}` is private", table.name),
            format!("declare it `public` in the module, or use one of: {}", public()),
        )),
        None => Err(refuse(
            name.span,
            format!("there is no table `{}`", name.value),
            format!("the public tables are: {}", public()),
        )),
    }
}

/// Quoted names are exact, others do not tell capital from small letters, as in standard SQL.
fn names(ident: &Ident, name: &str) -> bool {
    if ident.quote_style.is_some() { ident.value == name } else { ident.value.eq_ignore_ascii_case(name) }
}

fn same_name(left: &Ident, right: &Ident) -> bool {
    left.value.eq_ignore_ascii_case(&right.value)
}
