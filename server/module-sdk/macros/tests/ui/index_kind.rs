//! An index of no known kind.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[index(btree)]
    level: u32,
}

fn main() {}
