//! A column enum that numbers its own variants.
use ambit_module::prelude::*;

#[derive(Column)]
enum Element {
    Fire = 3,
    Water,
}

fn main() {}
