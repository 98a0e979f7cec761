//! The follower: change sets and subscriptions in, client updates out.

mod subscription;

mod inspect;
mod schedule;

mod resume;

mod migration;

mod rules;

use std::borrow::Cow;
use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_store::{ApplyError, ChangeSet, Store};
use ambit_wire::{Inspection, UpdateHeader};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

pub use migration::{Farewell, FarewellReason, SchemaChangeError};

use crate::client::{Client, ClientId};
use crate::cohort::Cohort;
use crate::flush::{self, Scratch};
use crate::limits;
use crate::query::QueryError;
use crate::world::World;
use resume::Resumes;

/// Follows one database and keeps every client's cache equal to the results of its subscriptions, as far as their delivery options
/// want that.
pub struct Follower {
    world: World,
    clients: Vec<Option<Client>>,
    free_clients: Vec<usize>,
    by_id: HashMap<ClientId, usize, FxBuildHasher>,
    cohorts: Vec<Cohort>,
    scratch: Scratch,
    last_epoch: u64,
    offset: u64,
    timestamp: Timestamp,
    statistics: Statistics,
    resumes: Resumes,
}

/// One client's update: its cache goes from the state of its last update to that of `offset`, at once.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientUpdate<'a> {
    /// Whose.
    pub client: ClientId,
    /// The commit that the client's cache equals afterwards, but for changes of rows that delivery options hold back.
    pub offset: u64,
    /// When that commit was made.
    pub timestamp: Timestamp,
    /// Subscriptions whose result is in this update: the first one, or one with other parameters.
    pub applied: Vec<Applied>,
    /// Subscriptions that end with this update.
    pub ended: Vec<u32>,
    /// What the follower has to refuse now that it knows the rows.
    pub refused: Vec<Refusal>,
    /// What is in force afterwards in the subscriptions that [`Follower::inspect`] was asked about.
    pub inspections: Vec<Inspection>,
    /// Whether a client that came back has caught up: see [`Follower::end_resume`].
    pub resumed: bool,
    /// Update blocks as in `ambit_wire`. In a table, rows leave before others change or enter.
    pub blocks: Cow<'a, [u8]>,
}

/// A subscription whose result a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The number that the client chose.
    pub subscription: u32,
    /// The last change of its parameters that the result follows; 0 for the first result.
    pub change: u32,
}

/// A subscription that the follower ends, or other parameters for it that it does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The number that the client chose.
    pub subscription: u32,
    /// The change that is refused: the subscription goes on as it was. 0 if it ends.
    pub change: u32,
    /// Why.
    pub reason: QueryError,
}

impl ClientUpdate<'_> {
    /// The update with memory of its own, to be kept.
    pub fn into_owned(self) -> ClientUpdate<'static> {
        ClientUpdate { blocks: Cow::Owned(self.blocks.into_owned()), ..self }
    }

    /// What the message says besides the rows.
    pub fn header(&self, durable_offset: u64) -> UpdateHeader {
        let (first, later): (Vec<Applied>, _) = self.applied.iter().partition(|applied| applied.change == 0);
        UpdateHeader {
            offset: self.offset,
            durable_offset,
            timestamp: self.timestamp,
            applied: first.into_iter().map(|applied| applied.subscription).collect(),
            ended: self.ended.clone(),
            changed: later.into_iter().map(|applied| (applied.subscription, applied.change)).collect(),
            resumed: self.resumed,
        }
    }

    /// Whether the client learns anything from it.
    pub(crate) fn has_news(&self) -> bool {
        let Self { applied, ended, refused, inspections, resumed, blocks, .. } = self;
        let has_told = !(applied.is_empty() && ended.is_empty() && refused.is_empty());
        has_told || *resumed || !inspections.is_empty() || !blocks.is_empty()
    }
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
    /// Bytes of the rows before those changes, remembered as well where queries need them.
    pub pending_image_bytes: u64,
    /// Clients that were welcomed with a schema before the current one.
    pub earlier_clients: u64,
}

impl Follower {
    /// A follower of an empty database. The schema has been checked.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self::with_hash_seed(schema, 0)
    }

    /// A follower whose hash indexes are seeded, so that clients cannot prepare keys that collide.
    pub fn with_hash_seed(schema: Arc<Schema>, hash_seed: u64) -> Self {
        Self::from_store(Store::with_hash_seed(schema, hash_seed), 0, Timestamp::default())
    }

    /// A follower of a database as it was after the commit of this offset, made at this time.
    pub fn from_store(store: Store, offset: u64, timestamp: Timestamp) -> Self {
        Self {
            world: World::new(store),
            clients: Vec::new(),
            free_clients: Vec::new(),
            by_id: HashMap::default(),
            cohorts: Vec::new(),
            scratch: Scratch::default(),
            offset,
            timestamp,
            last_epoch: 0,
            statistics: Statistics::default(),
            resumes: Resumes::default(),
        }
    }

    /// The follower's rows.
    pub fn store(&self) -> &Store {
        &self.world.store
    }

    /// The store, to be frozen for a snapshot. Nobody is told of rows that are changed through it.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.world.store
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
        let logs = || self.world.tables.iter().map(|table| &table.log);
        Statistics {
            pending_changes: logs().map(|log| log.len() as u64).sum(),
            pending_image_bytes: logs().map(|log| log.image_bytes() as u64).sum(),
            earlier_clients: self.clients.iter().flatten().filter(|client| client.earlier.is_some()).count()
                as u64,
            ..self.statistics
        }
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

    /// Takes in a client that was welcomed with the current schema. One of that id that was there before is forgotten.
    pub fn connect(&mut self, id: ClientId, identity: Identity, connection: ConnectionId) {
        self.disconnect(id);
        let client = Client::new(id, identity, connection);
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
        self.resumes.forget(id);
        let Some(place) = self.by_id.remove(&id) else { return };
        let Some(client) = self.clients.get_mut(place).and_then(Option::take) else { return };
        self.free_clients.push(place);
        self.statistics.clients -= 1;
        self.statistics.subscriptions -= client.subscriptions.len() as u64;
        if let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) {
            cohort.routines.leave(place);
            for subscription in client.subscriptions {
                flush::release(&mut self.world, cohort, subscription);
            }
        }
        self.trim();
    }

    /// Forgets changes that everybody has seen.
    fn trim(&mut self) {
        for (table, place) in self.world.tables.iter_mut().zip(0..) {
            let cursors = self.cohorts.iter().filter(|cohort| !cohort.routines.is_empty());
            let seen = cursors.filter_map(|cohort| cohort.cursors.get::<usize>(place)).min().copied();
            let end = table.log.end();
            table.log.trim(seen.unwrap_or(end));
        }
    }
}
