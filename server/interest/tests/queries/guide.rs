//! The examples of docs/guides/queries.md are possible.

use std::sync::Arc;

use ambit_interest::{ClientId, Follower, ParameterValue, Parameters};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, EnumType, Identity, IndexKind, IndexSchema, Schema, TableSchema,
    Timestamp, Variant,
};

const GUIDE: &str = include_str!("../../../../docs/guides/queries.md");

fn schema() -> Schema {
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    let kind = EnumType { name: "Kind".into(), variants: vec![variant("Orc"), variant("Ghost")] };
    let table = |name: &str, columns: &[(&str, ColumnType)]| TableSchema {
        name: name.into(),
        public: true,
        columns: columns.iter().map(|(name, ty)| ColumnSchema::new(*name, ty.clone())).collect(),
        ..TableSchema::default()
    };
    let option = |ty| ColumnType::Option(Box::new(ty));
    let indexed = |name: &str, columns: &[(&str, ColumnType)]| {
        let index = |(place, (name, _)): (u16, &(&str, ColumnType))| IndexSchema {
            name: (*name).into(),
            columns: vec![place],
            kind: IndexKind::Hash,
            unique: false,
        };
        TableSchema { indexes: (0..).zip(columns).map(index).collect(), ..table(name, columns) }
    };
    let tables = vec![
        indexed("item", &[("owner", ColumnType::U64), ("chest", ColumnType::U64)]),
        indexed("chest", &[("id", ColumnType::U64), ("owner", ColumnType::U64), ("open", ColumnType::Bool)]),
        table("chat_message", &[("id", ColumnType::U64), ("channel", ColumnType::U32)]),
        table("tile", &[("id", ColumnType::U64), ("position", ColumnType::Vec2)]),
        table(
            "monster",
            &[
                ("id", ColumnType::U64),
                ("kind", ColumnType::Enum(Arc::new(kind))),
                ("zone", ColumnType::U16),
                ("hp", ColumnType::I32),
                ("target", option(ColumnType::U64)),
                ("position", ColumnType::Vec3),
            ],
        ),
        table(
            "player",
            &[
                ("id", ColumnType::U64),
                ("identity", ColumnType::Identity),
                ("name", ColumnType::String),
                ("zone", ColumnType::U16),
                ("level", ColumnType::U32),
                ("title", option(ColumnType::String)),
                ("position", ColumnType::Vec3),
            ],
        ),
    ];
    Schema { tables, ..Schema::default() }
}

#[test]
fn the_examples_of_the_guide_are_possible() {
    let mut parameters = Parameters::new();
    for (name, value) in [
        ("point", ParameterValue::Point3([1.0, 2.0, 3.0])),
        ("radius", ParameterValue::Integer(80)),
        ("kind", ParameterValue::Text("Orc".into())),
    ] {
        parameters.set(name, value).unwrap();
    }
    let mut follower = Follower::new(Arc::new(schema()));
    follower.connect(ClientId(1), Identity([1; 32]), ConnectionId::default());
    let blocks = GUIDE.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    // A query goes on in lines that are indented.
    let text: String = blocks.map(|block| block.replace("\n    ", " ")).collect();
    let queries: Vec<&str> = text.lines().collect();
    assert!(queries.len() >= 10, "{queries:?}");
    for (number, sql) in (1..).zip(queries) {
        let result = follower.subscribe_with(ClientId(1), number, sql, &parameters, 0.0, Timestamp(0));
        assert_eq!(result, Ok(()), "{sql}");
    }
}
