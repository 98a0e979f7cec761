//! A number without a step.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[quantize(range = 5)]
    position: Vec3,
}

fn main() {}
