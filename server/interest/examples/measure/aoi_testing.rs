//! 10,000 observers with a radius of 100 on a map of 2,000 by 2,000, everybody walks 6 units per second: the world of
//! disenone/AoiTesting, whose published 94 ms (grid) and 43 ms (sorted lists) are of a tick in which nobody moves.

use crate::circles::{Scene, measure};
use crate::figure;

pub const SCENE: Scene = Scene {
    players: 10_000,
    connections: 10_000,
    items: 0,
    do_items_move: false,
    radius: 100.0,
    side: 2_000.0,
    step: 0.6,
    tick_ms: 100,
};

pub fn run() {
    let cost = measure("AoiTesting", SCENE);
    figure("aoi_testing_10000_ms_per_tick", cost.flush_ms, "ms");
    figure("aoi_testing_10000_apply_ms", cost.apply_ms, "ms");
}
