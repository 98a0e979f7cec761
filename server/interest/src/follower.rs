//! The follower: change sets and subscriptions in, client updates out.

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_store::{ApplyError, ChangeSet, Store};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::client::{Client, ClientId, Source, Stage, Subscription};
use crate::cohort::{Cohort, Rate};
use crate::flush::{self, Scratch};
use crate::limits;
use crate::query::plan::{Filter, Plan};
use crate::query::{self, Caller, QueryError};
use crate::world::World;

/// Follows one database and keeps every client's cache equal to the results of its subscriptions.
pub struct Follower {
    world: World,
    clients: Vec<Option<Client>>,
    free_clients: Vec<usize>,
    by_id: HashMap<ClientId, usize, FxBuildHasher>,
    cohorts: Vec<Cohort>,
    scratch: Scratch,
    offset: u64,
    timestamp: Timestamp,
    statistics: Statistics,
}

/// One client's update: its cache goes from the state of its last update to that of `offset`, at once.
#[derive(Debug)]
pub struct ClientUpdate {
    /// Whose.
    pub client: ClientId,
    /// The commit that the client's cache equals afterwards.
    pub offset: u64,
    /// When that commit was made.
    pub timestamp: Timestamp,
    /// Subscriptions whose first result is in this update.
    pub applied: Vec<u32>,
    /// Subscriptions that end with this update.
    pub ended: Vec<u32>,
    /// Subscriptions that the follower ends with this update, and why.
    pub refused: Vec<(u32, QueryError)>,
    /// Update blocks as in `ambit_wire`. In a table, rows leave before others change or enter.
    pub blocks: Vec<u8>,
}

/// What the follower holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Connected clients.
    pub clients: u64,
    /// Their subscriptions.
    pub subscriptions: u64,
    /// Row changes remembered for clients that were not flushed yet.
    pub pending_changes: u64,
}

impl Follower {
    /// A follower of an empty database. The schema has been checked.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self::with_hash_seed(schema, 0)
    }

    /// A follower whose hash indexes are seeded, so that clients cannot prepare keys that collide.
    pub fn with_hash_seed(schema: Arc<Schema>, hash_seed: u64) -> Self {
        Self {
            world: World::new(schema, hash_seed),
            clients: Vec::new(),
            free_clients: Vec::new(),
            by_id: HashMap::default(),
            cohorts: Vec::new(),
            scratch: Scratch::default(),
            offset: 0,
            timestamp: Timestamp::default(),
            statistics: Statistics::default(),
        }
    }

    /// The follower's rows.
    pub fn store(&self) -> &Store {
        &self.world.store
    }

    /// The tables and reducers.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.world.schema
    }

    /// The last commit applied, 0 if none.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Counts of what it holds.
    pub fn statistics(&self) -> Statistics {
        let pending = self.world.tables.iter().map(|table| table.log.len() as u64).sum();
        Statistics { pending_changes: pending, ..self.statistics }
    }

    /// Applies the next commit. On an error the follower is as before.
    pub fn apply(&mut self, change_set: &ChangeSet) -> Result<(), ApplyError> {
        self.world.apply(&change_set.body)?;
        self.offset = change_set.offset;
        self.timestamp = change_set.timestamp;
        let logs = || self.world.tables.iter().map(|table| &table.log);
        if logs().map(|log| log.len()).sum::<usize>() > limits::PENDING_CHANGES_MAX
            || logs().map(|log| log.image_bytes()).sum::<usize>() > limits::PENDING_IMAGE_BYTES_MAX
        {
            self.cohorts.iter_mut().for_each(Cohort::hurry);
        }
        Ok(())
    }

    /// Takes in a client. One of that id that was there before is forgotten.
    pub fn connect(&mut self, id: ClientId, identity: Identity, connection: ConnectionId) {
        self.disconnect(id);
        let client = Client {
            id,
            identity,
            connection,
            cohort: None,
            subscriptions: Vec::new(),
            ended: Vec::new(),
            last_bytes: 0,
        };
        let place = self.free_clients.pop().unwrap_or(self.clients.len());
        if place == self.clients.len() {
            self.clients.push(Some(client));
        } else if let Some(free) = self.clients.get_mut(place) {
            *free = Some(client);
        }
        self.by_id.insert(id, place);
        self.statistics.clients += 1;
    }

    /// Forgets a client and its subscriptions. Nothing is sent to it any more.
    pub fn disconnect(&mut self, id: ClientId) {
        let Some(place) = self.by_id.remove(&id) else { return };
        let Some(client) = self.clients.get_mut(place).and_then(Option::take) else { return };
        self.free_clients.push(place);
        self.statistics.clients -= 1;
        self.statistics.subscriptions -= client.subscriptions.len() as u64;
        if let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) {
            cohort.clients.retain(|&other| other != place);
            for subscription in client.subscriptions {
                flush::release(&mut self.world, cohort, subscription);
            }
        }
        self.trim();
    }

    /// Begins a subscription. Its first result comes with the client's next update, and tells its number.
    ///
    /// `rate` is in updates per second: 0 for the default, infinity for one per flush. A
    /// connection is flushed at the highest rate of its subscriptions, so that its cache is one state.
    pub fn subscribe(
        &mut self,
        id: ClientId,
        subscription: u32,
        sql: &str,
        rate: f32,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        let rate = Rate::from_hertz(rate)?;
        let place = *self.by_id.get(&id).ok_or(QueryError::UnknownClient)?;
        let client = self.clients.get(place).and_then(Option::as_ref).ok_or(QueryError::UnknownClient)?;
        let taken = |known: &Subscription| known.number == subscription;
        if client.ended.contains(&subscription) || client.subscriptions.iter().any(taken) {
            return Err(QueryError::SubscriptionInUse(subscription));
        }
        if client.subscriptions.len() + client.ended.len() >= limits::SUBSCRIPTIONS_PER_CLIENT_MAX {
            return Err(QueryError::TooManySubscriptions);
        }
        let caller = Caller { identity: client.identity, connection: client.connection };
        let plan = query::parse(&self.world.schema, caller, sql)?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let (table, source) = match plan {
            Plan::Filter(filter) => {
                self.world.watch(&filter);
                (filter.table, Source::Filter(cohort.filters.acquire(&filter, false)))
            }
            Plan::Circle(circle) => {
                let grid = self.world.watch_grid(&circle)?;
                self.world.watch(&circle.observer);
                self.world.watch(&Filter { table: circle.target.table, conditions: Vec::new() });
                let observers = cohort.filters.acquire(&circle.observer, true);
                (circle.target.table, Source::Circle { circle, grid, observers, held: Vec::new() })
            }
        };
        cohort.has_news = true;
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            let at = client.subscriptions.partition_point(|known| known.table <= table);
            let (number, stage) = (subscription, Stage::Added);
            let added = Subscription { number, rate, stage, table, source, refused: None };
            client.subscriptions.insert(at, added);
        }
        self.statistics.subscriptions += 1;
        Ok(())
    }

    /// Ends a subscription. The rows that only it held leave with the client's next update. A number that is
    /// not in use is ignored.
    pub fn unsubscribe(&mut self, id: ClientId, subscription: u32) {
        let Some(client) = self.by_id.get(&id).and_then(|&place| self.clients.get_mut(place)?.as_mut())
        else {
            return;
        };
        let Some(place) = client.subscriptions.iter().position(|known| known.number == subscription) else {
            return;
        };
        let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) else { return };
        cohort.has_news = true;
        match client.subscriptions.get_mut(place) {
            Some(known) if known.stage != Stage::Added => known.stage = Stage::Ended,
            _ => {
                client.ended.push(subscription);
                flush::release(&mut self.world, cohort, client.subscriptions.remove(place));
                self.statistics.subscriptions -= 1;
            }
        }
    }

    /// When [`Self::flush`] is to be called next, if there is anything to send; a moment in the past means at
    /// once. Commits and subscriptions change the answer.
    pub fn next_flush(&self) -> Option<Timestamp> {
        self.cohorts.iter().filter(|cohort| self.has_work(cohort)).map(Cohort::due).min()
    }

    /// Whether any client wants an update at every flush after a commit.
    pub fn has_immediate_clients(&self) -> bool {
        self.cohorts.iter().any(|cohort| cohort.rate == Rate::Immediate && !cohort.clients.is_empty())
    }

    /// Hands out the updates of all clients that are due.
    pub fn flush(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate)) {
        let mut due: Vec<bool> =
            self.cohorts.iter().map(|cohort| cohort.due() <= now && self.has_work(cohort)).collect();
        let moves = self.plan_moves(&mut due, now);
        for (cohort, _) in self.cohorts.iter_mut().zip(&due).filter(|(_, due)| **due) {
            let commit = (self.offset, self.timestamp);
            let ended =
                flush::flush(&mut self.world, cohort, &mut self.clients, &mut self.scratch, commit, sink);
            cohort.flushed(now);
            self.statistics.subscriptions -= ended;
        }
        for (place, target) in moves {
            self.move_client(place, target);
        }
        self.trim();
    }

    fn has_work(&self, cohort: &Cohort) -> bool {
        let is_behind = || {
            let ends = self.world.tables.iter().map(|table| table.log.end());
            cohort.cursors.iter().zip(ends).any(|(cursor, end)| *cursor < end)
        };
        !cohort.clients.is_empty() && (cohort.has_news || is_behind())
    }

    /// Puts a client that holds nothing into a cohort.
    fn join(&mut self, place: usize, rate: Rate, now: Timestamp) -> usize {
        let target = self.choose_cohort(rate, now);
        let ends = self.world.tables.iter().map(|table| table.log.end());
        if let Some(cohort) = self.cohorts.get_mut(target) {
            if cohort.clients.is_empty() {
                cohort.cursors = ends.collect();
            }
            cohort.clients.push(place);
        }
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            client.cohort = Some(target);
        }
        target
    }

    /// The cohort of this rate with the fewest clients.
    fn choose_cohort(&mut self, rate: Rate, now: Timestamp) -> usize {
        let of_rate = |cohort: &Cohort| cohort.rate == rate;
        let existing = self.cohorts.iter().filter(|cohort| of_rate(cohort)).count() as u32;
        if existing < rate.phases() {
            self.cohorts.push(Cohort::new(rate, existing, now));
            return self.cohorts.len() - 1;
        }
        let candidates = self.cohorts.iter().enumerate().filter(|(_, cohort)| of_rate(cohort));
        candidates.min_by_key(|(_, cohort)| cohort.clients.len()).map_or(0, |(place, _)| place)
    }

    /// Clients of due cohorts whose rate has changed, and where they go. Both cohorts are flushed, so that the
    /// client has seen exactly what its new cohort has seen.
    fn plan_moves(&mut self, due: &mut Vec<bool>, now: Timestamp) -> Vec<(usize, usize)> {
        let mut moves = Vec::new();
        let with_news = self.cohorts.iter().zip(&*due).filter(|(cohort, due)| **due && cohort.has_news);
        let places: Vec<usize> = with_news.flat_map(|(cohort, _)| cohort.clients.iter().copied()).collect();
        for place in places {
            let Some(client) = self.clients.get(place).and_then(Option::as_ref) else { continue };
            let (Some(rate), Some(current)) = (client.rate(), client.cohort) else { continue };
            if !client.has_news() || self.cohorts.get(current).is_none_or(|known| known.rate == rate) {
                continue;
            }
            let target = self.choose_cohort(rate, now);
            due.resize(self.cohorts.len(), false);
            if let Some(due) = due.get_mut(target) {
                *due = true;
            }
            moves.push((place, target));
        }
        moves
    }

    fn move_client(&mut self, place: usize, target: usize) {
        let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(current) = client.cohort else { return };
        let Ok([from, to]) = self.cohorts.get_disjoint_mut([current, target]) else { return };
        from.clients.retain(|&other| other != place);
        if to.clients.is_empty() {
            to.cursors = self.world.tables.iter().map(|table| table.log.end()).collect();
        }
        to.clients.push(place);
        client.cohort = Some(target);
        for subscription in &mut client.subscriptions {
            let (filter, for_circle) = match &mut subscription.source {
                Source::Filter(filter) => (filter, false),
                Source::Circle { observers, .. } => (observers, true),
            };
            if let Some(watched) = from.filters.get(*filter) {
                let moved = to.filters.acquire(&watched.filter, for_circle);
                from.filters.release(*filter, for_circle);
                *filter = moved;
            }
        }
    }

    /// Forgets changes that everybody has seen.
    fn trim(&mut self) {
        for (table, place) in self.world.tables.iter_mut().zip(0..) {
            let cursors = self.cohorts.iter().filter(|cohort| !cohort.clients.is_empty());
            let seen = cursors.filter_map(|cohort| cohort.cursors.get::<usize>(place)).min().copied();
            let end = table.log.end();
            table.log.trim(seen.unwrap_or(end));
        }
    }
}
