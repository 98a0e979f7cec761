//! A module's tables and reducers, checked.

use std::collections::HashSet;

use crate::layout::RowLayout;
use crate::limits;
use crate::names::distinct_names;
use crate::type_check::check_type;
use crate::types::{ColumnType, Field, fields_size};

/// The tables and reducers of a module. Table and reducer ids are positions in these lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// In the order of their ids.
    pub tables: Vec<TableSchema>,
    /// In the order of their ids.
    pub reducers: Vec<ReducerSchema>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// `snake_case`.
    pub name: String,
    /// Whether clients may subscribe to it.
    pub public: bool,
    /// In declared order.
    pub columns: Vec<ColumnSchema>,
    /// In the order of their ids.
    pub indexes: Vec<IndexSchema>,
    /// Id of the index of the primary key: unique, hash or ordered.
    pub primary: Option<u16>,
    /// The author's comment, for generated code.
    pub doc: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSchema {
    /// `snake_case`.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// Whether the store fills in the next number when the column is inserted as 0.
    pub auto_inc: bool,
    /// The author's comment, for generated code.
    pub doc: String,
}

/// One index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexSchema {
    /// `snake_case`, unique in its table. By default the columns' names joined by `_`.
    pub name: String,
    /// Column positions, in the order of the index.
    pub columns: Vec<u16>,
    /// What it can answer.
    pub kind: IndexKind,
    /// Whether two rows may not share a key.
    pub unique: bool,
}

/// What an index can answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IndexKind {
    /// Equality of all its columns.
    Hash,
    /// Equality of its first columns, then a range, in order.
    Ordered,
    /// Everything near a point. One position column.
    Spatial {
        /// Edge of a grid cell in world units; best near the usual query radius.
        cell: f32,
    },
}

/// One reducer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReducerSchema {
    /// `snake_case`.
    pub name: String,
    /// Its parameters, a row.
    pub params: Vec<Field>,
    /// Who calls it.
    pub lifecycle: Lifecycle,
    /// The author's comment, for generated code.
    pub doc: String,
}

/// Who calls a reducer, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Clients call it by name.
    Call,
    /// The server, once, when the database is new.
    Init,
    /// The server, when a client has connected.
    ClientConnected,
    /// The server, when a client has gone.
    ClientDisconnected,
    /// The server, at a fixed rate.
    Tick {
        /// Microseconds from one tick to the next, at least 1,000.
        every_us: u64,
    },
}

/// Why a schema is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{subject}: {problem}")]
pub struct SchemaError {
    /// The table, column, index or reducer.
    pub subject: String,
    /// What is wrong with it and what is possible.
    pub problem: String,
}

impl Eq for IndexKind {}
impl Eq for IndexSchema {}

impl Schema {
    /// The table of this name and its id.
    pub fn table(&self, name: &str) -> Option<(u16, &TableSchema)> {
        (0..).zip(&self.tables).find(|(_, table)| table.name == name)
    }

    /// The reducer of this name and its id.
    pub fn reducer(&self, name: &str) -> Option<(u16, &ReducerSchema)> {
        (0..).zip(&self.reducers).find(|(_, reducer)| reducer.name == name)
    }

    /// Refuses what no part of Ambit could work with: bad names, limits exceeded, impossible indexes.
    pub fn check(&self) -> Result<(), SchemaError> {
        at_most("the module", "tables", self.tables.len(), limits::TABLES_MAX)?;
        at_most("the module", "reducers", self.reducers.len(), limits::REDUCERS_MAX)?;
        check_names("table", self.tables.iter().map(|table| &table.name))?;
        check_names("reducer", self.reducers.iter().map(|reducer| &reducer.name))?;
        self.tables.iter().try_for_each(TableSchema::check)?;
        // One commit says that the world was made. With two reducers half a world could pass for one.
        let inits = self.reducers.iter().filter(|reducer| reducer.lifecycle == Lifecycle::Init).count();
        at_most("the module", "init reducers", inits, 1)?;
        self.reducers.iter().try_for_each(ReducerSchema::check)
    }
}

impl TableSchema {
    /// The columns as fields.
    pub fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|column| Field { name: column.name.clone(), ty: column.ty.clone() }).collect()
    }

    /// Where the columns of a row lie.
    pub fn layout(&self) -> RowLayout {
        RowLayout::new(&self.fields())
    }

    /// The position of the column of this name.
    pub fn column(&self, name: &str) -> Option<(u16, &ColumnSchema)> {
        (0..).zip(&self.columns).find(|(_, column)| column.name == name)
    }

    /// The index of the primary key.
    pub fn primary_index(&self) -> Option<&IndexSchema> {
        self.primary.and_then(|index| self.indexes.get(usize::from(index)))
    }

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
        }
        if fields_size(&self.fields()) > limits::ROW_FIXED_BYTES_MAX {
            return Err(refuse(
                &subject,
                format!("its fixed part exceeds {} bytes", limits::ROW_FIXED_BYTES_MAX),
            ));
        }
        self.indexes.iter().try_for_each(|index| self.check_index(index))?;
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
    /// Where the parameters lie in the row of arguments.
    pub fn layout(&self) -> RowLayout {
        RowLayout::new(&self.params)
    }

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

fn refuse(subject: &str, problem: impl Into<String>) -> SchemaError {
    SchemaError { subject: subject.into(), problem: problem.into() }
}

fn at_most(subject: &str, what: &str, count: usize, max: usize) -> Result<(), SchemaError> {
    if count <= max {
        return Ok(());
    }
    Err(refuse(subject, format!("it has {count} {what}; at most {max} are possible")))
}

fn check_names<'a>(subject: &str, names: impl Iterator<Item = &'a String>) -> Result<(), SchemaError> {
    distinct_names(names.map(String::as_str))
        .map_err(|wrong| refuse(&format!("{subject} `{}`", wrong.name), wrong.problem))
}
