//! The server: the real store, journal, log and follower, driven by one thread in simulated time. It leaves out the node:
//! its threads, sockets and accounts. Only flushes share their work with other threads, in some worlds.

mod clients;
mod commit;
mod follow;
pub(crate) mod recovery;
mod snapshot;
pub(crate) mod threads;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ambit_interest::Follower;
use ambit_journal::{Seeds, State};
use ambit_log::{Batch, Log};
use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_store::{ChangeSet, Store};
use ambit_wire::ServerMessage;

use crate::checkers::{Checker, Violation};
use crate::disk::Disk;
use crate::random::Random;
use crate::truth::Truth;
use recovery::Recovered;
use snapshot::Snapshots;
use threads::FlushThreads;

/// A running database.
pub(crate) struct Server {
    pub store: Store,
    pub follower: Follower,
    log: Log,
    schema: Arc<Schema>,
    state: State,
    durable_offset: u64,
    snapshots: Snapshots,
    /// Commits that the log does not have yet: offset and record, if they have one.
    pending: Vec<(u64, Option<Vec<u8>>)>,
    /// Commits that the follower does not have yet.
    feed: VecDeque<Fed>,
    connections: BTreeMap<u64, Identity>,
    /// Why no commit is acknowledged any more.
    pub failure: Option<String>,
    random: Random,
    threads: FlushThreads,
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
    /// A snapshot is to be taken here, with this head.
    Snapshot {
        offset: u64,
        head: Vec<u8>,
    },
}

/// Messages to send: connection and bytes.
pub(crate) type Outgoing = Vec<(u64, Vec<u8>)>;

/// The id of a connection by its number.
fn connection_id(connection: u64) -> ConnectionId {
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().zip(connection.to_le_bytes()) {
        *place = byte;
    }
    ConnectionId(id)
}

/// The identity of whom the database itself calls for.
const OWN: Identity = Identity([0xD8; 32]);

impl Server {
    pub(crate) fn new(
        recovered: Recovered,
        disks: (Disk, Disk),
        random: Random,
        threads: FlushThreads,
    ) -> Self {
        let Recovered { store, mut state, follower, log, snapshots, .. } = recovered;
        let mut random = random;
        state.journal.own = OWN;
        state.journal.seeds = Seeds::new(u128::from(random.next()) << 64 | u128::from(random.next()));
        Self {
            schema: Arc::clone(store.schema()),
            store,
            follower,
            log,
            durable_offset: state.last_offset,
            state,
            snapshots: Snapshots::new(disks, snapshots),
            pending: Vec::new(),
            feed: VecDeque::new(),
            connections: BTreeMap::new(),
            failure: None,
            random,
            threads,
        }
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn has_feed(&self) -> bool {
        !self.feed.is_empty()
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
        self.release(now, truth);
        self.sync(truth, &mut Vec::new())
    }
}
