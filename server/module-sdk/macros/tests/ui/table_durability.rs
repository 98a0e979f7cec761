//! A durability that there is not.
use ambit_module::prelude::*;

#[table(name = player, durability = "forever")]
struct Player {
    name: String,
}

#[table(name = monster, durability = ephemeral)]
struct Monster {
    name: String,
}

#[table(name = item, durability = "durable", durability = "ephemeral")]
struct Item {
    name: String,
}

fn main() {}
