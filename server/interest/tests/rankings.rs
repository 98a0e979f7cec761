//! ORDER BY and LIMIT over tables that have many more rows than are shown: what is shown stays exact while the first rows go
//! again and again, with an index that gives them in order and without.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "random_worlds/cache.rs"]
mod cache;
#[path = "support/feed.rs"]
mod feed;

use std::collections::BTreeMap;

use ambit_interest::limits::{TOP_ROWS_MAX, TOP_ROWS_PER_CLIENT_MAX};
use ambit_interest::reference::Query;
use ambit_interest::{ClientId, ParameterValue, Parameters, QueryError};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, Slot, TableSchema,
    Timestamp, Value, encode_row,
};
use ambit_wire::LeaveReason;
use cache::Cache;
use feed::{Feed, Told};

const COLUMNS: [&str; 6] = ["id", "zone", "score", "speed", "name", "place"];

fn schema(is_indexed: bool) -> Schema {
    let types = [
        ColumnType::U32,
        ColumnType::U8,
        ColumnType::I32,
        ColumnType::F32,
        ColumnType::String,
        ColumnType::Vec2,
    ];
    let index = |names: &[&str], kind| IndexSchema {
        name: names.join("_"),
        columns: names
            .iter()
            .map(|name| COLUMNS.iter().position(|column| column == name).unwrap() as u16)
            .collect(),
        kind,
        unique: names == ["id"],
    };
    let mut indexes = vec![index(&["id"], IndexKind::Hash)];
    if is_indexed {
        indexes.push(index(&["score"], IndexKind::Ordered));
        indexes.push(index(&["speed"], IndexKind::Ordered));
        indexes.push(index(&["zone", "score", "name"], IndexKind::Ordered));
        indexes.push(index(&["name", "id"], IndexKind::Ordered));
        indexes.push(index(&["place"], IndexKind::Spatial { cell: 4.0 }));
    }
    let columns = COLUMNS.iter().zip(types).map(|(name, ty)| ColumnSchema::new(*name, ty));
    let table = TableSchema {
        name: "body".into(),
        public: true,
        columns: columns.collect(),
        indexes,
        primary: Some(0),
        ..TableSchema::default()
    };
    Schema { tables: vec![table], ..Schema::default() }
}

/// A row; NaN and far places among the values.
#[derive(Debug, Clone)]
struct Body {
    id: u32,
    zone: u8,
    score: i32,
    speed: f32,
    name: String,
    place: Vec2,
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn body(&mut self, id: u32) -> Body {
        Body {
            id,
            zone: self.below(3) as u8,
            score: self.below(40) as i32 - 20,
            speed: [self.below(20) as f32 - 10.0, f32::NAN, -f32::NAN, f32::INFINITY, -0.0]
                [self.below(9).min(4) as usize],
            name: ["", "a", "a\0", "a\0b", "ab", "b"][self.below(6) as usize].into(),
            place: Vec2::new(self.below(60) as f32, self.below(60) as f32),
        }
    }
}

struct World {
    feed: Feed,
    bodies: BTreeMap<Slot, Body>,
    next_id: u32,
}

impl World {
    fn new(is_indexed: bool) -> Self {
        Self { feed: Feed::new(schema(is_indexed)), bodies: BTreeMap::new(), next_id: 0 }
    }

    fn encode(&self, body: &Body) -> Vec<u8> {
        let values = [
            Value::U32(body.id),
            Value::U8(body.zone),
            Value::I32(body.score),
            Value::F32(body.speed),
            Value::String(body.name.clone()),
            Value::Vec2(body.place),
        ];
        encode_row(&self.feed.store.schema().tables[0].layout(), &values).unwrap()
    }

    fn insert(&mut self, body: Body) -> Slot {
        let slot = self.feed.store.insert(0, &mut self.encode(&body)).unwrap();
        self.bodies.insert(slot, body);
        slot
    }

    fn add(&mut self, random: &mut Random) {
        self.next_id += 1;
        let body = random.body(self.next_id);
        self.insert(body);
    }

    fn set(&mut self, slot: Slot, body: Body) {
        self.feed.store.update(0, slot, &self.encode(&body)).unwrap();
        self.bodies.insert(slot, body);
    }

    fn delete(&mut self, slot: Slot) {
        self.feed.store.delete(0, slot).unwrap();
        self.bodies.remove(&slot);
    }

    fn connect(&mut self, client: u64) {
        self.feed.follower.connect(ClientId(client), Identity([1; 32]), ConnectionId::default());
    }

    fn subscribe(&mut self, client: u64, number: u32, sql: &str) -> Result<(), QueryError> {
        self.feed.follower.subscribe(ClientId(client), number, sql, f32::INFINITY, Timestamp(0))
    }

    fn expected(&self, sql: &str) -> BTreeMap<Slot, Vec<u8>> {
        let store = &self.feed.store;
        let query = Query::parse(store.schema(), Identity([1; 32]), ConnectionId::default(), sql).unwrap();
        query.rows(store).unwrap().into_iter().map(|(slot, row)| (slot, row.to_vec())).collect()
    }
}

const QUERIES: [&str; 17] = [
    "SELECT * FROM body ORDER BY score DESC LIMIT 10",
    "SELECT * FROM body ORDER BY score LIMIT 3",
    "SELECT * FROM body ORDER BY score DESC, name LIMIT 30",
    "SELECT * FROM body WHERE zone = 1 ORDER BY score LIMIT 12",
    "SELECT * FROM body WHERE zone = 2 ORDER BY score DESC, name DESC, speed LIMIT 5",
    "SELECT * FROM body WHERE zone IN (0, 2) AND score > -15 ORDER BY score, name DESC LIMIT 8",
    "SELECT * FROM body ORDER BY speed DESC LIMIT 7",
    "SELECT * FROM body ORDER BY speed DESC NULLS LAST LIMIT 15",
    "SELECT * FROM body ORDER BY speed NULLS FIRST, score LIMIT 20",
    "SELECT * FROM body WHERE speed IS NOT NULL ORDER BY speed, zone DESC LIMIT 9",
    "SELECT * FROM body ORDER BY name, zone LIMIT 11",
    "SELECT * FROM body WHERE name LIKE 'a%' ORDER BY name DESC LIMIT 6",
    "SELECT * FROM body ORDER BY ST_Distance(place, ST_Point(20, 20)) LIMIT 10",
    "SELECT * FROM body WHERE zone = 0 ORDER BY ST_Distance(ST_Point(-500, 9), place), score LIMIT 4",
    "SELECT * FROM body ORDER BY ST_Distance(place, ST_Point(30, 30)) DESC, id DESC LIMIT 6",
    "SELECT * FROM body WHERE ST_DWithin(place, ST_Point(30, 30), 20) ORDER BY zone, score DESC LIMIT 14",
    "SELECT * FROM body ORDER BY score LIMIT 0",
];

/// One client per query, and one for all of them.
#[test]
fn the_first_rows_go_and_others_follow() {
    for (is_indexed, seed) in [(false, 1), (true, 2), (true, 3)] {
        let (mut world, mut random) = (World::new(is_indexed), Random(seed));
        (0..400).for_each(|_| world.add(&mut random));
        world.feed.commit();
        let all = QUERIES.len() as u64;
        world.connect(all);
        for (number, sql) in (0..).zip(QUERIES) {
            world.connect(number.into());
            world.subscribe(number.into(), 1, sql).unwrap();
            world.subscribe(all, number, sql).unwrap();
        }
        let mut caches: Vec<Cache> = (0..=all).map(|_| Cache::default()).collect();
        for round in 0..40_usize {
            change(&mut world, &mut random, round);
            world.feed.commit();
            let layout = world.feed.store.schema().tables[0].layout();
            for update in world.feed.flush() {
                caches[update.client.0 as usize].apply(|_| layout.clone(), &update.blocks);
            }
            let mut union = BTreeMap::new();
            let held = |cache: &Cache| -> BTreeMap<Slot, Vec<u8>> {
                cache.rows.iter().map(|((_, slot), row)| (*slot, row.clone())).collect()
            };
            for (cache, sql) in caches.iter().zip(QUERIES) {
                let expected = world.expected(sql);
                assert_eq!(held(cache), expected, "indexed: {is_indexed}, round {round}: {sql}");
                union.extend(expected);
            }
            assert_eq!(held(&caches[QUERIES.len()]), union, "round {round}: all of them");
        }
    }
}

/// The first rows of one query go, or get values that are as good as those of many others.
fn change(world: &mut World, random: &mut Random, round: usize) {
    let sql = QUERIES[round % (QUERIES.len() - 1)];
    let mut first: Vec<Slot> = world.expected(sql).into_keys().collect();
    let (low, high) = (-20 - round as i32, 19 + round as i32);
    for pass in 0..[1, 4, 12][round % 3] {
        for slot in std::mem::take(&mut first) {
            let body = world.bodies[&slot].clone();
            match (random.below(8), round / 20) {
                (0, _) | (1, 3) => world.delete(slot),
                (1, _) => world.set(slot, random.body(body.id)),
                (2, _) => {
                    world.set(slot, Body { score: if random.below(2) == 0 { low } else { high }, ..body })
                }
                _ => {
                    let score = if sql.contains("score DESC") { low } else { high };
                    let speed = if sql.contains("speed DESC") { -99.0 } else { f32::INFINITY };
                    let speed = if sql.contains("NULLS LAST") { f32::NAN } else { speed };
                    let name = if sql.contains("name DESC") { "" } else { "zz" }.into();
                    let place = Vec2::new(900.0 + pass as f32, -40.0);
                    world.set(slot, Body { score, speed, name, place, zone: (body.zone + 1) % 3, ..body });
                }
            }
        }
        first = world.expected(sql).into_keys().collect();
    }
    if round % 5 == 4 {
        (0..60).for_each(|_| world.add(random));
        let slots: Vec<Slot> = world.bodies.keys().copied().step_by(4).collect();
        for slot in slots {
            let body = random.body(world.bodies[&slot].id);
            world.set(slot, body);
        }
    }
}

#[test]
fn a_row_that_goes_is_followed_by_the_next_and_the_reason_is_told() {
    let (mut world, mut random) = (World::new(false), Random(1));
    for score in [10, 30, 20, 40] {
        world.next_id += 1;
        let body = Body { score, zone: 0, ..random.body(world.next_id) };
        world.insert(body);
    }
    world.feed.commit();
    world.connect(1);
    world.subscribe(1, 7, "SELECT * FROM body WHERE zone = 0 ORDER BY score DESC LIMIT 2").unwrap();
    let told = |world: &mut World| -> Vec<Told> {
        let updates = world.feed.flush();
        updates.iter().map(|update| world.feed.told(update)).collect()
    };
    let enters = |enters: Vec<Slot>| Told { enters, ..Told::default() };
    assert_eq!(told(&mut world), [enters(vec![1, 3])]);
    // Nobody is told of what happens behind.
    let set = |world: &mut World, slot: Slot, change: &dyn Fn(&mut Body)| {
        let mut body = world.bodies[&slot].clone();
        change(&mut body);
        world.set(slot, body);
        world.feed.commit();
    };
    set(&mut world, 0, &|body| body.score = 15);
    assert_eq!(told(&mut world), []);
    // A new place among the first is a change of a column and nothing else.
    set(&mut world, 1, &|body| body.score = 50);
    assert_eq!(told(&mut world), [Told { changes: vec![1], ..Told::default() }]);
    let leaves = |slot, reason| vec![(slot, reason)];
    set(&mut world, 0, &|body| body.score = 45);
    let leaving = leaves(3, LeaveReason::NoLongerMatching);
    assert_eq!(told(&mut world), [Told { enters: vec![0], leaves: leaving, ..Told::default() }]);
    world.delete(1);
    world.feed.commit();
    let leaving = leaves(1, LeaveReason::Deleted);
    assert_eq!(told(&mut world), [Told { enters: vec![3], leaves: leaving, ..Told::default() }]);
    set(&mut world, 0, &|body| body.zone = 1);
    let leaving = leaves(0, LeaveReason::NoLongerMatching);
    assert_eq!(told(&mut world), [Told { enters: vec![2], leaves: leaving, ..Told::default() }]);
    world.feed.follower.unsubscribe(ClientId(1), 7);
    let updates = told(&mut world);
    assert_eq!(updates[0].leaves, [(2, LeaveReason::Unsubscribed), (3, LeaveReason::Unsubscribed)]);
    assert_eq!(world.feed.follower.statistics().pending_changes, 0);
}

#[test]
fn the_limit_can_be_changed() {
    let (mut world, mut random) = (World::new(true), Random(1));
    (0..200).for_each(|_| world.add(&mut random));
    world.feed.commit();
    world.connect(1);
    let parameters = |limit: i128| {
        let mut parameters = Parameters::new();
        parameters.set("n", ParameterValue::Integer(limit)).unwrap();
        parameters
    };
    let sql = "SELECT * FROM body ORDER BY score, name LIMIT :n";
    let follower = &mut world.feed.follower;
    follower.subscribe_with(ClientId(1), 1, sql, &parameters(3), f32::INFINITY, Timestamp(0)).unwrap();
    let mut cache = Cache::default();
    for (change, limit) in (0..).zip([3, 150, 0, 7]) {
        if change > 0 {
            world.feed.follower.change_parameters(ClientId(1), 1, change, &parameters(limit)).unwrap();
        }
        let layout = world.feed.store.schema().tables[0].layout();
        let updates = world.feed.flush();
        let kept = cache.rows.len().min(limit as usize);
        let effects = cache.apply(|_| layout.clone(), &updates[0].blocks);
        assert_eq!(effects.entered.len(), limit as usize - kept, "what is held is not sent again");
        let expected = world.expected(&sql.replace(":n", &limit.to_string()));
        assert!(cache.rows.keys().map(|(_, slot)| slot).eq(expected.keys()), "LIMIT {limit}");
    }
    for limit in [-1, TOP_ROWS_MAX as i128 + 1, i128::MAX] {
        let refused = world.feed.follower.change_parameters(ClientId(1), 1, 9, &parameters(limit));
        assert!(matches!(refused, Err(QueryError::Text(_))), "{refused:?}");
    }
    assert_eq!(world.feed.flush(), [], "a refused change changes nothing");
}

#[test]
fn a_connection_can_show_so_many_rows_by_limit() {
    let mut world = World::new(false);
    world.connect(1);
    world.connect(2);
    let sql =
        |zone: usize| format!("SELECT * FROM body WHERE zone = {zone} ORDER BY score LIMIT {TOP_ROWS_MAX}");
    let possible = TOP_ROWS_PER_CLIENT_MAX / TOP_ROWS_MAX;
    for number in 0..possible {
        world.subscribe(1, number as u32, &sql(number)).unwrap();
    }
    let refused = Err(QueryError::TooManyTopRows(TOP_ROWS_PER_CLIENT_MAX));
    assert_eq!(world.subscribe(1, 99, "SELECT * FROM body ORDER BY id LIMIT 1"), refused);
    assert_eq!(world.subscribe(1, 99, "SELECT * FROM body ORDER BY id LIMIT 0"), Ok(()));
    assert_eq!(world.subscribe(1, 100, "SELECT * FROM body"), Ok(()));
    assert_eq!(world.subscribe(2, 1, &sql(1)), Ok(()), "another connection has rows of its own");
    // The same again with other parameters counts once.
    assert_eq!(world.feed.follower.change_parameters(ClientId(1), 0, 1, &Parameters::new()), Ok(()));
    world.feed.flush();
    world.feed.follower.unsubscribe(ClientId(1), 0);
    world.feed.flush();
    assert_eq!(world.subscribe(1, 101, "SELECT * FROM body ORDER BY id LIMIT 1"), Ok(()));
}
