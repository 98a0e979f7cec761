//! Attributes on columns of types that they do not fit.
use ambit_module::prelude::*;

#[table(name = player)]
struct Player {
    #[auto_inc]
    name: String,
    #[spatial]
    position: Vec4,
}

fn main() {}
