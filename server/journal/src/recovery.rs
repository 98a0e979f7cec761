//! A database before it starts: a snapshot, then logged commits in order.

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Lifecycle, Schema, Timestamp};
use ambit_store::{
    ApplyError, Dangling, FreezeError, FrozenStore, LoadError, MigrateError, Store, StoreLoader, plan,
    settled,
};

use crate::journal::{Logged, LoggedError, Sessions};
use crate::state::{HeadError, Publication, State};

/// The state of a database without its module. An empty one is a new database.
pub struct Recovery {
    store: Store,
    state: State,
}

/// A database on its way from a snapshot's chunks.
pub struct SnapshotRecovery {
    hash_seed: u64,
    begun: Option<(State, StoreLoader)>,
}

/// Why a logged commit cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The record is not a logged commit.
    #[error("the record of offset {offset} cannot be read: {source}")]
    Record {
        /// The record's offset.
        offset: u64,
        /// Why.
        source: LoggedError,
    },
    /// The record does not continue the database.
    #[error("the record of offset {actual} cannot follow offset {last}")]
    Order {
        /// The offset of the last commit.
        last: u64,
        /// The offset of the record.
        actual: u64,
    },
    /// The change set contradicts the store.
    #[error("the change set of offset {offset} does not fit the database: {source}")]
    Apply {
        /// Its offset.
        offset: u64,
        /// Why.
        source: ApplyError,
    },
    /// The schema contradicts the store.
    #[error("the schema published at offset {offset} does not fit the database: {source}")]
    Migrate {
        /// Its offset.
        offset: u64,
        /// Why.
        source: MigrateError,
    },
}

/// Why a snapshot cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Its first chunk.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Its rows.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It has no chunk at all.
    #[error("the snapshot is empty")]
    Empty,
}

impl Default for Recovery {
    /// Not seeded: for databases that no stranger writes to.
    fn default() -> Self {
        Self::new(0)
    }
}

impl Recovery {
    /// An empty database whose hash indexes are seeded. A random seed keeps clients from preparing keys that collide;
    /// it changes no answer.
    pub fn new(hash_seed: u64) -> Self {
        Self { store: Store::with_hash_seed(Arc::default(), hash_seed), state: State::default() }
    }

    /// Begins with a snapshot, whose chunks follow.
    pub fn from_snapshot(hash_seed: u64) -> SnapshotRecovery {
        SnapshotRecovery { hash_seed, begun: None }
    }

    /// Applies one record of the log. Offsets ascend, with gaps where commits touched nothing that is logged.
    pub fn apply(&mut self, offset: u64, payload: &[u8]) -> Result<(), RecoverError> {
        if offset <= self.state.last_offset {
            return Err(RecoverError::Order { last: self.state.last_offset, actual: offset });
        }
        let schema = Arc::clone(self.store.schema());
        let logged = self.state.journal.read(&schema, payload);
        let (timestamp, body) = match logged.map_err(|source| RecoverError::Record { offset, source })? {
            Logged::Call { reducer, timestamp, body, .. } => {
                let reducer = schema.reducers.get(usize::from(reducer));
                self.state.is_initialised |=
                    reducer.is_some_and(|reducer| reducer.lifecycle == Lifecycle::Init);
                (timestamp, body)
            }
            Logged::Publish { timestamp, module, schema: new, body } => {
                // What the module's own migration made of the rows that others name is in the body.
                let migrated = self.store.reshape(Arc::new(settled(&new)), &plan(&schema, &new));
                migrated.map_err(|source| RecoverError::Migrate { offset, source })?;
                self.state.publications.push(Publication { offset, module });
                (timestamp, body)
            }
        };
        let applied = self.store.apply(body, |_| {});
        applied.map_err(|source| RecoverError::Apply { offset, source })?;
        self.state.last_offset = offset;
        self.state.last_timestamp = self.state.last_timestamp.max(timestamp);
        Ok(())
    }

    /// When the commit of a record was made, without applying it; none if the record cannot be read.
    pub fn timestamp_of(&self, payload: &[u8]) -> Option<Timestamp> {
        self.state.journal.timestamp_of(self.schema(), payload).ok()
    }

    /// The rows and the first chunk of a snapshot of them.
    pub fn freeze(&mut self) -> Result<(Vec<u8>, FrozenStore), FreezeError> {
        let head = self.state.encode_head(self.store.schema());
        Ok((head, self.store.freeze()?))
    }

    /// A second store with the same rows, for a follower that begins now.
    pub fn fork_store(&mut self) -> Result<Store, FreezeError> {
        self.store.fork()
    }

    /// At the end of the log: auto_inc columns go on behind every number that anybody can have seen, and rows of less
    /// durable tables that name rows which are gone are deleted. Returns how many.
    pub fn finish(&mut self) -> Vec<Dangling> {
        if !self.wants_to_know_who_left() {
            // The log says of nobody that he has left. Without this their numbers would pile up, crash by crash.
            self.state.journal.sessions = Sessions::default();
        }
        self.store.resume_counters();
        self.store.remove_dangling()
    }

    /// Clients that were connected when the database ended without a word. Of no use to a module that does not want to know
    /// who has gone.
    pub fn left_connected(&self) -> Vec<(Identity, ConnectionId)> {
        if !self.wants_to_know_who_left() {
            return Vec::new();
        }
        self.state.journal.sessions.iter().map(|(_, identity, connection)| (identity, connection)).collect()
    }

    /// The rows, and everything else.
    pub fn into_parts(self) -> (Store, State) {
        (self.store, self.state)
    }

    /// Everything but the rows.
    pub fn state(&self) -> &State {
        &self.state
    }

    fn wants_to_know_who_left(&self) -> bool {
        let mut reducers = self.schema().reducers.iter();
        reducers.any(|reducer| reducer.lifecycle == Lifecycle::ClientDisconnected)
    }

    /// The database's schema; empty if nothing was ever published.
    pub fn schema(&self) -> &Arc<Schema> {
        self.store.schema()
    }

    /// The rows.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The offset of the last commit; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.state.last_offset
    }

    /// When it was made.
    pub fn last_timestamp(&self) -> Timestamp {
        self.state.last_timestamp
    }

    /// The modules that were published, as far as they are remembered.
    pub fn publications(&self) -> &[Publication] {
        &self.state.publications
    }
}

impl SnapshotRecovery {
    /// The next chunk.
    pub fn chunk(&mut self, chunk: &[u8]) -> Result<(), SnapshotError> {
        match &mut self.begun {
            None => {
                let (state, schema) = State::decode_head(chunk)?;
                self.begun = Some((state, StoreLoader::new(schema, self.hash_seed)));
            }
            Some((_, loader)) => loader.chunk(chunk)?,
        }
        Ok(())
    }

    /// After the last chunk.
    pub fn finish(self) -> Result<Recovery, SnapshotError> {
        let (state, loader) = self.begun.ok_or(SnapshotError::Empty)?;
        Ok(Recovery { store: loader.finish()?, state })
    }
}
