//! Nanoseconds per applied delta row: updates of 2,000 moving rows through `Session::receive` and `World::tick`, without a
//! followed column and with the rows' position, and per sampled value.
//!
//! Each figure is the median of its rounds.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ambit_client_core::{Budget, Session, World};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, TableSchema, Timestamp,
};
use ambit_wire::{ServerMessage, UpdateHeader, begin_table, end_table, write_delta, write_insert};

const ROWS: u32 = 2_000;
const ROUNDS: usize = 501;

/// The column that is followed.
const POSITION: u16 = 2;

/// From one update to the next.
const STEP_US: i64 = 50_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let (times, _) = apply(false)?;
    let (receive, tick) = (per_row(times.receive), per_row(times.tick));
    writeln!(out, "figure client_receive_ns_per_row {receive:.1} ns")?;
    writeln!(out, "figure client_receive_merged_ns_per_row {:.1} ns", per_row(times.merged))?;
    writeln!(out, "figure client_tick_ns_per_row {tick:.1} ns")?;
    writeln!(out, "figure client_apply_ns_per_row {:.1} ns", receive + tick)?;
    let (times, world) = apply(true)?;
    writeln!(out, "figure client_followed_receive_ns_per_row {:.1} ns", per_row(times.receive))?;
    writeln!(out, "figure client_followed_tick_ns_per_row {:.1} ns", per_row(times.tick))?;
    writeln!(out, "figure client_sample_ns {:.1} ns", per_row(sample(&world)?))?;
    Ok(())
}

/// Nanoseconds of each round.
#[derive(Default)]
struct Times {
    receive: Vec<u128>,
    tick: Vec<u128>,
    merged: Vec<u128>,
}

fn apply(is_followed: bool) -> Result<(Times, World), Box<dyn Error>> {
    let schema = schema();
    let mut session = Session::new();
    let mut world = World::new();
    session.receive(&welcome(&schema), 0)?;
    session.receive(&update(1, first_rows), 0)?;
    world.tick(&mut session, Budget::UNLIMITED);
    if is_followed {
        world.interpolate(0, POSITION)?;
        world.tick(&mut session, Budget::UNLIMITED);
    }
    let mut times = Times::default();
    for round in 0..ROUNDS {
        let moves: Vec<_> = (0..5).map(|step| moved(round * 5 + step)).collect();
        let (last, before) = moves.split_last().ok_or("no moves")?;
        for message in before {
            let start = Instant::now();
            session.receive(message, 0)?;
            times.receive.push(start.elapsed().as_nanos());
            let start = Instant::now();
            world.tick(&mut session, Budget::UNLIMITED);
            times.tick.push(start.elapsed().as_nanos());
            if world.events().count() != ROWS as usize {
                return Err("a moved row has no event".into());
            }
        }
        // Received while the game does not tick: merged into rows that are already marked.
        session.receive(last, 0)?;
        let start = Instant::now();
        session.receive(last, 0)?;
        times.merged.push(start.elapsed().as_nanos());
        world.tick(&mut session, Budget::UNLIMITED);
    }
    Ok((times, world))
}

/// Every row at a time between two updates, in the order of the cache.
fn sample(world: &World) -> Result<Vec<u128>, Box<dyn Error>> {
    let time = world.timestamp().0 - STEP_US / 3;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut sum = 0.0;
        for local in 0..ROWS {
            let [x, y, ..] = world.sample(0, local, POSITION, time)?;
            sum += x + y;
        }
        times.push(start.elapsed().as_nanos());
        std::hint::black_box(sum);
    }
    Ok(times)
}

/// The median, per row.
fn per_row(mut times: Vec<u128>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |&median| median as f64 / f64::from(ROWS))
}

/// 64-byte rows with a primary key and a position in a grid.
fn schema() -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let columns = vec![
        column("id", ColumnType::U64),
        column("owner", ColumnType::Identity),
        column("position", ColumnType::Vec2),
        column("heading", ColumnType::F32),
        column("health", ColumnType::I32),
        column("zone", ColumnType::U64),
    ];
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    let indexes = vec![
        index("id", 0, IndexKind::Hash, true),
        index("position", 2, IndexKind::Spatial { cell: 20.0 }, false),
    ];
    let unit = TableSchema {
        name: "unit".into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    Schema { tables: vec![unit], reducers: Vec::new(), ..Schema::default() }
}

fn welcome(schema: &Schema) -> Vec<u8> {
    ServerMessage::Welcome {
        identity: Identity::default(),
        connection: ConnectionId::default(),
        token: "",
        schema: &schema.encode(),
        offset: 0,
    }
    .encode()
}

fn update(offset: u64, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, 0);
    write(&mut blocks);
    end_table(&mut blocks, mark);
    let timestamp = Timestamp(offset as i64 * STEP_US);
    let header = UpdateHeader { offset, timestamp, ..UpdateHeader::default() };
    ServerMessage::Update { header, blocks: &blocks }.encode()
}

/// Slots of a world in which this client sees one row of fifty.
fn slot(index: u32) -> u32 {
    index * 50
}

fn first_rows(out: &mut Vec<u8>) {
    for index in 0..ROWS {
        let mut row = [0; 64];
        if let Some(id) = row.first_chunk_mut() {
            *id = u64::from(index).to_le_bytes();
        }
        write_insert(out, slot(index), &row);
    }
}

/// Everyone walks a little: position and heading change, 12 bytes.
fn moved(step: usize) -> Vec<u8> {
    update(step as u64 + 2, |out| {
        for index in 0..ROWS {
            let angle = (step + 1) as f32 * 0.01 + index as f32;
            let (x, y) = (angle.cos() * (index % 500) as f32, angle.sin() * (index % 500) as f32);
            let packed: Vec<u8> = [x, y, angle].iter().flat_map(|value| value.to_le_bytes()).collect();
            write_delta(out, slot(index), 0b1100, &packed);
        }
    })
}
