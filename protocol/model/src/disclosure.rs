//! What clients are told of a schema: private columns keep their place in a row, and nothing else.

use std::sync::Arc;

use crate::limits;
use crate::priority::Priority;
use crate::schema::{ColumnSchema, Schema, SchemaError, TableSchema};
use crate::schema_check::{at_most, refuse};
use crate::types::{ColumnType, Field, StructType};

impl Schema {
    /// The schema as clients may know it, with the same ids. A private column has neither its name, comment nor type:
    /// it is a struct of numbers of the same size and alignment. Indexes and references that name one are
    /// left out, and so is what private tables consist of, which rows rules show and what rows are worth.
    /// The same of what it gives is that again.
    pub fn for_clients(&self) -> Self {
        let tables = self.tables.iter().map(|table| table.for_clients(self)).collect();
        Self { tables, reducers: self.reducers.clone(), migrations: Vec::new(), version: self.version }
    }
}

impl TableSchema {
    fn for_clients(&self, schema: &Schema) -> Self {
        if !self.public {
            return Self { name: self.name.clone(), ..Self::default() };
        }
        let private = self.private_columns();
        let is_told = |columns: &[u16]| columns.iter().all(|column| private >> (column & 63) & 1 == 0);
        let columns = self.columns.iter().enumerate();
        let columns = columns.map(|(place, column)| match column.private {
            true => self.hidden_column(place, column),
            false => ColumnSchema { default: None, renamed_from: None, ..column.clone() },
        });
        let indexes: Vec<_> = self.indexes.iter().filter(|index| is_told(&index.columns)).cloned().collect();
        // The primary key has no private column.
        let primary = self.primary_index().and_then(|primary| {
            let place = indexes.iter().position(|index| index.name == primary.name)?;
            u16::try_from(place).ok()
        });
        let is_public = |name: &str| schema.table(name).is_some_and(|(_, table)| table.public);
        let references = self.references.iter();
        let references =
            references.filter(|reference| is_told(&reference.columns) && is_public(&reference.table));
        Self {
            columns: columns.collect(),
            primary,
            references: references.cloned().collect(),
            indexes,
            visible: Vec::new(),
            priority: Priority::default(),
            renamed_from: None,
            ..self.clone()
        }
    }

    /// What takes the place of a private column.
    fn hidden_column(&self, place: usize, column: &ColumnSchema) -> ColumnSchema {
        let mut name = format!("_private_{place}");
        while self.columns.iter().any(|other| !other.private && other.name == name) {
            name.push('_');
        }
        let ty = hidden_type(column.ty.size(), column.ty.align());
        ColumnSchema { private: true, ..ColumnSchema::new(name, ty) }
    }

    /// Which columns may be private, and which tables may have rules. What the rules say is for the server to read.
    pub(crate) fn check_disclosure(&self) -> Result<(), SchemaError> {
        let subject = format!("table `{}`", self.name);
        let key = self.primary_index().map(|index| index.columns.as_slice()).unwrap_or_default();
        for (place, column) in (0..).zip(&self.columns) {
            if column.private && key.contains(&place) {
                let subject = format!("{subject}, column `{}`", column.name);
                let problem = "a private column cannot belong to the primary key, by which clients know the row; \
                               use a unique index";
                return Err(refuse(&subject, problem));
            }
        }
        if self.public && !self.columns.is_empty() && self.columns.iter().all(|column| column.private) {
            return Err(refuse(&subject, "all its columns are private; do not declare it `public` then"));
        }
        at_most(&subject, "rules of visibility", self.visible.len(), limits::RULES_MAX)?;
        if !self.visible.is_empty() && !self.public {
            return Err(refuse(
                &subject,
                "it has rules of visibility, but no client sees it without `public`",
            ));
        }
        match self.visible.iter().find(|rule| rule.trim().is_empty() || rule.len() > limits::RULE_BYTES_MAX) {
            Some(rule) => {
                let problem = format!(
                    "a rule of visibility has 1 to {} bytes, this one {}",
                    limits::RULE_BYTES_MAX,
                    rule.trim().len()
                );
                Err(refuse(&subject, problem))
            }
            None => Ok(()),
        }
    }
}

/// The type that clients are told of a private column of this size and alignment: so many numbers.
pub fn hidden_type(size: usize, align: usize) -> ColumnType {
    let unit = match align {
        8 => ColumnType::U64,
        4 => ColumnType::U32,
        2 => ColumnType::U16,
        _ => ColumnType::U8,
    };
    block(&unit, size / unit.size())
}

/// A struct of so many numbers; more than a struct may have fields are halves of a struct. No type is so large that the
/// halves would nest too deep (limits::ROW_FIXED_BYTES_MAX).
fn block(unit: &ColumnType, count: usize) -> ColumnType {
    let parts: Vec<ColumnType> = match count <= limits::COLUMNS_MAX {
        true => vec![unit.clone(); count],
        false => vec![block(unit, count / 2), block(unit, count - count / 2)],
    };
    let fields = parts.into_iter().enumerate().map(|(place, ty)| Field { name: format!("_{place}"), ty });
    ColumnType::Struct(Arc::new(StructType { name: "Private".into(), fields: fields.collect() }))
}
