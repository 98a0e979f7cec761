//! Players who each watch a circle around themselves: of the other players, or of items in a table of their own.

use ambit_store::ChangeSet;

use crate::database::{Database, Received};
use crate::field::{Field, Random, pairs};
use crate::rounds::{median, time};

/// Measured ticks of a run.
const TICKS: u64 = 20;
/// Ticks before them: the first results, and clients find their order.
const TICKS_BEFORE: u64 = 3;

/// What is where, and who watches.
#[derive(Clone, Copy)]
pub struct Scene {
    /// The first of them, as many as there are connections, watch.
    pub players: usize,
    pub connections: usize,
    /// If there are any, they are watched, and otherwise the players.
    pub items: usize,
    pub do_items_move: bool,
    pub radius: f64,
    pub side: f32,
    /// How far everybody goes in a tick.
    pub step: f32,
    pub tick_ms: i64,
}

/// What a tick costs the follower.
pub struct Cost {
    /// Milliseconds until every client's update is encoded.
    pub flush_ms: f64,
    /// Milliseconds to take in the commit before.
    pub apply_ms: f64,
    /// Rows that a connection sees.
    pub visible: f64,
    pub bytes: f64,
}

/// The median of several worlds.
pub fn measure(name: &str, scene: Scene) -> Cost {
    let cost = median(|seed| measure_once(scene, seed), |cost| cost.flush_ms);
    println!(
        "{name}: {} connections, each sees {:.1} of {}: flush {:.3} ms, {:.1} ns per visible row; apply {:.3} ms; {:.0} kB",
        scene.connections,
        cost.visible,
        if scene.items > 0 { scene.items } else { scene.players },
        cost.flush_ms,
        cost.flush_ms * 1e6 / (cost.visible * scene.connections as f64),
        cost.apply_ms,
        cost.bytes / 1e3,
    );
    cost
}

pub struct World {
    scene: Scene,
    pub database: Database,
    players: Field,
    items: Field,
}

fn measure_once(scene: Scene, seed: u64) -> Cost {
    let mut world = World::new(scene, seed);
    let (mut flush, mut apply, mut received) = (0.0, 0.0, Received::default());
    for tick in 0..TICKS_BEFORE + TICKS {
        let change_set = world.step();
        let database = &mut world.database;
        let apply_time = time(|| database.apply(&change_set));
        let mut told = Received::default();
        let flush_time = time(|| told = database.flush());
        if tick >= TICKS_BEFORE {
            (flush, apply) = (flush + flush_time, apply + apply_time);
            received.updates += told.updates;
            received.bytes += told.bytes;
        }
    }
    let visible = world.check();
    assert!(received.updates <= TICKS * scene.connections as u64, "more than an update per client and tick");
    let per_tick = 1.0 / TICKS as f64;
    Cost {
        flush_ms: flush * per_tick / 1e6,
        apply_ms: apply * per_tick / 1e6,
        visible: visible as f64 / scene.connections as f64,
        bytes: received.bytes as f64 * per_tick,
    }
}

impl World {
    pub fn new(scene: Scene, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut field = |count| {
            let stride = |direction: ambit_model::glam::Vec3| direction.normalize_or_zero() * scene.step;
            Field::new((count, scene.side, 0.0), stride, &mut random)
        };
        let (players, items) = (field(scene.players), field(scene.items));
        let mut world = Self { scene, database: Database::new(), players, items };
        world.put_all(true);
        let change_set = world.database.commit();
        world.database.apply(&change_set);
        let (shown, radius) = (if scene.items > 0 { "item" } else { "player" }, scene.radius);
        let sql = format!(
            "SELECT m.* FROM {shown} m JOIN player p ON ST_DWithin(m.position, p.position, {radius}) \
             WHERE p.identity = :sender"
        );
        for client in 0..scene.connections as u64 {
            world.database.subscribe(client, &sql, 1_000.0 / scene.tick_ms as f32);
        }
        world.database.pass(1_000);
        world.database.flush();
        world
    }

    fn put_all(&mut self, is_new: bool) {
        for (player, place) in (0..).zip(&self.players.places) {
            self.database.put_player(player, *place, is_new);
        }
        if is_new || self.scene.do_items_move {
            for (item, place) in (0..).zip(&self.items.places) {
                self.database.put_item(item, *place, 0, is_new);
            }
        }
    }

    /// A tick of the game.
    pub fn step(&mut self) -> ChangeSet {
        self.players.step();
        match self.scene.do_items_move {
            true => self.items.step(),
            false => self.items.rest(),
        }
        self.put_all(false);
        self.database.pass(self.scene.tick_ms);
        self.database.commit()
    }

    /// One more tick, of which every operation is read: enters, leaves and changes are as many as a naive count of all
    /// pairs says. Returns the pairs there are.
    fn check(&mut self) -> u64 {
        let change_set = self.step();
        self.database.apply(&change_set);
        let told = self.database.flush_and_count();
        let targets = if self.scene.items > 0 { &self.items } else { &self.players };
        let expected = pairs(&self.players, self.scene.connections, targets, self.scene.radius);
        let visible = expected.stays + expected.enters;
        let moved = if self.scene.items == 0 || self.scene.do_items_move { expected.stays } else { 0 };
        assert_eq!(told, crate::field::Pairs { stays: moved, ..expected }, "what clients were told");
        visible
    }
}
