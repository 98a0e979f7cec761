//! Large first results go out compressed to those who take that, and to nobody else.

use ambit_wire::{ClientMessage, Delivery, PROTOCOL_VERSION, Parameters, ServerMessage, TableBlocks};
use serde_json::json;

use crate::world::{Socket, World, hear, say};

fn welcomed(world: &World, takes_compressed: bool) -> Socket {
    let mut socket = world.socket();
    say(&mut socket, &ClientMessage::Hello { protocol: PROTOCOL_VERSION, token: None, takes_compressed });
    let message = hear(&mut socket).expect("a Welcome");
    assert!(matches!(ServerMessage::decode(&message).unwrap(), ServerMessage::Welcome { .. }));
    socket
}

fn subscribe(socket: &mut Socket, subscription: u32, sql: &str) {
    let parameters = Parameters::new();
    let delivery = Delivery { rate: f32::INFINITY, ..Delivery::default() };
    say(socket, &ClientMessage::Subscribe { subscription, sql, delivery, parameters });
}

/// The next update, and whether it came compressed.
fn hear_update(socket: &mut Socket) -> (Vec<u8>, bool) {
    loop {
        let heard = hear(socket).expect("an update");
        match ServerMessage::decode(&heard).unwrap() {
            ServerMessage::Update { .. } => return (heard, false),
            ServerMessage::Compressed { length, block } => {
                let update = zstd::bulk::decompress(block, length).unwrap();
                assert_eq!(update.len(), length);
                assert!(heard.len() < length);
                return (update, true);
            }
            ServerMessage::Welcome { .. }
            | ServerMessage::Results { .. }
            | ServerMessage::SubscriptionError { .. }
            | ServerMessage::Inspection(_)
            | ServerMessage::InspectionError { .. }
            | ServerMessage::Pong { .. }
            | ServerMessage::Durable { .. }
            | ServerMessage::Goodbye { .. } => {}
        }
    }
}

/// Subscriptions that begin with an update, and bytes of its rows.
fn applied(update: &[u8]) -> (Vec<u32>, usize) {
    let ServerMessage::Update { header, blocks } = ServerMessage::decode(update).unwrap() else {
        panic!("not an update");
    };
    let bytes = TableBlocks::new(blocks).map(|block| block.unwrap().bytes.len()).sum();
    (header.applied, bytes)
}

#[test]
fn large_first_results_are_compressed_for_those_who_take_that() {
    let world = World::with_bank();
    for row in 0..3 {
        assert_eq!(world.call("add_large", json!([20_000 + row])).0, 200);
    }
    for takes_compressed in [false, true] {
        let mut socket = welcomed(&world, takes_compressed);
        subscribe(&mut socket, 1, "SELECT * FROM account WHERE id = 1");
        let (update, is_compressed) = hear_update(&mut socket);
        assert!(!is_compressed, "what is small is not worth it");
        assert_eq!(applied(&update).0, [1]);
        subscribe(&mut socket, 2, "SELECT * FROM thing");
        subscribe(&mut socket, 3, "SELECT * FROM account WHERE id = 2");
        let (update, is_compressed) = hear_update(&mut socket);
        assert_eq!(is_compressed, takes_compressed);
        let (mut begun, bytes) = applied(&update);
        // One flush may answer both, and an update names what begins with it in no particular order.
        begun.sort_unstable();
        assert!(begun.starts_with(&[2]) && bytes > 60_000, "{begun:?} with {bytes} bytes");
        if begun != [2, 3] {
            assert_eq!(applied(&hear_update(&mut socket).0).0, [3], "what comes later is not faster");
        }
        // A change of the same rows is not.
        let bytes = 30_000 + u32::from(takes_compressed);
        assert_eq!(world.call("add_large", json!([bytes])).0, 200);
        let (update, is_compressed) = hear_update(&mut socket);
        assert!(!is_compressed && applied(&update).1 > 30_000);
    }
    assert_eq!(world.statistic("compressed_updates"), 1);
    assert!(world.statistic("compressed_bytes") < 10_000);
}

/// A first result above the bound of what may wait used to be taken for a slow reader.
#[test]
fn a_first_result_of_a_whole_message_comes_either_way() {
    let world = World::with_bank();
    for row in 0..40 {
        assert_eq!(world.call("add_large", json!([1_000_000 + row])).0, 200);
    }
    for takes_compressed in [false, true] {
        let mut socket = welcomed(&world, takes_compressed);
        subscribe(&mut socket, 1, "SELECT * FROM thing");
        let (update, is_compressed) = hear_update(&mut socket);
        assert_eq!(is_compressed, takes_compressed);
        assert!(applied(&update).1 > 40_000_000);
    }
}
