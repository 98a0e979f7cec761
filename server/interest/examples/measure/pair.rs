//! What a visible moved row costs per observer. Every player moves in every commit and sees about 50 others through a circle
//! of its own. Alternates with the least program that does the same, so that the machine's moods meet both.

use ambit_interest::Delivery;
use ambit_model::glam::Vec3;

use crate::database::Database;
use crate::field::{Field, Random, is_near};
use crate::figure;
use crate::limit::Limit;
use crate::rounds::{median, time};

const RADIUS: f64 = 80.0;
const VISIBLE: f64 = 50.0;
const STEPS: u64 = 40;
const SQL: &str = "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
                   WHERE p.identity = :sender AND m.zone = p.zone";

pub fn run() {
    let run = measure(1_000);
    figure("interest_pair_1000_players_ns", run.pair, "ns");
    figure("interest_pair_1000_players_limit_ns", run.limit, "ns");
    let run = measure(10_000);
    figure("interest_pair_ns", run.pair, "ns");
    figure("interest_pair_limit_ns", run.limit, "ns");
    figure("bytes_per_moved_row", run.bytes, "bytes");
}

/// What a run gives, per observer and visible moved row.
struct Run {
    /// Nanoseconds.
    pair: f64,
    /// Nanoseconds of the least program that does the same.
    limit: f64,
    bytes: f64,
    /// Rows that an observer sees.
    visible: f64,
}

/// The median of runs with different worlds.
fn measure(players: u64) -> Run {
    let Run { pair, limit, bytes, visible } = median(|seed| measure_once(players, seed), |run| run.pair);
    println!(
        "{players} players, each sees {visible:.1}: {pair:.1} ns (limit {limit:.1} ns), {bytes:.1} bytes"
    );
    Run { pair, limit, bytes, visible }
}

fn measure_once(players: u64, seed: u64) -> Run {
    let (mut database, mut field) = start(players, seed);
    let mut limit = Limit::new(&field.places);
    let (mut spent, mut limit_spent, mut bytes, mut rows, mut limit_bytes) = (0.0, 0.0, 0, 0, 0);
    for _ in 0..STEPS {
        field.step();
        put_all(&mut database, &field, false);
        database.pass(50);
        spent += time(|| bytes += database.flush().bytes);
        limit_spent += time(|| limit_bytes += limit.tick(&field.places, field.side, RADIUS));
        // Counted afterwards, so that counting is not measured.
        rows += visible_pairs(&field);
    }
    assert!(limit_bytes as u64 >= rows * 16, "the least program has not done the same");
    let rows = rows as f64;
    let visible = rows / STEPS as f64 / players as f64;
    Run { pair: spent / rows, limit: limit_spent / rows, bytes: bytes as f64 / rows, visible }
}

/// A follower that was flushed a second after its start, and the players, each with its circle.
pub fn start(players: u64, seed: u64) -> (Database, Field) {
    start_with(players, seed, &Delivery::at_rate(20.0))
}

/// The same with delivery options.
pub fn start_with(players: u64, seed: u64, delivery: &Delivery) -> (Database, Field) {
    let side = (players as f64 * std::f64::consts::PI * RADIUS * RADIUS / VISIBLE).sqrt() as f32;
    let stride = |direction: Vec3| direction * 0.5;
    let field = Field::new((players as usize, side, 4.0), stride, &mut Random::new(seed));
    let mut database = Database::new();
    put_all(&mut database, &field, true);
    for player in 0..players {
        database.subscribe_as(player, SQL, delivery);
    }
    database.pass(1_000);
    database.flush();
    (database, field)
}

pub fn put_all(database: &mut Database, field: &Field, is_new: bool) {
    for (player, place) in (0..).zip(&field.places) {
        database.put_player(player, *place, is_new);
    }
    let change_set = database.commit();
    database.apply(&change_set);
}

/// How many pairs of observer and visible row there are.
pub fn visible_pairs(field: &Field) -> u64 {
    let cells = (f64::from(field.side) / RADIUS).ceil().max(1.0) as usize;
    let cell = |place: f32| ((f64::from(place) / RADIUS) as usize).min(cells - 1);
    let mut grid = vec![Vec::new(); cells * cells];
    for place in &field.places {
        grid[cell(place.z) * cells + cell(place.x)].push(*place);
    }
    let mut count = 0;
    for place in &field.places {
        let (x, z) = (cell(place.x), cell(place.z));
        for row in z.saturating_sub(1)..=(z + 1).min(cells - 1) {
            for column in x.saturating_sub(1)..=(x + 1).min(cells - 1) {
                let near = |other: &&Vec3| is_near(**other, *place, RADIUS);
                count += grid[row * cells + column].iter().filter(near).count() as u64;
            }
        }
    }
    count
}
