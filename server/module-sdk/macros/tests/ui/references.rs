//! References that name no table, no column or no way to end.
use ambit_module::prelude::*;

#[table(name = a)]
struct A {
    #[references]
    guild: u32,
}

#[table(name = b)]
struct B {
    #[references(guild, cascade)]
    guild: u32,
}

#[table(name = c)]
struct C {
    #[references(guild, on_delete = "forget")]
    guild: u32,
}

#[table(name = d)]
struct D {
    #[references(guild)]
    #[references(clan)]
    guild: u32,
}

#[table(name = e, references(columns = [guild, player]))]
struct E {
    guild: u32,
    player: u64,
}

#[table(name = f, references(columns = [guild, who], table = member))]
struct F {
    guild: u32,
    player: u64,
}

#[table(name = g, references = guild)]
struct G {
    guild: u32,
}

#[table(name = h)]
struct H {
    #[references(guild)]
    count: u32,
}

fn main() {}
