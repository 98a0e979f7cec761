//! An index over a column that is not there.
use ambit_module::prelude::*;

#[table(name = player, index(name = zone_name, ordered, columns = [zone, title]))]
struct Player {
    zone: u32,
    name: String,
}

fn main() {}
