//! The engine with a real module, samples/testbed-module: what commits, what rolls back, what the log brings
//! back, and how a module is replaced.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use ambit_engine::{
    CallError, CallFailure, CallOutcome, CallRequest, Database, Fit, LogLevel, Logged, Moment, PublishError,
    Published, RecoverError, Recovery, check_module, merge_schema,
};
use ambit_model::{ConnectionId, Identity, Schema, Timestamp, Value, encode_row};
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

fn at(millis: i64) -> Moment {
    Moment { now: Timestamp(millis * 1_000), seed: millis as u128 }
}

/// A database and everything that its log holds.
struct World {
    database: Database,
    log: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Self {
        let (database, published) = Database::start(Recovery::default(), module(), OWN, at(0)).unwrap();
        let mut world = World { database, log: Vec::new() };
        world.log_publish(published.as_ref());
        assert!(world.database.needs_init());
        for outcome in world.database.init(at(0)) {
            world.note(&outcome, &[]);
            outcome.result.unwrap();
        }
        assert!(!world.database.needs_init());
        world
    }

    fn log_publish(&mut self, published: Option<&Published>) {
        let mut record = Vec::new();
        published.unwrap().encode_logged(&mut record);
        self.log.push(record);
    }

    fn note(&mut self, outcome: &CallOutcome, arguments: &[u8]) {
        let mut record = Vec::new();
        outcome.encode_logged(arguments, &mut record);
        if !record.is_empty() {
            assert_eq!(outcome.result, Ok(self.log.len() as u64 + 1));
            self.log.push(record);
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

fn recover(log: &[Vec<u8>]) -> Result<Recovery, RecoverError> {
    // Another seed than the database had: it changes no answer.
    let mut recovery = Recovery::new(77);
    for (offset, record) in (1..).zip(log) {
        let recovered = recovery.apply(offset, record)?;
        assert_eq!(recovered.schema.is_some(), offset == 1);
        assert_eq!(recovered.change_set.offset, offset);
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
    assert_eq!(change_set.timestamp, at(1).now);
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
fn the_same_seed_draws_the_same_numbers() {
    let text = |seed| {
        let mut world = World::new();
        let reducer = module().schema().reducer("log_random").unwrap().0;
        let request =
            CallRequest { caller: PLAYER, connection: ConnectionId::default(), reducer, arguments: &[] };
        let moment = Moment { seed, ..at(1) };
        world.database.call(request, moment).logs.remove(0).text
    };
    assert_eq!(text(5), text(5));
    assert_ne!(text(5), text(6));
}

#[test]
fn ticks_and_connections_run_by_themselves() {
    let mut world = World::new();
    assert_eq!(world.database.next_tick(), Some(Timestamp(100_000)));
    assert!(world.database.tick(at(99)).is_none());
    let mut ticks = 0;
    while let Some(outcome) = world.database.tick(at(1_050)) {
        assert_eq!(outcome.dt.0, 100_000);
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
        assert_eq!((outcome.change_set.unwrap().body.len(), outcome.connection), (0, connection));
    }
    assert_eq!(world.database.last_offset(), before + 1);
}

/// Calls and ticks of a database whose init has failed used to pass for its init.
#[test]
fn init_is_due_until_it_has_committed() {
    let (mut database, published) = Database::start(Recovery::default(), module(), OWN, at(0)).unwrap();
    let mut record = Vec::new();
    published.as_ref().unwrap().encode_logged(&mut record);
    let mut log = vec![record];
    let reducer = module().schema().reducer("init_accounts").unwrap().0;
    let arguments = 3u64.to_le_bytes();
    let request =
        CallRequest { caller: PLAYER, connection: ConnectionId::default(), reducer, arguments: &arguments };
    let mut record = Vec::new();
    database.call(request, at(1)).encode_logged(&arguments, &mut record);
    log.push(record);
    assert!(database.needs_init());
    let (mut database, _) = Database::start(recover(&log).unwrap(), module(), OWN, at(2)).unwrap();
    assert!(database.needs_init());
    let [outcome] = &database.init(at(3))[..] else { panic!("one init") };
    let mut record = Vec::new();
    outcome.encode_logged(&[], &mut record);
    log.push(record);
    assert!(!database.needs_init());
    let (database, _) = Database::start(recover(&log).unwrap(), module(), OWN, at(4)).unwrap();
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
    assert_eq!(change_set.timestamp, at(1).now);
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
    let (database, published) = Database::start(recovery, module(), OWN, at(2)).unwrap();
    assert!(published.is_none(), "the schema is as before");
    assert!(!database.needs_init());
    assert_eq!(rows(&database), world.rows());

    // Both go on alike: slots and auto_inc counters are the same.
    let mut again = World { database, log: world.log.clone() };
    for world in [&mut world, &mut again] {
        world.call("add_things", &[Value::U32(3)]).result.unwrap();
    }
    assert_eq!(again.rows(), world.rows());
    assert_eq!(again.log.last(), world.log.last());
}

#[test]
fn damaged_and_misplaced_records_are_refused() {
    let mut world = World::new();
    world.call("init_accounts", &[Value::U64(3)]).result.unwrap();
    let log = world.log;
    let mut recovery = Recovery::default();
    assert!(matches!(recovery.apply(2, &log[1]), Err(RecoverError::Order { expected: 1, actual: 2 })));
    recovery.apply(1, &log[0]).unwrap();
    assert!(matches!(recovery.apply(1, &log[0]), Err(RecoverError::Order { expected: 2, actual: 1 })));
    assert!(matches!(recovery.apply(2, &log[2]), Err(RecoverError::Order { .. })));
    for record in &log {
        for length in 0..record.len() {
            assert!(Logged::decode(&record[..length]).is_err() || length >= 104);
        }
        for at in 0..record.len().min(400) {
            let mut damaged = record.clone();
            damaged[at] ^= 0x81;
            let mut recovery = Recovery::default();
            drop(recovery.apply(1, &damaged));
        }
    }
}

#[test]
fn a_module_that_numbers_its_tables_differently_finds_them_by_name() {
    // The database once had fewer tables, so its ids are not those that the module gives.
    let mut old: Schema = (**module().schema()).clone();
    let kept = old.tables.split_off(old.tables.len() / 2);
    old.tables = kept.into_iter().rev().collect();
    let mut record = Vec::new();
    let (_, published) = Database::start(Recovery::default(), module(), OWN, at(0)).unwrap();
    let published = Published { schema: old.clone().into(), ..published.unwrap() };
    published.encode_logged(&mut record);

    let recovery = recover(&[record.clone()]).unwrap();
    let (database, published) = Database::start(recovery, module(), OWN, at(0)).unwrap();
    let mut world = World { database, log: vec![record] };
    world.log_publish(published.as_ref());
    let schema = world.database.schema().clone();
    assert_eq!(schema.tables[..old.tables.len()], old.tables);
    assert_ne!(schema.table("thing").unwrap().0, module().schema().table("thing").unwrap().0);
    for outcome in world.database.init(at(0)) {
        world.note(&outcome, &[]);
        outcome.result.unwrap();
    }
    world.call("add_things", &[Value::U32(100)]).result.unwrap();
    let things = world.database.store().count(schema.table("thing").unwrap().0);
    assert_eq!(things, 100);
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
    world.database.replace_module(module(), at(5)).unwrap();
    assert_eq!((world.rows(), world.database.last_offset()), (rows, offset));
    assert_eq!(world.database.next_tick(), Some(Timestamp(105_000)));
    world.call("transfer", &[Value::U64(1), Value::U64(2), Value::I64(3)]).result.unwrap();
}

/// The schema used to be logged before anybody had stored the module.
#[test]
fn a_module_of_another_schema_is_only_checked() {
    let check = |change: fn(&mut Schema), expected: Fit| {
        let mut old = (**module().schema()).clone();
        change(&mut old);
        assert_eq!(check_module(&old, module()).unwrap(), expected);
    };
    let changed = |text: &str| Fit::Changed(text.into());
    check(|_| {}, Fit::Same);
    check(|old| old.tables.retain(|table| table.name != "thing"), changed("table `thing` is new"));
    check(
        |old| old.reducers.retain(|reducer| !["empty", "log_near"].contains(&&*reducer.name)),
        changed("reducer `empty` is new, reducer `log_near` is new"),
    );
    check(|old| old.reducers[0].name = "zzz".into(), {
        let name = &module().schema().reducers[0].name;
        Fit::Changed(format!("reducer `{name}` is new, reducer `zzz` is gone"))
    });
    check(|old| old.reducers[0].doc.push('!'), changed("its order or documentation has changed"));
}

#[test]
fn a_module_that_cannot_read_the_rows_is_refused_and_says_why() {
    let schema = || (**module().schema()).clone();
    let account = schema().table("account").unwrap().0 as usize;
    let check = |change: fn(&mut Schema, usize), expected: &str| {
        let mut new = schema();
        change(&mut new, account);
        match merge_schema(&schema(), &new) {
            Err(text) => assert_eq!(text, expected),
            Ok(_) => panic!("{expected}"),
        }
    };
    check(|new, account| drop(new.tables.remove(account)), "table `account` is missing");
    check(
        |new, account| new.tables[account].columns[1].ty = ambit_model::ColumnType::F64,
        "table `account`: column `balance` was i64 and is now f64",
    );
    check(
        |new, account| new.tables[account].columns.swap(0, 1),
        "table `account`: column `id` has moved from place 0 to place 1",
    );
    check(
        |new, account| drop(new.tables[account].columns.pop()),
        "table `account`: column `balance` is missing",
    );
    check(
        |new, account| {
            let column = new.tables[account].columns[0].clone();
            new.tables[account].columns.push(ambit_model::ColumnSchema { name: "bonus".into(), ..column });
        },
        "table `account`: column `bonus` is new",
    );
    check(|new, account| new.tables[account].indexes.clear(), "table `account`: its indexes have changed");

    // The same through a database: it goes on with the old module.
    let mut old = schema();
    old.tables[account].columns[1].ty = ambit_model::ColumnType::F64;
    let mut recovery = Recovery::default();
    let (_, published) = Database::start(Recovery::default(), module(), OWN, at(0)).unwrap();
    let mut record = Vec::new();
    Published { schema: old.into(), ..published.unwrap() }.encode_logged(&mut record);
    recovery.apply(1, &record).unwrap();
    let error = Database::start(recovery, module(), OWN, at(0)).map(drop).unwrap_err();
    assert!(matches!(&error, PublishError::Incompatible(_)), "{error}");
}
