//! A client against a small server in the same process: states, subscriptions, calls, events, endings.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use ambit_client::model::{
    ColumnSchema, ColumnType, ConnectionId, Field, Identity, IndexKind, IndexSchema, Lifecycle,
    ReducerSchema, Schema, TableSchema, Timestamp, Value, encode_row,
};
use ambit_client::{
    Budget, CallStatus, Client, ConnectionState, DisconnectReason, EventKind, Options, ParameterValue,
    Parameters, SendError, SubscriptionState,
};
use ambit_wire::{
    CallResult, Calls, ClientMessage, Inspection, LeaveReason, ServerMessage, UpdateHeader, begin_table,
    end_table, goodbye, write_delete, write_delta, write_insert, write_result,
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

const PATIENCE: Duration = Duration::from_secs(20);

fn schema() -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let reducer = |name: &str, lifecycle, params| ReducerSchema {
        name: name.into(),
        params,
        lifecycle,
        doc: String::new(),
    };
    let health = Field { name: "health".into(), ty: ColumnType::U64 };
    Schema {
        tables: vec![TableSchema {
            name: "unit".into(),
            public: true,
            columns: vec![column("id", ColumnType::U64), column("health", ColumnType::U64)],
            indexes: vec![id],
            primary: Some(0),
            doc: String::new(),
            ..TableSchema::default()
        }],
        reducers: vec![
            reducer("heal", Lifecycle::Call, vec![health]),
            reducer("setup", Lifecycle::Init, Vec::new()),
        ],
        ..Schema::default()
    }
}

fn unit(id: u64, health: u64) -> Vec<u8> {
    let values = [Value::U64(id), Value::U64(health)];
    encode_row(&schema().tables[0].layout(), &values).unwrap()
}

/// What the server does once it has said Welcome.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers everything.
    Serve,
    /// Says goodbye.
    Goodbye,
    /// Changes a row that nobody has.
    Nonsense,
    /// Ends the line without a word.
    Vanish,
}

struct Server {
    address: SocketAddr,
    /// What clients said, in words.
    heard: mpsc::Receiver<String>,
    thread: JoinHandle<()>,
}

/// Serves one client.
fn serve(manner: Manner) -> Server {
    let (tell, heard) = mpsc::channel();
    let (tell_address, address) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell_address.send(listener.local_addr().unwrap()).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let socket = tokio_tungstenite::accept_hdr_async(stream, accept).await.unwrap();
            converse(socket, manner, &tell).await;
            tell.send("gone".into()).unwrap();
        });
    });
    Server { address: address.recv_timeout(PATIENCE).unwrap(), heard, thread }
}

#[expect(clippy::result_large_err, reason = "the library's callback type")]
fn accept(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.uri().path(), "/v1/database/arena/connect");
    assert_eq!(request.headers()["sec-websocket-protocol"], "ambit.v1");
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("ambit.v1"));
    Ok(response)
}

async fn converse(mut socket: WebSocketStream<TcpStream>, manner: Manner, heard: &mpsc::Sender<String>) {
    let mut offset = 10;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Binary(bytes) = message else { break };
        let answers = match ClientMessage::decode(&bytes).unwrap() {
            ClientMessage::Hello { protocol, token, .. } => {
                heard.send(format!("hello {protocol} {token:?}")).unwrap();
                let mut answers = vec![welcome()];
                match manner {
                    Manner::Serve => {}
                    Manner::Vanish => return,
                    Manner::Goodbye => {
                        let bye = ServerMessage::Goodbye { code: goodbye::SHUTDOWN, message: "going down" };
                        answers.push(bye.encode());
                    }
                    Manner::Nonsense => answers.push(update(1, &[], |out| write_delta(out, 1, 2, &[0; 8]))),
                }
                answers
            }
            ClientMessage::Subscribe { subscription, sql, delivery, parameters } => {
                let rate = delivery.rate;
                heard.send(format!("subscribe {sql} {rate} {:?}", parameters.get("zone"))).unwrap();
                vec![update(offset, &[subscription], |out| {
                    write_insert(out, 4, &unit(40, 1));
                    write_insert(out, 5, &unit(50, 2));
                })]
            }
            ClientMessage::ChangeParameters { subscription, change, parameters } => {
                match parameters.get("zone") {
                    Some(_) => {
                        let changed = vec![(subscription, change)];
                        let header = UpdateHeader { offset, changed, ..UpdateHeader::default() };
                        vec![ServerMessage::Update { header, blocks: &[] }.encode()]
                    }
                    None => {
                        let message = "the parameter `:zone` has no value";
                        vec![ServerMessage::SubscriptionError { subscription, change, message }.encode()]
                    }
                }
            }
            ClientMessage::Inspect { subscription } => {
                let inspection = Inspection { subscription, offset, rows: 2, ..Inspection::default() };
                vec![update(offset, &[], |_| {}), ServerMessage::Inspection(inspection).encode()]
            }
            ClientMessage::Unsubscribe { .. } => {
                vec![update(offset, &[], |out| write_delete(out, 4, LeaveReason::Unsubscribed))]
            }
            ClientMessage::Calls { block } => {
                let mut results = Vec::new();
                let mut updates = Vec::new();
                for call in Calls::new(block).map(Result::unwrap) {
                    offset += 1;
                    let (request, status) = (call.request, CallStatus::Committed);
                    write_result(&mut results, &CallResult { request, status, offset, message: "" });
                    updates.push(update(offset, &[], |out| write_delta(out, 5, 2, call.args)));
                }
                updates.push(ServerMessage::Results { durable_offset: offset, block: &results }.encode());
                updates
            }
            ClientMessage::Ping { sent_at } => {
                vec![ServerMessage::Pong { sent_at, server_time: Timestamp(sent_at as i64) }.encode()]
            }
        };
        for answer in answers {
            if socket.send(Message::Binary(answer.into())).await.is_err() {
                return;
            }
        }
    }
}

fn welcome() -> Vec<u8> {
    ServerMessage::Welcome {
        identity: Identity([8; 32]),
        connection: ConnectionId([9; 16]),
        token: "token of 8",
        schema: &schema().encode(),
        offset: 10,
    }
    .encode()
}

fn update(offset: u64, applied: &[u32], write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, 0);
    write(&mut blocks);
    end_table(&mut blocks, mark);
    let header = UpdateHeader { offset, applied: applied.into(), ..UpdateHeader::default() };
    header.encode_with(&[&blocks])
}

fn options(server: &Server) -> Options {
    Options {
        uri: format!("http://{}", server.address),
        database: "arena".into(),
        token: Some("old token".into()),
    }
}

/// The reason of the end, once there is one.
fn ending(client: &mut Client) -> DisconnectReason {
    let over = |client: &mut Client| matches!(client.state(), ConnectionState::Disconnected { .. });
    assert!(client.wait_until(PATIENCE, over), "{:?}", client.state());
    match client.state() {
        ConnectionState::Disconnected { reason } => reason,
        other @ (ConnectionState::Connecting | ConnectionState::Connected) => panic!("{other:?}"),
    }
}

#[test]
fn a_client_subscribes_calls_and_follows() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    // Asked before the connection stands; sent when it does.
    let subscription = client.subscribe("SELECT * FROM unit", 5.0).unwrap();
    let applied =
        |client: &mut Client| client.subscription(subscription) == Some(&SubscriptionState::Applied);
    assert!(client.wait_until(PATIENCE, applied), "{:?}", client.state());
    assert_eq!(client.state(), ConnectionState::Connected);
    assert_eq!(client.identity(), Some(Identity([8; 32])));
    assert_eq!(client.connection_id(), Some(ConnectionId([9; 16])));
    assert_eq!(client.token(), Some("token of 8"));
    assert_eq!(client.schema().unwrap().tables.len(), 1);
    // The rows come with the tick that applies the subscription.
    let kinds: Vec<_> = client.events().map(|event| (event.slot, event.kind)).collect();
    let (four, five) = (unit(40, 1), unit(50, 2));
    assert_eq!(kinds, [(4, EventKind::Insert { row: &four }), (5, EventKind::Insert { row: &five })]);
    let table = client.table("unit").unwrap();
    let local = table.find(0, &50_u64.to_le_bytes()).unwrap().unwrap();
    assert_eq!(table.row(local), Some(&*five));

    let last = (1..=100_u64).map(|health| client.call_named("heal", &health.to_le_bytes()).unwrap()).last();
    let mut answered = Vec::new();
    let all = |client: &mut Client| {
        answered.extend(client.results().iter().map(|result| (result.request, result.status, result.offset)));
        answered.len() == 100
    };
    assert!(client.wait_until(PATIENCE, all));
    assert_eq!(answered.last(), Some(&(last.unwrap(), CallStatus::Committed, 110)));
    assert_eq!(client.table("unit").unwrap().row(local), Some(&*unit(50, 100)));
    assert_eq!(client.durable_offset(), 110);
    assert_eq!(client.world().offset(), 110);

    client.unsubscribe(subscription).unwrap();
    let mut left = Vec::new();
    let one_left = |client: &mut Client| {
        left.extend(client.events().filter_map(|event| match event.kind {
            EventKind::Delete { reason, .. } => Some((event.slot, reason)),
            EventKind::Insert { .. } | EventKind::Update { .. } => None,
        }));
        !left.is_empty()
    };
    assert!(client.wait_until(PATIENCE, one_left));
    assert_eq!(left, [(4, LeaveReason::Unsubscribed)]);

    let statistics = client.statistics();
    assert_eq!(statistics.calls_in_flight, 0);
    assert_eq!((statistics.tables[0].inserts, statistics.tables[0].updates), (2, 100));
    assert!(statistics.bytes_received > 0 && statistics.bytes_sent > 0);
    assert_eq!(server.heard.recv_timeout(PATIENCE).unwrap(), "hello 1 Some(\"old token\")");
    assert_eq!(server.heard.recv_timeout(PATIENCE).unwrap(), "subscribe SELECT * FROM unit 5 None");

    drop(client);
    assert_eq!(server.heard.recv_timeout(PATIENCE).unwrap(), "gone");
    server.thread.join().unwrap();
}

#[test]
fn parameters_travel_with_a_subscription_and_can_be_changed() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    let mut parameters = Parameters::new();
    parameters.set("zone", ParameterValue::Integer(3)).unwrap();
    let sql = "SELECT * FROM unit WHERE zone = :zone";
    let subscription = client.subscribe_with(sql, &parameters, 5.0).unwrap();
    let change = client.change_parameters(subscription, &parameters).unwrap();
    let refused = client.change_parameters(subscription, &Parameters::new()).unwrap();
    assert_eq!(client.change(subscription, change), None);
    let answered = |client: &mut Client| client.change(subscription, refused).is_some();
    assert!(client.wait_until(PATIENCE, answered), "{:?}", client.state());
    assert_eq!(client.change(subscription, change), Some(&SubscriptionState::Applied));
    let why = SubscriptionState::Failed("the parameter `:zone` has no value".into());
    assert_eq!(client.change(subscription, refused), Some(&why));
    assert_eq!(client.subscription(subscription), Some(&SubscriptionState::Applied));
    client.disconnect();
    assert_eq!(ending(&mut client), DisconnectReason::Closed);
    assert!(matches!(client.change_parameters(subscription, &parameters), Err(SendError::Disconnected(_))));
    server.heard.recv_timeout(PATIENCE).unwrap();
    let subscribed = "subscribe SELECT * FROM unit WHERE zone = :zone 5 Some(Integer(3))";
    assert_eq!(server.heard.recv_timeout(PATIENCE).unwrap(), subscribed);
    server.thread.join().unwrap();
}

#[test]
fn a_client_asks_what_is_in_force() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    assert_eq!(client.inspect(1), Err(SendError::UnknownSubscription(1)));
    let subscription = client.subscribe("SELECT * FROM unit", 5.0).unwrap();
    client.inspect(subscription).unwrap();
    assert!(client.wait_until(PATIENCE, |client| client.inspection(subscription).is_some()));
    assert_eq!(client.inspection(subscription).unwrap().rows, 2);
    assert_eq!(client.inspection(subscription + 1), None);
    client.disconnect();
    assert_eq!(ending(&mut client), DisconnectReason::Closed);
    assert!(matches!(client.inspect(subscription), Err(SendError::Disconnected(_))));
    assert!(client.inspection(subscription).is_some(), "what was told stays readable");
    server.thread.join().unwrap();
}

#[test]
fn what_was_called_before_the_end_is_sent_and_its_result_is_heard() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    assert!(client.wait_until(PATIENCE, |client| client.state() == ConnectionState::Connected));
    client.subscribe("SELECT * FROM unit", 5.0).unwrap();
    let calls = 100;
    for health in 1..=calls {
        client.call_named("heal", &u64::to_le_bytes(health)).unwrap();
    }
    client.disconnect();
    let mut results = 0;
    let over = |client: &mut Client| {
        results += client.results().len();
        matches!(client.state(), ConnectionState::Disconnected { .. })
    };
    assert!(client.wait_until(PATIENCE, over));
    client.tick(Budget::UNLIMITED);
    results += client.results().len();
    assert_eq!(client.state(), ConnectionState::Disconnected { reason: DisconnectReason::Closed });
    assert_eq!(results as u64, calls);
    server.thread.join().unwrap();
}

#[test]
fn what_cannot_be_called_is_refused_here() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    assert!(client.wait_until(PATIENCE, |client| client.state() == ConnectionState::Connected));
    assert!(matches!(client.call_named("hael", &[]), Err(SendError::UnknownReducer(_))));
    assert!(matches!(client.call_named("setup", &[]), Err(SendError::UnknownReducer(_))));
    assert!(matches!(client.call(7, &[]), Err(SendError::UnknownReducer(_))));
    assert!(matches!(client.call_named("heal", &[1, 2]), Err(SendError::Arguments { .. })));
    assert!(matches!(client.subscribe("SELECT", -1.0), Err(SendError::Delivery(_))));
    client.disconnect();
    assert!(matches!(client.call_named("heal", &[0; 8]), Err(SendError::Disconnected(_))));
    assert_eq!(ending(&mut client), DisconnectReason::Closed);
    client.tick(Budget::UNLIMITED);
    assert!(client.table("unit").is_some());
    server.thread.join().unwrap();
}

#[test]
fn every_ending_has_its_reason() {
    let end_with = |manner| {
        let server = serve(manner);
        let mut client = Client::connect(options(&server));
        let reason = ending(&mut client);
        assert!(matches!(client.subscribe("SELECT", 0.0), Err(SendError::Disconnected(_))));
        drop(client);
        server.thread.join().unwrap();
        reason
    };
    let bye = DisconnectReason::Goodbye { code: goodbye::SHUTDOWN, message: "going down".into() };
    assert_eq!(end_with(Manner::Goodbye), bye);
    assert!(
        matches!(end_with(Manner::Nonsense), DisconnectReason::Protocol(text) if text.contains("slot 1"))
    );
    assert!(matches!(end_with(Manner::Vanish), DisconnectReason::Lost(_)));

    let failed = |uri: &str, database: &str| {
        let options = Options { uri: uri.into(), database: database.into(), token: None };
        ending(&mut Client::connect(options))
    };
    assert!(matches!(failed("127.0.0.1:1", "arena"), DisconnectReason::Unreachable(_)));
    assert!(matches!(failed("wss://example.org", "arena"), DisconnectReason::Options(_)));
    assert!(matches!(failed("ftp://example.org", "arena"), DisconnectReason::Options(_)));
    assert!(matches!(failed("not an address", "arena"), DisconnectReason::Options(_)));
    assert!(matches!(failed("127.0.0.1:1", "a/b"), DisconnectReason::Options(_)));
}

/// The server's clock is the client's, and its rows have no timestamps.
#[test]
fn clocks_are_known_soon_and_ticks_keep_to_a_time() {
    let server = serve(Manner::Serve);
    let mut client = Client::connect(options(&server));
    assert_eq!((client.server_time_us(), client.render_time_us()), (None, None));
    assert!(client.set_render_delay(Some(-5)).is_err());
    client.set_render_delay(Some(30_000)).unwrap();
    client.subscribe("SELECT * FROM unit", 0.0).unwrap();
    let has_pong = |client: &mut Client| client.statistics().round_trip_us > 0;
    assert!(client.wait_until(PATIENCE, has_pong));
    client.tick(Budget::UNLIMITED);
    let (shown, now) = (client.render_time_us().unwrap(), client.server_time_us().unwrap());
    assert!(shown < now && client.statistics().render_delay_us == 30_000);

    // The first two rows come one by one when there is no time, and no event is lost.
    let server = serve(Manner::Serve);
    let mut other = Client::connect(options(&server));
    other.subscribe("SELECT * FROM unit", 0.0).unwrap();
    let mut slots = Vec::new();
    while slots.len() < 2 {
        let given = other.tick_within(Budget::UNLIMITED, Duration::ZERO, |event| slots.push(event.slot));
        assert!(given <= 1 && (given == 1 || other.wait(PATIENCE)));
    }
    assert_eq!(other.tick_within(Budget::UNLIMITED, Duration::MAX, |_| {}), 0);
    slots.sort_unstable();
    assert_eq!(slots, [4, 5]);
    let table = other.table("unit").unwrap().id();
    assert!(other.interpolate(table, 1).is_err(), "whole numbers have nothing between them");
    assert!(other.sample(table, 0, 1, 0).is_err());
}
