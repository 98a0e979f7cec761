//! The receiving half of a connection: checks what the server says and keeps it until the game takes it.

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_wire::{BlockKind, CallStatus, Op, Results, ServerMessage, TableBlocks, UpdateHeader};

use crate::changes::Changes;
use crate::error::{ProtocolError, too_many_notices};
use crate::inspections::Inspections;
use crate::limits;
use crate::outbox::QUIET_REQUEST;
use crate::replica::Replica;
use crate::sampling::{Arrivals, Timing};
use crate::statistics::{Statistics, TableStatistics};
use crate::unpack::unpack;

/// One connection's state as the server told it. The IO side gives it every message with
/// [`Session::receive`]; the game takes what is new with [`crate::World::tick`].
#[derive(Debug, Default)]
pub struct Session {
    welcome: Option<Welcome>,
    goodbye: Option<Goodbye>,
    failed: bool,
    pub(crate) tables: Vec<Replica>,
    pub(crate) news: News,
    last_offset: u64,
    timing: Timing,
    statistics: Statistics,
}

/// Who the client is, and what the database has.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The player, the same after a reconnect with the token.
    pub identity: Identity,
    /// This connection.
    pub connection: ConnectionId,
    /// To be kept and given at the next connect.
    pub token: String,
    /// The module's tables and reducers.
    pub schema: Arc<Schema>,
    /// The database's last commit when the client connected.
    pub offset: u64,
}

/// The server's last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// One of `ambit_wire::goodbye`.
    pub code: u16,
    /// For people.
    pub message: String,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOutcome {
    /// The number that the call was given.
    pub request: u32,
    /// Whether it was committed.
    pub status: CallStatus,
    /// The commit's offset; 0 if nothing was committed.
    pub offset: u64,
    /// The reducer's error or the reason of the refusal; empty when committed.
    pub message: String,
}

/// How a subscription stands, or a change of its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionState {
    /// Its rows are in the cache and follow the server.
    Applied,
    /// It has ended as asked.
    Ended,
    /// The server refused or ended it, and why.
    Failed(String),
}

/// What waits for the game besides rows.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) offset: u64,
    pub(crate) durable_offset: u64,
    pub(crate) timestamp: Timestamp,
    pub(crate) results: Vec<CallOutcome>,
    /// How many of the results are failures of quiet calls.
    pub(crate) quiet_failures: usize,
    pub(crate) subscriptions: Vec<(u32, SubscriptionState)>,
    pub(crate) changes: Changes,
    pub(crate) inspections: Inspections,
}

impl Session {
    /// A session that waits for Welcome.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one message. `now_us` is the clock that pings are stamped with. After an error the session
    /// answers every message with an error and gives the game nothing more; the connection is to be closed.
    pub fn receive(&mut self, message: &[u8], now_us: u64) -> Result<(), ProtocolError> {
        let unpacked = unpack(message);
        self.receive_unpacked(unpacked.as_deref(), message.len(), now_us)
    }

    /// As [`Self::receive`], of a message that [`unpack`] was asked for, which may take a while, before the session was locked.
    /// `received_bytes` are what it had on its way.
    pub fn receive_unpacked(
        &mut self,
        message: Result<&[u8], &ProtocolError>,
        received_bytes: usize,
        now_us: u64,
    ) -> Result<(), ProtocolError> {
        if self.failed {
            return Err(ProtocolError::NotWelcome);
        }
        self.statistics.bytes_received += received_bytes as u64;
        self.statistics.messages_received += 1;
        let message = message.map_err(Clone::clone);
        let result = message.and_then(|message| {
            let message = ServerMessage::decode(message)?;
            self.handle(message, now_us)
        });
        self.failed = result.is_err();
        result
    }

    /// What the server said first; `None` before.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The server's last words, if it said any.
    pub fn goodbye(&self) -> Option<&Goodbye> {
        self.goodbye.as_ref()
    }

    /// Whether the server broke the protocol.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn timing(&self) -> &Timing {
        &self.timing
    }

    pub(crate) fn timing_mut(&mut self) -> &mut Timing {
        &mut self.timing
    }

    /// Figures so far, without those that the outbox and the world know.
    pub fn statistics(&self) -> Statistics {
        let rows_pending = self.tables.iter().map(Replica::touched_count).sum();
        let clock = self.timing.clock();
        Statistics {
            rows_pending,
            clock_offset_us: clock.offset_us().unwrap_or_default(),
            clock_jitter_us: clock.jitter_us(),
            render_delay_us: self.timing.render_delay_us,
            ..self.statistics.clone()
        }
    }

    fn handle(&mut self, message: ServerMessage<'_>, now_us: u64) -> Result<(), ProtocolError> {
        match message {
            ServerMessage::Welcome { identity, connection, token, schema, offset } => {
                if self.welcome.is_some() {
                    return Err(ProtocolError::SecondWelcome);
                }
                let schema = Arc::new(Schema::decode(schema)?);
                self.tables = schema.tables.iter().map(Replica::new).collect();
                self.statistics.tables = vec![TableStatistics::default(); schema.tables.len()];
                self.welcome = Some(Welcome { identity, connection, token: token.into(), schema, offset });
                Ok(())
            }
            ServerMessage::Goodbye { code, message } => {
                self.goodbye = Some(Goodbye { code, message: message.into() });
                Ok(())
            }
            ServerMessage::Compressed { .. } => {
                Err(ProtocolError::Compressed("it lies in another one".into()))
            }
            _ if self.welcome.is_none() => Err(ProtocolError::NotWelcome),
            ServerMessage::Update { header, blocks } => self.update(&header, blocks, now_us),
            ServerMessage::Results { durable_offset, block } => self.results(durable_offset, block),
            ServerMessage::SubscriptionError { subscription, change: 0, message } => {
                self.notice(subscription, SubscriptionState::Failed(message.into()))
            }
            ServerMessage::SubscriptionError { change, message, .. } => {
                self.news.changes.refused(change, message);
                Ok(())
            }
            ServerMessage::Inspection(inspection) => self.news.inspections.told(inspection),
            // It has ended, or was never there: the game is told so of the subscription itself.
            ServerMessage::InspectionError { .. } => Ok(()),
            ServerMessage::Pong { sent_at, server_time } => {
                self.statistics.round_trip_us = now_us.saturating_sub(sent_at);
                self.timing.answered(sent_at, server_time.0, now_us);
                Ok(())
            }
            ServerMessage::Durable { durable_offset } => {
                self.durable(durable_offset);
                Ok(())
            }
        }
    }

    fn update(&mut self, header: &UpdateHeader, blocks: &[u8], now_us: u64) -> Result<(), ProtocolError> {
        if header.offset < self.last_offset {
            return Err(ProtocolError::OffsetBackwards { last: self.last_offset, offset: header.offset });
        }
        self.last_offset = header.offset;
        let Some(welcome) = &self.welcome else { return Err(ProtocolError::NotWelcome) };
        debug_assert_eq!(welcome.schema.tables.len(), self.tables.len());
        let now = self.timing.moment(header.timestamp.0);
        for block in TableBlocks::new(blocks) {
            let block = block?;
            let unknown = ProtocolError::UnknownTable(block.table);
            let Some(table) = self.tables.get_mut(usize::from(block.table)) else { return Err(unknown) };
            let Some(figures) = self.statistics.tables.get_mut(usize::from(block.table)) else {
                return Err(unknown);
            };
            figures.bytes += block.bytes.len() as u64;
            table.begin(&now);
            if block.kind == BlockKind::Motion {
                let layout = table.motion();
                figures.updates += table.move_rows(block.motion(&layout))?;
                continue;
            }
            let layout = table.layout();
            for op in block.ops(&layout) {
                let op = op?;
                match op {
                    Op::Insert { .. } | Op::InsertColumns { .. } => figures.inserts += 1,
                    Op::Delta { .. } => figures.updates += 1,
                    Op::Delete { .. } => figures.deletes += 1,
                }
                table.apply(op)?;
            }
        }
        let tempos = self.tables.iter_mut().filter_map(Replica::followed).map(Arrivals::tempo);
        self.timing.updated(tempos, header.timestamp.0, now_us);
        self.statistics.updates_received += 1;
        self.news.offset = header.offset;
        self.news.timestamp = header.timestamp;
        self.durable(header.durable_offset);
        for &subscription in &header.applied {
            self.notice(subscription, SubscriptionState::Applied)?;
        }
        for &(subscription, change) in &header.changed {
            self.news.changes.applied(subscription, change)?;
        }
        header.ended.iter().try_for_each(|&ended| self.notice(ended, SubscriptionState::Ended))
    }

    fn results(&mut self, durable_offset: u64, block: &[u8]) -> Result<(), ProtocolError> {
        self.durable(durable_offset);
        for result in Results::new(block) {
            let result = result?;
            let is_quiet = result.request & QUIET_REQUEST != 0;
            if is_quiet {
                if self.news.quiet_failures >= limits::QUIET_FAILURES_MAX {
                    continue;
                }
                self.news.quiet_failures += 1;
            } else if self.news.results.len() - self.news.quiet_failures >= limits::CALLS_IN_FLIGHT_MAX {
                return Err(ProtocolError::TooMany { what: "results", max: limits::CALLS_IN_FLIGHT_MAX });
            }
            self.news.results.push(CallOutcome {
                request: result.request,
                status: result.status,
                offset: result.offset,
                message: result.message.into(),
            });
        }
        Ok(())
    }

    fn notice(&mut self, subscription: u32, state: SubscriptionState) -> Result<(), ProtocolError> {
        if self.news.subscriptions.len() >= limits::NOTICES_MAX {
            return Err(too_many_notices());
        }
        if state != SubscriptionState::Applied {
            self.news.inspections.forget(subscription);
        }
        self.news.subscriptions.push((subscription, state));
        Ok(())
    }

    fn durable(&mut self, offset: u64) {
        self.news.durable_offset = self.news.durable_offset.max(offset);
    }
}
