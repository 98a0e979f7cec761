//! The map: a square of grass, cut into zones.

use ambit_module::Rng;
use ambit_module::prelude::*;

/// Edge of the map in metres. A thousand players on it each have about fifty others within 80 metres.
pub const MAP_SIDE: f32 = 640.0;

/// Edge of a zone in metres. People in the same zone hear each other.
const ZONE_SIDE: f32 = 160.0;

/// Fills the new world.
#[reducer(init)]
fn fill_world(ctx: &Context) {
    crate::monster::spawn_all(ctx);
    crate::item::scatter(ctx);
    log::info!("the world is {MAP_SIDE} by {MAP_SIDE} metres");
}

/// The zone of a position. Zones are numbered row by row.
pub fn zone_of(position: Vec2) -> u16 {
    let zones = MAP_SIDE / ZONE_SIDE;
    let cell = (position / ZONE_SIDE).floor().clamp(Vec2::ZERO, Vec2::splat(zones - 1.0));
    (cell.y * zones + cell.x) as u16
}

/// The nearest position on the map.
pub fn clamp_to_map(position: Vec2) -> Vec2 {
    position.clamp(Vec2::ZERO, Vec2::splat(MAP_SIDE))
}

/// Anywhere on the map.
pub fn random_position(rng: &Rng) -> Vec2 {
    Vec2::new(rng.range(0.0..MAP_SIDE), rng.range(0.0..MAP_SIDE))
}
