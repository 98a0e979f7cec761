//! Rotations and names have no steps.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[quantize(step = 0.01)]
    rotation: Quat,
    #[quantize(angle, bits = 8)]
    heading: Vec2,
    #[quantize(quaternion)]
    name: String,
}

fn main() {}
