//! The schema changes while clients are connected: who stays, and who is told to connect again.

use std::sync::Arc;

use ambit_model::Schema;
use ambit_store::Store;

use super::Follower;
use crate::client::{Client, ClientId};
use crate::earlier::{EarlierSchema, Moves, TableChange};
use crate::flush::Memory;
use crate::limits;

/// A client that cannot stay, and was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// Whose.
    pub client: ClientId,
    /// What to tell it.
    pub reason: FarewellReason,
}

/// Why a client cannot stay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FarewellReason {
    /// A table that one of its subscriptions depends on.
    #[error(transparent)]
    TableChanged(TableChange),
    /// It has stayed over [`limits::SCHEMA_CHANGES_MAX`] changes already.
    #[error(
        "the database has changed its schema more than {} times since this client connected; connect again",
        limits::SCHEMA_CHANGES_MAX
    )]
    TooManyChanges,
}

/// Why the schema does not change. The follower is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaChangeError<E> {
    /// Clients are behind, and could not be told what happened before.
    #[error(
        "some clients have not seen the last commit exactly; flush all of them before the schema changes"
    )]
    Unflushed,
    /// The store.
    #[error("{0}")]
    Store(E),
}

/// What the clients of a schema are to be of: `None` for the current one.
type Earlier = Option<Arc<EarlierSchema>>;

impl Follower {
    /// Goes over to another schema between two commits, after [`Self::flush_all`].
    ///
    /// `migrate` gives the store its new schema and rows; if it fails, it leaves the store as it was. `successor` tells,
    /// for a table's old id, the new id of the table that holds the same rows: byte for byte, in the same slots, column by
    /// column. Whoever watches only such tables, if they are still public, stays, and is told nothing: what follows are
    /// ordinary commits. All others are forgotten and returned. Whose rows rules decide about is flushed once more: the
    /// rules may show other rows now.
    pub fn migrate<E>(
        &mut self,
        successor: impl Fn(u16) -> Option<u16>,
        migrate: impl FnOnce(&mut Store) -> Result<(), E>,
    ) -> Result<Vec<Farewell>, SchemaChangeError<E>> {
        if self.cohorts.iter().any(|cohort| self.has_work(cohort) || self.is_near(cohort)) {
            return Err(SchemaChangeError::Unflushed);
        }
        let old = Arc::clone(&self.world.schema);
        let held = self.ruled_rows();
        migrate(&mut self.world.store).map_err(SchemaChangeError::Store)?;
        let moves = Moves::new(&old, self.world.store.schema(), successor);
        let has_changed = old.tables != self.world.store.schema().tables || !moves.are_none();
        if has_changed {
            self.hold(held);
        }
        let farewells = self.move_clients(&old, &moves);
        for farewell in &farewells {
            self.disconnect(farewell.client);
        }
        let (renumbering, epoch) = (moves.renumbering(), self.next_epoch());
        self.world.renumber(&renumbering);
        for client in self.clients.iter_mut().flatten() {
            renumbering.client(client);
        }
        for cohort in &mut self.cohorts {
            cohort.filters.renumber(&renumbering);
            cohort.rankings.renumber(&renumbering);
            cohort.routines.forget();
            cohort.cursors = vec![0; self.world.tables.len()];
            cohort.motion.forget(self.world.tables.len(), epoch);
        }
        self.memory = Memory::default();
        if has_changed {
            self.read_ruled_again();
        }
        Ok(farewells)
    }

    /// Notes for each client which tables it still knows, and finds those that cannot stay.
    fn move_clients(&mut self, old: &Arc<Schema>, moves: &Moves) -> Vec<Farewell> {
        if old.tables == self.world.store.schema().tables && moves.are_none() {
            return Vec::new();
        }
        let mut farewells = Vec::new();
        // Clients of one schema share what is known of it.
        let mut known: Vec<(Earlier, Arc<EarlierSchema>)> = Vec::new();
        for client in self.clients.iter_mut().flatten() {
            let is_same = |(earlier, _): &&(Earlier, _)| match (earlier, &client.earlier) {
                (None, None) => true,
                (Some(left), Some(right)) => Arc::ptr_eq(left, right),
                (Some(_), None) | (None, Some(_)) => false,
            };
            let after = match known.iter().find(is_same) {
                Some((_, after)) => Arc::clone(after),
                None => {
                    let after = Arc::new(match &client.earlier {
                        None => EarlierSchema::last(old, moves),
                        Some(earlier) => earlier.after(moves),
                    });
                    known.push((client.earlier.clone(), Arc::clone(&after)));
                    after
                }
            };
            if let Some(reason) = farewell(client, &after) {
                farewells.push(Farewell { client: client.id, reason });
            }
            client.earlier = Some(after);
        }
        farewells
    }
}

/// Why a client cannot stay, if so. Its subscriptions still name the tables as before, `after` as they are from now on.
fn farewell(client: &Client, after: &EarlierSchema) -> Option<FarewellReason> {
    if after.age > limits::SCHEMA_CHANGES_MAX {
        return Some(FarewellReason::TooManyChanges);
    }
    let known_id = |table| client.earlier.as_ref().map_or(Some(table), |earlier| earlier.known_id(table));
    let tables = client.subscriptions.iter().flat_map(|subscription| subscription.queried.iter().copied());
    tables.filter_map(known_id).find_map(|id| after.current_id(id).err()).map(FarewellReason::TableChanged)
}
