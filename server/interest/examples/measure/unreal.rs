//! 370 actors that are all relevant to each of 200 connections, through a circle of its own around its pawn: the world of
//! a report on Unreal's stock replication, over 120 ms per tick.

use crate::circles::{Scene, measure};
use crate::figure;

pub fn run() {
    let cost = measure(
        "Unreal",
        Scene {
            players: 370,
            connections: 200,
            items: 0,
            do_items_move: false,
            radius: 1_000.0,
            side: 500.0,
            step: 0.3,
            tick_ms: 50,
        },
    );
    figure("aoi_unreal_370x200_ms", cost.flush_ms, "ms");
}
