//! A module's tables and reducers. What of them is possible is `schema_check`'s business.

use crate::layout::RowLayout;
use crate::motion::MotionLayout;
use crate::priority::Priority;
use crate::quantize::Quantize;
use crate::types::{ColumnType, Field};

/// The tables and reducers of a module. Table and reducer ids are positions in these lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Counts the shapes that only a migration function leads to: one more than the highest
    /// [`MigrationSchema::from`] of the module, 0 for a module that never had one.
    pub version: u32,
    /// In the order of their ids.
    pub tables: Vec<TableSchema>,
    /// In the order of their ids.
    pub reducers: Vec<ReducerSchema>,
    /// The module's own migrations, in the order of their ids. A database's schema has none.
    pub migrations: Vec<MigrationSchema>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableSchema {
    /// `snake_case`.
    pub name: String,
    /// Whether clients may subscribe to it.
    pub public: bool,
    /// Which rows a client may see, each in SQL: a condition, or JOIN … WHERE …. A row is visible if one of the rules shows it; without
    /// rules every row of a public table is.
    pub visible: Vec<String>,
    /// What its rows are worth to clients with a budget.
    pub priority: Priority,
    /// What of it survives a restart.
    pub durability: Durability,
    /// In declared order.
    pub columns: Vec<ColumnSchema>,
    /// In the order of their ids.
    pub indexes: Vec<IndexSchema>,
    /// Id of the index of the primary key: unique, hash or ordered.
    pub primary: Option<u16>,
    /// Columns that name rows of other tables.
    pub references: Vec<ReferenceSchema>,
    /// The name that the table had in an earlier module. A database's schema has none.
    pub renamed_from: Option<String>,
    /// The author's comment, for generated code.
    pub doc: String,
}

/// What of a table survives a restart of the server. All tables are transactional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Durability {
    /// Nothing: the table is empty afterwards.
    Ephemeral,
    /// The rows of the last snapshot: changes are not logged.
    Checkpointed,
    /// Everything: every change is logged.
    #[default]
    Durable,
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
    /// Whether only the module sees its values: no client is told of them.
    pub private: bool,
    /// What the column holds in rows that are older than itself: a row of this one column.
    pub default: Option<Vec<u8>>,
    /// The name that the column had in an earlier module. A database's schema has none.
    pub renamed_from: Option<String>,
    /// How it travels to clients while it changes, if not as it is.
    pub quantize: Option<Quantize>,
    /// The author's comment, for generated code.
    pub doc: String,
}

/// Columns whose values are the primary key of a row of another table; a row of which one is absent names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceSchema {
    /// Positions of the columns, in the order of the other table's key. A table has an index of just these columns, in
    /// this order.
    pub columns: Vec<u16>,
    /// Name of the other table; it may be the same one.
    pub table: String,
    /// What becomes of the rows that name a row which is deleted.
    pub on_delete: OnDelete,
}

/// What becomes of the rows that name a row which is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// They forbid it.
    Restrict,
    /// They are deleted with it.
    Cascade,
}

/// A function of the module that brings a database of an older version to the module's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationSchema {
    /// The function's name.
    pub name: String,
    /// The [`Schema::version`] of the databases that it takes.
    pub from: u32,
    /// Tables as they were in such a database, as far as the function reads them. Their ids follow those of the
    /// module's tables.
    pub reads: Vec<TableSchema>,
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

impl ColumnSchema {
    /// A plain column.
    pub fn new(name: impl Into<String>, ty: ColumnType) -> Self {
        Self {
            name: name.into(),
            ty,
            auto_inc: false,
            private: false,
            default: None,
            renamed_from: None,
            quantize: None,
            doc: String::new(),
        }
    }
}

impl Schema {
    /// The table of this name and its id.
    pub fn table(&self, name: &str) -> Option<(u16, &TableSchema)> {
        (0..).zip(&self.tables).find(|(_, table)| table.name == name)
    }

    /// The reducer of this name and its id.
    pub fn reducer(&self, name: &str) -> Option<(u16, &ReducerSchema)> {
        (0..).zip(&self.reducers).find(|(_, reducer)| reducer.name == name)
    }
}

impl TableSchema {
    /// The columns as fields.
    pub fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|column| Field { name: column.name.clone(), ty: column.ty.clone() }).collect()
    }

    /// Its quantised columns.
    pub fn motion(&self) -> MotionLayout {
        MotionLayout::new(self)
    }

    /// Where the columns of a row lie.
    pub fn layout(&self) -> RowLayout {
        RowLayout::new(&self.fields())
    }

    /// The position of the column of this name.
    pub fn column(&self, name: &str) -> Option<(u16, &ColumnSchema)> {
        (0..).zip(&self.columns).find(|(_, column)| column.name == name)
    }

    /// The columns that only the module sees, as a mask.
    pub fn private_columns(&self) -> u64 {
        (0..64).zip(&self.columns).fold(0, |mask, (place, column)| mask | u64::from(column.private) << place)
    }

    /// The columns that clients may see, as a mask. Bits behind the last column are set.
    pub fn visible_columns(&self) -> u64 {
        !self.private_columns()
    }

    /// The index of the primary key.
    pub fn primary_index(&self) -> Option<&IndexSchema> {
        self.primary.and_then(|index| self.indexes.get(usize::from(index)))
    }
}

impl ReducerSchema {
    /// Where the parameters lie in the row of arguments.
    pub fn layout(&self) -> RowLayout {
        RowLayout::new(&self.params)
    }
}
