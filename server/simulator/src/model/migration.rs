//! What becomes of the rows under another schema: column by column, value by value.

use std::rc::Rc;

use ambit_model::{ColumnType, Field, RowLayout, Schema, Value, decode_row};

use super::database::{Database, Row, Table};
use super::shape::{ColumnShape, Shape, TableShape};

impl Database {
    /// The same rows in the same slots under another schema. Tables and columns are the same if their names are.
    pub(crate) fn migrated(&self, schema: &Schema) -> Self {
        let shape = Rc::new(Shape::new(schema));
        let tables = shape.tables.iter().map(|new| {
            let old = self.shape.tables.iter().zip(&self.tables).find(|(old, _)| old.name == new.name);
            Rc::new(old.map_or_else(Table::default, |(old, table)| migrate_table(old, table, new)))
        });
        let tables = tables.collect();
        Self { shape, tables }
    }
}

fn migrate_table(old: &TableShape, table: &Table, new: &TableShape) -> Table {
    let source = |column: &ColumnShape| old.columns.iter().position(|old| old.name == column.name);
    let mut migrated = Table::default();
    for (&slot, row) in &table.rows {
        let values = new.columns.iter().map(|column| match source(column) {
            Some(place) => row.values.get(place).map(|value| widened(value, &column.ty)),
            None => default(column),
        });
        let values: Vec<Value> = values.flatten().collect();
        if let Some(row) = Row::new(new, values) {
            migrated.rows.insert(slot, Rc::new(row));
        }
    }
    for counter in &new.counters {
        let column = new.columns.get(usize::from(counter.column)).and_then(source);
        let number = column.and_then(|column| table.counters.get(&u16::try_from(column).ok()?).copied());
        if let Some(number) = number {
            migrated.counters.insert(counter.column, number);
        }
    }
    migrated
}

fn default(column: &ColumnShape) -> Option<Value> {
    let layout = RowLayout::new(&[Field { name: String::new(), ty: column.ty.clone() }]);
    decode_row(&layout, column.default.as_ref()?).ok()?.pop()
}

fn widened(value: &Value, ty: &ColumnType) -> Value {
    match (value, ty) {
        (Value::U8(number), ColumnType::U16) => Value::U16((*number).into()),
        (Value::U8(number), ColumnType::U32) => Value::U32((*number).into()),
        (Value::U8(number), ColumnType::U64) => Value::U64((*number).into()),
        (Value::U16(number), ColumnType::U32) => Value::U32((*number).into()),
        (Value::U16(number), ColumnType::U64) => Value::U64((*number).into()),
        (Value::U32(number), ColumnType::U64) => Value::U64((*number).into()),
        (Value::I16(number), ColumnType::I32) => Value::I32((*number).into()),
        (Value::I16(number), ColumnType::I64) => Value::I64((*number).into()),
        (Value::I32(number), ColumnType::I64) => Value::I64((*number).into()),
        (same, _) => same.clone(),
    }
}
