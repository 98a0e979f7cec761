//! The small MMO, played.

use ambit_model::glam::Vec2;
use ambit_model::{Identity, Lifecycle, Value};
use ambit_module_host::CallError;

use crate::world::World;

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn vec2(row: &[Value], column: usize) -> Vec2 {
    let Value::Vec2(position) = row[column] else { panic!("a position is {:?}", row[column]) };
    position
}

/// The caller's row of `player`.
fn myself(world: &World) -> Vec<Value> {
    let identity = world.column("player", "identity");
    let own = Value::Identity(world.sender);
    world.rows("player").into_iter().find(|row| row[identity] == own).expect("the caller joined")
}

fn position(world: &World) -> Vec2 {
    vec2(&myself(world), world.column("player", "position"))
}

/// Walks in steps that the module allows, as fast as it allows.
fn walk_to(world: &mut World, target: Vec2) {
    while position(world).distance(target) > 0.1 {
        let from = position(world);
        world.now.0 += 200_000;
        let step = from + (target - from).clamp_length_max(4.9);
        world.call("move_to", &[Value::Vec2(step), Value::F32(0.0)]).expect("the step is allowed");
    }
}

/// One step of five metres.
fn walk_five_metres(world: &mut World) -> Result<(), CallError> {
    let from = position(world);
    let step = Vec2::new(if from.x > 100.0 { -5.0 } else { 5.0 }, 0.0);
    world.call("move_to", &[Value::Vec2(from + step), Value::F32(0.0)])
}

fn failed(message: &str) -> Result<(), CallError> {
    Err(CallError::Failed(message.into()))
}

#[test]
fn players_join_walk_and_leave() {
    let mut world = World::start("mmo-module");
    assert_eq!(world.call("move_to", &[Value::Vec2(Vec2::ONE), Value::F32(0.0)]), failed("join first"));
    assert_eq!(world.call("join", &[text("  ")]), failed("a name has 1 to 24 letters"));
    assert_eq!(world.run_all(Lifecycle::ClientConnected), Ok(()));
    assert_eq!(world.call("join", &[text("Ada")]), Ok(()));
    walk_to(&mut world, Vec2::new(600.0, 600.0));
    let zone = world.column("player", "zone");
    assert_eq!(myself(&world)[zone], Value::U16(15));
    let too_far = [Value::Vec2(Vec2::ZERO), Value::F32(0.0)];
    assert_eq!(world.call("move_to", &too_far), failed("a step is at most 5 metres"));
    let nowhere = [Value::Vec2(Vec2::NAN), Value::F32(0.0)];
    assert_eq!(world.call("move_to", &nowhere), failed("a step is at most 5 metres"));

    world.now.0 += 2_000_000;
    for _ in 0..10 {
        walk_five_metres(&mut world).expect("steps that were held back arrive together");
    }
    let too_fast = failed("nobody goes faster than 25 metres a second");
    assert_eq!(walk_five_metres(&mut world), too_fast);
    world.now.0 += 200_000;
    assert_eq!(walk_five_metres(&mut world), Ok(()));
    assert_eq!(walk_five_metres(&mut world), too_fast);

    let online = world.column("player", "online");
    assert_eq!(myself(&world)[online], Value::Bool(true));
    assert_eq!(world.run_all(Lifecycle::ClientDisconnected), Ok(()));
    assert_eq!(myself(&world)[online], Value::Bool(false));
    world.sender = Identity([2; 32]);
    assert_eq!(world.call("join", &[text("Ada")]), failed("the name \"Ada\" is taken"));
}

#[test]
fn people_in_a_zone_hear_each_other_for_a_while() {
    let mut world = World::start("mmo-module");
    assert_eq!(world.call("join", &[text("Ada")]), Ok(()));
    walk_to(&mut world, Vec2::new(10.0, 10.0));
    assert_eq!(world.call("say", &[text("hello")]), Ok(()));
    let message = &world.rows("chat_message")[0];
    assert_eq!(message[world.column("chat_message", "zone")], Value::U16(0));
    assert_eq!(message[world.column("chat_message", "speaker")], text("Ada"));
    assert_eq!(world.call("say", &[text("")]), failed("a message has 1 to 200 letters"));
    let forget = Lifecycle::Tick { every_us: 10_000_000 };
    world.now.0 += 299_000_000;
    assert_eq!(world.run_all(forget), Ok(()));
    assert_eq!(world.count("chat_message"), 1);
    world.now.0 += 2_000_000;
    assert_eq!(world.run_all(forget), Ok(()));
    assert_eq!(world.count("chat_message"), 0);
}

#[test]
fn a_great_many_old_messages_are_forgotten_in_parts() {
    let mut world = World::start("mmo-module");
    assert_eq!(world.call("join", &[text("Ada")]), Ok(()));
    for _ in 0..10_001 {
        assert_eq!(world.call("say", &[text("hello")]), Ok(()));
    }
    world.now.0 += 301_000_000;
    let forget = Lifecycle::Tick { every_us: 10_000_000 };
    assert_eq!(world.run_all(forget), Ok(()));
    assert_eq!(world.count("chat_message"), 1);
    assert_eq!(world.run_all(forget), Ok(()));
    assert_eq!(world.count("chat_message"), 0);
}

#[test]
fn items_are_picked_up_once_and_counted() {
    let mut world = World::start("mmo-module");
    assert_eq!(world.call("join", &[text("Ada")]), Ok(()));
    let (id, place) = (world.column("item", "id"), world.column("item", "position"));
    let items = world.rows("item");
    // Items 0 and 3 are both coins.
    for item in [&items[0], &items[3]] {
        walk_to(&mut world, vec2(item, place));
        assert_eq!(world.call("pick_up", &[item[id].clone()]), Ok(()));
        assert_eq!(world.call("pick_up", &[item[id].clone()]), failed("someone else was faster"));
    }
    assert_eq!(world.count("item"), items.len() - 2);
    let inventory = world.rows("inventory");
    assert_eq!(inventory.len(), 1);
    assert_eq!(inventory[0][world.column("inventory", "count")], Value::U32(2));
    assert_eq!(world.call("drink_potion", &[]), failed("no potion is left"));
}

#[test]
fn monsters_wander_chase_kill_and_are_killed() {
    let mut world = World::start("mmo-module");
    let (id, place) = (world.column("monster", "id"), world.column("monster", "position"));
    let before = world.rows("monster");
    let tick = Lifecycle::Tick { every_us: 50_000 };
    let pass = |world: &mut World, ticks: u32| {
        for _ in 0..ticks {
            world.now.0 += 50_000;
            world.run_all(tick).expect("monsters move");
        }
    };
    pass(&mut world, 100);
    let moved = before.iter().zip(world.rows("monster")).filter(|(old, new)| old[place] != new[place]);
    assert!(moved.count() > before.len() / 10);

    // Monster 2 is a troll: who stands beside it for long dies.
    assert_eq!(world.call("join", &[text("Ada")]), Ok(()));
    let troll = world.rows("monster")[2].clone();
    walk_to(&mut world, vec2(&troll, place));
    pass(&mut world, 1_000);
    let health = world.column("player", "health");
    assert_eq!(myself(&world)[health], Value::U16(0));
    let lie_still = "the dead lie still; respawn first";
    assert_eq!(world.call("attack", &[troll[id].clone()]), failed(lie_still));
    assert_eq!(world.call("respawn", &[]), Ok(()));
    assert_eq!(world.call("respawn", &[]), failed("only the dead come back to life"));

    let slime = world.rows("monster")[0].clone();
    walk_to(&mut world, vec2(&slime, place));
    let (monsters, items) = (world.count("monster"), world.count("item"));
    while world.count("monster") == monsters {
        assert_eq!(world.call("attack", &[slime[id].clone()]), Ok(()));
    }
    assert_eq!(world.count("item"), items + 1);
    assert_eq!(world.call("attack", &[slime[id].clone()]), failed("the monster is gone"));
    let open_graves = Lifecycle::Tick { every_us: 1_000_000 };
    assert_eq!(world.run_all(open_graves), Ok(()));
    assert_eq!(world.count("monster"), monsters - 1);
    world.now.0 += 20_000_000;
    assert_eq!(world.run_all(open_graves), Ok(()));
    assert_eq!(world.count("monster"), monsters);
}

#[test]
fn a_world_that_lost_its_monsters_gets_new_ones() {
    let mut world = World::start("mmo-module");
    let monsters = world.count("monster");
    let store = world.instance.store_mut();
    for name in ["monster", "monster_mind"] {
        let (table, _) = store.schema().table(name).expect("the module has the table");
        let slots: Vec<_> = store.slots(table).map(|(slot, _)| slot).collect();
        for slot in slots.into_iter().skip(7) {
            store.delete(table, slot).expect("the row is there");
        }
    }
    drop(store.commit());
    assert_eq!(world.count("monster"), 7);
    for _ in 0..2 {
        assert_eq!(world.run_all(Lifecycle::Tick { every_us: 1_000_000 }), Ok(()));
        assert_eq!((world.count("monster"), world.count("monster_mind")), (monsters, monsters));
    }
}
