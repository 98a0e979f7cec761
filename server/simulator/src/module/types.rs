//! Column types and values by chance. Values come from small ranges, so that keys meet; now and then one is extreme.

#![expect(clippy::wildcard_enum_match_arm, reason = "the module uses some of the types")]

use std::sync::Arc;

use ambit_model::glam::{DVec2, DVec3, IVec3, Quat, Vec2, Vec3};
use ambit_model::{
    ColumnType, Duration, EntityId, EnumType, Field, Identity, StructType, Timestamp, Uuid, Value, Variant,
};

use crate::random::Random;

/// Edge of the square that positions lie in.
const WORLD_EDGE: i64 = 40;

/// A type that any index takes as a key, but a spatial one.
pub(crate) fn key_type(random: &mut Random) -> ColumnType {
    match random.below(12) {
        0 => ColumnType::U8,
        1 => ColumnType::U16,
        2 => ColumnType::I32,
        3 => ColumnType::I64,
        4 | 5 => ColumnType::String,
        6 => ColumnType::Identity,
        7 => ColumnType::EntityId,
        8 => mood(),
        9 => ColumnType::I16,
        10 => ColumnType::Bytes,
        _ => ColumnType::U32,
    }
}

/// Any type that the module knows.
pub(crate) fn any_type(random: &mut Random) -> ColumnType {
    match random.below(18) {
        0 => ColumnType::Bool,
        1 => ColumnType::F32,
        2 => ColumnType::F64,
        3 => ColumnType::IVec3,
        4 => ColumnType::Quat,
        5 => ColumnType::Uuid,
        6 => ColumnType::Timestamp,
        7 => ColumnType::Duration,
        8 => ColumnType::I8,
        9 => ColumnType::U128,
        10 => ColumnType::Option(Box::new(key_type(random))),
        11 => ColumnType::Vec(Box::new(key_type(random))),
        12 => effect(),
        13 => stats(),
        _ => key_type(random),
    }
}

/// A type that a spatial index takes.
pub(crate) fn position_type(random: &mut Random) -> ColumnType {
    match random.below(4) {
        0 => ColumnType::Vec2,
        1 => ColumnType::DVec2,
        2 => ColumnType::DVec3,
        _ => ColumnType::Vec3,
    }
}

/// A type that counts.
pub(crate) fn counting_type(random: &mut Random) -> ColumnType {
    match random.below(8) {
        0 => ColumnType::U8,
        1 => ColumnType::I16,
        2 => ColumnType::EntityId,
        3 => ColumnType::I64,
        4 | 5 => ColumnType::U32,
        _ => ColumnType::U64,
    }
}

/// An integer of a counting column's type.
pub(crate) fn counted(ty: &ColumnType, number: u64) -> Value {
    match ty {
        ColumnType::U8 => Value::U8(number as u8),
        ColumnType::U16 => Value::U16(number as u16),
        ColumnType::U32 => Value::U32(number as u32),
        ColumnType::I8 => Value::I8(number as i8),
        ColumnType::I16 => Value::I16(number as i16),
        ColumnType::I32 => Value::I32(number as i32),
        ColumnType::I64 => Value::I64(number as i64),
        ColumnType::EntityId => Value::EntityId(EntityId(number)),
        _ => Value::U64(number),
    }
}

/// The number in a counting column; `None` if it is negative.
pub(crate) fn count_of(value: &Value) -> Option<u64> {
    match value {
        Value::U8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) => Some(*number),
        Value::EntityId(number) => Some(number.0),
        Value::I8(number) => u64::try_from(*number).ok(),
        Value::I16(number) => u64::try_from(*number).ok(),
        Value::I32(number) => u64::try_from(*number).ok(),
        Value::I64(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// The highest number of a counting type.
pub(crate) fn count_max(ty: &ColumnType) -> u64 {
    match ty {
        ColumnType::U8 => u8::MAX.into(),
        ColumnType::U16 => u16::MAX.into(),
        ColumnType::U32 => u32::MAX.into(),
        ColumnType::I8 => i8::MAX as u64,
        ColumnType::I16 => i16::MAX as u64,
        ColumnType::I32 => i32::MAX as u64,
        ColumnType::I64 => i64::MAX as u64,
        _ => u64::MAX,
    }
}

/// A value of the type.
pub(crate) fn value(random: &mut Random, ty: &ColumnType) -> Value {
    let is_extreme = random.one_in(60);
    let small = random.below(12);
    let signed = random.between(-6, 6);
    match ty {
        ColumnType::Bool => Value::Bool(random.one_in(2)),
        ColumnType::I8 => Value::I8(if is_extreme { i8::MIN } else { signed as i8 }),
        ColumnType::I16 => Value::I16(if is_extreme { i16::MIN } else { signed as i16 }),
        ColumnType::I32 => Value::I32(if is_extreme { i32::MAX } else { signed as i32 }),
        ColumnType::I64 => Value::I64(if is_extreme { i64::MIN } else { signed }),
        ColumnType::U8 => Value::U8(if is_extreme { u8::MAX } else { small as u8 }),
        ColumnType::U16 => Value::U16(if is_extreme { u16::MAX } else { small as u16 }),
        ColumnType::U32 => Value::U32(if is_extreme { u32::MAX } else { small as u32 }),
        ColumnType::U64 => Value::U64(if is_extreme { u64::MAX } else { small }),
        ColumnType::U128 => Value::U128(u128::from(random.next()) << 64 | u128::from(small)),
        ColumnType::F32 => Value::F32(signed as f32 * 0.5),
        ColumnType::F64 => Value::F64(signed as f64 * 0.25),
        ColumnType::Vec2 => Value::Vec2(Vec2::new(half(random) as f32, half(random) as f32)),
        ColumnType::Vec3 => Value::Vec3(Vec3::new(half(random) as f32, half(random) as f32, signed as f32)),
        ColumnType::DVec2 => Value::DVec2(DVec2::new(half(random), half(random))),
        ColumnType::DVec3 => Value::DVec3(DVec3::new(half(random), half(random), signed as f64)),
        ColumnType::IVec3 => Value::IVec3(IVec3::new(signed as i32, small as i32, 0)),
        ColumnType::Quat => Value::Quat(Quat::from_xyzw(0.0, 0.0, signed as f32, 1.0)),
        ColumnType::Identity => Value::Identity(Identity([small as u8; 32])),
        ColumnType::Uuid => Value::Uuid(Uuid([small as u8; 16])),
        ColumnType::EntityId => Value::EntityId(EntityId(if is_extreme { u64::MAX } else { small })),
        ColumnType::Timestamp => Value::Timestamp(Timestamp(signed)),
        ColumnType::Duration => Value::Duration(Duration(signed)),
        ColumnType::String => Value::String(text(random, is_extreme)),
        ColumnType::Bytes => Value::Bytes(text(random, is_extreme).into_bytes()),
        ColumnType::Option(inner) => {
            Value::Option((!random.one_in(3)).then(|| Box::new(value(random, inner))))
        }
        ColumnType::Vec(inner) => Value::Vec((0..random.below(4)).map(|_| value(random, inner)).collect()),
        ColumnType::Enum(enumeration) => {
            let tag = random.index(enumeration.variants.len());
            let fields = enumeration.variants.get(tag).map_or(&[][..], |variant| &variant.fields);
            Value::Enum(tag as u8, fields.iter().map(|field| value(random, &field.ty)).collect())
        }
        ColumnType::Struct(structure) => {
            Value::Struct(structure.fields.iter().map(|field| value(random, &field.ty)).collect())
        }
        _ => Value::Bool(false),
    }
}

/// Where a row is, if the value is a position.
pub(crate) fn place_of(value: &Value) -> Option<[f64; 3]> {
    match value {
        Value::Vec2(place) => Some([place.x.into(), place.y.into(), 0.0]),
        Value::Vec3(place) => Some([place.x.into(), place.y.into(), place.z.into()]),
        Value::DVec2(place) => Some([place.x, place.y, 0.0]),
        Value::DVec3(place) => Some([place.x, place.y, place.z]),
        _ => None,
    }
}

/// A coordinate in steps of a half.
pub(crate) fn half(random: &mut Random) -> f64 {
    random.between(-WORLD_EDGE, WORLD_EDGE) as f64 * 0.5
}

fn text(random: &mut Random, is_long: bool) -> String {
    if is_long {
        return "long ".repeat(random.index(300));
    }
    ["", "a", "b", "ab", "Kāne", "orc", "it's", "zz"]
        .get(random.index(8))
        .map_or_else(String::new, |text| (*text).into())
}

fn field(name: &str, ty: ColumnType) -> Field {
    Field { name: name.into(), ty }
}

fn mood() -> ColumnType {
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    let variants = ["Calm", "Angry", "Asleep"].map(variant).to_vec();
    ColumnType::Enum(Arc::new(EnumType { name: "Mood".into(), variants }))
}

fn effect() -> ColumnType {
    let variant = |name: &str, fields| Variant { name: name.into(), fields };
    let variants = vec![
        variant("Nothing", Vec::new()),
        variant("Damage", vec![field("amount", ColumnType::U16), field("by", ColumnType::String)]),
        variant("Moved", vec![field("_0", ColumnType::Vec2)]),
    ];
    ColumnType::Enum(Arc::new(EnumType { name: "Effect".into(), variants }))
}

fn stats() -> ColumnType {
    let fields = vec![
        field("level", ColumnType::U8),
        field("title", ColumnType::Option(Box::new(ColumnType::U32))),
        field("power", ColumnType::F32),
    ];
    ColumnType::Struct(Arc::new(StructType { name: "Stats".into(), fields }))
}
