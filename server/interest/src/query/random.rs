//! Random conditions as text, and random rows for them: for tests of what finds rows and filters.

use std::sync::Arc;

use ambit_model::glam::{DVec3, Vec2};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, IndexKind, IndexSchema, Schema, TableSchema, Value,
    encode_row,
};
use proptest::prelude::*;

use super::Caller;
use super::plan::{Filter, Order, Plan};

/// One table with columns of all kinds, most of them with an index.
pub(crate) fn schema() -> Arc<Schema> {
    let option = |ty| ColumnType::Option(Box::new(ty));
    let columns = [
        ("id", ColumnType::U32),
        ("owner", ColumnType::Identity),
        ("zone", ColumnType::U8),
        ("hp", ColumnType::I32),
        ("level", option(ColumnType::I16)),
        ("speed", ColumnType::F32),
        ("mass", option(ColumnType::F64)),
        ("name", ColumnType::String),
        ("title", option(ColumnType::String)),
        ("alive", ColumnType::Bool),
        ("place", ColumnType::Vec2),
        ("aim", ColumnType::DVec3),
        ("anchor", option(ColumnType::Vec2)),
    ];
    let place = |name: &str| columns.iter().position(|(column, _)| *column == name).unwrap() as u16;
    let index = |columns: &[&str], kind| IndexSchema {
        name: columns.join("_"),
        columns: columns.iter().map(|column| place(column)).collect(),
        kind,
        unique: columns == ["id"],
    };
    let indexes = vec![
        index(&["id"], IndexKind::Hash),
        index(&["owner"], IndexKind::Hash),
        index(&["zone", "hp"], IndexKind::Ordered),
        index(&["speed"], IndexKind::Ordered),
        index(&["name"], IndexKind::Ordered),
        index(&["level"], IndexKind::Hash),
        index(&["title", "alive"], IndexKind::Hash),
        index(&["mass"], IndexKind::Hash),
        index(&["place"], IndexKind::Spatial { cell: 8.0 }),
        index(&["aim"], IndexKind::Spatial { cell: 8.0 }),
    ];
    let table = TableSchema {
        name: "body".into(),
        public: true,
        columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
        indexes,
        ..TableSchema::default()
    };
    let schema = Schema { tables: vec![table], ..Schema::default() };
    schema.check().unwrap();
    Arc::new(schema)
}

/// The filter of `SELECT * FROM body WHERE …`.
pub(crate) fn filter(schema: &Schema, condition: &str) -> Filter {
    match plan(schema, &format!("SELECT * FROM body WHERE {condition}")) {
        Plan::Filter(filter) => filter,
        other @ (Plan::Circle(_) | Plan::Join(_) | Plan::Top(_)) => panic!("{condition}: {other:?}"),
    }
}

/// The order of `SELECT * FROM body ORDER BY …`.
pub(crate) fn order_of(schema: &Schema, keys: &str) -> Order {
    match plan(schema, &format!("SELECT * FROM body ORDER BY {keys} LIMIT 1")) {
        Plan::Top(top) => top.order,
        other @ (Plan::Filter(_) | Plan::Circle(_) | Plan::Join(_)) => panic!("{keys}: {other:?}"),
    }
}

pub(crate) fn plan(schema: &Schema, sql: &str) -> Plan {
    let parameters = ambit_wire::Parameters::new();
    let caller =
        Caller { identity: Identity([1; 32]), connection: ConnectionId::default(), parameters: &parameters };
    let parsed = super::parse(schema, caller, sql).map(|selection| selection.plan);
    parsed.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The bytes of a row with values that conditions name.
pub(crate) fn row() -> impl Strategy<Value = Vec<u8>> {
    let float = prop_oneof![
        6 => (-4_i8..4).prop_map(|half| f64::from(half) * 0.5),
        1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(-0.0)
    ];
    let place = || (-20_i32..20).prop_map(|half| f64::from(half) * 0.5);
    let words = || prop::sample::select(WORDS.as_slice());
    let first = (any::<u32>(), 0_u8..3, 0_u8..4, -3_i32..8, prop::option::of(-2_i16..4), any::<bool>());
    let second = (float.clone(), prop::option::of(float), words(), prop::option::of(words()));
    let third = (place(), place(), place(), prop::option::of(place()));
    (first, second, third).prop_map(|(first, second, third)| {
        let (id, owner, zone, hp, level, alive) = first;
        let (speed, mass, name, title) = second;
        let (x, y, z, anchor) = third;
        let text = |word: &str| Value::String(word.to_owned());
        let values = [
            Value::U32(id),
            Value::Identity(Identity([owner; 32])),
            Value::U8(zone),
            Value::I32(hp),
            Value::Option(level.map(|level| Box::new(Value::I16(level)))),
            Value::F32(speed as f32),
            Value::Option(mass.map(|mass| Box::new(Value::F64(mass)))),
            text(name),
            Value::Option(title.map(|title| Box::new(text(title)))),
            Value::Bool(alive),
            Value::Vec2(Vec2::new(x as f32, y as f32)),
            Value::DVec3(DVec3::new(x, y, z)),
            Value::Option(anchor.map(|x| Box::new(Value::Vec2(Vec2::new(x as f32, 0.0))))),
        ];
        encode_row(&schema().tables[0].layout(), &values).unwrap()
    })
}

const WORDS: [&str; 8] = [
    "",
    "orc",
    "orca",
    "elf",
    "a long name of an old orc",
    "a long name of an old elf",
    "Ōkami",
    "\u{10FFFF}",
];

/// A tree of conditions of every kind.
pub(crate) fn condition() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            1 => inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
}

fn leaf() -> impl Strategy<Value = String> {
    let not = prop_oneof![4 => Just(""), 1 => Just("NOT ")];
    let number_column = prop::sample::select(&["zone", "hp", "level", "speed", "mass"][..]);
    let text_column = prop::sample::select(&["name", "title"][..]);
    let comparison = prop_oneof![
        3 => Just("="), 1 => Just("<>"), 1 => Just("<"), 1 => Just("<="), 1 => Just(">"), 1 => Just(">=")
    ];
    let text = prop::sample::select(WORDS.as_slice());
    let nullable = prop::sample::select(&["level", "speed", "mass", "title", "anchor"][..]);
    let place = || -9_i32..9;
    prop_oneof![
        4 => (number_column.clone(), comparison.clone(), 0_u8..4)
            .prop_map(|(column, comparison, value)| format!("{column} {comparison} {value}")),
        2 => (text_column.clone(), comparison, text.clone())
            .prop_map(|(column, comparison, text)| format!("{column} {comparison} '{text}'")),
        2 => (number_column.clone(), not.clone(), 0_u8..4, 0_u8..4)
            .prop_map(|(column, not, low, high)| format!("{column} {not}BETWEEN {low} AND {high}")),
        2 => (number_column, not.clone(), prop::collection::vec(0_u8..4, 1..4)).prop_map(|(column, not, values)| {
            let values: Vec<String> = values.iter().map(u8::to_string).collect();
            format!("{column} {not}IN ({})", values.join(", "))
        }),
        2 => (text_column.clone(), not.clone(), text.clone(), text.clone())
            .prop_map(|(column, not, one, other)| format!("{column} {not}IN ('{one}', '{other}')")),
        2 => (text_column, not.clone(), text).prop_map(|(column, not, text)| format!("{column} {not}LIKE '{text}%'")),
        1 => (nullable, not.clone()).prop_map(|(column, not)| format!("{column} IS {not}NULL")),
        1 => not.clone().prop_map(|not| format!("{not}alive")),
        1 => Just("owner = :sender".to_owned()),
        1 => any::<u32>().prop_map(|id| format!("id = {id}")),
        2 => (not.clone(), place(), place(), 0_u8..9)
            .prop_map(|(not, x, y, radius)| format!("{not}ST_DWithin(place, ST_Point({x}, {y}), {radius})")),
        2 => (not.clone(), place(), place(), 0_u8..9)
            .prop_map(|(not, x, z, radius)| format!("{not}ST_DWithin(aim, ST_MakePoint({x}, 0, {z}), {radius})")),
        2 => (not.clone(), place(), place(), place(), place())
            .prop_map(|(not, x, y, other_x, other_y)| {
                format!("{not}ST_Within(place, ST_MakeEnvelope({x}, {y}, {other_x}, {other_y}))")
            }),
        2 => (not, place(), place(), place()).prop_map(|(not, x, y, z)| {
            format!("{not}(aim &&& ST_3DMakeBox(ST_MakePoint({x}, {y}, {z}), ST_MakePoint(9, 9, 9)))")
        }),
    ]
}
