//! The schema's own encoding and the schemas that are refused.

use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, Durability, EnumType, Field, IndexKind, IndexSchema, Lifecycle,
    MigrationSchema, OnDelete, Priority, Quantize, ReducerSchema, ReferenceSchema, Schema, SchemaDecodeError,
    StructType, TableSchema, Variant,
};
use proptest::prelude::*;

fn column(name: &str, ty: ColumnType) -> ColumnSchema {
    ColumnSchema { doc: "what it holds".into(), ..ColumnSchema::new(name, ty) }
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.to_vec(), kind, unique }
}

fn world() -> Schema {
    let columns = vec![
        ColumnSchema { auto_inc: true, ..column("id", ColumnType::U64) },
        column("position", ColumnType::Vec3),
        ColumnSchema {
            renamed_from: Some("rank".into()),
            ..column("title", ColumnType::Option(Box::new(ColumnType::String)))
        },
    ];
    let indexes = vec![
        index("id", &[0], IndexKind::Hash, true),
        index("position", &[1], IndexKind::Spatial { cell: 32.0 }, false),
    ];
    let player = TableSchema {
        name: "player".into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        doc: "who plays".into(),
        ..TableSchema::default()
    };
    let pet = TableSchema {
        name: "pet".into(),
        durability: Durability::Checkpointed,
        columns: vec![
            ColumnSchema { default: Some(vec![0; 16]), ..column("owner", option(ColumnType::U64)) },
            ColumnSchema { default: Some(vec![3, 0, 0, 0, 0, 0, 0, 0]), ..column("age", ColumnType::U8) },
        ],
        indexes: vec![index("owner", &[0], IndexKind::Hash, false)],
        references: vec![ReferenceSchema {
            columns: vec![0],
            table: "player".into(),
            on_delete: OnDelete::Cascade,
        }],
        renamed_from: Some("animal".into()),
        ..TableSchema::default()
    };
    let from_1 = MigrationSchema {
        name: "from_1".into(),
        from: 1,
        reads: vec![TableSchema { name: "pet".into(), ..pet.clone() }],
    };
    let reducer = |name: &str, params, lifecycle| ReducerSchema {
        name: name.into(),
        params,
        lifecycle,
        doc: String::new(),
    };
    let name = Field { name: "name".into(), ty: ColumnType::String };
    Schema {
        version: 2,
        tables: vec![player, pet],
        reducers: vec![
            reducer("join", vec![name], Lifecycle::Call),
            reducer("advance", vec![], Lifecycle::Tick { every_us: 50_000 }),
        ],
        migrations: vec![from_1],
    }
}

fn option(inner: ColumnType) -> ColumnType {
    ColumnType::Option(Box::new(inner))
}

#[test]
fn a_schema_comes_back_as_it_was() {
    assert_eq!(Schema::decode(&world().encode()).unwrap(), world());
}

fn quantised(ty: ColumnType, quantize: Quantize) -> Schema {
    let mut schema = world();
    schema.tables[0].columns[1] = ColumnSchema { quantize: Some(quantize), ..column("position", ty) };
    schema.tables[0].indexes.truncate(1);
    schema
}

#[test]
fn quantised_columns_come_back_as_they_were() {
    for (ty, quantize) in [
        (ColumnType::Vec3, Quantize::Step { step: 0.01 }),
        (ColumnType::F64, Quantize::Angle { step: 0.5, turn: 360.0, from: 0.0 }),
        (ColumnType::F32, Quantize::radians(0.001)),
        (ColumnType::Quat, Quantize::quaternion(Quantize::QUATERNION_BITS)),
    ] {
        let schema = quantised(ty, quantize);
        assert_eq!(Schema::decode(&schema.encode()).unwrap(), schema);
    }
}

#[test]
fn priorities_come_back_as_they_were_and_are_no_business_of_clients() {
    let mut schema = world();
    schema.tables[0].columns.push(column("threat", ColumnType::U8));
    let threat = u16::try_from(schema.tables[0].columns.len() - 1).unwrap();
    schema.tables[0].priority = Priority { weight: 2.5, column: Some(threat) };
    assert_eq!(Schema::decode(&schema.encode()).unwrap(), schema);
    assert_eq!(schema.for_clients().tables[0].priority, Priority::default());
}

#[test]
fn impossible_priorities_are_refused() {
    for (weight, column, expected) in [
        (f32::NAN, None, "a priority is a number from 0.01 to 100, not NaN"),
        (0.0, None, "a priority is a number from 0.01 to 100, not 0"),
        (101.0, None, "a priority is a number from 0.01 to 100, not 101"),
        (1.0, Some(99), "its priority is column 99, which it does not have"),
        (1.0, Some(1), "column `position` holds a priority: it is an f32, a u8 or a u16, not Vec3"),
    ] {
        let mut schema = quantised(ColumnType::Vec3, Quantize::Step { step: 1.0 });
        schema.tables[0].priority = Priority { weight, column };
        let error = schema.check().unwrap_err();
        assert_eq!(error.problem, expected);
        assert!(Schema::decode(&schema.encode()).is_err(), "{expected}");
    }
}

#[test]
fn what_is_no_factor_of_a_priority_counts_as_the_least() {
    for (value, factor) in
        [(1.0, 1.0), (0.0, 0.01), (-3.0, 0.01), (f32::NAN, 0.01), (f32::INFINITY, 100.0), (255.0, 100.0)]
    {
        assert_eq!(Priority::factor(value), factor, "{value}");
    }
}

#[test]
fn impossible_quantised_columns_are_refused_by_name() {
    for (ty, quantize, expected) in [
        (
            ColumnType::U32,
            Quantize::Step { step: 0.01 },
            "quantize with a step needs f32, f64, Vec2, Vec3, Vec4, DVec2 or DVec3, not u32",
        ),
        (
            ColumnType::Vec3,
            Quantize::Step { step: f64::NAN },
            "its quantize has a step of NaN; 0.000000001 to 1000000000 is possible",
        ),
        (ColumnType::Vec2, Quantize::radians(0.1), "quantize(angle) needs f32 or f64, not Vec2"),
        (
            ColumnType::F32,
            Quantize::Angle { step: 90.5, turn: 360.0, from: 0.0 },
            "its quantize has a step of 90.5; 0.00034332275390625 to 90 is possible",
        ),
        (ColumnType::Vec4, Quantize::quaternion(10), "quantize(quaternion) needs Quat, not Vec4"),
        (
            ColumnType::Quat,
            Quantize::Quaternion { step: 0.5 },
            "its quantize has a step of 0.5; 0.000001 to 0.1 is possible",
        ),
    ] {
        let refused = Schema::decode(&quantised(ty, quantize).encode()).unwrap_err();
        assert_eq!(refused.to_string(), format!("table `player`, column `position`: {expected}"));
    }
    let mut schema = world();
    for number in 0..9 {
        let step = Some(Quantize::Step { step: 1.0 });
        let name = format!("speed_{number}");
        schema.tables[1].columns.push(ColumnSchema { quantize: step, ..column(&name, ColumnType::F32) });
    }
    assert_eq!(
        schema.check().unwrap_err().to_string(),
        "table `pet`: it has 9 quantised columns; at most 8 are possible"
    );
}

/// The bytes of version 1 stay readable, and writing still makes them. `AMBIT_BLESS=1` writes them anew.
#[test]
fn the_committed_fixtures_read_as_ever() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let intact = world().encode();
    let mut damaged = intact.clone();
    // The root's place: it points past the end.
    damaged[1] ^= 0xff;
    let turn = Quantize::Angle { step: 0.5, turn: 360.0, from: 0.0 };
    let quantised = quantised(ColumnType::F32, turn);
    for (name, bytes) in [("intact", intact), ("damaged", damaged), ("quantised", quantised.encode())] {
        let path = directory.join(format!("v1-{name}.schema"));
        if std::env::var_os("AMBIT_BLESS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let committed = std::fs::read(&path).unwrap();
        assert_eq!(committed, bytes, "{name}");
        match (name, Schema::decode(&committed)) {
            ("intact", Ok(schema)) => assert_eq!(schema, world()),
            ("quantised", Ok(schema)) => assert_eq!(schema, quantised),
            ("damaged", Err(SchemaDecodeError::Damaged(_))) => {}
            (name, other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn impossible_schemas_are_refused_by_name() {
    let refused = |change: fn(&mut Schema), expected: &str| {
        let mut schema = world();
        change(&mut schema);
        assert_eq!(schema.check().unwrap_err().to_string(), expected);
    };
    refused(
        |schema| schema.tables[0].indexes[1].columns = vec![0],
        "table `player`, index `position`: a spatial index needs Vec2, Vec3, DVec2 or DVec3, not u64",
    );
    refused(
        |schema| schema.tables[0].columns[1].auto_inc = true,
        "table `player`, column `position`: auto_inc needs an integer, not Vec3",
    );
    refused(
        |schema| schema.tables[0].primary = Some(1),
        "table `player`: the primary key names no unique index",
    );
    refused(|schema| schema.reducers[1].name = "join".into(), "reducer `join`: the name occurs twice");
    refused(
        |schema| schema.tables[0].columns[1].name = "a b".into(),
        "table `player`, column `a b`: a name has 1 to 64 letters, digits and _ and no digit first",
    );
    refused(
        |schema| {
            let deep = (0..20).fold(ColumnType::U8, |inner, _| ColumnType::Option(Box::new(inner)));
            schema.tables[0].columns[1].ty = deep;
        },
        "table `player`, column `position`: its type nests deeper than 16 levels",
    );
    refused(
        |schema| schema.reducers[1].lifecycle = Lifecycle::Tick { every_us: 10 },
        "reducer `advance`: a tick is at least 1 ms",
    );
    refused(
        |schema| {
            let init = |name: &str| ReducerSchema {
                name: name.into(),
                params: vec![],
                lifecycle: Lifecycle::Init,
                doc: String::new(),
            };
            schema.reducers.extend([init("make_map"), init("make_monsters")]);
        },
        "the module: it has 2 init reducers; at most 1 are possible",
    );
}

#[test]
fn impossible_references_defaults_renames_and_migrations_are_refused_by_name() {
    let refused = |change: fn(&mut Schema), expected: &str| {
        let mut schema = world();
        change(&mut schema);
        assert_eq!(schema.check().unwrap_err().to_string(), expected);
    };
    let reference = "table `pet`, reference to `player`";
    refused(
        |schema| schema.tables[1].references[0].table = "guild".into(),
        "table `pet`, reference to `guild`: there is no such table",
    );
    refused(
        |schema| schema.tables[0].primary = None,
        &format!("{reference}: table `player` has no primary key"),
    );
    refused(
        |schema| schema.tables[1].references[0].columns = vec![0, 1],
        &format!("{reference}: the key of `player` has 1 columns"),
    );
    refused(
        |schema| schema.tables[1].references[0].columns = vec![1],
        &format!("{reference}: column `age` is u8, the key column `id` is u64"),
    );
    refused(
        |schema| schema.tables[1].references[0].columns = vec![9],
        &format!("{reference}: it names a column that the table does not have"),
    );
    refused(
        |schema| schema.tables[1].indexes.clear(),
        &format!("{reference}: the referring columns need an index of their own"),
    );
    refused(
        |schema| schema.tables[0].durability = Durability::Ephemeral,
        &format!(
            "{reference}: `player` is less durable: after a restart its rows may be gone, and those of `pet` not"
        ),
    );
    refused(
        |schema| schema.tables[1].columns[1].default = Some(vec![3, 1, 0, 0, 0, 0, 0, 0]),
        "table `pet`, column `age`: its default is no u8: padding is not zero at byte 1 of the row",
    );
    refused(
        |schema| schema.tables[0].columns[1].renamed_from = Some("rank".into()),
        "table `player`: column `title` was `rank`, and so is or was another column",
    );
    refused(
        |schema| schema.tables[1].renamed_from = Some("player".into()),
        "the module: table `pet` was `player`, and so is or was another table",
    );
    refused(
        |schema| schema.version = 1,
        "migration `from_1`: it starts from version 1, and the module is version 1",
    );
    refused(
        |schema| {
            let again = MigrationSchema { name: "again".into(), ..schema.migrations[0].clone() };
            schema.migrations.push(again);
        },
        "migration `again`: another migration starts from version 1 too",
    );
}

#[test]
fn impossible_types_are_refused_by_name() {
    let field = |name: &str, ty| Field { name: name.into(), ty };
    let structure = |name: &str, fields: &[Field]| {
        ColumnType::Struct(Arc::new(StructType { name: name.into(), fields: fields.to_vec() }))
    };
    let variant = |name: &str, fields: &[Field]| Variant { name: name.into(), fields: fields.to_vec() };
    let choice = |name: &str, variants: &[Variant]| {
        ColumnType::Enum(Arc::new(EnumType { name: name.into(), variants: variants.to_vec() }))
    };
    let list = |inner| ColumnType::Vec(Box::new(inner));
    let byte = |name: &str| field(name, ColumnType::U8);
    let rule = "a name has 1 to 64 letters, digits and _ and no digit first";
    let long = "a".repeat(65);
    let cases = [
        (structure("A { } fn main", &[]), format!("struct `A {{ }} fn main`: {rule}")),
        (structure("", &[byte("a")]), format!("struct ``: {rule}")),
        (structure(&long, &[byte("a")]), format!("struct `{long}`: {rule}")),
        (structure("Group", &[byte("a\nb")]), format!("`Group`, field `a\nb`: {rule}")),
        (structure("Group", &[byte("a"), byte("a")]), "`Group`, field `a`: the name occurs twice".into()),
        (choice("1Choice", &[variant("A", &[])]), format!("enum `1Choice`: {rule}")),
        (choice("Choice", &[variant("A-B", &[])]), format!("enum `Choice`, variant `A-B`: {rule}")),
        (
            choice("Choice", &[variant("A", &[]), variant("A", &[])]),
            "enum `Choice`, variant `A`: the name occurs twice".into(),
        ),
        (choice("Choice", &[variant("A", &[byte("*/")])]), format!("`A`, field `*/`: {rule}")),
        (choice("Choice", &[]), "enum `Choice` has 0 variants; 1 to 256 are possible".into()),
        (
            list(structure("Marker", &[])),
            "a list of `Marker` has elements without bytes; store their number instead".into(),
        ),
        (
            list(list(structure("Pair", &[field("a", structure("Marker", &[]))]))),
            "a list of `Pair` has elements without bytes; store their number instead".into(),
        ),
    ];
    for (ty, problem) in cases {
        for nested in [ty.clone(), ColumnType::Option(Box::new(structure("Outer", &[field("inner", ty)])))] {
            let mut schema = world();
            schema.tables[0].columns[1].ty = nested.clone();
            let expected = format!("table `player`, column `position`: {problem}");
            assert_eq!(schema.check().unwrap_err().to_string(), expected);
            let mut schema = world();
            schema.reducers[0].params[0].ty = nested;
            let expected = format!("reducer `join`, parameter `name`: {problem}");
            assert_eq!(schema.check().unwrap_err().to_string(), expected);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_schema_or_a_typed_error(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut damaged = world().encode();
        for (index, byte) in flips {
            let index = index.index(damaged.len());
            damaged[index] = byte;
        }
        for bytes in [damaged, noise] {
            if let Ok(schema) = Schema::decode(&bytes) {
                prop_assert_eq!(schema.check(), Ok(()));
            }
        }
    }
}
