//! A join over two hops, step by step, and joins that somebody makes expensive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/feed.rs"]
mod feed;

use ambit_interest::limits::{JOINED_ROWS_MAX, OBSERVERS_PER_CIRCLE_MAX};
use ambit_interest::{ClientId, ClientUpdate, QueryError, Refusal};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, Slot, TableSchema,
    Timestamp, Value, encode_row,
};
use ambit_wire::LeaveReason;
use feed::{Feed, Told};

const PLAYER: u16 = 0;
const CHEST: u16 = 1;
const ITEM: u16 = 2;

const TWO_HOPS: &str = "SELECT i.* FROM item i JOIN chest c ON i.chest = c.id JOIN player p ON c.owner = p.id \
                        WHERE p.identity = :sender AND c.open";

struct World {
    feed: Feed,
}

impl World {
    fn new() -> Self {
        let index = |column: u16, unique| IndexSchema {
            name: format!("index{column}"),
            columns: vec![column],
            kind: IndexKind::Hash,
            unique,
        };
        let table = |name: &str, columns: &[(&str, ColumnType)], indexed: &[u16]| TableSchema {
            name: name.into(),
            public: true,
            columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
            indexes: std::iter::once(index(0, true))
                .chain(indexed.iter().map(|&at| index(at, false)))
                .collect(),
            primary: Some(0),
            ..TableSchema::default()
        };
        let (id, number) = (("id", ColumnType::U32), ColumnType::U32);
        let tables = vec![
            table(
                "player",
                &[id.clone(), ("identity", ColumnType::Identity), ("score", number.clone())],
                &[],
            ),
            table("chest", &[id.clone(), ("owner", number.clone()), ("open", ColumnType::Bool)], &[1]),
            table("item", &[id, ("chest", number.clone()), ("count", number)], &[1]),
        ];
        let mut feed = Feed::new(Schema { tables, ..Schema::default() });
        feed.follower.connect(ClientId(1), Identity([1; 32]), ConnectionId::default());
        Self { feed }
    }

    fn row(&self, table: u16, values: [Value; 3]) -> Vec<u8> {
        encode_row(&self.feed.store.schema().tables[usize::from(table)].layout(), &values).unwrap()
    }

    fn insert(&mut self, table: u16, values: [Value; 3]) -> Slot {
        let mut row = self.row(table, values);
        self.feed.store.insert(table, &mut row).unwrap()
    }

    fn update(&mut self, table: u16, slot: Slot, values: [Value; 3]) {
        let row = self.row(table, values);
        self.feed.store.update(table, slot, &row).unwrap();
    }

    fn commit(&mut self) {
        self.feed.commit();
    }

    fn subscribe(&mut self, sql: &str) {
        let rate = f32::INFINITY;
        let number = self.feed.follower.offset() as u32;
        self.feed.follower.subscribe(ClientId(1), number, sql, rate, Timestamp(0)).unwrap();
    }

    fn flush(&mut self) -> Vec<ClientUpdate<'static>> {
        self.feed.flush()
    }

    /// Commits, and what the client is told of it.
    fn told(&mut self) -> Told {
        self.commit();
        let updates = self.flush();
        assert!(updates.len() < 2, "one client");
        updates.first().map(|update| self.feed.told(update)).unwrap_or_default()
    }
}

fn player(id: u32, identity: u8, score: u32) -> [Value; 3] {
    [Value::U32(id), Value::Identity(Identity([identity; 32])), Value::U32(score)]
}

fn chest(id: u32, owner: u32, open: bool) -> [Value; 3] {
    [Value::U32(id), Value::U32(owner), Value::Bool(open)]
}

fn item(id: u32, chest: u32, count: u32) -> [Value; 3] {
    [Value::U32(id), Value::U32(chest), Value::U32(count)]
}

fn enters(slots: &[Slot]) -> Told {
    Told { enters: slots.to_vec(), ..Told::default() }
}

fn leaves(slots: &[(Slot, LeaveReason)]) -> Told {
    Told { leaves: slots.to_vec(), ..Told::default() }
}

#[test]
fn items_follow_their_chests_and_the_chests_their_owner() {
    use LeaveReason::{Deleted, NoLongerMatching};
    let mut world = World::new();
    let me = world.insert(PLAYER, player(1, 1, 0));
    let other = world.insert(PLAYER, player(2, 2, 0));
    let mine = world.insert(CHEST, chest(10, 1, true));
    let foreign = world.insert(CHEST, chest(20, 2, true));
    let sword = world.insert(ITEM, item(100, 10, 1));
    let shield = world.insert(ITEM, item(101, 20, 1));
    world.commit();
    world.subscribe(TWO_HOPS);
    assert_eq!(world.told(), enters(&[sword]));

    // Nothing of this is seen.
    world.update(ITEM, shield, item(101, 20, 7));
    world.update(PLAYER, me, player(1, 1, 5));
    assert_eq!(world.told(), Told::default());

    world.update(ITEM, sword, item(100, 10, 2));
    assert_eq!(world.told(), Told { changes: vec![sword], ..Told::default() });
    world.update(ITEM, shield, item(101, 10, 7));
    assert_eq!(world.told(), enters(&[shield]));
    world.update(ITEM, sword, item(100, 20, 2));
    assert_eq!(world.told(), leaves(&[(sword, NoLongerMatching)]));

    // The chests change hands, both in one commit; then mine is closed and opened.
    world.update(CHEST, mine, chest(10, 2, true));
    world.update(CHEST, foreign, chest(20, 1, true));
    let swapped = Told { leaves: vec![(shield, NoLongerMatching)], ..enters(&[sword]) };
    assert_eq!(world.told(), swapped);
    world.update(CHEST, foreign, chest(20, 1, false));
    assert_eq!(world.told(), leaves(&[(sword, NoLongerMatching)]));
    world.update(CHEST, foreign, chest(20, 1, true));
    assert_eq!(world.told(), enters(&[sword]));

    // The players exchange their identities.
    world.update(PLAYER, me, player(1, 2, 5));
    world.update(PLAYER, other, player(2, 1, 5));
    assert_eq!(world.told(), Told { leaves: vec![(sword, NoLongerMatching)], ..enters(&[shield]) });

    // One item in the place of another, before anybody is told.
    world.feed.store.delete(ITEM, shield).unwrap();
    world.commit();
    assert_eq!(world.insert(ITEM, item(102, 10, 1)), shield);
    assert_eq!(world.told(), Told { leaves: vec![(shield, Deleted)], ..enters(&[shield]) });

    world.feed.store.delete(PLAYER, other).unwrap();
    assert_eq!(world.told(), leaves(&[(shield, NoLongerMatching)]));
    world.insert(PLAYER, player(2, 1, 0));
    assert_eq!(world.told(), enters(&[shield]));
    world.feed.store.delete(ITEM, shield).unwrap();
    assert_eq!(world.told(), leaves(&[(shield, Deleted)]));
}

#[test]
fn the_selected_table_may_stand_anywhere_and_begin_several_branches() {
    let mut world = World::new();
    world.insert(PLAYER, player(1, 1, 0));
    let mine = world.insert(CHEST, chest(10, 1, true));
    world.insert(CHEST, chest(11, 2, true));
    world.insert(ITEM, item(10, 10, 1));
    world.commit();
    world.subscribe(
        "SELECT c.* FROM player p JOIN chest c ON p.id = c.owner JOIN item i ON c.id = i.chest \
         WHERE p.identity = :sender AND i.id = 10",
    );
    assert_eq!(world.told(), enters(&[mine]));
    world.feed.store.delete(ITEM, 0).unwrap();
    assert_eq!(world.told(), leaves(&[(mine, LeaveReason::NoLongerMatching)]));
}

#[test]
fn a_row_that_leaves_one_join_stays_for_another() {
    let mut world = World::new();
    world.insert(PLAYER, player(1, 1, 0));
    let mine = world.insert(CHEST, chest(10, 1, true));
    let sword = world.insert(ITEM, item(100, 10, 1));
    world.commit();
    world.subscribe(TWO_HOPS);
    assert_eq!(world.told(), enters(&[sword]));
    world.subscribe("SELECT i.* FROM item i JOIN chest c ON i.chest = c.id WHERE c.id = 10");
    assert_eq!(world.told(), Told::default());
    for open in [false, true] {
        world.update(CHEST, mine, chest(10, 1, open));
        assert_eq!(world.told(), Told::default());
    }
    world.update(ITEM, sword, item(100, 10, 2));
    assert_eq!(world.told(), Told { changes: vec![sword], ..Told::default() });
    world.feed.store.delete(CHEST, mine).unwrap();
    assert_eq!(world.told(), leaves(&[(sword, LeaveReason::NoLongerMatching)]));
}

#[test]
fn too_many_rows_end_the_subscription() {
    let mut world = World::new();
    world.insert(PLAYER, player(1, 1, 0));
    world.insert(ITEM, item(1, 0, 1));
    for id in 0..JOINED_ROWS_MAX as u32 {
        world.insert(CHEST, chest(id, 1, true));
    }
    world.commit();
    world.subscribe(TWO_HOPS);
    assert_eq!(world.told(), enters(&[0]));
    world.insert(CHEST, chest(u32::MAX, 1, true));
    world.commit();
    let updates = world.flush();
    let refused = QueryError::TooManyJoinedRows(JOINED_ROWS_MAX);
    assert_eq!(updates[0].refused, [Refusal { subscription: 1, change: 0, reason: refused.clone() }]);
    assert!(!updates[0].blocks.is_empty(), "the item leaves");
    assert_eq!(world.feed.follower.statistics().subscriptions, 0);

    // From the beginning, too: nothing but the refusal is said.
    world.subscribe(TWO_HOPS);
    let updates = world.flush();
    assert_eq!((updates[0].blocks.len(), updates[0].applied.len()), (0, 0));
    assert_eq!(updates[0].refused, [Refusal { subscription: 3, change: 0, reason: refused }]);
}

#[test]
fn too_many_rows_at_an_end_end_the_subscription() {
    let mut world = World::new();
    let sql = "SELECT c.* FROM chest c JOIN player p ON c.owner = p.id WHERE p.identity = :sender";
    for id in 0..OBSERVERS_PER_CIRCLE_MAX as u32 {
        world.insert(PLAYER, player(id, 1, 0));
    }
    world.insert(CHEST, chest(1, 3, true));
    world.commit();
    world.subscribe(sql);
    assert_eq!(world.told(), enters(&[0]));
    world.insert(PLAYER, player(u32::MAX, 1, 0));
    world.commit();
    let refused = QueryError::TooManyJoinedRows(OBSERVERS_PER_CIRCLE_MAX);
    assert_eq!(world.flush()[0].refused, [Refusal { subscription: 1, change: 0, reason: refused }]);
}
