//! Migrations without a version, with arguments, with other contexts.
use ambit_module::prelude::*;

#[migration]
fn no_version(_ctx: &Migration) {}

#[migration(to = 2)]
fn to_2(_ctx: &Migration) {}

#[migration(from = -1)]
fn before_the_first(_ctx: &Migration) {}

#[migration(from = 1)]
fn with_argument(_ctx: &Migration, _players: u32) {}

#[migration(from = 1)]
fn without_context() {}

#[migration(from = 1)]
fn with_context_of_reducers(_ctx: &Context) {}

#[migration(from = 1)]
fn of_another_version(_ctx: &Migration<2>) {}

#[migration(from = 1)]
async fn later(_ctx: &Migration) {}

#[migration(from = 1)]
fn answers(_ctx: &Migration) -> u32 {
    7
}

#[migration(from = 1)]
struct Migrated;

fn main() {}
