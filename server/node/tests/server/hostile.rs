//! Clients that do what they should not. Each gets a clear error; a well-behaved client beside them notices nothing.

use std::io::{Read, Write};
use std::net::TcpStream;

use ambit_client::CallStatus;
use ambit_wire::limits::CLIENT_MESSAGE_BYTES_MAX;
use ambit_wire::{
    Call, CallResult, ClientMessage, PROTOCOL_VERSION, Results, ServerMessage, goodbye, write_call,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::world::{PATIENCE, World, hear, hear_goodbye, say};

/// Somebody else is served as ever.
fn check_others(world: &World) {
    assert_eq!(world.call("transfer", json!([1, 2, 1])).0, 200);
    let mut client = world.client(None);
    let request = client.call_named("empty", &[]).unwrap();
    assert!(client.wait_until(PATIENCE, |client| {
        let result = client.results().iter().find(|result| result.request == request);
        result.is_some_and(|result| result.status == CallStatus::Committed)
    }));
}

#[test]
fn the_first_message_must_be_a_hello_of_this_protocol() {
    let world = World::with_bank();
    for (message, code, expected) in [
        (ClientMessage::Ping { sent_at: 1 }, goodbye::PROTOCOL, "the first message must be Hello"),
        (
            ClientMessage::Hello { protocol: 99, token: None, takes_compressed: false },
            goodbye::PROTOCOL,
            "speaks protocol 1",
        ),
        (
            ClientMessage::Hello {
                protocol: PROTOCOL_VERSION,
                token: Some("x.y.z"),
                takes_compressed: false,
            },
            goodbye::TOKEN,
            "token",
        ),
    ] {
        let mut socket = world.socket();
        say(&mut socket, &message);
        let (actual, text) = hear_goodbye(&mut socket);
        assert_eq!(actual, code);
        assert!(text.contains(expected), "{text}");
        assert!(hear(&mut socket).is_none());
    }
    check_others(&world);
}

#[test]
fn garbage_in_frames_and_garbage_instead_of_frames() {
    let world = World::with_bank();
    for garbage in [vec![], vec![0; 64], vec![255; 1_000], b"GET / HTTP/1.1\r\n\r\n".to_vec()] {
        let mut socket = world.welcomed_socket();
        socket.send(Message::Binary(garbage.into())).unwrap();
        assert_eq!(hear_goodbye(&mut socket).0, goodbye::PROTOCOL);
    }
    let mut socket = world.welcomed_socket();
    socket.send(Message::Text("hello".into())).unwrap();
    assert!(hear_goodbye(&mut socket).1.contains("binary"));
    let mut socket = world.welcomed_socket();
    socket.get_mut().write_all(&[0xff; 100]).unwrap();
    assert!(hear_goodbye(&mut socket).1.contains("not WebSocket"));
    let mut socket = world.welcomed_socket();
    say(
        &mut socket,
        &ClientMessage::Hello { protocol: PROTOCOL_VERSION, token: None, takes_compressed: false },
    );
    assert!(hear_goodbye(&mut socket).1.contains("twice"));
    let logs = world.logs();
    assert!(logs.contains("let go of client"), "{logs}");
    check_others(&world);
}

#[test]
fn every_prefix_and_every_altered_byte_of_a_message() {
    let world = World::with_bank();
    let mut block = Vec::new();
    write_call(&mut block, &Call { request: 7, reducer: 0, is_quiet: false, args: &[1; 24] });
    let message = ClientMessage::Calls { block: &block }.encode();
    for at in 0..message.len() {
        let mut altered = message.clone();
        altered[at] ^= 0xff;
        for bytes in [message[..at].to_vec(), altered] {
            let mut socket = world.welcomed_socket();
            socket.send(Message::Binary(bytes.into())).unwrap();
            // A result of the call, if the bytes still are one, or a Goodbye: never silence.
            assert!(hear(&mut socket).is_some(), "byte {at}");
        }
    }
    check_others(&world);
}

#[test]
fn oversized_messages() {
    let world = World::with_bank();
    let mut socket = world.welcomed_socket();
    // A header that promises more than the limit is refused before its bytes arrive.
    let length = (CLIENT_MESSAGE_BYTES_MAX as u64 + 1).to_be_bytes();
    let mut header = vec![0x82, 0x80 | 127];
    header.extend_from_slice(&length);
    header.extend_from_slice(&[0; 4]);
    socket.get_mut().write_all(&header).unwrap();
    let (code, text) = hear_goodbye(&mut socket);
    assert_eq!(code, goodbye::LIMIT);
    assert!(text.contains("bytes"), "{text}");
    check_others(&world);
}

#[test]
fn unknown_reducers_and_wrong_arguments_are_answered_and_the_client_stays() {
    let world = World::with_bank();
    let mut socket = world.welcomed_socket();
    let mut block = Vec::new();
    write_call(&mut block, &Call { request: 1, reducer: 60_000, is_quiet: false, args: &[] });
    write_call(&mut block, &Call { request: 2, reducer: 0, is_quiet: false, args: &[9; 3] });
    say(&mut socket, &ClientMessage::Calls { block: &block });
    let message = hear(&mut socket).unwrap();
    let ServerMessage::Results { block, .. } = ServerMessage::decode(&message).unwrap() else { panic!() };
    let results: Vec<CallResult<'_>> = Results::new(block).map(Result::unwrap).collect();
    assert_eq!(results.iter().map(|result| result.request).collect::<Vec<_>>(), [1, 2]);
    assert!(results.iter().all(|result| result.status == ambit_wire::CallStatus::Rejected), "{results:?}");
    assert!(results[0].message.contains("no reducer 60000"), "{results:?}");
    say(&mut socket, &ClientMessage::Ping { sent_at: 42 });
    let message = hear(&mut socket).unwrap();
    assert!(matches!(ServerMessage::decode(&message).unwrap(), ServerMessage::Pong { sent_at: 42, .. }));
}

#[test]
fn a_client_that_stops_reading_is_let_go() {
    let world = World::with_bank();
    let mut socket = world.welcomed_socket();
    // Answers of 4 KiB to calls of 20 bytes that nobody reads: soon more wait than may.
    let schema = ureq::get(format!("http://{}/v1/database/bank/schema", world.address()));
    let schema = schema.call().unwrap().body_mut().read_to_vec().unwrap();
    let schema = ambit_model::Schema::decode(&schema).unwrap();
    let (reducer, fail) = schema.reducer("fail_after_write").unwrap();
    let text = ambit_model::Value::String("no ".repeat(1_300));
    let args = ambit_model::encode_row(&fail.layout(), &[text]).unwrap();
    let mut block = Vec::new();
    for request in 0..200 {
        write_call(&mut block, &Call { request, reducer, is_quiet: false, args: &args });
    }
    let message = ClientMessage::Calls { block: &block }.encode();
    socket.get_mut().set_write_timeout(Some(PATIENCE)).unwrap();
    // About 0.8 MB of answers each; the bound is 32 MiB and what the system buffers.
    let mut messages = 0;
    while world.statistic("slow_clients") == 0 {
        if socket.send(Message::Binary(message.clone().into())).is_err() {
            break;
        }
        messages += 1;
        assert!(messages < 500, "400 MB of unread answers and the client is still there");
    }
    let (code, text) = hear_goodbye(&mut socket);
    assert_eq!(code, goodbye::TOO_SLOW, "{text}");
    assert!(world.logs().contains("reads too slowly"));
    check_others(&world);
}

#[test]
fn handshakes_that_are_none() {
    let world = World::with_bank();
    let (status, text) = world.get("database/bank/connect", "");
    assert!(status == 401 || status == 400, "{status} {text}");
    for (head, expected) in [
        (
            "GET /v1/database/bank/connect HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            "ambit.v1",
        ),
        ("GET /v1/database/nobody/connect HTTP/1.1\r\nHost: a\r\n\r\n", "there is no database"),
        ("\r\n\r\n\0\0\0", "400 Bad Request"),
    ] {
        let mut stream = TcpStream::connect(world.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        let mut buffer = [0; 1024];
        while !answer.contains(expected) {
            let bytes = stream.read(&mut buffer).unwrap();
            assert!(bytes > 0, "the server closed after: {answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..bytes]));
        }
    }
    check_others(&world);
}
