//! Results that are as large as a message may be, and larger.

use ambit_client::{Client, ConnectionState, DisconnectReason};
use ambit_wire::{ClientMessage, Delivery, Parameters, ServerMessage, goodbye};
use serde_json::json;

use crate::world::{PATIENCE, World, hear, say};

/// A first result above the bound of what may wait used to be taken for a slow reader.
#[test]
fn a_first_result_may_be_a_whole_message_and_not_more() {
    let world = World::with_bank();
    for row in 0..40 {
        assert_eq!(world.call("add_large", json!([1_000_000 + row])).0, 200);
    }
    let mut client = world.client(None);
    client.subscribe("SELECT * FROM thing", 0.0).unwrap();
    let complete = |client: &mut Client| client.table("thing").is_some_and(|table| table.len() == 40);
    assert!(client.wait_until(PATIENCE, complete), "{:?}", client.state());
    for row in 40..68 {
        assert_eq!(world.call("add_large", json!([1_000_000 + row])).0, 200);
    }
    let mut late = world.client(None);
    late.subscribe("SELECT * FROM thing", 0.0).unwrap();
    let has_ended = |client: &mut Client| matches!(client.state(), ConnectionState::Disconnected { .. });
    assert!(late.wait_until(PATIENCE, has_ended));
    let ConnectionState::Disconnected { reason: DisconnectReason::Goodbye { code, message } } = late.state()
    else {
        panic!("{:?}", late.state());
    };
    assert_eq!(code, goodbye::LIMIT);
    assert!(message.contains("an update of 68") && message.contains("subscribe to fewer rows"), "{message}");
    // The first one gets them one by one.
    let complete = |client: &mut Client| client.table("thing").is_some_and(|table| table.len() == 68);
    assert!(client.wait_until(PATIENCE, complete), "{:?}", client.state());
}

/// More than may be on their way to the follower at once: the server reads on as they are done.
#[test]
fn many_refused_subscriptions_are_all_answered() {
    const COUNT: u32 = 5_000;
    let world = World::with_bank();
    let mut socket = world.welcomed_socket();
    let mut answers = 0;
    for subscription in 0..COUNT {
        let parameters = Parameters::new();
        let delivery = Delivery::default();
        say(&mut socket, &ClientMessage::Subscribe { subscription, sql: "SELECT", delivery, parameters });
        say(&mut socket, &ClientMessage::Unsubscribe { subscription });
        if subscription % 100 == 99 {
            while answers <= subscription {
                let message = hear(&mut socket).unwrap();
                let message = ServerMessage::decode(&message).unwrap();
                assert!(matches!(message, ServerMessage::SubscriptionError { .. }), "{message:?}");
                answers += 1;
            }
        }
    }
}
