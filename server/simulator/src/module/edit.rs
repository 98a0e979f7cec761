//! Another schema by chance: a few of the changes that a publish carries out by itself.

use ambit_model::{
    ColumnSchema, ColumnType, Field, IndexKind, IndexSchema, RowLayout, Schema, TableSchema, encode_row,
};

use super::schema::random_table;
use super::types;
use crate::limits::TABLES_MAX;
use crate::random::Random;

/// The schema after one to three changes. `number` is in no table's or column's name yet.
pub(crate) fn edited(random: &mut Random, old: &Schema, number: usize) -> Schema {
    let mut schema = old.clone();
    for part in 0..1 + random.index(3) {
        edit(random, &mut schema, number * 4 + part);
    }
    schema
}

fn edit(random: &mut Random, schema: &mut Schema, number: usize) {
    let place = random.index(schema.tables.len());
    match random.below(9) {
        0 if schema.tables.len() < 2 * TABLES_MAX => {
            let table = random_table(random, number, &schema.tables);
            schema.tables.push(table);
        }
        1 => drop_table(schema, place),
        2 => {
            let other = random.index(schema.tables.len());
            schema.tables.swap(place, other);
        }
        draw => {
            let named: Vec<String> = schema
                .tables
                .iter()
                .flat_map(|table| &table.references)
                .map(|reference| reference.table.clone())
                .collect();
            let Some(table) = schema.tables.get_mut(place) else { return };
            let is_named = named.contains(&table.name);
            match draw {
                3 | 4 => add_column(random, table, number),
                5 => remove_last_column(table),
                6 if !is_named => widen_column(random, table),
                7 => remove_index(random, table),
                8 => table.public = !table.public,
                _ => add_index(random, table, number),
            }
        }
    }
}

/// Drops a table that no other one names.
fn drop_table(schema: &mut Schema, place: usize) {
    let Some(name) = schema.tables.get(place).map(|table| table.name.clone()) else { return };
    let others = schema.tables.iter().filter(|table| table.name != name);
    let is_named = others.flat_map(|table| &table.references).any(|reference| reference.table == name);
    if schema.tables.len() > 1 && !is_named {
        schema.tables.remove(place);
    }
}

fn add_column(random: &mut Random, table: &mut TableSchema, number: usize) {
    let ty = types::any_type(random);
    let field = Field { name: String::new(), ty: ty.clone() };
    let value = types::value(random, &ty);
    let mut column = ColumnSchema::new(format!("added_{number}"), ty);
    column.default = encode_row(&RowLayout::new(&[field]), &[value]).ok();
    table.columns.push(column);
}

fn remove_last_column(table: &mut TableSchema) {
    let Some(last) = table.columns.len().checked_sub(1) else { return };
    let is_used = |columns: &Vec<u16>| columns.iter().any(|column| usize::from(*column) == last);
    let is_indexed = table.indexes.iter().any(|index| is_used(&index.columns));
    let refers = table.references.iter().any(|reference| is_used(&reference.columns));
    if last > 0 && !is_indexed && !refers {
        table.columns.pop();
    }
}

/// Widens an integer that names no row.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types that become wider here are a few")]
fn widen_column(random: &mut Random, table: &mut TableSchema) {
    let place = random.index(table.columns.len());
    let refers =
        table.references.iter().any(|reference| reference.columns.iter().any(|c| usize::from(*c) == place));
    let Some(column) = table.columns.get_mut(place) else { return };
    let wider = match column.ty {
        ColumnType::U8 => ColumnType::U16,
        ColumnType::U16 => ColumnType::U32,
        ColumnType::U32 => ColumnType::U64,
        ColumnType::I16 => ColumnType::I32,
        ColumnType::I32 => ColumnType::I64,
        _ => return,
    };
    if refers {
        return;
    }
    column.ty = wider;
    // A default is a value of the column's type.
    column.default = None;
}

/// Removes an index that is neither the key nor what a reference needs.
fn remove_index(random: &mut Random, table: &mut TableSchema) {
    let place = random.index(table.indexes.len());
    let Some(index) = table.indexes.get(place) else { return };
    let is_key = table.primary.is_some_and(|primary| usize::from(primary) == place);
    let is_needed = table.references.iter().any(|reference| reference.columns == index.columns);
    if is_key || is_needed {
        return;
    }
    table.indexes.remove(place);
    if let Some(primary) = table.primary.as_mut().filter(|primary| usize::from(**primary) > place) {
        *primary -= 1;
    }
}

fn add_index(random: &mut Random, table: &mut TableSchema, number: usize) {
    let place = random.index(table.columns.len());
    let Some(column) = table.columns.get(place) else { return };
    let columns = vec![u16::try_from(place).unwrap_or(0)];
    let is_there = table.indexes.iter().any(|index| index.columns == columns);
    if is_there || !super::schema::is_orderable(&column.ty) {
        return;
    }
    let name = format!("added_{number}");
    table.indexes.push(IndexSchema { name, columns, kind: IndexKind::Ordered, unique: false });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::schema::random_schema;

    #[test]
    fn edited_schemas_are_possible_and_differ() {
        let mut random = Random::new(3);
        let mut differing = 0;
        for _ in 0..100 {
            let mut schema = random_schema(&mut random);
            for number in 101..106 {
                let next = edited(&mut random, &schema, number);
                assert_eq!(next.check(), Ok(()));
                differing += usize::from(next != schema);
                schema = next;
            }
        }
        assert!(differing > 300, "{differing} of 500 differ");
    }
}
