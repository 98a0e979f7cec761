//! Moving circles that somebody makes expensive: many centres, and many kinds of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/feed.rs"]
mod feed;

use std::collections::BTreeSet;

use ambit_interest::limits::{GROUNDS_MAX, OBSERVERS_PER_CIRCLE_MAX};
use ambit_interest::{Applied, ClientId, ClientUpdate, QueryError, Refusal};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, Slot, TableSchema,
    Timestamp, Value, decode_row, encode_row,
};
use feed::Feed;

/// Columns that circles can join, besides id, owner and position.
const TAGS: usize = 8;

struct World {
    feed: Feed,
    rows: u32,
}

impl World {
    fn new() -> Self {
        let column = |name: String, ty| ColumnSchema::new(name, ty);
        let mut columns = vec![
            column("id".into(), ColumnType::U32),
            column("owner".into(), ColumnType::Identity),
            column("position".into(), ColumnType::Vec2),
        ];
        columns.extend((0..TAGS).map(|tag| column(format!("tag{tag}"), ColumnType::U8)));
        let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
        let table = TableSchema {
            name: "body".into(),
            public: true,
            columns,
            indexes: vec![id],
            primary: Some(0),
            doc: String::new(),
            ..TableSchema::default()
        };
        Self { feed: Feed::new(Schema { tables: vec![table], ..Schema::default() }), rows: 0 }
    }

    /// Adds rows of one owner at one place, all tags alike, and commits.
    fn add(&mut self, count: usize, owner: u8, x: f32, tag: u8) {
        let layout = self.feed.store.schema().tables[0].layout();
        for _ in 0..count {
            self.rows += 1;
            let mut values = vec![
                Value::U32(self.rows),
                Value::Identity(Identity([owner; 32])),
                Value::Vec2(Vec2::new(x, 0.0)),
            ];
            values.extend((0..TAGS).map(|_| Value::U8(tag)));
            self.feed.store.insert(0, &mut encode_row(&layout, &values).unwrap()).unwrap();
        }
        self.feed.commit();
    }

    /// A client of this identity with a circle of radius 10 around its rows.
    fn subscribe(&mut self, client: u64, identity: u8, joined: &[usize]) -> Result<(), QueryError> {
        self.feed.follower.connect(ClientId(client), Identity([identity; 32]), ConnectionId::default());
        let joined: String = joined.iter().map(|tag| format!(" AND t.tag{tag} = p.tag{tag}")).collect();
        let sql = format!(
            "SELECT t.* FROM body t JOIN body p ON ST_DWithin(t.position, p.position, 10){joined} WHERE p.owner = :sender"
        );
        self.feed.follower.subscribe(ClientId(client), 1, &sql, f32::INFINITY, Timestamp(0))
    }

    /// Where a row is.
    fn place(&self, slot: Slot) -> Option<f32> {
        let layout = self.feed.store.schema().tables[0].layout();
        let values = decode_row(&layout, self.feed.store.row(0, slot)?).unwrap();
        let Value::Vec2(position) = values[2] else { panic!("a position") };
        Some(position.x)
    }

    /// Puts a row at a place, or takes it away.
    fn put(&mut self, slot: Slot, owner: u8, x: f32, is_gone: bool) {
        let layout = self.feed.store.schema().tables[0].layout();
        let known = self.feed.store.row(0, slot).map(|row| decode_row(&layout, row).unwrap()[0].clone());
        self.rows += 1;
        let mut values = vec![
            known.unwrap_or(Value::U32(self.rows)),
            Value::Identity(Identity([owner; 32])),
            Value::Vec2(Vec2::new(x, 0.0)),
        ];
        values.extend((0..TAGS).map(|_| Value::U8(0)));
        let mut row = encode_row(&layout, &values).unwrap();
        match (self.feed.store.row(0, slot).is_some(), is_gone) {
            (true, true) => self.feed.store.delete(0, slot).map(drop).unwrap(),
            (true, false) => self.feed.store.update(0, slot, &row).unwrap(),
            (false, _) => drop(self.feed.store.insert(0, &mut row).unwrap()),
        }
    }

    /// Rows of this owner, and those within 10 of one of them.
    fn shown_to(&self, owner: u8) -> BTreeSet<Slot> {
        let layout = self.feed.store.schema().tables[0].layout();
        let is_own = |row| decode_row(&layout, row).unwrap()[1] == Value::Identity(Identity([owner; 32]));
        let store = &self.feed.store;
        let own: Vec<Slot> = store.slots(0).filter(|(_, row)| is_own(row)).map(|(slot, _)| slot).collect();
        let is_near = |slot: Slot| {
            own.iter().any(|&own| (self.place(own).unwrap() - self.place(slot).unwrap()).abs() <= 10.0)
        };
        let near = store.slots(0).map(|(slot, _)| slot).filter(|&slot| is_near(slot));
        near.chain(own.iter().copied()).collect()
    }

    fn flush(&mut self) -> Vec<ClientUpdate<'static>> {
        self.feed.flush()
    }
}

/// Rows that enter and rows that leave with an update.
fn counts(world: &World, update: &ClientUpdate<'_>) -> (usize, usize) {
    let told = world.feed.told(update);
    (told.enters.len(), told.leaves.len())
}

#[test]
fn many_centres_show_each_row_once_and_too_many_end_the_subscription() {
    let mut world = World::new();
    world.add(OBSERVERS_PER_CIRCLE_MAX, 1, 0.0, 0);
    world.add(500, 2, 5.0, 0);
    world.subscribe(1, 1, &[]).unwrap();
    let updates = world.flush();
    assert_eq!(counts(&world, &updates[0]), (OBSERVERS_PER_CIRCLE_MAX + 500, 0));
    assert_eq!(updates[0].applied, [Applied { subscription: 1, change: 0 }]);

    world.add(1, 1, 0.0, 0);
    let updates = world.flush();
    assert_eq!(counts(&world, &updates[0]), (0, OBSERVERS_PER_CIRCLE_MAX + 500));
    let refused = QueryError::TooManyObservers(OBSERVERS_PER_CIRCLE_MAX + 1);
    let ended = |reason| Refusal { subscription: 1, change: 0, reason };
    assert_eq!(updates[0].refused, [ended(refused.clone())]);
    assert_eq!((updates[0].ended.len(), world.feed.follower.statistics().subscriptions), (0, 0));

    // From the beginning, too: nothing but the refusal is said.
    world.subscribe(2, 1, &[]).unwrap();
    let updates = world.flush();
    assert_eq!((counts(&world, &updates[0]), updates[0].applied.len()), ((0, 0), 0));
    assert_eq!(updates[0].refused, [ended(refused)]);
}

/// One client with a circle per kind used to leave none for the others.
#[test]
fn there_are_more_kinds_of_circles_than_grids() {
    let mut world = World::new();
    for tag in 0..3 {
        world.add(10 + usize::from(tag), 9, 5.0, tag);
    }
    world.add(1, 1, 0.0, 1);
    let mut client = 0;
    for mask in 1_usize..1 << TAGS {
        let joined: Vec<usize> = (0..TAGS).filter(|tag| mask >> tag & 1 == 1).collect();
        if joined.len() <= 4 {
            client += 1;
            world.subscribe(client, 1, &joined).unwrap();
        }
    }
    assert!(client as usize > 2 * GROUNDS_MAX);
    let updates = world.flush();
    assert_eq!(updates.len(), client as usize);
    for update in &updates {
        assert_eq!(counts(&world, update), (12, 0), "the eleven of tag 1 and the player itself");
    }
    world.subscribe(1_000, 1, &[]).unwrap();
    let updates = world.flush();
    assert_eq!(counts(&world, &updates[0]), (34, 0));
}

/// Whoever watches his own row and the circle around it holds both, wherever his row is: at no place at all the circle is
/// empty and the row is held all the same.
#[test]
fn own_rows_are_held_beside_the_circle_around_them() {
    for seed in 0..40 {
        let mut world = World::new();
        let mut state = seed * 2 + 1_u64;
        let mut random = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % end
        };
        world.add(1, 1, 0.0, 0);
        for place in 0..30_u8 {
            world.add(1, 2, f32::from(place), 0);
        }
        world.subscribe(1, 1, &[]).unwrap();
        let own = "SELECT * FROM body WHERE owner = :sender";
        world.feed.follower.subscribe(ClientId(1), 2, own, f32::INFINITY, Timestamp(0)).unwrap();
        let mut held = BTreeSet::new();
        for _ in 0..60 {
            for update in world.flush() {
                let told = world.feed.told(&update);
                assert!(told.leaves.iter().all(|(slot, _)| held.remove(slot)), "what leaves was held");
                assert!(told.enters.iter().all(|&slot| held.insert(slot)), "what enters was not");
                assert!(told.changes.iter().all(|slot| held.contains(slot)), "what changes is held");
            }
            assert_eq!(held, world.shown_to(1), "seed {seed}");
            for _ in 0..random(4) {
                let slot = if random(3) == 0 { 0 } else { random(31) as Slot };
                let x = match random(12) {
                    0 => f32::NAN,
                    1 => f32::INFINITY,
                    2 => random(30) as f32,
                    _ => world.place(slot).map_or(0.0, |x| x + random(3) as f32 - 1.0),
                };
                world.put(slot, if slot == 0 { 1 } else { 2 }, x, random(20) == 0);
            }
            world.feed.commit();
        }
    }
}
