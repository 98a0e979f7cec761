//! What the log and snapshots hold: records of commits and the head of a snapshot.

use std::sync::Arc;

use ambit_model::{Schema, Timestamp};
use ambit_store::{Store, StoreLoader};
use ambit_store::{plan, settled};

const KIND_CALL: u8 = 0;
const KIND_PUBLISH: u8 = 1;

/// A database on its way from what is stored.
pub(crate) struct Recovery {
    pub store: Store,
    pub last_offset: u64,
    pub last_timestamp: Timestamp,
}

/// The record of a commit that a call has made.
pub(crate) fn call(timestamp: Timestamp, body: &[u8]) -> Vec<u8> {
    let mut out = vec![KIND_CALL];
    out.extend_from_slice(&timestamp.0.to_le_bytes());
    out.extend_from_slice(body);
    out
}

/// The record of a publication.
pub(crate) fn publish(timestamp: Timestamp, schema: &Schema) -> Vec<u8> {
    let mut out = vec![KIND_PUBLISH];
    out.extend_from_slice(&timestamp.0.to_le_bytes());
    out.extend_from_slice(&schema.encode());
    out
}

/// The first chunk of a snapshot.
pub(crate) fn head(offset: u64, timestamp: Timestamp, schema: &Schema) -> Vec<u8> {
    let mut out = offset.to_le_bytes().to_vec();
    out.extend_from_slice(&timestamp.0.to_le_bytes());
    out.extend_from_slice(&schema.encode());
    out
}

impl Recovery {
    pub(crate) fn new() -> Self {
        Self { store: Store::default(), last_offset: 0, last_timestamp: Timestamp(0) }
    }

    pub(crate) fn apply(&mut self, offset: u64, payload: &[u8]) -> Result<(), String> {
        let (kind, rest) = payload.split_first().ok_or("an empty record")?;
        let (timestamp, body) = rest.split_first_chunk().ok_or("a short record")?;
        if *kind == KIND_PUBLISH {
            let schema = Schema::decode(body).map_err(|error| error.to_string())?;
            let plan = plan(self.store.schema(), &schema);
            let migrated = self.store.reshape(Arc::new(settled(&schema)), &plan);
            migrated.map_err(|error| error.to_string())?;
        } else {
            self.store.apply(body, |_| {}).map_err(|error| error.to_string())?;
        }
        self.last_offset = offset;
        self.last_timestamp = Timestamp(i64::from_le_bytes(*timestamp));
        Ok(())
    }
}

/// A snapshot's chunks, one after the other.
#[derive(Default)]
pub(crate) struct SnapshotRecovery {
    begun: Option<(u64, Timestamp, StoreLoader)>,
}

impl SnapshotRecovery {
    pub(crate) fn chunk(&mut self, chunk: &[u8]) -> Result<(), String> {
        match &mut self.begun {
            None => {
                let (offset, rest) = chunk.split_first_chunk().ok_or("a short head")?;
                let (timestamp, schema) = rest.split_first_chunk().ok_or("a short head")?;
                let schema = Schema::decode(schema).map_err(|error| error.to_string())?;
                let loader = StoreLoader::new(Arc::new(schema), 0);
                let timestamp = Timestamp(i64::from_le_bytes(*timestamp));
                self.begun = Some((u64::from_le_bytes(*offset), timestamp, loader));
                Ok(())
            }
            Some((_, _, loader)) => loader.chunk(chunk).map_err(|error| error.to_string()),
        }
    }

    pub(crate) fn finish(self) -> Result<Recovery, String> {
        let (last_offset, last_timestamp, loader) = self.begun.ok_or("an empty snapshot")?;
        let store = loader.finish().map_err(|error| error.to_string())?;
        Ok(Recovery { store, last_offset, last_timestamp })
    }
}
