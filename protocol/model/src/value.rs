//! A column's value whose type is known only at run time. Tools and tests use it; hot paths do not.

use glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};

use crate::id::{ConnectionId, Duration, EntityId, Identity, Timestamp, Uuid};

/// One value of any [`crate::ColumnType`].
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the column type of the same name")]
pub enum Value {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Vec2(Vec2),
    Vec3(Vec3),
    Vec4(Vec4),
    Quat(Quat),
    DVec2(DVec2),
    DVec3(DVec3),
    IVec2(IVec2),
    IVec3(IVec3),
    Identity(Identity),
    ConnectionId(ConnectionId),
    Uuid(Uuid),
    EntityId(EntityId),
    Timestamp(Timestamp),
    Duration(Duration),
    String(String),
    Bytes(Vec<u8>),
    Option(Option<Box<Value>>),
    Vec(Vec<Value>),
    /// The tag and the variant's fields.
    Enum(u8, Vec<Value>),
    /// The fields in declared order.
    Struct(Vec<Value>),
}
