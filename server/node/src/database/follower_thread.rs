//! The follower's thread: applies commits, keeps subscriptions, and flushes to clients when they are due.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ambit_interest::{ClientId, ClientUpdate, Follower};
use ambit_wire::{ServerMessage, UpdateHeader};
use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::command::FollowerCommand;
use super::{Shared, Statistics};
use crate::connection::Connection;
use crate::log_lines::Level;
use crate::{clock, limits};

/// The state of the thread.
pub struct FollowerThread {
    follower: Follower,
    rounds: Receiver<Vec<FollowerCommand>>,
    shared: Arc<Shared>,
    clients: HashMap<u64, Arc<Connection>>,
}

impl FollowerThread {
    /// A thread's state; it runs with [`FollowerThread::run`].
    pub fn new(follower: Follower, rounds: Receiver<Vec<FollowerCommand>>, shared: Arc<Shared>) -> Self {
        Self { follower, rounds, shared, clients: HashMap::new() }
    }

    /// Runs until the engine's end of the queue is gone.
    pub fn run(mut self) {
        loop {
            let received = match self.follower.next_flush() {
                None => self.rounds.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => {
                    let wait = u64::try_from(due.since(clock::now()).0).unwrap_or(0);
                    self.rounds.recv_timeout(Duration::from_micros(wait))
                }
            };
            match received {
                Ok(round) => self.take_rounds(round),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = clock::now();
            if self.follower.next_flush().is_some_and(|due| due <= now) {
                self.flush();
            }
        }
    }

    fn take_rounds(&mut self, first: Vec<FollowerCommand>) {
        let mut commands = first.len();
        first.into_iter().for_each(|command| self.take(command));
        while commands < limits::FOLLOWER_ROUND_COMMANDS_MAX
            && let Ok(round) = self.rounds.try_recv()
        {
            commands += round.len();
            round.into_iter().for_each(|command| self.take(command));
        }
    }

    fn take(&mut self, command: FollowerCommand) {
        match command {
            FollowerCommand::Change(change_set) => {
                if let Err(error) = self.follower.apply(&change_set) {
                    let text = format!("the follower cannot apply commit {}: {error}", change_set.offset);
                    self.shared.lines.server(Level::Error, text);
                }
            }
            FollowerCommand::Connect(connection) => {
                let client = ClientId(connection.number);
                self.follower.connect(client, connection.identity, connection.id);
                self.clients.insert(connection.number, connection);
            }
            FollowerCommand::Disconnect(number) => {
                self.follower.disconnect(ClientId(number));
                self.clients.remove(&number);
            }
            FollowerCommand::Subscribe { connection, subscription, sql, rate } => {
                let client = ClientId(connection.number);
                if let Err(error) = self.follower.subscribe(client, subscription, &sql, rate, clock::now()) {
                    let message = error.to_string();
                    let text = format!("subscription {subscription} of {}: {message}", connection.identity);
                    self.shared.lines.server(Level::Warn, text);
                    connection
                        .send(ServerMessage::SubscriptionError { subscription, message: &message }.encode());
                }
            }
            FollowerCommand::Unsubscribe { connection, subscription } => {
                self.follower.unsubscribe(ClientId(connection.number), subscription);
            }
        }
    }

    fn flush(&mut self) {
        let begin = Instant::now();
        let durable_offset = *self.shared.durable.borrow();
        let (clients, statistics) = (&self.clients, &self.shared.statistics);
        self.follower.flush(clock::now(), &mut |update: ClientUpdate| {
            let Some(connection) = clients.get(&update.client.0) else { return };
            let header = UpdateHeader {
                offset: update.offset,
                durable_offset,
                timestamp: update.timestamp,
                applied: update.applied,
                ended: update.ended,
            };
            let message = header.encode_with(&[&update.blocks]);
            Statistics::add(&statistics.updates, 1);
            Statistics::add(&statistics.update_bytes, message.len() as u64);
            connection.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
            connection.send(message);
        });
        let micros = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Statistics::add(&statistics.flushes, 1);
        Statistics::add(&statistics.flush_us, micros);
        statistics.flush_us_last.store(micros, Ordering::Relaxed);
    }
}
