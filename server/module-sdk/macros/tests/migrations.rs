//! What the macros describe of migrations and the tables that they read.

// The registration before anything runs is known to work on Linux and in WebAssembly only.
#![cfg(target_os = "linux")]
#![allow(dead_code, missing_docs, reason = "nobody runs these migrations")]

use ambit_model::{ColumnType, Durability, Schema};
use ambit_module::prelude::*;
use expect_test::expect;

#[table(name = player, public)]
struct Player {
    #[primary_key]
    id: u64,
    experience: u64,
}

#[table(name = zone)]
struct Zone {
    #[primary_key]
    id: u16,
}

/// Before experience: levels.
#[old_table(from = 2, name = player, public, durability = "checkpointed", renamed_from = hero, index(name = by_level, ordered, columns = [level, id]))]
struct PlayerV2 {
    #[primary_key]
    id: u64,
    #[index(hash)]
    #[renamed_from(grade)]
    level: u16,
    #[references(zone)]
    #[default(7)]
    zone: u16,
    apply_count: u8,
}

#[old_table(from = 2)]
struct Clan {
    #[spatial]
    place: Vec2,
}

#[old_table(from = 0, name = player)]
struct PlayerV0 {
    #[primary_key]
    id: u64,
}

/// From levels to experience.
#[migration(from = 2)]
fn to_experience(ctx: &Migration) -> Result<(), InsertError> {
    for old in ctx.old.player_v2().iter() {
        let experience = u64::from(old.level) * 100;
        ctx.db.player().try_insert(Player { id: old.id, experience })?;
    }
    let _ = (ctx.old.clan().count(), ctx.old.clan().place().near(Vec2::ZERO, 1.0f32));
    let _ = (ctx.old.player_v2().find(1), ctx.old.player_v2().by_level().prefix(3).next());
    let _ =
        (ctx.old.player_v2().level().filter(1).next(), ctx.old.player_v2().by_level().range((1, 2)..).next());
    more(ctx);
    log::info!("{:?} {}", ctx.timestamp, ctx.rng().next_u32());
    Ok(())
}

/// What a migration calls writes its version out.
fn more(ctx: &Migration<2>) {
    let _ = ctx.old.player_v2().count();
}

#[migration(from = 0)]
fn from_the_beginning(ctx: &Migration<0>) {
    let _ = ctx.old.player_v0().find(7);
}

#[migration(from = 1)]
fn reads_nothing(_ctx: &Migration) {}

#[test]
fn versions_count_from_the_migrations() {
    let schema = ambit_module::describe();
    assert_eq!(schema.check(), Ok(()));
    assert_eq!(schema.version, 3);
    let migrations: Vec<String> = schema
        .migrations
        .iter()
        .map(|migration| {
            let reads: Vec<&str> = migration.reads.iter().map(|table| table.name.as_str()).collect();
            format!("{} from {} reads {reads:?}", migration.name, migration.from)
        })
        .collect();
    expect![[r#"
        from_the_beginning from 0 reads ["player"]
        reads_nothing from 1 reads []
        to_experience from 2 reads ["clan", "player"]"#]]
    .assert_eq(&migrations.join("\n"));
}

#[test]
fn an_old_table_is_described_by_its_rows_and_indexes() {
    let schema = ambit_module::describe();
    let old = &schema.migrations[2].reads[1];
    let columns: Vec<String> =
        old.columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
    assert_eq!(columns.join(", "), "id: u64, level: u16, zone: u16, apply_count: u8");
    let indexes: Vec<&str> = old.indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(indexes, ["id", "level", "by_level", "zone"]);
    assert_eq!((old.primary, old.durability), (Some(0), Durability::Checkpointed));
    let plain = old.columns.iter().all(|column| column.default.is_none() && column.renamed_from.is_none());
    assert!(plain && old.references.is_empty() && old.renamed_from.is_none());
    assert_eq!(schema.table("player").unwrap().1.columns[1].ty, ColumnType::U64);
    assert_eq!(schema.tables.len(), 2, "old tables are no tables of the module");
}

#[test]
fn a_schema_with_migrations_survives_its_encoding() {
    let schema = ambit_module::describe();
    assert_eq!(Schema::decode(&schema.encode()), Ok(schema));
}
