//! From one schema to another: what becomes of every table, as a function of the two schemas alone, and how a store
//! carries it out and takes it back (docs/formats/migration.md). Functions of a module that move rows themselves are
//! the engine's business.

mod plan;
mod words;

pub(crate) mod convert;

mod apply;
mod build;
mod check;

mod error;

use ambit_model::{Schema, TableSchema};

pub use apply::Former;
pub use error::{DanglingReferences, Duplicates, Group, MigrateError, ValueError};
pub use plan::plan;

use crate::store::Store;

/// What becomes of the tables of a database under a new schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// One entry per table of the new schema, in the order of their ids.
    pub tables: Vec<TablePlan>,
    /// Ids of the old tables of which nothing remains.
    pub dropped: Vec<u16>,
    /// What is different, in the order of the new tables, then of the dropped ones.
    pub changes: Vec<Change>,
}

/// Where a table of the new schema comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TablePlan {
    /// Its rows and indexes are those of an old table.
    Kept {
        /// The old table's id.
        from: u16,
    },
    /// It is new and empty.
    Created,
    /// Its rows are made from those of an old table, in the same slots.
    Converted {
        /// The old table's id.
        from: u16,
        /// Where each column comes from.
        columns: Vec<ColumnSource>,
    },
    /// It begins empty, although there is an old table: only a function of the module can make its rows.
    Replaced {
        /// The old table's id.
        from: u16,
        /// What cannot be converted.
        why: String,
    },
}

/// Where a column of a converted table comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnSource {
    /// A column of the old table.
    Column(u16),
    /// Every row gets the same value: a row of this one column.
    Default(Vec<u8>),
}

/// One difference between two schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table's name in the new schema; that in the old one if it is dropped.
    pub table: String,
    /// The old table's id, unless the table is new.
    pub from: Option<u16>,
    /// What kind of difference.
    pub what: ChangeWhat,
    /// What it means for the rows.
    pub effect: Effect,
    /// The difference in words, to be read after the table's name.
    pub text: String,
}

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each name says it")]
pub enum ChangeWhat {
    TableCreated,
    TableDropped,
    TableRenamed,
    ColumnAdded,
    ColumnRemoved,
    ColumnRenamed,
    ColumnMoved,
    ColumnType,
    AutoInc,
    Quantize,
    Priority,
    Index,
    PrimaryKey,
    Reference,
    Durability,
    Visibility,
}

/// What a change means for the rows, from harmless to impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// They stay as they are.
    Nothing,
    /// The table is built anew from them.
    Rebuild,
    /// Something of them is lost.
    Destructive,
    /// They cannot be converted: the table begins empty, and a function of the module has to fill it.
    Refused,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "table `{}`: {}", self.table, self.text)
    }
}

impl Plan {
    /// Whether every table is as before, under the same id. Comments may differ.
    pub fn is_same(&self) -> bool {
        let in_place = (0..).zip(&self.tables).all(|(id, table)| *table == TablePlan::Kept { from: id });
        in_place && self.changes.is_empty() && self.dropped.is_empty()
    }

    /// Whether no table needs a function of the module.
    pub fn is_automatic(&self) -> bool {
        !self.changes.iter().any(|change| change.effect == Effect::Refused)
    }

    /// For a plan with a function of the module: what it reads of old tables is not lost.
    #[must_use]
    pub fn read_by_function(mut self, old: &Schema, reads: &[TableSchema]) -> Self {
        let is_read = |id: u16| {
            let table = old.tables.get(usize::from(id));
            table.is_some_and(|table| reads.iter().any(|read| read.name == table.name))
        };
        for change in &mut self.changes {
            if change.effect == Effect::Destructive && change.from.is_some_and(is_read) {
                change.effect = Effect::Rebuild;
                change.text += ", after the migration function has read it";
            }
        }
        self
    }

    /// The same plan, but old tables that a function of the module reads stay in [`Former`]: the rows that would have moved
    /// are copied, into the same slots.
    #[must_use]
    pub fn copying(&self, old: &Schema, reads: &[TableSchema]) -> Self {
        let copied = |table: &TablePlan| match table {
            TablePlan::Kept { from } => {
                let former = old.tables.get(usize::from(*from))?;
                let is_read = reads.iter().any(|table| table.name == former.name);
                let columns = (0..).zip(&former.columns).map(|(column, _)| ColumnSource::Column(column));
                is_read.then(|| TablePlan::Converted { from: *from, columns: columns.collect() })
            }
            TablePlan::Created | TablePlan::Converted { .. } | TablePlan::Replaced { .. } => None,
        };
        let tables = self.tables.iter().map(|table| copied(table).unwrap_or_else(|| table.clone()));
        Self { tables: tables.collect(), ..self.clone() }
    }

    /// Whether rows, or parts of them, are lost.
    pub fn is_destructive(&self) -> bool {
        self.changes.iter().any(|change| change.effect == Effect::Destructive)
    }

    /// The new id of the table that holds every column of an old one in its place and every row in its slot. Types may
    /// still differ.
    pub fn successor(&self, old: u16) -> Option<u16> {
        let holds = |table: &TablePlan| match table {
            TablePlan::Kept { from } => *from == old,
            TablePlan::Converted { from, columns } => {
                let in_place = |(place, column): (u16, &ColumnSource)| *column == ColumnSource::Column(place);
                *from == old && (0..).zip(columns).all(in_place)
            }
            TablePlan::Created | TablePlan::Replaced { .. } => false,
        };
        (0..).zip(&self.tables).find(|(_, table)| holds(table)).map(|(id, _)| id)
    }

    /// How many rows are to be converted.
    pub fn rows_rebuilt(&self, store: &Store) -> u64 {
        let converted = |table: &TablePlan| match table {
            TablePlan::Converted { from, .. } => store.count(*from) as u64,
            TablePlan::Kept { .. } | TablePlan::Created | TablePlan::Replaced { .. } => 0,
        };
        self.tables.iter().map(converted).sum()
    }
}

impl TablePlan {
    /// The id of the old table that the table continues.
    pub fn from(&self) -> Option<u16> {
        match self {
            Self::Kept { from } | Self::Converted { from, .. } | Self::Replaced { from, .. } => Some(*from),
            Self::Created => None,
        }
    }
}

/// A module's schema as a database keeps it: without old names and migrations, which are for one publish alone.
pub fn settled(schema: &Schema) -> Schema {
    let mut settled = schema.clone();
    settled.migrations.clear();
    for table in &mut settled.tables {
        table.renamed_from = None;
        table.columns.iter_mut().for_each(|column| column.renamed_from = None);
    }
    settled
}
