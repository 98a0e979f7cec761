//! Measures what a visible moved row costs per observer. Every player moves in every commit and sees about 50 others
//! through a circle of its own.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

mod limit;

use std::sync::Arc;

use ambit_interest::{ClientId, Follower};
use ambit_model::glam::Vec3;
use ambit_model::{
    Column, ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, RowWriter,
    Schema, TableSchema, Timestamp,
};
use ambit_store::{ChangeSet, Store};
use limit::Limit;

const RADIUS: f64 = 80.0;
const VISIBLE: f64 = 50.0;
const STEPS: u64 = 40;
const RUNS: u64 = 5;
const SQL: &str = "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
                   WHERE p.identity = :sender AND m.zone = p.zone";

fn main() {
    let run = median(1_000);
    println!("figure interest_pair_1000_players_ns {:.1} ns", run.pair);
    println!("figure interest_pair_1000_players_limit_ns {:.1} ns", run.limit);
    let run = median(10_000);
    println!("figure interest_pair_ns {:.1} ns", run.pair);
    println!("figure interest_pair_limit_ns {:.1} ns", run.limit);
    println!("figure bytes_per_moved_row {:.1} bytes", run.bytes);
    println!("figure interest_schema_change_10000_clients_ms {:.2} ms", schema_change(10_000));
}

/// Milliseconds that a schema change takes while every player watches the others: the median of several.
fn schema_change(players: u64) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS).map(|seed| measure_schema_change(players, seed)).collect();
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
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
fn median(players: u64) -> Run {
    let mut runs: Vec<Run> = (0..RUNS).map(|seed| measure(players, seed)).collect();
    runs.sort_by(|left, right| left.pair.total_cmp(&right.pair));
    let Run { pair, limit, bytes, visible } = runs.swap_remove(runs.len() / 2);
    println!(
        "{players} players, each sees {visible:.1}: {pair:.1} ns (limit {limit:.1} ns), {bytes:.1} bytes"
    );
    Run { pair, limit, bytes, visible }
}

/// Nanoseconds that this thread has run, as the scheduler counts them: other work on the machine does not matter.
fn processor_time() -> f64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    line.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(f64::NAN)
}

/// Alternates with the least program that does the same, so that the machine's moods meet both.
fn measure(players: u64, seed: u64) -> Run {
    let (mut engine, mut follower, mut world) = start(players, seed);
    let mut now = Timestamp(0).plus(Duration::from_millis(1_000));

    let mut limit = Limit::new(&world.places);
    let (mut spent, mut limit_spent, mut bytes, mut rows, mut limit_bytes) = (0.0, 0.0, 0, 0, 0);
    for step in 0..STEPS {
        for player in 0..players {
            world.step(player);
            world.write(0, player, &mut engine, false);
        }
        commit(&mut engine, &mut follower, step + 2);
        now = now.plus(Duration::from_millis(50));
        let begin = processor_time();
        follower.flush(now, &mut |update| bytes += update.blocks.len());
        spent += processor_time() - begin;
        let begin = processor_time();
        limit_bytes += limit.tick(&world.places, world.side, RADIUS);
        limit_spent += processor_time() - begin;
        // Counted afterwards, so that counting is not measured.
        rows += world.pairs();
    }
    assert!(limit_bytes as u64 >= rows * 16, "the least program has not done the same");
    let rows = rows as f64;
    let visible = rows / STEPS as f64 / players as f64;
    Run { pair: spent / rows, limit: limit_spent / rows, bytes: bytes as f64 / rows, visible }
}

/// Milliseconds from a world of one table to one with another table before it.
fn measure_schema_change(players: u64, seed: u64) -> f64 {
    let (_, mut follower, mut world) = start(players, seed);
    let mut new = schema();
    new.tables.insert(0, TableSchema { name: "guild".into(), ..new.tables[0].clone() });
    let mut other = Store::new(Arc::new(new));
    for player in 0..players {
        world.write(1, player, &mut other, true);
    }
    other.commit();
    let begin = processor_time();
    let changed = follower.migrate(
        |table| Some(table + 1),
        |store| {
            std::mem::swap(store, &mut other);
            Ok::<_, String>(())
        },
    );
    let spent = processor_time() - begin;
    if changed.map_or(usize::MAX, |farewells| farewells.len()) > 0 {
        println!("the schema change was refused, or somebody had to go");
    }
    spent / 1e6
}

/// An engine, a follower that was flushed a second after its start, and the players, each with its circle.
fn start(players: u64, seed: u64) -> (Store, Follower, Players) {
    let schema = Arc::new(schema());
    let mut engine = Store::new(Arc::clone(&schema));
    let mut follower = Follower::new(schema);
    let mut world = Players::new(players, seed);
    for player in 0..players {
        world.write(0, player, &mut engine, true);
    }
    commit(&mut engine, &mut follower, 1);
    for player in 0..players {
        let id = ClientId(player);
        follower.connect(id, identity(player), ConnectionId::default());
        if let Err(error) = follower.subscribe(id, 1, SQL, 20.0, Timestamp(0)) {
            println!("the query was refused: {error}");
        }
    }
    follower.flush(Timestamp(0).plus(Duration::from_millis(1_000)), &mut |_| {});
    (engine, follower, world)
}

fn commit(engine: &mut Store, follower: &mut Follower, offset: u64) {
    let body = engine.commit().body;
    let caller = Identity::default();
    let change_set =
        ChangeSet { offset, timestamp: Timestamp(0), caller, reducer: ChangeSet::NO_REDUCER, body };
    if let Err(error) = follower.apply(&change_set) {
        println!("a commit was refused: {error}");
    }
}

fn identity(player: u64) -> Identity {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&player.to_le_bytes());
    Identity(bytes)
}

fn schema() -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    let player = TableSchema {
        name: "player".into(),
        public: true,
        columns: vec![
            column("identity", ColumnType::Identity),
            column("position", ColumnType::Vec3),
            column("zone", ColumnType::U32),
        ],
        indexes: vec![
            index("identity", 0, IndexKind::Hash, true),
            index("position", 1, IndexKind::Spatial { cell: 80.0 }, false),
        ],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    Schema { tables: vec![player], reducers: Vec::new(), ..Schema::default() }
}

struct Players {
    places: Vec<Vec3>,
    directions: Vec<Vec3>,
    side: f32,
    row: Vec<u8>,
}

impl Players {
    fn new(count: u64, seed: u64) -> Self {
        let side = (count as f64 * std::f64::consts::PI * RADIUS * RADIUS / VISIBLE).sqrt() as f32;
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let places =
            (0..count).map(|_| Vec3::new(random() * side, random() * 4.0, random() * side)).collect();
        let directions = (0..count).map(|_| Vec3::new(random() - 0.5, 0.0, random() - 0.5) * 0.5).collect();
        Self { places, directions, side, row: Vec::new() }
    }

    fn step(&mut self, player: u64) {
        let player = player as usize;
        let place = &mut self.places[player];
        *place += self.directions[player];
        if place.x < 0.0 || place.z < 0.0 || place.x > self.side || place.z > self.side {
            self.directions[player] *= -1.0;
        }
    }

    fn write(&mut self, table: u16, player: u64, engine: &mut Store, is_new: bool) {
        self.row.clear();
        let mut writer = RowWriter::new(&mut self.row, 48);
        identity(player).write(&mut writer, 0);
        self.places[player as usize].write(&mut writer, 32);
        1_u32.write(&mut writer, 44);
        let result = match is_new {
            true => engine.insert(table, &mut self.row).map(drop).map_err(|error| error.to_string()),
            false => engine.update(table, player as u32, &self.row).map_err(|error| error.to_string()),
        };
        if let Err(error) = result {
            println!("a row was refused: {error}");
        }
    }

    /// How many pairs of observer and visible row there are.
    fn pairs(&self) -> u64 {
        let cells = (f64::from(self.side) / RADIUS).ceil().max(1.0) as usize;
        let cell = |place: f32| ((f64::from(place) / RADIUS) as usize).min(cells - 1);
        let mut grid = vec![Vec::new(); cells * cells];
        for place in &self.places {
            grid[cell(place.z) * cells + cell(place.x)].push(*place);
        }
        let mut count = 0;
        for place in &self.places {
            let (x, z) = (cell(place.x), cell(place.z));
            for row in z.saturating_sub(1)..=(z + 1).min(cells - 1) {
                for column in x.saturating_sub(1)..=(x + 1).min(cells - 1) {
                    let near = |other: &&Vec3| f64::from(other.distance_squared(*place)) <= RADIUS * RADIUS;
                    count += grid[row * cells + column].iter().filter(near).count() as u64;
                }
            }
        }
        count
    }
}
