//! What only the server itself can see: how many sockets it thinks are open.

use std::path::Path;

use ambit_model::Identity;
use ambit_wire::{ClientMessage, PROTOCOL_VERSION, SUBPROTOCOL, ServerMessage};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};

use super::*;

#[path = "../../tests/server/modules.rs"]
mod modules;

fn options(folder: &Path, follower_threads: usize) -> ServerOptions {
    let (data, listen) = (folder.to_owned(), "127.0.0.1:0".parse().unwrap());
    ServerOptions { data, listen, snapshots: SnapshotOptions::default(), follower_threads }
}

/// Nobody starts a server with a number that it does not take, and nothing is made on the disk.
#[tokio::test]
async fn a_number_of_threads_that_is_not_allowed() {
    let folder = std::env::temp_dir().join(format!("ambit-threads-{}", std::process::id()));
    for count in [0, limits::FOLLOWER_THREADS_MAX + 1] {
        let error = Server::start(options(&folder, count)).await.err().unwrap();
        let expected = format!("flushes cannot run on {count} threads; allowed are 1 to 64");
        assert_eq!(error.to_string(), expected);
    }
    assert!(!folder.exists());
}

/// HTTP is done with a socket once it is a WebSocket, and used to give its place away.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_the_place_of_its_socket() {
    let folder = std::env::temp_dir().join(format!("ambit-places-{}", std::process::id()));
    let server = Server::start(options(&folder, 2)).await.unwrap();
    let wasm = modules::HandModule::with_reducers(&["alpha"]).wasm();
    server.node.publish("bank", Identity([1; 32]), wasm, PublishOptions::default()).await.unwrap();
    let sockets = Arc::clone(&server.node.sockets);
    let mut clients = Vec::new();
    for _ in 0..8 {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let uri = format!("ws://{}/v1/database/bank/connect", server.address()).parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let (mut client, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let hello = ClientMessage::Hello { protocol: PROTOCOL_VERSION, token: None, takes_compressed: false }
            .encode();
        client.send(Message::Binary(hello.into())).await.unwrap();
        let answer = client.next().await.unwrap().unwrap().into_data();
        assert!(matches!(ServerMessage::decode(&answer).unwrap(), ServerMessage::Welcome { .. }));
        clients.push(client);
    }
    // One more is held by the door, for whoever comes next.
    assert!(sockets.available_permits() <= limits::SOCKETS_MAX - 8);
    drop(clients);
    // All places come back: as many as there are can be had at once.
    server.stop().await;
    let all = u32::try_from(limits::SOCKETS_MAX).unwrap();
    drop(sockets.acquire_many(all).await.unwrap());
    drop(std::fs::remove_dir_all(&folder));
}
