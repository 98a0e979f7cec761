//! What is to happen, in the order of simulated time; what was asked for first comes first at equal times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A client does something.
    Client(usize),
    /// A message of this connection arrives at the server.
    ToServer(u64),
    /// A message of this connection arrives at its client.
    ToClient(u64),
    /// The log writes and syncs what waits.
    Sync,
    /// The follower applies what the engine has committed.
    Follow,
    /// The follower sends what is due.
    Flush,
    /// The database runs a reducer of its own.
    Tick,
    /// A snapshot begins.
    Snapshot,
    /// The snapshot that is being written goes on.
    SnapshotStep,
    /// Another schema is published.
    Publish,
    /// The server ends, in one way or another.
    Crash,
    /// The server begins.
    Restart,
}

/// Events and the clock. An event of an earlier start of the server does not happen any more.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: BinaryHeap<Reverse<(i64, u64, Event, u64)>>,
    sequence: u64,
    now: i64,
}

impl Queue {
    /// Microseconds since the world began.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Lets an event happen after so many microseconds, in the given start of the server.
    pub(crate) fn after(&mut self, delay_us: i64, start: u64, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((self.now.saturating_add(delay_us.max(0)), self.sequence, event, start)));
    }

    /// Goes on to the next event; the start of the server that it belongs to.
    pub(crate) fn next(&mut self) -> Option<(Event, u64)> {
        let Reverse((at, _, event, start)) = self.events.pop()?;
        self.now = self.now.max(at);
        Some((event, start))
    }
}
