//! Things that can be said once.
use ambit_module::prelude::*;

#[table(name = player, name = hero)]
struct Player {
    zone: u32,
}

#[table(index(name = one, name = other, hash, columns = [zone]))]
struct Monster {
    zone: u32,
}

#[table(index(hash, ordered, columns = [zone]))]
struct Item {
    zone: u32,
}

fn main() {}
