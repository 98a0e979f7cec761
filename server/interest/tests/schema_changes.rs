//! What clients are told when the schema changes under them, and a follower that begins with a recovered store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use ambit_interest::limits::SCHEMA_CHANGES_MAX;
use ambit_interest::{
    Applied, ClientId, ClientUpdate, FarewellReason, Follower, QueryError, SchemaChangeError,
};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, EnumType, Identity, IndexKind, IndexSchema, Schema, TableSchema,
    Timestamp, Value, Variant, encode_row,
};
use ambit_store::{ChangeSet, Store};
use ambit_wire::{Op, TableBlocks};

const CIRCLE: &str = "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 10) \
                      WHERE p.owner = :sender";

fn table(name: &str) -> TableSchema {
    let kind = EnumType { name: "Kind".into(), variants: vec![variant("Orc"), variant("Elf")] };
    TableSchema {
        name: name.into(),
        public: true,
        columns: vec![
            ColumnSchema::new("id", ColumnType::U32),
            ColumnSchema::new("owner", ColumnType::Identity),
            ColumnSchema::new("position", ColumnType::Vec2),
            ColumnSchema::new("kind", ColumnType::Enum(Arc::new(kind))),
        ],
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        ..TableSchema::default()
    }
}

fn variant(name: &str) -> Variant {
    Variant { name: name.into(), fields: Vec::new() }
}

fn schema() -> Schema {
    Schema { tables: ["player", "monster", "item"].map(table).to_vec(), ..Schema::default() }
}

fn row(number: u32, owner: u8, x: f32) -> Vec<u8> {
    let owner = Identity([owner; 32]);
    let values = [
        Value::U32(number),
        Value::Identity(owner),
        Value::Vec2(Vec2::new(x, 0.0)),
        Value::Enum(0, Vec::new()),
    ];
    encode_row(&table("").layout(), &values).unwrap()
}

/// Two players, a monster near the first, and one far away; the follower begins with them.
fn world() -> (Store, Follower) {
    let build = || {
        let mut store = Store::new(Arc::new(schema()));
        for (table, number, owner, x) in [(0, 1, 1, 0.0), (0, 2, 2, 100.0), (1, 1, 0, 5.0), (1, 2, 0, 500.0)]
        {
            store.insert(table, &mut row(number, owner, x)).unwrap();
        }
        store.commit();
        store
    };
    (build(), Follower::from_store(build(), 17, Timestamp(99)))
}

fn connect(follower: &mut Follower, client: u8) {
    follower.connect(ClientId(client.into()), Identity([client; 32]), ConnectionId::default());
}

fn subscribe(follower: &mut Follower, client: u8, number: u32, sql: &str) -> Result<(), QueryError> {
    follower.subscribe(ClientId(client.into()), number, sql, f32::INFINITY, Timestamp(0))
}

fn flush(follower: &mut Follower) -> Vec<ClientUpdate<'static>> {
    let mut updates = Vec::new();
    follower.flush_all(Timestamp(0), &mut |update| updates.push(update.into_owned()));
    updates
}

/// The operations of an update, readable: table, kind and slot.
fn operations(update: &ClientUpdate<'_>) -> Vec<(u16, &'static str, u32)> {
    let layout = table("").layout();
    let mut found = Vec::new();
    for block in TableBlocks::new(&update.blocks) {
        let block = block.unwrap();
        for op in block.ops(&layout) {
            let op = op.unwrap();
            let kind = match op {
                Op::Insert { .. } | Op::InsertColumns { .. } => "insert",
                Op::Delta { .. } => "delta",
                Op::Delete { .. } => "delete",
            };
            found.push((block.table, kind, op.slot()));
        }
    }
    found
}

/// Goes over to another schema without rows; every table of a name that there was counts as its successor, if `is_kept`.
fn migrate(follower: &mut Follower, new: &Schema, is_kept: bool) -> Vec<(u64, String)> {
    let old = Arc::clone(follower.schema());
    let successor = |id: u16| new.table(&old.tables[usize::from(id)].name).map(|(id, _)| id);
    let replace = |store: &mut Store| {
        *store = Store::new(Arc::new(new.clone()));
        Ok::<_, String>(())
    };
    let farewells = follower.migrate(|id| successor(id).filter(|_| is_kept), replace).unwrap();
    farewells.into_iter().map(|farewell| (farewell.client.0, farewell.reason.to_string())).collect()
}

#[test]
fn a_follower_begins_with_a_recovered_store() {
    let (mut engine, mut follower) = world();
    assert_eq!(follower.offset(), 17);
    connect(&mut follower, 1);
    subscribe(&mut follower, 1, 1, CIRCLE).unwrap();
    subscribe(&mut follower, 1, 2, "SELECT * FROM player WHERE id = 2").unwrap();
    let updates = flush(&mut follower);
    let [update] = updates.as_slice() else { panic!("{updates:?}") };
    assert_eq!((update.offset, update.timestamp), (17, Timestamp(99)));
    assert_eq!(operations(update), [(0, "insert", 1), (1, "insert", 0)]);

    engine.update(1, 1, &row(2, 0, -5.0)).unwrap();
    engine.update(0, 1, &row(2, 3, 7.0)).unwrap();
    let body = engine.commit().body;
    let (caller, reducer) = (Identity::default(), ChangeSet::NO_REDUCER);
    follower.apply(&ChangeSet { offset: 18, timestamp: Timestamp(100), caller, reducer, body }).unwrap();
    let statistics = follower.statistics();
    assert_eq!(
        (statistics.pending_changes, statistics.pending_image_bytes),
        (2, 2 * row(0, 0, 0.0).len() as u64)
    );
    let updates = flush(&mut follower);
    assert_eq!(operations(&updates[0]), [(0, "delta", 1), (1, "insert", 1)]);
    assert_eq!(follower.statistics().pending_image_bytes, 0);
}

#[test]
fn whoever_watches_a_changed_table_is_told_what_changed() {
    let monster = |change: &dyn Fn(&mut TableSchema)| {
        let mut schema = schema();
        change(&mut schema.tables[1]);
        schema
    };
    let without = |name: &str| {
        let mut schema = schema();
        schema.tables.retain(|table| table.name != name);
        schema
    };
    let column = |ty| ColumnSchema::new("kind", ty);
    let kinds = EnumType { name: "Kind".into(), variants: vec![variant("Orc"), variant("Troll")] };
    for (new, is_kept, difference) in [
        (without("monster"), true, "it was removed"),
        (monster(&|table| table.public = false), true, "it is private now"),
        (
            monster(&|table| table.columns[3] = column(ColumnType::U8)),
            false,
            "column `kind` is of type u8 now and was of type Kind",
        ),
        (
            monster(&|table| table.columns[3] = column(ColumnType::Enum(Arc::new(kinds.clone())))),
            true,
            "the type Kind of column `kind` was changed",
        ),
        (monster(&|table| drop(table.columns.pop())), false, "column `kind` was removed"),
        (
            monster(&|table| table.columns.push(ColumnSchema::new("hp", ColumnType::U8))),
            false,
            "column `hp` was added",
        ),
        (monster(&|table| table.columns.swap(2, 3)), false, "its columns are in another order"),
    ] {
        let (_, mut follower) = world();
        for client in 1..=4 {
            connect(&mut follower, client);
        }
        subscribe(&mut follower, 1, 1, "SELECT * FROM monster").unwrap();
        subscribe(&mut follower, 2, 1, CIRCLE).unwrap();
        subscribe(&mut follower, 3, 1, "SELECT * FROM item").unwrap();
        flush(&mut follower);
        let reason = format!(
            "table `monster` has changed since this client connected ({difference}); connect again with newly generated code"
        );
        // Only what becomes of the one table matters here.
        let old = schema();
        let successor = |id: u16| {
            let name = &old.tables[usize::from(id)].name;
            new.table(name).map(|(id, _)| id).filter(|_| is_kept || name != "monster")
        };
        let farewells = follower.migrate(successor, |store| {
            *store = Store::new(Arc::new(new.clone()));
            Ok::<_, String>(())
        });
        let farewells: Vec<(u64, String)> = farewells
            .unwrap()
            .into_iter()
            .map(|farewell| (farewell.client.0, farewell.reason.to_string()))
            .collect();
        assert_eq!(farewells, [(1, reason.clone()), (2, reason.clone())]);
        let statistics = follower.statistics();
        assert_eq!((statistics.clients, statistics.subscriptions, statistics.earlier_clients), (2, 1, 2));
        // Who watches other tables stays, and is told when it asks.
        let error = subscribe(&mut follower, 4, 1, CIRCLE).unwrap_err();
        assert_eq!(error.to_string(), reason);
        assert_eq!(subscribe(&mut follower, 4, 1, "SELECT * FROM item"), Ok(()));
        assert_eq!(flush(&mut follower).len(), 1);
    }
}

#[test]
fn rows_that_were_made_anew_are_another_table() {
    let (_, mut follower) = world();
    connect(&mut follower, 1);
    subscribe(&mut follower, 1, 1, "SELECT * FROM player").unwrap();
    flush(&mut follower);
    let farewells = migrate(&mut follower, &schema(), false);
    assert_eq!(
        farewells,
        [(1, "table `player` has changed since this client connected (its rows were made anew); connect again with newly generated code".to_owned())]
    );
}

#[test]
fn a_table_that_came_later_needs_a_client_that_knows_it() {
    let (_, mut follower) = world();
    connect(&mut follower, 1);
    let mut new = schema();
    new.tables.insert(0, table("guild"));
    assert!(migrate(&mut follower, &new, true).is_empty());
    connect(&mut follower, 2);
    let error = subscribe(&mut follower, 1, 1, "SELECT * FROM guild").unwrap_err();
    assert_eq!(
        error.to_string(),
        "table `guild` was added or changed after this client connected; connect again with newly generated code"
    );
    assert_eq!(subscribe(&mut follower, 2, 1, "SELECT * FROM guild"), Ok(()));
    let error = subscribe(&mut follower, 1, 1, "SELECT * FROM nowhere").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 15: there is no table `nowhere`; the public tables are: player, monster, item"
    );
    let statistics = follower.statistics();
    assert_eq!((statistics.clients, statistics.earlier_clients), (2, 1));
}

#[test]
fn the_same_tables_make_no_client_an_earlier_one() {
    let (_, mut follower) = world();
    connect(&mut follower, 1);
    assert!(migrate(&mut follower, &schema(), true).is_empty());
    assert_eq!(follower.statistics().earlier_clients, 0);
}

#[test]
fn a_schema_that_is_refused_changes_nothing() {
    let (_, mut follower) = world();
    connect(&mut follower, 1);
    subscribe(&mut follower, 1, 1, "SELECT * FROM player").unwrap();
    let unflushed = follower.migrate(Some, |_| Err("not to be called"));
    assert_eq!(unflushed, Err(SchemaChangeError::Unflushed));
    assert_eq!(flush(&mut follower)[0].applied, [Applied { subscription: 1, change: 0 }]);
    let refused = follower.migrate(Some, |_| Err("two players have the same name"));
    assert_eq!(refused, Err(SchemaChangeError::Store("two players have the same name")));
    assert_eq!(follower.statistics().subscriptions, 1);
    assert_eq!(subscribe(&mut follower, 1, 2, "SELECT * FROM monster"), Ok(()));
    assert_eq!(operations(&flush(&mut follower)[0]), [(1, "insert", 0), (1, "insert", 1)]);
}

#[test]
fn a_client_stays_over_so_many_changes_only() {
    let (_, mut follower) = world();
    connect(&mut follower, 1);
    for change in 0..SCHEMA_CHANGES_MAX {
        let mut new = schema();
        new.tables.rotate_left(change % 3);
        new.tables.push(table(&format!("added_{change}")));
        assert!(migrate(&mut follower, &new, true).is_empty());
    }
    assert_eq!(subscribe(&mut follower, 1, 1, CIRCLE), Ok(()));
    flush(&mut follower);
    let farewells = migrate(&mut follower, &schema(), true);
    assert_eq!(farewells, [(1, FarewellReason::TooManyChanges.to_string())]);
    assert_eq!(follower.statistics().clients, 0);
}
