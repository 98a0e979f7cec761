//! Keys of several columns, references, defaults and durability, as the testbed declares and uses them.

use ambit_model::glam::Vec2;
use ambit_model::{Durability, OnDelete, Value};
use ambit_module_host::CallError;

use crate::world::World;

fn text(text: &str) -> Value {
    Value::String(text.into())
}

#[test]
fn rows_are_found_changed_and_deleted_by_a_key_of_two_columns() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("check_members", &[]), Ok(()));
    let left = vec![Value::U32(2), Value::U64(1), Value::U8(4)];
    assert!(world.rows("member").contains(&left));
    assert_eq!(world.call("leave_guild", &[Value::U32(2), Value::U64(1)]), Ok(()));
    assert_eq!(world.count("member"), 1);
}

#[test]
fn a_member_that_moves_takes_another_key() {
    let mut world = World::start("testbed-module");
    for name in ["first", "second"] {
        assert_eq!(world.call("found_guild", &[text(name)]), Ok(()));
    }
    let (first, second, player) = (Value::U32(1), Value::U32(2), Value::U64(7));
    assert_eq!(world.call("join_guild", &[first.clone(), player.clone()]), Ok(()));
    let change = [first.clone(), player.clone(), second.clone()];
    assert_eq!(world.call("change_guild", &change), Ok(()));
    assert_eq!(world.rows("member"), [vec![second.clone(), player.clone(), Value::U8(0)]]);
    assert!(matches!(world.call("change_guild", &change), Err(CallError::Failed(_))));
    assert_eq!(world.call("join_guild", &[first, player.clone()]), Ok(()));
    let twice = world.call("change_guild", &change);
    assert!(matches!(&twice, Err(CallError::Failed(text)) if text.contains("guild_player")), "{twice:?}");
}

#[test]
fn the_schema_says_what_survives_and_what_names_what() {
    let world = World::start("testbed-module");
    let schema = world.instance.module().schema();
    let durability = |name: &str| schema.table(name).unwrap().1.durability;
    assert_eq!(durability("member"), Durability::Durable);
    assert_eq!(durability("place"), Durability::Checkpointed);
    assert_eq!(durability("onlooker"), Durability::Ephemeral);
    let references: Vec<String> = schema
        .tables
        .iter()
        .flat_map(|table| table.references.iter().map(move |reference| (table, reference)))
        .map(|(table, reference)| {
            let cascade = if reference.on_delete == OnDelete::Cascade { " cascade" } else { "" };
            format!("{} {:?} {}{cascade}", table.name, reference.columns, reference.table)
        })
        .collect();
    let expected = [
        "badge [1, 2] member cascade",
        "employee [1] employee cascade",
        "letter [1] guild cascade",
        "member [0] guild",
        "onlooker [1] place cascade",
        "place [2] guild cascade",
    ];
    assert_eq!(references, expected);
    let (_, guild) = schema.table("guild").unwrap();
    let defaults: Vec<bool> = guild.columns.iter().map(|column| column.default.is_some()).collect();
    assert_eq!(defaults, [false, false, true, true, true]);
}

#[test]
fn one_transaction_spans_tables_of_every_durability() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("add_quads", &[Value::U64(2)]), Ok(()));
    let touch = |quad| [Value::U64(quad), Value::Vec2(Vec2::ONE)];
    assert_eq!(world.call("touch_all", &touch(1)), Ok(()));
    assert!(matches!(world.call("touch_all", &touch(9)), Err(CallError::Panicked(_))));
    assert_eq!((world.count("place"), world.count("onlooker")), (1, 1));
    assert_eq!(world.call("set_two", &[Value::U64(1), Value::U64(5), Value::U64(6)]), Ok(()));
    let quad = [1, 5, 6, 1, 0].map(Value::U64);
    assert_eq!(world.rows("quad")[1], quad);
    let nobody = world.call("set_two", &[Value::U64(9), Value::U64(5), Value::U64(6)]);
    assert!(matches!(&nobody, Err(CallError::Failed(text)) if text.contains("quad")), "{nobody:?}");
}
