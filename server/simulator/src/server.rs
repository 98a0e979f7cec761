//! The server: the real store, journal, log and follower, driven by one thread in simulated time. It leaves out the node:
//! its threads, sockets and accounts.

mod clients;
mod follow;
pub(crate) mod journal;
pub(crate) mod recovery;
mod snapshot;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ambit_interest::Follower;
use ambit_log::{Batch, Log};
use ambit_model::{Identity, Schema, Timestamp};
use ambit_store::{ChangeSet, Store, plan, settled};
use ambit_wire::ServerMessage;

use crate::checkers::{Checker, Violation, equality};
use crate::disk::Disk;
use crate::model::Transaction;
use crate::module::transaction::{self, Ending};
use crate::random::Random;
use crate::truth::Truth;
use recovery::Recovered;
use snapshot::Snapshots;

/// A running database.
pub(crate) struct Server {
    pub store: Store,
    pub follower: Follower,
    log: Log,
    schema: Arc<Schema>,
    last_offset: u64,
    durable_offset: u64,
    snapshots: Snapshots,
    /// Commits that the log does not have yet: offset and record, if they have one.
    pending: Vec<(u64, Option<Vec<u8>>)>,
    /// Commits that the follower does not have yet.
    feed: VecDeque<Fed>,
    /// When the follower's last commit was made.
    followed_at: Timestamp,
    connections: BTreeMap<u64, Identity>,
    /// Why no commit is acknowledged any more.
    pub failure: Option<String>,
    random: Random,
}

/// What the follower is told, in order.
enum Fed {
    Commit(ChangeSet),
    /// Another schema, from this offset on.
    Publish {
        offset: u64,
        timestamp: Timestamp,
        schema: Arc<Schema>,
    },
}

/// Messages to send: connection and bytes.
pub(crate) type Outgoing = Vec<(u64, Vec<u8>)>;

/// The identity of whom the database itself calls for.
const OWN: Identity = Identity([0xD8; 32]);

impl Server {
    pub(crate) fn new(recovered: Recovered, disks: (Disk, Disk), random: Random) -> Self {
        let Recovered { store, follower, log, last_offset, last_timestamp, snapshots, .. } = recovered;
        Self {
            schema: Arc::clone(store.schema()),
            store,
            follower,
            log,
            last_offset,
            durable_offset: last_offset,
            snapshots: Snapshots::new(disks, snapshots),
            pending: Vec::new(),
            feed: VecDeque::new(),
            followed_at: last_timestamp,
            connections: BTreeMap::new(),
            failure: None,
            random,
        }
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn has_feed(&self) -> bool {
        !self.feed.is_empty()
    }

    /// Runs the reducer as one transaction, on the store and on the model. The offset that the caller's view reaches; none if
    /// the reducer refused.
    fn call(
        &mut self,
        caller: Identity,
        arguments: &[u8],
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<Option<u64>, Violation> {
        let seed = arguments.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        let mut open = Transaction::new(&truth.current);
        let ending = transaction::run(seed, &mut self.store, &mut open)?;
        if ending == Ending::Error {
            self.store.rollback();
            if self.random.one_in(4) {
                equality::check(
                    Checker::Transaction,
                    "the store after a rollback",
                    &self.store,
                    &truth.current,
                    |_| true,
                )?;
                equality::check_counters(
                    Checker::Transaction,
                    "the store after a rollback",
                    &self.store,
                    &truth.current,
                )?;
            }
            return Ok(None);
        }
        let reserved = self.reservations();
        let changes = self.store.commit();
        // A transaction that leaves all rows as they were may still reserve numbers.
        let moved =
            reserved.iter().zip(self.reservations()).filter(|(before, after)| *before != after).count();
        let is_bare = changes.operation_count as usize == moved;
        if is_bare == open.has_changes() || changes.is_empty() != (changes.operation_count == 0) {
            let text = format!(
                "a commit has {} operations, {moved} of them reservations; the model has changes: {}",
                changes.operation_count,
                open.has_changes()
            );
            return Err(Violation::new(Checker::Transaction, text));
        }
        let is_logged = !changes.logged.is_empty();
        if open.changes_any(|table| truth.is_durable(table)) && !is_logged {
            let text = "a commit changes durable tables and has nothing for the log";
            return Err(Violation::new(Checker::DurablePrefix, text));
        }
        if changes.is_empty() && !is_logged {
            return Ok(Some(self.last_offset));
        }
        self.last_offset += 1;
        let change_set = ChangeSet {
            offset: self.last_offset,
            timestamp: now,
            caller,
            reducer: crate::module::schema::REDUCER_ACT,
            body: changes.body,
        };
        let record = (!changes.logged.is_empty()).then(|| journal::call(now, &changes.logged));
        truth.commit(self.last_offset, open, record.is_some())?;
        self.pending.push((self.last_offset, record));
        self.feed.push_back(Fed::Commit(change_set));
        Ok(Some(self.last_offset))
    }

    /// How far the numbers of each counting column are reserved.
    fn reservations(&self) -> Vec<Option<u64>> {
        let tables = (0..).zip(&self.schema.tables);
        let columns = tables.flat_map(|(table, schema)| {
            let columns = (0..).zip(&schema.columns).filter(|(_, column)| column.auto_inc);
            columns.map(move |(column, _)| (table, column))
        });
        columns.map(|(table, column)| self.store.auto_inc_reservation(table, column)).collect()
    }

    /// The database takes another schema.
    pub(crate) fn publish(
        &mut self,
        schema: &Schema,
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<(), Violation> {
        let wrong = |text: String| Violation::new(Checker::Migration, text);
        let plan = plan(&self.schema, schema);
        let settled = Arc::new(settled(schema));
        let migrated = self.store.migrate(Arc::clone(&settled), &plan);
        migrated.map_err(|error| wrong(format!("the store does not take a schema: {error}")))?;
        self.last_offset += 1;
        truth.publish(self.last_offset, &settled);
        equality::check(Checker::Migration, "the migrated store", &self.store, &truth.current, |_| true)?;
        self.pending.push((self.last_offset, Some(journal::publish(now, schema))));
        self.feed.push_back(Fed::Publish {
            offset: self.last_offset,
            timestamp: now,
            schema: Arc::new(schema.clone()),
        });
        self.schema = settled;
        Ok(())
    }

    /// The database runs a reducer of its own.
    pub(crate) fn tick(&mut self, now: Timestamp, truth: &mut Truth) -> Result<(), Violation> {
        let seed = self.random.next().to_le_bytes();
        self.call(OWN, &seed, now, truth).map(drop)
    }

    /// Writes and syncs what waits, and acknowledges it.
    pub(crate) fn sync(&mut self, truth: &mut Truth, out: &mut Outgoing) -> Result<(), Violation> {
        let mut batch = Batch::default();
        for (offset, record) in self.pending.drain(..) {
            let pushed = match record {
                Some(record) => batch.push(offset, 1, |out| out.extend_from_slice(&record)),
                None => batch.advance(offset),
            };
            pushed.map_err(|error| Violation::new(Checker::Recovery, error.to_string()))?;
        }
        let result = self.log.append(&batch).and_then(|()| self.log.sync());
        match result {
            Ok(_) if self.failure.is_some() => {
                let text = "the log acknowledges commits after it has failed";
                Err(Violation::new(Checker::DurablePrefix, text))
            }
            Ok(offset) => {
                self.durable_offset = offset;
                truth.acknowledge(offset);
                let message = ServerMessage::Durable { durable_offset: offset }.encode();
                out.extend(self.connections.keys().map(|connection| (*connection, message.clone())));
                Ok(())
            }
            Err(error) => {
                self.failure.get_or_insert_with(|| error.to_string());
                Ok(())
            }
        }
    }

    /// Ends in order: everything is written and synced.
    pub(crate) fn close(mut self, now: Timestamp, truth: &mut Truth) -> Result<(), Violation> {
        let released = self.store.release_reservations();
        if !released.logged.is_empty() {
            self.last_offset += 1;
            truth.release(self.last_offset);
            self.pending.push((self.last_offset, Some(journal::call(now, &released.logged))));
        }
        self.sync(truth, &mut Vec::new())
    }
}
