//! Who may publish what, and what a refused module leaves behind: nothing.

use ambit_model::Schema;
use serde_json::json;

use crate::world::{World, testbed};

#[test]
fn the_first_publisher_owns_the_database() {
    let mut world = World::with_bank();
    let stranger = world.new_identity();
    for _ in 0..2 {
        let (status, text) = world.publish("bank", &stranger, testbed());
        assert_eq!(status, 403);
        assert!(text.contains("belongs to another identity"), "{text}");
        assert_eq!(world.get("database/bank/logs", &stranger).0, 403);
        // Neither does a restart change it.
        world.stop();
        world.start();
    }
    let (status, text) = world.publish("bank", &world.owner, testbed());
    assert_eq!((status, text.contains("\"created\":false")), (200, true), "{text}");
    assert_eq!(world.call("transfer", json!([1, 2, 3])).0, 200);
}

#[test]
fn without_a_token_or_with_a_foreign_one_nothing_is_published() {
    let world = World::empty();
    assert_eq!(world.publish("bank", "", testbed()).0, 401);
    assert_eq!(world.publish("bank", "a.b.c", testbed()).0, 401);
    let other = World::empty();
    assert_eq!(world.publish("bank", &other.new_identity(), testbed()).0, 401);
    assert_eq!(world.get("database/bank/schema", &world.new_identity()).0, 404);
}

#[test]
fn what_is_no_module_changes_nothing() {
    let mut world = World::with_bank();
    let no_module = b"\0asm\x01\0\0\0";
    for wasm in [&b""[..], b"not wasm", no_module, &testbed()[..1_000]] {
        let (status, text) = world.publish("bank", &world.owner, wasm);
        assert_eq!(status, 422, "{text}");
        assert!(text.contains("nothing was changed"), "{text}");
        assert_eq!(world.publish("other", &world.owner, wasm).0, 422);
    }
    assert_eq!(world.call("transfer", json!([1, 2, 3])).0, 200);
    world.stop();
    world.start();
    assert_eq!(world.call("transfer", json!([1, 2, 3])).0, 200);
    assert_eq!(world.get("database/other/schema", &world.owner).0, 404);
}

#[test]
fn names_are_plain() {
    let world = World::empty();
    let token = world.new_identity();
    for name in ["Bank", "1bank", "a.b", "a%2Fb", "..%2F..%2Fetc", &"a".repeat(65)] {
        let (status, text) = world.publish(name, &token, testbed());
        assert_eq!(status, 400, "{name}: {text}");
    }
}

#[test]
fn the_schema_is_served_to_tools() {
    let world = World::with_bank();
    let mut answer = ureq::get(format!("http://{}/v1/database/bank/schema", world.address())).call().unwrap();
    let schema = Schema::decode(&answer.body_mut().read_to_vec().unwrap()).unwrap();
    assert!(schema.table("account").is_some() && schema.reducer("transfer").is_some());
    assert_eq!(world.get("health", "").0, 200);
    assert_eq!(world.get("nothing/here", "").0, 404);
}
