//! 300 players walk, and each sees the 50 that are nearest within a wide circle around its own: chosen anew in every flush.

use std::collections::BTreeSet;

use ambit_model::glam::Vec3;
use ambit_wire::Op;

use crate::database::Database;
use crate::field::{Field, Random, is_near};
use crate::figure;
use crate::rounds::{median, time};

const PLAYERS: usize = 300;
const SIDE: f32 = 640.0;
const RADIUS: f64 = 200.0;
const LIMIT: usize = 50;
const STEP: f32 = 0.3;
const TICKS: usize = 20;
const TICKS_BEFORE: usize = 3;

pub fn run() {
    let milliseconds = median(measure_once, |milliseconds| *milliseconds);
    println!(
        "the {LIMIT} nearest of {PLAYERS} within {RADIUS}, {PLAYERS} connections: flush {milliseconds:.3} ms"
    );
    figure("interest_nearest_50_of_300_ms", milliseconds, "ms");
}

fn measure_once(seed: u64) -> f64 {
    let mut random = Random::new(seed);
    let stride = |direction: Vec3| direction.normalize_or_zero() * STEP;
    let mut players = Field::new((PLAYERS, SIDE, 0.0), stride, &mut random);
    let mut database = Database::new();
    let put_all = |database: &mut Database, players: &Field, is_new: bool| {
        for (player, place) in (0..).zip(&players.places) {
            database.put_player(player, *place, is_new);
        }
        let change_set = database.commit();
        database.apply(&change_set);
        database.pass(50);
    };
    put_all(&mut database, &players, true);
    let sql = format!(
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, {RADIUS}) \
         WHERE p.identity = :sender ORDER BY ST_Distance(m.position, p.position) LIMIT {LIMIT}"
    );
    (0..PLAYERS as u64).for_each(|client| database.subscribe(client, &sql, 20.0));
    let mut held = vec![BTreeSet::new(); PLAYERS];
    let mut spent = 0.0;
    for tick in 0..TICKS_BEFORE + TICKS {
        players.step();
        put_all(&mut database, &players, false);
        // What is told is read as well: a set's work, which every round has.
        let told = time(|| database.flush_and_read(|client, op| hold(&mut held[client as usize], op)));
        if tick >= TICKS_BEFORE {
            spent += told;
        }
    }
    for (place, held) in players.places.iter().zip(&held) {
        assert_eq!(*held, nearest(&players.places, *place), "what a client holds");
    }
    spent / TICKS as f64 / 1e6
}

fn hold(held: &mut BTreeSet<u32>, op: Op<'_>) {
    match op {
        Op::Insert { slot, .. } | Op::InsertColumns { slot, .. } => {
            assert!(held.insert(slot), "entered twice")
        }
        Op::Delete { slot, .. } => assert!(held.remove(&slot), "left, but was not held"),
        Op::Delta { slot, .. } => assert!(held.contains(&slot), "changed, but was not held"),
    }
}

/// A naive search.
fn nearest(places: &[Vec3], centre: Vec3) -> BTreeSet<u32> {
    let square = |place: &Vec3| {
        let [x, z] = [(place.x, centre.x), (place.z, centre.z)].map(|(a, b)| f64::from(a) - f64::from(b));
        x * x + z * z
    };
    let near = (0_u32..).zip(places).filter(|(_, place)| is_near(**place, centre, RADIUS));
    // Squares are not negative: their bits compare as they do. Equal ones are ordered by the key, whose bytes begin with the number.
    let mut ranked: Vec<(u64, [u8; 8], u32)> =
        near.map(|(slot, place)| (square(place).to_bits(), u64::from(slot).to_le_bytes(), slot)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(LIMIT).map(|(_, _, slot)| slot).collect()
}
