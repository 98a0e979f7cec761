//! An interval without a unit.
use ambit_module::prelude::*;

#[reducer(every = "50")]
fn tick(_ctx: &Context) {}

fn main() {}
