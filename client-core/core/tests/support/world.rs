//! A schema, and a server that speaks ambit-wire from memory.

use std::collections::BTreeMap;

use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, RowLayout, Schema, TableSchema,
    Timestamp, Value, delta, encode_row, masked_row,
};
use ambit_wire::{
    LeaveReason, ServerMessage, UpdateHeader, begin_table, end_table, write_delete, write_delta,
    write_insert, write_insert_columns,
};

/// Table 0 `unit`: plain rows with every kind of index. Table 1 `letter`: rows with a heap. Table 2 `flag`:
/// fixed rows that are not plain.
pub fn schema() -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let index = |name: &str, columns: &[u16], kind, unique| IndexSchema {
        name: name.into(),
        columns: columns.into(),
        kind,
        unique,
    };
    let table = |name: &str, columns, indexes| TableSchema {
        name: name.into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    Schema {
        tables: vec![
            table(
                "unit",
                vec![
                    column("id", ColumnType::U64),
                    column("zone", ColumnType::U32),
                    column("health", ColumnType::I32),
                    column("position", ColumnType::Vec2),
                ],
                vec![
                    index("id", &[0], IndexKind::Hash, true),
                    index("zone", &[1], IndexKind::Hash, false),
                    index("zone_health", &[1, 2], IndexKind::Ordered, false),
                    index("position", &[3], IndexKind::Spatial { cell: 5.0 }, false),
                ],
            ),
            table(
                "letter",
                vec![
                    column("id", ColumnType::U64),
                    column("to", ColumnType::String),
                    column("body", ColumnType::Vec(Box::new(ColumnType::U16))),
                ],
                vec![
                    index("id", &[0], IndexKind::Ordered, true),
                    index("to", &[1], IndexKind::Hash, false),
                    index("to_order", &[1], IndexKind::Ordered, false),
                ],
            ),
            table(
                "flag",
                vec![column("id", ColumnType::U32), column("up", ColumnType::Bool)],
                vec![index("id", &[0], IndexKind::Hash, true)],
            ),
        ],
        reducers: Vec::new(),
        ..Schema::default()
    }
}

pub type Rows = BTreeMap<(u16, u32), Vec<u8>>;

pub fn layouts() -> Vec<RowLayout> {
    schema().tables.iter().map(TableSchema::layout).collect()
}

pub fn welcome() -> Vec<u8> {
    ServerMessage::Welcome {
        identity: Identity([3; 32]),
        connection: ConnectionId([4; 16]),
        token: "token",
        schema: &schema().encode(),
        offset: 0,
    }
    .encode()
}

/// A row of a table; what the numbers mean is up to the table.
pub fn row(table: u16, id: u32, number: u8) -> Vec<u8> {
    let axis = |scale: f32| f32::from(number) / scale - 10.0;
    let values = match table {
        0 => vec![
            Value::U64(u64::from(id)),
            Value::U32(u32::from(number % 4)),
            Value::I32(i32::from(number) - 100),
            Value::Vec2(ambit_model::glam::Vec2::new(axis(5.0), axis(9.0))),
        ],
        1 => vec![
            Value::U64(u64::from(id)),
            Value::String("ab".repeat(usize::from(number % 5))),
            Value::Vec((0..number % 7).map(|element| Value::U16(u16::from(element))).collect()),
        ],
        _ => vec![Value::U32(id), Value::Bool(number % 2 == 1)],
    };
    encode_row(&layouts()[usize::from(table)], &values).unwrap()
}

/// What a server does with one row in one update.
#[derive(Debug, Clone)]
pub enum Step {
    Put { table: u16, slot: u32, number: u8 },
    Delete { table: u16, slot: u32, reason: u8 },
}

/// A server: its rows, and the update that an update's steps make.
#[derive(Debug, Default)]
pub struct Server {
    pub rows: Rows,
    pub offset: u64,
    next_id: u32,
}

impl Server {
    pub fn update(&mut self, steps: &[Step]) -> Vec<u8> {
        self.offset += 1;
        let mut blocks = Vec::new();
        for step in steps {
            self.step(step, &mut blocks);
        }
        let header = UpdateHeader {
            offset: self.offset,
            durable_offset: self.offset / 2,
            timestamp: Timestamp(self.offset as i64),
            ..UpdateHeader::default()
        };
        ServerMessage::Update { header, blocks: &blocks }.encode()
    }

    fn step(&mut self, step: &Step, blocks: &mut Vec<u8>) {
        match *step {
            Step::Put { table, slot, number } => {
                let mark = begin_table(blocks, table);
                let layout = &layouts()[usize::from(table)];
                match self.rows.get_mut(&(table, slot)) {
                    Some(old) => {
                        let id = old[..4].try_into().map(u32::from_le_bytes).unwrap();
                        let new = row(table, id, number);
                        let mask = delta::changed_columns(layout, old, &new);
                        let mut packed = Vec::new();
                        delta::pack_columns(layout, &new, mask, &mut packed).unwrap();
                        write_delta(blocks, slot, mask, &packed);
                        *old = new;
                    }
                    None => {
                        self.next_id += 1;
                        let mut new = row(table, self.next_id, number);
                        if number % 3 == 0 {
                            // Some columns, the first among them.
                            let mask = (1 | u64::from(number)) & layout.all_columns();
                            let mut packed = Vec::new();
                            delta::pack_columns(layout, &new, mask, &mut packed).unwrap();
                            write_insert_columns(blocks, slot, mask, &packed);
                            new = masked_row(layout, &new, mask).unwrap();
                        } else {
                            write_insert(blocks, slot, &new);
                        }
                        self.rows.insert((table, slot), new);
                    }
                }
                end_table(blocks, mark);
            }
            Step::Delete { table, slot, reason } => {
                if self.rows.remove(&(table, slot)).is_some() {
                    let mark = begin_table(blocks, table);
                    write_delete(blocks, slot, LeaveReason::from_byte(reason).unwrap());
                    end_table(blocks, mark);
                }
            }
        }
    }
}
