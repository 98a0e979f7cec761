//! A misspelt attribute of a column.
use ambit_module::prelude::*;

#[table(name = player)]
#[derive(Clone)]
struct Player {
    #[primarykey]
    id: u64,
}

fn main() {}
