//! Random worlds, commits and clients: after every flush each client's cache must equal what the reference model
//! computes from scratch, and every operation must have been needed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cache;
mod condition;
mod harness;
mod join;
mod reference;
mod shape;
mod top;
mod world;

use proptest::prelude::*;

use condition::condition;
use harness::{Harness, Step};
use join::{Hop, Join, join};
use reference::{Centre, Query, Values};
use shape::SchemaChange;
use top::{By, Key, Top, top};
use world::Change;

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![12 => (-40_i32..40).prop_map(|half| f64::from(half) * 0.5), 1 => Just(1e6), 1 => Just(-3e7)]
}

fn change() -> impl Strategy<Value = Change> {
    let table = 0_u16..3;
    prop_oneof![
        3 => (table.clone(), 0_u8..4, 0_u8..3, coordinate(), coordinate(), 0_i32..10)
            .prop_map(|(table, owner, zone, x, y, hp)| Change::Insert { table, owner, zone, x, y, hp }),
        6 => (table.clone(), any::<u8>(), -4_i8..5, -4_i8..5)
            .prop_map(|(table, pick, dx, dy)| Change::Step { table, pick, dx, dy }),
        1 => (table.clone(), any::<u8>(), coordinate(), coordinate())
            .prop_map(|(table, pick, x, y)| Change::Teleport { table, pick, x, y }),
        1 => (table.clone(), any::<u8>(), 0_u8..3).prop_map(|(table, pick, zone)| Change::Zone { table, pick, zone }),
        1 => (table.clone(), any::<u8>(), 0_i32..10).prop_map(|(table, pick, hp)| Change::Hp { table, pick, hp }),
        1 => (table.clone(), any::<u8>(), 0_u8..4).prop_map(|(table, pick, owner)| Change::Owner { table, pick, owner }),
        1 => (table.clone(), any::<u8>(), 0_u8..3).prop_map(|(table, pick, name)| Change::Name { table, pick, name }),
        1 => (table.clone(), any::<u8>(), prop::option::of(0_i16..8))
            .prop_map(|(table, pick, level)| Change::Level { table, pick, level }),
        1 => (table.clone(), any::<u8>(), prop_oneof![3 => (0_i8..8).prop_map(f32::from), 1 => Just(f32::NAN)])
            .prop_map(|(table, pick, speed)| Change::Speed { table, pick, speed }),
        2 => (table.clone(), any::<u8>(), prop::option::weighted(0.9, (0_u16..3, any::<u8>())))
            .prop_map(|(table, pick, to)| Change::Link { table, pick, to }),
        2 => (table, any::<u8>()).prop_map(|(table, pick)| Change::Delete { table, pick }),
    ]
}

fn columns() -> impl Strategy<Value = u16> {
    prop_oneof![2 => Just(0), 1 => 0_u16..1 << 9, 1 => (0_u16..9).prop_map(|column| 1 << column)]
}

fn query() -> impl Strategy<Value = Query> {
    let near = prop_oneof![
        2 => Just(None),
        2 => (coordinate(), coordinate(), 0_u8..24)
            .prop_map(|(x, y, radius)| Some((Centre::Point(x, y), f64::from(radius)))),
        4 => (0_u16..3, any::<bool>(), any::<bool>(), 0_u8..24).prop_map(|(table, same_zone, same_name, radius)| {
            Some((Centre::Own { table, same_zone, same_name }, f64::from(radius)))
        }),
    ];
    let zone = prop_oneof![3 => Just(None), 1 => (0_u8..3).prop_map(Some)];
    let hp = prop_oneof![3 => Just(None), 1 => (0_i32..6, 4_i32..10).prop_map(Some)];
    let name = prop_oneof![4 => Just(None), 1 => (0_u8..3).prop_map(Some)];
    let own = prop::bool::weighted(0.2);
    let condition = prop_oneof![2 => Just(None), 3 => condition().prop_map(Some)];
    let joined = prop_oneof![3 => Just(None), 1 => join().prop_map(Some)];
    let first = prop_oneof![2 => Just(None), 1 => top().prop_map(Some)];
    let shown = (columns(), first);
    let any = (0_u16..3, zone, hp, name, own, near, condition, (joined, any::<bool>(), shown)).prop_map(
        |(table, zone, hp, name, own, near, condition, (join, by_parameter, (columns, top)))| {
            let near = near.filter(|(centre, _)| join.is_none() || matches!(centre, Centre::Point(..)));
            Query { table, columns, zone, hp, name, own, near, condition, join, top, by_parameter }
        },
    );
    // Without conditions a join shows more.
    let top = prop::option::weighted(0.3, top());
    let plain_join = (0_u16..3, join(), columns(), top).prop_map(|(table, join, columns, top)| {
        let (zone, hp, name, own, near, condition) = (None, None, None, false, None, None);
        let join = Some(join);
        Query { table, columns, zone, hp, name, own, near, condition, join, top, by_parameter: false }
    });
    prop_oneof![3 => any, 1 => plain_join]
}

fn values() -> impl Strategy<Value = Values> {
    let centre = (coordinate(), coordinate());
    (0_u8..3, (0_i32..6, 4_i32..10), 0_u8..3, centre, 0_u8..24, 0_u8..12).prop_map(
        |(zone, hp, name, centre, radius, limit)| Values {
            zone,
            hp,
            name,
            centre,
            radius: f64::from(radius),
            limit,
        },
    )
}

fn schema_change() -> impl Strategy<Value = SchemaChange> {
    let table = 0_u16..3;
    prop_oneof![
        2 => Just(SchemaChange::Rotate),
        2 => Just(SchemaChange::Bystander),
        1 => table.clone().prop_map(|table| SchemaChange::Front { table }),
        1 => table.clone().prop_map(|table| SchemaChange::Back { table }),
        1 => table.clone().prop_map(|table| SchemaChange::Widen { table }),
        2 => table.clone().prop_map(|table| SchemaChange::Rename { table }),
        2 => table.clone().prop_map(|table| SchemaChange::RenameColumn { table }),
        2 => table.clone().prop_map(|table| SchemaChange::Index { table }),
        2 => table.clone().prop_map(|table| SchemaChange::Primary { table }),
        1 => table.clone().prop_map(|table| SchemaChange::Hide { table }),
        1 => table.prop_map(|table| SchemaChange::Replace { table }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let rate = prop_oneof![Just(0.0), Just(f32::INFINITY), Just(5.0), Just(20.0), Just(60.0)];
    let client = 0_u8..5;
    prop_oneof![
        8 => prop::collection::vec(change(), 1..6).prop_map(Step::Commit),
        8 => prop_oneof![0_i64..30, 30_i64..120, Just(1_500_i64)].prop_map(Step::Flush),
        3 => (client.clone(), query(), rate).prop_map(|(client, query, rate)| Step::Subscribe { client, query, rate }),
        1 => (client.clone(), any::<u8>()).prop_map(|(client, pick)| Step::Unsubscribe { client, pick }),
        3 => (client.clone(), any::<u8>(), values())
            .prop_map(|(client, pick, values)| Step::ChangeParameters { client, pick, values }),
        1 => client.clone().prop_map(Step::Reconnect),
        2 => client.clone().prop_map(Step::Leave),
        3 => (client, any::<u8>()).prop_map(|(client, forgotten)| Step::ComeBack { client, forgotten }),
        2 => (prop::collection::vec(schema_change(), 0..3), prop::collection::vec(change(), 0..4))
            .prop_map(|(changes, writes)| Step::Migrate { changes, writes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn caches_equal_the_reference(
        three_dimensions: bool,
        first in prop::collection::vec(change(), 0..40),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut harness = Harness::new(three_dimensions);
        harness.step(Step::Commit(first));
        for step in steps {
            harness.step(step);
        }
        harness.step(Step::Flush(2_000));
    }
}

/// Growing crowds: every row moves in every commit, so grids, slots and cohorts see more than a handful.
#[test]
fn a_crowd_stays_exact() {
    for three_dimensions in [false, true] {
        let mut harness = Harness::new(three_dimensions);
        let mut random = 12_345_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let insert = |next: &mut dyn FnMut(u64) -> u64| Change::Insert {
            table: next(3) as u16,
            owner: next(40) as u8,
            zone: next(3) as u8,
            x: next(400) as f64 - 200.0,
            y: next(400) as f64 - 200.0,
            hp: next(10) as i32,
        };
        harness.step(Step::Commit((0..600).map(|_| insert(&mut next)).collect()));
        for client in 0..40 {
            let table = next(3) as u16;
            let centre = Centre::Own { table: next(3) as u16, same_zone: next(2) == 0, same_name: false };
            let (near, join) = match client % 4 {
                3 => (None, Some(Join::new([(next(3) as u16, Hop::LINK), (next(3) as u16, Hop::OWNER)]))),
                _ => (Some((centre, 30.0)), None),
            };
            let (zone, hp, name, own, condition, by_parameter) = (None, None, None, false, None, true);
            let top = [None, Some(nearest(client))][next(2) as usize].clone();
            let columns = [0, 0b1000, 0b1_0010_1000][next(3) as usize];
            let query =
                Query { table, columns, zone, hp, name, own, near, condition, join, top, by_parameter };
            let rate = [0.0, 10.0, f32::INFINITY][next(3) as usize];
            harness.step(Step::Subscribe { client, query, rate });
        }
        for _ in 0..60 {
            let mut changes = Vec::new();
            for _ in 0..300 {
                let (table, pick) = (next(3) as u16, next(256) as u8);
                changes.push(match next(20) {
                    0 => Change::Delete { table, pick },
                    1 => insert(&mut next),
                    2 => Change::Zone { table, pick, zone: next(3) as u8 },
                    3 => Change::Link { table, pick, to: Some((next(3) as u16, next(256) as u8)) },
                    4 => Change::Owner { table, pick, owner: next(40) as u8 },
                    _ => Change::Step { table, pick, dx: next(9) as i8 - 4, dy: next(9) as i8 - 4 },
                });
            }
            harness.step(Step::Commit(changes));
            if next(3) == 0 {
                let (client, radius) = (next(40) as u8, next(60) as f64);
                let values = Values { zone: 0, hp: (0, 0), name: 0, centre: (0.0, 0.0), radius, limit: 5 };
                harness.step(Step::ChangeParameters { client, pick: 0, values });
            }
            harness.step(Step::Flush(17));
        }
        harness.step(Step::Flush(2_000));
    }
}

/// The few nearest, and those with most.
fn nearest(client: u8) -> Top {
    let key = |by, is_descending| Key { by, is_descending, nulls_first: None };
    Top { keys: vec![key(By::Centre, false), key(By::Hp, true)], limit: client % 8, by_parameter: true }
}

/// More rows than a ranking knows of, all of which change their places: it finds those that follow, by an index and without.
#[test]
fn long_rankings_stay_exact() {
    for (three_dimensions, seed) in [(false, 1_u64), (true, 2)] {
        let mut harness = Harness::new(three_dimensions);
        let mut random = seed;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let indexed = [0, 1, 2].map(|table| SchemaChange::Index { table });
        let changes = if three_dimensions { indexed.to_vec() } else { Vec::new() };
        harness.step(Step::Migrate { changes, writes: Vec::new() });
        let insert = |next: &mut dyn FnMut(u64) -> u64| Change::Insert {
            table: next(3) as u16,
            owner: next(4) as u8,
            zone: next(3) as u8,
            x: next(400) as f64 - 200.0,
            y: next(400) as f64 - 200.0,
            hp: next(50) as i32,
        };
        harness.step(Step::Commit((0..900).map(|_| insert(&mut next)).collect()));
        let orders = [By::Hp, By::Speed, By::Level, By::Name, By::Zone, By::Id, By::Point(10.0, -20.0)];
        for client in 0..21_u8 {
            let by = orders[usize::from(client) % orders.len()].clone();
            let (first, nulls_first) = (next(2) == 0, [None, Some(true), Some(false)][next(3) as usize]);
            let keys = vec![
                Key { by, is_descending: first, nulls_first },
                Key { by: By::Hp, is_descending: next(2) == 0, nulls_first: None },
            ];
            let top = Some(Top { keys, limit: next(40) as u8, by_parameter: true });
            let zone = [None, Some(next(3) as u8)][next(2) as usize];
            let (hp, name, near, condition, join, own) = (None, None, None, None, None, false);
            let table = next(3) as u16;
            let columns = [0, 0b1000][next(2) as usize];
            let query = Query {
                table,
                columns,
                zone,
                hp,
                name,
                own,
                near,
                condition,
                join,
                top,
                by_parameter: false,
            };
            let rate = [20.0, f32::INFINITY][next(2) as usize];
            harness.step(Step::Subscribe { client: client % 12, query, rate });
        }
        for round in 0..30 {
            let mut changes = Vec::new();
            for _ in 0..[1, 30, 200][round % 3] {
                let (table, pick) = (next(3) as u16, next(256) as u8);
                changes.push(match next(12) {
                    0 | 1 if round > 15 => Change::Delete { table, pick },
                    0 | 1 => insert(&mut next),
                    2 | 3 => Change::Hp { table, pick, hp: next(50) as i32 },
                    4 => Change::Level {
                        table,
                        pick,
                        level: Some(next(50) as i16).filter(|level| level % 5 != 0),
                    },
                    5 => Change::Level { table, pick, level: None },
                    6 => Change::Speed {
                        table,
                        pick,
                        speed: [next(50) as f32, f32::NAN, -f32::NAN][next(3) as usize],
                    },
                    7 => Change::Name { table, pick, name: next(3) as u8 },
                    8 => Change::Zone { table, pick, zone: next(3) as u8 },
                    _ => Change::Teleport { table, pick, x: next(400) as f64 - 200.0, y: next(400) as f64 },
                });
            }
            harness.step(Step::Commit(changes));
            if round % 7 == 3 {
                let (client, pick, limit) = (next(12) as u8, next(256) as u8, next(40) as u8);
                let values = Values { zone: 0, hp: (0, 0), name: 0, centre: (0.0, 0.0), radius: 5.0, limit };
                harness.step(Step::ChangeParameters { client, pick, values });
            }
            harness.step(Step::Flush(50));
        }
        harness.step(Step::Flush(2_000));
    }
}
