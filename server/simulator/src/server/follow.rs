//! The follower: commits and schemas in the engine's order, snapshots of its rows.

use std::sync::Arc;

use ambit_model::{Schema, Timestamp};
use ambit_store::{ChangeSet, plan, settled};
use ambit_wire::{ServerMessage, goodbye};

use super::{Fed, OWN, Outgoing, Server, journal};
use crate::checkers::{Checker, Violation, equality};
use crate::truth::Truth;

impl Server {
    /// The follower applies some of what was committed.
    pub(crate) fn follow(&mut self, truth: &Truth, out: &mut Outgoing) -> Result<(), Violation> {
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
                    self.followed_at = change_set.timestamp;
                }
                Some(Fed::Publish { offset, timestamp, schema }) => {
                    self.follow_publish(offset, timestamp, &schema, out)?;
                }
            }
        }
        if self.random.one_in(8) {
            self.check_follower(truth)?;
        }
        Ok(())
    }

    /// The follower goes over to another schema; clients whose tables have changed are let go.
    fn follow_publish(
        &mut self,
        offset: u64,
        timestamp: Timestamp,
        schema: &Arc<Schema>,
        out: &mut Outgoing,
    ) -> Result<(), Violation> {
        let (updates, refusals) = self.updates(|follower, sink| follower.flush_all(timestamp, sink));
        out.extend(updates.into_iter().chain(refusals));
        let plan = plan(self.follower.schema(), schema);
        let settled = Arc::new(settled(schema));
        let farewells =
            self.follower.migrate(|old| plan.successor(old), |store| store.reshape(settled, &plan).map(drop));
        let farewells = farewells.map_err(|error| {
            Violation::new(Checker::Migration, format!("the follower does not take a schema: {error}"))
        })?;
        for farewell in farewells {
            let message = farewell.reason.to_string();
            let goodbye = ServerMessage::Goodbye { code: goodbye::MODULE_REPLACED, message: &message };
            out.push((farewell.client.0, goodbye.encode()));
            self.connections.remove(&farewell.client.0);
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
        self.followed_at = timestamp;
        Ok(())
    }

    /// The follower's rows, slots and counters are those of the engine at the follower's offset.
    pub(crate) fn check_follower(&self, truth: &Truth) -> Result<(), Violation> {
        let Some(state) = truth.history.at(self.follower.offset()) else { return Ok(()) };
        equality::check(Checker::Follower, "the follower", self.follower.store(), state, |_| true)?;
        equality::check_counters(Checker::Follower, "the follower", self.follower.store(), state)
    }

    /// A snapshot of the follower's rows begins, if none is being written.
    pub(crate) fn begin_snapshot(&mut self, truth: &mut Truth) -> Result<(), Violation> {
        let (offset, timestamp) = (self.follower.offset(), self.followed_at);
        let head = journal::head(offset, timestamp, self.follower.schema());
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
        self.snapshots.is_busy()
    }
}
