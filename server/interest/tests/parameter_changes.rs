//! A subscription gets other parameters: the client is told only what is different, in one update, and of a change that is
//! refused only why.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/feed.rs"]
mod feed;

use ambit_interest::limits::OBSERVERS_PER_CIRCLE_MAX;
use ambit_interest::{Applied, ClientId, ClientUpdate, ParameterValue, Parameters, QueryError, Refusal};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, Schema, TableSchema, Timestamp, Value, encode_row,
};
use ambit_wire::LeaveReason;
use feed::{Feed, Told};

const CLIENT: ClientId = ClientId(1);
const AROUND_POINT: &str = "SELECT * FROM body WHERE ST_DWithin(position, :point, :radius) AND zone = :zone";
const AROUND_OWN: &str = "SELECT b.* FROM body b JOIN body p ON ST_DWithin(b.position, p.position, :radius) WHERE p.id = :id AND p.owner = :sender";

struct World {
    feed: Feed,
}

impl World {
    /// Rows 0 to 9 lie at x = 0 to 9 in zone 0; row i has slot i.
    fn new() -> Self {
        let columns = [
            ("id", ColumnType::U32),
            ("owner", ColumnType::Identity),
            ("position", ColumnType::Vec2),
            ("zone", ColumnType::U8),
        ];
        let table = TableSchema {
            name: "body".into(),
            public: true,
            columns: columns.into_iter().map(|(name, ty)| ColumnSchema::new(name, ty)).collect(),
            ..TableSchema::default()
        };
        let mut world = Self { feed: Feed::new(Schema { tables: vec![table], ..Schema::default() }) };
        (0..10).for_each(|id| world.insert(id, id as f32, 0));
        world.commit();
        world.feed.follower.connect(CLIENT, Identity([1; 32]), ConnectionId::default());
        world
    }

    fn row(&self, id: u32, x: f32, zone: u8) -> Vec<u8> {
        let owner = Value::Identity(Identity([1; 32]));
        let values = [Value::U32(id), owner, Value::Vec2(Vec2::new(x, 0.0)), Value::U8(zone)];
        encode_row(&self.feed.store.schema().tables[0].layout(), &values).unwrap()
    }

    fn insert(&mut self, id: u32, x: f32, zone: u8) {
        let mut row = self.row(id, x, zone);
        self.feed.store.insert(0, &mut row).unwrap();
    }

    fn set(&mut self, id: u32, x: f32, zone: u8) {
        let row = self.row(id, x, zone);
        self.feed.store.update(0, id, &row).unwrap();
    }

    fn commit(&mut self) {
        self.feed.commit();
    }

    fn subscribe(&mut self, number: u32, sql: &str, parameters: &Parameters) {
        let (rate, now) = (f32::INFINITY, Timestamp(0));
        self.feed.follower.subscribe_with(CLIENT, number, sql, parameters, rate, now).unwrap();
    }

    fn change(&mut self, change: u32, parameters: &Parameters) -> Result<(), QueryError> {
        self.feed.follower.change_parameters(CLIENT, 1, change, parameters)
    }

    /// The one update of a flush.
    fn update(&mut self) -> (ClientUpdate<'static>, Told) {
        let updates = self.feed.flush();
        let [update] = updates.as_slice() else { panic!("{} updates", updates.len()) };
        let mut told = self.feed.told(update);
        told.enters.sort_unstable();
        (update.clone(), told)
    }

    fn is_idle(&self) -> bool {
        self.feed.follower.next_flush().is_none()
    }
}

fn around(x: f64, radius: f64, zone: i128) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.set("point", ParameterValue::Point2([x, 0.0])).unwrap();
    parameters.set("radius", ParameterValue::Float(radius)).unwrap();
    parameters.set("zone", ParameterValue::Integer(zone)).unwrap();
    parameters
}

fn around_own(id: i128, radius: f64) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.set("id", ParameterValue::Integer(id)).unwrap();
    parameters.set("radius", ParameterValue::Float(radius)).unwrap();
    parameters
}

fn changed(change: u32) -> Applied {
    Applied { subscription: 1, change }
}

#[test]
fn only_the_difference_is_told() {
    let mut world = World::new();
    world.subscribe(1, AROUND_POINT, &around(2.0, 1.0, 0));
    assert_eq!(world.update().1.enters, [1, 2, 3]);
    world.change(7, &around(3.0, 1.0, 0)).unwrap();
    let (update, told) = world.update();
    assert_eq!((update.applied, update.ended.len(), update.refused.len()), (vec![changed(7)], 0, 0));
    assert_eq!(told, Told { enters: vec![4], leaves: vec![(1, LeaveReason::OutOfRange)], ..Told::default() });
    assert!(world.is_idle());
    // Another zone is no matter of distance.
    world.change(8, &around(3.0, 1.0, 1)).unwrap();
    let (_, told) = world.update();
    let left = [2, 3, 4].map(|slot| (slot, LeaveReason::NoLongerMatching)).to_vec();
    assert_eq!(told, Told { leaves: left, ..Told::default() });
    // Nothing is different, and that is told all the same.
    world.change(9, &around(3.0, 2.0, 1)).unwrap();
    let (update, told) = world.update();
    assert_eq!((update.applied, told), (vec![changed(9)], Told::default()));
    // From then on the new parameters count.
    world.set(4, 4.5, 1);
    world.commit();
    assert_eq!(world.update().1.enters, [4]);
}

#[test]
fn rows_that_change_in_the_same_flush_are_told_once() {
    let mut world = World::new();
    world.subscribe(1, AROUND_POINT, &around(2.0, 1.0, 0));
    world.update();
    world.set(2, 2.5, 0);
    world.set(1, 9.0, 0);
    world.set(8, 3.0, 0);
    world.commit();
    world.change(1, &around(3.0, 1.0, 0)).unwrap();
    let (_, told) = world.update();
    let left = vec![(1, LeaveReason::OutOfRange)];
    assert_eq!(told, Told { enters: vec![4, 8], changes: vec![2], leaves: left });
    assert!(world.is_idle());
}

#[test]
fn the_radius_of_a_moving_circle_and_its_centre_change() {
    let mut world = World::new();
    world.subscribe(1, AROUND_OWN, &around_own(2, 1.0));
    assert_eq!(world.update().1.enters, [1, 2, 3]);
    world.change(1, &around_own(2, 2.0)).unwrap();
    assert_eq!(world.update().1, Told { enters: vec![0, 4], ..Told::default() });
    world.change(2, &around_own(5, 1.0)).unwrap();
    let (update, told) = world.update();
    let mut left = told.leaves.clone();
    left.sort_unstable_by_key(|(slot, _)| *slot);
    assert_eq!(left, [0, 1, 2, 3].map(|slot| (slot, LeaveReason::OutOfRange)));
    assert_eq!((update.applied, told.enters), (vec![changed(2)], vec![5, 6]));
    // The circle follows its new centre.
    world.set(5, 7.0, 0);
    world.commit();
    let (_, told) = world.update();
    let left = vec![(4, LeaveReason::OutOfRange)];
    assert_eq!(told, Told { enters: vec![7, 8], changes: vec![5], leaves: left });
}

#[test]
fn what_another_subscription_holds_stays() {
    let mut world = World::new();
    world.subscribe(1, AROUND_POINT, &around(2.0, 1.0, 0));
    world.subscribe(2, "SELECT * FROM body WHERE id < 3", &Parameters::new());
    assert_eq!(world.update().1.enters, [0, 1, 2, 3]);
    world.change(1, &around(8.0, 1.0, 0)).unwrap();
    let (_, told) = world.update();
    let left = vec![(3, LeaveReason::OutOfRange)];
    assert_eq!(told, Told { enters: vec![7, 8, 9], leaves: left, ..Told::default() });
}

#[test]
fn changes_before_a_flush_are_one() {
    let mut world = World::new();
    // Even before the first result.
    world.subscribe(1, AROUND_POINT, &around(2.0, 1.0, 0));
    world.change(1, &around(8.0, 1.0, 0)).unwrap();
    let (update, told) = world.update();
    assert_eq!((update.applied, told.enters), (vec![changed(0), changed(1)], vec![7, 8, 9]));
    world.change(2, &around(2.0, 1.0, 0)).unwrap();
    world.change(3, &around(7.0, 1.0, 0)).unwrap();
    let (update, told) = world.update();
    let left = vec![(9, LeaveReason::OutOfRange)];
    assert_eq!(
        (update.applied, told),
        (vec![changed(3)], Told { enters: vec![6], leaves: left, ..Told::default() })
    );
    // The end of the subscription is the last word.
    world.change(4, &around(2.0, 1.0, 0)).unwrap();
    world.feed.follower.unsubscribe(CLIENT, 1);
    assert_eq!(world.change(5, &around(2.0, 1.0, 0)), Err(QueryError::UnknownSubscription(1)));
    let (update, told) = world.update();
    assert_eq!((update.applied, update.ended), (vec![], vec![1]));
    assert_eq!(told.leaves, [6, 7, 8].map(|slot| (slot, LeaveReason::Unsubscribed)));
    assert!(world.is_idle());
    // A client that goes takes everything with it.
    world.subscribe(1, AROUND_OWN, &around_own(2, 1.0));
    world.update();
    world.change(6, &around_own(3, 2.0)).unwrap();
    world.feed.follower.disconnect(CLIENT);
    assert!(world.is_idle());
    assert_eq!(world.feed.follower.statistics(), Default::default());
}

#[test]
fn a_refused_change_leaves_everything_as_it_was() {
    let mut world = World::new();
    world.subscribe(1, AROUND_POINT, &around(2.0, 1.0, 0));
    world.update();
    let refused = world.change(1, &Parameters::new()).unwrap_err().to_string();
    assert!(refused.contains("`:radius` has no value"), "{refused}");
    let refused = world.change(1, &around(2.0, 1.0, 999)).unwrap_err().to_string();
    assert!(refused.contains("999 is no value of type u8"), "{refused}");
    assert_eq!(
        world.feed.follower.change_parameters(CLIENT, 9, 1, &around(2.0, 1.0, 0)),
        Err(QueryError::UnknownSubscription(9))
    );
    assert!(world.is_idle());
    world.set(4, 2.0, 0);
    world.commit();
    assert_eq!(world.update().1.enters, [4]);
}

#[test]
fn a_circle_with_too_many_centres_is_not_gone_over_to() {
    let mut world = World::new();
    let sql = "SELECT b.* FROM body b JOIN body p ON ST_DWithin(b.position, p.position, 0.5) \
               WHERE p.owner = :sender AND p.zone = :zone";
    let zone = |zone: i128| {
        let mut parameters = Parameters::new();
        parameters.set("zone", ParameterValue::Integer(zone)).unwrap();
        parameters
    };
    (0..=OBSERVERS_PER_CIRCLE_MAX as u32).for_each(|id| world.insert(10 + id, 100.0, 1));
    world.commit();
    world.subscribe(1, sql, &zone(0));
    assert_eq!(world.update().1.enters.len(), 10);
    world.change(5, &zone(1)).unwrap();
    let (update, told) = world.update();
    let reason = QueryError::TooManyObservers(OBSERVERS_PER_CIRCLE_MAX + 1);
    assert_eq!(update.refused, [Refusal { subscription: 1, change: 5, reason }]);
    assert_eq!((update.applied, told), (vec![], Told::default()));
    world.set(0, 0.25, 0);
    world.commit();
    assert_eq!(world.update().1.changes, [0]);
    world.change(6, &zone(2)).unwrap();
    assert_eq!(world.update().1.leaves.len(), 10);
}
