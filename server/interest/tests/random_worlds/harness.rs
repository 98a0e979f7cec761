//! Drives an engine's store, a follower and its clients, and compares the caches with the reference model.

mod migration;
mod resume;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ambit_interest::{
    Applied, ClientId, ClientUpdate, Follower, ParameterValue, Parameters, QueryError, reference,
};
use ambit_model::{ConnectionId, Duration, RowLayout, Slot, Timestamp, masked_row};
use ambit_store::{ChangeKind, Store};
use ambit_wire::LeaveReason;

use crate::cache::{Cache, Effects};
use crate::reference::{Query, Values};
use crate::shape::{SchemaChange, Shape};
use crate::world::{Change, World, identity};
use resume::Resuming;

#[derive(Debug, Clone)]
pub enum Step {
    Commit(Vec<Change>),
    /// Milliseconds pass, then a flush.
    Flush(i64),
    Subscribe {
        client: u8,
        query: Query,
        rate: f32,
    },
    Unsubscribe {
        client: u8,
        pick: u8,
    },
    ChangeParameters {
        client: u8,
        pick: u8,
        values: Values,
    },
    /// Gone and back with nothing.
    Reconnect(u8),
    Leave(u8),
    /// Back with what it held.
    ComeBack {
        client: u8,
        forgotten: u8,
    },
    /// The schema changes, and then the rows do.
    Migrate {
        changes: Vec<SchemaChange>,
        writes: Vec<Change>,
    },
}

struct Client {
    /// Rows by the ids and in the layouts that it was welcomed with.
    cache: Cache,
    shape: Shape,
    layouts: [RowLayout; 3],
    /// Tables that are not what it knows any more.
    lost: BTreeSet<u16>,
    /// By number: the query, and whether its first result has come.
    subscriptions: BTreeMap<u32, (Query, bool)>,
    ending: BTreeMap<u32, Query>,
    /// By number: the last change of its parameters, and the query with them.
    changing: BTreeMap<u32, (u32, Query)>,
    /// Those of which it is to be told what is in force.
    asked: BTreeSet<u32>,
    next_change: u32,
    next_number: u32,
    /// Its subscriptions that want every commit, as long as it never had none of them.
    immediate: BTreeSet<u32>,
    /// What may have happened to rows since the last update: columns, and the generation that was held.
    changed: BTreeMap<(u16, Slot), u64>,
    generations: BTreeMap<(u16, Slot), u32>,
    /// The columns that it was shown of each row when it had its last update, by the ids that it knows.
    shown: BTreeMap<(u16, Slot), u64>,
    /// What it held when it came back, until it has caught up.
    resuming: Option<Resuming>,
}

pub struct Harness {
    world: World,
    follower: Follower,
    /// Tells the harness what each commit changed.
    observer: Store,
    clients: BTreeMap<u8, Client>,
    away: BTreeMap<u8, Client>,
    now: Timestamp,
}

impl Harness {
    pub fn new(three_dimensions: bool) -> Self {
        let world = World::new(three_dimensions);
        let schema = world.store.schema();
        let (follower, observer) = (Follower::new(Arc::clone(schema)), Store::new(Arc::clone(schema)));
        let (clients, away, now) = (BTreeMap::new(), BTreeMap::new(), Timestamp(1_700_000_000_000_000));
        Self { follower, observer, world, clients, away, now }
    }

    pub fn step(&mut self, step: Step) {
        match step {
            Step::Commit(changes) => self.commit(&changes),
            Step::Flush(milliseconds) => {
                if milliseconds % 4 == 0 {
                    self.inspect((milliseconds / 4 % 5) as u8);
                }
                self.now = self.now.plus(Duration::from_millis(milliseconds));
                self.flush(milliseconds >= 1_000, false);
            }
            Step::Subscribe { client, query, rate } => self.subscribe(client, query, rate),
            Step::Unsubscribe { client, pick } => {
                let Some(state) = self.clients.get_mut(&client) else { return };
                let Some(number) = state.pick(pick) else { return };
                let (query, _) = state.subscriptions.remove(&number).unwrap();
                state.changing.remove(&number);
                state.asked.remove(&number);
                state.immediate.remove(&number);
                state.ending.insert(number, query);
                self.follower.unsubscribe(ClientId(client.into()), number);
            }
            Step::ChangeParameters { client, pick, values } => self.change_parameters(client, pick, &values),
            Step::Reconnect(client) => {
                self.follower.disconnect(ClientId(client.into()));
                self.clients.remove(&client);
            }
            Step::Leave(client) => self.leave(client),
            Step::ComeBack { client, forgotten } => self.come_back(client, forgotten),
            Step::Migrate { changes, writes } => {
                self.migrate(&changes);
                self.commit(&writes);
            }
        }
    }

    fn commit(&mut self, changes: &[Change]) {
        let Some(change_set) = self.world.commit(changes) else { return };
        self.follower.apply(&change_set).unwrap();
        let (clients, shape, generations) =
            (&mut self.clients, &self.world.shape, &mut self.world.generations);
        let note = |change: ambit_store::AppliedChange<'_>| {
            if change.kind == ChangeKind::Update {
                let key = (shape.table(change.table).unwrap(), change.slot);
                for client in clients.values_mut() {
                    *client.changed.entry(key).or_default() |= change.mask;
                }
                if shape.tables[usize::from(key.0)].is_rekeyed(change.mask) {
                    *generations.entry(key).or_default() += 1;
                }
            }
        };
        self.observer.apply(&change_set.body, note).unwrap();
    }

    fn subscribe(&mut self, client: u8, query: Query, rate: f32) {
        let id = ClientId(client.into());
        if !self.clients.contains_key(&client) {
            self.follower.connect(id, identity(client), ConnectionId([client; 16]));
        }
        let shape = &self.world.shape;
        let state = self.clients.entry(client).or_insert_with(|| Client::new(shape.clone()));
        state.next_number += 1;
        let (sql, parameters) = query.sql(&state.shape);
        let (number, now) = (state.next_number, self.now);
        let result = self.follower.subscribe_with(id, number, &sql, &parameters, rate, now);
        let is_visible = |table: u16| state.shape.tables[usize::from(table)].is_public;
        if !query.tables().all(|table| is_visible(table) && !state.lost.contains(&table)) {
            use QueryError::{NewerTable, TableChanged, Text};
            let error = result.expect_err("a table that the client does not know any more");
            assert!(matches!(error, NewerTable(_) | TableChanged(_) | Text(_)), "{error}");
            state.next_number -= 1;
            return;
        }
        result.unwrap();
        let is_first = state.next_number == 1;
        if rate == f32::INFINITY && (is_first || !state.immediate.is_empty()) {
            state.immediate.insert(state.next_number);
        }
        state.subscriptions.insert(state.next_number, (query, false));
    }

    fn change_parameters(&mut self, client: u8, pick: u8, values: &Values) {
        let id = ClientId(client.into());
        let Some(state) = self.clients.get_mut(&client) else { return };
        let Some(number) = state.pick(pick) else { return };
        let (query, _) = &state.subscriptions[&number];
        let changed = query.with(values);
        let ((text, _), (same_text, parameters)) = (query.sql(&state.shape), changed.sql(&state.shape));
        if text != same_text || parameters.is_empty() {
            return;
        }
        let mut fewer = Parameters::new();
        fewer.set("unknown", ParameterValue::Bool(true)).unwrap();
        let refused = self.follower.change_parameters(id, number, u32::MAX, &fewer);
        assert!(matches!(refused, Err(QueryError::Text(_))), "{refused:?}");
        state.next_change += 1;
        self.follower.change_parameters(id, number, state.next_change, &parameters).unwrap();
        state.changing.insert(number, (state.next_change, changed));
    }

    /// Asks about all subscriptions of a client, twice.
    fn inspect(&mut self, client: u8) {
        let Some(state) = self.clients.get_mut(&client) else { return };
        state.asked = state.subscriptions.keys().copied().collect();
        let id = ClientId(client.into());
        for &number in state.asked.iter().chain(&state.asked) {
            self.follower.inspect(id, number).unwrap();
        }
        for &number in state.ending.keys() {
            assert_eq!(self.follower.inspect(id, number), Err(QueryError::UnknownSubscription(number)));
        }
    }

    fn flush(&mut self, is_everybody_due: bool, of_all: bool) {
        let mut updates = Vec::new();
        match of_all {
            true => self.follower.flush_all(self.now, &mut |update| updates.push(update.into_owned())),
            false => self.follower.flush(self.now, &mut |update| updates.push(update.into_owned())),
        }
        let mut updated = BTreeSet::new();
        for update in updates {
            let client = update.client.0 as u8;
            assert!(updated.insert(client), "two updates in one flush");
            assert_eq!(update.offset, self.follower.offset());
            self.update(client, &update);
        }
        for (&client, state) in &self.clients {
            if is_everybody_due {
                assert!(state.ending.is_empty(), "a subscription should have ended");
                assert!(state.changing.is_empty(), "parameters should have changed");
                assert!(state.asked.is_empty(), "an inspection is missing");
                assert!(state.resuming.is_none(), "a client should have caught up");
                assert!(
                    state.subscriptions.values().all(|(_, applied)| *applied),
                    "a first result is missing"
                );
            }
            if is_everybody_due || updated.contains(&client) || !state.immediate.is_empty() {
                self.compare(client, state, is_everybody_due);
            }
        }
        if is_everybody_due {
            assert_eq!(self.follower.next_flush(), None, "nothing is left to send");
            assert_eq!(self.follower.statistics().pending_changes, 0, "nothing is left to remember");
        }
        self.check_statistics();
    }

    fn check_statistics(&self) {
        let statistics = self.follower.statistics();
        assert_eq!(statistics.clients, self.clients.len() as u64);
        let living = self.clients.values().map(|state| state.subscriptions.len() as u64).sum::<u64>();
        let ending = self.clients.values().map(|state| state.ending.len() as u64).sum::<u64>();
        assert!((living..=living + ending).contains(&statistics.subscriptions));
    }

    fn update(&mut self, client: u8, update: &ClientUpdate<'_>) {
        let state = self.clients.get_mut(&client).expect("an update for a client that is gone");
        let was_applied: BTreeSet<u32> = state
            .subscriptions
            .iter()
            .filter(|(_, (_, applied))| *applied)
            .map(|(number, _)| *number)
            .collect();
        for Applied { subscription, change } in &update.applied {
            let (query, applied) =
                state.subscriptions.get_mut(subscription).expect("an unknown subscription was applied");
            if *change == 0 {
                assert!(!std::mem::replace(applied, true), "applied twice");
                continue;
            }
            assert!(*applied, "other parameters before the first result");
            let (last, changed) = state.changing.remove(subscription).expect("nothing was changed");
            assert_eq!(*change, last, "the last change is told");
            *query = changed;
        }
        let before = was_applied.iter().map(|number| (state.subscriptions[number].0.clone(), false));
        let mut before: Vec<(Query, bool)> = before.collect();
        for number in &update.ended {
            let query = state.ending.remove(number).expect("an unknown subscription has ended");
            before.push((query, true));
        }
        for inspection in &update.inspections {
            assert!(state.asked.remove(&inspection.subscription), "nobody asked, or it was answered");
            assert_eq!((inspection.offset, inspection.waiting), (update.offset, 0));
            let (query, applied) = &state.subscriptions[&inspection.subscription];
            let rows = query.result(&self.world, identity(client)).len();
            assert!(*applied && inspection.rows as usize == rows, "{rows} rows and not {inspection:?}");
        }
        let (shape, layouts) = (&state.shape, &state.layouts);
        let layout = |id: u16| layouts[usize::from(shape.table(id).unwrap())].clone();
        let effects = state.cache.apply(layout, &update.blocks);
        if let Some(resuming) = &state.resuming {
            assert!(update.resumed, "the first update of a client that came back says so");
            resuming.check(&effects.entered, &state.cache.rows);
        }
        let shown = self.shown(client, &self.clients[&client]);
        self.check_effects(client, &before, &effects, &shown);
        let state = self.clients.get_mut(&client).unwrap();
        state.shown = shown;
        state.changed.clear();
        let entered = effects.entered.into_iter();
        // A client that came back holds rows that did not enter.
        let kept = state.resuming.take().map(|_| state.cache.rows.keys().copied().collect::<Vec<_>>());
        for (id, slot) in entered.chain(kept.unwrap_or_default()) {
            let key = (state.shape.table(id).unwrap(), slot);
            state.generations.insert(key, self.world.generations[&key]);
        }
    }

    /// `before`: the subscriptions that the client had, and which of them have ended.
    fn check_effects(
        &self,
        client: u8,
        before: &[(Query, bool)],
        effects: &Effects,
        shown: &BTreeMap<(u16, Slot), u64>,
    ) {
        let state = &self.clients[&client];
        for &(id, slot, mask) in &effects.changed {
            let table = state.shape.table(id).unwrap();
            let changed = state.changed.get(&(table, slot)).copied().unwrap_or_default();
            let columns = |shown: &BTreeMap<_, u64>| shown.get(&(id, slot)).copied().unwrap_or_default();
            let (was, is) = (columns(&state.shown), columns(shown));
            assert_ne!(mask, 0, "an empty delta");
            assert_eq!(mask & !(changed & is | was ^ is), 0, "a delta of columns that have not changed");
        }
        for &(id, slot, reason) in &effects.left {
            assert_eq!(
                reason == LeaveReason::Away,
                state.resuming.is_some(),
                "a row has left because of {reason:?}"
            );
            if reason == LeaveReason::Away {
                continue;
            }
            let table = state.shape.table(id).unwrap();
            let is_same_row = state.generations[&(table, slot)] == self.world.generations[&(table, slot)];
            let row =
                self.world.rows(table).into_iter().find(|(other, _)| *other == slot).map(|(_, row)| row);
            let Some(row) = row.filter(|_| is_same_row) else {
                assert_eq!(reason, LeaveReason::Deleted);
                continue;
            };
            let mut reasons =
                before.iter().filter(|(query, _)| query.table == table).map(|(query, ended)| match ended {
                    true => LeaveReason::Unsubscribed,
                    false => query.leave_reason(&self.world, identity(client), &row),
                });
            // With several subscriptions, which of them held the row is not known here.
            assert!(reasons.any(|possible| possible == reason), "a row has left because of {reason:?}");
        }
    }

    /// The columns that a client is to be shown of each row, by the ids that it knows.
    fn shown(&self, client: u8, state: &Client) -> BTreeMap<(u16, Slot), u64> {
        let mut shown = BTreeMap::new();
        for (query, _) in state.subscriptions.values().filter(|(_, applied)| *applied) {
            let (id, table) = (state.shape.id(query.table), &state.shape.tables[usize::from(query.table)]);
            for slot in query.result(&self.world, identity(client)) {
                *shown.entry((id, slot)).or_default() |= table.shown(query.columns);
            }
        }
        shown
    }

    /// The reference model of the crate must agree too, if so wanted: reading queries takes its time.
    fn compare(&self, client: u8, state: &Client, with_reference: bool) {
        for (query, _) in state.subscriptions.values().filter(|(_, applied)| *applied && with_reference) {
            self.check_reference(client, query, &query.result(&self.world, identity(client)));
        }
        let mut expected = BTreeMap::new();
        for ((id, slot), columns) in self.shown(client, state) {
            let table = state.shape.table(id).unwrap();
            let row = self.world.store.row(self.world.shape.id(table), slot).unwrap();
            let row = masked_row(&state.layouts[usize::from(table)], row, columns).unwrap();
            expected.insert((id, slot), row);
        }
        let held = &state.cache.rows;
        assert!(
            held.keys().eq(expected.keys()),
            "client {client} holds {:?}, should {:?}",
            held.keys(),
            expected.keys()
        );
        assert!(*held == expected, "client {client} holds old values");
    }

    /// The reference model that the simulator uses must agree.
    fn check_reference(&self, client: u8, query: &Query, slots: &BTreeSet<Slot>) {
        let ((sql, parameters), schema) = (query.sql(&self.world.shape), self.world.store.schema());
        let (identity, connection) = (identity(client), ConnectionId([client; 16]));
        let parsed = reference::Query::parse_with(schema, identity, connection, &sql, &parameters).unwrap();
        let rows = parsed.rows(&self.world.store).unwrap();
        let table = &self.world.shape.tables[usize::from(query.table)];
        let all = table.shown(0);
        assert_eq!(parsed.columns() & all, table.shown(query.columns) & all);
        assert!(rows.keys().eq(slots), "the reference model gives {:?} and not {slots:?}", rows.keys());
    }
}

impl Client {
    /// One of its subscriptions, by chance.
    fn pick(&self, pick: u8) -> Option<u32> {
        let numbers: Vec<u32> = self.subscriptions.keys().copied().collect();
        numbers.get(usize::from(pick) * numbers.len() / 256).copied()
    }

    fn new(shape: Shape) -> Self {
        Self {
            cache: Cache::default(),
            layouts: shape.layouts(),
            shape,
            lost: BTreeSet::new(),
            subscriptions: BTreeMap::new(),
            ending: BTreeMap::new(),
            changing: BTreeMap::new(),
            asked: BTreeSet::new(),
            next_change: 0,
            next_number: 0,
            immediate: BTreeSet::new(),
            changed: BTreeMap::new(),
            generations: BTreeMap::new(),
            shown: BTreeMap::new(),
            resuming: None,
        }
    }
}
