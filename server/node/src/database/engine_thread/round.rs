//! What a round of the engine has made, and where it goes: records to the log, commits to the follower, results and
//! replies to whoever called. It runs nothing itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ambit_engine::{CallFailure, CallOutcome, Database, LogLevel, LogLine, Published};
use ambit_log::{Batch, LogThread};
use ambit_wire::ServerMessage;
use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use super::super::command::{CallRefusal, CallReply, FollowerCommand, FollowerRound};
use super::super::gate::Gate;
use super::super::{Shared, Statistics};
use crate::connection::Connection;
use crate::log_lines::Level;

/// The epoch of log records: there is one leader for ever until a cluster elects others.
const EPOCH: u32 = 1;

/// What has been made since the last hand-over, and its takers.
pub(super) struct Round {
    log: LogThread,
    log_gate: Arc<Gate>,
    follower: Sender<FollowerRound>,
    follower_gate: Arc<Gate>,
    shared: Arc<Shared>,
    records: Batch,
    followed: Vec<FollowerCommand>,
    followed_bytes: usize,
    results: Vec<(Arc<Connection>, Vec<u8>)>,
    replies: Vec<(oneshot::Sender<CallReply>, CallReply)>,
    /// The last commit that was taken, and the last that the log was told of.
    last_offset: u64,
    handed_offset: u64,
    /// Why nothing can be committed any more.
    failure: Option<String>,
}

/// Who takes what a round has made.
pub(super) struct Takers {
    pub log: LogThread,
    pub log_gate: Arc<Gate>,
    pub follower: Sender<FollowerRound>,
    pub follower_gate: Arc<Gate>,
}

impl Round {
    pub fn new(takers: Takers, shared: Arc<Shared>) -> Self {
        let Takers { log, log_gate, follower, follower_gate } = takers;
        Self {
            records: log.batch(),
            log,
            log_gate,
            follower,
            follower_gate,
            shared,
            followed: Vec::new(),
            followed_bytes: 0,
            results: Vec::new(),
            replies: Vec::new(),
            last_offset: 0,
            handed_offset: 0,
            failure: None,
        }
    }

    /// Bytes of records and commits that were not handed over yet.
    pub fn byte_count(&self) -> usize {
        self.records.byte_count() + self.followed_bytes
    }

    /// The last commit that the log was told of.
    pub fn handed_offset(&self) -> u64 {
        self.handed_offset
    }

    /// Why nothing can be committed any more, if so.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Tells the follower something, in order with the commits.
    pub fn follow(&mut self, command: FollowerCommand) {
        self.followed_bytes += command.byte_count();
        self.followed.push(command);
    }

    /// Keeps results for a client.
    pub fn answer(&mut self, connection: &Arc<Connection>, results: Vec<u8>) {
        self.results.push((Arc::clone(connection), results));
    }

    /// Keeps the answer to a tool's call.
    pub fn reply(&mut self, to: oneshot::Sender<CallReply>, reply: CallReply) {
        self.replies.push((to, reply));
    }

    /// Takes the commit of another module. The follower has to be told apart.
    pub fn take_published(&mut self, database: &mut Database, published: &Published) {
        let offset = published.change_set.offset;
        Statistics::add(&self.shared.statistics.commits, 1);
        self.last_offset = offset;
        let pushed = self.records.push(offset, EPOCH, |out| database.encode_published(published, out));
        if let Err(error) = pushed {
            self.fail(error.to_string());
        }
    }

    /// Takes lines of the module's.
    pub fn take_lines(&self, lines: Vec<LogLine>) {
        for line in lines {
            self.shared.lines.guest(level(line.level), line.text);
        }
    }

    /// Takes what a call made: its log lines, its record, its commit; the answer to its caller.
    pub fn take_outcome(
        &mut self,
        database: &mut Database,
        mut outcome: CallOutcome,
        arguments: &[u8],
    ) -> CallReply {
        self.take_lines(std::mem::take(&mut outcome.logs));
        if outcome.logs_dropped > 0 {
            let text = format!("{} more log lines of one call were dropped", outcome.logs_dropped);
            self.shared.lines.call(Level::Warn, text);
        }
        if let Some(offset) = outcome.change_set.as_ref().map(|change_set| change_set.offset) {
            Statistics::add(&self.shared.statistics.commits, 1);
            if outcome.record.is_some() {
                let encode = |out: &mut Vec<u8>| database.encode_logged(&outcome, arguments, out);
                if let Err(error) = self.records.push(offset, EPOCH, encode) {
                    self.fail(error.to_string());
                }
            }
        }
        if let Some(change_set) = outcome.change_set.take() {
            self.last_offset = change_set.offset;
            self.follow(FollowerCommand::Change(Arc::new(change_set)));
        }
        match outcome.result {
            Ok(offset) => Ok(offset),
            Err(failure) => {
                self.tell_failure(outcome.reducer, &failure);
                Err(CallRefusal { is_rejection: failure.is_rejection(), message: failure.to_string() })
            }
        }
    }

    /// Hands everything over: records first, so that the disk works while the rest is sent. Returns their bytes.
    pub fn hand_over(&mut self) -> u64 {
        let bytes = self.hand_over_records();
        self.hand_over_rest();
        bytes
    }

    /// Hands the records to the log.
    pub fn hand_over_records(&mut self) -> u64 {
        if self.last_offset == self.handed_offset {
            return 0;
        }
        let mut records = std::mem::replace(&mut self.records, self.log.batch());
        // Commits that touched nothing that is logged are as durable as they will ever be once those before them are.
        if let Err(error) = records.advance(self.last_offset) {
            self.fail(error.to_string());
        }
        self.handed_offset = self.last_offset;
        let bytes = records.byte_count();
        self.log_gate.enter(bytes);
        if let Err(stopped) = self.log.append(records) {
            self.fail(stopped.reason);
        }
        self.shared.statistics.offset.store(self.last_offset, Ordering::Relaxed);
        bytes as u64
    }

    /// Hands the commits to the follower, and results and replies to whoever called.
    pub fn hand_over_rest(&mut self) {
        if self.failure.is_none() && !self.followed.is_empty() {
            let bytes = std::mem::take(&mut self.followed_bytes);
            self.follower_gate.enter(bytes);
            let round = FollowerRound { commands: std::mem::take(&mut self.followed), bytes };
            if self.follower.send(round).is_err() {
                self.fail("its follower has ended; restart the server".to_owned());
            }
        }
        if let Some(failure) = &self.failure {
            // Nothing that may be lost is acknowledged.
            self.results.clear();
            self.followed.clear();
            self.followed_bytes = 0;
            let refusal = CallRefusal { is_rejection: true, message: failure.clone() };
            self.replies.drain(..).for_each(|(reply, _)| drop(reply.send(Err(refusal.clone()))));
            return;
        }
        // Before the durable offset is read: what becomes durable while results go out is told to those on the list.
        for (connection, _) in &self.results {
            self.shared.waiting.add(connection);
        }
        let durable_offset = *self.shared.durable.borrow();
        for (connection, block) in self.results.drain(..) {
            connection.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
            connection.send(ServerMessage::Results { durable_offset, block: &block }.encode());
        }
        // A tool that has gone does not want its answer.
        self.replies.drain(..).for_each(|(reply, result)| drop(reply.send(result)));
    }

    /// Syncs the log and ends it.
    pub fn close(self) {
        if let Err(stopped) = self.log.close() {
            self.shared.lines.server(Level::Error, stopped.reason);
        }
    }

    fn fail(&mut self, reason: String) {
        if self.failure.is_none() {
            self.shared.lines.server(Level::Error, format!("the database has stopped: {reason}"));
            self.failure = Some(reason);
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
        let schema = self.shared.schema();
        let name = schema.schema.reducers.get(usize::from(reducer)).map(|reducer| reducer.name.as_str());
        self.shared.lines.call(level, format!("reducer `{}`: {failure}", name.unwrap_or("?")));
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
