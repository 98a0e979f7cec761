//! Bytes per second that a client receives of bodies that all move, 30 times a second: whole messages with their WebSocket
//! frames. Positions are told to a centimetre, rotations in steps of 0.001. What the client holds is compared with the
//! store: within half a step while bodies move, and the same once they rest.

mod scene;

#[path = "../../tests/motion/cache.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a part of a test")]
mod cache;

use std::sync::Arc;

use ambit_interest::{ClientId, Follower};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Quantize, Schema, TableSchema,
    Timestamp, Value, encode_row,
};
use ambit_store::{ChangeSet, Store};

use crate::figure;
use crate::rounds::processor_time;
use cache::Cache;
use scene::{Body, Scene};

const BODY: u16 = 0;
const POSITION_STEP: f64 = 0.01;
const ROTATION_STEP: f64 = 0.001;
const TICKS_PER_S: i64 = 30;
/// Ticks until everything is on its way.
const TICKS_BEFORE: i64 = 30;
const SECONDS: i64 = 10;
/// Further clients, where the cost of each is measured.
const OTHERS: u64 = 100;

pub fn run() {
    for (name, key, scene) in [
        ("250 bodies that fall, bounce and tumble", "bodies_250_30hz_kb_per_s", Scene::bodies(250)),
        ("100 characters that walk and turn", "transforms_100_30hz_kb_per_s", Scene::characters(100)),
    ] {
        let exact = measure(scene.clone(), false, 0);
        let quantised = measure(scene.clone(), true, 0);
        let per_client = |is_quantised: bool, alone: &Traffic| {
            let crowd = measure(scene.clone(), is_quantised, OTHERS);
            (crowd.ns_per_body - alone.ns_per_body) / OTHERS as f64
        };
        let (own, own_exact) = (per_client(true, &quantised), per_client(false, &exact));
        println!(
            "{name}, each further client with a query of its own: {own:.1} ns per body, exactly {own_exact:.1}"
        );
        println!(
            "{name}: {:.2} kB/s, {:.2} bytes per body and update ({:.1} of them blocks' heads, envelope and frame per update); \
             exactly {:.1} kB/s; follower {:.0} ns per body, exactly {:.0}",
            quantised.bytes_per_s / 1e3,
            quantised.bytes_per_body,
            quantised.framing,
            exact.bytes_per_s / 1e3,
            quantised.ns_per_body,
            exact.ns_per_body
        );
        figure(key, quantised.bytes_per_s / 1e3, "kB/s");
    }
}

struct Traffic {
    bytes_per_s: f64,
    bytes_per_body: f64,
    /// Bytes per update that are not of blocks.
    framing: f64,
    ns_per_body: f64,
}

struct World {
    store: Store,
    follower: Follower,
    schema: Arc<Schema>,
    scene: Scene,
    cache: Cache,
    now: Timestamp,
    bytes: usize,
    framing: usize,
    spent: f64,
}

/// What one client receives. `others` watch the same bodies, each through a query of its own.
fn measure(scene: Scene, is_quantised: bool, others: u64) -> Traffic {
    let count = scene.bodies.len() as f64;
    let mut world = World::new(scene, is_quantised);
    (0..others).for_each(|other| world.watch(2 + other));
    (0..TICKS_BEFORE).for_each(|_| world.tick());
    (world.bytes, world.framing, world.spent) = (0, 0, 0.0);
    (0..SECONDS * TICKS_PER_S).for_each(|_| world.tick());
    let (bytes, updates) = (world.bytes as f64, (SECONDS * TICKS_PER_S) as f64);
    let traffic = Traffic {
        bytes_per_s: bytes / SECONDS as f64,
        bytes_per_body: bytes / updates / count,
        framing: world.framing as f64 / updates,
        ns_per_body: world.spent / updates / count,
    };
    world.rest();
    traffic
}

impl World {
    fn new(scene: Scene, is_quantised: bool) -> Self {
        let schema = Arc::new(schema(is_quantised));
        let mut world = Self {
            store: Store::new(Arc::clone(&schema)),
            follower: Follower::new(Arc::clone(&schema)),
            schema,
            scene,
            cache: Cache::default(),
            now: Timestamp(1_764_000_000_000_000),
            bytes: 0,
            framing: 0,
            spent: 0.0,
        };
        world.put(true);
        world.follower.connect(ClientId(1), Identity::default(), ConnectionId::default());
        let subscribed =
            world.follower.subscribe(ClientId(1), 1, "SELECT * FROM body", TICKS_PER_S as f32, world.now);
        assert_eq!(subscribed, Ok(()), "the query was refused");
        world
    }

    fn watch(&mut self, client: u64) {
        let id = ClientId(client);
        self.follower.connect(id, Identity::default(), ConnectionId::default());
        let sql = format!("SELECT * FROM body WHERE id < {}", 1_000_000 + client);
        let subscribed = self.follower.subscribe(id, 1, &sql, TICKS_PER_S as f32, self.now);
        assert_eq!(subscribed, Ok(()), "the query was refused");
    }

    fn put(&mut self, is_new: bool) {
        let layout = self.schema.tables.first().map(TableSchema::layout).expect("a table");
        for (slot, body) in (0..).zip(&self.scene.bodies) {
            let mut row = row(&layout, slot, body);
            let result = match is_new {
                true => self.store.insert(BODY, &mut row).map(drop).map_err(|error| error.to_string()),
                false => self.store.update(BODY, slot, &row).map_err(|error| error.to_string()),
            };
            assert_eq!(result, Ok(()), "a row was refused");
        }
        let change_set = ChangeSet {
            offset: self.follower.offset() + 1,
            timestamp: self.now,
            caller: Identity::default(),
            reducer: ChangeSet::NO_REDUCER,
            body: self.store.commit().body,
        };
        let begin = processor_time();
        let applied = self.follower.apply(&change_set);
        self.spent += processor_time() - begin;
        assert!(applied.is_ok(), "a commit was refused: {applied:?}");
    }

    fn tick(&mut self) {
        self.scene.step(1.0 / TICKS_PER_S as f32);
        self.put(false);
        self.flush();
        self.check(false);
    }

    fn flush(&mut self) {
        self.now = Timestamp(self.now.0 + 1_000_000 / TICKS_PER_S);
        let begin = processor_time();
        let mut updates = Vec::new();
        self.follower.flush(self.now, &mut |update| {
            if update.client == ClientId(1) {
                updates.push(update.into_owned());
            }
        });
        self.spent += processor_time() - begin;
        for update in updates {
            // The log is a commit behind.
            let message = update.header(update.offset - 1).encode_with(&[&update.blocks]);
            let frame = if message.len() < 126 { 2 } else { 4 };
            self.bytes += message.len() + frame;
            self.framing += message.len() - update.blocks.len() + frame;
            self.cache.apply(&self.schema, &update.blocks);
        }
    }

    /// The bodies rest, and the client holds exactly what is there.
    fn rest(&mut self) {
        (0..2 * TICKS_PER_S / 10 + 2).for_each(|_| self.flush());
        self.check(true);
    }

    fn check(&self, is_at_rest: bool) {
        assert_eq!(self.cache.rows.len(), self.scene.bodies.len(), "rows that the client holds");
        for (&(table, slot), held) in &self.cache.rows {
            let exact = self.store.row(table, slot).unwrap_or_default();
            if is_at_rest {
                assert_eq!(held, exact, "a row at rest");
            }
            let place = |row: &[u8]| -> Vec<f32> {
                let columns = row.get(4..32).unwrap_or_default().as_chunks::<4>().0;
                columns.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            };
            for (at, (held, exact)) in place(held).into_iter().zip(place(exact)).enumerate() {
                let bound = if at < 3 { POSITION_STEP / 2.0 } else { ROTATION_STEP * 1.5 };
                let error = f64::from((held - exact).abs());
                assert!(error <= bound + 1e-5, "component {at} of row {slot} is {held} instead of {exact}");
            }
        }
    }
}

fn row(layout: &ambit_model::RowLayout, id: u32, body: &Body) -> Vec<u8> {
    let values = [Value::U32(id), Value::Vec3(body.position), Value::Quat(body.rotation)];
    encode_row(layout, &values).expect("values of the columns' types")
}

fn schema(is_quantised: bool) -> Schema {
    let column = |name: &str, ty, quantize: Quantize| ColumnSchema {
        quantize: is_quantised.then_some(quantize),
        ..ColumnSchema::new(name, ty)
    };
    let body = TableSchema {
        name: "body".into(),
        public: true,
        columns: vec![
            ColumnSchema::new("id", ColumnType::U32),
            column("position", ColumnType::Vec3, Quantize::Step { step: POSITION_STEP }),
            column("rotation", ColumnType::Quat, Quantize::Quaternion { step: ROTATION_STEP }),
        ],
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        ..TableSchema::default()
    };
    Schema { tables: vec![body], ..Schema::default() }
}
