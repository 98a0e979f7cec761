//! The HTTP interface: every error is `{"error": "a sentence"}`, and bodies are read for those who may send them.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::world::{PATIENCE, World, testbed};

fn error(text: &str) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"));
    answer["error"].as_str().unwrap_or_else(|| panic!("no error: {text}")).to_owned()
}

#[test]
fn every_error_has_one_form() {
    let world = World::with_bank();
    let post = |path: &str, body: &[u8]| world.post(path, &world.owner, "application/json", body);
    let call = "database/bank/call/transfer";
    for ((status, text), expected, sentence) in [
        (post(call, b"{"), 400, "the arguments must be a list in JSON"),
        (post(call, b"{}"), 400, "the arguments must be a list in JSON"),
        (post(call, &vec![b' '; 5 << 20]), 413, "more than 4194304 bytes"),
        (world.get(call, &world.owner), 405, "another method"),
        (post("health", b""), 405, "another method"),
        (world.get("nowhere", ""), 404, "nothing at this address"),
        (world.get("database/%ff/schema", &world.owner), 400, "UTF-8"),
        (world.get("database/bank/logs?follow=x", &world.owner), 400, "query"),
        (post("database/nobody/call/a", b"[]"), 404, "there is no database"),
    ] {
        assert_eq!(status, expected, "{text}");
        assert!(error(&text).contains(sentence), "{text}");
    }
    assert_eq!(world.call("transfer", json!([1, 2, 3])).0, 200);
}

/// The answer to a stranger used to come after its 64 MiB had been kept in memory.
#[test]
fn a_stranger_is_refused_whatever_it_sends() {
    let world = World::with_bank();
    let large = vec![0; 8 << 20];
    let (status, text) = world.publish("bank", "", &large);
    assert_eq!((status, error(&text).contains("publishing needs an identity")), (401, true));
    assert_eq!(world.publish("bank", "a.b.c", testbed()).0, 401);
    // A publisher that goes away in the middle: the next one is served.
    for _ in 0..8 {
        let mut stream = TcpStream::connect(world.address()).unwrap();
        let head = format!(
            "POST /v1/database/bank/publish HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nAuthorization: Bearer {}\r\n\r\nabc",
            world.owner
        );
        stream.write_all(head.as_bytes()).unwrap();
    }
    world.publish_bank(testbed());
}

/// A backup that never arrives used to keep everybody from publishing.
#[test]
fn whoever_stalls_while_restoring_is_in_nobodys_way() {
    let world = World::with_bank();
    let begin = |name: &str| {
        let mut stream = TcpStream::connect(world.address()).unwrap();
        let head = format!(
            "POST /v1/database/{name}/restore HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nAuthorization: Bearer {}\r\n\r\nabc",
            world.owner
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The name is taken from here on.
        while !world
            .post(&format!("database/{name}/call/a"), "", "application/json", b"[]")
            .1
            .contains("from a backup")
        {}
        stream
    };
    let stalled = [begin("first"), begin("second")];
    world.publish_bank(testbed());
    let (status, text) = world.publish("first", &world.owner, testbed());
    assert_eq!(status, 409, "{text}");
    assert!(error(&text).contains("is being made from a backup"), "{text}");
    let restore = || world.post("database/third/restore", &world.owner, "application/x-tar", b"nothing");
    let (status, text) = restore();
    assert_eq!(status, 503, "{text}");
    assert!(error(&text).contains("restoring 2 databases"), "{text}");
    // Whoever goes away gives name and place back.
    drop(stalled);
    while restore().0 == 503 {}
    assert_eq!(restore().0, 422);
    while world.publish("first", &world.owner, testbed()).0 != 200 {}
}

#[test]
fn what_is_no_http_is_answered_too() {
    let world = World::with_bank();
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"POST /v1/database/bank/call/transfer HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
