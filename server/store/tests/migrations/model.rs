//! The same conversions on decoded values, in the plainest way: what the store must agree with.

use std::collections::BTreeMap;

use ambit_model::{
    ColumnSchema, ColumnType, Field, Schema, Slot, TableSchema, Value, decode_row, encode_row,
};
use ambit_store::Store;

use crate::world::single;

/// Rows of all tables by table name.
pub type Rows = BTreeMap<String, BTreeMap<Slot, Vec<u8>>>;

/// Why the model cannot say what becomes of a table.
#[derive(Debug, PartialEq)]
pub enum Stop {
    /// It needs a function of the module.
    Impossible,
    /// A value has no counterpart.
    Value,
}

pub fn rows_of(store: &Store) -> Rows {
    let tables = (0..).zip(&store.schema().tables);
    let rows = tables.map(|(id, table)| {
        let rows = store.slots(id).map(|(slot, row)| (slot, row.to_vec())).collect();
        (table.name.clone(), rows)
    });
    rows.collect()
}

pub fn former_table<'a>(old: &'a Schema, table: &TableSchema) -> Option<&'a TableSchema> {
    let known = |name: &str| old.tables.iter().find(|table| table.name == name);
    known(&table.name).or_else(|| known(table.renamed_from.as_deref()?))
}

fn former_column<'a>(old: &'a TableSchema, column: &ColumnSchema) -> Option<(usize, &'a ColumnSchema)> {
    let known = |name: &str| old.columns.iter().enumerate().find(|(_, column)| column.name == name);
    known(&column.name).or_else(|| known(column.renamed_from.as_deref()?))
}

/// Whether the types alone allow a conversion.
pub fn is_possible(old: &TableSchema, new: &TableSchema) -> bool {
    new.columns.iter().all(|column| match former_column(old, column) {
        Some((_, former)) => converts(&former.ty, &column.ty),
        None => column.default.is_some() || is_option(&column.ty),
    })
}

pub fn convert_row(old: &TableSchema, new: &TableSchema, row: &[u8]) -> Result<Vec<u8>, Stop> {
    let values = decode_row(&old.layout(), row).unwrap();
    let made: Result<Vec<_>, _> = new
        .columns
        .iter()
        .map(|column| match (former_column(old, column), &column.default) {
            (Some((place, former)), _) => convert(&values[place], &former.ty, &column.ty),
            (None, Some(default)) => Ok(decode_row(&single(&column.ty), default).unwrap().remove(0)),
            (None, None) if is_option(&column.ty) => Ok(Value::Option(None)),
            (None, None) => Err(Stop::Impossible),
        })
        .collect();
    Ok(encode_row(&new.layout(), &made?).unwrap())
}

fn is_option(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Option(_))
}

fn integer(ty: &ColumnType) -> Option<(u32, bool)> {
    use ColumnType as T;
    Some(match ty {
        T::U8 => (8, false),
        T::U16 => (16, false),
        T::U32 => (32, false),
        T::U64 => (64, false),
        T::U128 => (128, false),
        T::I8 => (8, true),
        T::I16 => (16, true),
        T::I32 => (32, true),
        T::I64 => (64, true),
        T::I128 => (128, true),
        _ => return None,
    })
}

fn converts(from: &ColumnType, to: &ColumnType) -> bool {
    use ColumnType as T;
    let fields = |from: &[Field], to: &[Field]| {
        to.iter().all(|field| match from.iter().find(|source| source.name == field.name) {
            Some(source) => converts(&source.ty, &field.ty),
            None => is_option(&field.ty),
        })
    };
    match (from, to) {
        (T::Option(from), T::Option(to)) | (T::Vec(from), T::Vec(to)) => converts(from, to),
        (T::Struct(from), T::Struct(to)) => fields(&from.fields, &to.fields),
        (T::Enum(from), T::Enum(to)) => from.variants.iter().all(|variant| {
            let found = to.variants.iter().find(|other| other.name == variant.name);
            found.is_some_and(|other| fields(&variant.fields, &other.fields))
        }),
        _ if from == to => true,
        (from, T::Option(to)) => converts(from, to),
        (T::F32, T::F64) | (T::Vec2, T::DVec2) | (T::Vec3, T::DVec3) => true,
        (from, T::F64) => integer(from).is_some_and(|(bits, _)| bits <= 64),
        (from, T::F32) => integer(from).is_some_and(|(bits, _)| bits <= 16),
        (from, to) => match (integer(from), integer(to)) {
            (Some((bits, signed)), Some((more, wide_signed))) => more > bits && (wide_signed || !signed),
            _ => false,
        },
    }
}

fn convert(value: &Value, from: &ColumnType, to: &ColumnType) -> Result<Value, Stop> {
    use ColumnType as T;
    if !converts(from, to) {
        return Err(Stop::Impossible);
    }
    Ok(match (value, from, to) {
        (Value::Option(value), T::Option(from), T::Option(to)) => {
            Value::Option(value.as_ref().map(|value| convert(value, from, to)).transpose()?.map(Box::new))
        }
        (Value::Vec(values), T::Vec(from), T::Vec(to)) => {
            Value::Vec(values.iter().map(|value| convert(value, from, to)).collect::<Result<_, _>>()?)
        }
        (Value::Struct(values), T::Struct(from), T::Struct(to)) => {
            Value::Struct(convert_fields(values, &from.fields, &to.fields)?)
        }
        (Value::Enum(tag, values), T::Enum(from), T::Enum(to)) => {
            let variant = &from.variants[usize::from(*tag)];
            let place = to.variants.iter().position(|other| other.name == variant.name).unwrap();
            let fields = convert_fields(values, &variant.fields, &to.variants[place].fields)?;
            Value::Enum(place as u8, fields)
        }
        (value, from, to) if from == to => value.clone(),
        (value, from, T::Option(to)) => Value::Option(Some(Box::new(convert(value, from, to)?))),
        (Value::F32(number), _, _) => Value::F64(f64::from(*number)),
        (Value::Vec2(place), _, _) => Value::DVec2(place.as_dvec2()),
        (Value::Vec3(place), _, _) => Value::DVec3(place.as_dvec3()),
        (value, _, to) => number(whole(value), to)?,
    })
}

fn convert_fields(values: &[Value], from: &[Field], to: &[Field]) -> Result<Vec<Value>, Stop> {
    let convert_one = |field: &Field| match from.iter().position(|source| source.name == field.name) {
        Some(place) => convert(&values[place], &from[place].ty, &field.ty),
        None => Ok(Value::Option(None)),
    };
    to.iter().map(convert_one).collect()
}

fn whole(value: &Value) -> i128 {
    match value {
        Value::I8(number) => i128::from(*number),
        Value::I16(number) => i128::from(*number),
        Value::I32(number) => i128::from(*number),
        Value::I64(number) => i128::from(*number),
        Value::U8(number) => i128::from(*number),
        Value::U16(number) => i128::from(*number),
        Value::U32(number) => i128::from(*number),
        Value::U64(number) => i128::from(*number),
        other => panic!("{other:?} is no integer that is widened here"),
    }
}

fn number(number: i128, ty: &ColumnType) -> Result<Value, Stop> {
    use ColumnType as T;
    Ok(match ty {
        T::I16 => Value::I16(number.try_into().unwrap()),
        T::I32 => Value::I32(number.try_into().unwrap()),
        T::I64 => Value::I64(number.try_into().unwrap()),
        T::I128 => Value::I128(number),
        T::U16 => Value::U16(number.try_into().unwrap()),
        T::U32 => Value::U32(number.try_into().unwrap()),
        T::U64 => Value::U64(number.try_into().unwrap()),
        T::U128 => Value::U128(number.try_into().unwrap()),
        T::F32 => Value::F32(number as f32),
        T::F64 if (number as f64) as i128 == number => Value::F64(number as f64),
        T::F64 => return Err(Stop::Value),
        other => panic!("no integer becomes {other}"),
    })
}
