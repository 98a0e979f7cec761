//! Keys and positions as text, for errors. Never on the path of a call that succeeds.

#![expect(clippy::wildcard_enum_match_arm, reason = "what has no natural text shares one treatment")]

use ambit_model::delta::copy_columns;
use ambit_model::{DecodeError, DecodeErrorKind, RowLayout, RowReader, Value, decode_row};

use crate::limits::{DAMAGED_BYTES_TOLD, DESCRIPTION_BYTES_MAX};

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

/// What a row has where an error says that something is wrong: the tag, or the bytes of a text. `None` where the bytes
/// say nothing to a reader.
pub(crate) fn describe_damage(row: &[u8], error: DecodeError) -> Option<String> {
    let reader = RowReader::new(row);
    match error.kind {
        DecodeErrorKind::Bool | DecodeErrorKind::OptionTag | DecodeErrorKind::EnumTag => {
            Some(reader.byte(error.at).ok()?.to_string())
        }
        DecodeErrorKind::Utf8 => {
            let bytes = reader.heap_bytes(error.at).ok()?;
            // From the first byte that is no text on.
            let start = std::str::from_utf8(bytes).err()?.valid_up_to();
            let told = bytes.iter().skip(start).take(DAMAGED_BYTES_TOLD);
            let hex = told.map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
            let more = if bytes.len() > start + DAMAGED_BYTES_TOLD { " …" } else { "" };
            Some(format!("bytes {hex}{more} at {start} of {}", bytes.len()))
        }
        _ => None,
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
