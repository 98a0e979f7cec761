//! What a schema change takes while every player watches the others: from a world of some tables to one with another
//! table before them.

use std::sync::Arc;

use ambit_model::TableSchema;
use ambit_store::Store;

use crate::database::{PLAYER, new_row, player_row, put, schema};
use crate::figure;
use crate::pair::start;
use crate::rounds::{median, time};

const PLAYERS: u64 = 10_000;

pub fn run() {
    let milliseconds = median(measure_once, |run| *run);
    figure("interest_schema_change_10000_clients_ms", milliseconds, "ms");
}

fn measure_once(seed: u64) -> f64 {
    let (mut database, field) = start(PLAYERS, seed);
    let mut new = schema();
    new.tables.insert(0, TableSchema { name: "guild".into(), ..new.tables[0].clone() });
    let mut other = Store::new(Arc::new(new));
    let mut row = Vec::new();
    for (player, place) in (0..).zip(&field.places) {
        let row = new_row(&mut row, player_row(player, *place));
        put(&mut other, PLAYER + 1, (player as u32, row), true);
    }
    other.commit();
    let mut changed = None;
    let spent = time(|| {
        let swap = |store: &mut Store| {
            std::mem::swap(store, &mut other);
            Ok::<_, String>(())
        };
        changed = database.follower.migrate(|table| Some(table + 1), swap).ok();
    });
    let farewells = changed.map(|farewells| farewells.len());
    assert_eq!(farewells, Some(0), "the schema change was refused, or somebody had to go");
    spent / 1e6
}
