//! Priorities that are none.
use ambit_module::prelude::*;

#[table(name = player, priority = 0)]
struct Player {
    level: u8,
}

#[table(name = monster)]
struct Monster {
    #[priority]
    level: u8,
    #[priority]
    threat: f32,
}

#[table(name = tree)]
struct Tree {
    #[priority(2)]
    height: f32,
}

#[table(name = rock)]
struct Rock {
    #[priority]
    name: String,
}

fn main() {}
