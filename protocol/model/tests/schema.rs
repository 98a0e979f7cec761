//! The schema's own encoding and the schemas that are refused.

use ambit_model::{
    ColumnSchema, ColumnType, Field, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema, TableSchema,
};
use proptest::prelude::*;

fn column(name: &str, ty: ColumnType) -> ColumnSchema {
    ColumnSchema { name: name.into(), ty, auto_inc: false, doc: "what it holds".into() }
}

fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.into(), columns: columns.to_vec(), kind, unique }
}

fn world() -> Schema {
    let columns = vec![
        ColumnSchema { auto_inc: true, ..column("id", ColumnType::U64) },
        column("position", ColumnType::Vec3),
        column("title", ColumnType::Option(Box::new(ColumnType::String))),
    ];
    let indexes = vec![
        index("id", &[0], IndexKind::Hash, true),
        index("position", &[1], IndexKind::Spatial { cell: 32.0 }, false),
    ];
    Schema {
        tables: vec![TableSchema {
            name: "player".into(),
            public: true,
            columns,
            indexes,
            primary: Some(0),
            doc: "who plays".into(),
        }],
        reducers: vec![
            ReducerSchema {
                name: "join".into(),
                params: vec![Field { name: "name".into(), ty: ColumnType::String }],
                lifecycle: Lifecycle::Call,
                doc: String::new(),
            },
            ReducerSchema {
                name: "advance".into(),
                params: vec![],
                lifecycle: Lifecycle::Tick { every_us: 50_000 },
                doc: String::new(),
            },
        ],
    }
}

#[test]
fn a_schema_comes_back_as_it_was() {
    assert_eq!(Schema::decode(&world().encode()).unwrap(), world());
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
