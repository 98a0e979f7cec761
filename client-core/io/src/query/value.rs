//! Which types a column can be compared as, and what their values are as parameters. Lists, structs and numbers of 128 bits
//! without a sign cannot be compared.

use ambit_client_core::ParameterValue;
use ambit_model::glam::{DVec2, DVec3, Vec2, Vec3};
use ambit_model::{ConnectionId, Duration, EntityId, Identity, Timestamp, Uuid};

/// A type whose columns are compared with values. Generated code has it for enums.
pub trait Queried {
    /// What it is compared with.
    type Value<'a>;
    /// The value as a parameter.
    fn parameter(value: Self::Value<'_>) -> ParameterValue;
}

/// A type whose columns can be NULL.
pub trait Nullable {}

/// A type whose columns are places.
pub trait Position {
    /// A place.
    type Point;
    /// The place as a parameter.
    fn point(point: Self::Point) -> ParameterValue;
}

macro_rules! queried {
    ($($ty:ty, $value:ident => $parameter:expr;)*) => {$(
        impl Queried for $ty {
            type Value<'a> = $ty;
            fn parameter($value: $ty) -> ParameterValue {
                $parameter
            }
        }
    )*};
}

queried! {
    bool, value => ParameterValue::Bool(value);
    i8, value => ParameterValue::Integer(value.into());
    i16, value => ParameterValue::Integer(value.into());
    i32, value => ParameterValue::Integer(value.into());
    i64, value => ParameterValue::Integer(value.into());
    i128, value => ParameterValue::Integer(value);
    u8, value => ParameterValue::Integer(value.into());
    u16, value => ParameterValue::Integer(value.into());
    u32, value => ParameterValue::Integer(value.into());
    u64, value => ParameterValue::Integer(value.into());
    f32, value => ParameterValue::Float(value.into());
    f64, value => ParameterValue::Float(value);
    EntityId, value => ParameterValue::Integer(value.0.into());
    Timestamp, value => ParameterValue::Integer(value.0.into());
    Duration, value => ParameterValue::Integer(value.0.into());
    Identity, value => ParameterValue::Bytes(value.0.to_vec());
    ConnectionId, value => ParameterValue::Bytes(value.0.to_vec());
    Uuid, value => ParameterValue::Bytes(value.0.to_vec());
}

impl Queried for String {
    type Value<'a> = &'a str;
    fn parameter(value: &str) -> ParameterValue {
        ParameterValue::Text(value.to_owned())
    }
}

impl Queried for Vec<u8> {
    type Value<'a> = &'a [u8];
    fn parameter(value: &[u8]) -> ParameterValue {
        ParameterValue::Bytes(value.to_vec())
    }
}

impl<T: Queried> Queried for Option<T> {
    type Value<'a> = T::Value<'a>;
    fn parameter(value: T::Value<'_>) -> ParameterValue {
        T::parameter(value)
    }
}

impl<T> Nullable for Option<T> {}
impl Nullable for f32 {}
impl Nullable for f64 {}

impl Position for Vec2 {
    type Point = Self;
    fn point(point: Self) -> ParameterValue {
        ParameterValue::Point2([point.x.into(), point.y.into()])
    }
}

impl Position for Vec3 {
    type Point = Self;
    fn point(point: Self) -> ParameterValue {
        ParameterValue::Point3([point.x.into(), point.y.into(), point.z.into()])
    }
}

impl Position for DVec2 {
    type Point = Self;
    fn point(point: Self) -> ParameterValue {
        ParameterValue::Point2([point.x, point.y])
    }
}

impl Position for DVec3 {
    type Point = Self;
    fn point(point: Self) -> ParameterValue {
        ParameterValue::Point3([point.x, point.y, point.z])
    }
}

impl<T: Position> Position for Option<T> {
    type Point = T::Point;
    fn point(point: T::Point) -> ParameterValue {
        T::point(point)
    }
}
