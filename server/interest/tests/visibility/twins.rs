//! Two worlds that differ in nothing but what is hidden: byte for byte, everybody is told the same in both, whatever they watch
//! and on whatever terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use ambit_interest::{ClientId, ClientUpdate, Delivery, Follower, Tier};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Quantize, Schema, Slot,
    TableSchema, Timestamp, Value, encode_row,
};
use ambit_store::{ChangeSet, Store};
use ambit_wire::Parameters;

const UNIT: u16 = 0;
/// Nobody's client: its rows that are not shared are hidden from everybody.
const NOBODY: u8 = 99;
const CLIENTS: u64 = 4;

const QUERIES: [&str; 12] = [
    "SELECT * FROM unit",
    "SELECT id, score FROM unit WHERE zone = 1",
    "SELECT * FROM unit WHERE ST_DWithin(place, ST_Point(0, 0), 9)",
    "SELECT place, zone FROM unit WHERE ST_DWithin(place, ST_Point(2, 0), 9) AND zone < 3",
    "SELECT u.* FROM unit u JOIN unit o ON ST_DWithin(u.place, o.place, 8) WHERE o.owner = :sender",
    "SELECT u.score FROM unit u JOIN unit o ON ST_DWithin(u.place, o.place, 8) WHERE o.owner = :sender",
    "SELECT u.* FROM unit u JOIN unit o ON ST_DWithin(u.place, o.place, 8) WHERE o.id = 2 AND u.zone = o.zone",
    "SELECT u.* FROM unit u JOIN unit o ON u.zone = o.zone WHERE o.owner = :sender",
    "SELECT * FROM unit ORDER BY score DESC LIMIT 3",
    "SELECT name FROM unit WHERE zone < 3 ORDER BY ST_Distance(place, ST_Point(1, 1)), score LIMIT 2",
    "SELECT u.* FROM unit u JOIN unit o ON ST_DWithin(u.place, o.place, 12) WHERE o.owner = :sender \
     ORDER BY ST_Distance(u.place, o.place) LIMIT 2",
    "SELECT u.id FROM unit u JOIN unit o ON u.zone = o.zone WHERE o.owner = :sender ORDER BY u.score LIMIT 2",
];

const RULES: [&[&str]; 4] = [
    &["shared"],
    &["shared", "owner = :sender"],
    &["shared AND ST_DWithin(place, ST_Point(0, 0), 1000)"],
    &["shared", "JOIN unit o ON unit.zone = o.zone WHERE o.owner = :sender AND unit.owner = :sender"],
];

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn place(&mut self) -> Vec2 {
        let mut part = || self.below(400) as f32 / 20.0 - 10.0;
        Vec2::new(part(), part())
    }
}

#[derive(Debug, Clone)]
struct Unit {
    id: u32,
    owner: u8,
    place: Vec2,
    zone: u8,
    score: i32,
    shared: bool,
    hidden_at: Timestamp,
}

impl Unit {
    fn is_hidden(&self) -> bool {
        self.owner == NOBODY && !self.shared
    }
}

struct Twin {
    store: Store,
    follower: Follower,
    /// What is different in this one.
    secrets: Dice,
}

/// Both, and what they have in common.
struct Twins {
    both: [Twin; 2],
    /// Of hidden rows only the slot counts.
    units: BTreeMap<Slot, Unit>,
    dice: Dice,
    now: Timestamp,
    offset: u64,
    last: u32,
    told: usize,
    inspected: usize,
}

fn identity(who: u8) -> Identity {
    Identity([who; 32])
}

fn schema(rules: &[&str]) -> Schema {
    let private =
        |name: &str, ty, quantize| ColumnSchema { private: true, quantize, ..ColumnSchema::new(name, ty) };
    let step = Some(Quantize::Step { step: 0.01 });
    let columns = vec![
        ColumnSchema::new("id", ColumnType::U32),
        ColumnSchema::new("owner", ColumnType::Identity),
        ColumnSchema { quantize: step, ..ColumnSchema::new("place", ColumnType::Vec2) },
        ColumnSchema::new("zone", ColumnType::U8),
        ColumnSchema::new("score", ColumnType::I32),
        ColumnSchema::new("shared", ColumnType::Bool),
        private("aim", ColumnType::Vec2, step),
        private("plan", ColumnType::String, None),
        ColumnSchema::new("name", ColumnType::String),
    ];
    let index = |column: u16, kind, unique| IndexSchema {
        name: format!("index{column}"),
        columns: vec![column],
        kind,
        unique,
    };
    let unit = TableSchema {
        name: "unit".into(),
        public: true,
        visible: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        columns,
        indexes: vec![
            index(0, IndexKind::Hash, true),
            index(1, IndexKind::Hash, false),
            index(3, IndexKind::Hash, false),
            index(4, IndexKind::Ordered, false),
        ],
        primary: Some(0),
        ..TableSchema::default()
    };
    let schema = Schema { tables: vec![unit], ..Schema::default() };
    schema.check().unwrap();
    ambit_interest::check_rules(&schema).unwrap();
    schema
}

impl Twin {
    fn new(schema: &Arc<Schema>, seed: u64) -> Self {
        let mut follower = Follower::new(Arc::clone(schema));
        for client in 0..CLIENTS {
            follower.connect(ClientId(client), identity(client as u8), ConnectionId([client as u8; 16]));
        }
        Self { store: Store::new(Arc::clone(schema)), follower, secrets: Dice(seed) }
    }

    /// The row of a unit: of a hidden one all is its own but the id and the owner, of others what is private.
    fn row(&mut self, unit: &Unit) -> Vec<u8> {
        let Unit { id, owner, mut place, mut zone, mut score, shared, .. } = unit.clone();
        let mut name = format!("unit {id}");
        if unit.is_hidden() {
            (place, zone) = (self.secrets.place(), self.secrets.below(4) as u8);
            (score, name) =
                (self.secrets.below(1_000) as i32, format!("hidden {}", self.secrets.below(1_000)));
        }
        let values = [
            Value::U32(id),
            Value::Identity(identity(owner)),
            Value::Vec2(place),
            Value::U8(zone),
            Value::I32(score),
            Value::Bool(shared),
            Value::Vec2(self.secrets.place()),
            Value::String("x".repeat(self.secrets.below(40) as usize)),
            Value::String(name),
        ];
        encode_row(&self.store.schema().tables[0].layout(), &values).unwrap()
    }

    fn flush(&mut self, now: Timestamp, is_all: bool) -> Vec<ClientUpdate<'static>> {
        let mut updates = Vec::new();
        let mut sink = |update: ClientUpdate<'_>| updates.push(update.into_owned());
        match is_all {
            true => self.follower.flush_all(now, &mut sink),
            false => self.follower.flush(now, &mut sink),
        }
        updates.sort_by_key(|update| update.client);
        updates
    }
}

impl Twins {
    fn new(seed: u64, rules: &[&str]) -> Self {
        let schema = Arc::new(schema(rules));
        let mut twins = Self {
            both: [1, 2].map(|twin| Twin::new(&schema, seed * 2 + twin)),
            units: BTreeMap::new(),
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            now: Timestamp(1_000_000_000),
            offset: 0,
            last: 0,
            told: 0,
            inspected: 0,
        };
        (0..30).for_each(|_| twins.add());
        twins.commit();
        for client in 0..CLIENTS {
            (0..3).for_each(|_| twins.subscribe(client));
        }
        twins
    }

    fn add(&mut self) {
        self.last += 1;
        let owner = [NOBODY, self.dice.below(CLIENTS) as u8][self.dice.below(2) as usize];
        let (zone, score) = (self.dice.below(4) as u8, self.dice.below(1_000) as i32);
        let (place, shared) = (self.dice.place(), self.dice.below(2) == 0);
        let unit = Unit { id: self.last, owner, place, zone, score, shared, hidden_at: self.now };
        let slots = self.both.each_mut().map(|twin| {
            let mut row = twin.row(&unit);
            twin.store.insert(UNIT, &mut row).unwrap()
        });
        assert_eq!(slots[0], slots[1]);
        self.units.insert(slots[0], unit);
    }

    fn write(&mut self, slot: Slot) {
        for twin in &mut self.both {
            let row = twin.row(&self.units[&slot]);
            twin.store.update(UNIT, slot, &row).unwrap();
        }
    }

    fn commit(&mut self) {
        self.offset += 1;
        for twin in &mut self.both {
            let change_set = ChangeSet {
                offset: self.offset,
                timestamp: self.now,
                caller: Identity::default(),
                reducer: ChangeSet::NO_REDUCER,
                body: twin.store.commit().body,
            };
            twin.follower.apply(&change_set).unwrap();
        }
    }

    fn delivery(&mut self) -> Delivery {
        let tier = |distance, rate, columns: &[&str]| Tier {
            distance,
            rate,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        let strict = Delivery::at_rate([f32::INFINITY, 20.0][self.dice.below(2) as usize]);
        match self.dice.below(8) {
            0 => Delivery { hysteresis: 3.0, ..strict },
            1 => Delivery { tiers: vec![tier(3.0, 0.0, &[]), tier(9.0, 5.0, &["place"])], ..strict },
            2 => Delivery { budget: 400, ..strict },
            3 => Delivery { budget: 2_000, hysteresis: 2.0, ..strict },
            _ => strict,
        }
    }

    fn subscribe(&mut self, client: u64) {
        self.last += 1;
        let (number, delivery) = (self.last, self.delivery());
        let sql = QUERIES[self.dice.below(QUERIES.len() as u64) as usize];
        let (now, none) = (self.now, Parameters::new());
        let answers = self
            .both
            .each_mut()
            .map(|twin| twin.follower.subscribe_as(ClientId(client), number, (sql, &none), &delivery, now));
        assert_eq!(answers[0], answers[1], "{sql}");
        // What cannot be delivered so is strict.
        if answers[0].is_err() {
            let strict = Delivery::at_rate(delivery.rate);
            for twin in &mut self.both {
                let _refused =
                    twin.follower.subscribe_as(ClientId(client), number, (sql, &none), &strict, now);
            }
        }
    }

    fn step(&mut self) {
        for slot in self.units.keys().copied().collect::<Vec<_>>() {
            if self.units[&slot].is_hidden() {
                if self.dice.below(2) == 0 {
                    self.write(slot);
                }
                // It is seen, as it is then in both. Everybody has been told that it was hidden: whoever had not would be told
                // which columns have changed meanwhile.
                let is_known = self.now.0 - self.units[&slot].hidden_at.0 > 200_000;
                if is_known && self.dice.below(40) == 0 {
                    let (place, shared) = (self.dice.place(), true);
                    let unit = self.units.get_mut(&slot).unwrap();
                    (unit.place, unit.shared) = (place, shared);
                    self.write(slot);
                }
                continue;
            }
            let (by, score) = (self.dice.place() / 40.0, self.dice.below(1_000) as i32);
            let (what, now) = (self.dice.below(24), self.now);
            let unit = self.units.get_mut(&slot).unwrap();
            match what {
                0 => unit.score = score,
                1 => unit.zone = (score % 4) as u8,
                2 => (unit.shared, unit.hidden_at) = (!unit.shared, now),
                3..=9 => unit.place += by,
                10 => unit.place = by * 40.0,
                // What is private changes alone.
                11..=13 => {}
                _ => continue,
            }
            self.write(slot);
        }
        match self.dice.below(10) {
            0 => self.add(),
            1 => {
                let place = self.dice.below(self.units.len() as u64) as usize;
                let slot = *self.units.keys().nth(place).unwrap();
                self.units.remove(&slot);
                self.both.iter_mut().for_each(|twin| _ = twin.store.delete(UNIT, slot).unwrap());
            }
            2 => {
                let client = self.dice.below(CLIENTS);
                self.subscribe(client);
            }
            3 => {
                let (client, number) = (self.dice.below(CLIENTS), self.dice.below(self.last.into()) as u32);
                self.both.iter_mut().for_each(|twin| twin.follower.unsubscribe(ClientId(client), number));
            }
            _ => {}
        }
        self.commit();
    }

    /// Asks what is in force in everything that was ever subscribed to.
    fn inspect(&mut self) {
        for (client, number) in
            (0..CLIENTS).flat_map(|client| (0..=self.last).map(move |number| (client, number)))
        {
            let answers = self.both.each_mut().map(|twin| twin.follower.inspect(ClientId(client), number));
            assert_eq!(answers[0], answers[1]);
        }
    }

    fn flush(&mut self) {
        if self.dice.below(6) == 0 {
            self.inspect();
        }
        self.now = Timestamp(self.now.0 + 10_000 + 10_000 * self.dice.below(6) as i64);
        let (now, is_all) = (self.now, self.dice.below(12) == 0);
        let [left, right] = self.both.each_mut().map(|twin| twin.flush(now, is_all));
        self.told += left.iter().map(|update| update.blocks.len()).sum::<usize>();
        self.inspected += left.iter().map(|update| update.inspections.len()).sum::<usize>();
        assert_eq!(left, right, "who is told what depends on what is hidden");
    }
}

#[test]
fn what_is_hidden_makes_no_difference_to_anybody() {
    for seed in 0..40 {
        let rules = RULES[seed as usize % RULES.len()];
        println!("seed {seed}, {rules:?}");
        let mut twins = Twins::new(seed, rules);
        for _ in 0..60 {
            twins.step();
            twins.flush();
        }
        assert!(twins.told > 1_000 && twins.inspected > 50, "nobody sees anything");
    }
}
