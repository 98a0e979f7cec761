//! What the model needs to know of a schema, worked out once.

use ambit_model::{
    ColumnType, Durability, IndexKind, IndexSchema, OnDelete, RowLayout, Schema, Value, encode_row,
};

use crate::module::types;

/// A schema's tables.
#[derive(Debug)]
pub(crate) struct Shape {
    pub tables: Vec<TableShape>,
}

#[derive(Debug)]
pub(crate) struct TableShape {
    pub name: String,
    pub durability: Durability,
    pub layout: RowLayout,
    pub columns: Vec<ColumnShape>,
    pub indexes: Vec<IndexShape>,
    pub references: Vec<ReferenceShape>,
    pub counters: Vec<CounterShape>,
}

#[derive(Debug)]
pub(crate) struct ColumnShape {
    pub name: String,
    pub ty: ColumnType,
    /// A row of this one column.
    pub default: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) struct IndexShape {
    pub schema: IndexSchema,
    pub layout: RowLayout,
}

#[derive(Debug)]
pub(crate) struct ReferenceShape {
    pub columns: Vec<u16>,
    pub target: u16,
    /// The primary key's index of the target.
    pub target_index: usize,
    pub target_layout: RowLayout,
    pub on_delete: OnDelete,
}

#[derive(Debug)]
pub(crate) struct CounterShape {
    pub column: u16,
    pub ty: ColumnType,
    pub max: u64,
}

impl Shape {
    pub(crate) fn new(schema: &Schema) -> Self {
        let table = |table: &ambit_model::TableSchema| {
            let layout = table.layout();
            let index = |index: &IndexSchema| IndexShape {
                schema: index.clone(),
                layout: layout.of_columns(&index.columns),
            };
            let reference = |reference: &ambit_model::ReferenceSchema| {
                let (target, table) = schema.table(&reference.table)?;
                let key = table.primary_index()?;
                Some(ReferenceShape {
                    columns: reference.columns.clone(),
                    target,
                    target_index: table.primary?.into(),
                    target_layout: table.layout().of_columns(&key.columns),
                    on_delete: reference.on_delete,
                })
            };
            let counters = (0..).zip(&table.columns).filter(|(_, column)| column.auto_inc);
            TableShape {
                name: table.name.clone(),
                durability: table.durability,
                columns: table
                    .columns
                    .iter()
                    .map(|column| ColumnShape {
                        name: column.name.clone(),
                        ty: column.ty.clone(),
                        default: column.default.clone(),
                    })
                    .collect(),
                indexes: table.indexes.iter().map(index).collect(),
                references: table.references.iter().filter_map(reference).collect(),
                counters: counters
                    .map(|(column, schema)| CounterShape {
                        column,
                        ty: schema.ty.clone(),
                        max: types::count_max(&schema.ty),
                    })
                    .collect(),
                layout,
            }
        };
        Self { tables: schema.tables.iter().map(table).collect() }
    }

    pub(crate) fn table(&self, table: u16) -> Option<&TableShape> {
        self.tables.get(usize::from(table))
    }
}

impl IndexShape {
    /// The key of a row as bytes; equal keys have equal bytes. None for a position.
    pub(crate) fn key(&self, values: &[Value]) -> Option<Vec<u8>> {
        match self.schema.kind {
            IndexKind::Hash => encode_row(&self.layout, &self.values(values)).ok(),
            IndexKind::Ordered => {
                let values: Vec<Value> = self.values(values).into_iter().map(without_sign_of_zero).collect();
                encode_row(&self.layout, &values).ok()
            }
            IndexKind::Spatial { .. } => None,
        }
    }

    pub(crate) fn values(&self, values: &[Value]) -> Vec<Value> {
        columns_of(&self.schema.columns, values)
    }
}

impl ReferenceShape {
    /// The key that a row names; none if it names nothing.
    pub(crate) fn key(&self, values: &[Value]) -> Option<Vec<u8>> {
        let named: Option<Vec<Value>> = columns_of(&self.columns, values).into_iter().map(present).collect();
        encode_row(&self.target_layout, &named?).ok()
    }
}

/// In an ordered index -0 counts as 0. Their sum is 0.
#[expect(clippy::wildcard_enum_match_arm, reason = "only floats have two zeros")]
fn without_sign_of_zero(value: Value) -> Value {
    match value {
        Value::F32(number) => Value::F32(number + 0.0),
        Value::F64(number) => Value::F64(number + 0.0),
        other => other,
    }
}

pub(crate) fn columns_of(columns: &[u16], values: &[Value]) -> Vec<Value> {
    columns.iter().filter_map(|&column| values.get(usize::from(column)).cloned()).collect()
}

/// What an optional column holds; any other column holds itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "only options may hold nothing")]
fn present(value: Value) -> Option<Value> {
    match value {
        Value::Option(inner) => inner.map(|inner| *inner),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use ambit_model::{ColumnSchema, TableSchema};

    use super::*;

    /// Seed 1795758536000056: the store refused a second zero, and the model took it for another number.
    #[test]
    fn the_two_zeros_are_one_key_of_an_ordered_index() {
        let index =
            IndexSchema { name: "at".into(), columns: vec![0], kind: IndexKind::Ordered, unique: true };
        let table = TableSchema {
            name: "thing".into(),
            columns: vec![ColumnSchema::new("at", ColumnType::F64)],
            indexes: vec![index],
            ..TableSchema::default()
        };
        let shape = Shape::new(&Schema { tables: vec![table], ..Schema::default() });
        let index = &shape.tables[0].indexes[0];
        assert_eq!(index.key(&[Value::F64(-0.0)]), index.key(&[Value::F64(0.0)]));
        assert_ne!(index.key(&[Value::F64(-1.0)]), index.key(&[Value::F64(1.0)]));
    }
}
