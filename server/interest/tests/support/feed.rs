//! An engine's store, the follower that it feeds, and what an update tells of rows.

#[path = "followers.rs"]
mod followers;

use std::sync::Arc;

use ambit_interest::ClientUpdate;
use ambit_model::{Identity, Schema, Slot, Timestamp};
use ambit_store::{ChangeSet, Store};
use ambit_wire::{LeaveReason, Op, TableBlocks};
use followers::Followers;

/// A store and its follower.
pub struct Feed {
    pub store: Store,
    pub follower: Followers,
}

/// What an update says of rows, by their slots.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    pub enters: Vec<Slot>,
    pub changes: Vec<Slot>,
    pub leaves: Vec<(Slot, LeaveReason)>,
}

impl Feed {
    pub fn new(schema: Schema) -> Self {
        schema.check().unwrap();
        let schema = Arc::new(schema);
        Self { store: Store::new(Arc::clone(&schema)), follower: Followers::new(schema) }
    }

    /// The follower learns of the open transaction.
    pub fn commit(&mut self) {
        let change_set = ChangeSet {
            offset: self.follower.offset() + 1,
            timestamp: Timestamp(0),
            caller: Identity::default(),
            reducer: ChangeSet::NO_REDUCER,
            body: self.store.commit().body,
        };
        self.follower.apply(&change_set).unwrap();
    }

    /// The updates of clients that want every commit.
    pub fn flush(&mut self) -> Vec<ClientUpdate<'static>> {
        let mut updates = Vec::new();
        self.follower.flush(Timestamp(0), &mut |update| updates.push(update.into_owned()));
        updates
    }

    pub fn told(&self, update: &ClientUpdate<'_>) -> Told {
        let mut told = Told::default();
        for block in TableBlocks::new(&update.blocks) {
            let block = block.unwrap();
            for op in block.ops(&self.store.schema().tables[usize::from(block.table)].layout()) {
                match op.unwrap() {
                    Op::Insert { slot, .. } | Op::InsertColumns { slot, .. } => told.enters.push(slot),
                    Op::Delta { slot, .. } => told.changes.push(slot),
                    Op::Delete { slot, reason } => told.leaves.push((slot, reason)),
                }
            }
        }
        told
    }
}
