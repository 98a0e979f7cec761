//! How a column travels in few bytes while it changes: which rules there are and which columns they are for. What a
//! rule does to values is `motion`'s business.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use crate::limits;
use crate::types::ColumnType;

/// How a column is quantised on the wire. Rows, the store and the log hold exact values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantize {
    /// Numbers and vectors: whole steps.
    Step {
        /// World units from one step to the next.
        step: f64,
    },
    /// An angle: whole steps that divide a turn, after which it begins again.
    Angle {
        /// The distance of two steps; the nearest that divides the turn is taken.
        step: f64,
        /// A full turn: 2π for radians, 360 for degrees.
        turn: f64,
        /// The least angle; others are below `from + turn`. What lies outside is sent exactly.
        from: f64,
    },
    /// A unit quaternion: steps of its three smaller components.
    Quaternion {
        /// The distance of two steps of a component.
        step: f64,
    },
}

impl Eq for Quantize {}

impl Quantize {
    /// Bits of a quaternion's component, if nothing is said: with the largest component's place they fill 32 bits.
    pub const QUATERNION_BITS: u32 = 10;

    /// An angle in radians from -π on.
    pub fn radians(step: f64) -> Self {
        Self::Angle { step, turn: TAU, from: -TAU / 2.0 }
    }

    /// A unit quaternion whose three smaller components have so many bits each, at least 4 and at most 20.
    pub fn quaternion(bits: u32) -> Self {
        let steps = (1_u32 << bits.clamp(4, 20)) - 1;
        Self::Quaternion { step: 2.0 * FRAC_1_SQRT_2 / f64::from(steps) }
    }

    /// Why a column of this type cannot be quantised so, if it cannot.
    pub(crate) fn check(&self, ty: &ColumnType) -> Result<(), String> {
        let is_number = matches!(ty, ColumnType::F32 | ColumnType::F64);
        let is_vector = matches!(
            ty,
            ColumnType::Vec2 | ColumnType::Vec3 | ColumnType::Vec4 | ColumnType::DVec2 | ColumnType::DVec3
        );
        match *self {
            Self::Step { .. } if !is_number && !is_vector => Err(format!(
                "quantize with a step needs f32, f64, Vec2, Vec3, Vec4, DVec2 or DVec3, not {ty}"
            )),
            Self::Step { step } => within("step", step, limits::QUANTIZE_STEP_MIN, limits::QUANTIZE_STEP_MAX),
            Self::Angle { .. } if !is_number => Err(format!("quantize(angle) needs f32 or f64, not {ty}")),
            Self::Angle { step, turn, from } => {
                within("turn", turn, limits::QUANTIZE_STEP_MIN, limits::QUANTIZE_STEP_MAX)?;
                within("step", step, turn / limits::QUANTIZE_ANGLES_MAX, turn / 4.0)?;
                within("least angle", from, -2.0 * turn, 2.0 * turn)
            }
            Self::Quaternion { .. } if *ty != ColumnType::Quat => {
                Err(format!("quantize(quaternion) needs Quat, not {ty}"))
            }
            Self::Quaternion { step } => within(
                "step",
                step,
                limits::QUANTIZE_QUATERNION_STEP_MIN,
                limits::QUANTIZE_QUATERNION_STEP_MAX,
            ),
        }
    }
}

fn within(what: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(format!("its quantize has a {what} of {value}; {least} to {most} is possible")),
    }
}
