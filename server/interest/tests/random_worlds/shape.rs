//! What the tables look like: three tables with the same meaning whose names, ids and columns change as the schema does,
//! and how a store goes from one shape to the next.

#![expect(clippy::wildcard_enum_match_arm, reason = "the tables have a few of the types")]

use std::sync::Arc;

use ambit_model::glam::{DVec2, DVec3, Vec2, Vec3};
use ambit_model::{
    ColumnSchema, ColumnType, Identity, IndexKind, IndexSchema, RowLayout, Schema, Slot, TableSchema, Value,
    decode_row, encode_row,
};
use ambit_store::Store;

/// One change of the schema. `table` is one of the three.
#[derive(Debug, Clone)]
pub enum SchemaChange {
    /// The tables get other ids.
    Rotate,
    /// A table that means nothing comes in front of the others, or goes.
    Bystander,
    /// A column comes in front of the others, or goes.
    Front { table: u16 },
    /// A column comes behind the others, or goes.
    Back { table: u16 },
    /// A column gets a wider type, or its old one.
    Widen { table: u16 },
    /// The table gets another name, its rows stay.
    Rename { table: u16 },
    /// A column gets another name.
    RenameColumn { table: u16 },
    /// An index comes or goes.
    Index { table: u16 },
    /// Another column becomes the primary key, or the first one again.
    Primary { table: u16 },
    /// Clients may not see the table, or may again.
    Hide { table: u16 },
    /// The rows are gone.
    Replace { table: u16 },
}

/// All tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub tables: [TableShape; 3],
    /// By table: how many of the three stand before it.
    order: [u16; 3],
    has_bystander: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableShape {
    pub name: &'static str,
    pub zone: &'static str,
    pub is_public: bool,
    position: ColumnType,
    has_front: bool,
    has_back: bool,
    is_wide: bool,
    is_indexed: bool,
    has_other_key: bool,
    /// How often the rows were thrown away.
    incarnation: u32,
}

/// What a row says in any shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: u32,
    pub owner: Identity,
    pub zone: u8,
    pub position: [f64; 3],
    pub hp: i32,
    pub name: String,
    pub level: Option<i16>,
    pub speed: f32,
    /// The id of a row of any table.
    pub link: Option<u32>,
}

const NAMES: [[&str; 2]; 3] = [["player", "hero"], ["monster", "foe"], ["item", "thing"]];

impl Shape {
    /// The second table has double positions, the third no spatial index.
    pub fn new(three_dimensions: bool) -> Self {
        let types = match three_dimensions {
            false => [ColumnType::Vec2, ColumnType::DVec2, ColumnType::Vec2],
            true => [ColumnType::Vec3, ColumnType::DVec3, ColumnType::Vec3],
        };
        let mut names = NAMES.iter();
        let tables = types.map(|position| TableShape {
            name: names.next().unwrap()[0],
            zone: "zone",
            is_public: true,
            position,
            has_front: false,
            has_back: false,
            is_wide: false,
            is_indexed: false,
            has_other_key: false,
            incarnation: 0,
        });
        Self { tables, order: [0, 1, 2], has_bystander: false }
    }

    pub fn change(&mut self, change: &SchemaChange) {
        let mut change_table = |table: u16, change: &dyn Fn(&mut TableShape)| {
            change(&mut self.tables[usize::from(table)]);
        };
        match *change {
            SchemaChange::Rotate => self.order = self.order.map(|place| (place + 1) % 3),
            SchemaChange::Bystander => self.has_bystander ^= true,
            SchemaChange::Front { table } => change_table(table, &|table| table.has_front ^= true),
            SchemaChange::Back { table } => change_table(table, &|table| table.has_back ^= true),
            SchemaChange::Widen { table } => change_table(table, &|table| table.is_wide ^= true),
            SchemaChange::Index { table } => change_table(table, &|table| table.is_indexed ^= true),
            SchemaChange::Primary { table } => change_table(table, &|table| table.has_other_key ^= true),
            SchemaChange::Hide { table } => change_table(table, &|table| table.is_public ^= true),
            SchemaChange::Replace { table } => change_table(table, &|table| table.incarnation += 1),
            SchemaChange::RenameColumn { table } => change_table(table, &|table| {
                table.zone = if table.zone == "zone" { "area" } else { "zone" };
            }),
            SchemaChange::Rename { table: number } => change_table(number, &|table| {
                let [first, second] = NAMES[usize::from(number)];
                table.name = if table.name == first { second } else { first };
            }),
        }
    }

    /// The table's id.
    pub fn id(&self, table: u16) -> u16 {
        self.order[usize::from(table)] + u16::from(self.has_bystander)
    }

    /// The table of this id, if it is one of the three.
    pub fn table(&self, id: u16) -> Option<u16> {
        (0..3).find(|&table| self.id(table) == id)
    }

    /// Where the columns of each table lie.
    pub fn layouts(&self) -> [RowLayout; 3] {
        [0, 1, 2].map(|table| self.tables[table].schema().layout())
    }

    pub fn schema(&self) -> Arc<Schema> {
        let mut tables = Vec::new();
        if self.has_bystander {
            let columns = vec![ColumnSchema::new("nothing", ColumnType::U8)];
            let name = "bystander".to_owned();
            tables.push(TableSchema { name, public: true, columns, ..TableSchema::default() });
        }
        let first = tables.len() as u16;
        for id in first..first + 3 {
            let table = self.table(id).unwrap();
            tables.push(self.tables[usize::from(table)].schema());
        }
        let schema = Schema { tables, ..Schema::default() };
        schema.check().unwrap();
        Arc::new(schema)
    }

    /// Whether the rows of a table were not touched on the way from this shape to `other`.
    pub fn keeps_rows(&self, other: &Self, table: u16) -> bool {
        let touched = |shape: &Self| {
            let table = &shape.tables[usize::from(table)];
            (table.has_front, table.has_back, table.is_wide, table.incarnation)
        };
        touched(self) == touched(other)
    }

    /// The rows of a store of this shape in the same slots of a store of another shape.
    pub fn rebuild(&self, store: &Store, other: &Self) -> Store {
        let mut rebuilt = Store::new(other.schema());
        let layouts = self.layouts().into_iter().zip(other.layouts());
        for (number, ((old, new), (old_layout, new_layout))) in
            (0..).zip(self.tables.iter().zip(&other.tables).zip(layouts))
        {
            let rows = store.slots(self.id(number)).filter(|_| old.incarnation == new.incarnation);
            let rows: Vec<(Slot, Row)> =
                rows.map(|(slot, bytes)| (slot, old.decode(&old_layout, bytes))).collect();
            let mut free = Vec::new();
            let mut rows = rows.iter().peekable();
            for slot in 0.. {
                let Some((next, row)) = rows.peek() else { break };
                let row = if *next == slot {
                    rows.next();
                    row.clone()
                } else {
                    free.push(slot);
                    Row { id: u32::MAX - slot, ..row.clone() }
                };
                let inserted = rebuilt.insert(other.id(number), &mut new.encode(&new_layout, &row));
                assert_eq!(inserted, Ok(slot));
            }
            for slot in free {
                rebuilt.delete(other.id(number), slot).unwrap();
            }
        }
        rebuilt.commit();
        rebuilt
    }
}

impl TableShape {
    fn schema(&self) -> TableSchema {
        let hp = if self.is_wide { ColumnType::I64 } else { ColumnType::I32 };
        let mut columns = vec![
            ("id", ColumnType::U32),
            ("owner", ColumnType::Identity),
            (self.zone, ColumnType::U8),
            ("position", self.position.clone()),
            ("hp", hp),
            ("name", ColumnType::String),
            ("level", ColumnType::Option(Box::new(ColumnType::I16))),
            ("speed", ColumnType::F32),
            ("link", ColumnType::Option(Box::new(ColumnType::U32))),
        ];
        if self.has_front {
            columns.insert(0, ("front", ColumnType::U16));
        }
        if self.has_back {
            columns.push(("back", ColumnType::Bool));
        }
        let place = |name: &str| columns.iter().position(|(column, _)| *column == name).unwrap() as u16;
        let index = |name: &str, columns: &[&str], kind, unique| IndexSchema {
            name: name.into(),
            columns: columns.iter().map(|column| place(column)).collect(),
            kind,
            unique,
        };
        let mut indexes = vec![
            index("id", &["id"], IndexKind::Hash, true),
            index("owner", &["owner"], IndexKind::Hash, false),
            index("whole", &["id", "hp"], IndexKind::Ordered, true),
            index("link", &["link"], IndexKind::Hash, false),
        ];
        if self.name != NAMES[2][0] && self.name != NAMES[2][1] {
            indexes.push(index("position", &["position"], IndexKind::Spatial { cell: 16.0 }, false));
        }
        if self.is_indexed {
            indexes.push(index("hp", &["hp"], IndexKind::Ordered, false));
            indexes.push(index("level", &["level"], IndexKind::Hash, false));
            indexes.push(index("speed", &["speed"], IndexKind::Ordered, false));
            indexes.push(index("zone_hp", &[self.zone, "hp"], IndexKind::Ordered, false));
        }
        TableSchema {
            name: self.name.into(),
            public: self.is_public,
            columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
            indexes,
            primary: Some(if self.has_other_key { 2 } else { 0 }),
            ..TableSchema::default()
        }
    }

    /// Whether an update of these columns makes another row of it, although its id stays.
    pub fn is_rekeyed(&self, mask: u64) -> bool {
        let first = u32::from(self.has_front);
        self.has_other_key && mask >> first & 1 == 0 && mask >> (first + 4) & 1 == 1
    }

    /// The names of these columns.
    pub fn columns(&self, columns: u16) -> Vec<&'static str> {
        let all = ["id", "owner", self.zone, "position", "hp", "name", "level", "speed", "link"];
        (0..).zip(all).filter(|(place, _)| columns >> place & 1 == 1).map(|(_, name)| name).collect()
    }

    /// The columns that a client sees who names these, as a mask.
    pub fn shown(&self, columns: u16) -> u64 {
        let key = if self.has_other_key { 0b1_0001 } else { 1 };
        match columns {
            0 => self.schema().layout().all_columns(),
            some => u64::from(some | key) << u32::from(self.has_front),
        }
    }

    pub fn is_flat(&self) -> bool {
        matches!(self.position, ColumnType::Vec2 | ColumnType::DVec2)
    }

    pub fn encode(&self, layout: &RowLayout, row: &Row) -> Vec<u8> {
        let [x, y, z] = row.position;
        let position = match self.position {
            ColumnType::Vec2 => Value::Vec2(Vec2::new(x as f32, y as f32)),
            ColumnType::Vec3 => Value::Vec3(Vec3::new(x as f32, y as f32, z as f32)),
            ColumnType::DVec2 => Value::DVec2(DVec2::new(x, y)),
            _ => Value::DVec3(DVec3::new(x, y, z)),
        };
        let hp = if self.is_wide { Value::I64(row.hp.into()) } else { Value::I32(row.hp) };
        let (owner, name) = (Value::Identity(row.owner), Value::String(row.name.clone()));
        let level = Value::Option(row.level.map(|level| Box::new(Value::I16(level))));
        let speed = Value::F32(row.speed);
        let link = Value::Option(row.link.map(|link| Box::new(Value::U32(link))));
        let mut values =
            vec![Value::U32(row.id), owner, Value::U8(row.zone), position, hp, name, level, speed, link];
        if self.has_front {
            values.insert(0, Value::U16(7));
        }
        if self.has_back {
            values.push(Value::Bool(true));
        }
        encode_row(layout, &values).unwrap()
    }

    pub fn decode(&self, layout: &RowLayout, bytes: &[u8]) -> Row {
        let values = decode_row(layout, bytes).unwrap();
        let values = &values[usize::from(self.has_front)..values.len() - usize::from(self.has_back)];
        let [
            Value::U32(id),
            Value::Identity(owner),
            Value::U8(zone),
            position,
            hp @ (Value::I32(_) | Value::I64(_)),
            Value::String(name),
            Value::Option(level),
            Value::F32(speed),
            Value::Option(link),
        ] = values
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
        let hp = match hp {
            Value::I32(hp) => *hp,
            Value::I64(hp) => i32::try_from(*hp).unwrap(),
            other => panic!("not a number: {other:?}"),
        };
        let level = level.as_deref().map(|level| match level {
            Value::I16(level) => *level,
            other => panic!("not a level: {other:?}"),
        });
        let link = link.as_deref().map(|link| match link {
            Value::U32(link) => *link,
            other => panic!("not a link: {other:?}"),
        });
        let (name, speed) = (name.clone(), *speed);
        Row { id: *id, owner: *owner, zone: *zone, position, hp, name, level, speed, link }
    }
}
