//! Quantised columns: bodies move, rest, jump, come and go at random, clients come, go and change their rates, and every client is
//! compared with the store: within half a step while a row moves, exactly equal once it rests.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../support/feed.rs"]
#[expect(dead_code, reason = "other tests ask what an update tells")]
mod feed;

mod cache;
mod check;
mod world;

use ambit_interest::limits::REST_US;
use ambit_model::Timestamp;
use world::World;

/// All rates of the world's clients are due after so long.
const STEP_US: i64 = 40_000;

#[test]
fn every_client_holds_what_is_there() {
    for seed in 0..60 {
        println!("seed {seed}");
        let mut world = World::new(seed);
        for _ in 0..60 {
            world.step();
            world.check();
        }
        world.rest();
    }
}

/// A row that moves is told in a few bits, not in whole columns.
#[test]
fn a_moving_row_takes_few_bytes() {
    let mut world = World::new(7);
    world.only_one_body_that_moves();
    let bytes = (0..20).map(|_| world.slide()).max().unwrap();
    // Block header 8, epoch and count of ways 2, section head 10; position and rotation take 2 bytes.
    assert!(bytes <= 24, "{bytes} bytes");
    world.check();
    world.rest();
}

/// A row that went while nobody watched its table does not rest.
#[test]
fn a_row_that_nobody_saw_go_is_told_to_nobody() {
    let mut world = World::new(11);
    world.only_one_body_that_moves();
    world.slide();
    assert!(world.check_exact().is_err(), "the row is told in steps");
    world.watch_nothing();
    world.flush_step();
    world.delete_bodies();
    world.watch_all_again();
    world.rest();
}

/// What rests is sent exactly once, and then the follower has nothing to do.
#[test]
fn a_row_at_rest_is_sent_exactly_once() {
    let mut world = World::new(8);
    world.only_one_body_that_moves();
    world.slide();
    assert!(world.check_exact().is_err(), "the row is told in steps");
    let due = world.feed.follower.next_flush().unwrap();
    assert_eq!(due.0 - world.now.0, REST_US);
    world.now = Timestamp(due.0 - 1);
    assert_eq!(world.flush(), 0);
    world.now = due;
    assert!(world.flush() > 0);
    world.check_exact().unwrap();
    assert_eq!(world.feed.follower.next_flush(), None);
}

#[test]
fn flushing_all_leaves_everything_exact() {
    let mut world = World::new(9);
    world.only_one_body_that_moves();
    for _ in 0..3 {
        world.slide();
        assert!(world.check_exact().is_err(), "the row is told in steps");
        world.flush_all();
        world.check_exact().unwrap();
        assert_eq!(world.feed.follower.next_flush(), None);
    }
}

/// Numbers that have no steps go as they are, and what follows is right again.
#[test]
fn values_without_steps_are_sent_as_they_are() {
    let mut world = World::new(10);
    world.only_one_body_that_moves();
    for value in [f32::NAN, f32::INFINITY, -1e30, 1e-40, -0.0, 25_000.0, 3.0] {
        world.slide();
        world.place_body(value);
        world.flush_step();
        world.check();
        world.slide();
        world.check();
    }
    world.rest();
}
