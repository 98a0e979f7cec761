//! Connections: two streams of messages each, in order, with latency, stalls and cuts. What is under way when a connection
//! is cut is lost, and nobody is told before he tries again.

use std::collections::{BTreeMap, VecDeque};

use crate::random::Random;

/// Microseconds that a stalled connection stands still, at most.
const STALL_US_MAX: i64 = 400_000;

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Server,
    Client,
}

#[derive(Debug, Default)]
struct Stream {
    messages: VecDeque<Vec<u8>>,
    /// When the last message arrives: a later one does not overtake it.
    last_at: i64,
}

#[derive(Debug)]
struct Connection {
    client: usize,
    latency_us: i64,
    to_server: Stream,
    to_client: Stream,
}

/// All connections that are not cut.
#[derive(Debug)]
pub(crate) struct Network {
    connections: BTreeMap<u64, Connection>,
    random: Random,
    next: u64,
    stall: u64,
    cut: u64,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It arrives at this time, unless the connection is cut before.
    Arrives(i64),
    /// The connection is gone.
    Lost,
    /// The connection is cut now.
    Cut,
}

impl Network {
    pub(crate) fn new(random: Random, stall: u64, cut: u64) -> Self {
        Self { connections: BTreeMap::new(), random, next: 0, stall, cut }
    }

    /// A new connection of a client; its number.
    pub(crate) fn connect(&mut self, client: usize) -> u64 {
        self.next += 1;
        let latency_us = self.random.between(50, 30_000);
        let connection =
            Connection { client, latency_us, to_server: Stream::default(), to_client: Stream::default() };
        self.connections.insert(self.next, connection);
        self.next
    }

    pub(crate) fn client_of(&self, connection: u64) -> Option<usize> {
        self.connections.get(&connection).map(|connection| connection.client)
    }

    pub(crate) fn send(&mut self, connection: u64, to: To, message: Vec<u8>, now: i64) -> Sent {
        let is_cut = self.random.one_in(self.cut);
        let stall = if self.random.one_in(self.stall) { self.random.between(0, STALL_US_MAX) } else { 0 };
        let Some(found) = self.connections.get_mut(&connection) else { return Sent::Lost };
        if is_cut {
            self.connections.remove(&connection);
            return Sent::Cut;
        }
        let jitter = self.random.between(0, found.latency_us / 4 + 1);
        let stream = found.stream(to);
        stream.messages.push_back(message);
        let arrival = now + found.latency_us + jitter + stall;
        let stream = found.stream(to);
        stream.last_at = stream.last_at.max(arrival);
        Sent::Arrives(stream.last_at)
    }

    /// The message that arrives now.
    pub(crate) fn receive(&mut self, connection: u64, to: To) -> Option<Vec<u8>> {
        self.connections.get_mut(&connection)?.stream(to).messages.pop_front()
    }

    pub(crate) fn cut(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    /// The server has gone, and everything under way with it.
    pub(crate) fn cut_all(&mut self) {
        self.connections.clear();
    }

    /// No connection breaks any more.
    pub(crate) fn calm_down(&mut self) {
        (self.stall, self.cut) = (0, 0);
    }
}

impl Connection {
    fn stream(&mut self, to: To) -> &mut Stream {
        match to {
            To::Server => &mut self.to_server,
            To::Client => &mut self.to_client,
        }
    }
}
