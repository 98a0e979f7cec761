//! An unknown argument of `#[reducer]`.
use ambit_module::prelude::*;

#[reducer(on_connect)]
fn greet(_ctx: &Context) {}

fn main() {}
