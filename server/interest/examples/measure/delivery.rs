//! 500 subscribers of one table, told of every commit, which changes 1,000 of its rows in three columns of 4 bytes: each with
//! a range of its own, and all with the same query.

use std::collections::BTreeMap;

use ambit_store::ChangeSet;
use ambit_wire::Op;

use crate::database::{Database, Received, SAMPLE};
use crate::field::Random;
use crate::figure;
use crate::rounds::{median, processor_time};

const SUBSCRIBERS: u32 = 500;
/// Rows of the table; each range of a subscriber's own holds half of them.
const ROWS: u32 = 4_000;
const CHANGED: u32 = 1_000;
const COMMITS: u32 = 40;
const COMMITS_BEFORE: u32 = 5;

pub fn run() {
    let own = median(|seed| measure_once(own_range, seed), |run| run.rows_per_s);
    print("queries of their own", &own);
    let shared = median(|seed| measure_once(shared_range, seed), |run| run.rows_per_s);
    print("the same query", &shared);
    figure("delivery_own_queries_rows_per_s", own.rows_per_s, "rows/s");
    figure("delivery_shared_query_rows_per_s", shared.rows_per_s, "rows/s");
    figure("delivery_bytes_per_row", own.bytes, "bytes");
}

pub fn own_range(subscriber: u32) -> (u32, u32) {
    // Neighbours in the order of subscriptions are not neighbours in the table.
    let first = subscriber * 181 % SUBSCRIBERS * (ROWS / 2 / SUBSCRIBERS);
    (first, first + ROWS / 2 - 1)
}

fn shared_range(_: u32) -> (u32, u32) {
    (0, ROWS - 1)
}

struct Run {
    rows_per_s: f64,
    /// Per delivered row.
    bytes: f64,
}

fn print(name: &str, run: &Run) {
    println!(
        "{SUBSCRIBERS} subscribers, {name}: {:.1} M rows/s, {:.1} ns and {:.1} bytes per row",
        run.rows_per_s / 1e6,
        1e9 / run.rows_per_s,
        run.bytes
    );
}

pub struct World {
    pub database: Database,
    random: Random,
    last_value: u32,
    range: fn(u32) -> (u32, u32),
}

fn measure_once(range: fn(u32) -> (u32, u32), seed: u64) -> Run {
    let mut world = World::new(range, seed);
    let (mut spent, mut rows, mut told) = (0.0, 0, Received::default());
    for commit in 0..COMMITS_BEFORE + COMMITS {
        let (changed, change_set) = world.change();
        let begin = processor_time();
        world.database.apply(&change_set);
        let received = world.database.flush();
        let end = processor_time();
        if commit >= COMMITS_BEFORE {
            spent += end - begin;
            rows += world.expected(&changed).iter().sum::<u64>();
            told.bytes += received.bytes;
        }
    }
    world.check();
    Run { rows_per_s: rows as f64 * 1e9 / spent, bytes: told.bytes as f64 / rows as f64 }
}

impl World {
    pub fn new(range: fn(u32) -> (u32, u32), seed: u64) -> Self {
        let mut database = Database::new();
        (0..ROWS).for_each(|id| database.put_sample(id, [0; 3], true));
        let change_set = database.commit();
        database.apply(&change_set);
        for subscriber in 0..SUBSCRIBERS {
            let (low, high) = range(subscriber);
            let sql = format!("SELECT * FROM sample WHERE id BETWEEN {low} AND {high}");
            database.subscribe(subscriber.into(), &sql, f32::INFINITY);
        }
        database.flush();
        Self { database, random: Random::new(seed), last_value: 0, range }
    }

    /// Different rows get other values.
    pub fn change(&mut self) -> (Vec<u32>, ChangeSet) {
        let (mut is_changed, mut changed) = (vec![false; ROWS as usize], Vec::new());
        while (changed.len() as u32) < CHANGED {
            let id = self.random.below(ROWS);
            if !std::mem::replace(&mut is_changed[id as usize], true) {
                // All three columns get what no row has had before.
                self.last_value += 1;
                self.database.put_sample(
                    id,
                    [self.last_value, !self.last_value, self.last_value << 8],
                    false,
                );
                changed.push(id);
            }
        }
        (changed, self.database.commit())
    }

    /// How many of these rows each subscriber is to be told of.
    fn expected(&self, changed: &[u32]) -> Vec<u64> {
        let count = |subscriber: u32| {
            let (low, high) = (self.range)(subscriber);
            changed.iter().filter(|&&id| (low..=high).contains(&id)).count() as u64
        };
        (0..SUBSCRIBERS).map(count).collect()
    }

    /// One more commit, of which every operation is read.
    fn check(&mut self) {
        let (changed, change_set) = self.change();
        self.database.apply(&change_set);
        let mut told = vec![0; SUBSCRIBERS as usize];
        let (store, values) = (&self.database.engine, changed.iter());
        let values: BTreeMap<u32, Vec<u8>> =
            values.map(|&id| (id, store.row(SAMPLE, id).unwrap_or_default()[4..].to_vec())).collect();
        self.database.flush_and_read(|subscriber, op| {
            let Op::Delta { slot, packed, .. } = op else { panic!("no row comes or goes") };
            assert_eq!(Some(packed), values.get(&slot).map(Vec::as_slice), "the values of a row");
            told[subscriber as usize] += 1;
        });
        assert_eq!(told, self.expected(&changed), "how many rows each subscriber is told of");
    }
}
