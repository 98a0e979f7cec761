//! The first rows of 100,000, told at once, while each commit changes one row: a leaderboard that 1,000 clients watch, 1,000
//! clients who watch those just above a value of their own, 1,000 who watch the nearest to a place of their own, and a
//! leaderboard without an index whose first row goes with every commit.

use std::collections::BTreeSet;

use ambit_model::glam::Vec3;
use ambit_store::ChangeSet;
use ambit_wire::Op;

use crate::database::Database;
use crate::field::Random;
use crate::figure;
use crate::rounds::{median, time};

const ROWS: u32 = 100_000;
const CLIENTS: u64 = 1_000;
const SIDE: f32 = 2_000.0;
const LEVELS: u32 = 1_000_000;
const COMMITS: usize = 2_000;
const COMMITS_CHECKED: usize = 50;

pub fn run() {
    for (name, kind) in [
        ("leaderboard_10", Kind::Leaderboard(10)),
        ("leaderboard_100", Kind::Leaderboard(100)),
        ("above_own_10", Kind::Above),
        ("nearest_50", Kind::Nearest),
        ("falling_10", Kind::Falling),
    ] {
        let (microseconds, updates) =
            median(|seed| measure_once(seed, kind), |(microseconds, _)| *microseconds);
        println!("a commit of {name}: {microseconds:.2} us, {updates:.2} updates");
        figure(&format!("interest_ranking_{name}_us"), microseconds, "us");
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One query for all clients, with this limit; every second commit changes what it shows.
    Leaderboard(usize),
    Above,
    Nearest,
    Falling,
}

struct World {
    kind: Kind,
    database: Database,
    random: Random,
    rows: Vec<(Vec3, u32)>,
    /// What each client asks for: the level, or the place.
    wanted: Vec<(Vec3, u32)>,
}

fn measure_once(seed: u64, kind: Kind) -> (f64, f64) {
    let mut world = World::new(seed, kind);
    let mut commits = |count: usize| -> Vec<ChangeSet> { (0..count).map(|_| world.change()).collect() };
    let (before, measured) = (commits(COMMITS / 10), commits(COMMITS));
    world.tell(&before);
    let mut updates = 0;
    let spent = time(|| updates = world.tell(&measured));
    world.check();
    (spent / COMMITS as f64 / 1e3, updates as f64 / COMMITS as f64)
}

impl World {
    fn new(seed: u64, kind: Kind) -> Self {
        let mut random = Random::new(seed);
        let mut database = Database::new();
        let row = |random: &mut Random| {
            let place = Vec3::new(random.next() * SIDE, 0.0, random.next() * SIDE);
            (place, random.below(LEVELS))
        };
        let rows: Vec<(Vec3, u32)> = (0..ROWS).map(|_| row(&mut random)).collect();
        for (id, (place, level)) in (0..).zip(&rows) {
            database.put_item(id, *place, *level, true);
            database.put_sample(id, [*level, 0, 0], true);
        }
        let change_set = database.commit();
        database.apply(&change_set);
        let clients = if matches!(kind, Kind::Falling) { 1 } else { CLIENTS };
        let wanted: Vec<(Vec3, u32)> = (0..clients).map(|_| row(&mut random)).collect();
        for (client, wanted) in (0..).zip(&wanted) {
            database.subscribe(client, &sql(kind, *wanted), f32::INFINITY);
        }
        database.flush();
        Self { kind, database, random, rows, wanted }
    }

    fn change(&mut self) -> ChangeSet {
        let id = match self.kind {
            Kind::Falling => {
                let first = |(id, (_, level)): &(u32, &(Vec3, u32))| (*level, std::cmp::Reverse(*id));
                (0..).zip(&self.rows).max_by_key(first).map_or(0, |(id, _)| id)
            }
            Kind::Leaderboard(_) | Kind::Above | Kind::Nearest => self.random.below(ROWS),
        };
        let (place, _) = self.rows[id as usize];
        let direction = Vec3::new(self.random.next() - 0.5, 0.0, self.random.next() - 0.5);
        let level = match self.kind {
            Kind::Leaderboard(_) if self.random.next() < 0.5 => LEVELS - self.random.below(3_000),
            Kind::Falling => 0,
            Kind::Leaderboard(_) | Kind::Above | Kind::Nearest => self.random.below(LEVELS),
        };
        let now = (place + direction.normalize_or_zero() * 5.0, level);
        self.rows[id as usize] = now;
        self.database.put_item(id, now.0, now.1, false);
        self.database.put_sample(id, [now.1, 0, 0], false);
        self.database.commit()
    }

    /// Follows commits, each of which is told at once; returns the number of updates.
    fn tell(&mut self, commits: &[ChangeSet]) -> u64 {
        let mut updates = 0;
        for commit in commits {
            self.database.apply(commit);
            updates += self.database.flush().updates;
        }
        updates
    }

    /// Some more commits, after which clients that came late hold exactly what a naive count gives.
    fn check(&mut self) {
        let late = self.wanted.len() as u64;
        for (client, wanted) in (late..).zip(self.wanted.clone()) {
            self.database.subscribe(client, &sql(self.kind, wanted), f32::INFINITY);
        }
        let mut held = vec![BTreeSet::new(); 2 * self.wanted.len()];
        self.database.flush_and_read(|client, op| hold(&mut held, client, op));
        for _ in 0..COMMITS_CHECKED {
            let commit = self.change();
            self.database.apply(&commit);
            self.database.flush_and_read(|client, op| {
                if client >= late {
                    hold(&mut held, client, op);
                }
            });
        }
        for (client, wanted) in self.wanted.iter().enumerate().step_by(97) {
            assert_eq!(held[late as usize + client], self.expected(*wanted), "what a client holds");
        }
    }

    fn expected(&self, (place, level): (Vec3, u32)) -> BTreeSet<u32> {
        let square = |row: &Vec3| {
            let (x, z) = (f64::from(row.x) - f64::from(place.x), f64::from(row.z) - f64::from(place.z));
            (x * x + z * z).to_bits()
        };
        let rows = (0_u32..).zip(&self.rows);
        let (mut ranked, limit): (Vec<(u64, u32)>, usize) = match self.kind {
            Kind::Leaderboard(limit) => {
                (rows.map(|(id, row)| (u64::from(u32::MAX - row.1), id)).collect(), limit)
            }
            Kind::Falling => (rows.map(|(id, row)| (u64::from(u32::MAX - row.1), id)).collect(), 10),
            Kind::Above => {
                (rows.filter(|(_, row)| row.1 >= level).map(|(id, row)| (row.1.into(), id)).collect(), 10)
            }
            Kind::Nearest => (rows.map(|(id, row)| (square(&row.0), id)).collect(), 50),
        };
        ranked.sort_unstable();
        ranked.into_iter().take(limit).map(|(_, id)| id).collect()
    }
}

fn sql(kind: Kind, (place, level): (Vec3, u32)) -> String {
    match kind {
        Kind::Leaderboard(limit) => format!("SELECT * FROM item ORDER BY level DESC LIMIT {limit}"),
        Kind::Falling => "SELECT * FROM sample ORDER BY first DESC LIMIT 10".into(),
        Kind::Above => format!("SELECT * FROM item WHERE level >= {level} ORDER BY level LIMIT 10"),
        Kind::Nearest => {
            let Vec3 { x, y, z } = place;
            format!("SELECT * FROM item ORDER BY ST_Distance(position, ST_MakePoint({x}, {y}, {z})) LIMIT 50")
        }
    }
}

fn hold(held: &mut [BTreeSet<u32>], client: u64, op: Op<'_>) {
    match op {
        Op::Insert { slot, .. } | Op::InsertColumns { slot, .. } => {
            assert!(held[client as usize].insert(slot), "entered twice");
        }
        Op::Delete { slot, .. } => assert!(held[client as usize].remove(&slot), "left, but was not held"),
        Op::Delta { slot, .. } => assert!(held[client as usize].contains(&slot), "changed, but was not held"),
    }
}
