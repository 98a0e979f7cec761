//! A database before it starts: logged commits are applied in order.

use std::sync::Arc;

use ambit_model::{Lifecycle, Schema, Timestamp};
use ambit_store::{ApplyError, ChangeSet, ExtendError, Store};

use crate::logged::{Logged, LoggedError};

/// The state of a database without its module. An empty one is a new database.
pub struct Recovery {
    pub(crate) store: Store,
    pub(crate) last_offset: u64,
    pub(crate) last_timestamp: Timestamp,
    /// Whether init was committed.
    pub(crate) is_initialised: bool,
}

/// What one record of the log held, for the followers.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// What was committed.
    pub change_set: ChangeSet,
    /// The database's schema from here on, if it changed.
    pub schema: Option<Arc<Schema>>,
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
    /// The change set does not continue the database.
    #[error("expected the change set of offset {expected}, got that of {actual}")]
    Order {
        /// The offset that comes next.
        expected: u64,
        /// The offset of the change set.
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
    Extend {
        /// Its offset.
        offset: u64,
        /// Why.
        source: ExtendError,
    },
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
        Self {
            store: Store::with_hash_seed(Arc::default(), hash_seed),
            last_offset: 0,
            last_timestamp: Timestamp(i64::MIN),
            is_initialised: false,
        }
    }

    /// Applies one record of the log.
    pub fn apply(&mut self, offset: u64, payload: &[u8]) -> Result<Recovered, RecoverError> {
        let logged = Logged::decode(payload).map_err(|source| RecoverError::Record { offset, source })?;
        let (change_set, schema) = match logged {
            Logged::Call { change_set, .. } => (change_set, None),
            Logged::Publish { change_set, schema } => (change_set, Some(Arc::new(schema))),
        };
        let (expected, actual) = (self.last_offset + 1, change_set.offset);
        if offset != expected || actual != expected {
            return Err(RecoverError::Order {
                expected,
                actual: if offset == expected { actual } else { offset },
            });
        }
        if let Some(schema) = &schema {
            let extended = self.store.extend(Arc::clone(schema));
            extended.map_err(|source| RecoverError::Extend { offset, source })?;
        }
        let applied = self.store.apply(&change_set.body, |_| {});
        applied.map_err(|source| RecoverError::Apply { offset, source })?;
        self.last_offset = offset;
        self.last_timestamp = self.last_timestamp.max(change_set.timestamp);
        self.is_initialised |= schema.is_none() && self.is_init(change_set.reducer);
        Ok(Recovered { change_set, schema })
    }

    fn is_init(&self, reducer: u16) -> bool {
        let reducer = self.schema().reducers.get(usize::from(reducer));
        reducer.is_some_and(|reducer| reducer.lifecycle == Lifecycle::Init)
    }

    /// The database's schema; empty if nothing was ever published.
    pub fn schema(&self) -> &Arc<Schema> {
        self.store.schema()
    }

    /// The offset of the last commit; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.last_offset
    }
}
