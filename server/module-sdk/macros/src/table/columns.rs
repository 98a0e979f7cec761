//! The columns of a table with what their attributes say, and the indexes that come of it.

use syn::{Attribute, Error, Result};

use super::attribute::ColumnAttribute;
use super::quantize::COLUMNS_MAX;
use super::{ColumnModel, IndexModel, Kind, ReferenceModel};

/// What the attributes of the columns say, and then those of the table.
#[derive(Default)]
pub struct Columns {
    pub columns: Vec<ColumnModel>,
    pub indexes: Vec<IndexModel>,
    pub primary: Option<usize>,
    pub references: Vec<ReferenceModel>,
    /// Position of the column that says what a row is worth.
    pub priority: Option<usize>,
}

/// Names that the handle of every table already has.
const TAKEN_NAMES: [&str; 13] = [
    "insert",
    "try_insert",
    "insert_all",
    "find",
    "update",
    "try_update",
    "update_all",
    "patch",
    "delete",
    "try_delete",
    "iter",
    "count",
    "clone",
];

/// Names that every patch already has.
const TAKEN_BY_PATCH: [&str; 2] = ["apply", "try_apply"];

impl Columns {
    /// Takes the attributes that are the macro's own from the field.
    pub fn add_column(&mut self, field: &mut syn::Field, strict: bool) -> Result<()> {
        let Some(name) = field.ident.clone() else { return Ok(()) };
        if TAKEN_BY_PATCH.contains(&name.to_string().as_str()) {
            let text = format!("every patch has its own `{name}`; choose another name");
            return Err(Error::new(name.span(), text));
        }
        self.columns.push(ColumnModel {
            name,
            visibility: field.vis.clone(),
            ty: field.ty.clone(),
            auto_inc: false,
            private: false,
            default: None,
            renamed_from: None,
            quantize: None,
            doc: crate::doc::of(&field.attrs),
        });
        let first_index = self.indexes.len();
        for attribute in std::mem::take(&mut field.attrs) {
            match ColumnAttribute::read(&attribute, strict)? {
                Some(known) => self.add_attribute(known, &attribute, first_index)?,
                None => field.attrs.push(attribute),
            }
        }
        Ok(())
    }

    /// Takes an attribute of the last column, whose indexes begin at `first_index`.
    fn add_attribute(
        &mut self,
        known: ColumnAttribute,
        attribute: &Attribute,
        first_index: usize,
    ) -> Result<()> {
        let position = self.columns.len().saturating_sub(1);
        let quantised = self.columns.iter().filter(|column| column.quantize.is_some()).count();
        let Some(column) = self.columns.last_mut() else { return Ok(()) };
        let twice = || Error::new_spanned(attribute, "this attribute stands here twice");
        let (kind, unique) = match known {
            ColumnAttribute::AutoInc => {
                column.auto_inc = true;
                return Ok(());
            }
            ColumnAttribute::Private => {
                column.private = true;
                return Ok(());
            }
            ColumnAttribute::Default(value) => {
                return column.default.replace(*value).map_or(Ok(()), |_| Err(twice()));
            }
            ColumnAttribute::RenamedFrom(old) => {
                return column.renamed_from.replace(old).map_or(Ok(()), |_| Err(twice()));
            }
            ColumnAttribute::Priority => {
                return match self.priority.replace(position) {
                    None => Ok(()),
                    Some(_) => Err(Error::new_spanned(
                        attribute,
                        "one column of a table is the priority of its rows",
                    )),
                };
            }
            ColumnAttribute::Quantize(quantize) => {
                if column.quantize.replace(quantize).is_some() {
                    return Err(twice());
                }
                if quantised == COLUMNS_MAX {
                    let text = format!("a table has at most {COLUMNS_MAX} quantised columns");
                    return Err(Error::new_spanned(attribute, text));
                }
                return Ok(());
            }
            ColumnAttribute::References { table, on_delete } => {
                if self.references.iter().any(|reference| reference.columns == [position]) {
                    return Err(twice());
                }
                let index_name = column.name.clone();
                self.references.push(ReferenceModel {
                    columns: vec![position],
                    table,
                    on_delete,
                    index_name,
                });
                return Ok(());
            }
            ColumnAttribute::PrimaryKey(kind) => {
                if self.primary.replace(self.indexes.len()).is_some() {
                    return Err(Error::new_spanned(
                        attribute,
                        "a table has one primary key; use `#[unique]` here, or `primary_key = [first, second]` in `#[table(…)]`",
                    ));
                }
                (kind, true)
            }
            ColumnAttribute::Unique(kind) => (kind, true),
            ColumnAttribute::Index(kind) => (kind, false),
        };
        if self.indexes.len() > first_index {
            return Err(Error::new_spanned(
                attribute,
                "a column has one index of its own; a primary key is already unique, a unique column already indexed",
            ));
        }
        self.indexes.push(IndexModel { name: column.name.clone(), columns: vec![position], kind, unique });
        Ok(())
    }

    /// Clients know a row by its primary key.
    pub fn check_private(&self) -> Result<()> {
        let primary = self.primary.and_then(|primary| self.indexes.get(primary));
        let mut key = primary.into_iter().flat_map(|index| &index.columns);
        let is_private = |column: &&ColumnModel| column.private;
        match key.find_map(|&column| self.columns.get(column).filter(is_private)) {
            Some(column) => Err(Error::new(
                column.name.span(),
                "clients know a row by its primary key: a column of it cannot be private; use `#[unique]` here and \
                 another key",
            )),
            None => Ok(()),
        }
    }

    /// Adds the indexes by which the rows that name a row are found.
    pub fn index_references(&mut self) {
        for reference in &self.references {
            let finds = |index: &IndexModel| {
                index.columns == reference.columns && !matches!(index.kind, Kind::Spatial { .. })
            };
            if !self.indexes.iter().any(finds) {
                self.indexes.push(IndexModel {
                    name: reference.index_name.clone(),
                    columns: reference.columns.clone(),
                    kind: Kind::Hash,
                    unique: false,
                });
            }
        }
    }
}

pub fn check_index_names(indexes: &[IndexModel]) -> Result<()> {
    for (position, index) in indexes.iter().enumerate() {
        if TAKEN_NAMES.contains(&index.name.to_string().as_str()) {
            return Err(Error::new(
                index.name.span(),
                format!(
                    "every table has its own `{0}`; name the index otherwise: `#[table(index(name = by_{0}, hash, columns = [{0}]))]`",
                    index.name
                ),
            ));
        }
        if indexes[..position].iter().any(|earlier| earlier.name == index.name) {
            return Err(Error::new(index.name.span(), format!("another index is named `{}`", index.name)));
        }
    }
    Ok(())
}
