//! A grid cell without an edge.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[spatial(cell = 0.0)]
    position: Vec3,
}

fn main() {}
