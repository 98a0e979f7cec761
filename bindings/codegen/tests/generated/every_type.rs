//! A schema with every column type, and one row of each of its tables.

use std::sync::Arc;

use ambit_model::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
use ambit_model::{
    ColumnSchema, ColumnType as T, ConnectionId, Durability, Duration, EntityId, EnumType, Field, Identity,
    IndexKind, IndexSchema, Lifecycle, MigrationSchema, OnDelete, ReducerSchema, ReferenceSchema, Schema,
    StructType, TableSchema, Timestamp, Uuid, Value, Variant,
};

fn field(name: &str, ty: T) -> Field {
    Field { name: name.into(), ty }
}

fn structure(name: &str, fields: Vec<Field>) -> T {
    T::Struct(Arc::new(StructType { name: name.into(), fields }))
}

fn enumeration(name: &str, variants: Vec<(&str, Vec<Field>)>) -> T {
    let variants = variants.into_iter().map(|(name, fields)| Variant { name: name.into(), fields }).collect();
    T::Enum(Arc::new(EnumType { name: name.into(), variants }))
}

fn option(inner: T) -> T {
    T::Option(Box::new(inner))
}

fn list(inner: T) -> T {
    T::Vec(Box::new(inner))
}

fn mood() -> T {
    enumeration("Mood", vec![("Calm", vec![]), ("Angry", vec![]), ("Default", vec![])])
}

fn stats() -> T {
    structure("Stats", vec![field("level", T::U8), field("power", T::I32), field("alive", T::Bool)])
}

/// Each fixed type with a value; the names are the column's.
fn fixed() -> Vec<(&'static str, T, Value)> {
    vec![
        ("flag", T::Bool, Value::Bool(true)),
        ("a_i8", T::I8, Value::I8(-8)),
        ("a_i16", T::I16, Value::I16(-1600)),
        ("a_i32", T::I32, Value::I32(-320_000)),
        ("a_i64", T::I64, Value::I64(-64_000_000_000)),
        ("a_i128", T::I128, Value::I128(-5)),
        ("a_u8", T::U8, Value::U8(200)),
        ("a_u16", T::U16, Value::U16(60_000)),
        ("a_u32", T::U32, Value::U32(4_000_000_000)),
        ("a_u64", T::U64, Value::U64(1 << 60)),
        ("a_u128", T::U128, Value::U128(1 << 100)),
        ("a_f32", T::F32, Value::F32(1.5)),
        ("a_f64", T::F64, Value::F64(-2.25)),
        ("v2", T::Vec2, Value::Vec2(Vec2::new(1.0, 2.0))),
        ("v3", T::Vec3, Value::Vec3(Vec3::new(3.0, 4.0, 5.0))),
        ("v4", T::Vec4, Value::Vec4(Vec4::new(6.0, 7.0, 8.0, 9.0))),
        ("turn", T::Quat, Value::Quat(Quat::from_xyzw(0.1, 0.2, 0.3, 0.4))),
        ("d2", T::DVec2, Value::DVec2(DVec2::new(10.0, 11.0))),
        ("d3", T::DVec3, Value::DVec3(DVec3::new(12.0, 13.0, 14.0))),
        ("i2", T::IVec2, Value::IVec2(IVec2::new(-1, -2))),
        ("i3", T::IVec3, Value::IVec3(IVec3::new(-3, -4, -5))),
        ("owner", T::Identity, Value::Identity(Identity([0xab; 32]))),
        ("line", T::ConnectionId, Value::ConnectionId(ConnectionId([0xcd; 16]))),
        ("uuid", T::Uuid, Value::Uuid(Uuid([0xef; 16]))),
        ("entity", T::EntityId, Value::EntityId(EntityId(77))),
        ("at", T::Timestamp, Value::Timestamp(Timestamp(1_000_001))),
        ("span", T::Duration, Value::Duration(Duration(-5))),
        ("mood", mood(), Value::Enum(1, vec![])),
        ("stats", stats(), Value::Struct(vec![Value::U8(3), Value::I32(-9), Value::Bool(true)])),
        ("maybe_flag", option(T::Bool), some(Value::Bool(true))),
        ("maybe_u64", option(T::U64), some(Value::U64(99))),
        ("no_u64", option(T::U64), Value::Option(None)),
        (
            "maybe_stats",
            option(stats()),
            some(Value::Struct(vec![Value::U8(4), Value::I32(5), Value::Bool(false)])),
        ),
        ("maybe_maybe", option(option(T::U16)), some(some(Value::U16(7)))),
        ("class", T::U8, Value::U8(42)),
        ("key", T::U32, Value::U32(11)),
    ]
}

/// Types with a heap.
fn heap() -> Vec<(&'static str, T, Value)> {
    let action = enumeration(
        "Action",
        vec![
            ("Idle", vec![]),
            ("Move", vec![field("to", T::Vec3), field("run", T::Bool)]),
            ("Say", vec![field("_0", T::String), field("times", list(T::U16))]),
        ],
    );
    let item = structure("Item", vec![field("name", T::String), field("counts", list(T::U64))]);
    let sword = Value::Struct(vec![text("sword"), Value::Vec(vec![Value::U64(1), Value::U64(2)])]);
    let say = Value::Enum(2, vec![text("hey"), Value::Vec(vec![Value::U16(3)])]);
    let step = Value::Enum(1, vec![Value::Vec3(Vec3::new(1.0, 0.0, -1.0)), Value::Bool(true)]);
    vec![
        ("name", T::String, text("Grüße")),
        ("blob", T::Bytes, Value::Bytes(vec![1, 2, 3])),
        ("empty", T::String, text("")),
        ("flags", list(T::Bool), Value::Vec(vec![Value::Bool(true), Value::Bool(false)])),
        ("points", list(T::DVec3), Value::Vec(vec![Value::DVec3(DVec3::new(1.0, 2.0, 3.0))])),
        ("words", list(T::String), Value::Vec(vec![text("a"), text(""), text("c")])),
        ("grid", list(list(T::I32)), Value::Vec(vec![Value::Vec(vec![Value::I32(1)]), Value::Vec(vec![])])),
        ("maybe_text", option(T::String), some(text("yes"))),
        ("no_text", option(T::String), Value::Option(None)),
        ("maybes", list(option(T::U32)), Value::Vec(vec![some(Value::U32(5)), Value::Option(None)])),
        ("moods", list(mood()), Value::Vec(vec![Value::Enum(2, vec![])])),
        (
            "parties",
            list(stats()),
            Value::Vec(vec![Value::Struct(vec![Value::U8(1), Value::I32(2), Value::Bool(true)])]),
        ),
        ("item", item.clone(), sword.clone()),
        ("items", list(item), Value::Vec(vec![sword])),
        ("action", action.clone(), step.clone()),
        ("actions", list(action.clone()), Value::Vec(vec![say.clone(), step])),
        ("maybe_action", option(action), some(say)),
    ]
}

fn some(value: Value) -> Value {
    Value::Option(Some(Box::new(value)))
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn columns(of: &[(&'static str, T, Value)]) -> Vec<ColumnSchema> {
    let id = ColumnSchema { auto_inc: true, doc: "Its <key>.".into(), ..ColumnSchema::new("id", T::U64) };
    let rest = of.iter().map(|(name, ty, _)| ColumnSchema::new(*name, ty.clone()));
    std::iter::once(id).chain(rest).collect()
}

fn with_id(of: Vec<(&'static str, T, Value)>) -> Vec<Value> {
    std::iter::once(Value::U64(5)).chain(of.into_iter().map(|(_, _, value)| value)).collect()
}

fn fields(of: &[(&'static str, T, Value)]) -> Vec<Field> {
    of.iter().map(|(name, ty, _)| field(name, ty.clone())).collect()
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.into(), kind, unique }
}

fn position(of: &[ColumnSchema], name: &str) -> u16 {
    of.iter().position(|column| column.name == name).unwrap() as u16
}

fn table(name: &str, columns: Vec<ColumnSchema>, more: Vec<IndexSchema>) -> TableSchema {
    let mut indexes = vec![index("id", &[0], IndexKind::Hash, true)];
    indexes.extend(more);
    TableSchema {
        name: name.into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        doc: format!("All about {name}."),
        ..TableSchema::default()
    }
}

/// A table with a key of two columns, a reference, a default, old names, and rows that are gone after a restart.
fn membership() -> TableSchema {
    let plain = ColumnSchema { doc: "What it belongs to.".into(), ..ColumnSchema::new("plain", T::U64) };
    let title = ColumnSchema {
        default: Some(vec![0; 8]),
        renamed_from: Some("rank".into()),
        ..ColumnSchema::new("title", T::String)
    };
    TableSchema {
        durability: Durability::Ephemeral,
        columns: vec![plain, ColumnSchema::new("player", T::String), title],
        indexes: vec![
            index("plain_player", &[0, 1], IndexKind::Hash, true),
            index("plain", &[0], IndexKind::Hash, false),
        ],
        references: vec![ReferenceSchema {
            columns: vec![0],
            table: "plain".into(),
            on_delete: OnDelete::Cascade,
        }],
        renamed_from: Some("member".into()),
        ..table("membership", vec![], vec![])
    }
}

/// A table whose private columns stand between others, need alignment and have a heap; one is named as a column of a client's
/// could be.
fn veiled() -> TableSchema {
    let hidden = |name: &str, ty| ColumnSchema { private: true, ..ColumnSchema::new(name, ty) };
    let columns = vec![
        ColumnSchema::new("id", T::U64),
        ColumnSchema::new("flag", T::Bool),
        hidden("note", T::String),
        ColumnSchema::new("level", T::U8),
        hidden("treasure", option(T::U128)),
        ColumnSchema::new("_private_2", T::U16),
        hidden("last", stats()),
    ];
    let more = vec![
        index("note", &[2], IndexKind::Hash, false),
        index("level", &[3], IndexKind::Hash, false),
        index("level_last", &[3, 4], IndexKind::Hash, false),
    ];
    TableSchema { visible: vec!["flag".into()], ..table("veiled", columns, more) }
}

/// Two tables of plain columns, two of one struct with all of them, a hidden one, one with a key of two columns,
/// reducers with all types, a migration.
pub fn schema() -> Schema {
    let everything_fixed = structure("EverythingFixed", fields(&fixed()));
    let everything = structure("Everything", fields(&heap()));
    let (fixed_columns, heap_columns) = (columns(&fixed()), columns(&heap()));
    let by_mood = index(
        "mood",
        &[position(&fixed_columns, "mood"), position(&fixed_columns, "a_u16")],
        IndexKind::Hash,
        false,
    );
    // Named after helpers that generated tables inherit, with a column that is named so too.
    let by_at = index(
        "at",
        &[position(&fixed_columns, "at"), position(&fixed_columns, "key")],
        IndexKind::Hash,
        false,
    );
    let near = index("d3", &[position(&fixed_columns, "d3")], IndexKind::Spatial { cell: 10.0 }, false);
    let by_name = index("name", &[position(&heap_columns, "name")], IndexKind::Ordered, true);
    let nested_fixed = columns(&[("event", everything_fixed.clone(), Value::Bool(false))]);
    let nested = columns(&[("event", everything.clone(), Value::Bool(false))]);
    let mut hidden = table("hidden", columns(&[]), vec![]);
    hidden.public = false;
    let reducer = |name: &str, params: Vec<Field>, lifecycle| ReducerSchema {
        name: name.into(),
        params,
        lifecycle,
        doc: "Does it.".into(),
    };
    Schema {
        tables: vec![
            hidden,
            table("plain", fixed_columns, vec![by_mood, by_at, near]),
            table("heap_row", heap_columns, vec![by_name]),
            table("nested_fixed", nested_fixed, vec![]),
            table("nested", nested, vec![]),
            membership(),
            veiled(),
        ],
        reducers: vec![
            reducer("init", vec![], Lifecycle::Init),
            reducer("wait", vec![], Lifecycle::Call),
            reducer("take_fixed", fields(&fixed()), Lifecycle::Call),
            reducer("take_heap", fields(&heap()), Lifecycle::Call),
            reducer(
                "take_struct",
                vec![field("everything", everything), field("event", everything_fixed)],
                Lifecycle::Call,
            ),
        ],
        version: 4,
        migrations: vec![MigrationSchema {
            name: "from_3".into(),
            from: 3,
            reads: vec![table("old", columns(&[]), vec![])],
        }],
    }
}

/// A row of the table of this name.
pub fn row(table: &str) -> Vec<Value> {
    let values =
        |of: Vec<(&'static str, T, Value)>| Value::Struct(of.into_iter().map(|(_, _, v)| v).collect());
    match table {
        "plain" => with_id(fixed()),
        "heap_row" => with_id(heap()),
        "nested_fixed" => vec![Value::U64(6), values(fixed())],
        "veiled" => vec![
            Value::U64(5),
            Value::Bool(true),
            text("secret"),
            Value::U8(9),
            some(Value::U128(1 << 100)),
            Value::U16(777),
            Value::Struct(vec![Value::U8(1), Value::I32(2), Value::Bool(true)]),
        ],
        "membership" => vec![Value::U64(5), text("Ada"), text("founder")],
        _ => vec![Value::U64(7), values(heap())],
    }
}
