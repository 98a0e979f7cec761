//! An index that names a column twice.
use ambit_module::prelude::*;

#[table(name = player, index(name = zone_zone, hash, columns = [zone, zone]))]
struct Player {
    zone: u32,
}

fn main() {}
