//! The heavy scenes on one thread and on two, flush by flush in turns, so that the machine's moods meet both. Of each the fastest flush
//! counts: what runs beside it on the machine takes one thread's time and not the other's.

use std::num::NonZeroUsize;

use ambit_interest::Threads;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::circles::{self, Scene};
use crate::database::Database;
use crate::pair::{put_all, start_with};
use crate::rounds::wall_time;
use crate::{aoi_testing, crowd, delivery, figure, loose};

/// Flushes of each kind.
const TURNS: u32 = 40;
/// Flushes before them.
const TURNS_BEFORE: u32 = 6;

pub fn run() {
    circles_scene("aoi_testing_10000", aoi_testing::SCENE);
    circles_scene("interest_crowd_1000", crowd::SCENE);
    let mut world = delivery::World::new(delivery::own_range, 1);
    compare("delivery_own_queries", |flush| {
        let (_, change_set) = world.change();
        world.database.apply(&change_set);
        flush(&mut world.database)
    });
    let (mut database, mut field) = start_with(10_000, 1, &loose::tiers_and_budget());
    compare("interest_loose_10000", |flush| {
        field.step();
        put_all(&mut database, &field, false);
        database.pass(50);
        flush(&mut database)
    });
}

fn circles_scene(name: &str, scene: Scene) {
    let mut world = circles::World::new(scene, 1);
    compare(name, |flush| {
        let change_set = world.step();
        world.database.apply(&change_set);
        flush(&mut world.database)
    });
}

/// Each turn changes the world, and then flushes as it is told.
fn compare(name: &str, mut turn: impl FnMut(&dyn Fn(&mut Database) -> f64) -> f64) {
    let threads = [1, 2].map(Several::new);
    let mut best = [f64::INFINITY; 2];
    for number in 0..TURNS_BEFORE + TURNS {
        for (threads, best) in threads.iter().zip(&mut best) {
            let ns = turn(&|database| wall_time(|| _ = database.flush_on(threads)));
            if number >= TURNS_BEFORE {
                *best = best.min(ns);
            }
        }
    }
    let [one, two] = best.map(|ns| ns / 1e6);
    println!("{name}: flush on one thread {one:.3} ms, on two {two:.3} ms, {:.2} times as fast", one / two);
    figure(&format!("{name}_on_1_thread_ms"), one, "ms");
    figure(&format!("{name}_on_2_threads_ms"), two, "ms");
}

/// The calling thread, and others.
struct Several {
    count: usize,
    others: Option<ThreadPool>,
}

impl Several {
    fn new(count: usize) -> Self {
        let others = || ThreadPoolBuilder::new().num_threads(count - 1).build().expect("threads");
        Self { count, others: (count > 1).then(others) }
    }
}

impl Threads for Several {
    fn count(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.count).unwrap_or(NonZeroUsize::MIN)
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        let Some(others) = &self.others else { return work(0) };
        others.in_place_scope(|scope| {
            (1..self.count).for_each(|number| scope.spawn(move |_| work(number)));
            work(0);
        });
    }
}
