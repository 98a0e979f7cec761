//! The world: bodies in a small square, and clients who watch them in every way that there is.

use std::collections::BTreeMap;

use ambit_interest::ClientId;
use ambit_model::glam::{Quat, Vec3};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Quantize, Schema, Slot,
    TableSchema, Timestamp, Value, encode_row,
};

use ambit_wire::{Delivery, Parameters};

use crate::cache::Cache;
use crate::feed::Feed;
use crate::{STEP_US, check};

pub const BODY: u16 = 0;
/// Columns of a body.
pub const POSITION: usize = 1;
pub const ROTATION: usize = 2;
pub const HEADING: usize = 3;
pub const MASS: usize = 4;
const NAME: usize = 5;
/// All but the last one, which is private.
pub const VISIBLE: u64 = 0b11_1111;

const RATES: [f32; 4] = [25.0, 30.0, 60.0, f32::INFINITY];

#[derive(Clone)]
pub struct Body {
    pub position: Vec3,
    velocity: Vec3,
    pub rotation: Quat,
    spin: Vec3,
    heading: f64,
    mass: u8,
    aim: Vec3,
    /// When a quantised column has changed last.
    pub moved: Timestamp,
}

pub struct Client {
    pub cache: Cache,
    pub watches: Vec<(u32, Watch)>,
}

/// What a subscription shows.
#[derive(Clone, Copy)]
pub enum Watch {
    All,
    Light,
    Area,
    Around,
    /// Some columns.
    Places,
    LightTurns,
    AroundPlaces,
}

pub struct World {
    pub feed: Feed,
    pub now: Timestamp,
    pub bodies: BTreeMap<Slot, Body>,
    pub clients: BTreeMap<u64, Client>,
    state: u64,
    last: u32,
}

impl Watch {
    pub const EACH: [Self; 7] = [
        Self::All,
        Self::Light,
        Self::Area,
        Self::Around,
        Self::Places,
        Self::LightTurns,
        Self::AroundPlaces,
    ];

    fn sql(self) -> &'static str {
        match self {
            Self::All => "SELECT * FROM body",
            Self::Light => "SELECT * FROM body WHERE mass < 5",
            Self::Area => "SELECT * FROM body WHERE ST_DWithin(position, ST_MakePoint(2, 0, 2), 5)",
            Self::Around => {
                "SELECT b.* FROM body b JOIN body o ON ST_DWithin(b.position, o.position, 4) WHERE o.id = 1"
            }
            Self::Places => "SELECT position, heading FROM body",
            Self::LightTurns => "SELECT rotation, mass FROM body WHERE mass < 5",
            Self::AroundPlaces => {
                "SELECT b.position, b.name FROM body b JOIN body o ON ST_DWithin(b.position, o.position, 4) WHERE o.id = 1"
            }
        }
    }

    /// The columns that it shows, as a mask.
    pub fn columns(self) -> u64 {
        match self {
            Self::All | Self::Light | Self::Area | Self::Around => VISIBLE,
            Self::Places => 1 | 1 << POSITION | 1 << HEADING,
            Self::LightTurns => 1 | 1 << ROTATION | 1 << MASS,
            Self::AroundPlaces => 1 | 1 << POSITION | 1 << NAME,
        }
    }
}

fn schema() -> Schema {
    let column = |name: &str, ty, quantize| ColumnSchema { quantize, ..ColumnSchema::new(name, ty) };
    let body = TableSchema {
        name: "body".into(),
        public: true,
        columns: vec![
            column("id", ColumnType::U32, None),
            column("position", ColumnType::Vec3, Some(Quantize::Step { step: 0.01 })),
            column("rotation", ColumnType::Quat, Some(Quantize::quaternion(11))),
            column("heading", ColumnType::F64, Some(Quantize::Angle { step: 0.5, turn: 360.0, from: 0.0 })),
            column("mass", ColumnType::U8, None),
            column("name", ColumnType::String, None),
            ColumnSchema {
                private: true,
                ..column("aim", ColumnType::Vec3, Some(Quantize::Step { step: 0.01 }))
            },
        ],
        // A spatial index would refuse positions that are no numbers.
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

impl World {
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            feed: Feed::new(schema()),
            now: Timestamp(1_000_000),
            bodies: BTreeMap::new(),
            clients: BTreeMap::new(),
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            last: 0,
        };
        (0..6).for_each(|_| world.add_body());
        (0..4).for_each(|client| world.connect(client));
        world.feed.commit();
        world.flush_step();
        world
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % end
    }

    fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.below(100_000) as f32 / 100_000.0
    }

    fn vector(&mut self, size: f32) -> Vec3 {
        Vec3::new(self.between(-size, size), self.between(-size, size), self.between(-size, size))
    }

    fn row(id: u32, body: &Body) -> Vec<u8> {
        let values = [
            Value::U32(id),
            Value::Vec3(body.position),
            Value::Quat(body.rotation),
            Value::F64(body.heading),
            Value::U8(body.mass),
            Value::String("body".into()),
            Value::Vec3(body.aim),
        ];
        encode_row(&schema().tables[0].layout(), &values).unwrap()
    }

    fn add_body(&mut self) {
        self.last += 1;
        let body = Body {
            position: self.vector(6.0),
            velocity: self.vector(0.2),
            rotation: Quat::from_scaled_axis(self.vector(3.0)),
            spin: self.vector(0.1),
            heading: f64::from(self.between(0.0, 359.0)),
            mass: self.below(10) as u8,
            aim: self.vector(6.0),
            moved: self.now,
        };
        let slot = self.feed.store.insert(BODY, &mut Self::row(self.last, &body)).unwrap();
        self.bodies.insert(slot, body);
    }

    fn store(&mut self, slot: Slot) {
        let id = u32::from_le_bytes(self.feed.store.row(BODY, slot).unwrap()[..4].try_into().unwrap());
        let row = Self::row(id, &self.bodies[&slot]);
        self.feed.store.update(BODY, slot, &row).unwrap();
    }

    fn connect(&mut self, client: u64) {
        let id = ClientId(client);
        self.feed.follower.connect(id, Identity([client as u8; 32]), ConnectionId::default());
        self.clients.insert(client, Client { cache: Cache::default(), watches: Vec::new() });
        self.subscribe(client);
    }

    fn subscribe(&mut self, client: u64) {
        let (watch, rate) = (Watch::EACH[self.below(7) as usize], RATES[self.below(4) as usize]);
        let number = self.last + 1_000 * client as u32 + self.clients[&client].watches.len() as u32;
        let taken = self.clients[&client].watches.iter().any(|(known, _)| *known == number);
        if taken {
            return;
        }
        // Some with a budget that everything fits: of their rows clients are told in whole columns.
        let budget = if self.below(3) == 0 { 100_000_000 } else { 0 };
        let delivery = Delivery { rate, budget, ..Delivery::default() };
        let (id, follower, none) = (ClientId(client), &mut self.feed.follower, Parameters::new());
        follower.subscribe_as(id, number, (watch.sql(), &none), &delivery, self.now).unwrap();
        self.clients.get_mut(&client).unwrap().watches.push((number, watch));
    }

    /// Something happens to a body.
    fn change_body(&mut self, slot: Slot) {
        let what = self.below(24);
        let (way, place) = (self.vector(0.3), self.vector(6.0));
        let now = self.now;
        let body = self.bodies.get_mut(&slot).unwrap();
        match what {
            0 => body.velocity = way,
            1 => body.position = place,
            2 => body.position.y = [f32::NAN, f32::INFINITY, 1e30, 0.25][place.x.abs() as usize % 4],
            3 => body.rotation = Quat::from_xyzw(0.5, 0.5, -0.5, 0.5),
            4 => body.rotation = Quat::from_xyzw(0.9, 0.1, 0.0, 0.0),
            5 => body.heading = [f64::NAN, -1.0, 359.9, 400.0][place.x.abs() as usize % 4],
            6 => {
                body.mass = (body.mass + 1) % 10;
                return self.store(slot);
            }
            7 => body.mass = (body.mass + 3) % 10,
            8..=9 => return,
            // Clients are told nothing of it.
            10..=11 => {
                body.aim += way;
                return self.store(slot);
            }
            12 => body.heading = (body.heading + 7.3) % 360.0,
            _ => {
                body.position += body.velocity;
                if what > 16 {
                    body.rotation = (Quat::from_scaled_axis(body.spin) * body.rotation).normalize();
                }
                if body.position.length() > 8.0 || !body.position.is_finite() {
                    body.position = place;
                }
            }
        }
        body.moved = now;
        self.store(slot);
    }

    /// Changes some bodies and clients, commits, and flushes after a while.
    pub fn step(&mut self) {
        for _ in 0..1 + self.below(2) {
            for slot in self.bodies.keys().copied().collect::<Vec<_>>() {
                if self.below(10) > 1 {
                    self.change_body(slot);
                }
            }
            match self.below(12) {
                0 => self.add_body(),
                1 if self.bodies.len() > 3 => {
                    let place = self.below(self.bodies.len() as u64) as usize;
                    let slot = *self.bodies.keys().nth(place).unwrap();
                    self.feed.store.delete(BODY, slot).unwrap();
                    self.bodies.remove(&slot);
                    if self.below(2) == 0 {
                        // The slot gets another row in the same commit.
                        self.add_body();
                    }
                }
                _ => {}
            }
            self.feed.commit();
        }
        let client = self.below(4);
        match self.below(16) {
            0 => self.connect(client),
            1 => self.subscribe(client),
            2 if self.clients[&client].watches.len() > 1 => {
                let (number, _) = self.clients.get_mut(&client).unwrap().watches.remove(0);
                self.feed.follower.unsubscribe(ClientId(client), number);
            }
            3 => {
                self.now = Timestamp(self.now.0 + STEP_US / 2);
                self.flush_all();
            }
            _ => {}
        }
        self.flush_step();
    }

    /// Time passes until everybody is due.
    pub fn flush_step(&mut self) -> usize {
        self.now = Timestamp(self.now.0 + STEP_US);
        self.flush()
    }

    /// Hands out what is due; answers how many bytes that were.
    pub fn flush(&mut self) -> usize {
        let (schema, clients, mut bytes) = (schema(), &mut self.clients, 0);
        self.feed.follower.flush(self.now, &mut |update| {
            bytes += update.blocks.len();
            clients.get_mut(&update.client.0).unwrap().cache.apply(&schema, &update.blocks);
        });
        bytes
    }

    pub fn flush_all(&mut self) {
        let (schema, clients) = (schema(), &mut self.clients);
        self.feed.follower.flush_all(self.now, &mut |update| {
            clients.get_mut(&update.client.0).unwrap().cache.apply(&schema, &update.blocks);
        });
    }

    /// Leaves one body and one client that sees it.
    pub fn only_one_body_that_moves(&mut self) {
        for client in std::mem::take(&mut self.clients).into_keys() {
            self.feed.follower.disconnect(ClientId(client));
        }
        for slot in std::mem::take(&mut self.bodies).into_keys() {
            self.feed.store.delete(BODY, slot).unwrap();
        }
        self.add_body();
        self.bodies.values_mut().for_each(|body| {
            body.velocity = Vec3::new(0.113, 0.021, -0.037);
            body.rotation = Quat::from_scaled_axis(Vec3::new(0.1, 0.2, 0.3));
            body.spin = Vec3::new(0.01, 0.02, 0.03);
        });
        self.feed.commit();
        self.feed.follower.connect(ClientId(9), Identity::default(), ConnectionId::default());
        self.clients.insert(9, Client { cache: Cache::default(), watches: vec![(1, Watch::All)] });
        self.feed.follower.subscribe(ClientId(9), 1, Watch::All.sql(), f32::INFINITY, self.now).unwrap();
        self.flush_step();
        self.slide();
        self.slide();
    }

    pub fn watch_nothing(&mut self) {
        self.feed.follower.unsubscribe(ClientId(9), 1);
        self.clients.get_mut(&9).unwrap().watches.clear();
    }

    pub fn delete_bodies(&mut self) {
        for slot in std::mem::take(&mut self.bodies).into_keys() {
            self.feed.store.delete(BODY, slot).unwrap();
        }
        self.feed.commit();
    }

    pub fn watch_all_again(&mut self) {
        self.feed.follower.subscribe(ClientId(9), 2, Watch::All.sql(), f32::INFINITY, self.now).unwrap();
        self.clients.get_mut(&9).unwrap().watches.push((2, Watch::All));
    }

    /// The bodies go on as they did; answers how many bytes tell of it.
    pub fn slide(&mut self) -> usize {
        for slot in self.bodies.keys().copied().collect::<Vec<_>>() {
            let now = self.now;
            let body = self.bodies.get_mut(&slot).unwrap();
            body.position += body.velocity;
            body.rotation = (Quat::from_scaled_axis(body.spin) * body.rotation).normalize();
            body.moved = now;
            self.store(slot);
        }
        self.feed.commit();
        self.flush_step()
    }

    pub fn place_body(&mut self, x: f32) {
        let slot = *self.bodies.keys().next().unwrap();
        self.bodies.get_mut(&slot).unwrap().position.x = x;
        self.store(slot);
        self.feed.commit();
    }

    /// Nothing happens until everything rests.
    pub fn rest(&mut self) {
        for _ in 0..5 {
            self.flush_step();
        }
        self.check_exact().unwrap();
        assert_eq!(self.feed.follower.next_flush(), None, "something is left to tell");
    }

    pub fn check(&self) {
        check::near(self).unwrap();
    }

    pub fn check_exact(&self) -> Result<(), String> {
        check::exact(self)
    }
}
