//! A small world with private columns, a private table, and rules of every kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ambit_interest::{ClientId, ClientUpdate, Delivery, QueryError, SchemaChangeError, reference};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, RowLayout, Schema,
    Slot, TableSchema, Timestamp, Value, delta, encode_row, masked_row, validate_row,
};
use ambit_store::{ApplyError, ChangeSet, Store, TablePlan};
use ambit_wire::{LeaveReason, Op, Parameters, TableBlocks};

use crate::followers::Followers;

pub const GUILD: u16 = 0;
pub const ITEM: u16 = 1;
pub const PLAYER: u16 = 2;

/// The schema with these rules. `is_wide` gives the private table another column type, so that its rows are made anew.
pub fn schema(item_rules: &[&str], player_rules: &[&str], is_wide: bool) -> Schema {
    let index = |column: u16, kind, unique| IndexSchema {
        name: format!("index{column}"),
        columns: vec![column],
        kind,
        unique,
    };
    let hash = |column| index(column, IndexKind::Hash, false);
    let table = |name: &str, columns: &[(&str, ColumnType)], indexes: Vec<IndexSchema>| TableSchema {
        name: name.into(),
        columns: columns
            .iter()
            .map(|(name, ty)| ColumnSchema {
                private: name.starts_with("hidden"),
                doc: format!("about {name}"),
                ..ColumnSchema::new(*name, ty.clone())
            })
            .collect(),
        indexes: std::iter::once(index(0, IndexKind::Hash, true)).chain(indexes).collect(),
        primary: Some(0),
        ..TableSchema::default()
    };
    let number = ColumnType::U32;
    let rank = if is_wide { ColumnType::U16 } else { ColumnType::U8 };
    let guild = [
        ("id", number.clone()),
        ("member", number.clone()),
        ("founder", ColumnType::Identity),
        ("rank", rank),
    ];
    let item = [
        ("id", number.clone()),
        ("owner", number.clone()),
        ("zone", ColumnType::U8),
        ("place", ColumnType::Vec2),
        ("shared", ColumnType::Bool),
        ("hidden_rank", ColumnType::U16),
        ("name", ColumnType::String),
    ];
    let player = [
        ("id", number.clone()),
        ("identity", ColumnType::Identity),
        ("place", ColumnType::Vec2),
        ("zone", ColumnType::U8),
        ("hidden_gold", number),
        ("hidden_nick", ColumnType::String),
    ];
    let rules = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect();
    let spatial = index(3, IndexKind::Spatial { cell: 8.0 }, false);
    let schema = Schema {
        tables: vec![
            table("guild", &guild, vec![hash(1)]),
            TableSchema {
                public: true,
                visible: rules(item_rules),
                ..table("item", &item, vec![hash(1), spatial, hash(5)])
            },
            TableSchema {
                public: true,
                visible: rules(player_rules),
                ..table("player", &player, vec![hash(1)])
            },
        ],
        ..Schema::default()
    };
    schema.check().unwrap();
    ambit_interest::check_rules(&schema).unwrap();
    schema
}

pub fn identity(client: u8) -> Identity {
    Identity([client; 32])
}

#[derive(Default)]
pub struct Client {
    pub rows: BTreeMap<(u16, Slot), Vec<u8>>,
    /// By number: the text, and whether its first result has come.
    pub subscriptions: BTreeMap<u32, (String, bool)>,
    pub ending: BTreeSet<u32>,
    next: u32,
}

pub struct World {
    pub store: Store,
    pub follower: Followers,
    pub clients: BTreeMap<u8, Client>,
    /// Slots whose row came or went since everybody was flushed.
    replaced: BTreeSet<(u16, Slot)>,
    /// The columns that commits changed since then: what changes twice may be as it was.
    touched: BTreeMap<(u16, Slot), u64>,
    next_id: u32,
    offset: u64,
    now: Timestamp,
}

impl World {
    pub fn new(schema: Schema) -> Self {
        let schema = Arc::new(schema);
        Self {
            store: Store::new(Arc::clone(&schema)),
            follower: Followers::new(schema),
            clients: BTreeMap::new(),
            replaced: BTreeSet::new(),
            touched: BTreeMap::new(),
            next_id: 0,
            offset: 0,
            now: Timestamp(0),
        }
    }

    pub fn layout(&self, table: u16) -> RowLayout {
        self.store.schema().tables[usize::from(table)].layout()
    }

    pub fn guild(&mut self, member: u32, founder: u8) -> Slot {
        let rank = match self.store.schema().tables[usize::from(GUILD)].columns[3].ty {
            ColumnType::U16 => Value::U16(1),
            _ => Value::U8(1),
        };
        self.insert(GUILD, vec![Value::U32(member), Value::Identity(identity(founder)), rank])
    }

    pub fn item(&mut self, owner: u32, zone: u8, x: f32, shared: bool, rank: u16) -> Slot {
        let place = Value::Vec2(Vec2::new(x, 1.0));
        let name = Value::String(format!("item {rank}"));
        let values =
            vec![Value::U32(owner), Value::U8(zone), place, Value::Bool(shared), Value::U16(rank), name];
        self.insert(ITEM, values)
    }

    pub fn player(&mut self, who: u8, x: f32, zone: u8, gold: u32) -> Slot {
        let place = Value::Vec2(Vec2::new(x, 0.0));
        let nick = Value::String(format!("secret {gold}"));
        let values = vec![Value::Identity(identity(who)), place, Value::U8(zone), Value::U32(gold), nick];
        self.insert(PLAYER, values)
    }

    fn insert(&mut self, table: u16, mut values: Vec<Value>) -> Slot {
        self.next_id += 1;
        values.insert(0, Value::U32(self.next_id));
        let mut row = encode_row(&self.layout(table), &values).unwrap();
        let slot = self.store.insert(table, &mut row).unwrap();
        self.replaced.insert((table, slot));
        slot
    }

    pub fn set(&mut self, table: u16, slot: Slot, column: usize, value: Value) {
        let layout = self.layout(table);
        let row = self.store.row(table, slot).unwrap();
        let mut values = ambit_model::decode_row(&layout, row).unwrap();
        if std::mem::replace(&mut values[column], value) != values[column] {
            *self.touched.entry((table, slot)).or_default() |= 1 << column;
        }
        self.store.update(table, slot, &encode_row(&layout, &values).unwrap()).unwrap();
    }

    pub fn delete(&mut self, table: u16, slot: Slot) {
        self.store.delete(table, slot).unwrap();
        self.replaced.insert((table, slot));
    }

    /// One of a table's rows, by chance.
    pub fn pick(&self, table: u16, pick: u8) -> Option<Slot> {
        let slots: Vec<Slot> = self.store.slots(table).map(|(slot, _)| slot).collect();
        slots.get(usize::from(pick) * slots.len() / 256).copied()
    }

    pub fn commit(&mut self) {
        let changes = self.store.commit();
        if changes.is_empty() {
            return;
        }
        self.offset += 1;
        let change_set = ChangeSet {
            offset: self.offset,
            timestamp: Timestamp(self.offset as i64),
            caller: Identity::default(),
            reducer: ChangeSet::NO_REDUCER,
            body: changes.body,
        };
        let applied: Result<(), ApplyError> = self.follower.apply(&change_set);
        applied.unwrap();
    }

    pub fn subscribe(&mut self, client: u8, sql: &str) -> Result<u32, QueryError> {
        self.subscribe_as(client, sql, &Delivery::at_rate(f32::INFINITY))
    }

    pub fn subscribe_as(&mut self, client: u8, sql: &str, delivery: &Delivery) -> Result<u32, QueryError> {
        if !self.clients.contains_key(&client) {
            self.follower.connect(ClientId(client.into()), identity(client), ConnectionId([client; 16]));
        }
        let state = self.clients.entry(client).or_default();
        let number = state.next + 1;
        let (id, none) = (ClientId(client.into()), Parameters::new());
        self.follower.subscribe_as(id, number, (sql, &none), delivery, self.now)?;
        state.next = number;
        state.subscriptions.insert(number, (sql.to_owned(), false));
        Ok(number)
    }

    pub fn unsubscribe(&mut self, client: u8, number: u32) {
        let state = self.clients.get_mut(&client).unwrap();
        state.subscriptions.remove(&number).unwrap();
        state.ending.insert(number);
        self.follower.unsubscribe(ClientId(client.into()), number);
    }

    /// Everybody sees the last commit, exactly what they may, and nothing else. The updates are answered.
    pub fn flush(&mut self) -> Vec<ClientUpdate<'static>> {
        let mut updates = Vec::new();
        self.now = self.now.plus(Duration::from_millis(1_000));
        self.follower.flush_all(self.now, &mut |update| updates.push(update.into_owned()));
        for update in &updates {
            self.receive(update);
        }
        for (&client, state) in &self.clients {
            assert!(state.ending.is_empty(), "a subscription should have ended");
            assert_eq!(state.rows, self.expected(client, state), "client {client}");
        }
        assert_eq!(self.follower.next_flush(), None);
        self.replaced.clear();
        self.touched.clear();
        updates
    }

    /// What a client is to hold: the rows of its queries that it may see, with the columns that they name.
    fn expected(&self, client: u8, state: &Client) -> BTreeMap<(u16, Slot), Vec<u8>> {
        let mut shown: BTreeMap<(u16, Slot), u64> = BTreeMap::new();
        for (sql, applied) in state.subscriptions.values() {
            assert!(applied, "a first result is missing");
            let query = self.query(client, sql);
            for slot in query.rows(&self.store).unwrap().into_keys() {
                *shown.entry((query.table(), slot)).or_default() |= query.columns();
            }
        }
        let masked = |((table, slot), mask): ((u16, Slot), u64)| {
            let row = self.store.row(table, slot).unwrap();
            ((table, slot), masked_row(&self.layout(table), row, mask).unwrap())
        };
        shown.into_iter().map(masked).collect()
    }

    fn query(&self, client: u8, sql: &str) -> reference::Query {
        let (schema, parameters) = (self.store.schema(), Parameters::new());
        let connection = ConnectionId([client; 16]);
        reference::Query::parse_with(schema, identity(client), connection, sql, &parameters).unwrap()
    }

    fn receive(&mut self, update: &ClientUpdate<'_>) {
        let client = update.client.0 as u8;
        let schema = Arc::clone(self.store.schema());
        let state = self.clients.get_mut(&client).unwrap();
        for applied in &update.applied {
            assert_eq!(applied.change, 0, "no parameters were changed");
            let (_, is_applied) = state.subscriptions.get_mut(&applied.subscription).unwrap();
            assert!(!std::mem::replace(is_applied, true), "applied twice");
        }
        for number in &update.ended {
            assert!(state.ending.remove(number), "nobody has ended it");
        }
        for refused in &update.refused {
            assert!(state.subscriptions.remove(&refused.subscription).is_some(), "{refused:?}");
        }
        let mut left = Vec::new();
        for block in TableBlocks::new(&update.blocks) {
            let block = block.unwrap();
            let table = &schema.tables[usize::from(block.table)];
            assert!(table.public, "a private table is told of");
            let (layout, private) = (table.layout(), table.private_columns());
            for op in block.ops(&layout) {
                let (op, mut row) = (op.unwrap(), Vec::new());
                let key = (block.table, op.slot());
                match op {
                    Op::Insert { row: whole, .. } => {
                        assert_eq!(private, 0, "a whole row of a table with private columns");
                        validate_row(&layout, whole).unwrap();
                        assert_eq!(state.rows.insert(key, whole.to_vec()), None);
                    }
                    Op::InsertColumns { mask, packed, .. } => {
                        assert_eq!(mask & private, 0, "a private column is told");
                        delta::apply_columns(&layout, &layout.blank_row(), mask, packed, &mut row).unwrap();
                        assert_eq!(state.rows.insert(key, row), None);
                    }
                    Op::Delta { mask, packed, .. } => {
                        assert!(mask != 0 && mask & private == 0, "a private column is told");
                        delta::apply_columns(&layout, &state.rows[&key], mask, packed, &mut row).unwrap();
                        let touched = self.touched.get(&key).copied().unwrap_or_default();
                        let is_as_before = state.rows.insert(key, row.clone()) == Some(row);
                        assert!(!is_as_before || mask & !touched == 0, "nothing has changed");
                    }
                    Op::Delete { reason, .. } => {
                        state.rows.remove(&key).expect("it is held");
                        left.push((key, reason));
                    }
                }
            }
        }
        self.check_reasons(client, &left);
    }

    /// A row that exists has left as not permitted exactly if the client may not see it.
    fn check_reasons(&self, client: u8, left: &[((u16, Slot), LeaveReason)]) {
        for &((table, slot), reason) in left {
            if self.replaced.contains(&(table, slot)) || reason == LeaveReason::Unsubscribed {
                continue;
            }
            assert!(self.store.row(table, slot).is_some());
            let name = &self.store.schema().tables[usize::from(table)].name;
            let visible = self.query(client, &format!("SELECT * FROM {name}"));
            let is_visible = visible.rows(&self.store).unwrap().contains_key(&slot);
            assert_eq!(reason == LeaveReason::NotPermitted, !is_visible, "client {client}: {reason:?}");
        }
    }

    /// Other rules, and perhaps other rows in the private table.
    pub fn migrate(&mut self, schema: Schema) {
        self.commit();
        self.flush();
        let schema = Arc::new(schema);
        let plan = ambit_store::plan(self.store.schema(), &schema);
        let successor = |id: u16| match plan.tables[usize::from(id)] {
            TablePlan::Kept { from } => (from == id).then_some(id),
            TablePlan::Created | TablePlan::Converted { .. } | TablePlan::Replaced { .. } => None,
        };
        self.store.reshape(Arc::clone(&schema), &plan).unwrap();
        let reshape = |store: &mut Store| store.reshape(Arc::clone(&schema), &plan).map(drop);
        let farewells = self.follower.migrate(successor, reshape);
        let unflushed = matches!(farewells, Err(SchemaChangeError::Unflushed));
        assert!(!unflushed, "everybody was flushed");
        assert_eq!(farewells.unwrap(), [], "rules let nobody go");
        self.flush();
    }
}
