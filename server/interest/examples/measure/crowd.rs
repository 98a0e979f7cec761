//! 1,000 players in one place: everybody sees everybody, and every client gets everything. No budget.

use crate::circles::{Scene, measure};
use crate::figure;

pub const SCENE: Scene = Scene {
    players: 1_000,
    connections: 1_000,
    items: 0,
    do_items_move: false,
    radius: 80.0,
    side: 50.0,
    step: 0.3,
    tick_ms: 50,
};

pub fn run() {
    let cost = measure("crowd", SCENE);
    figure("interest_crowd_1000_ms", cost.flush_ms, "ms");
}
