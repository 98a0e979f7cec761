//! Two primary keys.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[primary_key]
    id: u64,
    #[primary_key]
    name: String,
}

fn main() {}
