//! A player who walks and does not look: its client's work is left out, so that one processor can walk thousands of them
//! through a server. It joins like everybody, subscribes to the same, and then throws away unread what the server sends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use ambit_client::Budget;
use ambit_client_core::{CallStatus, Outbox, Session, World};
use ambit_model::Identity;
use ambit_model::glam::Vec2;
use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message, WebSocket, client};

use crate::mind::Mind;
use crate::rows::{self, PlayerColumns};
use crate::sight::Steps;
use crate::{Options, queries};

/// Bytes thrown away at once.
const ROOM_BYTES: usize = 64 << 10;

/// The first bytes of a frame of the client's with a binary message of less than 126 bytes: final, masked, with a mask of zeros.
const FRAME: [u8; 6] = [0x82, 0x80, 0, 0, 0, 0];

/// A player on its way in.
pub struct Joining {
    socket: WebSocket<TcpStream>,
    outbox: Outbox,
    session: Session,
    world: World,
    name: String,
    number: u32,
    join_request: Option<u32>,
}

/// A player who walks.
pub struct Walker {
    stream: TcpStream,
    outbox: Outbox,
    mind: Mind,
    identity: Identity,
    /// The reducer's id.
    move_to: u16,
    position: Vec2,
    frame: Vec<u8>,
    /// Steps made.
    pub calls: u64,
    /// Bytes thrown away.
    pub bytes_received: u64,
}

impl Joining {
    /// Connects and says what a bot says first.
    pub fn connect(number: u32, options: &Options) -> Result<Self> {
        let address = options.server.trim_start_matches("http://").trim_start_matches("ws://");
        let stream = TcpStream::connect(address).with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        let path = ambit_wire::connect_path(&options.database);
        let uri = format!("ws://{address}{path}").parse().with_context(|| address.to_owned())?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(ambit_wire::SUBPROTOCOL);
        let (mut socket, _) = client(request, stream).map_err(|error| anyhow!("{error}"))?;
        socket.send(Message::Binary(Outbox::hello(None).into()))?;
        socket.get_ref().set_nonblocking(true)?;
        let mut outbox = Outbox::new();
        for sql in queries(options) {
            outbox.subscribe(&sql, options.rate)?;
        }
        Ok(Self {
            socket,
            outbox,
            session: Session::new(),
            world: World::new(),
            name: format!("walker{number}x{:x}", std::process::id()),
            number,
            join_request: None,
        })
    }

    /// Goes on joining; the walker, once its character is there.
    pub fn poll(&mut self, steps: &mut Steps) -> Result<Option<Walker>> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(message)) => self.session.receive(&message, 0)?,
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(other) => bail!("{}: the server sent {other}", self.name),
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).with_context(|| self.name.clone()),
            }
        }
        if let Some(goodbye) = self.session.goodbye() {
            bail!("{}: {}", self.name, goodbye.message);
        }
        self.world.tick(&mut self.session, Budget::UNLIMITED);
        let Some(welcome) = self.session.welcome().cloned() else { return Ok(None) };
        if self.join_request.is_none() {
            let (join, _) = welcome.schema.reducer("join").context("the module has no join")?;
            self.join_request = Some(self.outbox.call(join, &rows::join(&self.name))?);
        }
        while let Some(message) = self.outbox.transmit() {
            self.socket.send(Message::Binary(message.into()))?;
        }
        let mut results = self.world.results().iter();
        if let Some(refused) = results.find(|result| result.status != CallStatus::Committed) {
            bail!("{} could not join: {}", self.name, refused.message);
        }
        self.outbox.answered(self.world.answered());
        let columns = PlayerColumns::of(&welcome.schema)?;
        let Some(table) = self.world.table(columns.table) else { return Ok(None) };
        for (_, row) in table.iter() {
            let player = columns.read(row)?;
            if player.identity == welcome.identity {
                steps.take(player.identity, player.position);
                let (move_to, _) = welcome.schema.reducer("move_to").context("the module has no move_to")?;
                return Ok(Some(Walker {
                    stream: self.socket.get_ref().try_clone()?,
                    outbox: std::mem::take(&mut self.outbox),
                    mind: Mind::new(self.number),
                    identity: player.identity,
                    move_to,
                    position: player.position,
                    frame: Vec::new(),
                    calls: 0,
                    bytes_received: 0,
                }));
            }
        }
        Ok(None)
    }
}

impl Walker {
    /// Makes the next step.
    pub fn act(&mut self, is_restless: bool, steps: &mut Steps) -> Result<()> {
        let Some((next, facing)) = self.mind.step(self.position, is_restless) else { return Ok(()) };
        self.position = next;
        self.calls += 1;
        self.outbox.call_quietly(self.move_to, &rows::move_to(next, facing)).context("move_to")?;
        steps.take(self.identity, next);
        while let Some(message) = self.outbox.transmit() {
            ensure!(message.len() < 126, "a step of {} bytes", message.len());
            self.frame.clear();
            self.frame.extend_from_slice(&FRAME);
            if let Some(length) = self.frame.get_mut(1) {
                *length |= message.len() as u8;
            }
            self.frame.extend_from_slice(&message);
            let sent = (&self.stream).write(&self.frame).context("a step was not sent")?;
            ensure!(sent == self.frame.len(), "the server does not read");
        }
        Ok(())
    }

    /// Throws away what has come.
    pub fn discard(&mut self) -> Result<()> {
        let mut room = [0; ROOM_BYTES];
        loop {
            match (&self.stream).read(&mut room) {
                Ok(0) => bail!("the server let a walker go"),
                Ok(bytes) => {
                    self.bytes_received += bytes as u64;
                    if bytes < room.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a walker's socket"),
            }
        }
    }
}
