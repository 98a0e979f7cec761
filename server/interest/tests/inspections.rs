//! What is in force in a subscription: counted exactly, of the commit that the client's update brings, and only when asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "here updates have their moments")]
#[path = "support/feed.rs"]
mod feed;

use ambit_interest::{
    Circle, ClientId, ClientUpdate, Delivery, Inspection, ParameterValue, Parameters, QueryError, Tier,
    TierInForce,
};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, Schema, TableSchema,
    Timestamp, Value, encode_row,
};
use feed::Feed;

const CIRCLE: &str = "SELECT * FROM unit WHERE ST_DWithin(place, ST_Point(1, 0), :radius) AND hp > 0";
const MOVING: &str =
    "SELECT a.* FROM unit a JOIN unit p ON ST_DWithin(a.place, p.place, 10) WHERE p.owner = :sender";
const JOIN: &str = "SELECT a.* FROM unit a JOIN unit p ON a.hp = p.hp WHERE p.owner = :sender";

fn schema() -> Schema {
    let columns = [
        ("id", ColumnType::U32),
        ("owner", ColumnType::Identity),
        ("place", ColumnType::Vec2),
        ("hp", ColumnType::I32),
    ];
    let index = |column: u16, unique| IndexSchema {
        name: format!("index{column}"),
        columns: vec![column],
        kind: IndexKind::Hash,
        unique,
    };
    let unit = TableSchema {
        name: "unit".into(),
        public: true,
        columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
        indexes: vec![index(0, true), index(1, false), index(3, false)],
        primary: Some(0),
        ..TableSchema::default()
    };
    Schema { tables: vec![unit], ..Schema::default() }
}

struct Scene {
    feed: Feed,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let mut feed = Feed::new(schema());
        feed.follower.connect(ClientId(1), Identity([1; 32]), ConnectionId::default());
        Self { feed, now: Timestamp(1_000_000_000) }
    }

    /// Puts a unit of this owner at a place on the x-axis.
    fn put(&mut self, id: u32, owner: u8, (x, hp): (f32, i32)) {
        let owner = Value::Identity(Identity([owner; 32]));
        let values = [Value::U32(id), owner, Value::Vec2(Vec2::new(x, 0.0)), Value::I32(hp)];
        let mut row = encode_row(&self.feed.store.schema().tables[0].layout(), &values).unwrap();
        let found = self.feed.store.slots(0).find(|(_, row)| row[..4] == id.to_le_bytes());
        match found.map(|(slot, _)| slot) {
            Some(slot) => self.feed.store.update(0, slot, &row).unwrap(),
            None => _ = self.feed.store.insert(0, &mut row).unwrap(),
        }
    }

    /// Units of somebody else at 0, 2, 4 … on the x-axis.
    fn put_many(&mut self, count: u32) {
        (0..count).for_each(|id| self.put(id, 2, ((id * 2) as f32, 1)));
        self.feed.commit();
    }

    fn subscribe(&mut self, number: u32, sql: &str, delivery: &Delivery) {
        let mut parameters = Parameters::new();
        if sql.contains(":radius") {
            parameters.set("radius", ParameterValue::Float(10.0)).unwrap();
        }
        let follower = &mut self.feed.follower;
        follower.subscribe_as(ClientId(1), number, (sql, &parameters), delivery, self.now).unwrap();
    }

    fn ask(&mut self, number: u32) -> Result<(), QueryError> {
        self.feed.follower.inspect(ClientId(1), number)
    }

    /// Time passes, and what is due is flushed.
    fn pass(&mut self, milliseconds: i64) -> Vec<ClientUpdate<'static>> {
        self.now = self.now.plus(Duration::from_millis(milliseconds));
        let mut updates = Vec::new();
        self.feed.follower.flush(self.now, &mut |update| updates.push(update.into_owned()));
        updates
    }

    /// Asks and waits for the answer, which comes with one update.
    fn inspection(&mut self, number: u32) -> Inspection {
        self.ask(number).unwrap();
        let updates = self.pass(1_000);
        let [update] = updates.as_slice() else { panic!("one update: {updates:?}") };
        let [inspection] = update.inspections.as_slice() else { panic!("one inspection: {update:?}") };
        assert_eq!((inspection.subscription, inspection.offset), (number, update.offset));
        inspection.clone()
    }
}

fn circle(x: f64, radius: f64) -> Circle {
    Circle { centre: [x, 0.0, 0.0], radius }
}

fn strict() -> Delivery {
    Delivery::at_rate(20.0)
}

#[test]
fn strict_results_are_counted_as_the_client_holds_them() {
    let mut scene = Scene::new();
    scene.put_many(20);
    scene.put(100, 1, (6.0, 1));
    scene.put(101, 1, (500.0, 7));
    scene.feed.commit();
    let first = "SELECT * FROM unit WHERE ST_DWithin(place, ST_Point(0, 0), 9) ORDER BY id LIMIT 3";
    let nearest = "SELECT a.* FROM unit a JOIN unit p ON ST_DWithin(a.place, p.place, 10) WHERE p.owner = :sender \
                   ORDER BY a.id LIMIT 4";
    // In reach of 6 are 0 to 16 and the unit itself, in reach of 500 the other one.
    let around = vec![circle(6.0, 10.0), circle(500.0, 10.0)];
    for (number, (sql, rows, circles)) in (1..).zip([
        ("SELECT * FROM unit", 22, vec![]),
        (CIRCLE, 7, vec![circle(1.0, 10.0)]),
        (MOVING, 11, around.clone()),
        (JOIN, 22, vec![]),
        (first, 3, vec![circle(0.0, 9.0)]),
        (nearest, 4, around),
    ]) {
        scene.subscribe(number, sql, &strict());
        let expected = Inspection {
            subscription: number,
            offset: scene.feed.follower.offset(),
            rows,
            rate: 20.0,
            circles,
            ..Inspection::default()
        };
        assert_eq!(scene.inspection(number), expected, "{sql}");
    }
    // What happened since the last update comes with the answer.
    scene.put(100, 1, (500.0, 1));
    scene.feed.commit();
    let moved = scene.inspection(3);
    assert_eq!((moved.rows, moved.circles), (2, vec![circle(500.0, 10.0); 2]));
    assert_eq!(moved.offset, scene.feed.follower.offset());
    // No place, no circle.
    scene.put(100, 1, (f32::INFINITY, 1));
    scene.put(101, 1, (f32::NAN, 1));
    scene.feed.commit();
    let nowhere = scene.inspection(3);
    assert_eq!(nowhere.circles, []);
}

#[test]
fn tiers_and_waiting_rows_are_counted() {
    let mut scene = Scene::new();
    scene.put_many(10);
    let tier = |distance, rate| Tier { distance, rate, columns: Vec::new() };
    let delivery = Delivery {
        hysteresis: 4.0,
        tiers: vec![tier(3.0, f32::INFINITY), tier(5.0, 2.0)],
        budget: 50_000,
        ..Delivery::at_rate(20.0)
    };
    scene.subscribe(1, CIRCLE, &delivery);
    let told = |distance, interval_ms, rows| TierInForce { distance, interval_ms, rows };
    // Around 1: 0 to 4 are near, what lies beyond the last tier belongs to it.
    let mut expected = Inspection {
        subscription: 1,
        offset: 1,
        rows: 6,
        waiting: 0,
        rate: 20.0,
        hysteresis: 4.0,
        budget: 50_000,
        circles: vec![circle(1.0, 10.0)],
        tiers: vec![told(3.0, 0, 3), told(5.0, 500, 3)],
    };
    assert_eq!(scene.inspection(1), expected);
    // The third one goes beyond the radius and stays, being slow to leave.
    scene.put(2, 2, (14.0, 1));
    (3..6).for_each(|id| scene.put(id, 2, ((id * 2) as f32, 9)));
    scene.feed.commit();
    (expected.offset, expected.tiers) = (2, vec![told(3.0, 0, 2), told(5.0, 500, 4)]);
    assert_eq!(scene.inspection(1), expected);
    (2..6).for_each(|id| scene.put(id, 2, (7.0, 8)));
    scene.feed.commit();
    scene.ask(1).unwrap();
    let updates = scene.pass(50);
    (expected.offset, expected.waiting) = (3, 4);
    assert_eq!(updates[0].inspections, [expected.clone()], "nothing was told so soon after the last time");
    expected.waiting = 0;
    scene.pass(500);
    assert_eq!(scene.inspection(1), expected);
}

/// Of two subscriptions with options that hold a row one sends it: it does not wait for the other.
#[test]
fn a_row_that_another_subscription_has_told_does_not_wait() {
    let mut scene = Scene::new();
    scene.put_many(4);
    let tier = |rate| vec![Tier { distance: 50.0, rate, columns: Vec::new() }];
    scene.subscribe(1, CIRCLE, &Delivery { tiers: tier(1.0), ..strict() });
    scene.subscribe(2, MOVING, &Delivery { tiers: tier(f32::INFINITY), ..strict() });
    scene.put(100, 1, (0.0, 1));
    scene.feed.commit();
    scene.pass(1_000);
    for hp in 2..5 {
        scene.put(3, 2, (6.0, hp));
        scene.feed.commit();
        [1, 2].iter().for_each(|&number| scene.ask(number).unwrap());
        let updates = scene.pass(50);
        let told: Vec<(u32, u32)> =
            updates[0].inspections.iter().map(|told| (told.rows, told.waiting)).collect();
        assert_eq!(told, [(5, 0), (5, 0)]);
    }
}

#[test]
fn it_comes_with_the_first_result_once_and_not_after_the_end() {
    let mut scene = Scene::new();
    scene.put_many(3);
    let unknown = Err(QueryError::UnknownSubscription(1));
    assert_eq!(scene.ask(1), unknown);
    assert_eq!(scene.feed.follower.inspect(ClientId(9), 1), Err(QueryError::UnknownClient));
    scene.subscribe(1, CIRCLE, &strict());
    (0..1_000).for_each(|_| scene.ask(1).unwrap());
    let updates = scene.pass(1_000);
    assert_eq!((updates[0].applied.len(), updates[0].inspections.len()), (1, 1));
    assert_eq!(updates[0].inspections[0].rows, 3);
    assert_eq!(scene.feed.follower.next_flush(), None, "nothing is sent when nobody asks");

    // Other parameters count as soon as they are told.
    let mut parameters = Parameters::new();
    parameters.set("radius", ParameterValue::Float(1.0)).unwrap();
    scene.feed.follower.change_parameters(ClientId(1), 1, 1, &parameters).unwrap();
    let changed = scene.inspection(1);
    assert_eq!((changed.rows, changed.circles), (2, vec![circle(1.0, 1.0)]));

    // It is on its way when the subscription ends.
    scene.ask(1).unwrap();
    scene.feed.follower.unsubscribe(ClientId(1), 1);
    assert_eq!(scene.ask(1), unknown);
    let updates = scene.pass(1_000);
    assert_eq!((updates[0].ended.as_slice(), updates[0].inspections.len()), ([1].as_slice(), 0));
    assert_eq!(scene.ask(1), unknown);
    assert_eq!(scene.pass(1_000), []);
}
