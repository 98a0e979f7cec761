//! Players whose server goes away and comes back: what they are told, and what they are not sent again.

use std::collections::BTreeMap;

use ambit_client::model::Value;
use ambit_client::{Client, ConnectionState, EventKind, LeaveReason, Options, SubscriptionState};
use ambit_model::decode_row;
use ambit_wire::{ClientMessage, ServerMessage, TableBlocks, UpdateHeader, goodbye, write_claims};
use serde_json::json;

use crate::world::{PATIENCE, World, hear, hear_goodbye, say};

/// The testbed with a place, which is checkpointed, and somebody who looks at it, which is ephemeral.
fn furnished() -> World {
    let world = World::with_bank();
    call(&world, "add_place", json!([[1.0, 2.0], null]));
    call(&world, "look_at", json!([1]));
    world
}

fn call(world: &World, reducer: &str, arguments: serde_json::Value) {
    let (status, text) = world.call(reducer, arguments);
    assert_eq!(status, 200, "{text}");
}

/// A client of all three tables that comes back.
fn client(world: &World) -> Client {
    let options = Options { uri: world.address(), database: "bank".into(), ..Options::default() };
    let mut client = Client::connect(options);
    let tables = ["account", "place", "onlooker"];
    let subscriptions =
        tables.map(|table| client.subscribe(&format!("SELECT * FROM {table}"), f32::INFINITY).unwrap());
    until(&mut client, |client| {
        let is_applied = |number| client.subscription(number) == Some(&SubscriptionState::Applied);
        subscriptions.into_iter().all(is_applied)
    });
    client
}

fn until(client: &mut Client, what: impl FnMut(&mut Client) -> bool) {
    assert!(client.wait_until(PATIENCE, what), "{:?}", client.state());
}

/// Bytes of rows that the client was sent.
fn row_bytes(client: &Client) -> u64 {
    client.statistics().tables.iter().map(|table| table.bytes).sum()
}

/// The row of this key, decoded.
fn row(client: &Client, table: &str, id: u64) -> Option<Vec<Value>> {
    let table = client.table(table).unwrap();
    let local = table.find(0, &id.to_le_bytes()).unwrap()?;
    Some(decode_row(table.layout(), table.row(local).unwrap()).unwrap())
}

/// What happened to rows from the loss of the connection on until the client follows again, by table, in a word each.
fn events_of_return(client: &mut Client, restart: impl FnOnce()) -> BTreeMap<String, Vec<&'static str>> {
    let mut told: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut restart = Some(restart);
    let before = client.connection_id();
    until(client, |client| {
        let schema = client.schema().unwrap();
        for event in client.events() {
            let word = match event.kind {
                EventKind::Insert { .. } => "insert",
                EventKind::Update { .. } => "update",
                EventKind::Delete { reason: LeaveReason::Away, .. } => "away",
                EventKind::Delete { .. } => "delete",
            };
            let table = schema.tables[usize::from(event.table)].name.clone();
            told.entry(table).or_default().push(word);
        }
        if matches!(client.state(), ConnectionState::Reconnecting { .. })
            && let Some(restart) = restart.take()
        {
            restart();
        }
        client.connection_id() != before && client.is_following()
    });
    told
}

#[test]
fn a_player_goes_on_after_a_restart_and_ephemeral_rows_are_deleted() {
    let mut world = furnished();
    let mut client = client(&world);
    let (address, bytes) = (world.address(), row_bytes(&client));
    assert!(bytes > 100 * 16, "all accounts were sent");
    world.stop();
    let told = events_of_return(&mut client, || world.start_at(&address));
    assert_eq!(told, BTreeMap::from([("onlooker".into(), vec!["away"])]), "nothing else has changed");
    assert!(client.table("onlooker").unwrap().is_empty());
    assert_eq!(client.table("account").unwrap().len(), 100);
    let sent = row_bytes(&client) - bytes;
    assert!(sent < 32, "{sent} bytes of rows were sent for one that has left");

    // It is the same client from now on.
    call(&world, "transfer", json!([1, 2, 10]));
    until(&mut client, |client| row(client, "account", 2) == Some(vec![Value::U64(2), Value::I64(1_010)]));
}

/// The server is killed and finds less on its disk than the player has seen.
#[test]
fn a_player_goes_back_with_the_server() {
    let mut world = furnished();
    let (status, _) = world.get_bytes("database/bank/backup", &world.owner);
    assert_eq!(status, 200, "a snapshot with the place as it is");
    let mut client = client(&world);
    world.settle();
    let mut killed = world.crashed();
    call(&world, "move_place", json!([1, [5.0, 5.0]]));
    call(&world, "transfer", json!([1, 2, 10]));
    call(&world, "add_place", json!([[7.0, 7.0], null]));
    until(&mut client, |client| row(client, "place", 2).is_some());
    let (address, bytes) = (world.address(), row_bytes(&client));
    world.stop();
    let told = events_of_return(&mut client, || killed.start_at(&address));
    let expected = BTreeMap::from([
        ("account".into(), vec!["update"; 2]),
        ("onlooker".into(), vec!["away"]),
        ("place".into(), vec!["away", "update"]),
    ]);
    assert_eq!(told, expected);
    assert_eq!(row(&client, "account", 2), Some(vec![Value::U64(2), Value::I64(1_000)]));
    assert!(row_bytes(&client) - bytes < 300, "{} bytes", row_bytes(&client) - bytes);
}

/// Claims that are none, and claims at the wrong moment.
#[test]
fn wrong_claims_end_a_client_and_nobody_else() {
    let world = World::with_bank();
    let mut neighbour = client(&world);
    let mut block = Vec::new();
    write_claims(&mut block, 0, &[(1, 2), (3, 4)]);
    let resume = |block| ClientMessage::Resume { key: [1, 2], block };
    let subscribe = ClientMessage::Subscribe {
        subscription: 1,
        sql: "SELECT * FROM account",
        delivery: Default::default(),
        parameters: Default::default(),
    };
    let cases = [
        vec![resume(&[0, 9, 1][..])],
        vec![resume(&block), resume(&block)],
        vec![subscribe, resume(&block)],
        vec![ClientMessage::ResumeEnd],
        vec![resume(&block), ClientMessage::ResumeEnd, ClientMessage::ResumeEnd],
    ];
    for messages in cases {
        let mut socket = world.welcomed_socket();
        messages.iter().for_each(|message| say(&mut socket, message));
        assert_eq!(hear_goodbye(&mut socket).0, goodbye::PROTOCOL);
    }
    call(&world, "transfer", json!([1, 2, 10]));
    until(&mut neighbour, |client| row(client, "account", 2) == Some(vec![Value::U64(2), Value::I64(1_010)]));
}

/// Claims of rows that never were: they are told to have left, and all that is there is sent.
#[test]
fn invented_claims_are_worth_nothing() {
    let world = World::with_bank();
    let mut block = Vec::new();
    write_claims(&mut block, 0, &[(0, 1), (1, 1), (900_000, 1)]);
    write_claims(&mut block, u16::MAX, &[(7, 7)]);
    let mut socket = world.welcomed_socket();
    say(&mut socket, &ClientMessage::Resume { key: [1, 2], block: &block });
    say(&mut socket, &ClientMessage::ResumeEnd);
    let told = std::iter::from_fn(|| hear(&mut socket)).find_map(|message| {
        let decoded = ServerMessage::decode(&message).unwrap();
        if let ServerMessage::Update { header: UpdateHeader { resumed: true, .. }, blocks } = decoded {
            return Some(blocks.to_vec());
        }
        None
    });
    let told = told.expect("an update that says that all is told");
    let blocks = TableBlocks::new(&told).map(|block| block.unwrap().table);
    assert_eq!(blocks.collect::<Vec<_>>(), [0], "what was claimed is told to have left");
}
