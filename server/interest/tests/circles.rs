//! Moving circles that somebody makes expensive: many centres, and many kinds of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/feed.rs"]
mod feed;

use ambit_interest::limits::{GROUNDS_MAX, OBSERVERS_PER_CIRCLE_MAX};
use ambit_interest::{Applied, ClientId, ClientUpdate, QueryError, Refusal};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, TableSchema, Timestamp,
    Value, encode_row,
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
