//! A step of 0.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[quantize(step = 0)]
    position: Vec3,
}

fn main() {}
