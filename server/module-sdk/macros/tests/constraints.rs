//! What the macros describe of durability, keys of several columns, references, defaults and old names.

// The registration before anything runs is known to work on Linux and in WebAssembly only.
#![cfg(target_os = "linux")]
#![allow(dead_code, missing_docs, reason = "nobody reads these columns")]

use ambit_model::{
    ColumnType, Durability, OnDelete, ReferenceSchema, RowLayout, Schema, TableSchema, Value, decode_row,
};
use ambit_module::prelude::*;
use expect_test::expect;

/// Members of a guild that does not say.
const MEMBERS_MAX: u16 = 20;

#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum Rank {
    Guest,
    Master,
}

#[table(name = guild, renamed_from = clan)]
struct Guild {
    #[primary_key]
    id: u32,
    #[default(MEMBERS_MAX * 2)]
    members_max: u16,
    #[default("Together!".into())]
    #[renamed_from(slogan)]
    motto: String,
    #[default(Some(Vec2::new(1.0, 2.0)))]
    hall: Option<Vec2>,
    #[default(vec![Rank::Master, Rank::Guest])]
    ranks: Vec<Rank>,
    r#type: u8,
}

#[table(name = member, durability = "checkpointed", primary_key = [guild, player], index(ordered, columns = [player]))]
struct Member {
    #[references(guild)]
    guild: u32,
    player: u64,
}

#[table(
    durability = "ephemeral",
    primary_key(columns = [name, place], ordered, name = key),
    references(columns = [guild, player], table = member, on_delete = "cascade"),
    references(columns = [superior], table = r#type)
)]
struct Badge {
    guild: u32,
    player: u64,
    name: String,
    #[unique(ordered)]
    #[references(guild, on_delete = "cascade")]
    place: u32,
    superior: Option<u8>,
}

#[table(name = r#type)]
struct Kind {
    #[primary_key]
    id: u8,
}

fn table(schema: &Schema, name: &str) -> TableSchema {
    schema.table(name).expect("the table is declared").1.clone()
}

fn indexes(table: &TableSchema) -> String {
    let line = |index: &ambit_model::IndexSchema| {
        let unique = if index.unique { " unique" } else { "" };
        format!("{} {:?} {:?}{unique}", index.name, index.columns, index.kind)
    };
    table.indexes.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn durability_is_as_declared() {
    let schema = ambit_module::describe();
    assert_eq!(schema.check(), Ok(()));
    let of = |name| table(&schema, name).durability;
    assert_eq!(of("guild"), Durability::Durable);
    assert_eq!(of("member"), Durability::Checkpointed);
    assert_eq!(of("badge"), Durability::Ephemeral);
}

#[test]
fn a_key_of_several_columns_is_an_index_of_its_own() {
    let schema = ambit_module::describe();
    let member = table(&schema, "member");
    expect![[r#"
        guild_player [0, 1] Hash unique
        player [1] Ordered
        guild [0] Hash"#]]
    .assert_eq(&indexes(&member));
    assert_eq!(member.primary, Some(0));
    let badge = table(&schema, "badge");
    expect![[r#"
        place [3] Ordered unique
        key [2, 3] Ordered unique
        guild_player [0, 1] Hash
        superior [4] Hash"#]]
    .assert_eq(&indexes(&badge));
    assert_eq!(badge.primary, Some(1));
}

#[test]
fn references_name_columns_table_and_what_a_delete_does() {
    let schema = ambit_module::describe();
    let reference = |columns: &[u16], table: &str, on_delete| ReferenceSchema {
        columns: columns.to_vec(),
        table: table.into(),
        on_delete,
    };
    assert_eq!(table(&schema, "member").references, [reference(&[0], "guild", OnDelete::Restrict)]);
    assert_eq!(
        table(&schema, "badge").references,
        [
            reference(&[3], "guild", OnDelete::Cascade),
            reference(&[0, 1], "member", OnDelete::Cascade),
            reference(&[4], "type", OnDelete::Restrict),
        ]
    );
    assert_eq!(table(&schema, "guild").references, []);
}

#[test]
fn a_default_is_a_row_of_its_column() {
    let schema = ambit_module::describe();
    let guild = table(&schema, "guild");
    let value = |name: &str| {
        let column = guild.column(name).unwrap().1;
        let field = ambit_model::Field { name: String::new(), ty: column.ty.clone() };
        let bytes = column.default.as_ref()?;
        Some(decode_row(&RowLayout::new(&[field]), bytes).unwrap().remove(0))
    };
    assert_eq!(value("id"), None);
    assert_eq!(value("members_max"), Some(Value::U16(40)));
    assert_eq!(value("motto"), Some(Value::String("Together!".into())));
    let hall = Value::Vec2(Vec2::new(1.0, 2.0));
    assert_eq!(value("hall"), Some(Value::Option(Some(Box::new(hall)))));
    let ranks = vec![Value::Enum(1, vec![]), Value::Enum(0, vec![])];
    assert_eq!(value("ranks"), Some(Value::Vec(ranks)));
    assert_eq!(guild.columns[5].ty, ColumnType::U8);
}

#[test]
fn old_names_are_in_the_schema() {
    let schema = ambit_module::describe();
    let guild = table(&schema, "guild");
    assert_eq!(guild.renamed_from.as_deref(), Some("clan"));
    assert_eq!(guild.column("motto").unwrap().1.renamed_from.as_deref(), Some("slogan"));
    assert_eq!(guild.column("hall").unwrap().1.renamed_from, None);
    assert_eq!(table(&schema, "member").renamed_from, None);
}

#[test]
fn a_schema_with_all_of_it_survives_its_encoding() {
    let schema = ambit_module::describe();
    assert_eq!(Schema::decode(&schema.encode()), Ok(schema));
}
