//! A client whose connection is lost, against a server in the same process that has several lives.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use ambit_client::model::{
    ColumnSchema, ColumnType, ConnectionId, Field, Identity, IndexKind, IndexSchema, Lifecycle,
    ReducerSchema, Schema, TableSchema, Value, encode_row,
};
use ambit_client::{
    Budget, CallStatus, Client, ConnectionState, DisconnectReason, EventKind, Options, ParameterValue,
    Parameters, SendError, SubscriptionState,
};
use ambit_wire::{
    Claims, ClientMessage, LeaveReason, ServerMessage, UpdateHeader, begin_table, end_table, goodbye,
    row_digest, write_delete, write_insert,
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

const PATIENCE: Duration = Duration::from_secs(20);

fn schema(table: &str) -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let health = Field { name: "health".into(), ty: ColumnType::U64 };
    Schema {
        tables: vec![TableSchema {
            name: table.into(),
            public: true,
            columns: vec![column("id", ColumnType::U64), column("health", ColumnType::U64)],
            indexes: vec![id],
            primary: Some(0),
            ..TableSchema::default()
        }],
        reducers: vec![ReducerSchema {
            name: "heal".into(),
            params: vec![health],
            lifecycle: Lifecycle::Call,
            doc: String::new(),
        }],
        ..Schema::default()
    }
}

fn unit(id: u64, health: u64) -> Vec<u8> {
    encode_row(&schema("unit").tables[0].layout(), &[Value::U64(id), Value::U64(health)]).unwrap()
}

/// One connection, from the server's side.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's callback type")]
        let greet = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("ambit.v1"));
            Ok(response)
        };
        Self(tokio_tungstenite::accept_hdr_async(stream, greet).await.unwrap())
    }

    async fn say(&mut self, message: Vec<u8>) {
        self.0.send(Message::Binary(message.into())).await.unwrap();
    }

    /// The client's next message but for pings, if there is one.
    async fn hear(&mut self) -> Option<Vec<u8>> {
        loop {
            let Message::Binary(bytes) = self.0.next().await?.ok()? else { return None };
            if !matches!(ClientMessage::decode(&bytes).unwrap(), ClientMessage::Ping { .. }) {
                return Some(bytes.to_vec());
            }
        }
    }

    /// The token of the client's Hello.
    async fn hello(&mut self) -> Option<String> {
        let bytes = self.hear().await.unwrap();
        let ClientMessage::Hello { token, .. } = ClientMessage::decode(&bytes).unwrap() else {
            panic!("{bytes:?}")
        };
        token.map(str::to_owned)
    }

    async fn welcome(&mut self, number: u8, table: &str) {
        let welcome = ServerMessage::Welcome {
            identity: Identity([8; 32]),
            connection: ConnectionId([number; 16]),
            token: "token of 8",
            schema: &schema(table).encode(),
            offset: 10,
        };
        self.say(welcome.encode()).await;
    }

    async fn update(&mut self, header: UpdateHeader, write: impl FnOnce(&mut Vec<u8>)) {
        let mut blocks = Vec::new();
        let mark = begin_table(&mut blocks, 0);
        write(&mut blocks);
        end_table(&mut blocks, mark);
        self.say(header.encode_with(&[&blocks])).await;
    }

    /// A first connection whose client subscribes and is told of two rows.
    async fn begin(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener).await;
        assert_eq!(peer.hello().await, None);
        peer.welcome(1, "unit").await;
        let bytes = peer.hear().await.unwrap();
        let ClientMessage::Subscribe { subscription: 1, .. } = ClientMessage::decode(&bytes).unwrap() else {
            panic!("{bytes:?}");
        };
        let header = UpdateHeader { offset: 900, applied: vec![1], ..UpdateHeader::default() };
        peer.update(header, |out| {
            write_insert(out, 4, &unit(40, 1));
            write_insert(out, 5, &unit(50, 2));
        })
        .await;
        peer
    }

    /// The same, lost when the client says something else.
    async fn begin_and_lose(listener: &TcpListener) {
        let mut first = Self::begin(listener).await;
        first.hear().await.unwrap();
    }

    /// Another connection whose client claims those two rows.
    async fn back(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener).await;
        assert_eq!(peer.hello().await.as_deref(), Some("token of 8"), "the same player");
        peer.welcome(2, "unit").await;
        let bytes = peer.hear().await.unwrap();
        let ClientMessage::Resume { key, block } = ClientMessage::decode(&bytes).unwrap() else {
            panic!("{bytes:?}")
        };
        let claims: Vec<_> = Claims::new(block).map(|claim| claim.unwrap()).collect();
        let expected =
            [(4, unit(40, 1)), (5, unit(50, 2))].map(|(slot, row)| (0, slot, row_digest(key, &row)));
        assert_eq!(
            claims.iter().map(|claim| (claim.table, claim.slot, claim.digest)).collect::<Vec<_>>(),
            expected
        );
        peer
    }
}

/// Runs a server's side; its address and what it answers at the end.
fn serve<T: Send + 'static>(
    side: impl AsyncFnOnce(TcpListener) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let (tell, address) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap().to_string()).unwrap();
            side(listener).await
        })
    });
    (address.recv_timeout(PATIENCE).unwrap(), thread)
}

fn connect(uri: String) -> Client {
    Client::connect(Options { uri, database: "arena".into(), ..Options::default() })
}

fn until(client: &mut Client, what: impl FnMut(&mut Client) -> bool) {
    assert!(client.wait_until(PATIENCE, what), "{:?}", client.state());
}

fn ids(client: &Client) -> Vec<u64> {
    let table = client.table("unit").unwrap();
    let mut ids: Vec<u64> =
        table.iter().map(|(_, row)| u64::from_le_bytes(row[..8].try_into().unwrap())).collect();
    ids.sort_unstable();
    ids
}

/// Waits for the two rows, and says something.
fn hold_rows(client: &mut Client) {
    client.subscribe("SELECT * FROM unit", 0.0).unwrap();
    until(client, |client| client.world().offset() == 900);
    client.call_named("heal", &1_u64.to_le_bytes()).unwrap();
}

#[test]
fn a_client_goes_on_where_its_connection_was_lost() {
    let (lose, lost) = mpsc::channel::<()>();
    let (address, server) = serve(async move |listener| {
        let mut first = Peer::begin(&listener).await;
        // A call that is not answered, and another subscription that is not either.
        let (call, other) = (first.hear().await.unwrap(), first.hear().await.unwrap());
        assert!(matches!(ClientMessage::decode(&call).unwrap(), ClientMessage::Calls { .. }));
        assert!(matches!(
            ClientMessage::decode(&other).unwrap(),
            ClientMessage::Subscribe { subscription: 2, .. }
        ));
        drop(first);
        lost.recv().unwrap();
        let mut second = Peer::back(&listener).await;
        let mut heard = Vec::new();
        loop {
            let bytes = second.hear().await.unwrap();
            let message = ClientMessage::decode(&bytes).unwrap();
            if let ClientMessage::Subscribe { subscription, sql, parameters, .. } = message {
                heard.push(format!("{subscription} {sql} {:?}", parameters.get("least")));
            } else if let ClientMessage::ChangeParameters { subscription, change, parameters } = message {
                heard.push(format!("{subscription} change {change} {:?}", parameters.get("least")));
            } else {
                assert_eq!(message, ClientMessage::ResumeEnd);
                break;
            }
        }
        let header = UpdateHeader {
            // The server has lost some commits and was restarted.
            offset: 12,
            applied: vec![1, 3],
            changed: vec![(1, 2)],
            resumed: true,
            ..UpdateHeader::default()
        };
        second
            .update(header, |out| {
                write_delete(out, 5, LeaveReason::Away);
                write_insert(out, 5, &unit(50, 3));
                write_insert(out, 6, &unit(60, 4));
            })
            .await;
        assert_eq!(second.hear().await, None, "the client disconnects");
        heard
    });
    let mut client = connect(address);
    let mut least = Parameters::new();
    least.set("least", ParameterValue::Integer(0)).unwrap();
    let subscription =
        client.subscribe_with("SELECT * FROM unit WHERE health > :least", &least, 0.0).unwrap();
    until(&mut client, |client| client.subscription(subscription) == Some(&SubscriptionState::Applied));
    assert_eq!(client.world().offset(), 900);
    let connection = client.connection_id();
    let call = client.call_named("heal", &1_u64.to_le_bytes()).unwrap();
    let ended = client.subscribe("SELECT * FROM unit", 0.0).unwrap();
    let is_lost = |client: &mut Client| matches!(client.state(), ConnectionState::Reconnecting { .. });
    let mut outcomes = Vec::new();
    until(&mut client, |client| {
        outcomes.extend(client.results().iter().map(|result| (result.request, result.status)));
        is_lost(client) && !outcomes.is_empty()
    });
    assert_eq!(outcomes, [(call, CallStatus::Lost)]);
    assert_eq!(client.statistics().calls_in_flight, 0);

    // The cache is readable, what is wanted can be changed, and calls are refused.
    assert_eq!(ids(&client), [40, 50]);
    assert_eq!(client.call_named("heal", &1_u64.to_le_bytes()), Err(SendError::Reconnecting));
    client.unsubscribe(ended).unwrap();
    least.set("least", ParameterValue::Integer(1)).unwrap();
    client.change_parameters(subscription, &least).unwrap();
    least.set("least", ParameterValue::Integer(2)).unwrap();
    let change = client.change_parameters(subscription, &least).unwrap();
    let begun = client.subscribe("SELECT * FROM unit WHERE id = 60", 0.0).unwrap();
    lose.send(()).unwrap();

    let mut events = Vec::new();
    until(&mut client, |client| {
        events.extend(
            client.events().map(|event| (event.slot, matches!(event.kind, EventKind::Update { .. }))),
        );
        client.subscription(begun) == Some(&SubscriptionState::Applied)
    });
    assert_eq!(client.state(), ConnectionState::Connected);
    assert_eq!(events, [(5, true), (6, false)], "only what is different is told");
    assert_eq!((ids(&client), client.world().offset()), (vec![40, 50, 60], 12));
    assert_eq!(client.subscription(subscription), Some(&SubscriptionState::Applied));
    assert_eq!(client.subscription(ended), Some(&SubscriptionState::Ended));
    assert_eq!(client.change(subscription, change), Some(&SubscriptionState::Applied));
    assert_ne!(client.connection_id(), connection);
    client.disconnect();
    let heard = server.join().unwrap();
    let expected = [
        "1 SELECT * FROM unit WHERE health > :least Some(Integer(0))",
        "1 change 2 Some(Integer(2))",
        "3 SELECT * FROM unit WHERE id = 60 None",
    ];
    assert_eq!(heard, expected);
}

/// The second connection is lost in the middle of being told.
#[test]
fn a_return_may_be_cut_off_and_the_game_sees_no_half() {
    let (address, server) = serve(async move |listener| {
        let mut first = Peer::begin(&listener).await;
        let bye = ServerMessage::Goodbye { code: goodbye::SHUTDOWN, message: "a new version" };
        first.say(bye.encode()).await;
        let mut second = Peer::back(&listener).await;
        // Half of it.
        second.update(UpdateHeader::default(), |out| write_delete(out, 4, LeaveReason::Away)).await;
        drop(second);
        let mut third = Peer::accept(&listener).await;
        third.hello().await;
        third.welcome(3, "unit").await;
        let bytes = third.hear().await.unwrap();
        let ClientMessage::Resume { block, .. } = ClientMessage::decode(&bytes).unwrap() else { panic!() };
        let slots: Vec<u32> = Claims::new(block).map(|claim| claim.unwrap().slot).collect();
        let header = UpdateHeader { resumed: true, applied: vec![1], offset: 950, ..UpdateHeader::default() };
        third.update(header, |out| write_insert(out, 4, &unit(40, 1))).await;
        while third.hear().await.is_some() {}
        slots
    });
    let mut client = connect(address);
    client.subscribe("SELECT * FROM unit", 0.0).unwrap();
    until(&mut client, |client| client.world().offset() == 900);
    let mut events = 0;
    until(&mut client, |client| {
        events += client.events().count();
        assert_eq!(ids(client), [40, 50]);
        client.world().offset() == 950
    });
    assert_eq!(events, 0, "the game has noticed nothing");
    drop(client);
    assert_eq!(server.join().unwrap(), [5], "the row that was given up is not claimed again");
}

#[test]
fn some_connections_do_not_come_back() {
    let end = |side: JoinHandle<()>, mut client: Client| {
        hold_rows(&mut client);
        until(&mut client, |client| matches!(client.state(), ConnectionState::Disconnected { .. }));
        client.tick(Budget::UNLIMITED);
        assert_eq!(ids(&client), [40, 50], "the cache stays");
        side.join().unwrap();
        let ConnectionState::Disconnected { reason } = client.state() else { panic!("{:?}", client.state()) };
        reason
    };
    // The token does not count any more.
    let (address, server) = serve(async |listener| {
        Peer::begin_and_lose(&listener).await;
        let mut second = Peer::accept(&listener).await;
        second.hello().await;
        second.say(ServerMessage::Goodbye { code: goodbye::TOKEN, message: "who is that?" }.encode()).await;
        while second.hear().await.is_some() {}
    });
    let reason = end(server, connect(address));
    assert!(matches!(reason, DisconnectReason::Goodbye { code: goodbye::TOKEN, .. }), "{reason}");

    // Another module.
    let (address, server) = serve(async |listener| {
        Peer::begin_and_lose(&listener).await;
        let mut second = Peer::accept(&listener).await;
        second.hello().await;
        second.welcome(2, "entity").await;
        while second.hear().await.is_some() {}
    });
    let reason = end(server, connect(address));
    assert!(matches!(reason, DisconnectReason::SchemaChanged(_)), "{reason}");

    // Nobody is there any more, and the client's patience is over.
    let (address, server) = serve(async |listener| Peer::begin_and_lose(&listener).await);
    let options = Options {
        uri: address,
        database: "arena".into(),
        token: None,
        reconnect_for: Some(Duration::from_millis(300)),
    };
    let reason = end(server, Client::connect(options));
    assert!(matches!(reason, DisconnectReason::Unreachable(_) | DisconnectReason::Lost(_)), "{reason}");
}

#[test]
fn a_client_that_waits_for_another_connection_can_give_up() {
    let (address, server) = serve(async |listener| Peer::begin_and_lose(&listener).await);
    let mut client = connect(address);
    hold_rows(&mut client);
    until(&mut client, |client| matches!(client.state(), ConnectionState::Reconnecting { .. }));
    server.join().unwrap();
    client.disconnect();
    until(&mut client, |client| {
        client.state() == ConnectionState::Disconnected { reason: DisconnectReason::Closed }
    });
}
