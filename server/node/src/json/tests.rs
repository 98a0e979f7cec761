//! Every column type there and back, and what errors say.

use std::sync::Arc;

use ambit_model::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
use ambit_model::{
    ColumnType as T, ConnectionId, Duration, EntityId, EnumType, Field, Identity, Lifecycle, ReducerSchema,
    StructType, Timestamp, Uuid, Value, Variant, decode_row,
};
use serde_json::{Value as Json, json};

use super::*;

fn field(name: &str, ty: T) -> Field {
    Field { name: name.into(), ty }
}

fn item() -> T {
    T::Struct(Arc::new(StructType {
        name: "Item".into(),
        fields: vec![field("kind", T::String), field("count", T::U16)],
    }))
}

fn action() -> T {
    let variant = |name: &str, fields| Variant { name: name.into(), fields };
    T::Enum(Arc::new(EnumType {
        name: "Action".into(),
        variants: vec![
            variant("Idle", vec![]),
            variant("Walk", vec![field("to", T::Vec2)]),
            variant("Say", vec![field("_0", T::String), field("_1", T::U8)]),
        ],
    }))
}

fn every_type() -> Vec<(T, Value, Json)> {
    let named = |name: &str, count| Value::Struct(vec![Value::String(name.into()), Value::U16(count)]);
    vec![
        (T::Bool, Value::Bool(true), json!(true)),
        (T::I8, Value::I8(-128), json!(-128)),
        (T::I16, Value::I16(-1), json!(-1)),
        (T::I32, Value::I32(i32::MIN), json!(i32::MIN)),
        (T::I64, Value::I64(i64::MIN), json!(i64::MIN)),
        (T::I128, Value::I128(i128::MIN), json!(i128::MIN.to_string())),
        (T::U8, Value::U8(255), json!(255)),
        (T::U16, Value::U16(65_535), json!(65_535)),
        (T::U32, Value::U32(u32::MAX), json!(u32::MAX)),
        (T::U64, Value::U64(u64::MAX), json!(u64::MAX)),
        (T::U128, Value::U128(u128::MAX), json!(u128::MAX.to_string())),
        (T::F32, Value::F32(0.1), json!(f64::from(0.1_f32))),
        (T::F64, Value::F64(f64::NEG_INFINITY), json!("-inf")),
        (T::Vec2, Value::Vec2(Vec2::new(1.5, -2.0)), json!([1.5, -2.0])),
        (T::Vec3, Value::Vec3(Vec3::new(1.0, 2.0, 3.0)), json!([1.0, 2.0, 3.0])),
        (T::Vec4, Value::Vec4(Vec4::new(1.0, 2.0, 3.0, 4.0)), json!([1.0, 2.0, 3.0, 4.0])),
        (T::Quat, Value::Quat(Quat::from_xyzw(0.0, 0.0, 0.0, 1.0)), json!([0.0, 0.0, 0.0, 1.0])),
        (T::DVec2, Value::DVec2(DVec2::new(1e9, 0.1)), json!([1e9, 0.1])),
        (T::DVec3, Value::DVec3(DVec3::new(1e9, 0.1, -3.0)), json!([1e9, 0.1, -3.0])),
        (T::IVec2, Value::IVec2(IVec2::new(-1, 2)), json!([-1, 2])),
        (T::IVec3, Value::IVec3(IVec3::new(-1, 2, 3)), json!([-1, 2, 3])),
        (T::Identity, Value::Identity(Identity([0xab; 32])), json!("ab".repeat(32))),
        (T::ConnectionId, Value::ConnectionId(ConnectionId([1; 16])), json!("01".repeat(16))),
        (T::Uuid, Value::Uuid(Uuid([2; 16])), json!("02".repeat(16))),
        (T::EntityId, Value::EntityId(EntityId(u64::MAX)), json!(u64::MAX)),
        (T::Timestamp, Value::Timestamp(Timestamp(-5)), json!(-5)),
        (T::Duration, Value::Duration(Duration(50_000)), json!(50_000)),
        (T::String, Value::String("héllo \"you\"".into()), json!("héllo \"you\"")),
        (T::Bytes, Value::Bytes(vec![0, 255]), json!("00ff")),
        (T::Option(Box::new(T::U8)), Value::Option(None), json!(null)),
        (T::Option(Box::new(T::U8)), Value::Option(Some(Box::new(Value::U8(1)))), json!(1)),
        (T::Vec(Box::new(item())), Value::Vec(vec![named("axe", 2)]), json!([{"kind": "axe", "count": 2}])),
        (item(), named("bow", 1), json!({"kind": "bow", "count": 1})),
        (action(), Value::Enum(0, vec![]), json!("Idle")),
        (action(), Value::Enum(1, vec![Value::Vec2(Vec2::X)]), json!({"Walk": {"to": [1.0, 0.0]}})),
    ]
}

#[test]
fn every_type_there_and_back_and_through_a_row() {
    let cases = every_type();
    for (ty, value, json) in &cases {
        assert_eq!(read_value(ty, json, "a").as_ref(), Ok(value), "{ty}");
        assert_eq!(&write_value(ty, value), json, "{ty}");
    }
    let params = cases.iter().enumerate().map(|(index, (ty, ..))| field(&format!("p{index}"), ty.clone()));
    let reducer = ReducerSchema {
        name: "all".into(),
        params: params.collect(),
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    let json: Vec<Json> = cases.iter().map(|(.., json)| json.clone()).collect();
    let row = arguments_row(&reducer, &json).unwrap();
    let values: Vec<Value> = cases.into_iter().map(|(_, value, _)| value).collect();
    assert_eq!(decode_row(&reducer.layout(), &row).unwrap(), values);
}

#[test]
fn other_forms_are_understood() {
    for (ty, json, value) in [
        (T::Vec2, json!({"y": 2, "x": 1}), Value::Vec2(Vec2::new(1.0, 2.0))),
        (T::Bytes, json!([1, 2]), Value::Bytes(vec![1, 2])),
        (T::U64, json!("18446744073709551615"), Value::U64(u64::MAX)),
        (T::Identity, json!(format!("0x{}", "00".repeat(32))), Value::Identity(Identity([0; 32]))),
        (item(), json!(["axe", 3]), Value::Struct(vec![Value::String("axe".into()), Value::U16(3)])),
        (action(), json!({"Say": ["hi", 1]}), Value::Enum(2, vec![Value::String("hi".into()), Value::U8(1)])),
    ] {
        assert_eq!(read_value(&ty, &json, "a"), Ok(value));
    }
}

#[test]
fn errors_name_the_argument() {
    let items = T::Vec(Box::new(item()));
    for (ty, json, expected) in [
        (T::U8, json!(256), "argument `a`: expected u8 (a number in its range), got 256"),
        (T::U8, json!(-1), "argument `a`: expected u8 (a number in its range), got -1"),
        (T::U8, json!(1.5), "argument `a`: expected u8 (a number in its range), got 1.5"),
        (T::String, json!(5), "argument `a`: expected String (text in quotes), got 5"),
        (T::Bool, json!(null), "argument `a`: expected bool (true or false), got null"),
        (
            T::Bytes,
            json!("abc"),
            "argument `a`: expected Bytes (hexadecimal digits in quotes or a list of numbers from 0 to 255), got \"abc\"",
        ),
        (T::Vec2, json!([1]), "argument `a`: expected Vec2 (2 numbers: [1, …] or {\"x\": 1, …}), got [1]"),
        (
            items,
            json!([{"kind": "axe", "count": 1}, {"kind": "axe", "count": "many"}]),
            "argument `a[1].count`: expected u16 (a number in its range), got \"many\"",
        ),
        (
            item(),
            json!({"kind": "axe"}),
            "argument `a`: expected Item ({kind, count}), got {\"kind\":\"axe\"}",
        ),
        (
            action(),
            json!("Fly"),
            "argument `a`: expected Action (one of \"Idle\", \"Walk\", \"Say\"), got \"Fly\"",
        ),
        (
            action(),
            json!({"Walk": {"to": 1}}),
            "argument `a.Walk.to`: expected Vec2 (2 numbers: [1, …] or {\"x\": 1, …}), got 1",
        ),
    ] {
        assert_eq!(read_value(&ty, &json, "a").unwrap_err().to_string(), expected);
    }
    let reducer = ReducerSchema {
        name: "go".into(),
        params: vec![field("x", T::I32), field("name", T::String)],
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    let error = arguments_row(&reducer, &[json!(1)]).unwrap_err().to_string();
    assert_eq!(error, "reducer `go` takes 2 arguments (x: i32, name: String); 1 given");
}
