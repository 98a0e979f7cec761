//! Clients that ask what is in force in their subscriptions.

use ambit_client::{Circle, Client, Delivery, Inspection, ParameterValue, Parameters, Tier, TierInForce};
use ambit_wire::{ClientMessage, ServerMessage};
use serde_json::json;

use crate::world::{PATIENCE, Socket, World, hear, say};

const NEAR: &str = "SELECT * FROM place WHERE ST_DWithin(position, ST_Point(1, 0), :radius)";

/// Places at 0, 2, 4 … on the x-axis.
fn with_places(count: u8) -> World {
    let world = World::with_bank();
    for number in 0..count {
        let (status, text) = world.call("add_place", json!([[f32::from(number) * 2.0, 0.0], null]));
        assert_eq!(status, 200, "{text}");
    }
    world
}

fn radius(radius: f64) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.set("radius", ParameterValue::Float(radius)).unwrap();
    parameters
}

/// Asks, and waits for the answer, which is another one than the last.
fn inspect(client: &mut Client, subscription: u32) -> Inspection {
    let before = client.inspection(subscription).cloned();
    client.inspect(subscription).unwrap();
    let is_new = |client: &mut Client| {
        client.inspection(subscription).is_some_and(|told| before.as_ref() != Some(told))
    };
    assert!(client.wait_until(PATIENCE, is_new));
    client.inspection(subscription).unwrap().clone()
}

#[test]
fn a_client_is_told_what_is_in_force() {
    let world = with_places(10);
    for confirmed in [false, true] {
        let mut client = world.client(None);
        let tier = |distance, rate| Tier { distance, rate, columns: Vec::new() };
        let delivery = Delivery {
            hysteresis: 4.0,
            tiers: vec![tier(3.0, 0.0), tier(5.0, 2.0)],
            budget: 50_000,
            confirmed,
            ..Delivery::at_rate(20.0)
        };
        let near = client.subscribe_as(NEAR, &radius(10.0), &delivery).unwrap();
        // It comes with the first result.
        let told = inspect(&mut client, near);
        assert_eq!(client.table("place").unwrap().len(), 6);
        let circle = |radius| vec![Circle { centre: [1.0, 0.0, 0.0], radius }];
        let in_force = |distance, interval_ms, rows| TierInForce { distance, interval_ms, rows };
        let mut expected = Inspection {
            subscription: near,
            offset: client.world().offset(),
            rows: 6,
            waiting: 0,
            rate: 20.0,
            hysteresis: 4.0,
            budget: 50_000,
            circles: circle(10.0),
            tiers: vec![in_force(3.0, 0, 3), in_force(5.0, 500, 3)],
        };
        assert_eq!(told, expected);
        let change = client.change_parameters(near, &radius(1.0)).unwrap();
        let told = inspect(&mut client, near);
        // What was just outside stays, being slow to leave.
        (expected.circles, expected.rows, expected.offset) = (circle(1.0), 4, told.offset);
        expected.tiers = vec![in_force(3.0, 0, 3), in_force(5.0, 500, 1)];
        assert!(client.change(near, change).is_some(), "the answer comes behind the change");
        assert_eq!(told, expected);
        assert_eq!(client.table("place").unwrap().len(), 4);

        let all = client.subscribe("SELECT * FROM account", 60.0).unwrap();
        let told = inspect(&mut client, all);
        assert_eq!((told.rows, told.rate, told.circles.len()), (100, 60.0, 0));
        // The connection goes at the rate of its fastest subscription.
        assert_eq!(inspect(&mut client, near).rate, 60.0);
        client.unsubscribe(near).unwrap();
        assert!(client.wait_until(PATIENCE, |client| client.inspection(near).is_none()));
        assert!(client.inspection(all).is_some());
    }
}

/// However often somebody asks, the follower answers once per update; and every answer lies right behind its update.
#[test]
fn who_asks_without_end_is_answered_within_reason() {
    const COUNT: u32 = 5_000;
    let world = with_places(3);
    let mut socket = world.welcomed_socket();
    let subscribe = ClientMessage::Subscribe {
        subscription: 7,
        sql: NEAR,
        delivery: Delivery::at_rate(20.0),
        parameters: radius(10.0),
    };
    say(&mut socket, &subscribe);
    let (mut refused, mut told, mut offset, mut has_ended) = (0, 0, None, false);
    let mut read = |socket: &mut Socket| {
        let message = hear(socket).unwrap();
        match ServerMessage::decode(&message).unwrap() {
            ServerMessage::InspectionError { subscription: 8, message } => {
                assert!(message.contains("no subscription 8"), "{message}");
                refused += 1;
                offset = None;
            }
            ServerMessage::Update { header, .. } => {
                has_ended |= header.ended == [7];
                offset = Some(header.offset);
            }
            ServerMessage::Inspection(inspection) => {
                assert_eq!((inspection.subscription, inspection.rows), (7, 3));
                assert_eq!(Some(inspection.offset), offset.take(), "right behind its update");
                told += 1;
            }
            other @ (ServerMessage::Welcome { .. }
            | ServerMessage::Results { .. }
            | ServerMessage::SubscriptionError { .. }
            | ServerMessage::InspectionError { .. }
            | ServerMessage::Pong { .. }
            | ServerMessage::Durable { .. }
            | ServerMessage::Goodbye { .. }
            | ServerMessage::Compressed { .. }) => panic!("{other:?}"),
        }
        (refused, told, has_ended)
    };
    say(&mut socket, &ClientMessage::Inspect { subscription: 7 });
    while read(&mut socket).1 == 0 {}
    for number in 1..=COUNT {
        say(&mut socket, &ClientMessage::Inspect { subscription: 7 });
        say(&mut socket, &ClientMessage::Inspect { subscription: 8 });
        while number % 100 == 0 && read(&mut socket).0 < number {}
    }
    say(&mut socket, &ClientMessage::Unsubscribe { subscription: 7 });
    say(&mut socket, &ClientMessage::Inspect { subscription: 8 });
    let mut last = read(&mut socket);
    while last.0 <= COUNT || !last.2 {
        last = read(&mut socket);
    }
    assert!(last.1 < COUNT, "{} answers", last.1);
}
