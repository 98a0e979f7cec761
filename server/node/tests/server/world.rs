//! A server in a folder of its own, and ways to reach it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ambit_client::{Client, ConnectionState, Options};
use ambit_model::decode_row;
use ambit_module_build::{Install, build_module, prepare};
use ambit_node::{Server, ServerOptions, SnapshotOptions};
use ambit_wire::limits::SERVER_MESSAGE_BYTES_MAX;
use ambit_wire::{ClientMessage, PROTOCOL_VERSION, SUBPROTOCOL, ServerMessage};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::client::client_with_config;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocket, WebSocketConfig};

/// How long anything may take that a server does at once. Only a broken server uses it up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct World {
    runtime: Runtime,
    server: Option<Server>,
    folder: PathBuf,
    /// The token that published `bank`.
    pub owner: String,
}

/// A blocking WebSocket.
pub type Socket = WebSocket<TcpStream>;

/// The testbed module, built once per test run.
pub fn testbed() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| sample("testbed-module"))
}

/// A module of the samples, built now.
pub fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name);
    let toolchain = prepare(Install::Nothing, &mut |line| eprintln!("{line}")).unwrap();
    std::fs::read(build_module(&folder, &toolchain).unwrap()).unwrap()
}

impl World {
    /// A new server without databases.
    pub fn empty() -> Self {
        let mut world = Self::stopped();
        world.start();
        world
    }

    /// A server with the files of this one as they are now, as after a SIGKILL. It does not run yet.
    pub fn crashed(&self) -> Self {
        let mut world = Self::stopped();
        copy_folder(&self.folder.join("data"), &world.folder.join("data"));
        world.owner.clone_from(&self.owner);
        world
    }

    fn stopped() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ambit-node-{}-{number}", std::process::id()));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime, server: None, folder, owner: String::new() }
    }

    /// A new server with the testbed module as database `bank` and 100 accounts of 1,000 coins.
    pub fn with_bank() -> Self {
        let mut world = Self::empty();
        world.owner = world.new_identity();
        assert_eq!(world.publish("bank", &world.owner, testbed()).0, 200);
        assert_eq!(world.call("init_accounts", json!([100])).0, 200);
        world
    }

    /// A new server with this module as database `bank`.
    pub fn with_module(wasm: &[u8]) -> Self {
        let mut world = Self::empty();
        world.owner = world.new_identity();
        world.publish_bank(wasm);
        world
    }

    /// Publishes a module that must be taken.
    pub fn publish_bank(&self, wasm: &[u8]) {
        let (status, text) = self.publish("bank", &self.owner, wasm);
        assert_eq!(status, 200, "{text}");
    }

    /// The folder of a database.
    pub fn database_folder(&self, name: &str) -> PathBuf {
        self.folder.join("data/databases").join(name)
    }

    /// The server's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    pub fn start(&mut self) {
        self.start_at("127.0.0.1:0");
    }

    pub fn start_at(&mut self, listen: &str) {
        let listen = listen.parse().unwrap();
        let options =
            ServerOptions { data: self.folder.join("data"), listen, snapshots: SnapshotOptions::default() };
        self.server = Some(self.runtime.block_on(Server::start(options)).unwrap());
    }

    pub fn address(&self) -> String {
        self.server.as_ref().unwrap().address().to_string()
    }

    pub fn new_identity(&self) -> String {
        let answer: Value =
            serde_json::from_str(&self.post("identity", "", "application/json", b"").1).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    pub fn publish(&self, name: &str, token: &str, wasm: &[u8]) -> (u16, String) {
        self.post(&format!("database/{name}/publish"), token, "application/wasm", wasm)
    }

    /// Calls a reducer of `bank` as its owner.
    pub fn call(&self, reducer: &str, arguments: Value) -> (u16, String) {
        let body = arguments.to_string();
        self.post(&format!("database/bank/call/{reducer}"), &self.owner, "application/json", body.as_bytes())
    }

    pub fn post(&self, path: &str, token: &str, content_type: &str, body: &[u8]) -> (u16, String) {
        let request = agent().post(format!("http://{}/v1/{path}", self.address()));
        let request = match token {
            "" => request,
            token => request.header("Authorization", format!("Bearer {token}")),
        };
        let mut answer = request.header("Content-Type", content_type).send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    pub fn get(&self, path: &str, token: &str) -> (u16, String) {
        let (status, bytes) = self.get_bytes(path, token);
        (status, String::from_utf8(bytes).unwrap())
    }

    pub fn get_bytes(&self, path: &str, token: &str) -> (u16, Vec<u8>) {
        let request = agent().get(format!("http://{}/v1/{path}", self.address()));
        let mut answer = request.header("Authorization", format!("Bearer {token}")).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap())
    }

    /// The rows of a table of a database as a new client is told them, once there are so many; in the order of their bytes.
    pub fn rows(&self, database: &str, table: &str, expected: usize) -> Vec<Vec<ambit_model::Value>> {
        let mut client = Client::connect(self.options(database, None));
        let subscription = format!("SELECT * FROM {table}");
        assert!(client.wait_until(PATIENCE, |client| client.schema().is_some()), "{:?}", client.state());
        let id = client.subscribe(&subscription, f32::INFINITY).unwrap();
        let applied = |client: &mut Client| {
            matches!(client.subscription(id), Some(ambit_client::SubscriptionState::Applied))
        };
        assert!(client.wait_until(PATIENCE, applied), "{:?}", client.subscription(id));
        let Some(table) = client.table(table) else {
            assert_eq!(expected, 0);
            return Vec::new();
        };
        let mut rows: Vec<_> = table.iter().map(|(_, row)| row.to_vec()).collect();
        rows.sort();
        let rows: Vec<_> = rows.iter().map(|row| decode_row(table.layout(), row).unwrap()).collect();
        assert_eq!(rows.len(), expected, "{rows:?}");
        rows
    }

    /// Waits until everything that was committed is on disk.
    pub fn settle(&self) {
        while self.statistic("durable_offset") < self.statistic("offset") {}
    }

    pub fn statistic(&self, name: &str) -> u64 {
        let text = self.get("database/bank/statistics", &self.owner).1;
        serde_json::from_str::<Value>(&text).unwrap()[name].as_u64().unwrap()
    }

    pub fn logs(&self) -> String {
        self.get("database/bank/logs", &self.owner).1
    }

    /// Of clients whose connection ends with the first socket.
    pub fn options(&self, database: &str, token: Option<String>) -> Options {
        let reconnect_for = Some(Duration::ZERO);
        Options { uri: self.address(), database: database.into(), token, reconnect_for }
    }

    /// A connected client of `bank`.
    pub fn client(&self, token: Option<String>) -> Client {
        let mut client = Client::connect(self.options("bank", token));
        let connected = client.wait_until(PATIENCE, |client| client.identity().is_some());
        assert!(connected && client.state() == ConnectionState::Connected, "{:?}", client.state());
        client
    }

    /// A WebSocket to `bank` on which nothing was said yet.
    pub fn socket(&self) -> Socket {
        self.try_socket().unwrap()
    }

    /// A WebSocket to `bank`, unless the server refuses it.
    pub fn try_socket(&self) -> Option<Socket> {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let uri = format!("ws://{}/v1/database/bank/connect", self.address()).parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let config = WebSocketConfig::default().max_frame_size(Some(SERVER_MESSAGE_BYTES_MAX));
        let opened = client_with_config(request, stream, Some(config));
        opened.ok().map(|(socket, _)| socket)
    }

    /// A WebSocket to `bank` that was welcomed.
    pub fn welcomed_socket(&self) -> Socket {
        let mut socket = self.socket();
        say(
            &mut socket,
            &ClientMessage::Hello { protocol: PROTOCOL_VERSION, token: None, takes_compressed: false },
        );
        let message = hear(&mut socket).expect("a Welcome");
        assert!(matches!(ServerMessage::decode(&message).unwrap(), ServerMessage::Welcome { .. }));
        socket
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop();
        // A folder that cannot be removed is no failure of the test.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

pub fn say(socket: &mut Socket, message: &ClientMessage<'_>) {
    socket.send(Message::Binary(message.encode().into())).unwrap();
}

/// The next binary message; none when the server has closed.
pub fn hear(socket: &mut Socket) -> Option<Vec<u8>> {
    loop {
        match socket.read() {
            Ok(Message::Binary(message)) => return Some(message.to_vec()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Frame(_)) => {}
        }
    }
}

/// The code and text of the Goodbye that must come, whatever comes before it.
pub fn hear_goodbye(socket: &mut Socket) -> (u16, String) {
    while let Some(message) = hear(socket) {
        if let ServerMessage::Goodbye { code, message } = ServerMessage::decode(&message).unwrap() {
            return (code, message.to_owned());
        }
    }
    panic!("the server closed without a Goodbye");
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into()
}
