//! Measures the follower: what each scenario costs the thread that works out and encodes what every client is told. Sockets,
//! and the engine that makes the commits, are not in it. Each scenario also counts what it was told, apart from the
//! measured rounds, and compares that with a naive count.
//!
//! Without arguments all of them run; otherwise those that are named.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

mod bandwidth;

mod aoi_testing;
mod crowd;
mod mirror;
mod unreal;

mod loose;
mod pair;
mod schema_change;

mod delivery;
mod nearest;
mod rankings;
mod subscriptions;

mod threads;

mod circles;

mod database;
mod field;
mod limit;
mod rounds;

/// The scenarios by name.
const SCENARIOS: [(&str, fn()); 13] = [
    ("bandwidth", bandwidth::run),
    ("pair", pair::run),
    ("loose", loose::run),
    ("schema_change", schema_change::run),
    ("aoi_testing", aoi_testing::run),
    ("mirror", mirror::run),
    ("unreal", unreal::run),
    ("crowd", crowd::run),
    ("subscriptions", subscriptions::run),
    ("delivery", delivery::run),
    ("nearest", nearest::run),
    ("rankings", rankings::run),
    ("threads", threads::run),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, run) in SCENARIOS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            run();
        }
    }
}

/// A line that the bench reads.
fn figure(name: &str, value: f64, unit: &str) {
    let digits = if value < 10.0 { 3 } else { 1 };
    println!("figure {name} {value:.digits$} {unit}");
}
