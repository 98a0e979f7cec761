//! Private columns and rules of visibility that are not possible.
use ambit_module::prelude::*;

#[table(name = keyed, public)]
#[derive(Clone)]
struct Keyed {
    #[primary_key]
    #[private]
    id: u64,
}

#[table(name = paired, public, primary_key = [first, second])]
#[derive(Clone)]
struct Paired {
    first: u64,
    #[private]
    second: u64,
}

#[table(name = parenthesised, public)]
#[derive(Clone)]
struct Parenthesised {
    #[private(yes)]
    secret: u64,
}

#[table(name = hidden)]
#[visible("id = 1")]
#[derive(Clone)]
struct Hidden {
    id: u64,
}

#[table(name = unsaid, public)]
#[visible]
#[derive(Clone)]
struct Unsaid {
    id: u64,
}

#[table(name = blank, public)]
#[visible("  ")]
#[derive(Clone)]
struct Blank {
    id: u64,
}

#[old_table(from = 1, name = old, public)]
#[visible("id = 1")]
#[derive(Clone)]
struct Old {
    id: u64,
}

fn main() {}
