//! Databases that get another module: what their clients notice, and what a crash in the middle leaves.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use ambit_client::{CallStatus, Client, ConnectionState, DisconnectReason};
use ambit_model::{Lifecycle, Value, decode_row};
use ambit_wire::{Call, ClientMessage, PROTOCOL_VERSION, ServerMessage, goodbye, write_call};
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::modules::HandModule;
use crate::world::{PATIENCE, World, hear, say, testbed};

/// The numbers in the table `note`, once there are as many as expected.
fn notes(world: &World, expected: usize) -> BTreeSet<u64> {
    let mut client = world.client(None);
    client.subscribe("SELECT * FROM note", f32::INFINITY).unwrap();
    let complete = |client: &mut Client| client.table("note").is_some_and(|table| table.len() == expected);
    assert!(client.wait_until(PATIENCE, complete), "{:?}", client.table("note").map(|table| table.len()));
    let table = client.table("note").unwrap();
    table.iter().map(|(_, row)| number(decode_row(table.layout(), row).unwrap())).collect()
}

fn number(row: Vec<Value>) -> u64 {
    match row[..] {
        [Value::U64(id)] => id,
        _ => panic!("not a note: {row:?}"),
    }
}

fn call(client: &mut Client, reducer: &str) -> CallStatus {
    let request = client.call_named(reducer, &[]).unwrap();
    let mut status = None;
    assert!(client.wait_until(PATIENCE, |client| {
        status = client.results().iter().find(|result| result.request == request).map(|result| result.status);
        status.is_some()
    }));
    status.unwrap()
}

#[test]
fn a_module_of_the_same_schema_is_swapped_and_clients_stay() {
    let mut module = HandModule::with_reducers(&["alpha", "beta"]);
    let world = World::with_module(&module.wasm());
    let mut client = world.client(None);
    assert_eq!(call(&mut client, "alpha"), CallStatus::Committed);
    module.failing.push("beta");
    world.publish_bank(&module.wasm());
    assert_eq!(call(&mut client, "beta"), CallStatus::ReducerError);
    assert_eq!(call(&mut client, "alpha"), CallStatus::Committed);
    assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("alpha")]));
}

/// A client of another schema used to be let go, whatever had changed.
#[test]
fn clients_stay_when_what_they_watch_stays() {
    let mut module = HandModule::with_reducers(&["beta"]);
    let mut world = World::with_module(&module.wasm());
    let mut client = world.client(None);
    client.subscribe("SELECT * FROM note", f32::INFINITY).unwrap();
    assert_eq!(call(&mut client, "beta"), CallStatus::Committed);
    let rows = |client: &mut Client, expected: usize| {
        let complete =
            |client: &mut Client| client.table("note").is_some_and(|table| table.len() == expected);
        assert!(client.wait_until(PATIENCE, complete), "{:?}", client.state());
    };
    rows(&mut client, 1);
    // Every id moves: tables and reducers are numbered in the order of this list.
    module.tables.insert(1, "place");
    module.reducers.insert(0, ("alpha", Lifecycle::Call));
    world.publish_bank(&module.wasm());
    assert_eq!(world.call("alpha", json!([])).0, 200);
    rows(&mut client, 2);
    // The client's own numbers still mean what they meant.
    assert_eq!(call(&mut client, "beta"), CallStatus::Committed);
    assert_eq!(client.state(), ConnectionState::Connected);
    for _ in 0..2 {
        let mut client = world.client(None);
        let place = client.subscribe("SELECT * FROM place", 0.0).unwrap();
        let applied = |client: &mut Client| {
            matches!(client.subscription(place), Some(ambit_client::SubscriptionState::Applied))
        };
        assert!(client.wait_until(PATIENCE, applied), "{:?}", client.subscription(place));
        let expected = BTreeSet::from(["alpha", "beta"].map(HandModule::number));
        assert_eq!(notes(&world, 2), expected);
        drop(client);
        world.stop();
        world.start();
    }
}

#[test]
fn reducers_that_are_gone_are_refused_by_name() {
    let mut module = HandModule::with_reducers(&["alpha", "beta"]);
    let world = World::with_module(&module.wasm());
    let mut client = world.client(None);
    module.reducers.remove(0);
    world.publish_bank(&module.wasm());
    let request = client.call_named("alpha", &[]).unwrap();
    let mut message = None;
    assert!(client.wait_until(PATIENCE, |client| {
        let result = client.results().iter().find(|result| result.request == request);
        message = result.map(|result| (result.status, result.message.clone()));
        message.is_some()
    }));
    let (status, message) = message.unwrap();
    assert_eq!(status, CallStatus::Rejected);
    assert!(message.contains("reducer `alpha` is gone since this client connected"), "{message}");
    assert_eq!(call(&mut client, "beta"), CallStatus::Committed);
}

/// Dropping a table loses rows: nothing happens before the publisher has agreed.
#[test]
fn what_loses_rows_needs_a_confirmation() {
    let mut module = HandModule { tables: vec!["note", "place"], ..HandModule::with_reducers(&["alpha"]) };
    let mut world = World::with_module(&module.wasm());
    assert_eq!(world.call("alpha", json!([])).0, 200);
    let mut client = world.client(None);
    client.subscribe("SELECT * FROM place", f32::INFINITY).unwrap();
    let applied = |client: &mut Client| client.table("place").is_some();
    assert!(client.wait_until(PATIENCE, applied));
    module.tables.pop();
    let wasm = module.wasm();
    let publish = |world: &World, query: &str| {
        world.post(&format!("database/bank/publish{query}"), &world.owner, "application/wasm", &wasm)
    };
    let (status, text) = publish(&world, "?dry_run=1");
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("\"fate\":\"dropped\"") && text.contains("\"offset\":null"), "{text}");
    let (status, text) = publish(&world, "");
    assert_eq!(status, 409, "{text}");
    assert!(text.contains("--confirm") && text.contains("DROPPED"), "{text}");
    assert_eq!(client.state(), ConnectionState::Connected);
    let (status, text) = publish(&world, "?confirm=1");
    assert_eq!(status, 200, "{text}");
    let disconnected =
        client.wait_until(PATIENCE, |client| matches!(client.state(), ConnectionState::Disconnected { .. }));
    assert!(disconnected);
    let ConnectionState::Disconnected { reason: DisconnectReason::Goodbye { code, message } } =
        client.state()
    else {
        panic!("{:?}", client.state());
    };
    assert_eq!(code, goodbye::MODULE_REPLACED);
    assert!(message.contains("`place`"), "{message}");
    world.stop();
    world.start();
    assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("alpha")]));
}

/// A server that is killed between the two steps of a publish leaves the new module's file with the old schema's log.
#[test]
fn a_crash_after_the_module_was_stored() {
    let mut module = HandModule::with_reducers(&["alpha"]);
    let mut world = World::with_module(&module.wasm());
    assert_eq!(world.call("alpha", json!([])).0, 200);
    world.stop();
    module.tables.push("place");
    module.reducers.insert(0, ("aardvark", Lifecycle::Call));
    std::fs::write(world.database_folder("bank").join("module.wasm"), module.wasm()).unwrap();
    for _ in 0..2 {
        world.start();
        assert_eq!(world.call("alpha", json!([])).0, 200);
        assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("alpha")]));
        world.stop();
    }
    world.start();
}

/// One database that cannot be opened used to keep all others from being opened.
#[test]
fn a_broken_database_hurts_no_other_and_its_owner_can_repair_it() {
    let module = HandModule::with_reducers(&["alpha"]).wasm();
    let mut world = World::with_module(&module);
    assert_eq!(world.call("alpha", json!([])).0, 200);
    assert_eq!(world.publish("other", &world.owner, testbed()).0, 200);
    world.stop();
    // It would drop the table `note`, and nobody has agreed to that.
    let another = HandModule { tables: vec!["elsewhere"], ..HandModule::with_reducers(&["alpha"]) }.wasm();
    for bytes in [&b"no module"[..], &another[..]] {
        std::fs::write(world.database_folder("bank").join("module.wasm"), bytes).unwrap();
        world.start();
        assert_eq!(world.get("database/other/statistics", &world.owner).0, 200);
        let (status, text) = world.call("alpha", json!([]));
        assert_eq!(status, 503);
        assert!(text.contains("database bank could not be opened"), "{text}");
        let (status, text) = world.publish("bank", &world.new_identity(), &module);
        assert_eq!(status, 403, "{text}");
        let (status, text) = world.publish("bank", &world.owner, &another);
        assert_eq!(status, 422, "{text}");
        assert!(text.contains("table `note`") && text.contains("--confirm"), "{text}");
        world.publish_bank(&module);
        assert_eq!(world.call("alpha", json!([])).0, 200);
        assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("alpha")]));
        world.stop();
    }
    world.start();
    assert_eq!(world.call("alpha", json!([])).0, 200);
}

/// Calls that were queued behind a publish used to run whatever reducer had their number in the new module.
#[test]
fn calls_never_run_another_modules_reducer() {
    let old = HandModule::with_reducers(&["beta"]).wasm();
    let new = HandModule::with_reducers(&["alpha", "beta"]).wasm();
    let world = World::with_module(&old);
    let mut block = Vec::new();
    for request in 0..2_000 {
        write_call(&mut block, &Call { request, reducer: 0, is_quiet: false, args: &[] });
    }
    let message = ClientMessage::Calls { block: &block }.encode();
    let barrier = Barrier::new(4);
    let is_published = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut socket = world.welcomed_socket();
                barrier.wait();
                loop {
                    let is_last = is_published.load(Ordering::Acquire);
                    socket.send(Message::Binary(message.clone().into())).unwrap();
                    hear(&mut socket).expect("clients stay");
                    if is_last {
                        break;
                    }
                }
            });
        }
        barrier.wait();
        world.publish_bank(&new);
        is_published.store(true, Ordering::Release);
    });
    assert_eq!(world.call("beta", json!([])).0, 200);
    assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("beta")]));
}

#[test]
fn whoever_comes_during_a_publish_is_served() {
    let old = HandModule::with_reducers(&["alpha"]).wasm();
    let new = HandModule::with_reducers(&["alpha", "beta"]).wasm();
    for _ in 0..2 {
        let world = World::with_module(&old);
        let barrier = Barrier::new(9);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..30 {
                        let (status, text) = world.call("alpha", json!([]));
                        assert_eq!(status, 200, "{text}");
                    }
                });
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..10 {
                        let Some(mut socket) = world.try_socket() else { continue };
                        say(
                            &mut socket,
                            &ClientMessage::Hello {
                                protocol: PROTOCOL_VERSION,
                                token: None,
                                takes_compressed: false,
                            },
                        );
                        let message = hear(&mut socket).expect("a Welcome or a Goodbye");
                        let message = ServerMessage::decode(&message).unwrap();
                        assert!(matches!(message, ServerMessage::Welcome { .. }), "{message:?}");
                    }
                });
            }
            barrier.wait();
            world.publish_bank(&new);
        });
    }
}

/// A failing init used to be reported as success, and the next call passed for it.
#[test]
fn a_failing_init_refuses_a_new_database_and_leaves_nothing() {
    let mut module = HandModule::with_reducers(&["alpha"]);
    module.reducers.push(("make", Lifecycle::Init));
    module.failing.push("make");
    let mut world = World::empty();
    world.owner = world.new_identity();
    let (status, text) = world.publish("bank", &world.owner, &module.wasm());
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("its init failed: of my own will"), "{text}");
    assert!(!world.database_folder("bank").exists());
    assert_eq!(world.call("alpha", json!([])).0, 404);
    module.failing.clear();
    let (status, text) = world.publish("bank", &world.owner, &module.wasm());
    assert!(status == 200 && text.contains("\"created\":true"), "{text}");
    assert_eq!(notes(&world, 1), BTreeSet::from([HandModule::number("make")]));
}

#[test]
fn an_init_that_was_never_committed_runs_when_it_can() {
    let mut module = HandModule::with_reducers(&["alpha"]);
    let mut world = World::with_module(&module.wasm());
    assert_eq!(world.call("alpha", json!([])).0, 200);
    module.reducers.push(("make", Lifecycle::Init));
    module.failing.push("make");
    world.publish_bank(&module.wasm());
    notes(&world, 1);
    assert!(world.logs().contains("init failed"), "{}", world.logs());
    world.stop();
    world.start();
    notes(&world, 1);
    assert!(world.logs().contains("init failed"), "{}", world.logs());
    // The same schema: the module is swapped, and init runs then too.
    module.failing.clear();
    world.publish_bank(&module.wasm());
    let both = BTreeSet::from([HandModule::number("alpha"), HandModule::number("make")]);
    assert_eq!(notes(&world, 2), both);
    world.stop();
    world.start();
    assert_eq!(notes(&world, 2), both);
}

/// Without ticks nobody makes the next commit that would have told it.
#[test]
fn every_client_learns_that_its_commit_is_durable() {
    let names: Vec<&'static str> =
        (0..64).map(|number| &*Box::leak(format!("note{number}").into_boxed_str())).collect();
    let world = World::with_module(&HandModule::with_reducers(&names).wasm());
    let mut clients: Vec<Client> = (0..16).map(|_| world.client(None)).collect();
    for round in 0..4 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.call_named(names[round * 16 + number], &[]).unwrap();
        }
        for client in &mut clients {
            let mut offset = 0;
            assert!(client.wait_until(PATIENCE, |client| {
                offset = client.results().first().map_or(offset, |result| result.offset);
                offset > 0 && client.durable_offset() >= offset
            }));
        }
    }
}
