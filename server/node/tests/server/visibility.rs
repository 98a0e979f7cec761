//! Private columns and rules of visibility over real sockets: what is told, what is shown, and what a publish refuses.

use ambit_client::{Client, EventKind, LeaveReason, SubscriptionState};
use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema, TableSchema, Value,
    decode_row, encode_row,
};

use crate::modules::{assemble, insertion};
use crate::world::{PATIENCE, World, hear, say};

/// A table with a private column under these rules. One reducer adds a shared row, the other one that is not.
fn module(rules: &[&str]) -> Vec<u8> {
    let secret = ColumnSchema {
        private: true,
        doc: "Where the treasure lies.".into(),
        ..ColumnSchema::new("treasure", ColumnType::String)
    };
    let table = TableSchema {
        name: "chest".into(),
        public: true,
        visible: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        columns: vec![
            ColumnSchema::new("id", ColumnType::U64),
            secret,
            ColumnSchema::new("shared", ColumnType::Bool),
            ColumnSchema::new("weight", ColumnType::U32),
        ],
        indexes: vec![
            IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true },
            IndexSchema { name: "treasure".into(), columns: vec![1], kind: IndexKind::Hash, unique: false },
        ],
        primary: Some(0),
        ..TableSchema::default()
    };
    let row = |id, shared| {
        let values =
            [Value::U64(id), Value::String("under the oak".into()), Value::Bool(shared), Value::U32(7)];
        insertion(0, &encode_row(&table.layout(), &values).unwrap())
    };
    let actions = [row(1, true), row(2, false)];
    let reducer = |name: &str| ReducerSchema {
        name: name.into(),
        params: Vec::new(),
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    let reducers = vec![reducer("add_open"), reducer("add_shut")];
    assemble(&Schema { tables: vec![table.clone()], reducers, ..Schema::default() }, &actions)
}

fn world(rules: &[&str]) -> World {
    let world = World::with_module(&module(rules));
    for reducer in ["add_open", "add_shut"] {
        let (status, text) = world.call(reducer, serde_json::json!([]));
        assert_eq!(status, 200, "{text}");
    }
    world
}

fn subscribe(client: &mut Client, sql: &str) -> Result<(), String> {
    let subscription = client.subscribe(sql, f32::INFINITY).unwrap();
    let mut state = None;
    assert!(client.wait_until(PATIENCE, |client| {
        state = client.subscription(subscription).cloned();
        state.is_some()
    }));
    match state {
        Some(SubscriptionState::Failed(message)) => Err(message),
        _ => Ok(()),
    }
}

fn ids(client: &Client) -> Vec<u64> {
    let table = client.table("chest").unwrap();
    let mut ids: Vec<u64> = table
        .iter()
        .map(|(_, row)| {
            let [Value::U64(id), ..] = decode_row(table.layout(), row).unwrap()[..] else { panic!("no id") };
            id
        })
        .collect();
    ids.sort_unstable();
    ids
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn nothing_of_a_private_column_leaves_the_server() {
    let world = world(&["treasure <> 'nowhere'"]);
    for token in ["", &world.owner] {
        let (status, schema) = world.get_bytes("database/bank/schema", token);
        assert_eq!(status, 200);
        let told = Schema::decode(&schema).unwrap();
        assert_eq!(told.tables[0].columns.len(), 4);
        assert!(!has(&schema, "treasure"), "neither name, comment nor rule");
    }
    let mut socket = world.welcomed_socket();
    let subscribe_to = |subscription, sql| ambit_wire::ClientMessage::Subscribe {
        subscription,
        sql,
        delivery: ambit_wire::Delivery::at_rate(f32::INFINITY),
        parameters: ambit_wire::Parameters::new(),
    };
    say(&mut socket, &subscribe_to(1, "SELECT * FROM chest"));
    say(&mut socket, &subscribe_to(2, "SELECT weight FROM chest WHERE shared"));
    let mut seen = 0;
    while seen < 2 {
        let message = hear(&mut socket).unwrap();
        assert!(!has(&message, "oak") && !has(&message, "treasure"));
        if let ambit_wire::ServerMessage::Update { header, .. } =
            ambit_wire::ServerMessage::decode(&message).unwrap()
        {
            seen += header.applied.len();
        }
    }
    let mut client = world.client(None);
    assert_eq!(subscribe(&mut client, "SELECT * FROM chest"), Ok(()));
    assert_eq!(ids(&client), [1, 2]);
    let table = client.table("chest").unwrap();
    assert!(table.layout().is_fixed(), "what is private has no length");
    let refused = subscribe(&mut client, "SELECT * FROM chest WHERE treasure LIKE 'under%'").unwrap_err();
    assert_eq!(
        refused,
        "line 1, column 27: table `chest` has no column `treasure`; its columns are: id, shared, weight"
    );
}

#[test]
fn a_rule_that_cannot_be_read_is_not_published() {
    let world = world(&["shared"]);
    let (status, text) =
        world.publish("bank", &world.owner, &module(&["shared", "weight > 5 AND colour = 3"]));
    assert_eq!(status, 422, "{text}");
    assert!(
        text.contains(
            "table `chest`, rule 2 of visibility, line 1, column 16: table `chest` has no column `colour`"
        ),
        "{text}"
    );
    let (status, text) = world.publish("other", &world.owner, &module(&["shared ="]));
    assert_eq!(status, 422, "{text}");
    // The module before goes on.
    assert_eq!(world.rows("bank", "chest", 1)[0][0], Value::U64(1));
}

#[test]
fn other_rules_reach_those_who_are_connected() {
    let world = world(&["shared"]);
    let mut client = world.client(None);
    assert_eq!(subscribe(&mut client, "SELECT * FROM chest"), Ok(()));
    assert_eq!(ids(&client), [1]);

    let (status, plan) = world.post(
        "database/bank/publish?dry_run=1",
        &world.owner,
        "application/wasm",
        &module(&["NOT shared"]),
    );
    assert_eq!(status, 200, "{plan}");
    assert!(plan.contains("clients may see only its rows where `NOT shared`"), "{plan}");
    assert!(plan.contains("\"fate\":\"kept\""), "{plan}");

    world.publish_bank(&module(&["NOT shared"]));
    let mut reasons = Vec::new();
    assert!(client.wait_until(PATIENCE, |client| {
        reasons.extend(client.events().filter_map(|event| match event.kind {
            EventKind::Delete { reason, .. } => Some(reason),
            EventKind::Insert { .. } | EventKind::Update { .. } => None,
        }));
        ids(client) == [2]
    }));
    assert_eq!(reasons, [LeaveReason::NotPermitted]);

    world.publish_bank(&module(&[]));
    assert!(client.wait_until(PATIENCE, |client| ids(client) == [1, 2]));
    // The rules hold after a restart, too.
    world.publish_bank(&module(&["weight > 7 OR shared"]));
    assert!(client.wait_until(PATIENCE, |client| ids(client) == [1]));
    world.settle();
    let mut crashed = world.crashed();
    crashed.start();
    assert_eq!(crashed.rows("bank", "chest", 1)[0][0], Value::U64(1));
}
