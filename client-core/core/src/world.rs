//! The game's side: the cache as of the last tick, events, results.

mod sampling;

use std::collections::HashMap;
use std::sync::Arc;

use ambit_model::{Schema, Timestamp, delta};
use ambit_wire::Inspection;

use crate::changes::Changes;
use crate::events::{Event, Events};
use crate::inspections::Inspections;
use crate::limits;
use crate::pace::Pace;
use crate::sampling::Known;
use crate::session::{CallOutcome, Session, SubscriptionState};
use crate::table::Table;

/// How much a tick hands out. Updates are always applied whole; only events wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Events at most.
    pub events_max: usize,
}

impl Budget {
    /// Every event at once.
    pub const UNLIMITED: Self = Self { events_max: usize::MAX };

    /// At most this many events.
    pub const fn events(events_max: usize) -> Self {
        Self { events_max }
    }
}

/// The player's part of the world. Everything it lends stays in place until the next tick.
#[derive(Debug, Default)]
pub struct World {
    schema: Option<Arc<Schema>>,
    tables: Vec<Table>,
    events: Events,
    results: Vec<CallOutcome>,
    /// How many of the results are of calls that were in flight.
    answered: usize,
    subscriptions: HashMap<u32, SubscriptionState>,
    changes: Changes,
    inspections: Inspections,
    offset: u64,
    durable_offset: u64,
    timestamp: Timestamp,
    pace: Pace,
    known: Known,
}

impl World {
    /// An empty world; it has tables after the first tick that follows the Welcome.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies everything that the session has received, as one step to a later commit; then hands out events
    /// and results. What the last tick handed out is gone.
    pub fn tick(&mut self, session: &mut Session, budget: Budget) {
        self.results.clear();
        self.answered = 0;
        self.events.retire(&mut self.tables);
        if !session.has_failed() {
            self.take(session);
        }
        self.events.hand_out(budget.events_max);
    }

    /// The events of this tick: first what earlier ticks left over, then departures before arrivals.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.events.given(&self.tables)
    }

    /// Tells that the game handled only the first `count` events of this tick; the next tick hands out the rest.
    /// This is how a caller with a clock keeps a budget of time.
    pub fn defer_events_after(&mut self, count: usize) {
        self.events.take_back_after(count);
    }

    /// Events that wait for a later tick.
    pub fn events_pending(&self) -> usize {
        self.events.pending()
    }

    /// The results of calls that came in before this tick.
    pub fn results(&self) -> &[CallOutcome] {
        &self.results
    }

    /// How many of the results are of calls that were in flight; the others are failures of quiet calls.
    pub fn answered(&self) -> usize {
        self.answered
    }

    /// How a subscription stands; `None` before its first result, and long after its end.
    pub fn subscription(&self, subscription: u32) -> Option<&SubscriptionState> {
        self.subscriptions.get(&subscription)
    }

    /// How a change of a subscription's parameters stands: applied if it or a later one counts, failed if the server refused
    /// it, and if the subscription is over, as that stands. `None` before the server's answer.
    pub fn change(&self, subscription: u32, change: u32) -> Option<&SubscriptionState> {
        let is_over = |state: &&SubscriptionState| **state != SubscriptionState::Applied;
        let over = || self.subscription(subscription).filter(is_over);
        self.changes.state(subscription, change).or_else(over)
    }

    /// What was in force in a subscription when the server was asked last; `None` before the answer, and after the
    /// subscription's end.
    pub fn inspection(&self, subscription: u32) -> Option<&Inspection> {
        self.inspections.get(subscription)
    }

    /// The module's tables and reducers; `None` before the first tick after the Welcome.
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        self.schema.as_ref()
    }

    /// The table of this id.
    pub fn table(&self, table: u16) -> Option<&Table> {
        self.tables.get(usize::from(table))
    }

    /// The table of this name.
    pub fn table_named(&self, name: &str) -> Option<&Table> {
        self.schema.as_ref().and_then(|schema| schema.table(name)).and_then(|(id, _)| self.table(id))
    }

    /// All tables, by id.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The commit that the cache equals.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Every commit up to this offset is durable.
    pub fn durable_offset(&self) -> u64 {
        self.durable_offset
    }

    /// The time of the commit that the cache equals.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    fn take(&mut self, session: &mut Session) {
        if self.schema.is_none()
            && let Some(welcome) = session.welcome()
        {
            let schema = Arc::clone(&welcome.schema);
            let tables = (0_u16..).zip(&schema.tables);
            self.tables = tables.map(|(id, table)| Table::new(&schema, id, table)).collect();
            self.schema = Some(schema);
        }
        for (table, replica) in self.tables.iter_mut().zip(&session.tables) {
            if !replica.any_left() {
                continue;
            }
            for change in replica.changes() {
                if let (Some(reason), Some(local)) = (change.left, table.rows.local(change.slot)) {
                    self.events.deletes(table, change.slot, local, reason);
                    table.delete(change.slot);
                }
            }
        }
        let delay_us = self.pace.delay_us();
        for (table, replica) in self.tables.iter_mut().zip(&mut session.tables) {
            for change in replica.changes() {
                let Some(row) = change.row else { continue };
                let local = match table.rows.local(change.slot) {
                    Some(local) => {
                        let old = table.rows.row(local).unwrap_or_default();
                        if !delta::same_columns(table.layout(), old, row, change.mask) {
                            self.events.updates(table, change.slot, local);
                            table.update(local, row, change.mask);
                        }
                        local
                    }
                    None => {
                        let local = table.insert(change.slot, row);
                        self.events.inserted(table, change.slot, local);
                        local
                    }
                };
                if let Some(arrived) = change.arrived {
                    table.histories.take(local, replica.arrivals(), arrived, delay_us);
                }
            }
            replica.taken();
            replica.follow_as(table, session.news.timestamp);
        }
        self.known = session.timing().known();
        let news = &mut session.news;
        self.offset = self.offset.max(news.offset);
        self.durable_offset = self.durable_offset.max(news.durable_offset);
        self.timestamp = news.timestamp;
        std::mem::swap(&mut self.results, &mut news.results);
        self.answered = self.results.len() - std::mem::take(&mut news.quiet_failures);
        self.inspections.take(&mut news.inspections);
        for (subscription, state) in news.subscriptions.drain(..) {
            if state != SubscriptionState::Applied {
                self.inspections.forget(subscription);
            }
            self.subscriptions.insert(subscription, state);
        }
        self.changes.take(&mut news.changes);
        if self.subscriptions.len() > limits::SUBSCRIPTION_STATES_MAX {
            self.subscriptions.retain(|_, state| *state == SubscriptionState::Applied);
            self.changes.retain(|subscription| self.subscriptions.contains_key(&subscription));
        }
    }
}
