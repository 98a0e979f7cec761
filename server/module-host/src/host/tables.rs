//! Which table of which store a guest's table id names: one of the module's, or, while a migration runs, one of those
//! that it reads as they were.

use ambit_model::{ColumnType, Field, IndexSchema, MigrationSchema, RowLayout, Schema, TableSchema};
use ambit_module_abi::ErrorCode;
use ambit_store::Store;

use super::Host;
use super::refusal::{Refusal, to_id};

/// What is computed once about the tables that a module uses.
#[derive(Default)]
pub(crate) struct Tables {
    /// The store's id of each of the module's tables: a database's tables keep their ids when a later module
    /// numbers its own differently.
    ids: Vec<u16>,
    /// In the order of the store's ids.
    pub(super) keys: Vec<TableKeys>,
}

/// How to take index keys out of a table's rows.
pub(super) struct TableKeys {
    pub layout: RowLayout,
    /// Of each index: its columns and the layout of its keys.
    pub indexes: Vec<(Vec<u16>, RowLayout)>,
}

/// The database as it was before a migration, and the tables of it that the migration reads. Empty between migrations.
#[derive(Default)]
pub(crate) struct Former {
    pub store: Store,
    pub tables: FormerTables,
}

/// In the order of the migration's `reads`.
#[derive(Default)]
pub(crate) struct FormerTables(Vec<FormerTable>);

struct FormerTable {
    id: u16,
    /// The store's id of each index that the migration declares.
    indexes: Vec<u16>,
}

/// A table that a guest's id names, to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// By the store's id.
    Current(u16),
    /// By the former store's id.
    Former(u16),
}

impl Tables {
    /// Finds the module's tables in the store by name; says which one is missing.
    pub fn new(module: &Schema, store: &Schema) -> Result<Self, String> {
        let id = |table: &TableSchema| {
            let found = store.table(&table.name).map(|(id, _)| id);
            found.ok_or_else(|| format!("the database has no table `{}`", table.name))
        };
        let ids = module.tables.iter().map(id).collect::<Result<_, _>>()?;
        let keys = |table: &TableSchema| {
            let layout = table.layout();
            let of_index = |columns: &Vec<u16>| (columns.clone(), layout.of_columns(columns));
            let indexes = table.indexes.iter().map(|index| of_index(&index.columns)).collect();
            TableKeys { layout, indexes }
        };
        Ok(Self { ids, keys: store.tables.iter().map(keys).collect() })
    }
}

impl FormerTables {
    /// Finds what the migration reads by name; says what is not as the migration declares it.
    pub fn find(migration: &MigrationSchema, former: &Schema) -> Result<Self, String> {
        let tables = migration.reads.iter().map(|table| FormerTable::find(table, former));
        let found = tables.collect::<Result<_, _>>().map(Self);
        found.map_err(|problem| format!("the migration `{}` {problem}", migration.name))
    }
}

impl FormerTable {
    fn find(declared: &TableSchema, former: &Schema) -> Result<Self, String> {
        let name = &declared.name;
        let Some((id, found)) = former.table(name) else {
            return Err(format!("reads the table `{name}`, which the database never had"));
        };
        same_columns(declared, found)?;
        let indexes = declared.indexes.iter().map(|index| {
            let is_same = |other: &IndexSchema| {
                let same_kind = std::mem::discriminant(&index.kind) == std::mem::discriminant(&other.kind);
                same_kind && index.columns == other.columns && index.unique == other.unique
            };
            let position = found.indexes.iter().position(is_same);
            position.and_then(|position| u16::try_from(position).ok()).ok_or_else(|| {
                let index = &index.name;
                format!(
                    "asks the index `{index}` of the table `{name}`, which had no such index in the database"
                )
            })
        });
        Ok(Self { id, indexes: indexes.collect::<Result<_, _>>()? })
    }
}

/// Names the first column in which two descriptions of a table differ: its rows would be misread.
fn same_columns(declared: &TableSchema, found: &TableSchema) -> Result<(), String> {
    let name = &declared.name;
    let count = declared.columns.len().max(found.columns.len());
    for position in 0..count {
        match (declared.columns.get(position), found.columns.get(position)) {
            (Some(column), Some(other)) if column.name != other.name => {
                let (column, other) = (&column.name, &other.name);
                return Err(format!(
                    "reads the table `{name}` with the column `{column}` where the database had `{other}`"
                ));
            }
            (Some(column), Some(other)) if !is_same_type(&column.ty, &other.ty) => {
                let (column, ty, other) = (&column.name, &column.ty, &other.ty);
                return Err(format!(
                    "reads the column `{column}` of the table `{name}` as {ty}; in the database it was {other}"
                ));
            }
            (Some(column), None) => {
                return Err(format!(
                    "reads the column `{}` of the table `{name}`, which had no such column",
                    column.name
                ));
            }
            (None, Some(other)) => {
                return Err(format!("reads the table `{name}` without its last column `{}`", other.name));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    Ok(())
}

/// Whether values of both types are the same bytes with the same meaning. What a struct or an enum is called does not
/// matter: a module cannot give the old one the name of the new one.
fn is_same_type(declared: &ColumnType, found: &ColumnType) -> bool {
    use ColumnType as T;
    let same_fields = |these: &[Field], those: &[Field]| {
        these.len() == those.len()
            && these.iter().zip(those).all(|(a, b)| a.name == b.name && is_same_type(&a.ty, &b.ty))
    };
    match (declared, found) {
        (T::Option(a), T::Option(b)) | (T::Vec(a), T::Vec(b)) => is_same_type(a, b),
        (T::Struct(a), T::Struct(b)) => same_fields(&a.fields, &b.fields),
        (T::Enum(a), T::Enum(b)) => {
            a.variants.len() == b.variants.len()
                && a.variants
                    .iter()
                    .zip(&b.variants)
                    .all(|(a, b)| a.name == b.name && same_fields(&a.fields, &b.fields))
        }
        (a, b) => a == b,
    }
}

/// The rows behind a source.
#[inline]
pub(super) fn rows_of<'a>(current: &'a Store, former: &'a Former, source: Source) -> (&'a Store, u16) {
    match source {
        Source::Current(table) => (current, table),
        Source::Former(table) => (&former.store, table),
    }
}

impl Host {
    /// The store's id of a table that the guest wants to change.
    #[inline]
    pub(super) fn table(&self, table: u32) -> Result<u16, Refusal> {
        self.tables.ids.get(table as usize).copied().ok_or_else(|| self.no_table_to_write(table))
    }

    /// The table that the guest wants to read.
    #[inline]
    pub(super) fn source(&self, table: u32) -> Result<Source, Refusal> {
        match self.tables.ids.get(table as usize) {
            Some(&id) => Ok(Source::Current(id)),
            None => self.former_table(table).map(|found| Source::Former(found.id)),
        }
    }

    /// The table that the guest wants to read, and the store's id of the index by which it does so.
    #[inline]
    pub(super) fn source_and_index(&self, table: u32, index: u32) -> Result<(Source, u16), Refusal> {
        if let Some(&id) = self.tables.ids.get(table as usize) {
            return Ok((Source::Current(id), to_id(index)?));
        }
        let found = self.former_table(table)?;
        match found.indexes.get(index as usize) {
            Some(&index) => Ok((Source::Former(found.id), index)),
            None => Err(Refusal::bad_index(&self.former.store, found.id, index)),
        }
    }

    fn former_table(&self, table: u32) -> Result<&FormerTable, Refusal> {
        let position = (table as usize).checked_sub(self.tables.ids.len());
        position
            .and_then(|position| self.former.tables.0.get(position))
            .ok_or_else(|| Refusal::bad_table(table))
    }

    #[cold]
    fn no_table_to_write(&self, table: u32) -> Refusal {
        let Ok(found) = self.former_table(table) else { return Refusal::bad_table(table) };
        let schema = self.former.store.schema();
        let name = schema.tables.get(usize::from(found.id)).map_or("?", |table| &table.name);
        let text = format!("the table `{name}` as it was before the migration can only be read");
        Refusal::code(ErrorCode::BadTable, &text)
    }

    /// The names of a table and an index, as far as the guest's ids name any.
    pub(super) fn names(&self, table: u32, index: u32) -> (&str, &str) {
        let Ok((source, index)) = self.source_and_index(table, index) else { return ("", "") };
        let (store, table) = rows_of(&self.store, &self.former, source);
        let table = store.schema().tables.get(usize::from(table));
        let index = table.and_then(|table| table.indexes.get(usize::from(index)));
        (table.map_or("", |table| &table.name), index.map_or("", |index| &index.name))
    }
}
