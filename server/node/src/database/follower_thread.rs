//! The follower's thread: applies commits, keeps subscriptions, and flushes to clients when they are due.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ambit_interest::{ClientId, ClientUpdate, Farewell, Follower, Refusal};
use ambit_model::Schema;
use ambit_store::{ChangeSet, Plan};
use ambit_wire::{ServerMessage, goodbye};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::command::{FollowerCommand, FollowerRound};
use super::gate::GateKeeper;
use super::snapshots::{SnapshotJob, SnapshotRequest};
use super::{Shared, Statistics};
use crate::connection::{Connection, HeldUpdate};
use crate::limits::UPDATE_BYTES_MAX;
use crate::log_lines::Level;
use crate::{clock, limits};

/// The state of the thread.
pub struct FollowerThread {
    follower: Follower,
    rounds: Receiver<FollowerRound>,
    keeper: GateKeeper,
    /// Takes rows that are to be written as snapshots.
    snapshots: Sender<SnapshotJob>,
    shared: Arc<Shared>,
    clients: HashMap<u64, Arc<Connection>>,
}

impl FollowerThread {
    /// A thread's state; it runs with [`FollowerThread::run`].
    pub fn new(
        follower: Follower,
        rounds: Receiver<FollowerRound>,
        keeper: GateKeeper,
        snapshots: Sender<SnapshotJob>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { follower, rounds, keeper, snapshots, shared, clients: HashMap::new() }
    }

    /// Runs until the engine's end of the queue is gone, or until a commit does not fit: then the engine finds the queue
    /// closed and stops, before clients are shown a world that is none.
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
                Ok(round) => {
                    if let Err(broken) = self.take_rounds(round) {
                        return self.shared.lines.server(Level::Error, broken);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = clock::now();
            if self.follower.next_flush().is_some_and(|due| due <= now) {
                self.flush();
            }
            self.pause();
        }
    }

    /// Unless there is something to do or somebody wants every commit at once, sleeps for a moment, in which the engine need
    /// not wake this thread.
    fn pause(&self) {
        if !self.rounds.is_empty() || self.follower.has_immediate_clients() {
            return;
        }
        let due = self.follower.next_flush().map(|due| due.since(clock::now()).0);
        let rest = due.map_or(Duration::MAX, |due| Duration::from_micros(u64::try_from(due).unwrap_or(0)));
        std::thread::sleep(rest.min(limits::FOLLOWER_PAUSE));
    }

    fn take_rounds(&mut self, first: FollowerRound) -> Result<(), String> {
        let mut taken = 0;
        let mut next = Some(first);
        while let Some(round) = next {
            taken += round.commands.len();
            round.commands.into_iter().try_for_each(|command| self.take(command))?;
            self.keeper.leave(round.bytes);
            next = match taken < limits::FOLLOWER_ROUND_COMMANDS_MAX {
                true => self.rounds.try_recv().ok(),
                false => None,
            };
        }
        Ok(())
    }

    fn take(&mut self, command: FollowerCommand) -> Result<(), String> {
        match command {
            FollowerCommand::Change(change_set) => {
                let offset = change_set.offset;
                let applied = self.follower.apply(&change_set);
                applied.map_err(|error| format!("the follower cannot apply commit {offset}: {error}"))?;
            }
            FollowerCommand::Migrate { schema, plan, change_set } => {
                self.migrate(schema, &plan, &change_set)?;
            }
            FollowerCommand::Snapshot(request) => self.snapshot(request)?,
            FollowerCommand::Connect(connection) => {
                let client = ClientId(connection.number);
                self.follower.connect(client, connection.identity, connection.id);
                self.clients.insert(connection.number, connection);
            }
            FollowerCommand::Disconnect(number) => {
                self.follower.disconnect(ClientId(number));
                self.clients.remove(&number);
            }
            FollowerCommand::Subscribe { connection, subscription, sql, delivery, parameters } => {
                let (client, now) = (ClientId(connection.number), clock::now());
                let query = (sql.as_str(), &*parameters);
                match self.follower.subscribe_as(client, subscription, query, &delivery, now) {
                    Ok(()) if delivery.confirmed => connection.confirm(),
                    Ok(()) => {}
                    Err(reason) => {
                        refuse(&self.shared, &connection, &Refusal { subscription, change: 0, reason });
                    }
                }
                connection.batch_ends();
            }
            FollowerCommand::ChangeParameters { connection, subscription, change, parameters } => {
                let client = ClientId(connection.number);
                let changed = self.follower.change_parameters(client, subscription, change, &parameters);
                if let Err(reason) = changed {
                    refuse(&self.shared, &connection, &Refusal { subscription, change, reason });
                }
                connection.batch_ends();
            }
            FollowerCommand::Resume { connection, key, claims } => {
                self.follower.resume(ClientId(connection.number), key, claims);
                connection.batch_ends();
            }
            FollowerCommand::ResumeEnd { connection } => {
                self.follower.end_resume(ClientId(connection.number));
                connection.batch_ends();
            }
            FollowerCommand::Inspect { connection, subscription } => {
                if let Err(reason) = self.follower.inspect(ClientId(connection.number), subscription) {
                    let message = &reason.to_string();
                    connection.send(ServerMessage::InspectionError { subscription, message }.encode());
                }
                connection.batch_ends();
            }
            FollowerCommand::Unsubscribe { connection, subscription } => {
                self.follower.unsubscribe(ClientId(connection.number), subscription);
                connection.batch_ends();
            }
        }
        Ok(())
    }

    /// Goes over to another schema. Everybody has seen everything before; whoever watches a table that is another one now is
    /// let go.
    fn migrate(&mut self, schema: Arc<Schema>, plan: &Plan, change_set: &ChangeSet) -> Result<(), String> {
        if !plan.is_same() {
            self.flush_with(true);
            let successor = |old: u16| plan.successor(old);
            let migrated = self.follower.migrate(successor, |store| store.reshape(schema, plan).map(drop));
            let gone =
                migrated.map_err(|error| format!("the follower cannot take the new schema: {error}"))?;
            for Farewell { client, reason } in gone {
                if let Some(connection) = self.clients.remove(&client.0) {
                    connection.goodbye(goodbye::MODULE_REPLACED, &reason.to_string());
                }
            }
        }
        let offset = change_set.offset;
        let applied = self.follower.apply(change_set);
        applied.map_err(|error| format!("the follower cannot apply commit {offset}: {error}"))
    }

    /// Freezes the rows and lets them be written.
    fn snapshot(&mut self, request: SnapshotRequest) -> Result<(), String> {
        let frozen = self.follower.store_mut().freeze();
        let rows = frozen.map_err(|error| format!("the follower's rows cannot be frozen: {error}"))?;
        // If the thread has gone, whoever waits for it learns that from its reply.
        drop(self.snapshots.send(SnapshotJob { request, rows }));
        Ok(())
    }

    fn flush(&mut self) {
        self.flush_with(false);
    }

    /// Hands out what is due, or everything.
    fn flush_with(&mut self, all: bool) {
        let begin = Instant::now();
        let durable_offset = *self.shared.durable.borrow();
        let (clients, shared, statistics) = (&self.clients, &self.shared, &self.shared.statistics);
        let sink = &mut |update: ClientUpdate<'_>| {
            let Some(connection) = clients.get(&update.client.0) else { return };
            let header = update.header(durable_offset);
            if update.blocks.len() > UPDATE_BYTES_MAX {
                let text = format!(
                    "an update of {} bytes is larger than {UPDATE_BYTES_MAX}; subscribe to fewer rows",
                    update.blocks.len()
                );
                shared.lines.call(Level::Warn, format!("let go of client {}: {text}", connection.identity));
                return connection.goodbye(goodbye::LIMIT, &text);
            }
            Statistics::add(&statistics.updates, 1);
            Statistics::add(&statistics.update_bytes, update.blocks.len() as u64);
            let told = update.inspections.iter().map(|told| ServerMessage::Inspection(told.clone()).encode());
            let refused = update.refused.iter().map(|refusal| refusal_of(shared, connection, refusal));
            let after = told.chain(refused);
            if connection.is_confirmed() {
                let (blocks, after) = (update.blocks.to_vec(), after.collect());
                return shared.waiting.hold(
                    connection,
                    HeldUpdate { header, blocks, after },
                    &shared.durable,
                );
            }
            connection.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
            connection.send_update(&header, &update.blocks);
            for message in after {
                connection.send(message);
            }
        };
        match all {
            true => self.follower.flush_all(clock::now(), sink),
            false => self.follower.flush(clock::now(), sink),
        }
        let micros = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Statistics::add(&statistics.flushes, 1);
        Statistics::add(&statistics.flush_us, micros);
        statistics.flush_us_last.store(micros, Ordering::Relaxed);
    }
}

/// Tells a client that it does not have a subscription, or that one does not have other parameters.
fn refuse(shared: &Shared, connection: &Connection, refusal: &Refusal) {
    connection.send(refusal_of(shared, connection, refusal));
}

/// The message that tells it; the server's log has it too.
fn refusal_of(shared: &Shared, connection: &Connection, refusal: &Refusal) -> Vec<u8> {
    let Refusal { subscription, change, reason } = refusal;
    let message = &reason.to_string();
    let text = format!("subscription {subscription} of {}: {message}", connection.identity);
    shared.lines.call(Level::Warn, text);
    let (subscription, change) = (*subscription, *change);
    ServerMessage::SubscriptionError { subscription, change, message }.encode()
}
