//! Random worlds whose clients have delivery options: rows enter and leave exactly as the options say, every value was committed,
//! is not older than the stated bound and only moves forward, and when nobody writes any more everybody has the exact result.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/followers.rs"]
mod followers;

mod harness;
mod model;

use ambit_interest::{Delivery, Tier};
use harness::{Change, Harness, Step};
use model::Query;
use proptest::prelude::*;

fn part() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (-40_i32..40).prop_map(|half| f64::from(half) * 0.5),
        // A crowd in one spot.
        6 => Just(0.0),
        1 => Just(1e7),
        1 => Just(-1e7),
    ]
}

fn place() -> impl Strategy<Value = [f64; 2]> {
    (part(), part()).prop_map(|(x, y)| [x, y])
}

fn change() -> impl Strategy<Value = Change> {
    let by = (-4_i8..5, -4_i8..5).prop_map(|(x, y)| [f64::from(x) * 0.25, f64::from(y) * 0.25]);
    let pick = any::<u8>();
    prop_oneof![
        3 => (0_u8..4, 0_u32..3, place()).prop_map(|(owner, team, place)| Change::Insert { owner, team, place }),
        8 => (pick, by).prop_map(|(pick, by)| Change::Step { pick, by }),
        1 => (pick, place()).prop_map(|(pick, place)| Change::Teleport { pick, place }),
        1 => (pick, 0_u32..3).prop_map(|(pick, team)| Change::Team { pick, team }),
        2 => pick.prop_map(|pick| Change::Hp { pick }),
        1 => pick.prop_map(|pick| Change::Name { pick }),
        1 => pick.prop_map(|pick| Change::Secret { pick }),
        1 => pick.prop_map(|pick| Change::Delete { pick }),
        1 => (pick, place()).prop_map(|(pick, place)| Change::Replace { pick, place }),
    ]
}

fn radius() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 8 => (1_u8..48).prop_map(|half| f64::from(half) * 0.5), 1 => Just(1e8)]
}

fn query() -> impl Strategy<Value = Query> {
    prop_oneof![
        6 => (radius(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(radius, same_team, others_only)| {
            Query::Moving { radius, same_team, others_only }
        }),
        3 => (place(), radius(), prop::option::of(0_u32..3))
            .prop_map(|(centre, radius, team)| Query::Fixed { centre, radius, team }),
        2 => prop::option::of(0_u32..3).prop_map(|team| Query::Plain { team }),
    ]
}

fn list() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![3, 4]),
        1 => Just(vec![5]),
        1 => prop::sample::subsequence(vec![0_usize, 1, 2, 3, 4, 5], 1..6),
    ]
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let tier = |distance: f64, rate: f32, columns: &[&str]| Tier {
        distance,
        rate,
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
    };
    let tiers = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![tier(3.0, 0.0, &[]), tier(9.0, 5.0, &[])]),
        1 => Just(vec![tier(2.0, f32::INFINITY, &[]), tier(6.0, 10.0, &["place", "hp"]), tier(9.0, 4.0, &["place"])]),
        1 => Just(vec![tier(5.0, 8.0, &["hp"]), tier(10.0, 2.0, &["place", "team"])]),
    ];
    let rate = prop_oneof![Just(0.0), Just(f32::INFINITY), Just(5.0), Just(60.0)];
    let hysteresis = prop_oneof![2 => Just(0.0), 1 => Just(0.5), 1 => Just(6.0), 1 => Just(1e9)];
    let budget = prop_oneof![2 => Just(0), 1 => Just(1_000), 1 => Just(4_000)];
    (rate, hysteresis, tiers, budget).prop_map(|(rate, hysteresis, tiers, budget)| Delivery {
        rate,
        hysteresis,
        tiers,
        budget,
        confirmed: false,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let (client, pick) = (0_u8..4, any::<u8>());
    prop_oneof![
        8 => prop::collection::vec(change(), 1..6).prop_map(Step::Commit),
        8 => prop_oneof![8 => 10_u16..120, 1 => Just(1_500)].prop_map(Step::Flush),
        2 => (1_u8..30).prop_map(Step::Walk),
        3 => (client.clone(), query(), list(), delivery())
            .prop_map(|(client, query, list, delivery)| Step::Subscribe { client, query, list, delivery }),
        1 => (client.clone(), pick).prop_map(|(client, pick)| Step::Unsubscribe { client, pick }),
        1 => (client.clone(), pick, radius())
            .prop_map(|(client, pick, radius)| Step::Radius { client, pick, radius }),
        1 => client.prop_map(|client| Step::Reconnect { client }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn caches_are_as_the_options_say(
        (is_flat, is_ruled) in any::<(bool, bool)>(),
        first in prop::collection::vec(change(), 0..40),
        subscribed in prop::collection::vec((0_u8..4, query(), list(), delivery()), 1..5),
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let mut harness = Harness::new(is_flat, is_ruled);
        harness.step(Step::Commit(first));
        for (client, query, list, delivery) in subscribed {
            harness.step(Step::Subscribe { client, query, list, delivery });
        }
        steps.into_iter().for_each(|step| harness.step(step));
        harness.finish();
    }
}
