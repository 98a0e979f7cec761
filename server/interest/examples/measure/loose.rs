//! Delivery options: what a visible moved row costs per observer with tiers and a budget, and a crowd of 1,000 with a budget of
//! 64 kB a second each.

use ambit_interest::{Delivery, Tier};

use crate::circles::{Scene, measure_with};
use crate::field::{Field, is_near};
use crate::figure;
use crate::pair;
use crate::rounds::{median, time};

/// Bytes per second of each connection.
const BUDGET: u32 = 64_000;
const STEPS: u64 = 40;

pub fn run() {
    let run = median(measure_pairs, |run| run.0);
    println!(
        "10,000 players, each sees 50, tiers and budget: {:.1} ns per pair, {:.0} bytes per second",
        run.0, run.1
    );
    figure("interest_loose_pair_ns", run.0, "ns");
    figure("interest_loose_bytes_per_s", run.1, "bytes/s");
    let crowd = median(measure_crowd, |run| run.flush_ms);
    println!(
        "1,000 in one spot, budget {BUDGET}: flush {:.2} ms, {:.0} bytes per second, oldest row {} ms, near rows {:.1} times as often",
        crowd.flush_ms, crowd.bytes_per_s, crowd.oldest_ms, crowd.near_ratio
    );
    figure("interest_loose_crowd_ms", crowd.flush_ms, "ms");
    figure("interest_loose_crowd_oldest_ms", crowd.oldest_ms as f64, "ms");
}
