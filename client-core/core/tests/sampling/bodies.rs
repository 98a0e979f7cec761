//! A server of bodies with one column of each kind that can be interpolated, for tests of sampling.

use ambit_client_core::{Budget, Session, World};
use ambit_model::delta::pack_columns;
use ambit_model::glam::{DVec3, Quat, Vec2};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, Quantize, Schema, TableSchema, Timestamp, Value,
    encode_row,
};
use ambit_wire::{
    LeaveReason, ServerMessage, UpdateHeader, begin_table, end_table, write_delete, write_delta, write_insert,
};

/// The columns of the only table that can be interpolated.
pub const PLACE: u16 = 1;
pub const FLAT: u16 = 2;
pub const HEADING: u16 = 3;
pub const TURN: u16 = 4;

/// A body's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    pub place: DVec3,
    pub flat: Vec2,
    /// In degrees from 0 on.
    pub heading: f32,
    pub turn: Quat,
}

impl Body {
    /// A body on a line.
    pub fn at(x: f64) -> Self {
        let (place, flat) = (DVec3::new(x, 2.0, 3.0), Vec2::new(x as f32, 2.0));
        Self { place, flat, heading: 0.0, turn: Quat::IDENTITY }
    }

    fn row(&self) -> Vec<u8> {
        let values = [
            Value::String("it".into()),
            Value::DVec3(self.place),
            Value::Vec2(self.flat),
            Value::F32(self.heading),
            Value::Quat(self.turn),
        ];
        encode_row(&schema().tables[0].layout(), &values).unwrap()
    }
}

pub fn schema() -> Schema {
    let angle = Quantize::Angle { step: 0.1, turn: 360.0, from: 0.0 };
    let columns = vec![
        ColumnSchema::new("name", ColumnType::String),
        ColumnSchema::new("place", ColumnType::DVec3),
        ColumnSchema::new("flat", ColumnType::Vec2),
        ColumnSchema { quantize: Some(angle), ..ColumnSchema::new("heading", ColumnType::F32) },
        ColumnSchema::new("turn", ColumnType::Quat),
    ];
    let body = TableSchema { name: "body".into(), public: true, columns, ..TableSchema::default() };
    Schema { tables: vec![body], ..Schema::default() }
}

/// A session that was welcomed.
pub fn connected() -> Session {
    let mut session = Session::new();
    let welcome = ServerMessage::Welcome {
        identity: Identity::default(),
        connection: ConnectionId::default(),
        token: "token",
        schema: &schema().encode(),
        offset: 0,
    };
    session.receive(&welcome.encode(), 0).unwrap();
    session
}

/// What one update tells of a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    Enters(u32, Body),
    Moves(u32, Body),
    /// Only its name.
    Named(u32),
    Leaves(u32),
}

/// The update of a commit at this time.
pub fn update(offset: u64, time_us: i64, told: &[Told]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for told in told {
        let mark = begin_table(&mut blocks, 0);
        match told {
            Told::Enters(slot, body) => write_insert(&mut blocks, *slot, &body.row()),
            Told::Leaves(slot) => write_delete(&mut blocks, *slot, LeaveReason::OutOfRange),
            Told::Named(slot) => write_delta(&mut blocks, *slot, 1, &packed(&Body::at(0.0), 1)),
            Told::Moves(slot, body) => write_delta(&mut blocks, *slot, 0b11110, &packed(body, 0b11110)),
        }
        end_table(&mut blocks, mark);
    }
    let header = UpdateHeader { offset, timestamp: Timestamp(time_us), ..UpdateHeader::default() };
    ServerMessage::Update { header, blocks: &blocks }.encode()
}

fn packed(body: &Body, mask: u64) -> Vec<u8> {
    let mut packed = Vec::new();
    pack_columns(&schema().tables[0].layout(), &body.row(), mask, &mut packed).unwrap();
    packed
}

/// A session and a world that follows all columns.
pub struct Client {
    pub session: Session,
    pub world: World,
    offset: u64,
}

impl Client {
    pub fn new() -> Self {
        let mut client = Self { session: connected(), world: World::new(), offset: 0 };
        client.tick();
        for column in [PLACE, FLAT, HEADING, TURN] {
            client.world.interpolate(0, column).unwrap();
        }
        client.tick();
        client
    }

    pub fn tick(&mut self) {
        self.world.tick(&mut self.session, Budget::UNLIMITED);
    }

    /// Takes in an update, without a tick.
    pub fn told(&mut self, time_us: i64, told: &[Told]) {
        self.offset += 1;
        self.session.receive(&update(self.offset, time_us, told), 0).unwrap();
    }

    /// Takes in an update and ticks.
    pub fn shown(&mut self, time_us: i64, told: &[Told]) {
        self.told(time_us, told);
        self.tick();
    }

    pub fn sample(&self, slot: u32, column: u16, time_us: i64) -> [f64; 4] {
        let local = self.world.table(0).unwrap().local(slot).unwrap();
        self.world.sample(0, local, column, time_us).unwrap()
    }

    /// The first coordinate of its place.
    pub fn x(&self, slot: u32, time_us: i64) -> f64 {
        self.sample(slot, PLACE, time_us)[0]
    }
}
