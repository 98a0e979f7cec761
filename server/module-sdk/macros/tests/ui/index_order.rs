//! Ordered indexes over columns that have no order.
use ambit_module::prelude::*;

#[derive(Column, Clone)]
enum Rank {
    Low,
    High,
}

#[derive(Column, Clone)]
enum Action {
    Idle,
    Say(String),
}

#[derive(Column, Clone)]
struct Stats {
    level: u32,
}

#[table(name = player, index(name = rank_home, ordered, columns = [rank, home]))]
struct Player {
    #[primary_key(ordered)]
    position: Vec3,
    #[unique(ordered)]
    title: Option<String>,
    #[index(ordered)]
    stats: Stats,
    #[index(ordered)]
    action: Action,
    #[index(ordered)]
    rank: Rank,
    home: Vec2,
}

fn main() {}
