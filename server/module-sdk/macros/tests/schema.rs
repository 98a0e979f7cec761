//! What the macros describe: names, types, indexes, comments, ids.

// The registration before anything runs is known to work on Linux and in WebAssembly only.
#![cfg(target_os = "linux")]
#![allow(dead_code, missing_docs, reason = "nobody calls these reducers or reads these columns")]

use ambit_model::{ColumnType, IndexKind, Lifecycle, Priority, Quantize, Row, RowLayout};
use ambit_module::prelude::*;
use expect_test::expect;

/// Where it grows.
#[derive(Column, Clone, PartialEq, Debug)]
pub enum Soil {
    Sand,
    Clay { depth: f32 },
    Mixed(u8, String),
}

/// A plain enum.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum Season {
    Spring,
    Autumn,
}

/// A pair.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub struct Size(u8, f64);

/// A tree.
/// It has two lines.
#[table(name = tree, public, index(name = kind_age, ordered, unique, columns = [kind, age]), index(hash, columns = [season, age]))]
#[derive(Clone, PartialEq, Debug)]
pub struct Tree {
    /// Filled in.
    #[primary_key(ordered)]
    #[auto_inc]
    pub id: u32,
    #[unique]
    pub label: String,
    #[index(hash)]
    pub kind: u8,
    #[index(ordered)]
    pub age: i16,
    #[spatial(cell = 8)]
    pub place: DVec3,
    #[spatial]
    pub shadow: Vec2,
    pub season: Season,
    pub soil: Soil,
    pub size: Size,
    pub rings: Vec<u16>,
    pub r#type: Option<Size>,
}

/// Quantised in every way, and rows are worth what their weight says.
#[table(name = leaf, priority = 2.5)]
struct Leaf {
    #[quantize(step = 0.01)]
    place: Vec3,
    #[quantize(step = 2)]
    weight: f64,
    #[quantize(angle, step = 0.5, turn = 360, from = 0)]
    heading: f32,
    #[quantize(angle, bits = 12)]
    pitch: f64,
    #[quantize(quaternion)]
    rotation: Quat,
    #[quantize(quaternion, step = 0.001)]
    aim: Quat,
    #[priority]
    worth: u16,
}

/// Not public and without any key; named after the struct.
#[table]
struct RainFall {
    millimetres: f32,
}

/// Plants a tree.
#[reducer]
fn plant(_ctx: &Context, kind: u8, soils: Vec<Soil>) -> Result<(), std::fmt::Error> {
    log::info!("{kind} {soils:?}");
    Ok(())
}

#[reducer(every = "2s")]
fn grow(_ctx: &Context, _dt: Duration) {}

#[reducer(every = "50ms")]
fn rustle(_ctx: &Context) {}

#[reducer(init)]
fn begin(_ctx: &Context) -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}

fn tree() -> Tree {
    Tree {
        id: 1,
        label: "oak".into(),
        kind: 2,
        age: -3,
        place: DVec3::new(1.0, 2.0, 3.0),
        shadow: Vec2::new(4.0, 5.0),
        season: Season::Autumn,
        soil: Soil::Mixed(6, "wet".into()),
        size: Size(7, 8.0),
        rings: vec![9, 10],
        r#type: Some(Size(11, 12.0)),
    }
}

#[test]
fn the_schema_is_as_declared() {
    let schema = ambit_module::describe();
    assert_eq!(schema.check(), Ok(()));
    let names: Vec<&str> = schema.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["leaf", "rain_fall", "tree"]);
    let reducers: Vec<(&str, Lifecycle)> =
        schema.reducers.iter().map(|reducer| (reducer.name.as_str(), reducer.lifecycle)).collect();
    assert_eq!(
        reducers,
        [
            ("begin", Lifecycle::Init),
            ("grow", Lifecycle::Tick { every_us: 2_000_000 }),
            ("plant", Lifecycle::Call),
            ("rustle", Lifecycle::Tick { every_us: 50_000 }),
        ]
    );
    let (_, plant) = schema.reducer("plant").unwrap();
    assert_eq!(plant.doc, "Plants a tree.");
    assert_eq!(plant.params[1].ty.to_string(), "Vec<Soil>");
    assert_eq!(schema.reducer("grow").unwrap().1.params, []);
}

#[test]
fn quantised_columns_are_as_declared() {
    let schema = ambit_module::describe();
    let (_, leaf) = schema.table("leaf").unwrap();
    let turn = std::f64::consts::TAU;
    let expected = [
        Quantize::Step { step: 0.01 },
        Quantize::Step { step: 2.0 },
        Quantize::Angle { step: 0.5, turn: 360.0, from: 0.0 },
        Quantize::Angle { step: turn / 4096.0, turn, from: -turn / 2.0 },
        Quantize::quaternion(Quantize::QUATERNION_BITS),
        Quantize::Quaternion { step: 0.001 },
    ];
    for (column, expected) in leaf.columns.iter().zip(expected) {
        assert_eq!(column.quantize, Some(expected), "{}", column.name);
    }
}

#[test]
fn priorities_are_as_declared() {
    let schema = ambit_module::describe();
    let priority = |name: &str| schema.table(name).unwrap().1.priority;
    assert_eq!(priority("leaf"), Priority { weight: 2.5, column: Some(6) });
    assert_eq!(priority("tree"), Priority::default());
}

#[test]
fn a_table_is_as_declared() {
    let schema = ambit_module::describe();
    let (_, tree) = schema.table("tree").unwrap();
    assert!(tree.public && !schema.table("rain_fall").unwrap().1.public);
    assert_eq!(tree.doc, "A tree.\nIt has two lines.");
    assert_eq!(tree.columns[0].doc, "Filled in.");
    assert!(tree.columns[0].auto_inc && !tree.columns[2].auto_inc);
    let columns: Vec<String> =
        tree.columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
    expect![[r#"id: u32, label: String, kind: u8, age: i16, place: DVec3, shadow: Vec2, season: Season, soil: Soil, size: Size, rings: Vec<u16>, type: Option<Size>"#]]
        .assert_eq(&columns.join(", "));
    let indexes: Vec<String> = tree
        .indexes
        .iter()
        .map(|index| format!("{} {:?} {:?} unique: {}", index.name, index.columns, index.kind, index.unique))
        .collect();
    expect![[r#"
        id [0] Ordered unique: true
        label [1] Hash unique: true
        kind [2] Hash unique: false
        age [3] Ordered unique: false
        place [4] Spatial { cell: 8.0 } unique: false
        shadow [5] Spatial { cell: 32.0 } unique: false
        kind_age [2, 3] Ordered unique: true
        season_age [6, 3] Hash unique: false"#]]
    .assert_eq(&indexes.join("\n"));
    assert_eq!(tree.primary, Some(0));
    assert!(matches!(tree.indexes[4].kind, IndexKind::Spatial { .. }));
}

#[test]
fn the_macros_write_the_rows_that_the_schema_describes() {
    let layout = RowLayout::new(&Tree::fields());
    let bytes = tree().encode();
    assert_eq!(Tree::FIXED_BYTES, layout.fixed_bytes());
    assert_eq!(ambit_model::validate_row(&layout, &bytes), Ok(()));
    assert_eq!(Tree::decode(&bytes), Ok(tree()));
    let values = ambit_model::decode_row(&layout, &bytes).unwrap();
    assert_eq!(ambit_model::encode_row(&layout, &values).unwrap(), bytes);
    for length in 0..bytes.len() {
        assert!(Tree::decode(&bytes[..length]).is_err(), "{length} bytes are not a tree");
    }
}

#[test]
fn constants_agree_with_the_types() {
    fn check<C: Column>() {
        let ty: ColumnType = C::column_type();
        assert_eq!((C::SIZE, C::ALIGN, C::IS_FIXED), (ty.size(), ty.align(), ty.is_fixed()), "{ty}");
    }
    check::<Soil>();
    check::<Season>();
    check::<Size>();
    check::<Option<Size>>();
    check::<Option<Soil>>();
    check::<Vec<Season>>();
    check::<String>();
    check::<Option<Identity>>();
}
