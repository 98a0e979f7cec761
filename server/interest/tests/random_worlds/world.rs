//! The world that the tests play in: three tables with the same columns, and an engine's store that commits.

use std::collections::BTreeMap;

use ambit_model::{Identity, RowLayout, Slot, Timestamp};
use ambit_store::{ChangeSet, Store};

use crate::shape::{Row, SchemaChange, Shape};

#[derive(Debug, Clone)]
pub enum Change {
    Insert {
        table: u16,
        owner: u8,
        zone: u8,
        x: f64,
        y: f64,
        hp: i32,
    },
    Step {
        table: u16,
        pick: u8,
        dx: i8,
        dy: i8,
    },
    Teleport {
        table: u16,
        pick: u8,
        x: f64,
        y: f64,
    },
    Zone {
        table: u16,
        pick: u8,
        zone: u8,
    },
    Hp {
        table: u16,
        pick: u8,
        hp: i32,
    },
    Owner {
        table: u16,
        pick: u8,
        owner: u8,
    },
    Name {
        table: u16,
        pick: u8,
        name: u8,
    },
    Level {
        table: u16,
        pick: u8,
        level: Option<i16>,
    },
    Speed {
        table: u16,
        pick: u8,
        speed: f32,
    },
    /// To a row of some table.
    Link {
        table: u16,
        pick: u8,
        to: Option<(u16, u8)>,
    },
    Delete {
        table: u16,
        pick: u8,
    },
}

pub struct World {
    pub store: Store,
    pub shape: Shape,
    layouts: [RowLayout; 3],
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

impl World {
    pub fn new(three_dimensions: bool) -> Self {
        let shape = Shape::new(three_dimensions);
        let (store, layouts) = (Store::new(shape.schema()), shape.layouts());
        Self { store, shape, layouts, generations: BTreeMap::new(), next_id: 0, offset: 0 }
    }

    /// Changes the schema; rows stay in their slots.
    pub fn migrate(&mut self, changes: &[SchemaChange]) {
        let mut shape = self.shape.clone();
        changes.iter().for_each(|change| shape.change(change));
        self.store = self.shape.rebuild(&self.store, &shape);
        self.layouts = shape.layouts();
        self.shape = shape;
    }

    /// All rows of a table.
    pub fn rows(&self, table: u16) -> Vec<(Slot, Row)> {
        let (layout, shape) = (&self.layouts[usize::from(table)], &self.shape.tables[usize::from(table)]);
        let rows = self.store.slots(self.shape.id(table));
        rows.map(|(slot, bytes)| (slot, shape.decode(layout, bytes))).collect()
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
                let linked = self.pick((table + 1) % 3, (hp as u8).wrapping_mul(28));
                let is_flat = self.shape.tables[usize::from(table)].is_flat();
                let position = [x, y, if is_flat { 0.0 } else { f64::from(hp) - 5.0 }];
                let row = Row {
                    id: self.next_id,
                    owner: identity(owner),
                    zone,
                    position,
                    hp,
                    name: name(owner % 3),
                    level: i16::try_from(hp).ok().filter(|level| level % 3 != 0),
                    speed: if hp == 7 { f32::NAN } else { hp as f32 },
                    link: linked.map(|(_, row)| row.id),
                };
                let mut bytes = self.encode(table, &row);
                let slot = self.store.insert(self.shape.id(table), &mut bytes).unwrap();
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
            Change::Level { table, pick, level } => self.edit(table, pick, |row| row.level = level),
            Change::Speed { table, pick, speed } => self.edit(table, pick, |row| row.speed = speed),
            Change::Link { table, pick, to } => {
                let link = to.and_then(|(table, pick)| self.pick(table, pick)).map(|(_, row)| row.id);
                self.edit(table, pick, |row| row.link = link);
            }
            Change::Name { table, pick, name: number } => {
                self.edit(table, pick, |row| row.name = name(number))
            }
            Change::Delete { table, pick } => {
                if let Some((slot, _)) = self.pick(table, pick) {
                    self.store.delete(self.shape.id(table), slot).unwrap();
                }
            }
        }
    }

    fn pick(&self, table: u16, pick: u8) -> Option<(Slot, Row)> {
        let rows = self.rows(table);
        rows.get(usize::from(pick) * rows.len() / 256).cloned()
    }

    fn encode(&self, table: u16, row: &Row) -> Vec<u8> {
        self.shape.tables[usize::from(table)].encode(&self.layouts[usize::from(table)], row)
    }

    fn edit(&mut self, table: u16, pick: u8, edit: impl FnOnce(&mut Row)) {
        if let Some((slot, mut row)) = self.pick(table, pick) {
            edit(&mut row);
            let bytes = self.encode(table, &row);
            self.store.update(self.shape.id(table), slot, &bytes).unwrap();
        }
    }
}
