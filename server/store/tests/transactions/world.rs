//! Two tables that between them have every kind of index, and rows from small numbers so that keys collide.

use std::sync::{Arc, LazyLock};

use ambit_model::glam::{DVec2, Vec3};
use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, RowLayout, Schema, TableSchema, Value,
    encode_row,
};

/// Rows with a heap, which are not logged.
pub const MONSTERS: u16 = 0;
/// Fixed rows, which are.
pub const ITEMS: u16 = 1;

/// What a row is made from.
pub type Seed = u64;

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(make_schema);
static LAYOUTS: LazyLock<Vec<RowLayout>> =
    LazyLock::new(|| SCHEMA.tables.iter().map(TableSchema::layout).collect());

pub fn schema() -> Arc<Schema> {
    Arc::clone(&SCHEMA)
}

pub fn layout_of(table: u16) -> RowLayout {
    LAYOUTS[usize::from(table)].clone()
}

fn make_schema() -> Arc<Schema> {
    let mut monsters = table(
        "monsters",
        &[
            ("id", ColumnType::U8, true),
            ("name", ColumnType::String, false),
            ("zone", ColumnType::I32, false),
            ("score", ColumnType::F32, false),
            ("place", ColumnType::Vec3, false),
            ("tags", ColumnType::Vec(Box::new(ColumnType::String)), false),
            ("mood", ColumnType::Option(Box::new(ColumnType::I16)), false),
        ],
        vec![
            index("id", &[0], IndexKind::Hash, true),
            index("name", &[1], IndexKind::Hash, true),
            index("zone_score", &[2, 3], IndexKind::Ordered, false),
            index("place", &[4], IndexKind::Spatial { cell: 2.0 }, false),
            index("tags", &[5], IndexKind::Hash, false),
            index("name_order", &[1, 2], IndexKind::Ordered, false),
        ],
    );
    monsters.durability = Durability::Checkpointed;
    let items = table(
        "items",
        &[
            ("id", ColumnType::U64, true),
            ("number", ColumnType::U32, false),
            ("place", ColumnType::DVec2, false),
            ("weight", ColumnType::F32, false),
            ("locked", ColumnType::Bool, false),
            ("owner", ColumnType::Uuid, false),
        ],
        vec![
            index("id", &[0], IndexKind::Hash, true),
            index("number", &[1], IndexKind::Ordered, true),
            index("place", &[2], IndexKind::Spatial { cell: 1.5 }, false),
            index("owner", &[5], IndexKind::Hash, false),
            index("owner_number", &[5, 1], IndexKind::Ordered, false),
            index("locked_weight", &[4, 3], IndexKind::Hash, false),
        ],
    );
    let schema = Schema { tables: vec![monsters, items], reducers: vec![], ..Schema::default() };
    schema.check().unwrap();
    Arc::new(schema)
}

fn table(name: &str, columns: &[(&str, ColumnType, bool)], indexes: Vec<IndexSchema>) -> TableSchema {
    let column = |(name, ty, auto_inc): &(&str, ColumnType, bool)| ColumnSchema {
        auto_inc: *auto_inc,
        ..ColumnSchema::new(*name, ty.clone())
    };
    let columns = columns.iter().map(column).collect();
    TableSchema {
        name: name.into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    }
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.to_vec(), kind, unique }
}

/// A row of the table. Different bits of the seed choose different columns.
pub fn row_of(table: u16, seed: Seed) -> Vec<u8> {
    let choose = |shift: u32, count: u64| (seed >> shift) % count;
    let values = if table == MONSTERS {
        let names = ["", "a", "ab", "a\0", "\0", "b", "long enough to be a name of its own", "ü"];
        let scores = [0.0, -0.0, 1.5, -1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE];
        vec![
            Value::U8([0, 0, 0, choose(0, 40) as u8][choose(8, 4) as usize]),
            Value::String(names[choose(16, 8) as usize].into()),
            Value::I32(choose(20, 5) as i32 - 2),
            Value::F32(scores[choose(24, 8) as usize]),
            Value::Vec3(Vec3::new(coordinate(choose(28, 16)) as f32, coordinate(choose(32, 16)) as f32, 1.0)),
            Value::Vec(
                (0..choose(36, 3)).map(|_| Value::String(names[choose(38, 8) as usize].into())).collect(),
            ),
            Value::Option((choose(42, 2) == 1).then(|| Box::new(Value::I16(choose(44, 7) as i16)))),
        ]
    } else {
        vec![
            Value::U64([0, 0, 0, choose(0, 40)][choose(8, 4) as usize]),
            Value::U32(choose(16, 12) as u32),
            Value::DVec2(DVec2::new(coordinate(choose(20, 16)), coordinate(choose(24, 16)))),
            Value::F32(choose(28, 4) as f32),
            Value::Bool(choose(32, 2) == 1),
            Value::Uuid(ambit_model::Uuid([choose(36, 4) as u8; 16])),
        ]
    };
    encode_row(&layout_of(table), &values).unwrap()
}

/// Mostly a small lattice with cell borders on it; sometimes far away, rarely no position at all.
fn coordinate(choice: u64) -> f64 {
    match choice {
        0..=11 => (choice as f64 - 6.0) * 0.75,
        12 => 1e30,
        13 => -1e30,
        14 => -0.0,
        _ => f64::NAN,
    }
}
