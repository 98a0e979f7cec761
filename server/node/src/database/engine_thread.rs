//! The engine's thread: takes commands in rounds, runs calls and ticks one at a time, and hands on what they made.
//!
//! A round is what has queued up, within limits. At its end the log thread gets the round's records in one batch, the
//! follower its commits, and every client the results of its batch in one message.

mod publish;
mod round;
mod snapshots;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ambit_engine::{CallOutcome, CallRequest, Database};
use ambit_log::LogThread;
use ambit_model::{ConnectionId, Identity, Schema};
use ambit_wire::limits::RESULT_BLOCK_BYTES_MAX;
use ambit_wire::{Call, CallResult, CallStatus, Calls, ServerMessage, goodbye, write_result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::oneshot;

use self::round::{Round, Takers};
use self::snapshots::Snapshots;
use super::command::{CallRefusal, CallReply, EngineCommand, FollowerCommand, FollowerRound};
use super::gate::Gate;
use super::snapshots::SnapshotOptions;
use super::views::View;
use super::{Shared, Statistics};
use crate::connection::Connection;
use crate::data_dir::DatabaseDir;
use crate::log_lines::Level;
use crate::{clock, limits};

/// The state of the thread.
pub struct EngineThread {
    database: Database,
    commands: Receiver<EngineCommand>,
    shared: Arc<Shared>,
    dir: DatabaseDir,
    clients: HashMap<u64, Client>,
    snapshots: Snapshots,
    round: Round,
    /// Commands and calls of this round.
    commands_run: usize,
    calls_run: usize,
}

/// A client that was welcomed.
struct Client {
    connection: Arc<Connection>,
    /// The schema that it was welcomed with.
    schema: Arc<Schema>,
    /// What its reducer ids mean, if that is another schema than today's.
    view: Option<Arc<View>>,
}

/// What the thread is joined to.
pub struct Links {
    /// Takes records.
    pub log: LogThread,
    /// Bounds their bytes.
    pub log_gate: Arc<Gate>,
    /// Gives commands.
    pub commands: Receiver<EngineCommand>,
    /// Takes commits and subscriptions.
    pub follower: Sender<FollowerRound>,
    /// Bounds their bytes.
    pub follower_gate: Arc<Gate>,
    /// What all threads share.
    pub shared: Arc<Shared>,
    /// The database's folder, for modules.
    pub dir: DatabaseDir,
    /// When snapshots are taken.
    pub snapshots: SnapshotOptions,
}

/// What is to be done before the first command.
pub struct Begin {
    /// The commit of another schema, not logged yet.
    pub published: Option<ambit_engine::Published>,
    /// Clients that the last server left connected.
    pub left_connected: Vec<(Identity, ConnectionId)>,
}

/// Whether the thread goes on.
enum Next {
    Continue,
    Stop { code: u16, reason: String },
}

impl EngineThread {
    /// A thread's state; it runs with [`EngineThread::run`].
    pub fn new(database: Database, links: Links) -> Self {
        let Links { log, log_gate, commands, follower, follower_gate, shared, dir, snapshots } = links;
        let takers = Takers { log, log_gate, follower, follower_gate };
        Self {
            snapshots: Snapshots::new(snapshots, &database),
            database,
            commands,
            round: Round::new(takers, Arc::clone(&shared)),
            shared,
            dir,
            clients: HashMap::new(),
            commands_run: 0,
            calls_run: 0,
        }
    }

    /// Runs until it is told to stop.
    pub fn run(mut self, begin: Begin) {
        self.begin(begin);
        let (code, reason) = loop {
            match self.run_round() {
                Next::Continue => {}
                Next::Stop { code, reason } => break (code, reason),
            }
        };
        self.end(code, &reason);
    }

    /// Commits another schema, runs init if it is due, and lets go those that a crashed server had connected.
    fn begin(&mut self, begin: Begin) {
        if let Some(published) = begin.published {
            self.take_published(published);
        }
        self.run_init();
        let now = clock::now();
        for (identity, connection) in begin.left_connected {
            let outcomes = self.database.client_disconnected(identity, connection, now);
            self.take_outcomes(outcomes).unwrap_or_default();
            self.database.forget_session(connection);
        }
        self.end_round();
    }

    /// Runs init, if there is one and it was never committed. If it fails it is due again at the next publish or start.
    fn run_init(&mut self) {
        if !self.database.needs_init() {
            return;
        }
        // What comes before goes to the log before: it may be told that a snapshot is to come first.
        self.hand_over();
        let outcomes = self.database.init(clock::now());
        let is_logged_whole = outcomes.iter().all(CallOutcome::is_logged_whole);
        match self.take_outcomes(outcomes) {
            Ok(()) if is_logged_whole => {}
            Ok(()) => self.snapshot_before_log(),
            Err(_) => {
                let text =
                    "init failed: it runs again when the module is published or the server started again";
                self.shared.lines.server(Level::Error, text);
            }
        }
    }

    fn run_round(&mut self) -> Next {
        match self.first_command() {
            Ok(Some(command)) => {
                let next = self.run_command(command);
                if matches!(next, Next::Stop { .. }) {
                    return next;
                }
                while self.commands_run < limits::ENGINE_ROUND_COMMANDS_MAX
                    && self.calls_run < limits::ENGINE_ROUND_CALLS_MAX
                    && let Ok(command) = self.commands.try_recv()
                {
                    let next = self.run_command(command);
                    if matches!(next, Next::Stop { .. }) {
                        return next;
                    }
                }
            }
            Ok(None) => {}
            Err(()) => {
                return Next::Stop { code: goodbye::SHUTDOWN, reason: "the server has stopped".into() };
            }
        }
        self.run_ticks();
        self.end_round();
        self.snapshot_if_due();
        Next::Continue
    }

    /// Waits for a command or the next tick.
    fn first_command(&self) -> Result<Option<EngineCommand>, ()> {
        let due = self.database.next_tick().into_iter().chain(self.snapshots.due()).min();
        match due.filter(|_| self.round.failure().is_none()) {
            None => self.commands.recv().map(Some).map_err(|_| ()),
            Some(due) => {
                let wait = u64::try_from(due.since(clock::now()).0).unwrap_or(0);
                match self.commands.recv_timeout(std::time::Duration::from_micros(wait)) {
                    Ok(command) => Ok(Some(command)),
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Disconnected) => Err(()),
                }
            }
        }
    }

    fn run_command(&mut self, command: EngineCommand) -> Next {
        self.commands_run += 1;
        self.shared.give_room(command.byte_count());
        match command {
            EngineCommand::Calls { connection, block } => self.run_calls(&connection, &block),
            EngineCommand::Connect { connection, token } => self.connect(connection, &token),
            EngineCommand::Disconnect { connection } => self.disconnect(&connection),
            EngineCommand::Subscribe { connection, subscription, sql, delivery, parameters } => {
                connection.has_subscriptions.store(true, Ordering::Relaxed);
                let begin =
                    FollowerCommand::Subscribe { connection, subscription, sql, delivery, parameters };
                self.round.follow(begin);
            }
            EngineCommand::ChangeParameters { connection, subscription, change, parameters } => {
                let other =
                    FollowerCommand::ChangeParameters { connection, subscription, change, parameters };
                self.round.follow(other);
            }
            EngineCommand::Resume { connection, key, claims } => {
                self.round.follow(FollowerCommand::Resume { connection, key, claims });
            }
            EngineCommand::ResumeEnd { connection } => {
                self.round.follow(FollowerCommand::ResumeEnd { connection });
            }
            EngineCommand::Inspect { connection, subscription } => {
                self.round.follow(FollowerCommand::Inspect { connection, subscription });
            }
            EngineCommand::Unsubscribe { connection, subscription } => {
                self.round.follow(FollowerCommand::Unsubscribe { connection, subscription });
            }
            EngineCommand::CallOnce { caller, reducer, arguments, reply } => {
                self.call_once(caller, reducer, &arguments, reply);
            }
            EngineCommand::Publish { publication, reply } => self.publish(&publication, reply),
            EngineCommand::Snapshot { reply } => self.snapshot_now(reply),
            EngineCommand::Stop { code, reason } => return Next::Stop { code, reason },
        }
        Next::Continue
    }

    /// Runs a batch of one client's calls; the results go back together.
    fn run_calls(&mut self, connection: &Arc<Connection>, block: &[u8]) {
        let mut results = Vec::new();
        let view = self.clients.get(&connection.number).and_then(|client| client.view.clone());
        // The block was walked through when it arrived: there are no errors in it.
        for call in Calls::new(block).flatten() {
            let Call { request, reducer, is_quiet, args: arguments } = call;
            let reducer = view.as_ref().map_or(Ok(reducer), |view| view.reducer(reducer));
            let called = match reducer {
                Ok(reducer) => self.call(CallRequest {
                    caller: connection.identity,
                    connection: connection.id,
                    reducer,
                    arguments,
                }),
                Err(reason) => Err(CallRefusal { is_rejection: true, message: reason.to_owned() }),
            };
            match called {
                Ok(offset) => {
                    connection.committed.fetch_max(offset, Ordering::AcqRel);
                    if !is_quiet {
                        let status = CallStatus::Committed;
                        write_result(&mut results, &CallResult { request, status, offset, message: "" });
                    }
                }
                Err(refusal) => {
                    let status = match refusal.is_rejection {
                        true => CallStatus::Rejected,
                        false => CallStatus::ReducerError,
                    };
                    let result = CallResult { request, status, offset: 0, message: &refusal.message };
                    write_result(&mut results, &result);
                }
            }
            if results.len() >= RESULT_BLOCK_BYTES_MAX {
                self.round.answer(connection, std::mem::take(&mut results));
            }
            self.make_room();
        }
        if !results.is_empty() {
            self.round.answer(connection, results);
        }
        connection.batch_ends();
    }

    /// Between two calls of one block: neither memory nor ticks wait for the block's end.
    fn make_room(&mut self) {
        if self.round.byte_count() >= limits::ENGINE_ROUND_BYTES_MAX {
            self.hand_over();
        }
        if self.database.next_tick().is_some_and(|due| due <= clock::now()) {
            self.run_ticks();
        }
    }

    fn call_once(
        &mut self,
        caller: Identity,
        reducer: u16,
        arguments: &[u8],
        reply: oneshot::Sender<CallReply>,
    ) {
        let call = CallRequest { caller, connection: ConnectionId::default(), reducer, arguments };
        let result = self.call(call);
        self.round.reply(reply, result);
    }

    /// Runs one call of a client's; its offset or what to answer.
    fn call(&mut self, call: CallRequest<'_>) -> CallReply {
        if let Some(failure) = self.round.failure() {
            return Err(CallRefusal { is_rejection: true, message: failure.to_owned() });
        }
        self.calls_run += 1;
        let outcome = self.database.call(call, clock::now());
        let statistics = &self.shared.statistics;
        match &outcome.result {
            Ok(_) => Statistics::add(&statistics.calls, 1),
            Err(failure) if failure.is_rejection() => Statistics::add(&statistics.calls_rejected, 1),
            Err(_) => {
                Statistics::add(&statistics.calls, 1);
                Statistics::add(&statistics.calls_failed, 1);
            }
        }
        self.round.take_outcome(&mut self.database, outcome, call.arguments)
    }

    fn connect(&mut self, connection: Arc<Connection>, token: &str) {
        if let Some(failure) = self.round.failure() {
            return connection.goodbye(goodbye::DATABASE, failure);
        }
        let (identity, id, now) = (connection.identity, connection.id, clock::now());
        let outcomes = self.database.client_connected(identity, id, now);
        if let Err(refusal) = self.take_outcomes(outcomes) {
            // What earlier reducers of the same kind did for this client is undone by their counterparts.
            let outcomes = self.database.client_disconnected(identity, id, now);
            self.take_outcomes(outcomes).unwrap_or_default();
            self.database.forget_session(id);
            return connection.goodbye(goodbye::DATABASE, &refusal.message);
        }
        let schema = self.shared.schema();
        let welcome = ServerMessage::Welcome {
            identity,
            connection: id,
            token,
            schema: &schema.bytes,
            offset: self.database.last_offset(),
        };
        connection.welcome(welcome.encode());
        let client =
            Client { connection: Arc::clone(&connection), schema: Arc::clone(&schema.schema), view: None };
        self.clients.insert(connection.number, client);
        self.shared.statistics.connections.store(self.clients.len() as u64, Ordering::Relaxed);
        self.round.follow(FollowerCommand::Connect(connection));
    }

    fn disconnect(&mut self, connection: &Connection) {
        // A client that was refused was never connected.
        if self.clients.remove(&connection.number).is_none() {
            return;
        }
        self.shared.statistics.connections.store(self.clients.len() as u64, Ordering::Relaxed);
        self.round.follow(FollowerCommand::Disconnect(connection.number));
        if self.round.failure().is_none() {
            let outcomes =
                self.database.client_disconnected(connection.identity, connection.id, clock::now());
            self.take_outcomes(outcomes).unwrap_or_default();
        }
        self.database.forget_session(connection.id);
    }

    fn run_ticks(&mut self) {
        for _ in 0..limits::ENGINE_ROUND_TICKS_MAX {
            if self.round.failure().is_some() {
                return;
            }
            let Some(outcome) = self.database.tick(clock::now()) else { break };
            Statistics::add(&self.shared.statistics.ticks, 1);
            // A tick that failed is in the log; the next one comes.
            drop(self.round.take_outcome(&mut self.database, outcome, &[]));
        }
        self.shared.statistics.ticks_skipped.store(self.database.ticks_skipped(), Ordering::Relaxed);
    }

    fn take_outcomes(&mut self, outcomes: Vec<CallOutcome>) -> Result<(), CallRefusal> {
        let mut result = Ok(());
        for outcome in outcomes {
            let taken = self.round.take_outcome(&mut self.database, outcome, &[]);
            result = result.and(taken.map(drop));
        }
        result
    }

    fn end_round(&mut self) {
        self.commands_run = 0;
        self.calls_run = 0;
        self.hand_over();
    }

    fn hand_over(&mut self) {
        let log_bytes = self.round.hand_over();
        self.snapshots.note(self.database.last_offset(), log_bytes, clock::now());
        if let Some(failure) = self.round.failure() {
            for client in self.clients.values() {
                client.connection.goodbye(goodbye::DATABASE, failure);
            }
        }
    }

    /// Says goodbye to every client, runs what the module wants to run then, and syncs the log.
    fn end(mut self, code: u16, reason: &str) {
        // Whoever comes too late hears the same.
        drop(self.shared.ending.set((code, reason.to_owned())));
        for Client { connection, .. } in std::mem::take(&mut self.clients).into_values() {
            if self.round.failure().is_none() {
                let (identity, id) = (connection.identity, connection.id);
                let outcomes = self.database.client_disconnected(identity, id, clock::now());
                self.take_outcomes(outcomes).unwrap_or_default();
            }
            connection.goodbye(code, reason);
        }
        let released = self.database.release_reservations(clock::now()).into_iter().collect();
        self.take_outcomes(released).unwrap_or_default();
        self.end_round();
        self.last_snapshot();
        self.shared.statistics.has_stopped.store(true, Ordering::Release);
        let Self { commands, shared, round, .. } = self;
        // A client that waits for its Welcome gets its Goodbye; whoever waits for a reply learns that none will come. What is
        // sent from here on finds the queue closed, and what slips in between is ended by `Shared::ended`.
        for command in commands.try_iter() {
            if let EngineCommand::Connect { connection, .. } = command {
                shared.say_ended(&connection);
            }
        }
        drop(commands);
        round.close();
    }
}
