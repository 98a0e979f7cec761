//! Drives an engine's store, a follower and its clients.

mod check;
mod inspections;

use std::collections::BTreeMap;
use std::sync::Arc;

use ambit_interest::{ClientId, Delivery, QueryError};
use ambit_model::glam::{DVec3, Vec2};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, RowLayout, Schema,
    Slot, TableSchema, Timestamp, Value, decode_row, delta, encode_row, masked_row,
};
use ambit_store::{ChangeSet, Store};
use ambit_wire::{LeaveReason, Op, TableBlocks};

use crate::followers::Followers;
use crate::model::{COLUMNS, Query, Rows, Subscription, Unit};
use check::shown;

#[derive(Debug, Clone)]
pub enum Change {
    Insert {
        owner: u8,
        team: u32,
        place: [f64; 2],
    },
    Step {
        pick: u8,
        by: [f64; 2],
    },
    Teleport {
        pick: u8,
        place: [f64; 2],
    },
    Team {
        pick: u8,
        team: u32,
    },
    Hp {
        pick: u8,
    },
    Name {
        pick: u8,
    },
    /// Only what is private changes.
    Secret {
        pick: u8,
    },
    Delete {
        pick: u8,
    },
    /// Another row gets the slot.
    Replace {
        pick: u8,
        place: [f64; 2],
    },
}

#[derive(Debug, Clone)]
pub enum Step {
    Commit(Vec<Change>),
    /// Milliseconds pass, then everybody is flushed.
    Flush(u16),
    /// As many commits and flushes, 50 ms apart, in each of which all rows step.
    Walk(u8),
    Subscribe {
        client: u8,
        query: Query,
        list: Vec<usize>,
        delivery: Delivery,
    },
    Unsubscribe {
        client: u8,
        pick: u8,
    },
    Radius {
        client: u8,
        pick: u8,
        radius: f64,
    },
    Reconnect {
        client: u8,
    },
}

/// What was committed to a slot: when, and since which generation.
type History = Vec<(i64, u32, Unit)>;

#[derive(Default)]
struct Client {
    cache: BTreeMap<Slot, Vec<u8>>,
    /// By slot and column: what was committed before this entry of the history is not to come again.
    floors: BTreeMap<(Slot, usize), usize>,
    /// When each row entered.
    entered: BTreeMap<Slot, i64>,
    subscriptions: BTreeMap<u32, Subscription>,
    next: u32,
    /// When its last subscription began or changed: rows have their age from then.
    changed_at: i64,
}

pub struct Harness {
    store: Store,
    layout: RowLayout,
    is_flat: bool,
    is_ruled: bool,
    follower: Followers,
    rows: Rows,
    histories: BTreeMap<Slot, History>,
    clients: BTreeMap<u8, Client>,
    now: Timestamp,
    counter: i32,
    /// The longest time between two flushes, in milliseconds.
    longest_gap: f64,
    last_flush: Timestamp,
}

fn identity(client: u8) -> Identity {
    Identity([client + 1; 32])
}

fn schema(is_flat: bool, is_ruled: bool) -> Schema {
    let place = if is_flat { ColumnType::Vec2 } else { ColumnType::DVec3 };
    let types =
        [ColumnType::U64, ColumnType::Identity, ColumnType::U32, place, ColumnType::I32, ColumnType::String];
    let columns = COLUMNS.iter().zip(types).map(|(name, ty)| ColumnSchema::new(*name, ty));
    // It changes with every change of the row, and alone.
    let secret = ColumnSchema { private: true, ..ColumnSchema::new("secret", ColumnType::String) };
    let columns = columns.chain([secret]).collect();
    let index = |name: &str, column| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind: IndexKind::Hash,
        unique: column == 0,
    };
    let unit = TableSchema {
        name: "unit".into(),
        public: true,
        visible: if is_ruled { vec!["team <> 2".into(), "owner = :sender".into()] } else { Vec::new() },
        columns,
        indexes: vec![index("id", 0), index("owner", 1)],
        primary: Some(0),
        ..TableSchema::default()
    };
    Schema { tables: vec![unit], ..Schema::default() }
}

impl Harness {
    pub fn new(is_flat: bool, is_ruled: bool) -> Self {
        let schema = Arc::new(schema(is_flat, is_ruled));
        let now = Timestamp(1_700_000_000_000_000);
        Self {
            store: Store::new(Arc::clone(&schema)),
            layout: schema.tables[0].layout(),
            is_flat,
            is_ruled,
            follower: Followers::new(schema),
            rows: Rows::new(),
            histories: BTreeMap::new(),
            clients: BTreeMap::new(),
            now,
            counter: 0,
            longest_gap: 0.0,
            last_flush: now,
        }
    }

    pub fn step(&mut self, step: Step) {
        match step {
            Step::Commit(changes) => self.commit(&changes),
            Step::Flush(ms) => self.flush(ms),
            Step::Walk(count) => {
                for turn in 0..count {
                    let by = if turn % 8 < 4 { [0.5, 0.5] } else { [-0.5, 0.0] };
                    let picks = (0..=255).step_by(5);
                    let changes: Vec<Change> = picks.map(|pick| Change::Step { pick, by }).collect();
                    self.commit(&changes);
                    self.flush(50);
                }
            }
            Step::Subscribe { client, query, list, delivery } => {
                self.subscribe(client, (query, list), delivery)
            }
            Step::Unsubscribe { client, pick } => {
                let Some(state) = self.clients.get_mut(&client) else { return };
                let Some(number) = state.pick(pick) else { return };
                state.subscriptions.remove(&number);
                state.changed_at = self.now.0;
                self.follower.unsubscribe(ClientId(client.into()), number);
            }
            Step::Radius { client, pick, radius: new } => {
                let Some(state) = self.clients.get_mut(&client) else { return };
                let Some(number) = state.pick(pick) else { return };
                let subscription = state.subscriptions.get_mut(&number).unwrap();
                match &mut subscription.query {
                    Query::Moving { radius, .. } | Query::Fixed { radius, .. } => *radius = new,
                    Query::Plain { team } => *team = team.map(|team| (team + 1) % 3),
                }
                let (_, parameters) = subscription.query.sql(self.is_flat, &subscription.list);
                state.changed_at = self.now.0;
                self.follower.change_parameters(ClientId(client.into()), number, 1, &parameters).unwrap();
            }
            Step::Reconnect { client } => {
                self.follower.disconnect(ClientId(client.into()));
                self.clients.remove(&client);
            }
        }
    }

    fn subscribe(&mut self, client: u8, (query, list): (Query, Vec<usize>), delivery: Delivery) {
        let id = ClientId(client.into());
        if !self.clients.contains_key(&client) {
            self.follower.connect(id, identity(client), ConnectionId([client; 16]));
        }
        let state = self.clients.entry(client).or_default();
        state.next += 1;
        let (sql, parameters) = query.sql(self.is_flat, &list);
        let result = self.follower.subscribe_as(id, state.next, (&sql, &parameters), &delivery, self.now);
        let needs_distance = delivery.hysteresis > 0.0 || !delivery.tiers.is_empty();
        if needs_distance && matches!(query, Query::Plain { .. }) {
            assert_eq!(result, Err(QueryError::NoDistance));
            return;
        }
        result.unwrap();
        state.changed_at = self.now.0;
        let known = Subscription { query, list, delivery, held: BTreeMap::new() };
        state.subscriptions.insert(state.next, known);
    }

    fn encode(&self, unit: &Unit) -> Vec<u8> {
        let [x, y, z] = unit.place;
        let place = match self.is_flat {
            true => Value::Vec2(Vec2::new(x as f32, y as f32)),
            false => Value::DVec3(DVec3::new(x, y, z)),
        };
        let values = [
            Value::U64(unit.id),
            Value::Identity(identity(unit.owner)),
            Value::U32(unit.team),
            place,
            Value::I32(unit.hp),
            Value::String(unit.name.clone()),
            Value::String("s".repeat(self.counter as usize % 50)),
        ];
        encode_row(&self.layout, &values).unwrap()
    }

    fn decode(&self, bytes: &[u8]) -> Unit {
        let row = decode_row(&self.layout, bytes).unwrap();
        let [
            Value::U64(id),
            Value::Identity(owner),
            Value::U32(team),
            place,
            Value::I32(hp),
            Value::String(name),
            Value::String(_),
        ] = row.as_slice()
        else {
            panic!("a row of unit");
        };
        let place = match (place, self.is_flat) {
            (Value::Vec2(place), true) => [place.x.into(), place.y.into(), 0.0],
            (Value::DVec3(place), false) => place.to_array(),
            (other, _) => panic!("a place, not {other:?}"),
        };
        Unit { id: *id, owner: owner.0[0].wrapping_sub(1), team: *team, place, hp: *hp, name: name.clone() }
    }

    fn commit(&mut self, changes: &[Change]) {
        changes.iter().for_each(|change| self.change(change));
        let body = self.store.commit().body;
        let change_set = ChangeSet {
            offset: self.follower.offset() + 1,
            timestamp: self.now,
            caller: Identity::default(),
            reducer: ChangeSet::NO_REDUCER,
            body,
        };
        self.follower.apply(&change_set).unwrap();
        let units: Vec<(Slot, Unit)> =
            self.store.slots(0).map(|(slot, bytes)| (slot, self.decode(bytes))).collect();
        let before = std::mem::take(&mut self.rows);
        for (slot, unit) in units {
            let history = self.histories.entry(slot).or_default();
            let same = before.get(&slot).filter(|(_, known)| known.id == unit.id);
            let last = history.last().map_or(0, |(_, generation, _)| *generation);
            let generation = same.map_or(last + 1, |(generation, _)| *generation);
            if same.is_none_or(|(_, known)| *known != unit) {
                history.push((self.now.0, generation, unit.clone()));
            }
            self.rows.insert(slot, (generation, unit));
        }
    }

    fn change(&mut self, change: &Change) {
        self.counter += 1;
        let counter = self.counter;
        let lifted = |place: [f64; 2], is_flat: bool| [place[0], place[1], if is_flat { 0.0 } else { 0.25 }];
        match *change {
            Change::Insert { owner, team, place } => {
                let place = lifted(place, self.is_flat);
                let (id, name) = (counter as u64, format!("unit {counter}"));
                let unit = Unit { id, owner, team, place, hp: counter, name };
                let mut row = self.encode(&unit);
                self.store.insert(0, &mut row).unwrap();
            }
            Change::Step { pick, by: [x, y] } => self.edit(pick, |unit| {
                unit.place[0] += x;
                unit.place[1] += y;
            }),
            Change::Teleport { pick, place: [x, y] } => self.edit(pick, |unit| {
                (unit.place[0], unit.place[1]) = (x, y);
            }),
            Change::Team { pick, team } => self.edit(pick, |unit| unit.team = team),
            Change::Hp { pick } => self.edit(pick, |unit| unit.hp = counter),
            Change::Secret { pick } => self.edit(pick, |_| {}),
            Change::Name { pick } => self.edit(pick, |unit| unit.name = format!("named {counter}")),
            Change::Delete { pick } => {
                if let Some((slot, _)) = self.pick(pick) {
                    self.store.delete(0, slot).unwrap();
                }
            }
            Change::Replace { pick, place: [x, y] } => self.edit(pick, |unit| {
                unit.id = counter as u64;
                (unit.place[0], unit.place[1]) = (x, y);
            }),
        }
    }

    fn pick(&self, pick: u8) -> Option<(Slot, Unit)> {
        let rows: Vec<(Slot, &[u8])> = self.store.slots(0).collect();
        let (slot, bytes) = rows.get(usize::from(pick) * rows.len() / 256)?;
        Some((*slot, self.decode(bytes)))
    }

    fn edit(&mut self, pick: u8, edit: impl FnOnce(&mut Unit)) {
        if let Some((slot, mut unit)) = self.pick(pick) {
            edit(&mut unit);
            let row = self.encode(&unit);
            self.store.update(0, slot, &row).unwrap();
        }
    }

    fn flush(&mut self, ms: u16) {
        self.now = self.now.plus(Duration::from_millis(ms.into()));
        self.longest_gap = self.longest_gap.max((self.now.0 - self.last_flush.0) as f64 / 1_000.0);
        self.last_flush = self.now;
        let asked = if ms.is_multiple_of(3) { self.inspect() } else { 0 };
        let (mut updates, layout) = (Vec::new(), self.layout.clone());
        self.follower.flush_all(self.now, &mut |update| updates.push(update.into_owned()));
        let mut inspections = Vec::new();
        for update in updates {
            let number = u8::try_from(update.client.0).unwrap();
            inspections.extend(update.inspections.iter().map(|told| (number, told.clone())));
            for block in TableBlocks::new(&update.blocks) {
                for op in block.unwrap().ops(&layout) {
                    self.take(number, op.unwrap());
                }
            }
        }
        for (&number, client) in &mut self.clients {
            for subscription in client.subscriptions.values_mut() {
                subscription.flush(&self.rows, number, self.is_ruled);
            }
        }
        let numbers: Vec<u8> = self.clients.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.check(number));
        assert_eq!(inspections.len(), asked);
        inspections.iter().for_each(|(number, told)| self.check_inspection(*number, told));
    }

    /// Applies one operation, which must make sense.
    fn take(&mut self, number: u8, op: Op<'_>) {
        let client = self.clients.get_mut(&number).unwrap();
        match op {
            Op::Insert { .. } | Op::InsertColumns { .. } => {
                let (slot, row) = self.inserted(op);
                let client = self.clients.get_mut(&number).unwrap();
                assert!(client.cache.insert(slot, row).is_none(), "row {slot} enters twice");
                client.entered.insert(slot, self.now.0);
                client.floors.retain(|(known, _), _| *known != slot);
            }
            Op::Delta { slot, mask, packed } => {
                let row = client.cache.get_mut(&slot).expect("a change of a row that is held");
                let mut changed = Vec::new();
                delta::apply_columns(&self.layout, row, mask, packed, &mut changed).unwrap();
                *row = changed;
            }
            Op::Delete { slot, reason } => {
                assert!(client.cache.remove(&slot).is_some(), "row {slot} leaves and is not held");
                let is_there = self.rows.contains_key(&slot);
                assert!(is_there || matches!(reason, LeaveReason::Deleted | LeaveReason::Unsubscribed));
            }
        }
    }

    /// The row that an insert gives.
    fn inserted(&self, op: Op<'_>) -> (Slot, Vec<u8>) {
        match op {
            Op::Insert { slot, row } => (slot, row.to_vec()),
            Op::InsertColumns { slot, mask, packed } => {
                let (blank, mut row) = (self.layout.blank_row(), Vec::new());
                delta::apply_columns(&self.layout, &blank, mask, packed, &mut row).unwrap();
                (slot, row)
            }
            Op::Delta { .. } | Op::Delete { .. } => panic!("no insert"),
        }
    }

    /// When nobody writes any more, everybody comes to hold the exact result, and then is told nothing more.
    pub fn finish(&mut self) {
        let mut turns = 0;
        self.flush(50);
        while let Some(due) = self.follower.next_flush() {
            assert!(due.0 >= self.now.0, "a flush is due that was made");
            let ms = (due.0 - self.now.0).div_euclid(1_000) + 1;
            self.flush(u16::try_from(ms).unwrap().max(20));
            turns += 1;
            assert!(turns < 10_000, "it does not come to rest");
        }
        self.inspect();
        let mut waiting = 0;
        self.follower.flush_all(self.now, &mut |update| {
            waiting += update.inspections.iter().map(|told| told.waiting).sum::<u32>();
        });
        assert_eq!(waiting, 0, "nothing waits at rest");
        for client in self.clients.values() {
            for (slot, bytes) in &client.cache {
                let holders: Vec<&Subscription> =
                    client.subscriptions.values().filter(|known| known.held.contains_key(slot)).collect();
                let mask = shown(&holders).into_iter().fold(0, |mask, column| mask | 1 << column);
                let row = masked_row(&self.layout, self.store.row(0, *slot).unwrap(), mask).unwrap();
                assert_eq!(bytes, &row, "row {slot} at the end");
            }
        }
    }
}

impl Client {
    fn pick(&self, pick: u8) -> Option<u32> {
        self.subscriptions.keys().nth(usize::from(pick) * self.subscriptions.len() / 256).copied()
    }
}
