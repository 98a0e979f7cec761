//! The world that the tests play in: three tables with the same columns, and an engine's store that commits.

#![expect(clippy::wildcard_enum_match_arm, reason = "the tables have a few of the types")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ambit_model::glam::{DVec2, DVec3, Vec2, Vec3};
use ambit_model::{
    ColumnSchema, ColumnType, Identity, IndexKind, IndexSchema, RowLayout, Schema, Slot, TableSchema,
    Timestamp, Value, decode_row, encode_row,
};
use ambit_store::{ChangeSet, Store};

pub const TABLES: [&str; 3] = ["player", "monster", "item"];

#[derive(Debug, Clone)]
pub enum Change {
    Insert { table: u16, owner: u8, zone: u8, x: f64, y: f64, hp: i32 },
    Step { table: u16, pick: u8, dx: i8, dy: i8 },
    Teleport { table: u16, pick: u8, x: f64, y: f64 },
    Zone { table: u16, pick: u8, zone: u8 },
    Hp { table: u16, pick: u8, hp: i32 },
    Owner { table: u16, pick: u8, owner: u8 },
    Name { table: u16, pick: u8, name: u8 },
    Delete { table: u16, pick: u8 },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: u32,
    pub owner: Identity,
    pub zone: u8,
    pub position: [f64; 3],
    pub hp: i32,
    pub name: String,
}

pub struct World {
    pub store: Store,
    pub layouts: Vec<RowLayout>,
    /// How many rows each slot has had.
    pub generations: BTreeMap<(u16, Slot), u32>,
    next_id: u32,
    offset: u64,
}

pub fn identity(number: u8) -> Identity {
    Identity([number; 32])
}

pub fn name(number: u8) -> String {
    ["", "Kāne 'the' Quick", "orc"][usize::from(number)].to_owned()
}

/// The second table has double positions, the third no spatial index.
fn schema(three_dimensions: bool) -> Schema {
    let types = match three_dimensions {
        false => [ColumnType::Vec2, ColumnType::DVec2, ColumnType::Vec2],
        true => [ColumnType::Vec3, ColumnType::DVec3, ColumnType::Vec3],
    };
    let tables = TABLES.iter().zip(types).enumerate().map(|(number, (name, position))| {
        let column = |name: &str, ty| ColumnSchema::new(name.into(), ty);
        let index = |name: &str, column, kind, unique| IndexSchema {
            name: name.into(),
            columns: vec![column],
            kind,
            unique,
        };
        let mut indexes =
            vec![index("id", 0, IndexKind::Hash, true), index("owner", 1, IndexKind::Hash, false)];
        if number < 2 {
            indexes.push(index("position", 3, IndexKind::Spatial { cell: 16.0 }, false));
        }
        TableSchema {
            name: (*name).into(),
            public: true,
            columns: vec![
                column("id", ColumnType::U32),
                column("owner", ColumnType::Identity),
                column("zone", ColumnType::U8),
                column("position", position),
                column("hp", ColumnType::I32),
                column("name", ColumnType::String),
            ],
            indexes,
            primary: Some(0),
            doc: String::new(),
            ..TableSchema::default()
        }
    });
    Schema { tables: tables.collect(), reducers: Vec::new(), ..Schema::default() }
}

impl World {
    pub fn new(three_dimensions: bool) -> Self {
        let schema = Arc::new(schema(three_dimensions));
        schema.check().unwrap();
        let layouts = schema.tables.iter().map(TableSchema::layout).collect();
        Self { store: Store::new(schema), layouts, generations: BTreeMap::new(), next_id: 0, offset: 0 }
    }

    /// All rows of a table.
    pub fn rows(&self, table: u16) -> Vec<(Slot, Row)> {
        let layout = &self.layouts[usize::from(table)];
        self.store.slots(table).map(|(slot, bytes)| (slot, decode(layout, bytes))).collect()
    }

    pub fn commit(&mut self, changes: &[Change]) -> Option<ChangeSet> {
        for change in changes {
            self.change(change);
        }
        let changes = self.store.commit();
        if changes.is_empty() {
            return None;
        }
        self.offset += 1;
        Some(ChangeSet {
            offset: self.offset,
            timestamp: Timestamp(self.offset as i64),
            caller: Identity::default(),
            reducer: ChangeSet::NO_REDUCER,
            body: changes.body,
        })
    }

    fn change(&mut self, change: &Change) {
        match *change {
            Change::Insert { table, owner, zone, x, y, hp } => {
                self.next_id += 1;
                let position = [x, y, if self.is_flat(table) { 0.0 } else { f64::from(hp) - 5.0 }];
                let row = Row {
                    id: self.next_id,
                    owner: identity(owner),
                    zone,
                    position,
                    hp,
                    name: name(owner % 3),
                };
                let mut bytes = encode(&self.layouts[usize::from(table)], &row);
                let slot = self.store.insert(table, &mut bytes).unwrap();
                *self.generations.entry((table, slot)).or_default() += 1;
            }
            Change::Step { table, pick, dx, dy } => self.edit(table, pick, |row| {
                row.position[0] += f64::from(dx) * 0.5;
                row.position[1] += f64::from(dy) * 0.5;
            }),
            Change::Teleport { table, pick, x, y } => self.edit(table, pick, |row| {
                row.position[0] = x;
                row.position[1] = y;
            }),
            Change::Zone { table, pick, zone } => self.edit(table, pick, |row| row.zone = zone),
            Change::Hp { table, pick, hp } => self.edit(table, pick, |row| row.hp = hp),
            Change::Owner { table, pick, owner } => self.edit(table, pick, |row| row.owner = identity(owner)),
            Change::Name { table, pick, name: number } => {
                self.edit(table, pick, |row| row.name = name(number))
            }
            Change::Delete { table, pick } => {
                if let Some((slot, _)) = self.pick(table, pick) {
                    self.store.delete(table, slot).unwrap();
                }
            }
        }
    }

    fn is_flat(&self, table: u16) -> bool {
        matches!(self.layouts[usize::from(table)].columns()[3].ty, ColumnType::Vec2 | ColumnType::DVec2)
    }

    fn pick(&self, table: u16, pick: u8) -> Option<(Slot, Row)> {
        let slots: Vec<Slot> = self.store.slots(table).map(|(slot, _)| slot).collect();
        let slot = *slots.get(usize::from(pick) * slots.len() / 256)?;
        Some((slot, decode(&self.layouts[usize::from(table)], self.store.row(table, slot)?)))
    }

    fn edit(&mut self, table: u16, pick: u8, edit: impl FnOnce(&mut Row)) {
        if let Some((slot, mut row)) = self.pick(table, pick) {
            edit(&mut row);
            let bytes = encode(&self.layouts[usize::from(table)], &row);
            self.store.update(table, slot, &bytes).unwrap();
        }
    }
}

fn encode(layout: &RowLayout, row: &Row) -> Vec<u8> {
    let [x, y, z] = row.position;
    let position = match layout.columns()[3].ty {
        ColumnType::Vec2 => Value::Vec2(Vec2::new(x as f32, y as f32)),
        ColumnType::Vec3 => Value::Vec3(Vec3::new(x as f32, y as f32, z as f32)),
        ColumnType::DVec2 => Value::DVec2(DVec2::new(x, y)),
        _ => Value::DVec3(DVec3::new(x, y, z)),
    };
    let (owner, name) = (Value::Identity(row.owner), Value::String(row.name.clone()));
    let values = [Value::U32(row.id), owner, Value::U8(row.zone), position, Value::I32(row.hp), name];
    encode_row(layout, &values).unwrap()
}

fn decode(layout: &RowLayout, bytes: &[u8]) -> Row {
    let values = decode_row(layout, bytes).unwrap();
    let [
        Value::U32(id),
        Value::Identity(owner),
        Value::U8(zone),
        position,
        Value::I32(hp),
        Value::String(name),
    ] = values.as_slice()
    else {
        panic!("unexpected columns: {values:?}");
    };
    let position = match position {
        Value::Vec2(place) => [f64::from(place.x), f64::from(place.y), 0.0],
        Value::Vec3(place) => [f64::from(place.x), f64::from(place.y), f64::from(place.z)],
        Value::DVec2(place) => [place.x, place.y, 0.0],
        Value::DVec3(place) => [place.x, place.y, place.z],
        other => panic!("not a position: {other:?}"),
    };
    Row { id: *id, owner: *owner, zone: *zone, position, hp: *hp, name: name.clone() }
}
