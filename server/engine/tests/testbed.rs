//! The engine with a real module, samples/testbed-module: what commits, what rolls back, what the log brings
//! back, and how a module is replaced.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use ambit_engine::{
    CallError, CallFailure, CallOutcome, CallRequest, Database, LogLevel, ModuleHash, PublishError,
    Published, RecoverError, Recovery,
};
use ambit_model::{ColumnSchema, ColumnType, ConnectionId, Identity, Schema, Timestamp, Value, encode_row};
use ambit_module_host::{EpochTicker, Module, ModuleLimits, Runtime};

const OWN: Identity = Identity([9; 32]);
const PLAYER: Identity = Identity([1; 32]);

/// The testbed, compiled once.
fn module() -> &'static Module {
    static MODULE: OnceLock<(Module, EpochTicker)> = OnceLock::new();
    let compile = || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/testbed-module");
        let toolchain = ambit_module_build::detect().unwrap();
        let wasm = std::fs::read(ambit_module_build::build_module(&folder, &toolchain).unwrap()).unwrap();
        let runtime = Runtime::new().unwrap();
        let ticker = runtime.start_ticker().unwrap();
        // Little memory: taking all of it must end before the deadline on a busy machine too.
        let limits = ModuleLimits {
            deadline: Duration::from_millis(200),
            memory_bytes: 32 << 20,
            ..ModuleLimits::default()
        };
        (Module::compile(&runtime, &wasm, limits).unwrap(), ticker)
    };
    &MODULE.get_or_init(compile).0
}

const HASH: ModuleHash = [4; 32];
const KEY: u128 = 77;

fn at(millis: i64) -> Timestamp {
    Timestamp(millis * 1_000)
}

fn start(recovery: Recovery, now: Timestamp) -> Result<(Database, Option<Published>), PublishError> {
    Database::start(recovery, module(), HASH, OWN, KEY, now)
}

/// A record of a log and its offset.
type Record = (u64, Vec<u8>);

/// A database and everything that its log holds.
struct World {
    database: Database,
    log: Vec<Record>,
}

impl World {
    fn new() -> Self {
        let mut world = Self::from(start(Recovery::default(), at(0)).unwrap());
        assert!(world.database.needs_init());
        for outcome in world.database.init(at(0)) {
            world.note(&outcome, &[]);
            outcome.result.unwrap();
        }
        assert!(!world.database.needs_init());
        world
    }

    fn from((database, published): (Database, Option<Published>)) -> Self {
        let mut world = Self { database, log: Vec::new() };
        if let Some(published) = published {
            world.log_publish(&published);
        }
        world
    }

    fn log_publish(&mut self, published: &Published) {
        let mut record = Vec::new();
        self.database.encode_published(published, &mut record);
        self.log.push((published.change_set.offset, record));
    }

    fn note(&mut self, outcome: &CallOutcome, arguments: &[u8]) {
        let mut record = Vec::new();
        self.database.encode_logged(outcome, arguments, &mut record);
        assert_eq!(record.is_empty(), outcome.record.is_none());
        if let Some(change_set) = &outcome.change_set {
            assert_eq!(outcome.result, Ok(change_set.offset));
            if !record.is_empty() {
                self.log.push((change_set.offset, record));
            }
        }
    }

    fn call(&mut self, reducer: &str, arguments: &[Value]) -> CallOutcome {
        let schema = module().schema();
        let (reducer, declared) = schema.reducer(reducer).unwrap();
        let arguments = encode_row(&declared.layout(), arguments).unwrap();
        let connection = ConnectionId([5; 16]);
        let request = CallRequest { caller: PLAYER, connection, reducer, arguments: &arguments };
        let outcome = self.database.call(request, at(1));
        self.note(&outcome, &arguments);
        outcome
    }

    fn rows(&self) -> Vec<Vec<(u32, Vec<u8>)>> {
        rows(&self.database)
    }
}

/// All rows of all tables with their slots.
fn rows(database: &Database) -> Vec<Vec<(u32, Vec<u8>)>> {
    let tables = 0..database.schema().tables.len() as u16;
    let of_table =
        |table| database.store().slots(table).map(|(slot, row)| (slot, row.to_vec())).collect::<Vec<_>>();
    tables.map(of_table).collect()
}

fn recover(log: &[Record]) -> Result<Recovery, RecoverError> {
    // Another seed than the database had: it changes no answer.
    let mut recovery = Recovery::new(77);
    for (offset, record) in log {
        recovery.apply(*offset, record)?;
        assert_eq!(recovery.last_offset(), *offset);
    }
    Ok(recovery)
}

#[test]
fn every_operation_works_and_is_committed() {
    let mut world = World::new();
    let before = world.database.last_offset();
    assert_eq!(world.call("add_things", &[Value::U32(100)]).result, Ok(before + 1));
    let outcome = world.call("check_operations", &[]);
    assert_eq!(outcome.result, Ok(before + 2));
    let change_set = outcome.change_set.unwrap();
    assert_eq!((change_set.offset, change_set.caller), (before + 2, PLAYER));
    assert_eq!(change_set.timestamp, at(1));
}

#[test]
fn a_failed_call_leaves_no_trace() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(10)]).result.unwrap();
    let (rows, offset) = (world.rows(), world.database.last_offset());
    let text = || Value::String("of my own".into());
    type Failure<'a> = (&'a str, Vec<Value>, fn(&CallError) -> bool);
    let failures: [Failure<'_>; 8] = [
        ("fail_after_write", vec![text()], |error| *error == CallError::Failed("of my own".into())),
        (
            "panic_after_write",
            vec![text()],
            |error| matches!(error, CallError::Panicked(text) if text.contains("of my own")),
        ),
        (
            "insert_twice",
            vec![],
            |error| matches!(error, CallError::Panicked(text) if text.contains("account")),
        ),
        ("loop_forever", vec![], |error| *error == CallError::Deadline { deadline_ms: 200 }),
        ("write_forever", vec![], |error| *error == CallError::Deadline { deadline_ms: 200 }),
        ("allocate_forever", vec![], |error| matches!(error, CallError::Memory { .. })),
        ("recurse_forever", vec![], |error| matches!(error, CallError::Trapped(_))),
        (
            "transfer",
            vec![Value::U64(1), Value::U64(2), Value::I64(5_000)],
            |error| matches!(error, CallError::Failed(text) if text.contains("account 1 has 1000")),
        ),
    ];
    for (reducer, arguments, expected) in failures {
        let outcome = world.call(reducer, &arguments);
        match &outcome.result {
            Err(CallFailure::Module(error)) => assert!(expected(error), "{reducer}: {error}"),
            other => panic!("{reducer}: {other:?}"),
        }
        assert!(outcome.change_set.is_none());
        assert_eq!((world.rows(), world.database.last_offset()), (rows.clone(), offset), "{reducer}");
        assert_eq!(world.call("empty", &[]).result, Ok(offset), "the next call works after {reducer}");
    }
}

#[test]
fn what_is_not_a_call_never_reaches_the_module() {
    let mut world = World::new();
    let schema = module().schema();
    let id = |name: &str| schema.reducer(name).unwrap().0;
    let mut call = |reducer, arguments: &[u8]| {
        let request = CallRequest { caller: PLAYER, connection: ConnectionId::default(), reducer, arguments };
        let outcome = world.database.call(request, at(1));
        let failure = outcome.result.unwrap_err();
        assert!(failure.is_rejection());
        failure.to_string()
    };
    assert_eq!(call(u16::MAX, &[]), "the module has no reducer 65535");
    assert_eq!(call(id("make_clock"), &[]), "reducer `make_clock` cannot be called by clients");
    assert_eq!(call(id("advance_clock"), &[]), "reducer `advance_clock` cannot be called by clients");
    for arguments in [&[][..], &[0; 23], &[0; 25], &[0; 1_000]] {
        assert!(call(id("transfer"), arguments).contains("the arguments of reducer `transfer`"));
    }
    assert!(call(id("fail_after_write"), &[0xff; 8]).contains("the arguments"));
}

#[test]
fn logs_reach_the_caller_with_their_level() {
    let mut world = World::new();
    let outcome = world.call("log_much", &[Value::U32(10_000)]);
    let levels: Vec<LogLevel> = outcome.logs.iter().map(|line| line.level).collect();
    use LogLevel::{Debug, Error, Info, Trace, Warn};
    assert_eq!(levels, [Error, Warn, Info, Debug, Trace]);
    assert!(outcome.logs.iter().all(|line| line.text.starts_with("éé") && line.text.len() <= 4_100));
}

#[test]
fn the_same_key_draws_the_same_numbers() {
    let texts = |key| {
        let (mut database, _) =
            Database::start(Recovery::default(), module(), HASH, OWN, key, at(0)).unwrap();
        let reducer = module().schema().reducer("log_random").unwrap().0;
        let request =
            CallRequest { caller: PLAYER, connection: ConnectionId::default(), reducer, arguments: &[] };
        [1, 2].map(|millis| database.call(request, at(millis)).logs.remove(0).text)
    };
    assert_eq!(texts(5), texts(5));
    assert_ne!(texts(5), texts(6));
    let [first, second] = texts(5);
    assert_ne!(first, second, "a call that changes nothing draws a seed too");
}

#[test]
fn ticks_and_connections_run_by_themselves() {
    let mut world = World::new();
    assert_eq!(world.database.next_tick(), Some(Timestamp(100_000)));
    assert!(world.database.tick(at(99)).is_none());
    let mut ticks = 0;
    while let Some(outcome) = world.database.tick(at(1_050)) {
        outcome.result.unwrap();
        ticks += 1;
    }
    assert_eq!((ticks, world.database.ticks_skipped()), (5, 5));
    let (clock, _) = world.database.schema().table("clock").unwrap();
    let (_, row) = world.database.store().slots(clock).next().unwrap();
    assert_eq!(row[8..24], [5u64.to_le_bytes(), 500_000u64.to_le_bytes()].concat());

    let connected = world.database.client_connected(PLAYER, ConnectionId([1; 16]), at(1_060));
    assert!(connected.iter().all(|outcome| outcome.result.is_ok()) && connected.len() == 1);
    let gone = world.database.client_disconnected(PLAYER, ConnectionId([1; 16]), at(1_070));
    assert_eq!(gone[0].change_set.as_ref().unwrap().caller, PLAYER);
}

/// Who is connected after a crash is read from these commits.
#[test]
fn connections_commit_even_if_they_change_nothing() {
    let mut world = World::new();
    let connection = ConnectionId([1; 16]);
    let before = world.database.last_offset();
    // Nobody has greeted this player, so there is nothing to part with.
    for outcome in world.database.client_disconnected(PLAYER, connection, at(1)) {
        assert_eq!(outcome.result, Ok(before + 1));
        assert!(outcome.record.is_some());
        assert_eq!(outcome.change_set.unwrap().body.len(), 0);
    }
    assert_eq!(world.database.last_offset(), before + 1);
}

/// Calls and ticks of a database whose init has failed used to pass for its init.
#[test]
fn init_is_due_until_it_has_committed() {
    let mut world = World::from(start(Recovery::default(), at(0)).unwrap());
    world.call("init_accounts", &[Value::U64(3)]).result.unwrap();
    assert!(world.database.needs_init());
    let recovered = recover(&world.log).unwrap();
    let mut again = World { log: world.log, ..World::from(start(recovered, at(2)).unwrap()) };
    assert!(again.database.needs_init());
    let outcomes = again.database.init(at(3));
    assert_eq!(outcomes.len(), 1);
    again.note(&outcomes[0], &[]);
    assert!(!again.database.needs_init());
    let (database, _) = start(recover(&again.log).unwrap(), at(4)).unwrap();
    assert!(!database.needs_init());
}

#[test]
fn time_never_runs_backwards() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(1)]).result.unwrap();
    let reducer = module().schema().reducer("init_accounts").unwrap().0;
    let arguments = 2u64.to_le_bytes();
    let request =
        CallRequest { caller: PLAYER, connection: ConnectionId::default(), reducer, arguments: &arguments };
    let change_set = world.database.call(request, at(-500)).change_set.unwrap();
    assert_eq!(change_set.timestamp, at(1));
}

#[test]
fn the_log_brings_everything_back() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(50)]).result.unwrap();
    world.call("add_things", &[Value::U32(100)]).result.unwrap();
    for round in 0..40 {
        let (from, to) = (Value::U64(round), Value::U64(round * 7 % 50));
        drop(world.call("transfer", &[from, to, Value::I64(round as i64)]));
    }
    world.call("check_operations", &[]).result.unwrap();
    world.call("add_things", &[Value::U32(7)]).result.unwrap();

    let recovery = recover(&world.log).unwrap();
    assert_eq!(recovery.last_offset(), world.database.last_offset());
    let (database, published) = start(recovery, at(2)).unwrap();
    assert!(published.is_none(), "the module is as before");
    assert!(!database.needs_init());
    assert_eq!(rows(&database), world.rows());

    // Both go on alike: slots are the same. auto_inc numbers skip what was set aside.
    let mut again = World { database, log: world.log.clone() };
    for world in [&mut world, &mut again] {
        world.call("add_things", &[Value::U32(3)]).result.unwrap();
    }
    let slots = |world: &World| -> Vec<Vec<u32>> {
        world.rows().iter().map(|rows| rows.iter().map(|(slot, _)| *slot).collect()).collect()
    };
    assert_eq!(slots(&again), slots(&world));
    let further = recover(&again.log).unwrap();
    assert_eq!(further.last_offset(), again.database.last_offset());
    let again_rows = again.rows();
    assert_eq!(rows(&start(further, at(3)).unwrap().0), again_rows);
}

#[test]
fn a_snapshot_and_the_log_after_it_bring_everything_back() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(50)]).result.unwrap();
    let connection = ConnectionId([5; 16]);
    for outcome in world.database.client_connected(PLAYER, connection, at(1)) {
        world.note(&outcome, &[]);
    }
    world.call("add_things", &[Value::U32(10)]).result.unwrap();
    let (head, frozen) = world.database.freeze().unwrap();
    let mut chunks = vec![head];
    let begun = world.log.len();
    for round in 0..40 {
        let (from, to) = (Value::U64(round), Value::U64(round * 7 % 50));
        drop(world.call("transfer", &[from, to, Value::I64(round as i64)]));
    }
    frozen
        .write(&mut |chunk| {
            chunks.push(chunk.to_vec());
            Ok::<_, ()>(())
        })
        .unwrap();
    let mut loading = Recovery::from_snapshot(3);
    chunks.iter().for_each(|chunk| loading.chunk(chunk).unwrap());
    let mut recovery = loading.finish().unwrap();
    for (offset, record) in &world.log[begun..] {
        recovery.apply(*offset, record).unwrap();
    }
    assert_eq!(recovery.left_connected(), [(PLAYER, connection)]);
    let (database, published) = start(recovery, at(2)).unwrap();
    assert!(published.is_none() && !database.needs_init());
    assert_eq!(rows(&database), world.rows());

    // A damaged head is refused, whatever is damaged.
    for at in 0..chunks[0].len() {
        let mut damaged = chunks[0].clone();
        damaged[at] ^= 0x41;
        let mut loading = Recovery::from_snapshot(3);
        if loading.chunk(&damaged).is_ok() {
            drop(loading.finish());
        }
        assert!(Recovery::from_snapshot(3).chunk(&chunks[0][..at]).is_err());
    }
}

#[test]
fn damaged_and_misplaced_records_are_refused() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(3)]).result.unwrap();
    let log = world.log;
    let mut recovery = Recovery::default();
    assert!(recovery.apply(2, &log[1].1).is_err(), "a call before any module");
    let mut recovery = Recovery::default();
    recovery.apply(1, &log[0].1).unwrap();
    let misplaced = recovery.apply(1, &log[1].1);
    assert!(matches!(misplaced, Err(RecoverError::Order { last: 1, actual: 1 })));
    for (_, record) in &log {
        // Long records are schemas, which have tests of their own.
        let step = 1 + record.len() / 100;
        for length in (0..record.len()).step_by(step) {
            let mut recovery = Recovery::default();
            if recovery.apply(1, &log[0].1).is_ok() {
                drop(recovery.apply(2, &record[..length]));
            }
        }
        for at in (0..record.len()).step_by(step) {
            let mut damaged = record.clone();
            damaged[at] ^= 0x81;
            let mut recovery = Recovery::default();
            if recovery.apply(1, &log[0].1).is_ok() {
                drop(recovery.apply(2, &damaged));
            }
        }
    }
}

/// A database as another module would have left it: the testbed's schema, changed.
fn left_by(change: impl FnOnce(&mut Schema)) -> Recovery {
    let (mut database, published) = start(Recovery::default(), at(0)).unwrap();
    let mut schema = (**module().schema()).clone();
    change(&mut schema);
    let published = Published { schema: schema.into(), module: [9; 32], ..published.unwrap() };
    let mut record = Vec::new();
    database.encode_published(&published, &mut record);
    recover(&[(1, record)]).unwrap()
}

#[test]
fn a_module_that_numbers_its_tables_differently_finds_them_by_name() {
    let mut world = World::from(start(left_by(|old| old.tables.reverse()), at(0)).unwrap());
    for outcome in world.database.init(at(0)) {
        world.note(&outcome, &[]);
        outcome.result.unwrap();
    }
    world.call("add_things", &[Value::U32(100)]).result.unwrap();
    let things = world.database.schema().table("thing").unwrap().0;
    assert_eq!(world.database.store().count(things), 100);
    world.call("check_operations", &[]).result.unwrap();
    world.call("init_accounts", &[Value::U64(9)]).result.unwrap();
    assert!(world.call("panic_after_write", &[Value::String("x".into())]).result.is_err());
    world.call("transfer", &[Value::U64(1), Value::U64(2), Value::I64(3)]).result.unwrap();
}

#[test]
fn a_new_module_takes_over_the_rows() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(10)]).result.unwrap();
    let (rows, offset) = (world.rows(), world.database.last_offset());
    let prepared = world.database.prepare_publish(module(), at(5)).unwrap();
    world.database.cancel_publish(prepared);
    assert_eq!((world.rows(), world.database.last_offset()), (rows.clone(), offset));
    assert_eq!(world.database.next_tick(), Some(at(100)));
    let prepared = world.database.prepare_publish(module(), at(5)).unwrap();
    let published = world.database.complete_publish(prepared, [5; 32], at(5));
    world.log_publish(&published);
    assert!(published.plan.is_same() && !published.needs_snapshot);
    assert_eq!((world.rows(), world.database.last_offset()), (rows, offset + 1));
    assert_eq!(world.database.next_tick(), Some(at(105)));
    world.call("transfer", &[Value::U64(1), Value::U64(2), Value::I64(3)]).result.unwrap();
    let recovery = recover(&world.log).unwrap();
    assert_eq!(recovery.publications().last().unwrap().module, [5; 32]);
}

#[test]
fn tables_are_brought_to_the_modules_schema_and_others_are_refused_by_name() {
    let account =
        |schema: &mut Schema| schema.tables.iter().position(|table| table.name == "account").unwrap();
    // The database had a narrower column, and one more.
    let recovery = left_by(|old| {
        let place = account(old);
        let table = &mut old.tables[place];
        table.columns[1].ty = ColumnType::I32;
        table.columns.push(ColumnSchema::new("gone", ColumnType::Bool));
    });
    let (database, published) = start(recovery, at(0)).unwrap();
    assert_eq!(**database.schema(), ambit_store::settled(module().schema()));
    assert!(published.unwrap().plan.is_destructive());

    let recovery = left_by(|old| {
        let place = account(old);
        old.tables[place].columns[1].ty = ColumnType::String;
    });
    let error = start(recovery, at(0)).map(drop).unwrap_err();
    let PublishError::Refused { reasons, version: 0 } = &error else { panic!("{error}") };
    assert!(reasons.len() == 1 && reasons[0].contains("`balance`"), "{error}");
    assert!(error.to_string().contains("#[migration(from = 0)]"), "{error}");
}
