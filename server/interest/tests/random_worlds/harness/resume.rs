//! Clients that go away, and come back with the rows that they held.

use std::collections::{BTreeMap, BTreeSet};

use ambit_interest::ClientId;
use ambit_model::{ConnectionId, Slot};
use ambit_wire::{Claim, row_digest};

use super::{Client, Harness};
use crate::world::identity;

const KEY: [u64; 2] = [0x1234_5678_9abc_def0, 17];

impl Harness {
    pub(super) fn leave(&mut self, client: u8) {
        if let Some(state) = self.clients.remove(&client) {
            self.follower.disconnect(ClientId(client.into()));
            self.away.insert(client, state);
        }
    }

    /// If nothing that the client knows is another one. `forgotten` picks a row that it claims to hold otherwise than it does.
    pub(super) fn come_back(&mut self, client: u8, forgotten: u8) {
        let Some(mut state) = self.away.remove(&client) else { return };
        if self.clients.contains_key(&client) || state.shape != self.world.shape || !state.lost.is_empty() {
            return;
        }
        let id = ClientId(client.into());
        self.follower.connect(id, identity(client), ConnectionId([client; 16]));
        let picked = usize::from(forgotten) * state.cache.rows.len() / 256;
        let claims = state.cache.rows.iter().enumerate().map(|(at, (&(table, slot), row))| Claim {
            table,
            slot,
            digest: row_digest(KEY, row) + u64::from(at == picked),
        });
        let claims: Vec<Claim> = claims.collect();
        self.follower.resume(id, KEY, claims);
        state.come_back(picked);
        for (&number, (query, _)) in &state.subscriptions {
            let (sql, parameters) = query.sql(&state.shape);
            self.follower.subscribe_with(id, number, &sql, &parameters, 0.0, self.now).unwrap();
        }
        self.follower.end_resume(id);
        self.clients.insert(client, state);
    }
}

/// What a client that came back claims.
pub(super) struct Resuming {
    held: BTreeMap<(u16, Slot), Vec<u8>>,
    /// The row of which it claims something else.
    forgotten: Option<(u16, Slot)>,
}

impl Resuming {
    /// What enters is not what the client held.
    pub(super) fn check(&self, entered: &[(u16, Slot)], rows: &BTreeMap<(u16, Slot), Vec<u8>>) {
        for key in entered {
            let is_new = self.held.get(key) != rows.get(key) || self.forgotten == Some(*key);
            assert!(is_new, "a row was sent again");
        }
    }
}

impl Client {
    /// All its subscriptions are to begin again, with the last parameters.
    fn come_back(&mut self, forgotten: usize) {
        for (number, (_, changed)) in std::mem::take(&mut self.changing) {
            if let Some((query, _)) = self.subscriptions.get_mut(&number) {
                *query = changed;
            }
        }
        self.subscriptions.values_mut().for_each(|(_, applied)| *applied = false);
        self.ending.clear();
        self.asked = BTreeSet::new();
        self.immediate.clear();
        let held = self.cache.rows.clone();
        self.resuming = Some(Resuming { forgotten: held.keys().nth(forgotten).copied(), held });
    }
}
