//! References between tables: columns that name the primary key of another table's row. Compiled from the schema once,
//! looked up through the indexes that both sides have. Tables without references have none of this on their path.

mod check;

mod cascade;
mod dangling;

mod error;

use ambit_model::{OnDelete, ReferenceSchema, RowLayout, Schema, Slot, TableSchema};

pub use dangling::Dangling;
pub use error::{ReferenceName, ReferenceViolation};

use crate::describe::describe_key;
use crate::migration::convert::{Conversion, Converter};
use crate::store::Store;

/// The references of a schema, by table.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// Empty when no table has any.
    tables: Vec<Links>,
}

/// What one table has to do with references.
#[derive(Debug, Default)]
struct Links {
    /// The references of its own rows.
    outgoing: Vec<Outgoing>,
    /// The references to its rows.
    incoming: Vec<Incoming>,
    /// The key of its rows, when somebody refers to them.
    key: Option<Converter>,
    /// Columns whose change is to be checked: those that refer and those that are referred to.
    mask: u64,
}

/// A reference, from the side of the rows that refer.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The table that is referred to.
    pub(crate) parent: u16,
    columns: Vec<u16>,
    /// The parent's primary key.
    index: u16,
    key_layout: RowLayout,
    /// From a row to the key that it names.
    key: Converter,
}

/// A reference, from the side of the rows that are referred to.
#[derive(Debug)]
struct Incoming {
    /// The table that refers, and its reference's position.
    child: u16,
    outgoing: usize,
    /// The child's index of the referring columns.
    index: u16,
    on_delete: OnDelete,
    /// From a row that is referred to, to the child's key.
    key: Converter,
}

impl References {
    pub(crate) fn new(schema: &Schema) -> Self {
        if schema.tables.iter().all(|table| table.references.is_empty()) {
            return Self::default();
        }
        let mut tables: Vec<_> = schema.tables.iter().map(|_| Links::default()).collect();
        for (child, table) in (0..).zip(&schema.tables) {
            for reference in &table.references {
                let made = link(schema, child, table, reference);
                debug_assert!(made.is_some(), "a checked schema: every reference can be followed");
                let Some((outgoing, mut incoming, parent_key, parent_mask)) = made else { continue };
                let parent = usize::from(outgoing.parent);
                if let Some(links) = tables.get_mut(usize::from(child)) {
                    links.mask |= outgoing.columns.iter().fold(0, |mask, column| mask | 1 << column);
                    incoming.outgoing = links.outgoing.len();
                    links.outgoing.push(outgoing);
                }
                if let Some(links) = tables.get_mut(parent) {
                    links.mask |= parent_mask;
                    links.key.get_or_insert(parent_key);
                    links.incoming.push(incoming);
                }
            }
        }
        Self { tables }
    }

    /// Every reference with the table whose rows it belongs to.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u16, &Outgoing)> {
        let tables = (0..).zip(&self.tables);
        tables.flat_map(|(table, links)| links.outgoing.iter().map(move |outgoing| (table, outgoing)))
    }

    /// Whether rows of the table refer to others.
    #[inline]
    pub(crate) fn refers(&self, table: u16) -> bool {
        self.links(table).is_some_and(|links| !links.outgoing.is_empty())
    }

    /// Whether others refer to rows of the table.
    #[inline]
    pub(crate) fn is_referred(&self, table: u16) -> bool {
        self.links(table).is_some_and(|links| !links.incoming.is_empty())
    }

    /// Whether a change of these columns is to be checked.
    #[inline]
    pub(crate) fn watches(&self, table: u16, mask: u64) -> bool {
        self.links(table).is_some_and(|links| links.mask & mask != 0)
    }

    #[inline]
    fn links(&self, table: u16) -> Option<&Links> {
        self.tables.get(usize::from(table))
    }
}

/// Both sides of a reference, and the key of the table that is referred to with its columns.
fn link(
    schema: &Schema,
    child_id: u16,
    child: &TableSchema,
    reference: &ReferenceSchema,
) -> Option<(Outgoing, Incoming, Converter, u64)> {
    let (parent_id, parent) = schema.table(&reference.table)?;
    let (child_layout, parent_layout) = (child.layout(), parent.layout());
    let key_columns = &parent.primary_index()?.columns;
    let key_layout = parent_layout.of_columns(key_columns);
    let child_key_layout = child_layout.of_columns(&reference.columns);
    let index = (0..).zip(&child.indexes).find(|(_, index)| index.columns == reference.columns)?.0;
    let outgoing = Outgoing {
        parent: parent_id,
        columns: reference.columns.clone(),
        index: parent.primary?,
        key: converter(&child_layout, &reference.columns, &key_layout, Conversion::unwrapped)?,
        key_layout: key_layout.clone(),
    };
    let wrapped = |from: &_, to: &_| Conversion::new(from, to, &mut Vec::new());
    let incoming = Incoming {
        child: child_id,
        outgoing: 0,
        index,
        on_delete: reference.on_delete,
        key: converter(&parent_layout, key_columns, &child_key_layout, wrapped)?,
    };
    let key = converter(&parent_layout, key_columns, &key_layout, wrapped)?;
    let mask = key_columns.iter().fold(0, |mask, column| mask | 1 << column);
    Some((outgoing, incoming, key, mask))
}

/// From some columns of a row to a row of their counterparts.
fn converter(
    layout: &RowLayout,
    columns: &[u16],
    key_layout: &RowLayout,
    conversion: impl Fn(&ambit_model::ColumnType, &ambit_model::ColumnType) -> Result<Conversion, String>,
) -> Option<Converter> {
    let mut converter = Converter::new(key_layout.fixed_bytes());
    for (&column, target) in columns.iter().zip(key_layout.columns()) {
        let source = layout.columns().get(usize::from(column))?;
        converter.column(source.offset, target.offset, conversion(&source.ty, &target.ty).ok()?);
    }
    Some(converter)
}

impl Outgoing {
    /// Writes the key that a valid row names; `false` when one of its parts is absent, and it names none.
    pub(crate) fn names(&self, row: &[u8], key: &mut Vec<u8>) -> bool {
        key.clear();
        self.key.convert(row, key).is_ok()
    }

    /// A key in words.
    pub(crate) fn describe(&self, key: &[u8]) -> String {
        describe_key(&self.key_layout, key)
    }
}

impl Store {
    /// The row that a key names.
    pub(crate) fn find_referred(&self, outgoing: &Outgoing, key: &[u8]) -> Option<Slot> {
        let parent = self.tables.get(usize::from(outgoing.parent))?;
        let index = parent.indexes.get(usize::from(outgoing.index))?;
        index.find(&parent.layout, parent.rows(), key)
    }

    /// Appends the rows that refer to a valid row of the parent.
    fn find_referrers(&self, incoming: &Incoming, parent_row: &[u8], out: &mut Vec<Slot>) {
        let mut key = Vec::new();
        let Some(child) = self.tables.get(usize::from(incoming.child)) else { return };
        let Some(index) = child.indexes.get(usize::from(incoming.index)) else { return };
        if incoming.key.convert(parent_row, &mut key).is_ok() {
            index.find_all(&child.layout, child.rows(), &key, out);
        }
    }

    /// The names of a reference's tables and columns, for errors.
    pub(crate) fn dangling(&self, child: u16, outgoing: &Outgoing) -> ReferenceName {
        let name = |table: u16| {
            self.tables.get(usize::from(table)).map_or_else(|| "?".to_owned(), |table| table.name.clone())
        };
        let columns = self.tables.get(usize::from(child)).map(|table| table.column_list(&outgoing.columns));
        ReferenceName {
            table: name(child),
            columns: columns.unwrap_or_default(),
            target: name(outgoing.parent),
        }
    }
}
