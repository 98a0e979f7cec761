//! Every operation, every type, every way to fail.

use ambit_model::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
use ambit_model::{ConnectionId, Duration, EntityId, Identity, Lifecycle, Timestamp, Uuid, Value};
use ambit_module_host::{CallError, LogLevel};

use crate::world::World;

fn balances(world: &World) -> Vec<i64> {
    let balance = world.column("account", "balance");
    let of = |row: Vec<Value>| {
        let Value::I64(balance) = row[balance] else { panic!("a balance is {:?}", row[balance]) };
        balance
    };
    world.rows("account").into_iter().map(of).collect()
}

#[test]
fn every_operation_does_what_it_says() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("add_things", &[Value::U32(100)]), Ok(()));
    assert_eq!(world.call("check_operations", &[]), Ok(()));
    assert_eq!(world.count("thing"), 0);
}

#[test]
fn a_scan_of_many_rows_takes_several_crossings_and_finds_all() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("add_things", &[Value::U32(20_000)]), Ok(()));
    let near = [Value::Vec2(Vec2::new(10_000.0, 0.0)), Value::F32(5_000.0)];
    assert_eq!(world.call("log_near", &near), Ok(()));
    assert!(world.log_texts()[0].starts_with("near: thing 005000, thing 005001"));
    assert_eq!(world.call("init_accounts", &[Value::U64(50_000)]), Ok(()));
    assert_eq!(world.call("update_rows_batched", &[]), Ok(()));
    assert_eq!(world.call("log_total", &[]), Ok(()));
    assert_eq!(world.log_texts(), ["50000 accounts hold 50050000"]);
}

#[test]
fn large_rows_are_stored_and_found() {
    let mut world = World::start("testbed-module");
    for bytes in [70_000, 1_000_000] {
        assert_eq!(world.call("add_large", &[Value::U32(bytes)]), Ok(()));
    }
    let refused = world.call("add_large", &[Value::U32(2_000_000)]);
    assert!(matches!(refused, Err(CallError::Failed(_))), "{refused:?}");
    assert_eq!(world.count("thing"), 2);
}

#[test]
fn transfers_move_money_or_nothing() {
    let mut world = World::start("testbed-module");
    let transfer = |from, to, amount| [Value::U64(from), Value::U64(to), Value::I64(amount)];
    assert_eq!(world.call("init_accounts", &[Value::U64(3)]), Ok(()));
    assert_eq!(world.call("transfer", &transfer(0, 2, 400)), Ok(()));
    let failed = |text: &str| Err(CallError::Failed(text.into()));
    assert_eq!(world.call("transfer", &transfer(0, 1, 601)), failed("account 0 has 600, not 601"));
    assert_eq!(world.call("transfer", &transfer(0, 9, 1)), failed("there is no account 9"));
    assert_eq!(balances(&world), [600, 1_000, 1_400]);
    assert_eq!(world.call("update_rows", &[Value::U64(3)]), Ok(()));
    assert_eq!(world.call("update_rows_batched", &[]), Ok(()));
    assert_eq!(balances(&world), [602, 1_002, 1_402]);
    assert_eq!(world.call("patch_rows", &[Value::U64(2), Value::I64(-1)]), Ok(()));
    assert_eq!(balances(&world), [-1, -1, 1_402]);
}

fn everything() -> Vec<Value> {
    let item = Value::Struct(vec![
        Value::String("stick".into()),
        Value::Struct(vec![Value::U8(1), Value::U64(2), Value::Enum(2, vec![])]),
        Value::Vec(vec![
            Value::Enum(1, vec![Value::U32(7), Value::Enum(0, vec![])]),
            Value::Enum(0, vec![]),
            Value::Enum(2, vec![Value::String("slow".into())]),
            Value::Enum(3, vec![Value::Vec(vec![Value::Vec3(Vec3::ONE), Value::Vec3(Vec3::X)])]),
        ]),
    ]);
    vec![
        Value::Bool(true),
        Value::I8(-1),
        Value::I16(-2),
        Value::I32(-3),
        Value::I64(-4),
        Value::I128(-5),
        Value::U8(6),
        Value::U16(7),
        Value::U32(8),
        Value::U64(9),
        Value::U128(u128::MAX),
        Value::F32(1.5),
        Value::F64(-2.5),
        Value::Vec2(Vec2::new(1.0, 2.0)),
        Value::Vec3(Vec3::new(1.0, 2.0, 3.0)),
        Value::Vec4(Vec4::new(1.0, 2.0, 3.0, 4.0)),
        Value::Quat(Quat::from_xyzw(0.0, 0.0, 0.0, 1.0)),
        Value::DVec2(DVec2::new(1.0, 2.0)),
        Value::DVec3(DVec3::new(1.0, 2.0, 3.0)),
        Value::IVec2(IVec2::new(-1, 2)),
        Value::IVec3(IVec3::new(-1, 2, -3)),
        Value::Identity(Identity([3; 32])),
        Value::ConnectionId(ConnectionId([4; 16])),
        Value::Uuid(Uuid([5; 16])),
        Value::EntityId(EntityId(6)),
        Value::Timestamp(Timestamp(7)),
        Value::Duration(Duration(8)),
        Value::String("Grüße".into()),
        Value::Bytes(vec![1, 2, 3]),
        Value::Option(Some(Box::new(Value::U32(9)))),
        Value::Option(Some(Box::new(Value::String(String::new())))),
        Value::Vec(vec![Value::U64(1), Value::U64(2)]),
        Value::Vec(vec![Value::String("a".into()), Value::String(String::new())]),
        Value::Enum(1, vec![]),
        Value::Enum(2, vec![Value::String("effect".into())]),
        Value::Struct(vec![Value::U8(9), Value::U64(8), Value::Enum(0, vec![])]),
        item,
    ]
}

#[test]
fn a_value_of_every_type_survives_the_way_through_the_module() {
    let mut world = World::start("testbed-module");
    let sent = everything();
    assert_eq!(world.call("echo_everything", &sent), Ok(()));
    let mut stored = world.rows("everything").remove(0);
    assert_eq!(stored.remove(0), Value::U64(1), "auto_inc counts from 1");
    for (index, (stored, sent)) in stored.iter().zip(&sent).enumerate() {
        match index {
            0 => assert_eq!(stored, &Value::Bool(false)),
            27 => assert_eq!(stored, &Value::String("Grüße!".into())),
            34 => assert_eq!(stored, &Value::Enum(0, vec![])),
            _ => assert_eq!(stored, sent, "column {}", index + 1),
        }
    }
}

#[test]
fn a_failed_call_leaves_nothing_and_tells_why() {
    let mut world = World::start("testbed-module");
    let text = [Value::String("no luck".into())];
    assert_eq!(world.call("fail_after_write", &text), Err(CallError::Failed("no luck".into())));
    let panicked = world.call("panic_after_write", &text);
    assert!(
        matches!(&panicked, Err(CallError::Panicked(text)) if text.starts_with("no luck (at ") && text.contains("failures.rs:")),
        "{panicked:?}"
    );
    let twice = world.call("insert_twice", &[]);
    assert!(
        matches!(&twice, Err(CallError::Panicked(text)) if text.contains("account") && text.contains("failures.rs:")),
        "{twice:?}"
    );
    assert_eq!(world.count("account"), 0);
    assert_eq!(world.call("insert_twice_and_go_on", &[Value::U64(5)]), Ok(()));
    assert!(world.log_texts()[0].starts_with("as expected: "));
    assert_eq!(world.logs[0].level, LogLevel::Warn);
    assert_eq!(balances(&world), [1]);
}

#[test]
fn endless_memory_and_recursion_end() {
    let mut world = World::start("testbed-module");
    let memory = world.call("allocate_forever", &[]);
    assert!(matches!(memory, Err(CallError::Memory { .. })), "{memory:?}");
    let recursion = world.call("recurse_forever", &[]);
    assert!(matches!(recursion, Err(CallError::Trapped(_))), "{recursion:?}");
    assert_eq!(world.call("empty", &[]), Ok(()));
}

#[test]
fn endless_loops_end_at_the_deadline() {
    let mut world = World::start("testbed-module");
    let ticker = world.runtime.start_ticker().unwrap();
    for reducer in ["loop_forever", "write_forever"] {
        let stopped = world.call(reducer, &[]);
        let is_bounded = match &stopped {
            Err(CallError::Deadline { .. }) => true,
            // A fast machine writes to the limit of one call before the deadline.
            Err(CallError::Trapped(_) | CallError::Panicked(_)) => reducer == "write_forever",
            _ => false,
        };
        assert!(is_bounded, "{reducer}: {stopped:?}");
    }
    drop(ticker);
    assert_eq!(world.count("account"), 0);
}

#[test]
fn the_server_hears_every_level_and_long_texts_are_cut_between_letters() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("log_much", &[Value::U32(4_098)]), Ok(()));
    let levels: Vec<LogLevel> = world.logs.iter().map(|line| line.level).collect();
    assert_eq!(levels, [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace]);
    assert!(world.log_texts().iter().all(|text| text.len() == 4_096 && text.ends_with('é')));
}

#[test]
fn the_same_seed_draws_the_same() {
    let mut world = World::start("testbed-module");
    let mut draw = |seed| {
        world.seed = seed;
        world.call("log_random", &[]).unwrap();
        world.logs[0].text.clone()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn ticks_and_connections_reach_the_module() {
    let mut world = World::start("testbed-module");
    for _ in 0..3 {
        world.run_all(Lifecycle::Tick { every_us: 100_000 }).unwrap();
    }
    let clock = vec![Value::U8(0), Value::U64(3), Value::Duration(Duration(300_000))];
    assert_eq!(world.rows("clock"), [clock]);
    world.run_all(Lifecycle::ClientConnected).unwrap();
    world.run_all(Lifecycle::ClientConnected).unwrap();
    world.run_all(Lifecycle::ClientDisconnected).unwrap();
    let visitor = vec![Value::Identity(world.sender), Value::U32(1), Value::Timestamp(world.now)];
    assert_eq!(world.rows("visitor"), [visitor]);
}

#[test]
fn scans_past_the_limit_end_the_call() {
    let mut world = World::start("testbed-module");
    assert_eq!(world.call("init_accounts", &[Value::U64(10_000)]), Ok(()));
    let refused = world.call("open_many_scans", &[]);
    assert!(matches!(refused, Err(CallError::Panicked(_))), "{refused:?}");
}
