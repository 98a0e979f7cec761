//! A thousand clients one after the other, ended in every way: the process keeps no thread, no handle and no memory of them.
//! The only test of its program, since it counts what the whole process has.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use ambit_client::model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, Schema, TableSchema, Value, encode_row,
};
use ambit_client::{Client, ConnectionState, Options};
use ambit_wire::{ClientMessage, ServerMessage, UpdateHeader, begin_table, end_table, write_insert};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that the process may have more of after a thousand clients: pages that the allocator keeps, and not one client's rows.
const GROWTH_MAX: u64 = 4 << 20;

fn schema() -> Schema {
    Schema {
        tables: vec![TableSchema {
            name: "unit".into(),
            public: true,
            columns: vec![ColumnSchema::new("id", ColumnType::U64)],
            ..TableSchema::default()
        }],
        ..Schema::default()
    }
}

/// A Welcome, a thousand rows for the first subscription, and then nothing more.
async fn converse(stream: TcpStream) {
    #[expect(clippy::result_large_err, reason = "the library's callback type")]
    let greet = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("ambit.v1"));
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, greet).await else { return };
    while let Some(Ok(Message::Binary(bytes))) = socket.next().await {
        let message = ClientMessage::decode(&bytes).unwrap();
        let answer = if let ClientMessage::Hello { .. } = message {
            ServerMessage::Welcome {
                identity: Identity([8; 32]),
                connection: ConnectionId([9; 16]),
                token: "token",
                schema: &schema().encode(),
                offset: 1,
            }
            .encode()
        } else if let ClientMessage::Subscribe { subscription, .. } = message {
            let layout = schema().tables[0].layout();
            let mut blocks = Vec::new();
            let mark = begin_table(&mut blocks, 0);
            for slot in 0..1_000_u32 {
                write_insert(&mut blocks, slot, &encode_row(&layout, &[Value::U64(slot.into())]).unwrap());
            }
            end_table(&mut blocks, mark);
            UpdateHeader { applied: vec![subscription], ..UpdateHeader::default() }.encode_with(&[&blocks])
        } else {
            continue;
        };
        if socket.send(Message::Binary(answer.into())).await.is_err() {
            return;
        }
    }
}

fn serve() -> String {
    let (tell, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap().to_string()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(converse(stream));
            }
        });
    });
    address.recv_timeout(PATIENCE).unwrap()
}

/// One client's life.
fn live(address: &str, number: usize) {
    let mut client =
        Client::connect(Options { uri: address.into(), database: "arena".into(), ..Options::default() });
    client.subscribe("SELECT * FROM unit", 0.0).unwrap();
    match number % 4 {
        // Gone before it is connected.
        0 => return,
        1 => assert!(client.wait_until(PATIENCE, |client| client.state() == ConnectionState::Connected)),
        // Gone with rows in the cache, or asked to go and waited for.
        _ => assert!(
            client
                .wait_until(PATIENCE, |client| client.table("unit").is_some_and(|unit| unit.len() == 1_000))
        ),
    }
    if number % 4 == 3 {
        client.disconnect();
        let is_over = |client: &mut Client| matches!(client.state(), ConnectionState::Disconnected { .. });
        assert!(client.wait_until(PATIENCE, is_over));
    }
}

fn count(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    1_024 * line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
}

/// Handles and threads, once the last clients are gone: at most as many as before.
fn settled(before: Option<(usize, usize)>) -> (usize, usize) {
    let begin = Instant::now();
    loop {
        let now = (count("/proc/self/fd"), count("/proc/self/task"));
        if before.is_none_or(|(handles, threads)| now.0 <= handles && now.1 <= threads) {
            return now;
        }
        assert!(begin.elapsed() < PATIENCE, "{now:?} handles and threads after {before:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_thousand_clients_leave_nothing_behind() {
    let address = serve();
    live(&address, 3);
    let one = settled(None);
    (0..200).for_each(|number| live(&address, number));
    let before = settled(Some(one));
    let bytes = resident_bytes();
    (0..1_000).for_each(|number| live(&address, number));
    settled(Some(before));
    let growth = resident_bytes().saturating_sub(bytes);
    assert!(growth < GROWTH_MAX, "{growth} bytes more");
}
