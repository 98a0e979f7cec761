//! Tables as they were: without a version, or to be written to.
use ambit_module::prelude::*;

#[old_table(name = player)]
struct PlayerV1 {
    id: u64,
}

#[old_table(from = "first")]
struct ItemV1 {
    id: u64,
}

#[old_table(from = 1, until = 2)]
struct ZoneV1 {
    id: u64,
}

#[table(from = 1)]
struct Monster {
    id: u64,
}

fn main() {}
