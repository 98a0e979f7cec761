//! Values of rows between updates: ways, rests, jumps, what lies beyond the last value, and what has no value.

use crate::bodies::{Body, Client, FLAT, HEADING, PLACE, TURN, Told, connected, update};
use ambit_client_core::{Budget, InterpolateError, SampleError, World, limits};
use ambit_model::glam::{DQuat, Quat};

const MS: i64 = 1_000;

/// A client to which one body was told at these times, in milliseconds, and places.
fn walked(steps: &[(i64, f64)]) -> Client {
    let mut client = Client::new();
    for (at, &(ms, x)) in steps.iter().enumerate() {
        let body = Body::at(x);
        client.shown(ms * MS, &[if at == 0 { Told::Enters(7, body) } else { Told::Moves(7, body) }]);
    }
    client
}

fn check(steps: &[(i64, f64)], expected: &[(i64, f64)]) {
    let client = walked(steps);
    for &(ms, x) in expected {
        let sampled = client.x(7, ms * MS);
        assert!((sampled - x).abs() < 1e-9, "at {ms} ms: {sampled}, not {x}, of {steps:?}");
    }
}

#[test]
fn a_body_is_between_its_values() {
    let steps = [(1_000, 0.0), (1_050, 5.0), (1_100, 6.0)];
    check(&steps, &[(0, 0.0), (999, 0.0), (1_000, 0.0), (1_010, 1.0), (1_025, 2.5), (1_050, 5.0)]);
    check(&steps, &[(1_060, 5.2), (1_100, 6.0), (1_101, 6.0), (9_000, 6.0)]);
    let client = walked(&steps);
    assert_eq!(client.sample(7, PLACE, 1_075 * MS), [5.5, 2.0, 3.0, 0.0]);
    assert_eq!(client.sample(7, FLAT, 1_075 * MS), [5.5, 2.0, 0.0, 0.0]);
}

#[test]
fn a_rest_is_no_slow_motion() {
    let rested = [(1_000, 0.0), (1_050, 1.0), (1_100, 2.0), (4_000, 3.0), (4_050, 4.0)];
    check(&rested, &[(1_100, 2.0), (2_000, 2.0), (3_950, 2.0), (3_975, 2.5), (4_000, 3.0), (4_025, 3.5)]);
    check(&[(1_000, 0.0), (9_000, 1.0)], &[(8_950, 0.0), (8_975, 0.5)]);
    let slower = [(1_000, 0.0), (1_100, 1.0), (1_200, 2.0), (1_300, 3.0), (1_400, 4.0), (5_000, 5.0)];
    // What it does before it moves again takes nearly as long as its own steps did.
    let client = walked(&slower);
    assert_eq!(client.x(7, 4_900 * MS), 4.0);
    assert!(client.x(7, 4_920 * MS) > 4.0 && client.x(7, 4_990 * MS) < 5.0);
}

#[test]
fn a_teleport_is_a_jump() {
    let teleported = [(1_000, 0.0), (1_050, 1.0), (1_100, 2.0), (1_150, 500.0), (1_200, 501.0)];
    check(&teleported, &[(1_125, 2.0), (1_149, 2.0), (1_150, 500.0), (1_175, 500.5)]);
    let told_late = [(1_000, 0.0), (1_050, 1.0), (1_100, 2.0), (8_000, 900.0), (8_050, 901.0)];
    check(&told_late, &[(7_999, 2.0), (8_000, 900.0), (8_025, 900.5)]);
    // Twice in a row is speed: an arrow among walkers.
    let arrow = [(1_000, 0.0), (1_050, 1.0), (1_100, 2.0), (1_150, 42.0), (1_200, 82.0), (1_250, 122.0)];
    check(&arrow, &[(1_149, 2.0), (1_175, 62.0), (1_225, 102.0)]);
    check(&[(1_000, 0.0), (1_050, f64::INFINITY), (1_100, 3.0)], &[(1_049, 0.0), (1_100, 3.0)]);
}

#[test]
fn who_comes_does_not_glide() {
    let mut client = walked(&[(1_000, 0.0), (1_050, 1.0)]);
    client.shown(1_100 * MS, &[Told::Leaves(7)]);
    let local = client.world.table(0).unwrap().local_end() - 1;
    let gone = SampleError::UnknownRow { table: "body".into() };
    assert_eq!(client.world.sample(0, local, PLACE, 0), Err(gone));
    client.shown(1_150 * MS, &[Told::Enters(7, Body::at(70.0))]);
    assert_eq!([client.x(7, 1_000 * MS), client.x(7, 1_149 * MS)], [70.0, 70.0]);
    // Left and come again between two ticks, and another row with the same number.
    client.told(1_200 * MS, &[Told::Leaves(7)]);
    client.told(1_250 * MS, &[Told::Enters(8, Body::at(-4.0)), Told::Enters(7, Body::at(20.0))]);
    client.told(1_300 * MS, &[Told::Moves(7, Body::at(21.0)), Told::Moves(8, Body::at(-5.0))]);
    client.tick();
    assert_eq!([client.x(7, 1_100 * MS), client.x(7, 1_275 * MS)], [20.0, 20.5]);
    assert_eq!([client.x(8, 1_100 * MS), client.x(8, 1_275 * MS)], [-4.0, -4.5]);
}

#[test]
fn updates_between_two_ticks_are_all_remembered() {
    let mut client = walked(&[(1_000, 0.0)]);
    for (ms, x) in [(1_050, 4.0), (1_100, 1.0), (1_150, 3.0)] {
        client.told(ms * MS, &[Told::Moves(7, Body::at(x))]);
    }
    client.told(1_160 * MS, &[Told::Named(7)]);
    client.tick();
    assert_eq!([1_025, 1_050, 1_075, 1_125].map(|ms| client.x(7, ms * MS)), [2.0, 4.0, 2.5, 2.0]);
    assert_eq!(client.world.timestamp().0, 1_160 * MS);
    // A game that does not tick for long finds the last ones.
    for step in 0..20_000 {
        client.told((2_000 + step * 50) * MS, &[Told::Moves(7, Body::at(step as f64))]);
    }
    client.tick();
    let last = 2_000 + 19_999 * 50;
    assert_eq!([last, last - 25, last - 75].map(|ms| client.x(7, ms * MS)), [19_999.0, 19_998.5, 19_997.5]);
}

/// Eight bodies that walk one unit per step, told every 50 ms; the last update is at 1,950 ms.
fn crowd() -> Client {
    let mut client = Client::new();
    let bodies = |step: i64| (0..8_u32).map(move |slot| (slot, Body::at((step * 5) as f64)));
    client.shown(MS, &bodies(0).map(|(slot, body)| Told::Enters(slot, body)).collect::<Vec<_>>());
    for step in 0..40 {
        let told: Vec<_> = bodies(step).map(|(slot, body)| Told::Moves(slot, body)).collect();
        client.shown(step * 50 * MS, &told);
    }
    client
}

#[test]
fn motion_goes_on_for_a_while_and_stands() {
    let mut client = crowd();
    let last = 1_950 * MS;
    assert_eq!(client.x(3, last), 195.0);
    assert_eq!(client.x(3, last + 50 * MS), 200.0);
    assert_eq!(client.x(3, last + limits::EXTRAPOLATION_MAX_US), 220.0);
    assert_eq!(client.x(3, last + 900 * MS), 220.0);
    // The next update says that it rests, while the others go on.
    let others: Vec<_> = (4..8).map(|slot| Told::Moves(slot, Body::at(200.0))).collect();
    client.shown(2_000 * MS, &others);
    assert_eq!(client.x(3, 2_040 * MS), 195.0);
    assert_eq!(client.x(5, 2_050 * MS), 205.0);
    // A silence of everything is no rest.
    let all: Vec<_> = (4..8).map(|slot| Told::Moves(slot, Body::at(240.0))).collect();
    client.shown(2_400 * MS, &all);
    assert_eq!(client.x(5, 2_200 * MS), 220.0);
}

#[test]
fn alone_it_stops_where_it_was_told() {
    check(&[(1_000, 0.0), (1_050, 1.0), (1_100, 2.0)], &[(1_101, 2.0), (1_150, 2.0)]);
}

#[test]
fn angles_take_the_short_way() {
    let mut client = Client::new();
    let heads = |heading| Body { heading, ..Body::at(0.0) };
    client.shown(1_000 * MS, &[Told::Enters(7, heads(350.0))]);
    client.shown(1_050 * MS, &[Told::Moves(7, heads(10.0))]);
    client.shown(1_100 * MS, &[Told::Moves(7, heads(200.0))]);
    let at = |ms| client.sample(7, HEADING, ms * MS)[0];
    assert_eq!([at(1_000), at(1_040), at(1_050), at(1_100)], [350.0, 6.0, 10.0, 200.0]);
    assert!((at(1_020) - 358.0).abs() < 1e-9, "{}", at(1_020));
    assert!((at(1_060) - 336.0).abs() < 1e-9, "{}", at(1_060));
}

#[test]
fn rotations_turn_evenly() {
    let mut client = Client::new();
    let turned = |degrees: f32| Body { turn: Quat::from_rotation_z(degrees.to_radians()), ..Body::at(0.0) };
    client.shown(1_000 * MS, &[Told::Enters(7, turned(0.0))]);
    // The other quaternion of the same rotation.
    let far = turned(160.0);
    client.shown(1_050 * MS, &[Told::Moves(7, Body { turn: -far.turn, ..far })]);
    client.shown(1_100 * MS, &[Told::Moves(7, Body { turn: Quat::from_xyzw(0.0, 0.0, 0.0, 0.0), ..far })]);
    for (ms, degrees) in [(1_000, 0.0), (1_005, 16.0), (1_020, 64.0), (1_045, 144.0)] {
        let [x, y, z, w] = client.sample(7, TURN, ms * MS);
        let expected = DQuat::from_rotation_z(f64::to_radians(degrees));
        let dot = DQuat::from_xyzw(x, y, z, w).dot(expected).abs();
        assert!((dot - 1.0).abs() < 1e-9, "{degrees} degrees: {dot}");
    }
    assert_eq!(client.sample(7, TURN, 1_100 * MS), [0.0; 4], "what is no rotation is handed out as it is");
    assert!(client.sample(7, TURN, 1_075 * MS).iter().all(|value| value.is_finite()));
}

#[test]
fn more_values_than_the_delay_holds_are_thinned_out() {
    let mut client = walked(&[(1_000, 0.0)]);
    for step in 1..=300 {
        client.shown((1_000 + step * 5) * MS, &[Told::Moves(7, Body::at(step as f64))]);
    }
    // 100 ms is the delay, and a value every 5 ms would leave 40 ms of them.
    for step in 280..=300 {
        assert!((client.x(7, (1_000 + step * 5) * MS) - step as f64).abs() < 1e-9, "{step}");
    }
}

#[test]
fn what_has_no_value_is_told() {
    let mut world = World::new();
    let mut session = connected();
    assert_eq!(world.interpolate(0, PLACE), Err(InterpolateError::UnknownTable(0)));
    world.tick(&mut session, Budget::UNLIMITED);
    let body = || "body".to_string();
    let refused = InterpolateError::NotNumbers { table: body(), column: "name".into(), ty: "string".into() };
    let refusal = world.interpolate(0, 0).unwrap_err();
    assert_eq!(refusal.to_string().replace("String", "string"), refused.to_string());
    assert_eq!(world.interpolate(0, 9), Err(InterpolateError::UnknownColumn { table: body(), column: 9 }));
    session.receive(&update(1, 5 * MS, &[Told::Enters(7, Body::at(1.0))]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    let local = world.table(0).unwrap().local(7).unwrap();
    let nobody = SampleError::NotInterpolated { table: body(), column: PLACE };
    assert_eq!(world.sample(0, local, PLACE, 0), Err(nobody));
    assert_eq!(world.sample(1, local, PLACE, 0), Err(SampleError::UnknownTable(1)));
    // Asked for late, it is where it is; and asked for twice, it keeps what it has.
    world.interpolate(0, PLACE).unwrap();
    assert_eq!(world.sample(0, local, PLACE, 0).unwrap()[0], 1.0);
    session.receive(&update(2, 55 * MS, &[Told::Moves(7, Body::at(2.0))]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    session.receive(&update(3, 105 * MS, &[Told::Moves(7, Body::at(3.0))]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    world.interpolate(0, PLACE).unwrap();
    assert_eq!(world.sample(0, local, PLACE, 54 * MS).unwrap()[0], 1.0, "nobody knows how it got there");
    assert_eq!(world.sample(0, local, PLACE, 80 * MS).unwrap()[0], 2.5);
    assert_eq!(world.sample(0, local + 1, PLACE, 0), Err(SampleError::UnknownRow { table: body() }));
}

/// A world that goes on with another session keeps the histories of the rows that it keeps.
#[test]
fn a_history_outlives_its_session() {
    let mut client = walked(&[(1_000, 0.0), (1_050, 1.0), (1_100, 2.0)]);
    client.session = connected();
    client.shown(3_000 * MS, &[Told::Enters(7, Body::at(2.0))]);
    assert_eq!([1_075, 2_999, 3_000].map(|ms| client.x(7, ms * MS)), [1.5, 2.0, 2.0]);
    client.shown(3_050 * MS, &[Told::Moves(7, Body::at(3.0))]);
    assert_eq!([1_075, 3_000, 3_025].map(|ms| client.x(7, ms * MS)), [1.5, 2.0, 2.5]);
}

/// A clock that is set back, or a database that was restored, begins a history anew.
#[test]
fn time_that_goes_back_begins_anew() {
    check(&[(9_000, 0.0), (9_050, 1.0), (1_000, 5.0), (1_050, 6.0)], &[(9_050, 6.0), (1_025, 5.5), (0, 5.0)]);
    check(&[(1_000, 0.0), (1_050, 1.0), (1_050, 2.0)], &[(1_025, 1.0), (1_050, 2.0)]);
}
