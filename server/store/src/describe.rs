//! Keys and positions as text, for errors. Never on the path of a call that succeeds.

#![expect(clippy::wildcard_enum_match_arm, reason = "types without a natural text share one treatment")]

use ambit_model::delta::copy_columns;
use ambit_model::{RowLayout, Value, decode_row};

use crate::limits::DESCRIPTION_BYTES_MAX;

/// The values of a key row, joined by commas and cut at [`DESCRIPTION_BYTES_MAX`].
pub(crate) fn describe_key(key_layout: &RowLayout, key: &[u8]) -> String {
    let Ok(values) = decode_row(key_layout, key) else { return "an unreadable key".into() };
    let mut text = values.iter().map(describe_value).collect::<Vec<_>>().join(", ");
    if text.len() > DESCRIPTION_BYTES_MAX {
        text.truncate(text.floor_char_boundary(DESCRIPTION_BYTES_MAX));
        text.push('…');
    }
    text
}

/// The values of some columns of a row.
pub(crate) fn describe_columns(
    layout: &RowLayout,
    row: &[u8],
    columns: &[u16],
    key_layout: &RowLayout,
) -> String {
    let mut key = Vec::new();
    match copy_columns(layout, row, columns, key_layout, &mut key) {
        Ok(()) => describe_key(key_layout, &key),
        Err(_) => "an unreadable key".into(),
    }
}

fn describe_value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::I8(value) => value.to_string(),
        Value::I16(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::I128(value) => value.to_string(),
        Value::U8(value) => value.to_string(),
        Value::U16(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::U128(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::Vec2(value) => value.to_string(),
        Value::Vec3(value) => value.to_string(),
        Value::DVec2(value) => value.to_string(),
        Value::DVec3(value) => value.to_string(),
        Value::Identity(value) => value.to_string(),
        Value::ConnectionId(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::EntityId(value) => value.0.to_string(),
        Value::Timestamp(value) => value.0.to_string(),
        Value::Duration(value) => value.0.to_string(),
        Value::String(value) => format!("{value:?}"),
        other => format!("{other:?}"),
    }
}
