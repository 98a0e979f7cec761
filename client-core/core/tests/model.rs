//! Random updates, ticks at random moments, random budgets: the cache equals a naive model, events replayed from
//! nothing reproduce it, and every look-up answers what a walk over all rows answers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/world.rs"]
mod support;

use std::collections::BTreeSet;
use std::ops::Bound;

use ambit_client_core::{Budget, EventKind, Session, World};
use ambit_model::{RowLayout, Value, decode_row, delta, encode_row};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Rows, Server, Step, layouts, welcome};

#[derive(Debug, Clone)]
enum Action {
    Update(Vec<Step>),
    Tick(Budget),
    /// A tick of which the game handles only some events.
    Hurry(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u16, 0..12_u32, any::<u8>())
            .prop_map(|(table, slot, number)| Step::Put { table, slot, number }),
        2 => (0..3_u16, 0..12_u32, 0..5_u8)
            .prop_map(|(table, slot, reason)| Step::Delete { table, slot, reason }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => vec(step(), 0..12).prop_map(Action::Update),
        1 => Just(Action::Tick(Budget::UNLIMITED)),
        2 => (0..6_usize).prop_map(|events| Action::Tick(Budget::events(events))),
        1 => (0..6_usize).prop_map(Action::Hurry),
    ]
}

/// Replays the events of a tick; checks that each fits what was told before.
fn replay(world: &World, handled: usize, told: &mut Rows) {
    for event in world.events().take(handled) {
        let key = (event.table, event.slot);
        match event.kind {
            EventKind::Insert { row } => {
                assert_eq!(world.table(event.table).unwrap().row(event.local), Some(row));
                assert!(told.insert(key, row.to_vec()).is_none(), "inserted twice: {event:?}");
            }
            EventKind::Update { old, row } => {
                assert_eq!(row.as_ptr() as usize % 8, 0);
                assert_eq!(old.as_ptr() as usize % 8, 0);
                let before = told.insert(key, row.to_vec());
                assert_eq!(before.as_deref(), Some(old), "an update of something else: {event:?}");
            }
            EventKind::Delete { old, .. } => {
                let before = told.remove(&key);
                assert_eq!(before.as_deref(), Some(old), "a delete of something else: {event:?}");
            }
        }
    }
}

fn cached(world: &World) -> Rows {
    let rows = world.tables().iter().flat_map(|table| {
        table.iter().map(|(local, row)| ((table.id(), table.slot(local).unwrap()), row.to_vec()))
    });
    rows.collect()
}

fn check_look_ups(world: &World) {
    for (table, layout) in world.tables().iter().zip(layouts()) {
        for (index, schema) in (0_u16..).zip(&table.schema().unwrap().indexes) {
            if matches!(schema.kind, ambit_model::IndexKind::Spatial { .. }) {
                check_near(table, index);
                continue;
            }
            let key_layout = layout.of_columns(&schema.columns);
            let key_of = |row: &[u8]| {
                let mut key = Vec::new();
                delta::copy_columns(&layout, row, &schema.columns, &key_layout, &mut key).unwrap();
                key
            };
            let keys: BTreeSet<Vec<u8>> = table.iter().map(|(_, row)| key_of(row)).collect();
            for key in keys {
                let mut found = Vec::new();
                table.find_all(index, &key, &mut found).unwrap();
                let expected: BTreeSet<u32> =
                    table.iter().filter(|(_, row)| key_of(row) == key).map(|(local, _)| local).collect();
                assert_eq!(found.len(), expected.len());
                assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
                assert!(expected.contains(&table.find(index, &key).unwrap().unwrap()));
                if schema.unique {
                    assert_eq!(expected.len(), 1);
                }
            }
        }
    }
    check_range(world);
}

fn check_near(table: &ambit_client_core::Table, index: u16) {
    let layout = table.layout();
    for radius in [0.0, 3.0, 12.0, 1e9] {
        let mut found = Vec::new();
        table.near(index, [1.0, -2.0, 77.0], radius, &mut found).unwrap();
        let expected = table.iter().filter(|(_, row)| {
            let Value::Vec2(position) = decode_row(layout, row).unwrap()[3] else { panic!() };
            let (x, y) = (f64::from(position.x) - 1.0, f64::from(position.y) + 2.0);
            x * x + y * y <= radius * radius
        });
        let expected: BTreeSet<u32> = expected.map(|(local, _)| local).collect();
        assert_eq!(found.len(), expected.len());
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

/// Zone 1 with a health of at least -50 and below 50, in order.
fn check_range(world: &World) {
    let table = world.table(0).unwrap();
    let layout = table.layout();
    let key_layout = layout.of_columns(&[1, 2]);
    let key = |health| encode_row(&key_layout, &[Value::U32(1), Value::I32(health)]).unwrap();
    let numbers = |row: &[u8]| match decode_row(layout, row).unwrap()[..] {
        [_, Value::U32(zone), Value::I32(health), _] => (zone, health),
        _ => panic!("another table"),
    };
    let (low, high) = (key(-50), key(50));
    let mut found = Vec::new();
    table.range(2, Bound::Included((&low, 2)), Bound::Excluded((&high, 2)), &mut found).unwrap();
    let found: Vec<_> = found.into_iter().map(|local| numbers(table.row(local).unwrap())).collect();
    let mut expected: Vec<_> = table.iter().map(|(_, row)| numbers(row)).collect();
    expected.retain(|&(zone, health)| zone == 1 && (-50..50).contains(&health));
    expected.sort_unstable();
    assert_eq!(found, expected);

    let zone = encode_row(&RowLayout::of_columns(layout, &[1]), &[Value::U32(1)]).unwrap();
    let mut found = Vec::new();
    table.range(2, Bound::Included((&zone, 1)), Bound::Included((&zone, 1)), &mut found).unwrap();
    assert_eq!(found.len(), table.iter().filter(|(_, row)| numbers(row).0 == 1).count());
    let mut behind = Vec::new();
    table.range(2, Bound::Excluded((&zone, 1)), Bound::Unbounded, &mut behind).unwrap();
    assert_eq!(behind.len(), table.iter().filter(|(_, row)| numbers(row).0 > 1).count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cache_and_events_follow_the_server(actions in vec(action(), 1..60)) {
        let mut server = Server::default();
        let mut session = Session::new();
        session.receive(&welcome(), 0).unwrap();
        let mut world = World::new();
        let mut told = Rows::new();
        let mut seen = Rows::new();
        for action in actions {
            let ticked = !matches!(action, Action::Update(_));
            match action {
                Action::Update(steps) => {
                    session.receive(&server.update(&steps), 0).unwrap();
                    // Nothing moves under the game between two ticks.
                    prop_assert_eq!(cached(&world), seen.clone());
                    // One mark per row of the cache or of the server, however much happens.
                    prop_assert!(session.statistics().rows_pending <= seen.len() + server.rows.len());
                }
                Action::Tick(budget) => {
                    world.tick(&mut session, budget);
                    let handed_out = world.events().count();
                    prop_assert!(handed_out <= budget.events_max);
                    prop_assert!(handed_out == budget.events_max || world.events_pending() == 0);
                    replay(&world, usize::MAX, &mut told);
                }
                Action::Hurry(handled) => {
                    world.tick(&mut session, Budget::UNLIMITED);
                    let all = world.events().count();
                    world.defer_events_after(handled);
                    prop_assert_eq!(world.events().count(), all.min(handled));
                    prop_assert_eq!(world.events_pending(), all.saturating_sub(handled));
                    replay(&world, handled, &mut told);
                }
            }
            if ticked {
                prop_assert_eq!(session.statistics().rows_pending, 0);
                prop_assert_eq!(world.offset(), server.offset);
                prop_assert_eq!(cached(&world), server.rows.clone());
                check_look_ups(&world);
                // A waiting event per row that was told of, and one per row that is there, at most.
                prop_assert!(world.events_pending() <= told.len() + server.rows.len());
            }
            seen = cached(&world);
        }
        world.tick(&mut session, Budget::UNLIMITED);
        replay(&world, usize::MAX, &mut told);
        prop_assert_eq!(&told, &server.rows);
        prop_assert_eq!(&cached(&world), &server.rows);
        check_look_ups(&world);
    }
}
