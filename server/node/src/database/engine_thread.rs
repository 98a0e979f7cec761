//! The engine's thread: takes commands in rounds, runs calls and ticks one at a time, and hands on what they made.
//!
//! A round is what has queued up, within limits. At its end the log thread gets the round's records in one batch, the
//! follower its commits, and every client the results of its batch in one message.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ambit_engine::{CallFailure, CallOutcome, CallRequest, Database, LogLevel, Moment};
use ambit_log::{Batch, LogThread};
use ambit_model::{ConnectionId, Identity};
use ambit_module_host::Module;
use ambit_wire::limits::RESULT_BLOCK_BYTES_MAX;
use ambit_wire::{Call, CallResult, CallStatus, Calls, ServerMessage, goodbye, write_result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::oneshot;

use super::command::{CallRefusal, CallReply, EngineCommand, FollowerCommand, PublishReply, Published};
use super::seeds::Seeds;
use super::{Shared, Statistics};
use crate::connection::Connection;
use crate::log_lines::Level;
use crate::{clock, limits};

/// The epoch of log records: there is one leader for ever until a cluster elects others.
const EPOCH: u32 = 1;

/// The state of the thread.
pub struct EngineThread {
    database: Database,
    log: LogThread,
    commands: Receiver<EngineCommand>,
    follower: Sender<Vec<FollowerCommand>>,
    shared: Arc<Shared>,
    seeds: Seeds,
    clients: HashMap<u64, Arc<Connection>>,
    round: Round,
    /// Why nothing can be committed any more.
    failure: Option<String>,
}

/// What the thread is joined to.
pub struct Links {
    /// Takes records.
    pub log: LogThread,
    /// Gives commands.
    pub commands: Receiver<EngineCommand>,
    /// Takes commits and subscriptions.
    pub follower: Sender<Vec<FollowerCommand>>,
    /// What all threads share.
    pub shared: Arc<Shared>,
}

/// What is to be done before the first command.
pub struct Begin {
    /// The commit of another schema, not logged yet.
    pub published: Option<ambit_engine::Published>,
    /// Clients that the last server left connected.
    pub left_connected: Vec<(Identity, ConnectionId)>,
}

/// What a round has made so far.
#[derive(Default)]
struct Round {
    records: Batch,
    followed: Vec<FollowerCommand>,
    results: Vec<(Arc<Connection>, Vec<u8>)>,
    replies: Vec<(oneshot::Sender<CallReply>, CallReply)>,
    commands: usize,
    calls: usize,
}

/// Whether the thread goes on.
enum Next {
    Continue,
    Stop { code: u16, reason: String },
}

impl EngineThread {
    /// A thread's state; it runs with [`EngineThread::run`].
    pub fn new(database: Database, links: Links, seeds: Seeds) -> Self {
        let Links { log, commands, follower, shared } = links;
        Self {
            database,
            log,
            commands,
            follower,
            shared,
            seeds,
            clients: HashMap::new(),
            round: Round::default(),
            failure: None,
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

    /// Commits another schema, runs init for a new database, and lets go those that a crashed server had connected.
    fn begin(&mut self, begin: Begin) {
        if let Some(published) = begin.published {
            self.take_published(published);
        }
        let moment = self.moment();
        if self.database.needs_init() {
            let outcomes = self.database.init(moment);
            // A failed init is in the log; it runs again at the next start.
            self.take_outcomes(outcomes).unwrap_or_default();
        }
        for (identity, connection) in begin.left_connected {
            let outcomes = self.database.client_disconnected(identity, connection, moment);
            self.take_outcomes(outcomes).unwrap_or_default();
        }
        self.end_round();
    }

    fn take_published(&mut self, published: ambit_engine::Published) {
        let offset = published.change_set.offset;
        let pushed = self.round.records.push(offset, EPOCH, |out| published.encode_logged(out));
        if let Err(error) = pushed {
            self.fail(error.to_string());
        }
        self.round.followed.push(FollowerCommand::Change(Arc::new(published.change_set)));
    }

    fn run_round(&mut self) -> Next {
        match self.first_command() {
            Ok(Some(command)) => {
                let next = self.run_command(command);
                if matches!(next, Next::Stop { .. }) {
                    return next;
                }
                while self.round.commands < limits::ENGINE_ROUND_COMMANDS_MAX
                    && self.round.calls < limits::ENGINE_ROUND_CALLS_MAX
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
        Next::Continue
    }

    /// Waits for a command or the next tick.
    fn first_command(&self) -> Result<Option<EngineCommand>, ()> {
        match self.database.next_tick().filter(|_| self.failure.is_none()) {
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
        self.round.commands += 1;
        match command {
            EngineCommand::Calls { connection, block } => self.run_calls(&connection, &block),
            EngineCommand::Connect { connection, token } => self.connect(connection, &token),
            EngineCommand::Disconnect { connection } => self.disconnect(&connection),
            EngineCommand::Subscribe { connection, subscription, sql, rate } => {
                connection.has_subscriptions.store(true, Ordering::Relaxed);
                self.round.followed.push(FollowerCommand::Subscribe { connection, subscription, sql, rate });
            }
            EngineCommand::Unsubscribe { connection, subscription } => {
                self.round.followed.push(FollowerCommand::Unsubscribe { connection, subscription });
            }
            EngineCommand::CallOnce { caller, reducer, arguments, reply } => {
                self.call_once(caller, reducer, &arguments, reply);
            }
            EngineCommand::Publish { module, reply } => self.publish(&module, reply),
            EngineCommand::Stop { code, reason } => return Next::Stop { code, reason },
        }
        Next::Continue
    }

    /// Runs a batch of one client's calls; the results go back together.
    fn run_calls(&mut self, connection: &Arc<Connection>, block: &[u8]) {
        let mut results = Vec::new();
        let moment = self.moment();
        // The block was walked through when it arrived: there are no errors in it.
        for call in Calls::new(block).flatten() {
            let Call { request, reducer, args: arguments } = call;
            let call =
                CallRequest { caller: connection.identity, connection: connection.id, reducer, arguments };
            match self.call(call, moment) {
                Ok(offset) => {
                    connection.committed.fetch_max(offset, Ordering::AcqRel);
                    let result = CallResult { request, status: CallStatus::Committed, offset, message: "" };
                    write_result(&mut results, &result);
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
                self.round.results.push((Arc::clone(connection), std::mem::take(&mut results)));
            }
        }
        if !results.is_empty() {
            self.round.results.push((Arc::clone(connection), results));
        }
        connection.batch_ends();
    }

    fn call_once(
        &mut self,
        caller: Identity,
        reducer: u16,
        arguments: &[u8],
        reply: oneshot::Sender<CallReply>,
    ) {
        let call = CallRequest { caller, connection: ConnectionId::default(), reducer, arguments };
        let moment = self.moment();
        let result = self.call(call, moment);
        self.round.replies.push((reply, result));
    }

    /// Runs one call of a client's; its offset or what to answer.
    fn call(&mut self, call: CallRequest<'_>, moment: Moment) -> CallReply {
        if let Some(failure) = &self.failure {
            return Err(CallRefusal { is_rejection: true, message: failure.clone() });
        }
        self.round.calls += 1;
        let moment = Moment { seed: self.seeds.next_seed(), ..moment };
        let outcome = self.database.call(call, moment);
        let statistics = &self.shared.statistics;
        match &outcome.result {
            Ok(_) => Statistics::add(&statistics.calls, 1),
            Err(failure) if failure.is_rejection() => Statistics::add(&statistics.calls_rejected, 1),
            Err(_) => {
                Statistics::add(&statistics.calls, 1);
                Statistics::add(&statistics.calls_failed, 1);
            }
        }
        self.take_outcome(outcome, call.arguments)
    }

    fn connect(&mut self, connection: Arc<Connection>, token: &str) {
        if let Some(failure) = &self.failure {
            return connection.goodbye(goodbye::DATABASE, failure);
        }
        let moment = self.moment();
        let outcomes = self.database.client_connected(connection.identity, connection.id, moment);
        if let Err(refusal) = self.take_outcomes(outcomes) {
            // What earlier reducers of the same kind did for this client is undone by their counterparts.
            let outcomes = self.database.client_disconnected(connection.identity, connection.id, moment);
            self.take_outcomes(outcomes).unwrap_or_default();
            return connection.goodbye(goodbye::DATABASE, &refusal.message);
        }
        let welcome = ServerMessage::Welcome {
            identity: connection.identity,
            connection: connection.id,
            token,
            schema: &self.shared.schema_bytes,
            offset: self.database.last_offset(),
        };
        connection.welcome(welcome.encode());
        self.clients.insert(connection.number, Arc::clone(&connection));
        self.shared.statistics.connections.store(self.clients.len() as u64, Ordering::Relaxed);
        self.round.followed.push(FollowerCommand::Connect(connection));
    }

    fn disconnect(&mut self, connection: &Connection) {
        // A client that was refused was never connected.
        if self.clients.remove(&connection.number).is_none() {
            return;
        }
        self.shared.statistics.connections.store(self.clients.len() as u64, Ordering::Relaxed);
        self.round.followed.push(FollowerCommand::Disconnect(connection.number));
        let moment = self.moment();
        if self.failure.is_none() {
            let outcomes = self.database.client_disconnected(connection.identity, connection.id, moment);
            self.take_outcomes(outcomes).unwrap_or_default();
        }
    }

    fn publish(&mut self, module: &Module, reply: oneshot::Sender<PublishReply>) {
        let moment = self.moment();
        let answer = match self.database.replace_module(module, moment) {
            Ok(None) => Ok(Published::Swapped),
            Ok(Some(published)) => {
                self.take_published(published);
                Ok(Published::NeedsReopen)
            }
            Err(error) => Err(error.to_string()),
        };
        // If the publisher has gone, the module stays all the same.
        drop(reply.send(answer));
    }

    fn run_ticks(&mut self) {
        for _ in 0..limits::ENGINE_ROUND_TICKS_MAX {
            let moment = self.moment();
            if self.failure.is_some() {
                return;
            }
            let Some(outcome) = self.database.tick(moment) else { break };
            Statistics::add(&self.shared.statistics.ticks, 1);
            // A tick that failed is in the log; the next one comes.
            drop(self.take_outcome(outcome, &[]));
        }
        self.shared.statistics.ticks_skipped.store(self.database.ticks_skipped(), Ordering::Relaxed);
    }

    fn take_outcomes(&mut self, outcomes: Vec<CallOutcome>) -> Result<(), CallRefusal> {
        let mut result = Ok(());
        for outcome in outcomes {
            let taken = self.take_outcome(outcome, &[]);
            result = result.and(taken.map(drop));
        }
        result
    }

    /// Logs, records and hands on what a call made.
    fn take_outcome(&mut self, mut outcome: CallOutcome, arguments: &[u8]) -> CallReply {
        for line in outcome.logs.drain(..) {
            self.shared.lines.guest(level(line.level), line.text);
        }
        if outcome.logs_dropped > 0 {
            let text = format!("{} more log lines of one call were dropped", outcome.logs_dropped);
            self.shared.lines.server(Level::Warn, text);
        }
        if outcome.change_set.is_some() {
            self.record(&outcome, arguments);
        }
        if let Some(change_set) = outcome.change_set.take() {
            self.round.followed.push(FollowerCommand::Change(Arc::new(change_set)));
        }
        match outcome.result {
            Ok(offset) => Ok(offset),
            Err(failure) => {
                self.tell_failure(outcome.reducer, &failure);
                Err(CallRefusal { is_rejection: failure.is_rejection(), message: failure.to_string() })
            }
        }
    }

    fn record(&mut self, outcome: &CallOutcome, arguments: &[u8]) {
        let offset = self.database.last_offset();
        Statistics::add(&self.shared.statistics.commits, 1);
        let pushed = self.round.records.push(offset, EPOCH, |out| outcome.encode_logged(arguments, out));
        if let Err(error) = pushed {
            self.fail(error.to_string());
        }
    }

    fn tell_failure(&self, reducer: u16, failure: &CallFailure) {
        let level = match failure {
            CallFailure::UnknownReducer(_) | CallFailure::NotCallable(_) | CallFailure::Arguments { .. } => {
                Level::Warn
            }
            CallFailure::Module(ambit_engine::CallError::Failed(_)) => Level::Info,
            CallFailure::Module(_) => Level::Error,
        };
        let name = self.shared.schema.reducers.get(usize::from(reducer)).map(|reducer| reducer.name.as_str());
        self.shared.lines.call(level, format!("reducer `{}`: {failure}", name.unwrap_or("?")));
    }

    /// Hands on what the round made: records first, so that the disk works while the rest is sent.
    fn end_round(&mut self) {
        self.round.commands = 0;
        self.round.calls = 0;
        if !self.round.records.is_empty() {
            let records = std::mem::replace(&mut self.round.records, self.log.batch());
            if let Err(stopped) = self.log.append(records) {
                self.fail(stopped.reason);
            }
            self.shared.statistics.offset.store(self.database.last_offset(), Ordering::Relaxed);
        }
        if let Some(failure) = self.failure.clone() {
            // Nothing that may be lost is acknowledged.
            self.round.results.clear();
            self.round.followed.clear();
            let refusal = CallRefusal { is_rejection: true, message: failure };
            self.round.replies.drain(..).for_each(|(reply, _)| drop(reply.send(Err(refusal.clone()))));
            return;
        }
        if !self.round.followed.is_empty() {
            // The follower ends after the engine; if it panicked, stop() says so.
            drop(self.follower.send(std::mem::take(&mut self.round.followed)));
        }
        let durable_offset = *self.shared.durable.borrow();
        for (connection, block) in self.round.results.drain(..) {
            connection.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
            connection.send(ServerMessage::Results { durable_offset, block: &block }.encode());
            if connection.committed.load(Ordering::Acquire) > durable_offset {
                self.shared.waiting.add(&connection);
            }
        }
        // A tool that has gone does not want its answer.
        self.round.replies.drain(..).for_each(|(reply, result)| drop(reply.send(result)));
    }

    /// Nothing can be committed any more: says so to everyone.
    fn fail(&mut self, reason: String) {
        if self.failure.is_some() {
            return;
        }
        self.shared.lines.server(Level::Error, format!("the database has stopped: {reason}"));
        for connection in self.clients.values() {
            connection.goodbye(goodbye::DATABASE, &reason);
        }
        self.failure = Some(reason);
    }

    /// Says goodbye to every client, runs what the module wants to run then, and syncs the log.
    fn end(mut self, code: u16, reason: &str) {
        for connection in std::mem::take(&mut self.clients).into_values() {
            if self.failure.is_none() {
                let moment = self.moment();
                let outcomes = self.database.client_disconnected(connection.identity, connection.id, moment);
                self.take_outcomes(outcomes).unwrap_or_default();
            }
            connection.goodbye(code, reason);
        }
        self.end_round();
        self.shared.statistics.has_stopped.store(true, Ordering::Release);
        if let Err(stopped) = self.log.close() {
            self.shared.lines.server(Level::Error, stopped.reason);
        }
    }

    fn moment(&mut self) -> Moment {
        Moment { now: clock::now(), seed: self.seeds.next_seed() }
    }
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
        LogLevel::Trace => Level::Trace,
    }
}
