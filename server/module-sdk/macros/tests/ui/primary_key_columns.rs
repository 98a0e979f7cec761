//! Keys of several columns that are none.
use ambit_module::prelude::*;

#[table(name = member, primary_key = [guild, player])]
struct Member {
    #[primary_key]
    guild: u32,
    player: u64,
}

#[table(name = badge, primary_key = [guild, who])]
struct Badge {
    guild: u32,
    player: u64,
}

#[table(name = letter, primary_key = guild)]
struct Letter {
    guild: u32,
}

#[table(name = medal, primary_key(columns = [guild], sorted))]
struct Medal {
    guild: u32,
}

#[table(name = crown, primary_key = [a, b, c, d, e])]
struct Crown {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
}

fn main() {}
