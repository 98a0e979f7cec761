//! 100 players and 5,000 monsters on a map of 2,000 by 2,000, of which each player sees those within 100: the world of
//! Mirror's rebuilds of who sees what, published as 14 ms, and 4 ms with a grid.

use crate::circles::{Scene, measure};
use crate::figure;

pub fn run() {
    let moving = Scene {
        players: 100,
        connections: 100,
        items: 5_000,
        do_items_move: true,
        radius: 100.0,
        side: 2_000.0,
        step: 0.3,
        tick_ms: 50,
    };
    let cost = measure("Mirror, monsters move", moving);
    figure("aoi_mirror_100x5000_ms", cost.flush_ms, "ms");
    figure("aoi_mirror_100x5000_apply_ms", cost.apply_ms, "ms");
    let cost = measure("Mirror, monsters rest", Scene { do_items_move: false, ..moving });
    figure("aoi_mirror_100x5000_resting_ms", cost.flush_ms, "ms");
}
