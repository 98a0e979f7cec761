//! Values → JSON, in the form that [`super::read_value`] takes back.

use ambit_model::{ColumnType, Field, Value};
use serde_json::{Map, Value as Json, json};

/// The JSON of a value of type `ty`; `null` where the value is of another type.
#[expect(clippy::wildcard_enum_match_arm, reason = "a value of another type than its own is null")]
pub fn write_value(ty: &ColumnType, value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::I8(value) => json!(value),
        Value::I16(value) => json!(value),
        Value::I32(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::U8(value) => json!(value),
        Value::U16(value) => json!(value),
        Value::U32(value) => json!(value),
        Value::U64(value) => json!(value),
        Value::I128(value) => json!(value.to_string()),
        Value::U128(value) => json!(value.to_string()),
        Value::F32(value) => float(f64::from(*value), || value.to_string()),
        Value::F64(value) => float(*value, || value.to_string()),
        Value::Vec2(value) => floats(&value.to_array()),
        Value::Vec3(value) => floats(&value.to_array()),
        Value::Vec4(value) => floats(&value.to_array()),
        Value::Quat(value) => floats(&value.to_array()),
        Value::DVec2(value) => Json::Array(value.to_array().iter().map(|part| double(*part)).collect()),
        Value::DVec3(value) => Json::Array(value.to_array().iter().map(|part| double(*part)).collect()),
        Value::IVec2(value) => json!(value.to_array()),
        Value::IVec3(value) => json!(value.to_array()),
        Value::Identity(id) => json!(id.to_string()),
        Value::ConnectionId(id) => json!(id.to_string()),
        Value::Uuid(id) => json!(id.to_string()),
        Value::EntityId(id) => json!(id.0),
        Value::Timestamp(at) => json!(at.0),
        Value::Duration(span) => json!(span.0),
        Value::String(text) => json!(text),
        Value::Bytes(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Value::Option(None) => Json::Null,
        Value::Option(Some(value)) => match ty {
            ColumnType::Option(inner) => write_value(inner, value),
            _ => Json::Null,
        },
        Value::Vec(values) => match ty {
            ColumnType::Vec(inner) => {
                Json::Array(values.iter().map(|value| write_value(inner, value)).collect())
            }
            _ => Json::Null,
        },
        Value::Struct(values) => match ty {
            ColumnType::Struct(structure) => fields(&structure.fields, values),
            _ => Json::Null,
        },
        Value::Enum(tag, values) => match ty {
            ColumnType::Enum(enumeration) => match enumeration.variants.get(usize::from(*tag)) {
                Some(variant) if variant.fields.is_empty() => json!(variant.name),
                Some(variant) => json!({ variant.name.as_str(): fields(&variant.fields, values) }),
                None => Json::Null,
            },
            _ => Json::Null,
        },
    }
}

fn fields(fields: &[Field], values: &[Value]) -> Json {
    let members = fields.iter().zip(values);
    Json::Object(
        members
            .map(|(field, value)| (field.name.clone(), write_value(&field.ty, value)))
            .collect::<Map<_, _>>(),
    )
}

fn floats(parts: &[f32]) -> Json {
    Json::Array(parts.iter().map(|part| float(f64::from(*part), || part.to_string())).collect())
}

fn double(value: f64) -> Json {
    float(value, || value.to_string())
}

/// A number, or a text for those that JSON has no number for.
fn float(value: f64, text: impl FnOnce() -> String) -> Json {
    if value.is_finite() { json!(value) } else { Json::String(text()) }
}
