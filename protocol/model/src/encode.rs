//! Values known at run time → row bytes.

use crate::column::RowWriter;
use crate::layout::RowLayout;
use crate::limits;
use crate::types::{ColumnType, Field, place_fields};
use crate::value::Value;

/// Why values do not make a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The number of values differs from the number of columns.
    #[error("expected {expected} values, got {actual}")]
    Count {
        /// Columns of the row, struct or variant.
        expected: usize,
        /// Values given.
        actual: usize,
    },
    /// A value has another type than its column.
    #[error("column {column}: expected a value of type {expected}")]
    Type {
        /// Index of the column.
        column: usize,
        /// Name of the column's type.
        expected: String,
    },
    /// The row would exceed [`limits::ROW_BYTES_MAX`].
    #[error("the row would take {0} bytes; at most {max} are possible", max = limits::ROW_BYTES_MAX)]
    TooLarge(usize),
}

/// The row's bytes for one value per column.
pub fn encode_row(layout: &RowLayout, values: &[Value]) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(layout.fixed_bytes());
    encode_row_into(layout, values, &mut bytes)?;
    Ok(bytes)
}

/// Appends the row's bytes to `out`. On an error `out` is as before.
pub fn encode_row_into(layout: &RowLayout, values: &[Value], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    let result = write_columns(layout, values, out, start);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn write_columns(
    layout: &RowLayout,
    values: &[Value],
    out: &mut Vec<u8>,
    start: usize,
) -> Result<(), EncodeError> {
    if values.len() != layout.columns().len() {
        return Err(EncodeError::Count { expected: layout.columns().len(), actual: values.len() });
    }
    let mut writer = RowWriter::new(out, layout.fixed_bytes());
    for (index, (column, value)) in layout.columns().iter().zip(values).enumerate() {
        write_value(&mut writer, &column.ty, value, column.offset).map_err(|problem| match problem {
            Problem::Type(ty) => EncodeError::Type { column: index, expected: ty.to_string() },
            Problem::Count(expected, actual) => EncodeError::Count { expected, actual },
        })?;
    }
    let row_bytes = out.len() - start;
    if row_bytes > limits::ROW_BYTES_MAX {
        return Err(EncodeError::TooLarge(row_bytes));
    }
    Ok(())
}

enum Problem<'a> {
    Type(&'a ColumnType),
    Count(usize, usize),
}

fn write_value<'a>(
    writer: &mut RowWriter<'_>,
    ty: &'a ColumnType,
    value: &Value,
    at: usize,
) -> Result<(), Problem<'a>> {
    use crate::column::Column;
    use ColumnType as T;
    match (ty, value) {
        (T::Bool, Value::Bool(v)) => v.write(writer, at),
        (T::I8, Value::I8(v)) => v.write(writer, at),
        (T::I16, Value::I16(v)) => v.write(writer, at),
        (T::I32, Value::I32(v)) => v.write(writer, at),
        (T::I64, Value::I64(v)) => v.write(writer, at),
        (T::I128, Value::I128(v)) => v.write(writer, at),
        (T::U8, Value::U8(v)) => v.write(writer, at),
        (T::U16, Value::U16(v)) => v.write(writer, at),
        (T::U32, Value::U32(v)) => v.write(writer, at),
        (T::U64, Value::U64(v)) => v.write(writer, at),
        (T::U128, Value::U128(v)) => v.write(writer, at),
        (T::F32, Value::F32(v)) => v.write(writer, at),
        (T::F64, Value::F64(v)) => v.write(writer, at),
        (T::Vec2, Value::Vec2(v)) => v.write(writer, at),
        (T::Vec3, Value::Vec3(v)) => v.write(writer, at),
        (T::Vec4, Value::Vec4(v)) => v.write(writer, at),
        (T::Quat, Value::Quat(v)) => v.write(writer, at),
        (T::DVec2, Value::DVec2(v)) => v.write(writer, at),
        (T::DVec3, Value::DVec3(v)) => v.write(writer, at),
        (T::IVec2, Value::IVec2(v)) => v.write(writer, at),
        (T::IVec3, Value::IVec3(v)) => v.write(writer, at),
        (T::Identity, Value::Identity(v)) => v.write(writer, at),
        (T::ConnectionId, Value::ConnectionId(v)) => v.write(writer, at),
        (T::Uuid, Value::Uuid(v)) => v.write(writer, at),
        (T::EntityId, Value::EntityId(v)) => v.write(writer, at),
        (T::Timestamp, Value::Timestamp(v)) => v.write(writer, at),
        (T::Duration, Value::Duration(v)) => v.write(writer, at),
        (T::String, Value::String(v)) => v.write(writer, at),
        (T::Bytes, Value::Bytes(v)) => writer.bytes(at, v),
        (T::Option(_), Value::Option(None)) => {}
        (T::Option(inner), Value::Option(Some(value))) => {
            writer.put(at, &[1]);
            write_value(writer, inner, value, at + inner.align())?;
        }
        (T::Vec(inner), Value::Vec(values)) => {
            let block = writer.list(at, values.len(), inner.size(), inner.align());
            for (index, value) in values.iter().enumerate() {
                write_value(writer, inner, value, block + index * inner.size())?;
            }
        }
        (T::Struct(structure), Value::Struct(values)) => {
            write_fields(writer, &structure.fields, values, at, 0)?;
        }
        (T::Enum(enumeration), Value::Enum(tag, values)) => {
            let variant = enumeration.variants.get(usize::from(*tag)).ok_or(Problem::Type(ty))?;
            if enumeration.has_payload() {
                let (size, align) = variant.block();
                let block = writer.block(at, size, align);
                writer.put(block, &[*tag]);
                write_fields(writer, &variant.fields, values, block, 1)?;
            } else {
                writer.put(at, &[*tag]);
            }
        }
        _ => return Err(Problem::Type(ty)),
    }
    Ok(())
}

fn write_fields<'a>(
    writer: &mut RowWriter<'_>,
    fields: &'a [Field],
    values: &[Value],
    base: usize,
    first_offset: usize,
) -> Result<(), Problem<'a>> {
    if fields.len() != values.len() {
        return Err(Problem::Count(fields.len(), values.len()));
    }
    let mut result = Ok(());
    let mut values = values.iter();
    place_fields(fields, first_offset, |offset, field: &'a Field| {
        if let (Ok(()), Some(value)) = (&result, values.next()) {
            result = write_value(writer, &field.ty, value, base + offset);
        }
    });
    result
}
