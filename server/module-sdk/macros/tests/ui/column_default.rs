//! Defaults and old names that are none.
use ambit_module::prelude::*;

#[table(name = a)]
struct A {
    #[default("many")]
    count_max: u32,
}

#[table(name = b)]
struct B {
    #[default]
    count_max: u32,
}

#[table(name = c)]
struct C {
    #[default(1)]
    #[default(2)]
    count_max: u32,
}

#[table(name = d)]
struct D {
    #[renamed_from = "limit"]
    count_max: u32,
}

#[table(name = e)]
struct E {
    #[renamed_from(a, b)]
    count_max: u32,
}

fn main() {}
