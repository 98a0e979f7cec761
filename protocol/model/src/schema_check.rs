//! Which schemas are possible. An error names the table, column, index or reducer and says what is possible.

use std::collections::HashSet;

use crate::decode::validate_row;
use crate::layout::RowLayout;
use crate::limits;
use crate::names::distinct_names;
use crate::schema::{
    ColumnSchema, IndexKind, IndexSchema, Lifecycle, MigrationSchema, ReducerSchema, ReferenceSchema, Schema,
    SchemaError, TableSchema,
};
use crate::type_check::check_type;
use crate::types::{ColumnType, Field, fields_size};

impl Schema {
    /// Refuses what no part of Ambit could work with: bad names, limits exceeded, impossible indexes.
    pub fn check(&self) -> Result<(), SchemaError> {
        at_most("the module", "tables", self.tables.len(), limits::TABLES_MAX)?;
        at_most("the module", "reducers", self.reducers.len(), limits::REDUCERS_MAX)?;
        at_most("the module", "migrations", self.migrations.len(), limits::MIGRATIONS_MAX)?;
        check_names("table", self.tables.iter().map(|table| &table.name))?;
        check_names("reducer", self.reducers.iter().map(|reducer| &reducer.name))?;
        check_names("migration", self.migrations.iter().map(|migration| &migration.name))?;
        self.tables.iter().try_for_each(TableSchema::check)?;
        self.tables.iter().try_for_each(|table| self.check_references(table))?;
        let renamed = |table: &TableSchema| table.renamed_from.clone();
        check_renames("the module", "table", self.tables.iter().map(|table| (&*table.name, renamed(table))))?;
        // One commit says that the world was made. With two reducers half a world could pass for one.
        let inits = self.reducers.iter().filter(|reducer| reducer.lifecycle == Lifecycle::Init).count();
        at_most("the module", "init reducers", inits, 1)?;
        self.reducers.iter().try_for_each(ReducerSchema::check)?;
        self.check_migrations()
    }

    fn check_migrations(&self) -> Result<(), SchemaError> {
        let mut versions = HashSet::new();
        for migration in &self.migrations {
            let MigrationSchema { name, from, reads } = migration;
            let subject = format!("migration `{name}`");
            if *from >= self.version {
                let problem =
                    format!("it starts from version {from}, and the module is version {}", self.version);
                return Err(refuse(&subject, problem));
            }
            if !versions.insert(*from) {
                return Err(refuse(&subject, format!("another migration starts from version {from} too")));
            }
            at_most(&subject, "tables to read", reads.len(), limits::TABLES_MAX - self.tables.len())?;
            check_names(&format!("{subject}, table"), reads.iter().map(|table| &table.name))?;
            reads.iter().try_for_each(TableSchema::check)?;
        }
        Ok(())
    }

    fn check_references(&self, table: &TableSchema) -> Result<(), SchemaError> {
        let subject = format!("table `{}`", table.name);
        at_most(&subject, "references", table.references.len(), limits::REFERENCES_MAX)?;
        table.references.iter().try_for_each(|reference| self.check_reference(table, reference))
    }

    fn check_reference(&self, table: &TableSchema, reference: &ReferenceSchema) -> Result<(), SchemaError> {
        let target_name = &reference.table;
        let subject = format!("table `{}`, reference to `{target_name}`", table.name);
        let Some((_, target)) = self.table(target_name) else {
            return Err(refuse(&subject, "there is no such table"));
        };
        let Some(key) = target.primary_index() else {
            return Err(refuse(&subject, format!("table `{target_name}` has no primary key")));
        };
        if reference.columns.len() != key.columns.len() {
            let problem = format!("the key of `{target_name}` has {} columns", key.columns.len());
            return Err(refuse(&subject, problem));
        }
        for (&column, &key_column) in reference.columns.iter().zip(&key.columns) {
            let column = table.columns.get(usize::from(column));
            let key_column = target.columns.get(usize::from(key_column));
            let (Some(column), Some(key_column)) = (column, key_column) else {
                return Err(refuse(&subject, "it names a column that the table does not have"));
            };
            check_reference_types(&subject, column, key_column)?;
        }
        if !table.indexes.iter().any(|index| index.columns == reference.columns) {
            return Err(refuse(&subject, "the referring columns need an index of their own"));
        }
        if table.durability > target.durability {
            let problem = format!(
                "`{target_name}` is less durable: after a restart its rows may be gone, and those of `{}` not",
                table.name
            );
            return Err(refuse(&subject, problem));
        }
        Ok(())
    }
}

/// A referring column has its key column's type, or is an option of it.
fn check_reference_types(
    subject: &str,
    column: &ColumnSchema,
    key: &ColumnSchema,
) -> Result<(), SchemaError> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only an option wraps the type of a key")]
    let inner = match &column.ty {
        ColumnType::Option(inner) => inner,
        other => other,
    };
    if *inner == key.ty {
        return Ok(());
    }
    let problem =
        format!("column `{}` is {}, the key column `{}` is {}", column.name, column.ty, key.name, key.ty);
    Err(refuse(subject, problem))
}

impl TableSchema {
    fn check(&self) -> Result<(), SchemaError> {
        let subject = format!("table `{}`", self.name);
        at_most(&subject, "columns", self.columns.len(), limits::COLUMNS_MAX)?;
        at_most(&subject, "indexes", self.indexes.len(), limits::INDEXES_MAX)?;
        check_names(&format!("{subject}, column"), self.columns.iter().map(|column| &column.name))?;
        check_names(&format!("{subject}, index"), self.indexes.iter().map(|index| &index.name))?;
        for column in &self.columns {
            let subject = format!("{subject}, column `{}`", column.name);
            check_type(&column.ty).map_err(|problem| refuse(&subject, problem))?;
            if column.auto_inc && !column.ty.is_integer() {
                return Err(refuse(&subject, format!("auto_inc needs an integer, not {}", column.ty)));
            }
            if let Some(quantize) = &column.quantize {
                quantize.check(&column.ty).map_err(|problem| refuse(&subject, problem))?;
            }
            if let Some(default) = &column.default {
                let field = Field { name: String::new(), ty: column.ty.clone() };
                validate_row(&RowLayout::new(&[field]), default)
                    .map_err(|error| refuse(&subject, format!("its default is no {}: {error}", column.ty)))?;
            }
        }
        let quantised = self.columns.iter().filter(|column| column.quantize.is_some()).count();
        self.priority.check(self).map_err(|problem| refuse(&subject, problem))?;
        at_most(&subject, "quantised columns", quantised, limits::QUANTIZED_COLUMNS_MAX)?;
        let renamed = |column: &ColumnSchema| column.renamed_from.clone();
        check_renames(
            &subject,
            "column",
            self.columns.iter().map(|column| (&*column.name, renamed(column))),
        )?;
        if fields_size(&self.fields()) > limits::ROW_FIXED_BYTES_MAX {
            return Err(refuse(
                &subject,
                format!("its fixed part exceeds {} bytes", limits::ROW_FIXED_BYTES_MAX),
            ));
        }
        self.indexes.iter().try_for_each(|index| self.check_index(index))?;
        self.check_disclosure()?;
        match self.primary {
            Some(_) if self.primary_index().is_none_or(|index| !index.unique) => {
                Err(refuse(&subject, "the primary key names no unique index"))
            }
            _ => Ok(()),
        }
    }

    fn check_index(&self, index: &IndexSchema) -> Result<(), SchemaError> {
        let subject = format!("table `{}`, index `{}`", self.name, index.name);
        if index.columns.is_empty() {
            return Err(refuse(&subject, "it has no columns"));
        }
        let mut seen = HashSet::new();
        for &column in &index.columns {
            let Some(column_schema) = self.columns.get(usize::from(column)) else {
                return Err(refuse(&subject, format!("the table has no column {column}")));
            };
            if !seen.insert(column) {
                return Err(refuse(&subject, format!("column `{}` occurs twice", column_schema.name)));
            }
            let ty = &column_schema.ty;
            match index.kind {
                IndexKind::Ordered if !is_orderable(ty) => {
                    return Err(refuse(&subject, format!("{ty} has no order; use a hash index")));
                }
                IndexKind::Spatial { .. } if !ty.is_position() => {
                    return Err(refuse(
                        &subject,
                        format!("a spatial index needs Vec2, Vec3, DVec2 or DVec3, not {ty}"),
                    ));
                }
                IndexKind::Hash | IndexKind::Ordered | IndexKind::Spatial { .. } => {}
            }
        }
        match index.kind {
            IndexKind::Spatial { cell } if !(cell.is_finite() && cell > 0.0) => {
                Err(refuse(&subject, "the cell size must be a positive number"))
            }
            IndexKind::Spatial { .. } if index.columns.len() != 1 || index.unique => {
                Err(refuse(&subject, "a spatial index has one column and is not unique"))
            }
            IndexKind::Hash | IndexKind::Ordered | IndexKind::Spatial { .. } => Ok(()),
        }
    }
}

impl ReducerSchema {
    fn check(&self) -> Result<(), SchemaError> {
        let subject = format!("reducer `{}`", self.name);
        at_most(&subject, "parameters", self.params.len(), limits::COLUMNS_MAX)?;
        check_names(&format!("{subject}, parameter"), self.params.iter().map(|param| &param.name))?;
        for param in &self.params {
            check_type(&param.ty)
                .map_err(|problem| refuse(&format!("{subject}, parameter `{}`", param.name), problem))?;
        }
        if fields_size(&self.params) > limits::ROW_FIXED_BYTES_MAX {
            return Err(refuse(
                &subject,
                format!("its parameters exceed {} bytes", limits::ROW_FIXED_BYTES_MAX),
            ));
        }
        match self.lifecycle {
            Lifecycle::Call => Ok(()),
            Lifecycle::Tick { every_us } if every_us < 1_000 => {
                Err(refuse(&subject, "a tick is at least 1 ms"))
            }
            _ if !self.params.is_empty() => {
                Err(refuse(&subject, "only reducers that clients call have parameters"))
            }
            Lifecycle::Init
            | Lifecycle::ClientConnected
            | Lifecycle::ClientDisconnected
            | Lifecycle::Tick { .. } => Ok(()),
        }
    }
}

/// Whether an ordered index can take the type: numbers, text, bytes, ids, moments and plain enums.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other types are scalars, ids or text")]
fn is_orderable(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Option(_) | ColumnType::Vec(_) | ColumnType::Struct(_) => false,
        ColumnType::Enum(enumeration) => !enumeration.has_payload(),
        ColumnType::Vec2
        | ColumnType::Vec3
        | ColumnType::Vec4
        | ColumnType::Quat
        | ColumnType::DVec2
        | ColumnType::DVec3
        | ColumnType::IVec2
        | ColumnType::IVec3 => false,
        _ => true,
    }
}

pub(crate) fn refuse(subject: &str, problem: impl Into<String>) -> SchemaError {
    SchemaError { subject: subject.into(), problem: problem.into() }
}

pub(crate) fn at_most(subject: &str, what: &str, count: usize, max: usize) -> Result<(), SchemaError> {
    if count <= max {
        return Ok(());
    }
    Err(refuse(subject, format!("it has {count} {what}; at most {max} are possible")))
}

fn check_names<'a>(subject: &str, names: impl Iterator<Item = &'a String>) -> Result<(), SchemaError> {
    distinct_names(names.map(String::as_str))
        .map_err(|wrong| refuse(&format!("{subject} `{}`", wrong.name), wrong.problem))
}

/// Refuses an old name that is still in use, and one that two things claim.
fn check_renames<'a>(
    subject: &str,
    what: &str,
    names: impl Iterator<Item = (&'a str, Option<String>)> + Clone,
) -> Result<(), SchemaError> {
    let mut claimed: HashSet<String> = names.clone().map(|(name, _)| name.to_owned()).collect();
    for (name, old) in names.filter_map(|(name, old)| Some((name, old?))) {
        if !claimed.insert(old.clone()) {
            let problem = format!("{what} `{name}` was `{old}`, and so is or was another {what}");
            return Err(refuse(subject, problem));
        }
    }
    Ok(())
}
