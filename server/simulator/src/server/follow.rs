//! The follower: commits and schemas in the engine's order, snapshots of its rows.

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_store::{ChangeSet, plan, settled};
use ambit_wire::{ServerMessage, goodbye};

use super::{Fed, OWN, Outgoing, Server, connection_id};
use crate::checkers::{Checker, Violation, equality};
use crate::truth::Truth;

impl Server {
    /// The follower applies some of what was committed.
    pub(crate) fn follow(
        &mut self,
        now: Timestamp,
        truth: &mut Truth,
        out: &mut Outgoing,
    ) -> Result<(), Violation> {
        let count = 1 + self.random.index(self.feed.len());
        for _ in 0..count {
            match self.feed.pop_front() {
                None => break,
                Some(Fed::Commit(change_set)) => {
                    let applied = self.follower.apply(&change_set);
                    applied.map_err(|error| {
                        let text = format!("offset {}: the follower refuses it: {error}", change_set.offset);
                        Violation::new(Checker::Follower, text)
                    })?;
                }
                Some(Fed::Snapshot { offset, head }) => self.freeze(offset, head, truth)?,
                Some(Fed::Publish { offset, timestamp, schema }) => {
                    for gone in self.follow_publish(offset, timestamp, &schema, out)? {
                        self.farewell(gone, now, truth)?;
                    }
                }
            }
        }
        if self.random.one_in(8) {
            self.check_follower(truth)?;
        }
        Ok(())
    }

    /// The follower goes over to another schema; clients whose tables have changed are let go. Answers who.
    fn follow_publish(
        &mut self,
        offset: u64,
        timestamp: Timestamp,
        schema: &Arc<Schema>,
        out: &mut Outgoing,
    ) -> Result<Vec<(Identity, ConnectionId)>, Violation> {
        let (updates, refusals) =
            self.updates(|follower, threads, sink| follower.flush_all_on(threads, timestamp, sink));
        out.extend(updates.into_iter().chain(refusals));
        let plan = plan(self.follower.schema(), schema);
        let settled = Arc::new(settled(schema));
        let farewells =
            self.follower.migrate(|old| plan.successor(old), |store| store.reshape(settled, &plan).map(drop));
        let farewells = farewells.map_err(|error| {
            Violation::new(Checker::Migration, format!("the follower does not take a schema: {error}"))
        })?;
        let mut gone = Vec::new();
        for farewell in farewells {
            let message = farewell.reason.to_string();
            let goodbye = ServerMessage::Goodbye { code: goodbye::MODULE_REPLACED, message: &message };
            out.push((farewell.client.0, goodbye.encode()));
            let identity = self.connections.remove(&farewell.client.0);
            gone.extend(identity.map(|identity| (identity, connection_id(farewell.client.0))));
        }
        let change_set = ChangeSet {
            offset,
            timestamp,
            caller: OWN,
            reducer: ChangeSet::NO_REDUCER,
            body: Arc::default(),
        };
        let applied = self.follower.apply(&change_set);
        applied.map_err(|error| Violation::new(Checker::Migration, error.to_string()))?;
        Ok(gone)
    }

    /// The follower's rows, slots and counters are those of the engine at the follower's offset.
    pub(crate) fn check_follower(&self, truth: &Truth) -> Result<(), Violation> {
        let Some(state) = truth.history.at(self.follower.offset()) else { return Ok(()) };
        equality::check(Checker::Follower, "the follower", self.follower.store(), state, |_| true)?;
        equality::check_counters(Checker::Follower, "the follower", self.follower.store(), state)
    }

    /// Asks the follower for a snapshot of the last commit, if none is being written.
    pub(crate) fn ask_for_snapshot(&mut self) {
        if !self.is_snapshotting() {
            let head = self.state.encode_head(&self.schema);
            self.feed.push_back(Fed::Snapshot { offset: self.state.last_offset, head });
        }
    }

    /// The follower freezes its rows.
    fn freeze(&mut self, offset: u64, head: Vec<u8>, truth: &mut Truth) -> Result<(), Violation> {
        if self.follower.offset() != offset {
            let text = format!("the follower is at offset {}, not {offset}", self.follower.offset());
            return Err(Violation::new(Checker::Follower, text));
        }
        let begun = self.snapshots.begin(offset, head, self.follower.store_mut());
        if begun.map_err(|error| Violation::new(Checker::Recovery, error))? {
            truth.begin_snapshot(offset);
        }
        Ok(())
    }

    /// The snapshot that is being written goes on. Answers whether one counts from now on.
    pub(crate) fn step_snapshot(&mut self) -> Result<bool, Violation> {
        self.snapshots.step(self.durable_offset, self.failure.is_some())
    }

    pub(crate) fn is_snapshotting(&self) -> bool {
        self.snapshots.is_busy() || self.feed.iter().any(|fed| matches!(fed, Fed::Snapshot { .. }))
    }
}
