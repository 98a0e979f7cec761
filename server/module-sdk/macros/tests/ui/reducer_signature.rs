//! Reducers whose first parameter, arguments or result are impossible.
use ambit_module::prelude::*;

#[reducer]
fn no_context(name: String) {}

#[reducer]
fn borrows(_ctx: &Context, name: &str) {}

#[reducer(init)]
fn init_with_argument(_ctx: &Context, name: String) {}

#[reducer]
fn returns_a_number(_ctx: &Context) -> u32 {
    4
}

fn main() {}
