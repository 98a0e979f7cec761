//! Which column types `#[quantize]` stands on. What it does is `ambit-model`'s business.

use ambit_model::Column;
use ambit_model::glam::{DVec2, DVec3, Quat, Vec2, Vec3, Vec4};

/// A column type of numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no steps",
    label = "not a float or a vector of floats",
    note = "`#[quantize(step = …)]` stands on a column of type f32, f64, Vec2, Vec3, Vec4, DVec2 or DVec3; on a Quat it is `#[quantize(quaternion)]`"
)]
pub trait Stepped: Column {}

/// A column type that holds an angle.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no angle",
    label = "not a float",
    note = "`#[quantize(angle, …)]` stands on a column of type f32 or f64"
)]
pub trait Angle: Column {}

/// A column type that holds a rotation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no quaternion",
    label = "not a quaternion",
    note = "`#[quantize(quaternion)]` stands on a column of type Quat"
)]
pub trait Quaternion: Column {}

impl Stepped for f32 {}
impl Stepped for f64 {}
impl Stepped for Vec2 {}
impl Stepped for Vec3 {}
impl Stepped for Vec4 {}
impl Stepped for DVec2 {}
impl Stepped for DVec3 {}
impl Angle for f32 {}
impl Angle for f64 {}
impl Quaternion for Quat {}
