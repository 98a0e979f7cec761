//! The generated Rust at work: look-ups, events and calls over a client of a small server in the same process.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "generated/every_type.rs"]
mod every_type;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use ambit_client::{BindError, Client, ConnectionState, Options, RowChange, TypedTable};
use ambit_model::glam::DVec3;
use ambit_model::{ConnectionId, Identity, Schema, encode_row};
use ambit_wire::{Calls, ClientMessage, ServerMessage, UpdateHeader, begin_table, end_table, write_insert};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use rust_database::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn welcome(schema: &Schema) -> Vec<u8> {
    let (identity, connection) = (Identity([8; 32]), ConnectionId([9; 16]));
    ServerMessage::Welcome {
        identity,
        connection,
        token: "token",
        schema: &schema.for_clients().encode(),
        offset: 1,
    }
    .encode()
}

/// One row in each of three tables.
fn rows(schema: &Schema) -> Vec<u8> {
    let mut blocks = Vec::new();
    for name in ["plain", "heap_row", "membership"] {
        let (id, table) = schema.table(name).unwrap();
        let mark = begin_table(&mut blocks, id);
        write_insert(&mut blocks, 3, &encode_row(&table.layout(), &every_type::row(name)).unwrap());
        end_table(&mut blocks, mark);
    }
    UpdateHeader { offset: 2, ..UpdateHeader::default() }.encode_with(&[&blocks])
}

#[expect(clippy::result_large_err, reason = "the library's callback type")]
fn accept(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("ambit.v1"));
    Ok(response)
}

/// Welcomes one client, gives it the rows, and tells the reducer and the count of arguments of each call.
fn serve(calls: mpsc::Sender<(u16, usize)>) -> SocketAddr {
    let (tell, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_hdr_async(stream, accept).await.unwrap();
            let schema = every_type::schema();
            while let Some(Ok(Message::Binary(bytes))) = socket.next().await {
                match ClientMessage::decode(&bytes).unwrap() {
                    ClientMessage::Hello { .. } => {
                        socket.send(Message::Binary(welcome(&schema).into())).await.unwrap();
                        socket.send(Message::Binary(rows(&schema).into())).await.unwrap();
                    }
                    ClientMessage::Calls { block } => {
                        for call in Calls::new(block).map(Result::unwrap) {
                            calls.send((call.reducer, call.args.len())).unwrap();
                        }
                    }
                    ClientMessage::Subscribe { .. }
                    | ClientMessage::ChangeParameters { .. }
                    | ClientMessage::Unsubscribe { .. }
                    | ClientMessage::Inspect { .. }
                    | ClientMessage::Resume { .. }
                    | ClientMessage::ResumeEnd
                    | ClientMessage::Ping { .. } => {}
                }
            }
        });
    });
    address.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn generated_tables_and_reducers_work_over_a_client() {
    let (tell, calls) = mpsc::channel();
    let uri = serve(tell).to_string();
    let mut client = Client::connect(Options { uri, database: "arena".into(), ..Options::default() });
    assert!(client.wait_until(PATIENCE, |client| client.world().offset() == 2), "{:?}", client.state());
    assert_eq!(client.state(), ConnectionState::Connected);
    let database = Database::new(&mut client).unwrap();

    let plain = &database.tables.plain;
    assert_eq!(plain.count(&client), 1);
    let row = plain.find(&client, &5).unwrap();
    assert_eq!((row.mood.clone(), row.class), (Mood::Angry, 42));
    assert_eq!(plain.find(&client, &6), None);
    assert_eq!(plain.where_at(&client, &row.at, &row.key), std::slice::from_ref(&row));
    assert_eq!(plain.where_at(&client, &row.at, &0), []);
    assert_eq!(plain.near(&client, row.d3, 1.0), std::slice::from_ref(&row));
    assert_eq!(plain.near(&client, row.d3 + DVec3::splat(9.0), 1.0), []);
    assert_eq!(plain.rows(&client).collect::<Vec<_>>(), std::slice::from_ref(&row));
    let heap_row = database.tables.heap_row.find_by_name(&client, &"Grüße".into()).unwrap();
    assert_eq!(heap_row.words, ["a", "", "c"]);
    let membership = &database.tables.membership;
    let founder = membership.find(&client, &5, &"Ada".into()).unwrap();
    assert_eq!(founder.title, "founder");
    assert_eq!(membership.find(&client, &5, &"Bob".into()), None);
    assert_eq!(membership.find(&client, &6, &"Ada".into()), None);
    assert_eq!(membership.where_plain(&client, &5), [founder]);
    let changes: Vec<_> = client.events().filter_map(|event| plain.change(&event)).collect();
    assert_eq!(changes, [RowChange::Insert { row }]);

    assert_eq!(database.reducers.wait(&mut client), Ok(1));
    assert_eq!(calls.recv_timeout(PATIENCE).unwrap(), (1, 0));

    let other = TypedTable::<PlainRow>::bind(&mut client, "plain", 1).unwrap_err();
    assert_eq!(other, BindError::Differs { what: "table", name: "plain".into() });
    let missing = TypedTable::<PlainRow>::bind(&mut client, "no_such", 1).unwrap_err();
    assert_eq!(missing, BindError::Missing { what: "table", name: "no_such".into() });
}

#[allow(dead_code, reason = "the schema is larger than the test")]
#[rustfmt::skip]
#[path = "generated/rust/database.g.rs"]
mod rust_database;
