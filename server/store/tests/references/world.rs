//! Tables that refer to each other in every way: restrict, cascade, to themselves, in a ring, by two columns.

use std::sync::{Arc, LazyLock};

use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, OnDelete, ReferenceSchema, RowLayout,
    Schema, TableSchema, Value, encode_row,
};

/// Rows that others name.
pub const PLAYER: u16 = 0;
/// Goes with its player.
pub const ITEM: u16 = 1;
/// Goes with its item. Checkpointed.
pub const GEM: u16 = 2;
/// Keeps its player, if it names one.
pub const MAIL: u16 = 3;
/// Goes with its parent, which is one, too.
pub const NODE: u16 = 4;
/// Named by two columns.
pub const TILE: u16 = 5;
/// Names a tile, or none.
pub const HOUSE: u16 = 6;
/// Goes with the other half of a ring, and the other way round.
pub const LEFT: u16 = 7;
pub const RIGHT: u16 = 8;
pub const TABLES: u16 = 9;

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let schema = Schema {
        tables: vec![
            table("player", Durability::Durable, None),
            table("item", Durability::Durable, Some(("player", OnDelete::Cascade))),
            table("gem", Durability::Checkpointed, Some(("item", OnDelete::Cascade))),
            table("mail", Durability::Durable, Some(("player", OnDelete::Restrict))),
            table("node", Durability::Durable, Some(("node", OnDelete::Cascade))),
            tile(),
            house(),
            table("left", Durability::Durable, Some(("right", OnDelete::Cascade))),
            table("right", Durability::Durable, Some(("left", OnDelete::Cascade))),
        ],
        ..Schema::default()
    };
    schema.check().unwrap();
    Arc::new(schema)
});

pub fn schema() -> Arc<Schema> {
    Arc::clone(&SCHEMA)
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.to_vec(), kind, unique }
}

/// `id: u32`, `note: String`, `named: Option<u32>`.
fn table(name: &str, durability: Durability, reference: Option<(&str, OnDelete)>) -> TableSchema {
    let option = ColumnType::Option(Box::new(ColumnType::U32));
    let references = reference.map(|(table, on_delete)| ReferenceSchema {
        columns: vec![2],
        table: table.into(),
        on_delete,
    });
    TableSchema {
        name: name.into(),
        durability,
        columns: vec![
            ColumnSchema::new("id", ColumnType::U32),
            ColumnSchema::new("note", ColumnType::String),
            ColumnSchema::new("named", option),
        ],
        indexes: vec![index("id", &[0], IndexKind::Hash, true), index("named", &[2], IndexKind::Hash, false)],
        primary: Some(0),
        references: references.into_iter().collect(),
        ..TableSchema::default()
    }
}

fn tile() -> TableSchema {
    TableSchema {
        name: "tile".into(),
        columns: vec![ColumnSchema::new("x", ColumnType::I16), ColumnSchema::new("name", ColumnType::String)],
        indexes: vec![index("x_name", &[0, 1], IndexKind::Ordered, true)],
        primary: Some(0),
        ..TableSchema::default()
    }
}

fn house() -> TableSchema {
    let reference =
        ReferenceSchema { columns: vec![2, 1], table: "tile".into(), on_delete: OnDelete::Restrict };
    let name = ColumnType::Option(Box::new(ColumnType::String));
    TableSchema {
        name: "house".into(),
        columns: vec![
            ColumnSchema::new("id", ColumnType::U32),
            ColumnSchema::new("tile_name", name),
            ColumnSchema::new("tile_x", ColumnType::I16),
        ],
        indexes: vec![
            index("id", &[0], IndexKind::Hash, true),
            index("tile", &[2, 1], IndexKind::Hash, false),
        ],
        primary: Some(0),
        references: vec![reference],
        ..TableSchema::default()
    }
}

pub fn layout_of(table: u16) -> RowLayout {
    schema().tables[usize::from(table)].layout()
}

pub fn row(table: u16, id: u32, named: Option<u32>) -> Vec<u8> {
    let option = |value: Option<Value>| Value::Option(value.map(Box::new));
    let text = |number: u32| Value::String(["a", "b", "cc"][number as usize % 3].into());
    let values = match table {
        TILE => vec![Value::I16(id as i16 / 3), text(id)],
        HOUSE => vec![Value::U32(id), option(named.map(text)), Value::I16(named.unwrap_or(9) as i16 / 3)],
        _ => vec![Value::U32(id), Value::String(format!("{id}")), option(named.map(Value::U32))],
    };
    encode_row(&layout_of(table), &values).unwrap()
}
