//! A commit that changes one row, told at once, while 10,000 clients watch a range of their own and 10,000 others a circle
//! of their own that stands still, all on one table. It concerns about six of them.

use std::collections::BTreeMap;

use ambit_model::glam::Vec3;
use ambit_store::ChangeSet;
use ambit_wire::Op;

use crate::database::Database;
use crate::field::{Random, is_near};
use crate::figure;
use crate::rounds::{median, time};

const ROWS: u32 = 100_000;
const RANGES: usize = 10_000;
const CIRCLES: usize = 10_000;
const SIDE: f32 = 2_000.0;
const RADIUS: f64 = 20.0;
/// Values are below the number of rows; each range holds so many.
const WIDTH: u32 = 30;
const STEP: f32 = 0.5;
const COMMITS: usize = 2_000;
const COMMITS_CHECKED: usize = 50;

pub fn run() {
    let (microseconds, updates) = median(measure_once, |(microseconds, _)| *microseconds);
    println!("a commit among {} subscriptions: {microseconds:.2} us, {updates:.1} updates", RANGES + CIRCLES);
    figure("interest_commit_among_20000_subscriptions_us", microseconds, "us");
}

struct World {
    database: Database,
    random: Random,
    rows: Vec<(Vec3, u32)>,
    ranges: Vec<(u32, u32)>,
    circles: Vec<Vec3>,
}

fn measure_once(seed: u64) -> (f64, f64) {
    let mut world = World::new(seed);
    let mut commits = |count: usize| -> Vec<ChangeSet> { (0..count).map(|_| world.change().1).collect() };
    let (before, measured) = (commits(COMMITS / 10), commits(COMMITS));
    world.tell(&before);
    let mut updates = 0;
    let spent = time(|| updates = world.tell(&measured));
    for _ in 0..COMMITS_CHECKED {
        world.check();
    }
    (spent / COMMITS as f64 / 1e3, updates as f64 / COMMITS as f64)
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut database = Database::new();
        let mut place = || Vec3::new(random.next() * SIDE, 0.0, random.next() * SIDE);
        let circles: Vec<Vec3> = (0..CIRCLES).map(|_| place()).collect();
        let places: Vec<Vec3> = (0..ROWS).map(|_| place()).collect();
        let rows: Vec<(Vec3, u32)> = places.into_iter().map(|place| (place, random.below(ROWS))).collect();
        for (id, (place, level)) in (0..).zip(&rows) {
            database.put_item(id, *place, *level, true);
        }
        let change_set = database.commit();
        database.apply(&change_set);
        let span = |start: u32| (start, start + WIDTH - 1);
        let ranges: Vec<(u32, u32)> = (0..RANGES).map(|_| span(random.below(ROWS))).collect();
        for (client, (low, high)) in (0..).zip(&ranges) {
            let sql = format!("SELECT * FROM item WHERE level BETWEEN {low} AND {high}");
            database.subscribe(client, &sql, f32::INFINITY);
        }
        for (client, Vec3 { x, y, z }) in (RANGES as u64..).zip(&circles) {
            let sql = format!(
                "SELECT * FROM item WHERE ST_DWithin(position, ST_MakePoint({x}, {y}, {z}), {RADIUS})"
            );
            database.subscribe(client, &sql, f32::INFINITY);
        }
        database.flush();
        Self { database, random, rows, ranges, circles }
    }

    /// A row walks, and its value goes up or down by one. Answers which row, and how it was.
    fn change(&mut self) -> ((u32, (Vec3, u32)), ChangeSet) {
        let id = self.random.below(ROWS);
        let before = self.rows[id as usize];
        let direction = Vec3::new(self.random.next() - 0.5, 0.0, self.random.next() - 0.5);
        let level = if self.random.next() < 0.5 { before.1 + 1 } else { before.1.saturating_sub(1) };
        let now = (before.0 + direction.normalize_or_zero() * STEP, level);
        self.rows[id as usize] = now;
        self.database.put_item(id, now.0, now.1, false);
        ((id, before), self.database.commit())
    }

    /// Follows commits, each of which is told at once; returns the number of updates.
    fn tell(&mut self, commits: &[ChangeSet]) -> u64 {
        let tell = |commit| {
            self.database.apply(commit);
            self.database.flush().updates
        };
        commits.iter().map(tell).sum()
    }

    /// One more commit: exactly those clients are told whose range or circle holds the row before or now.
    fn check(&mut self) {
        let ((id, before), commit) = self.change();
        self.database.apply(&commit);
        let mut told = BTreeMap::new();
        self.database.flush_and_read(|client, op| {
            let what = match op {
                Op::Insert { .. } | Op::InsertColumns { .. } => (false, true),
                Op::Delete { .. } => (true, false),
                Op::Delta { .. } => (true, true),
            };
            assert_eq!(told.insert(client, what), None, "told twice of one row");
            assert_eq!(op.slot(), id, "told of another row");
        });
        let now = self.rows[id as usize];
        let in_range = |(low, high): &(u32, u32)| {
            let holds = |level: u32| (*low..=*high).contains(&level);
            (holds(before.1), holds(now.1))
        };
        let in_circle = |centre: &Vec3| (is_near(before.0, *centre, RADIUS), is_near(now.0, *centre, RADIUS));
        let held = self.ranges.iter().map(in_range).chain(self.circles.iter().map(in_circle));
        let expected: BTreeMap<u64, (bool, bool)> =
            (0..).zip(held).filter(|(_, (was, is))| *was || *is).collect();
        assert_eq!(told, expected, "who is told of a row, and what");
    }
}
