//! An unknown argument of `#[table]`.
use ambit_module::prelude::*;

#[table(name = player, visible)]
struct Player {
    id: u64,
}

fn main() {}
