//! Delivery options one by one: what is refused, when a connection is flushed that waits for its turn, what a budget holds back
//! and what it does not, and what becomes of them when the schema changes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "here updates have their moments")]
#[path = "support/feed.rs"]
mod feed;

use std::convert::Infallible;
use std::sync::Arc;

use ambit_interest::{ClientId, Delivery, Parameters, QueryError, Tier};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, Priority, Schema,
    Slot, TableSchema, Timestamp, Value, encode_row,
};
use feed::{Feed, Told};

const CIRCLE: &str = "SELECT * FROM unit WHERE ST_DWithin(place, ST_Point(0, 0), 100)";

fn schema() -> Schema {
    let columns = [("id", ColumnType::U32), ("place", ColumnType::Vec2), ("hp", ColumnType::I32)];
    let key = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let table = |name: &str| TableSchema {
        name: name.into(),
        public: true,
        columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
        indexes: vec![key.clone()],
        primary: Some(0),
        ..TableSchema::default()
    };
    Schema { tables: vec![table("unit"), table("chest")], ..Schema::default() }
}

fn tier(distance: f64, rate: f32, columns: &[&str]) -> Tier {
    Tier { distance, rate, columns: columns.iter().map(|name| (*name).to_owned()).collect() }
}

struct Scene {
    feed: Feed,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        Self::of(schema())
    }

    fn of(schema: Schema) -> Self {
        Self { feed: Feed::new(schema), now: Timestamp(1_000_000_000) }
    }

    fn put(&mut self, table: u16, id: u32, (x, hp): (f32, i32)) -> Slot {
        let schema = &self.feed.store.schema().tables[usize::from(table)];
        let hp = match schema.columns[2].ty == ColumnType::U8 {
            true => Value::U8(hp as u8),
            false => Value::I32(hp),
        };
        let values = [Value::U32(id), Value::Vec2(Vec2::new(x, 0.0)), hp];
        let mut row = encode_row(&schema.layout(), &values).unwrap();
        let found = self.feed.store.slots(table).find(|(_, row)| row[..4] == id.to_le_bytes());
        match found.map(|(slot, _)| slot) {
            Some(slot) => self.feed.store.update(table, slot, &row).map(|_| slot).unwrap(),
            None => self.feed.store.insert(table, &mut row).unwrap(),
        }
    }

    fn subscribe(&mut self, client: u64, sql: &str, delivery: &Delivery) -> Result<(), QueryError> {
        let (id, parameters) = (ClientId(client), Parameters::new());
        self.feed.follower.connect(id, Identity([client as u8; 32]), ConnectionId([client as u8; 16]));
        self.feed.follower.subscribe_as(id, 1, (sql, &parameters), delivery, self.now)
    }

    /// Time passes, and what is due is flushed: what one client is told, and in how many bytes.
    fn pass(&mut self, milliseconds: i64) -> (Told, usize) {
        self.now = self.now.plus(Duration::from_millis(milliseconds));
        let mut updates = Vec::new();
        self.feed.follower.flush(self.now, &mut |update| updates.push(update.into_owned()));
        let bytes = updates.iter().map(|update| update.blocks.len()).sum();
        let mut told = Told::default();
        for update in &updates {
            let Told { enters, changes, leaves } = self.feed.told(update);
            told.enters.extend(enters);
            told.changes.extend(changes);
            told.leaves.extend(leaves);
        }
        (told, bytes)
    }
}

#[test]
fn what_a_query_has_no_use_for_is_refused() {
    let mut scene = Scene::new();
    let far = Delivery { tiers: vec![tier(5.0, 1.0, &[])], ..Delivery::default() };
    let late = Delivery { hysteresis: 1.0, ..Delivery::default() };
    let small = Delivery { budget: 5_000, ..Delivery::default() };
    let join = "SELECT unit.* FROM unit JOIN chest ON unit.id = chest.id WHERE chest.id = 1";
    for (sql, delivery, refused) in [
        ("SELECT * FROM unit", &far, QueryError::NoDistance),
        ("SELECT * FROM unit WHERE NOT ST_DWithin(place, ST_Point(0, 0), 9)", &late, QueryError::NoDistance),
        (join, &small, QueryError::NoDelivery),
        ("SELECT * FROM unit ORDER BY id LIMIT 3", &small, QueryError::NoDelivery),
        (CIRCLE, &Delivery { tiers: vec![tier(5.0, 1.0, &["mana"])], ..Delivery::default() }, {
            QueryError::TierColumn { table: "unit".into(), column: "mana".into() }
        }),
    ] {
        assert_eq!(scene.subscribe(1, sql, delivery), Err(refused), "{sql}");
    }
    let odd = Delivery { hysteresis: f64::NAN, ..Delivery::default() };
    assert!(matches!(scene.subscribe(1, CIRCLE, &odd), Err(QueryError::Delivery(_))));
    let statistics = scene.feed.follower.statistics();
    assert_eq!(statistics.subscriptions, 0, "nothing is left of what was refused");
}

/// A connection that is flushed at every commit has no moments of its own; what waits must not wait for a commit, nor be
/// looked for without a pause.
#[test]
fn what_waits_is_told_without_another_commit() {
    for rate in [f32::INFINITY, 20.0] {
        let mut scene = Scene::new();
        let slot = scene.put(0, 7, (50.0, 1));
        scene.feed.commit();
        let delivery = Delivery {
            tiers: vec![tier(10.0, 0.0, &[]), tier(100.0, 2.0, &["place"])],
            ..Delivery::at_rate(rate)
        };
        scene.subscribe(1, CIRCLE, &delivery).unwrap();
        assert_eq!(scene.pass(1_000).0.enters, [slot]);
        scene.pass(1_000);
        assert_eq!(scene.feed.follower.next_flush(), None);
        // It was told long ago: the place comes at once, the rest when the row has rested for an interval.
        scene.put(0, 7, (51.0, 2));
        scene.feed.commit();
        assert_eq!(scene.pass(60).0.changes, [slot]);
        let mut waited = 0;
        let told = loop {
            let due = scene.feed.follower.next_flush().unwrap();
            let pause = (due.0 - scene.now.0) / 1_000;
            assert!((1..=50).contains(&pause), "it is looked for after {pause} ms");
            waited += pause;
            let (told, _) = scene.pass(pause);
            if told != Told::default() {
                break told;
            }
        };
        assert_eq!(told.changes, [slot]);
        assert!((475..=550).contains(&waited), "{waited} ms");
        assert_eq!(scene.feed.follower.next_flush(), None, "nothing is left to tell");
    }
}

#[test]
fn a_row_leaves_later_than_it_enters() {
    let mut scene = Scene::new();
    let delivery = Delivery { hysteresis: 5.0, ..Delivery::at_rate(f32::INFINITY) };
    scene.subscribe(1, CIRCLE, &delivery).unwrap();
    let places = [104.0, 100.0, 104.0, 105.0, 105.5, 104.0, 99.0];
    let held: Vec<bool> = places
        .iter()
        .scan(false, |held, &x| {
            scene.put(0, 7, (x, 0));
            scene.feed.commit();
            let (told, _) = scene.pass(50);
            *held = (*held || !told.enters.is_empty()) && told.leaves.is_empty();
            Some(*held)
        })
        .collect();
    assert_eq!(held, [false, true, true, true, false, false, true]);
}

/// Rows enter and leave whatever the budget is; changes wait, the nearest least, and none for ever.
#[test]
fn a_budget_holds_back_changes_alone() {
    const ROWS: u32 = 300;
    let mut scene = Scene::new();
    let delivery = Delivery { budget: 6_000, ..Delivery::at_rate(20.0) };
    scene.subscribe(1, CIRCLE, &delivery).unwrap();
    let put_all = |scene: &mut Scene, hp: i32| {
        for id in 0..ROWS {
            scene.put(0, id, (id as f32 * 0.3, hp));
        }
        scene.feed.commit();
    };
    put_all(&mut scene, 0);
    assert_eq!(scene.pass(1_000).0.enters.len(), ROWS as usize);
    let (mut counts, mut bytes) = (vec![0; ROWS as usize], 0);
    // What the first result took is paid for in the first seconds.
    for turn in 0..400 {
        put_all(&mut scene, turn + 1);
        let (told, sent) = scene.pass(50);
        assert_eq!((told.enters.len(), told.leaves.len()), (0, 0));
        if turn >= 200 {
            bytes += sent;
            told.changes.iter().for_each(|slot| counts[*slot as usize] += 1);
        }
    }
    let per_second = bytes / 10;
    assert!((5_400..=6_600).contains(&per_second), "{per_second} bytes per second");
    let (near, far): (i32, i32) = (counts[..75].iter().sum(), counts[225..].iter().sum());
    assert!(near > 2 * far, "near rows were told {near} times, far ones {far} times");
    assert!(counts.iter().all(|count| *count >= 2), "a row was forgotten: {counts:?}");
    // All of them go far away at once: nothing is held back of that.
    for id in 0..ROWS {
        scene.put(0, id, (1e6, 0));
    }
    scene.feed.commit();
    assert_eq!(scene.pass(50).0.leaves.len(), ROWS as usize);
}

/// Of as many rows with either priority, as far away, what is worth four times as much is told four times as often.
#[test]
fn a_budget_is_shared_by_priority() {
    const ROWS: u32 = 200;
    for is_per_row in [false, true] {
        let mut schema = schema();
        if is_per_row {
            schema.tables[0].columns[2].ty = ColumnType::U8;
            schema.tables[0].priority = Priority { weight: 0.5, column: Some(2) };
        } else {
            schema.tables[1].priority = Priority { weight: 4.0, column: None };
        }
        let mut scene = Scene::of(schema);
        let delivery = Delivery { budget: 4_000, ..Delivery::at_rate(20.0) };
        scene.subscribe(1, CIRCLE, &delivery).unwrap();
        let (id, sql) = (ClientId(1), "SELECT * FROM chest");
        let follower = &mut scene.feed.follower;
        follower.subscribe_as(id, 2, (sql, &Parameters::new()), &delivery, scene.now).unwrap();
        // In a circle's centre nearness is that of a query without one.
        let put_all = |scene: &mut Scene, turn: u32| {
            for id in 0..ROWS {
                let is_heavy = id >= ROWS / 2;
                let table = u16::from(is_heavy && !is_per_row);
                let hp = if is_heavy { 4 } else { 1 };
                scene.put(table, id, ((turn % 2) as f32 * 0.001, hp));
            }
            scene.feed.commit();
        };
        // These never change: so heavy rows have the same slots in either table.
        for id in 0..ROWS / 2 {
            scene.put(1, id, (0.0, 1));
        }
        put_all(&mut scene, 0);
        scene.pass(1_000);
        let mut counts = [0, 0];
        for turn in 1..240 {
            put_all(&mut scene, turn);
            for slot in scene.pass(50).0.changes {
                counts[usize::from(slot >= ROWS / 2)] += usize::from(turn >= 60);
            }
        }
        let [light, heavy] = counts;
        assert!((3 * light..5 * light).contains(&heavy), "{is_per_row}: {light} and {heavy}");
    }
}

/// The table gets another id while changes wait.
#[test]
fn what_waits_goes_over_to_another_schema() {
    let mut scene = Scene::new();
    let slot = scene.put(0, 7, (50.0, 1));
    scene.feed.commit();
    let delivery = Delivery { tiers: vec![tier(100.0, 1.0, &[])], ..Delivery::at_rate(20.0) };
    scene.subscribe(1, CIRCLE, &delivery).unwrap();
    scene.pass(1_000);
    scene.pass(1_000);
    for hp in [2, 3] {
        scene.put(0, 7, (50.0, hp));
        scene.feed.commit();
        scene.pass(50);
    }
    let mut turned = schema();
    turned.tables.reverse();
    let turned = Arc::new(turned);
    let rows: Vec<Vec<u8>> = scene.feed.store.slots(0).map(|(_, row)| row.to_vec()).collect();
    let fill = |store: &mut ambit_store::Store| {
        *store = ambit_store::Store::new(Arc::clone(&turned));
        for row in &rows {
            store.insert(1, &mut row.clone()).unwrap();
        }
        store.commit();
        Ok::<_, Infallible>(())
    };
    let gone = scene.feed.follower.migrate(|old| Some(1 - old), fill).unwrap();
    assert_eq!(gone, []);
    fill(&mut scene.feed.store).unwrap();
    let mut told = Vec::new();
    for _ in 0..30 {
        told.extend(scene.pass(50).0.changes);
    }
    assert_eq!(told, [slot], "what waited comes once, and nothing enters again");
    scene.put(1, 7, (50.0, 4));
    scene.feed.commit();
    let (changed, _) = scene.pass(1_000);
    assert_eq!(changed.changes, [slot]);
}
