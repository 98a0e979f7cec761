//! An engine's store, the follower of it, and what clients receive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ambit_interest::{ClientId, Delivery, Follower, Parameters, Threads};
use ambit_model::glam::Vec3;
use ambit_model::{
    Column, ColumnSchema, ColumnType, ConnectionId, Duration, Identity, IndexKind, IndexSchema, RowLayout,
    RowWriter, Schema, TableSchema, Timestamp,
};
use ambit_store::{ChangeSet, Store};
use ambit_wire::{Op, TableBlocks};

use crate::field::Pairs;

/// `player(identity, position, zone)`.
pub const PLAYER: u16 = 0;
/// `item(id, position, level)`.
pub const ITEM: u16 = 1;
/// `sample(id, first, second, third)`.
pub const SAMPLE: u16 = 2;

pub struct Database {
    pub engine: Store,
    pub follower: Follower,
    now: Timestamp,
    offset: u64,
    layouts: Vec<RowLayout>,
    row: Vec<u8>,
}

/// What clients were sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    pub updates: u64,
    pub bytes: u64,
}

impl Database {
    pub fn new() -> Self {
        let schema = Arc::new(schema());
        Self {
            engine: Store::new(Arc::clone(&schema)),
            layouts: schema.tables.iter().map(TableSchema::layout).collect(),
            follower: Follower::new(schema),
            now: Timestamp(1_000_000),
            offset: 0,
            row: Vec::new(),
        }
    }

    pub fn put_player(&mut self, player: u64, place: Vec3, is_new: bool) {
        let row = new_row(&mut self.row, player_row(player, place));
        put(&mut self.engine, PLAYER, (player as u32, row), is_new);
    }

    pub fn put_item(&mut self, id: u32, place: Vec3, level: u32, is_new: bool) {
        let row = new_row(
            &mut self.row,
            (24, |writer: &mut RowWriter<'_>| {
                id.write(writer, 0);
                place.write(writer, 4);
                level.write(writer, 16);
            }),
        );
        put(&mut self.engine, ITEM, (id, row), is_new);
    }

    pub fn put_sample(&mut self, id: u32, values: [u32; 3], is_new: bool) {
        let row = new_row(
            &mut self.row,
            (16, |writer: &mut RowWriter<'_>| {
                id.write(writer, 0);
                let [first, second, third] = values;
                first.write(writer, 4);
                second.write(writer, 8);
                third.write(writer, 12);
            }),
        );
        put(&mut self.engine, SAMPLE, (id, row), is_new);
    }

    /// Ends the engine's transaction.
    pub fn commit(&mut self) -> ChangeSet {
        self.offset += 1;
        let (offset, timestamp, caller) = (self.offset, Timestamp(0), Identity::default());
        let body = self.engine.commit().body;
        ChangeSet { offset, timestamp, caller, reducer: ChangeSet::NO_REDUCER, body }
    }

    pub fn apply(&mut self, change_set: &ChangeSet) {
        let applied = self.follower.apply(change_set);
        assert!(applied.is_ok(), "a commit was refused: {applied:?}");
    }

    pub fn subscribe(&mut self, client: u64, sql: &str, rate: f32) {
        self.subscribe_as(client, sql, &Delivery::at_rate(rate));
    }

    pub fn subscribe_as(&mut self, client: u64, sql: &str, delivery: &Delivery) {
        let (id, parameters) = (ClientId(client), Parameters::new());
        self.follower.connect(id, identity(client), ConnectionId::default());
        let subscribed = self.follower.subscribe_as(id, 1, (sql, &parameters), delivery, self.now);
        assert!(subscribed.is_ok(), "the query was refused: {subscribed:?}");
    }

    /// Time passes, and everybody is due.
    pub fn pass(&mut self, milliseconds: i64) {
        self.now = self.now.plus(Duration::from_millis(milliseconds));
    }

    /// Hands out what is due.
    pub fn flush(&mut self) -> Received {
        let mut received = Received::default();
        self.follower.flush(self.now, &mut |update| {
            received.updates += 1;
            received.bytes += update.blocks.len() as u64;
        });
        received
    }

    /// The same on these threads.
    pub fn flush_on(&mut self, threads: &dyn Threads) -> Received {
        let (updates, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        self.follower.flush_on(threads, self.now, &|update| {
            updates.fetch_add(1, Ordering::Relaxed);
            bytes.fetch_add(update.blocks.len() as u64, Ordering::Relaxed);
        });
        Received { updates: updates.into_inner(), bytes: bytes.into_inner() }
    }

    /// The same, and calls `each` with the client and every operation of its update.
    pub fn flush_and_read(&mut self, mut each: impl FnMut(u64, Op<'_>)) {
        let layouts = &self.layouts;
        self.follower.flush(self.now, &mut |update| {
            for block in TableBlocks::new(&update.blocks) {
                let block = block.expect("a block that can be read");
                let layout = layouts.get(usize::from(block.table)).expect("a known table");
                for op in block.ops(layout) {
                    each(update.client.0, op.expect("an operation that can be read"));
                }
            }
        });
    }

    /// The same; tells how many rows have entered, left, and changed.
    pub fn flush_and_count(&mut self) -> Pairs {
        let mut pairs = Pairs::default();
        self.flush_and_read(|_, op| match op {
            Op::Insert { .. } | Op::InsertColumns { .. } => pairs.enters += 1,
            Op::Delete { .. } => pairs.leaves += 1,
            Op::Delta { .. } => pairs.stays += 1,
        });
        pairs
    }
}

pub fn identity(player: u64) -> Identity {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&player.to_le_bytes());
    Identity(bytes)
}

/// Bytes of a player's row, and how they are written.
pub fn player_row(player: u64, place: Vec3) -> (usize, impl FnOnce(&mut RowWriter<'_>)) {
    (48, move |writer| {
        identity(player).write(writer, 0);
        place.write(writer, 32);
        1_u32.write(writer, 44);
    })
}

pub fn new_row(row: &mut Vec<u8>, (length, write): (usize, impl FnOnce(&mut RowWriter<'_>))) -> &mut Vec<u8> {
    row.clear();
    write(&mut RowWriter::new(row, length));
    row
}

/// Rows come in the order of their slots, and stay.
pub fn put(engine: &mut Store, table: u16, (slot, row): (u32, &mut Vec<u8>), is_new: bool) {
    let result = match is_new {
        true => engine.insert(table, row).map(drop).map_err(|error| error.to_string()),
        false => engine.update(table, slot, row).map_err(|error| error.to_string()),
    };
    assert_eq!(result, Ok(()), "a row was refused");
}

pub fn schema() -> Schema {
    let key = |name: &str| index(name, 0, IndexKind::Hash, true);
    let place = || index("position", 1, IndexKind::Spatial { cell: 80.0 }, false);
    let player =
        [("identity", ColumnType::Identity), ("position", ColumnType::Vec3), ("zone", ColumnType::U32)];
    let item = [("id", ColumnType::U32), ("position", ColumnType::Vec3), ("level", ColumnType::U32)];
    let sample = ["id", "first", "second", "third"].map(|name| (name, ColumnType::U32));
    let tables = vec![
        table("player", &player, vec![key("identity"), place()]),
        table("item", &item, vec![key("id"), place(), index("level", 2, IndexKind::Ordered, false)]),
        table("sample", &sample, vec![key("id")]),
    ];
    Schema { tables, reducers: Vec::new(), ..Schema::default() }
}

fn index(name: &str, column: u16, kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: vec![column], kind, unique }
}

fn table(name: &str, columns: &[(&str, ColumnType)], indexes: Vec<IndexSchema>) -> TableSchema {
    TableSchema {
        name: name.into(),
        public: true,
        columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
        indexes,
        primary: Some(0),
        ..TableSchema::default()
    }
}
