//! One client from its WebSocket handshake to its end: Hello, then messages to the engine, in order.
//!
//! Whatever a client does wrong ends its own session with a Goodbye that says why, and a line in the database's log.
//! Nobody else notices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ambit_model::{ConnectionId, Identity};
use ambit_wire::limits::CLIENT_MESSAGE_BYTES_MAX;
use ambit_wire::{Calls, Claims, ClientMessage, PROTOCOL_VERSION, ServerMessage, goodbye};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::compression::Packing;
use crate::connection::Connection;
use crate::database::{Database, EngineCommand, Statistics, Unsent};
use crate::frame::{Frame, Opcode};
use crate::identity::{Identities, new_connection_id};
use crate::log_lines::Level;
use crate::server::Node;
use crate::socket_io::SocketIo;
use crate::{clock, limits};

type Reader = WebSocketStream<SocketIo>;

/// Why a client is let go: a code of [`goodbye`] and a sentence for it.
#[derive(Debug)]
struct Refusal {
    code: u16,
    reason: String,
}

/// A client that has said Hello.
struct Session {
    connection: Arc<Connection>,
    database: Arc<Database>,
    packing: Packing,
    /// A command that the engine had no room for; nothing more is read until it has.
    unsent: Option<EngineCommand>,
    returning: Returning,
}

/// Where a client stands that may come back with the rows that it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returning {
    /// It has not asked for anything.
    Possible,
    /// It has said what it holds.
    Begun,
    /// It has not come back, or has said that it is done.
    Over,
}

/// Runs a session over an upgraded socket; `read` is what the client sent right after the upgrade.
pub async fn run(stream: TcpStream, read: Bytes, node: &Node, database: Arc<Database>) {
    let number = node.next_connection();
    let (incoming, outgoing) = stream.into_split();
    let outgoing = Arc::new(outgoing);
    let connection_of = |client| {
        let connection = Connection::new(number, client, Arc::clone(&outgoing), Arc::clone(&node.outgoing));
        Arc::new(connection)
    };
    // Until its Hello a client is nobody; a refusal goes out all the same.
    let nobody = connection_of((Identity::default(), ConnectionId::default(), false));
    let io = SocketIo { stream: incoming, connection: Arc::clone(&nobody) };
    let config = WebSocketConfig::default()
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(CLIENT_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(CLIENT_MESSAGE_BYTES_MAX));
    let mut reader = WebSocketStream::from_partially_read(io, read.into(), Role::Server, Some(config)).await;
    let hello = tokio::time::timeout(limits::HELLO_WAIT, hello(&mut reader, &node.identities)).await;
    let late = || refuse(goodbye::PROTOCOL, format!("no Hello within {} s", limits::HELLO_WAIT.as_secs()));
    let connection = match hello.unwrap_or_else(|_| Err(late())) {
        Ok(None) => return,
        Ok(Some((client, token))) => {
            let connection = connection_of(client);
            reader.get_mut().connection = Arc::clone(&connection);
            let packing = Packing::new(Arc::clone(&node.compressions));
            let mut session = Session {
                connection: Arc::clone(&connection),
                database,
                packing,
                unsent: None,
                returning: Returning::Possible,
            };
            session.run(&mut reader, token).await;
            connection.give_up_compression();
            connection
        }
        Err(refusal) => {
            tell(&database, &nobody, &refusal);
            nobody
        }
    };
    finish(&connection, &reader.get_ref().stream).await;
}

/// Who a client is, and whether it takes compressed messages.
type Greeted = (Identity, ConnectionId, bool);

/// What the first message says, and the token; none if the client has gone.
async fn hello(reader: &mut Reader, identities: &Identities) -> Result<Option<(Greeted, String)>, Refusal> {
    let message = loop {
        match reader.next().await {
            None => return Ok(None),
            Some(Err(error)) => return read_error(&error).map_or(Ok(None), Err),
            Some(Ok(Message::Binary(message))) => break message,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) => return Ok(None),
            Some(Ok(Message::Text(_) | Message::Frame(_))) => return Err(not_binary()),
        }
    };
    let decoded =
        ClientMessage::decode(&message).map_err(|error| refuse(goodbye::PROTOCOL, error.to_string()))?;
    let ClientMessage::Hello { protocol, token, takes_compressed } = decoded else {
        return Err(refuse(goodbye::PROTOCOL, "the first message must be Hello".into()));
    };
    if protocol != PROTOCOL_VERSION {
        let text = format!(
            "this server speaks protocol {PROTOCOL_VERSION}, the client {protocol}; update the older one"
        );
        return Err(refuse(goodbye::PROTOCOL, text));
    }
    let checked = match token {
        Some(token) => identities.check(token).map(|identity| (identity, token.to_owned())),
        None => identities.issue(),
    };
    let (identity, token) = checked.map_err(|error| refuse(goodbye::TOKEN, error.to_string()))?;
    let id = new_connection_id().map_err(|error| refuse(goodbye::DATABASE, error.to_string()))?;
    Ok(Some(((identity, id, takes_compressed), token)))
}

impl Session {
    async fn run(&mut self, reader: &mut Reader, token: String) {
        let connection = Arc::clone(&self.connection);
        if !self.database.send(EngineCommand::Connect { connection, token }).await {
            return self.database.shared.say_ended(&self.connection);
        }
        if let Err(refusal) = self.read_messages(reader).await {
            tell(&self.database, &self.connection, &refusal);
        }
        if self.connection.was_too_slow() {
            Statistics::add(&self.database.shared.statistics.slow_clients, 1);
            let text = format!("let go of client {}: it reads too slowly", self.connection.identity);
            self.database.shared.lines.server(Level::Warn, text);
        }
        let connection = Arc::clone(&self.connection);
        if !self.database.send(EngineCommand::Disconnect { connection }).await {
            self.database.shared.say_ended(&self.connection);
        }
    }

    /// Until the client has gone or is to go.
    async fn read_messages(&mut self, reader: &mut Reader) -> Result<(), Refusal> {
        let mut last_heard = Instant::now();
        let mut was_asked = false;
        let silence = tokio::time::sleep(limits::SILENCE_BEFORE_PING);
        let database = Arc::clone(&self.database);
        let ended = database.shared.ended();
        tokio::pin!(silence, ended);
        while !self.connection.is_closing() {
            let may_read = self.unsent.is_none() && self.connection.may_call();
            if !self.packing.is_busy()
                && let Some(message) = self.connection.raw()
            {
                self.packing.begin(message);
            }
            tokio::select! {
                message = reader.next(), if may_read => {
                    last_heard = Instant::now();
                    was_asked = false;
                    match message {
                        None => return Ok(()),
                        Some(Err(error)) => return read_error(&error).map_or(Ok(()), Err),
                        Some(Ok(message)) => self.take(message)?,
                    }
                }
                written = self.connection.write_waiting(), if self.connection.has_waiting() => {
                    if written.is_err() {
                        // The socket is broken: the client has gone.
                        return Ok(());
                    }
                }
                packed = self.packing.done(), if self.packing.is_busy() => {
                    if let Some(packed) = &packed {
                        let statistics = &database.shared.statistics;
                        Statistics::add(&statistics.compressed_updates, 1);
                        Statistics::add(&statistics.compressed_bytes, packed.len() as u64);
                    }
                    self.connection.packed(packed);
                }
                () = self.connection.woken() => {}
                () = tokio::time::sleep(limits::ENGINE_FULL_PAUSE), if self.unsent.is_some() => {
                    if let Some(command) = self.unsent.take() {
                        self.send(command)?;
                    }
                }
                () = &mut ended => {
                    database.shared.say_ended(&self.connection);
                    return Ok(());
                }
                () = &mut silence => {
                    let wait = self.check_silence(last_heard, may_read, &mut was_asked)?;
                    silence.as_mut().reset(tokio::time::Instant::now() + wait);
                }
            }
        }
        Ok(())
    }

    /// Asks a silent client whether it is there; how long to wait until the next look.
    fn check_silence(
        &self,
        last_heard: Instant,
        may_read: bool,
        was_asked: &mut bool,
    ) -> Result<Duration, Refusal> {
        let silent = last_heard.elapsed();
        if let Some(rest) = limits::SILENCE_BEFORE_PING.checked_sub(silent).filter(|rest| !rest.is_zero()) {
            return Ok(rest);
        }
        if *was_asked && may_read {
            let text = format!("nothing was heard from the client for {} s", silent.as_secs());
            return Err(refuse(goodbye::PROTOCOL, text));
        }
        *was_asked = true;
        self.connection.send_frame(Frame::new(Opcode::Ping, Vec::new()));
        Ok(limits::SILENCE_AFTER_PING)
    }

    fn take(&mut self, message: Message) -> Result<(), Refusal> {
        match message {
            Message::Binary(bytes) => self.take_binary(&bytes),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
            Message::Text(_) | Message::Frame(_) => Err(not_binary()),
        }
    }

    fn take_binary(&mut self, bytes: &Bytes) -> Result<(), Refusal> {
        let protocol = |error: ambit_wire::WireError| refuse(goodbye::PROTOCOL, error.to_string());
        let connection = Arc::clone(&self.connection);
        match ClientMessage::decode(bytes).map_err(protocol)? {
            ClientMessage::Calls { block } => {
                Calls::new(block).try_for_each(|call| call.map(drop)).map_err(protocol)?;
                connection.batch_begins();
                self.send(EngineCommand::Calls { connection, block: bytes.slice_ref(block) })
            }
            ClientMessage::Subscribe { subscription, sql, delivery, parameters } => {
                if self.returning == Returning::Possible {
                    self.returning = Returning::Over;
                }
                let (sql, parameters, delivery) = (sql.to_owned(), Box::new(parameters), Box::new(delivery));
                connection.batch_begins();
                self.send(EngineCommand::Subscribe { connection, subscription, sql, delivery, parameters })
            }
            ClientMessage::ChangeParameters { subscription, change, parameters } => {
                let parameters = Box::new(parameters);
                connection.batch_begins();
                self.send(EngineCommand::ChangeParameters { connection, subscription, change, parameters })
            }
            ClientMessage::Resume { key, block } => {
                if self.returning != Returning::Possible {
                    let text = "Resume comes once, and before all subscriptions";
                    return Err(refuse(goodbye::PROTOCOL, text.into()));
                }
                self.returning = Returning::Begun;
                let claims = Claims::new(block).collect::<Result<Vec<_>, _>>().map_err(protocol)?;
                connection.batch_begins();
                self.send(EngineCommand::Resume { connection, key, claims })
            }
            ClientMessage::ResumeEnd => {
                if self.returning != Returning::Begun {
                    return Err(refuse(goodbye::PROTOCOL, "ResumeEnd comes once, and after Resume".into()));
                }
                self.returning = Returning::Over;
                connection.batch_begins();
                self.send(EngineCommand::ResumeEnd { connection })
            }
            ClientMessage::Inspect { subscription } => {
                connection.batch_begins();
                self.send(EngineCommand::Inspect { connection, subscription })
            }
            ClientMessage::Unsubscribe { subscription } => {
                connection.batch_begins();
                self.send(EngineCommand::Unsubscribe { connection, subscription })
            }
            ClientMessage::Ping { sent_at } => {
                connection.send(ServerMessage::Pong { sent_at, server_time: clock::now() }.encode());
                Ok(())
            }
            ClientMessage::Hello { .. } => Err(refuse(goodbye::PROTOCOL, "Hello was said twice".into())),
        }
    }

    fn send(&mut self, command: EngineCommand) -> Result<(), Refusal> {
        match self.database.try_send(command) {
            Ok(()) => Ok(()),
            Err(Unsent::Full(command)) => {
                self.unsent = Some(command);
                Ok(())
            }
            Err(Unsent::Stopped) => {
                self.database.shared.say_ended(&self.connection);
                Ok(())
            }
        }
    }
}

/// Lets the client read what waits for it, its Goodbye at last, then closes. What the client still sends is thrown away:
/// closing with it unread would throw away what is on its way to the client.
async fn finish(connection: &Connection, stream: &OwnedReadHalf) {
    let end = async {
        let mut has_ended = false;
        let mut is_shut = false;
        while !(is_shut && has_ended) {
            if !is_shut && !connection.has_waiting() {
                is_shut = true;
                if socket2::SockRef::from(stream.as_ref()).shutdown(std::net::Shutdown::Write).is_err() {
                    return;
                }
                continue;
            }
            tokio::select! {
                written = connection.write_waiting(), if connection.has_waiting() => {
                    if written.is_err() {
                        return;
                    }
                }
                ready = stream.readable(), if !has_ended => {
                    if ready.is_err() {
                        return;
                    }
                    match discard(stream) {
                        Ok(ended) => has_ended = ended,
                        Err(_) => return,
                    }
                }
            }
        }
    };
    // A client that takes longer loses the rest; it was told, or never read.
    drop(tokio::time::timeout(limits::GOODBYE_WAIT, end).await);
}

/// Reads and forgets what has arrived; whether the client has closed its side.
fn discard(stream: &OwnedReadHalf) -> std::io::Result<bool> {
    let mut rest = [0; 4096];
    match stream.try_read(&mut rest) {
        Ok(bytes) => Ok(bytes == 0),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

fn tell(database: &Database, connection: &Connection, refusal: &Refusal) {
    Statistics::add(&database.shared.statistics.protocol_errors, 1);
    let text = format!("let go of client {}: {}", connection.identity, refusal.reason);
    database.shared.lines.call(Level::Warn, text);
    connection.goodbye(refusal.code, &refusal.reason);
}

fn refuse(code: u16, reason: String) -> Refusal {
    Refusal { code, reason }
}

fn not_binary() -> Refusal {
    refuse(goodbye::PROTOCOL, "messages are binary WebSocket frames".into())
}

/// What a client did wrong, or none if it has only gone.
fn read_error(error: &Error) -> Option<Refusal> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else goes wrong is the end of the client")]
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some(refuse(goodbye::PROTOCOL, format!("not WebSocket: {error}"))),
        Error::Capacity(_) => {
            let text = format!("a message has more than {CLIENT_MESSAGE_BYTES_MAX} bytes");
            Some(refuse(goodbye::LIMIT, text))
        }
        Error::Utf8(_) => Some(not_binary()),
        _ => None,
    }
}
