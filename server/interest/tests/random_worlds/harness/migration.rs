//! The schema changes while clients are connected: who must stay with what it has, and who must be told why.

use std::collections::{BTreeMap, BTreeSet};

use ambit_interest::{FarewellReason, SchemaChangeError};
use ambit_store::Store;

use super::Harness;
use crate::shape::SchemaChange;

impl Harness {
    pub(super) fn migrate(&mut self, changes: &[SchemaChange]) {
        let has_work = self.follower.next_flush().is_some();
        if has_work {
            let refused = self.follower.migrate(Some, |_| Err("not to be called"));
            assert_eq!(refused, Err(SchemaChangeError::Unflushed));
        }
        self.flush(true, true);
        let before = self.world.shape.clone();
        self.world.migrate(changes);
        let after = &self.world.shape;
        let successor = |old: u16| {
            let table = before.table(old)?;
            before.keeps_rows(after, table).then(|| after.id(table))
        };
        let rebuild = |store: &mut Store| {
            *store = before.rebuild(store, after);
            Ok::<_, &str>(())
        };
        rebuild(&mut self.observer).unwrap();
        let farewells = self.follower.migrate(successor, rebuild).unwrap();
        let is_lost =
            |table: &u16| !before.keeps_rows(after, *table) || !after.tables[usize::from(*table)].is_public;
        let lost: BTreeSet<u16> = (0..3).filter(is_lost).collect();
        let mut told = BTreeMap::new();
        for farewell in farewells {
            let FarewellReason::TableChanged(change) = farewell.reason else { panic!("{farewell:?}") };
            told.insert(farewell.client.0 as u8, change.table);
        }
        self.clients.retain(|client, state| {
            let watched: BTreeSet<u16> =
                state.subscriptions.values().flat_map(|(query, _)| query.tables()).collect();
            let mut why =
                watched.intersection(&lost).map(|table| state.shape.tables[usize::from(*table)].name);
            match told.remove(client) {
                Some(table) => assert!(why.any(|name| name == table), "a farewell because of {table}"),
                None => assert_eq!(why.next(), None, "a client was to be told"),
            }
            state.lost.extend(&lost);
            watched.is_disjoint(&lost)
        });
        assert!(told.is_empty(), "a farewell for a client that is gone");
        for (&client, state) in &self.clients {
            self.compare(client, state, true);
        }
        assert_eq!(self.follower.next_flush(), None, "nobody is told of the schema");
        self.check_statistics();
    }
}
