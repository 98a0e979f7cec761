//! A step and bits.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[quantize(angle, step = 0.1, bits = 12)]
    heading: f32,
}

fn main() {}
