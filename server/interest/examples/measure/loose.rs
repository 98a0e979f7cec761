//! Delivery options: what a visible moved row costs per observer with tiers and a budget, and a crowd of 1,000 in one spot with a
//! budget of 64 kB a second each.

use std::collections::BTreeMap;

use ambit_interest::{Delivery, Tier};
use ambit_model::glam::Vec3;
use ambit_wire::Op;

use crate::database::Database;
use crate::field::{Field, Random};
use crate::figure;
use crate::pair::{put_all, start_with, visible_pairs};
use crate::rounds::{median, time};

/// Bytes per second of each connection.
const BUDGET: u32 = 64_000;
const STEPS: u64 = 40;
const STEPS_BEFORE: u64 = 5;
const STEP_MS: i64 = 50;

pub fn run() {
    let few = median(|seed| measure_pairs(1_000, seed), |run| run.ns);
    let pairs = median(|seed| measure_pairs(10_000, seed), |run| run.ns);
    for (players, run) in [(1_000, &few), (10_000, &pairs)] {
        println!(
            "{players} players, each sees {:.1}, tiers and budget: {:.1} ns per pair, {:.0} bytes per second",
            run.visible, run.ns, run.bytes_per_s
        );
    }
    figure("interest_loose_pair_1000_players_ns", few.ns, "ns");
    figure("interest_loose_pair_ns", pairs.ns, "ns");
    figure("interest_loose_bytes_per_s", pairs.bytes_per_s, "bytes/s");
    let crowd = median(measure_crowd, |run| run.flush_ms);
    println!(
        "1,000 in one spot, {BUDGET} bytes per second each: flush {:.2} ms, {:.0} bytes per second, the oldest row {} ms old; \
         near rows are told {:.1} times a second, far ones {:.1} times",
        crowd.flush_ms, crowd.bytes_per_s, crowd.oldest_ms, crowd.near_hz, crowd.far_hz
    );
    figure("interest_loose_crowd_ms", crowd.flush_ms, "ms");
    figure("interest_loose_crowd_oldest_ms", crowd.oldest_ms as f64, "ms");
}

struct Pairs {
    /// Per observer and visible moved row.
    ns: f64,
    visible: f64,
    /// Of a connection.
    bytes_per_s: f64,
}

/// Two tiers, hysteresis and a budget.
pub fn tiers_and_budget() -> Delivery {
    let tier = |distance: f64, rate: f32| Tier { distance, rate, columns: Vec::new() };
    Delivery {
        rate: 20.0,
        tiers: vec![tier(30.0, 20.0), tier(80.0, 5.0)],
        hysteresis: 5.0,
        budget: BUDGET,
        confirmed: false,
    }
}

fn measure_pairs(players: u64, seed: u64) -> Pairs {
    let (mut database, mut field) = start_with(players, seed, &tiers_and_budget());
    let (mut spent, mut bytes, mut rows) = (0.0, 0, 0);
    for step in 0..STEPS_BEFORE + STEPS {
        field.step();
        put_all(&mut database, &field, false);
        database.pass(STEP_MS);
        let mut told = 0;
        let ns = time(|| told = database.flush().bytes);
        if step >= STEPS_BEFORE {
            spent += ns;
            bytes += told;
            rows += visible_pairs(&field);
        }
    }
    let seconds = (STEPS * STEP_MS as u64) as f64 / 1e3;
    Pairs {
        ns: spent / rows as f64,
        visible: rows as f64 / (STEPS * players) as f64,
        bytes_per_s: bytes as f64 / players as f64 / seconds,
    }
}

struct Crowd {
    flush_ms: f64,
    bytes_per_s: f64,
    oldest_ms: i64,
    near_hz: f64,
    far_hz: f64,
}

fn measure_crowd(seed: u64) -> Crowd {
    const PLAYERS: u64 = 1_000;
    let side = 50.0;
    let stride = |direction: Vec3| direction.normalize_or_zero() * 0.3;
    let mut field = Field::new((PLAYERS as usize, side, 0.0), stride, &mut Random::new(seed));
    let mut database = Database::new();
    put_all(&mut database, &field, true);
    let delivery = Delivery { budget: BUDGET, ..Delivery::at_rate(20.0) };
    for player in 0..PLAYERS {
        let sql = "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
                   WHERE p.identity = :sender";
        database.subscribe_as(player, sql, &delivery);
    }
    database.pass(1_000);
    database.flush();
    // Until what the first result took is paid for.
    for _ in 0..2_000 / STEP_MS {
        step(&mut database, &mut field);
        database.flush();
    }
    let (mut spent, mut bytes) = (0.0, 0);
    for _ in 0..STEPS {
        step(&mut database, &mut field);
        spent += time(|| bytes += database.flush().bytes);
    }
    let seconds = (STEPS * STEP_MS as u64) as f64 / 1e3;
    let (oldest_ms, near_hz, far_hz) = watch(&mut database, &mut field, 7);
    Crowd {
        flush_ms: spent / 1e6 / STEPS as f64,
        bytes_per_s: bytes as f64 / PLAYERS as f64 / seconds,
        oldest_ms,
        near_hz,
        far_hz,
    }
}

fn step(database: &mut Database, field: &mut Field) {
    field.step();
    put_all(database, field, false);
    database.pass(STEP_MS);
}

/// Three more seconds, of which one client's changes are read: the longest time between two of a row, and how often those in the
/// nearest and the farthest quarter are told.
fn watch(database: &mut Database, field: &mut Field, client: u64) -> (i64, f64, f64) {
    let seconds = 3;
    let mut told: BTreeMap<u32, (i64, i64, u64)> = (0..1_000).map(|slot| (slot, (-1, 0, 0))).collect();
    for now in 0..seconds * 1_000 / STEP_MS {
        step(database, field);
        database.flush_and_read(|of, op| {
            if let Op::Delta { slot, .. } = op
                && of == client
                && let Some((last, longest, count)) = told.get_mut(&slot)
            {
                *longest = (*longest).max(now - *last);
                (*last, *count) = (now, *count + 1);
            }
        });
    }
    let oldest = told.values().map(|(_, longest, _)| *longest).max().unwrap_or(0);
    assert!(told.values().all(|(last, ..)| *last >= 0), "a row was never told");
    let centre = field.places[client as usize];
    let mut rows: Vec<(f32, u64)> = told
        .iter()
        .map(|(slot, (.., count))| (field.places[*slot as usize].distance(centre), *count))
        .collect();
    rows.sort_by(|left, right| left.0.total_cmp(&right.0));
    let rate = |rows: &[(f32, u64)]| {
        rows.iter().map(|(_, count)| count).sum::<u64>() as f64 / rows.len() as f64 / seconds as f64
    };
    (oldest * STEP_MS, rate(&rows[..250]), rate(&rows[750..]))
}
