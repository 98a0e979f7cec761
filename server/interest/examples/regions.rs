//! Which of many standing circles hold a point: the figures of docs/decisions/0002-standing-regions.md. Run by hand:
//! `cargo run --release -p ambit-interest --example regions`.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a measuring program looks at the clock")]

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::time::Instant;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

const ROUNDS: usize = 7;
const POINTS: usize = 20_000;
/// Circles that hold each point, on average.
const HOLDING: f64 = 5.0;
const SIDE: f64 = 10_000.0;

/// Centre and radius.
type Circle = ([f64; 2], f64);

fn main() {
    println!(
        "{:>8} | {:>12} | {:>12} | {:>12} | {:>12}",
        "circles", "spread", "scan, ns", "grids, ns", "rstar, ns"
    );
    for count in [10, 100, 1_000, 10_000] {
        for (name, spread) in [("equal", 1.0), ("1 to 100", 100.0)] {
            measure(count, name, spread);
        }
    }
}

fn measure(count: usize, name: &str, spread: f64) {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    // So large that each point lies in about as many circles as wanted.
    let radius = (SIDE * SIDE * HOLDING / (count as f64 * std::f64::consts::PI)).sqrt();
    let circles: Vec<Circle> = (0..count)
        .map(|_| {
            let factor = spread.powf(random.unit() - 0.5);
            ([random.unit() * SIDE, random.unit() * SIDE], radius * factor)
        })
        .collect();
    let points: Vec<[f64; 2]> = (0..POINTS).map(|_| [random.unit() * SIDE, random.unit() * SIDE]).collect();

    let boxes = circles.iter().enumerate().map(|(id, &([x, y], radius))| {
        let corners = AABB::from_corners([x - radius, y - radius], [x + radius, y + radius]);
        GeomWithData::new(Rectangle::from_aabb(corners), id)
    });
    let tree = RTree::bulk_load(boxes.collect());
    // Each circle lies in the grid whose cells are the next power of two above its diameter.
    let mut grids: BTreeMap<i32, HashMap<(i64, i64), Vec<usize>>> = BTreeMap::new();
    let cell = |place: f64, exponent: i32| (place * (-f64::from(exponent)).exp2()).floor() as i64;
    for (id, &([x, y], radius)) in circles.iter().enumerate() {
        let exponent = (2.0 * radius).log2().ceil() as i32;
        let grid = grids.entry(exponent).or_default();
        for column in cell(x - radius, exponent)..=cell(x + radius, exponent) {
            for row in cell(y - radius, exponent)..=cell(y + radius, exponent) {
                grid.entry((column, row)).or_default().push(id);
            }
        }
    }
    let holds = |id: usize, [x, y]: [f64; 2]| {
        let ([centre_x, centre_y], radius) = circles[id];
        (x - centre_x).powi(2) + (y - centre_y).powi(2) <= radius * radius
    };
    let scan = median(&points, |point| (0..count).filter(|&id| holds(id, point)).count());
    let in_grids = median(&points, |[x, y]| {
        let there = |(exponent, grid): (&i32, &HashMap<(i64, i64), Vec<usize>>)| {
            let there = grid.get(&(cell(x, *exponent), cell(y, *exponent)));
            there.map_or(0, |there| there.iter().filter(|&&id| holds(id, [x, y])).count())
        };
        grids.iter().map(there).sum()
    });
    let in_tree = median(&points, |point| {
        tree.locate_all_at_point(point).filter(|entry| holds(entry.data, point)).count()
    });
    println!("{count:>8} | {name:>12} | {scan:>12.0} | {in_grids:>12.0} | {in_tree:>12.0}");
}

/// Nanoseconds per point.
fn median(points: &[[f64; 2]], mut find: impl FnMut([f64; 2]) -> usize) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            black_box(points.iter().map(|&point| find(point)).sum::<usize>());
            begin.elapsed().as_nanos() as f64 / points.len() as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
