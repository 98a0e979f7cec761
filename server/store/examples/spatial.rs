//! Moving points in the store's spatial index and in an rstar tree: the figures of
//! docs/decisions/0001-spatial-index.md. Run by hand: `cargo run --release -p ambit-store --example spatial`.
//!
//! The store's figures include all that a transaction does (undo, change set); rstar's are the bare tree.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ambit_model::glam::Vec2;
use ambit_model::{Column, ColumnSchema, ColumnType, IndexKind, IndexSchema, RowWriter, Schema, TableSchema};
use ambit_store::Store;
use rstar::RTree;
use rstar::primitives::GeomWithData;

const ROUNDS: usize = 7;
/// Neighbours within the radius.
const NEIGHBOURS: f64 = 50.0;
const RADIUS: f64 = 50.0;
/// A step at 20 Hz of somebody who runs 6 units a second.
const STEP: f32 = 0.3;
const QUERIES: usize = 2_000;

type Point = GeomWithData<[f32; 2], u32>;

fn main() {
    println!("{:>9} | {:>22} | {:>22} | {:>22}", "points", "measure", "store, ns", "rstar, ns");
    for count in [1_000, 10_000, 100_000] {
        measure(count);
    }
}

fn measure(count: usize) {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    // So large that a circle of the radius holds 50 points.
    let world = (count as f64 * std::f64::consts::PI * RADIUS * RADIUS / NEIGHBOURS).sqrt() as f32;
    let mut points: Vec<Vec2> =
        (0..count).map(|_| Vec2::new(random.unit() * world, random.unit() * world)).collect();
    let mut store = Store::new(schema());
    for point in &points {
        store.insert(0, &mut row(*point)).expect("a row of this table");
    }
    store.commit();
    let entries = points.iter().zip(0..).map(|(point, slot)| Point::new(point.to_array(), slot));
    let mut tree = RTree::bulk_load(entries.collect());

    let (mut moves, mut tree_moves) = (vec![], vec![]);
    let (mut queries, mut tree_queries, mut found) = (vec![], vec![], 0);
    for _ in 0..ROUNDS {
        let old = points.clone();
        for point in &mut points {
            let step = Vec2::new(random.unit() - 0.5, random.unit() - 0.5) * (2.0 * STEP);
            *point = (*point + step).clamp(Vec2::ZERO, Vec2::splat(world));
        }
        let start = Instant::now();
        for (slot, point) in (0..).zip(&points) {
            let mut packed = [0; 8];
            packed[..4].copy_from_slice(&point.x.to_le_bytes());
            packed[4..].copy_from_slice(&point.y.to_le_bytes());
            store.patch(0, slot, 1, &packed).expect("a position");
        }
        black_box(store.commit());
        moves.push(start.elapsed().as_nanos() as f64 / count as f64);

        let start = Instant::now();
        for (slot, (old, new)) in (0..).zip(old.iter().zip(&points)) {
            tree.remove(&Point::new(old.to_array(), slot)).expect("the point is there");
            tree.insert(Point::new(new.to_array(), slot));
        }
        tree_moves.push(start.elapsed().as_nanos() as f64 / count as f64);

        let mut slots = Vec::new();
        let start = Instant::now();
        found = 0;
        for index in 0..QUERIES {
            let centre = points[index * 7_919 % count].as_dvec2();
            slots.clear();
            store.near(0, 0, [centre.x, centre.y, 0.0], RADIUS, &mut slots).expect("a circle");
            found += black_box(&slots).len();
        }
        queries.push(start.elapsed().as_nanos() as f64 / QUERIES as f64);

        let start = Instant::now();
        let mut tree_found = 0;
        for index in 0..QUERIES {
            let centre = points[index * 7_919 % count];
            slots.clear();
            let within = tree.locate_within_distance(centre.to_array(), (RADIUS * RADIUS) as f32);
            slots.extend(within.map(|point| point.data));
            tree_found += black_box(&slots).len();
        }
        tree_queries.push(start.elapsed().as_nanos() as f64 / QUERIES as f64);
        assert!(found.abs_diff(tree_found) <= QUERIES / 100, "{found} and {tree_found} neighbours");
    }
    let line = |name: &str, ours: &mut Vec<f64>, theirs: &mut Vec<f64>| {
        println!("{count:>9} | {name:>22} | {:>22.1} | {:>22.1}", median(ours), median(theirs));
    };
    line("move of a point", &mut moves, &mut tree_moves);
    line(&format!("{} neighbours", found / QUERIES), &mut queries, &mut tree_queries);
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn schema() -> Arc<Schema> {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let place = IndexSchema {
        name: "place".into(),
        columns: vec![0],
        kind: IndexKind::Spatial { cell: RADIUS as f32 },
        unique: false,
    };
    let table = TableSchema {
        name: "entities".into(),
        public: true,
        columns: vec![column("place", ColumnType::Vec2), column("health", ColumnType::U64)],
        indexes: vec![place],
        primary: None,
        doc: String::new(),
        ..TableSchema::default()
    };
    Arc::new(Schema { tables: vec![table], reducers: vec![], ..Schema::default() })
}

fn row(place: Vec2) -> Vec<u8> {
    let mut row = Vec::new();
    let mut writer = RowWriter::new(&mut row, 16);
    place.write(&mut writer, 0);
    100_u64.write(&mut writer, 8);
    row
}

/// A xorshift generator: the same points on every run.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }
}
