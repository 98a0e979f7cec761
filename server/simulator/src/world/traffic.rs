//! What clients do, what arrives, and what the server does for them.

use super::{ANY_START, BEGIN, World};
use crate::checkers::{Checker, Violation, clients, indexes};
use crate::limits::{CLIENT_US, FOLLOW_US_MAX, SYNC_US_MAX, TICK_US};
use crate::module::edit::edited;
use crate::network::{Sent, To};
use crate::queue::Event;
use crate::scenario::delay;
use crate::server::Outgoing;
use crate::trace;

impl World {
    /// A client connects, if it has no connection, or does something with it.
    pub(super) fn client_acts(&mut self, number: usize) -> Result<(), Violation> {
        let now = self.queue.now();
        let Some(client) = self.clients.get_mut(number) else { return Ok(()) };
        let again = delay(&mut client.random, CLIENT_US);
        let link = client.link.as_ref().map(|link| link.connection);
        let is_alive = link.is_some_and(|connection| self.network.client_of(connection) == Some(number));
        let mut messages = Vec::new();
        if !is_alive {
            client.forget();
            // Before its first module a database has nothing to connect to.
            if self.server.as_ref().is_some_and(|server| !server.follower.schema().tables.is_empty()) {
                let connection = self.network.connect(number);
                messages.push((connection, client.reconnect(connection)));
            }
        } else if let Some(link) = client.link.as_mut() {
            if !self.is_ending {
                link.act(&mut client.random, now)?;
            }
            while let Some(message) = link.outbox.transmit() {
                messages.push((link.connection, message));
            }
            // Now and then a client goes without a word.
            if !self.is_ending && client.random.one_in(200) {
                self.network.cut(link.connection);
            }
        }
        for (connection, message) in messages {
            self.send(connection, To::Server, message)?;
        }
        self.queue.after(again, ANY_START, Event::Client(number));
        Ok(())
    }

    pub(super) fn arrive_at_server(&mut self, connection: u64) -> Result<(), Violation> {
        let Some(message) = self.network.receive(connection, To::Server) else { return Ok(()) };
        let now = self.timestamp();
        let Some(server) = &mut self.server else { return Ok(()) };
        let mut out = Vec::new();
        server.receive(connection, &message, now, &mut self.truth, &mut out)?;
        self.send_all(out)?;
        self.after_work();
        // A subscription is answered by the next flush, even if nothing was committed.
        self.queue.after(500, self.start, Event::Flush);
        Ok(())
    }

    pub(super) fn arrive_at_client(&mut self, connection: u64) -> Result<(), Violation> {
        let now = self.queue.now();
        let Some(number) = self.network.client_of(connection) else { return Ok(()) };
        let Some(message) = self.network.receive(connection, To::Client) else { return Ok(()) };
        let Some(client) = self.clients.get_mut(number) else { return Ok(()) };
        let Some(link) = client.link.as_mut().filter(|link| link.connection == connection) else {
            return Ok(());
        };
        let news = link.receive(&message, now)?;
        self.trace.note(&trace::hash(0, &message).to_le_bytes());
        if news.durable_offset > self.truth.durable_told() {
            let text =
                format!("offset {} is called durable, which was never acknowledged", news.durable_offset);
            return Err(Violation::new(Checker::Client, text));
        }
        self.summary.returns += u64::from(news.is_back);
        self.summary.client_checks += u64::from(clients::check(link, &self.truth.history)?);
        if news.is_goodbye {
            self.network.cut(connection);
        }
        if news.is_over {
            client.link = None;
        }
        Ok(())
    }

    pub(super) fn tick(&mut self) -> Result<(), Violation> {
        if self.is_ending {
            return Ok(());
        }
        let now = self.timestamp();
        if let Some(server) = &mut self.server {
            server.tick(now, &mut self.truth)?;
        }
        self.after_work();
        self.queue.after(delay(&mut self.random, TICK_US), self.start, Event::Tick);
        Ok(())
    }

    /// What was committed goes to the log and to the follower, each in its time.
    pub(super) fn after_work(&mut self) {
        let Some(server) = &self.server else { return };
        if server.has_pending() {
            self.queue.after(self.random.between(0, SYNC_US_MAX), self.start, Event::Sync);
        }
        if server.has_feed() {
            self.queue.after(self.random.between(0, FOLLOW_US_MAX), self.start, Event::Follow);
        }
    }

    pub(super) fn sync(&mut self) -> Result<(), Violation> {
        let Some(server) = &mut self.server else { return Ok(()) };
        if !server.has_pending() && server.failure.is_none() {
            return Ok(());
        }
        let had_failed = server.failure.is_some();
        let mut out = Vec::new();
        server.sync(&mut self.truth, &mut out)?;
        if let Some(failure) = server.failure.clone().filter(|_| !had_failed) {
            self.trace.tell(|| format!("the log has failed: {failure}"));
            // Whoever runs the server sees it and starts it again.
            self.queue.after(self.random.between(0, 50_000), self.start, Event::Crash);
        }
        self.send_all(out)
    }

    pub(super) fn follow(&mut self) -> Result<(), Violation> {
        let now = self.timestamp();
        let Some(server) = &mut self.server else { return Ok(()) };
        let mut out = Vec::new();
        server.follow(now, &mut self.truth, &mut out)?;
        if self.random.one_in(60) {
            indexes::check(&server.store, &self.truth.current, &mut self.random)?;
        }
        self.after_work();
        self.queue.after(0, self.start, Event::Flush);
        self.send_all(out)
    }

    /// Another schema is published. One that is the same after all is no commit.
    pub(super) fn publish(&mut self) -> Result<(), Violation> {
        let now = self.timestamp();
        let number = self.trace.steps() as usize;
        let Some(server) = &mut self.server else { return Ok(()) };
        let schema = edited(&mut self.random, server.store.schema(), number);
        if !self.is_ending && schema != **server.store.schema() {
            server.publish(&schema, now, &mut self.truth)?;
            self.summary.publications += 1;
            indexes::check(&server.store, &self.truth.current, &mut self.random)?;
        }
        self.after_work();
        self.queue.after(delay(&mut self.random, self.scenario.publish_every_us), self.start, Event::Publish);
        Ok(())
    }

    pub(super) fn begin_snapshot(&mut self) -> Result<(), Violation> {
        let Some(server) = &mut self.server else { return Ok(()) };
        server.ask_for_snapshot();
        self.after_work();
        self.queue.after(self.random.between(0, 60_000), self.start, Event::SnapshotStep);
        self.queue.after(
            delay(&mut self.random, self.scenario.snapshot_every_us),
            self.start,
            Event::Snapshot,
        );
        Ok(())
    }

    pub(super) fn step_snapshot(&mut self) -> Result<(), Violation> {
        let Some(server) = &mut self.server else { return Ok(()) };
        if server.step_snapshot()? {
            self.summary.snapshots += 1;
        }
        if server.is_snapshotting() {
            self.queue.after(self.random.between(1_000, 20_000), self.start, Event::SnapshotStep);
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), Violation> {
        let (now, elapsed) = (self.timestamp(), self.queue.now());
        let Some(server) = &mut self.server else { return Ok(()) };
        let mut out = Vec::new();
        let next = server.flush(now, &mut out);
        self.send_all(out)?;
        if let Some(at) = next {
            let wait = at.saturating_sub(BEGIN + elapsed).max(100);
            self.queue.after(wait, self.start, Event::Flush);
        }
        Ok(())
    }

    fn send_all(&mut self, messages: Outgoing) -> Result<(), Violation> {
        messages.into_iter().try_for_each(|(connection, message)| self.send(connection, To::Client, message))
    }

    fn send(&mut self, connection: u64, to: To, message: Vec<u8>) -> Result<(), Violation> {
        let now = self.queue.now();
        match self.network.send(connection, to, message, now) {
            Sent::Arrives(at) => {
                let event = match to {
                    To::Server => Event::ToServer(connection),
                    To::Client => Event::ToClient(connection),
                };
                self.queue.after(at - now, ANY_START, event);
            }
            Sent::Cut | Sent::Lost => {
                let now = self.timestamp();
                if let Some(server) = &mut self.server {
                    server.disconnect(connection, now, &mut self.truth)?;
                    self.after_work();
                }
            }
        }
        Ok(())
    }
}
