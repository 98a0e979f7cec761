//! An index named like a method of every table.
use ambit_module::prelude::*;

#[table(name = stack)]
struct Stack {
    #[index(ordered)]
    count: u64,
}

fn main() {}
