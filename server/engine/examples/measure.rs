//! Measures calls into samples/testbed-module on one thread, without network and log, and recovery. With arguments, only the
//! parts that they name.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]
#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use ambit_engine::{CallOutcome, CallRequest, Database, ModuleHash, PublishError, Published, Recovery};
use ambit_model::{ConnectionId, Identity, Timestamp};
use ambit_module_host::{CallHeader, Instance, Module, ModuleLimits, Runtime};
use ambit_store::Store;

const ACCOUNTS: u64 = 100_000;
const ROUNDS: u64 = 40;
const CALLS_PER_ROUND: u64 = 25_000;
const ROWS_PER_CALL: u64 = 10_000;

type Part = fn(&Module) -> Result<(), Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/testbed-module");
    let toolchain =
        ambit_module_build::detect().ok_or("no toolchain for modules; run `cargo xtask toolchain`")?;
    let wasm = std::fs::read(ambit_module_build::build_module(&folder, &toolchain)?)?;
    let runtime = Runtime::new()?;
    let _ticker = runtime.start_ticker()?;
    let begin = Instant::now();
    let module = Module::compile(&runtime, &wasm, ModuleLimits::default())?;
    println!("compiling {} kB took {:.0} ms", wasm.len() / 1_000, begin.elapsed().as_secs_f64() * 1e3);

    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let parts: [(&str, Part); 4] = [
        ("host", measure_host),
        ("engine", measure_engine),
        ("million", measure_million),
        ("log", measure_log_bytes),
    ];
    let is_wanted =
        |(name, _): &(&str, Part)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    parts.into_iter().filter(is_wanted).try_for_each(|(_, measure)| measure(&module))
}

/// The module alone: no checks, no change sets.
fn measure_host(module: &Module) -> Result<(), Box<dyn Error>> {
    let mut instance = Instance::new(module, Store::new(module.schema().clone()))?;
    let header = CallHeader::default();
    let empty = reducer(module, "empty")?;
    fastest("wasm_call_ns", CALLS_PER_ROUND, || {
        (0..CALLS_PER_ROUND).try_for_each(|_| instance.call(&header, empty, &[]))
    })?;
    let (init, update) = (reducer(module, "init_accounts")?, reducer(module, "update_rows")?);
    let count = ROWS_PER_CALL.to_le_bytes();
    instance.call(&header, init, &count)?;
    instance.store_mut().commit();
    fastest("wasm_update_row_ns", ROWS_PER_CALL, || {
        instance.call(&header, update, &count)?;
        instance.store_mut().rollback();
        Ok::<_, ambit_engine::CallError>(())
    })?;
    let batched = reducer(module, "update_rows_batched")?;
    fastest("wasm_update_row_batched_ns", ROWS_PER_CALL, || {
        instance.call(&header, batched, &[])?;
        instance.store_mut().rollback();
        Ok::<_, ambit_engine::CallError>(())
    })?;
    Ok(())
}

/// The whole engine: checks, transaction, change set, record for the log.
fn measure_engine(module: &Module) -> Result<(), Box<dyn Error>> {
    let (mut database, published) = start(module)?;
    let mut log = Vec::new();
    let mut record = Vec::new();
    database.encode_published(&published.ok_or("a new database has a schema")?, &mut record);
    log.push(std::mem::take(&mut record));
    let made = call(&mut database, reducer(module, "init_accounts")?, &ACCOUNTS.to_le_bytes());
    database.encode_logged(&made, &ACCOUNTS.to_le_bytes(), &mut record);
    log.push(std::mem::take(&mut record));

    let empty = reducer(module, "empty")?;
    fastest("engine_empty_call_ns", CALLS_PER_ROUND, || {
        (0..CALLS_PER_ROUND).try_for_each(|_| call(&mut database, empty, &[]).result.map(drop))
    })?;
    let transfer = reducer(module, "transfer")?;
    let calls = ROUNDS * CALLS_PER_ROUND;
    let mut encoded = Vec::with_capacity(usize::try_from(calls)? * 100);
    let mut ends = Vec::with_capacity(usize::try_from(calls)?);
    let mut random = 1u64;
    fastest("engine_transfer_ns", CALLS_PER_ROUND, || {
        (0..CALLS_PER_ROUND).try_for_each(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let from = (random >> 33) % ACCOUNTS;
            let to = (from + 1 + (random >> 20) % (ACCOUNTS - 1)) % ACCOUNTS;
            let mut arguments = [0; 24];
            for (place, value) in arguments.chunks_exact_mut(8).zip([from, to, 1]) {
                place.copy_from_slice(&value.to_le_bytes());
            }
            let outcome = call(&mut database, transfer, &arguments);
            database.encode_logged(&outcome, &arguments, &mut encoded);
            ends.push(encoded.len());
            outcome.result.map(drop)
        })
    })?;

    let begin = Instant::now();
    let mut recovery = Recovery::default();
    let mut offset = 0;
    let mut start = 0;
    let transfers =
        ends.iter().map(|&end| encoded.get(std::mem::replace(&mut start, end)..end).unwrap_or(&[]));
    for payload in log.iter().map(Vec::as_slice).chain(transfers) {
        offset += 1;
        recovery.apply(offset, payload)?;
    }
    let rows = (ACCOUNTS + 2 * calls) as f64;
    println!("figure replay_rows_per_s {:.0} rows/s", rows / begin.elapsed().as_secs_f64());
    Ok(())
}

/// A million rows updated by one call, one by one and in batches, with change set and record for the log.
fn measure_million(module: &Module) -> Result<(), Box<dyn Error>> {
    const ROWS: u64 = 1_000_000;
    let (mut database, _) = start(module)?;
    call(&mut database, reducer(module, "init_accounts")?, &ROWS.to_le_bytes()).result?;
    let count = ROWS.to_le_bytes();
    let mut record = Vec::new();
    for (name, figure, arguments) in [
        ("update_rows", "engine_update_1m_rows_s", &count[..]),
        ("update_rows_batched", "engine_update_1m_rows_batched_s", &[]),
    ] {
        let update = reducer(module, name)?;
        let mut seconds = Vec::new();
        for _ in 0..5 {
            record.clear();
            let begin = Instant::now();
            let outcome = call(&mut database, update, arguments);
            database.encode_logged(&outcome, arguments, &mut record);
            outcome.result?;
            seconds.push(begin.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        println!("figure {figure} {:.3} s", seconds.get(2).copied().unwrap_or(f64::NAN));
    }
    Ok(())
}

/// The record of a call of a connected client that changes two columns of a row.
fn measure_log_bytes(module: &Module) -> Result<(), Box<dyn Error>> {
    let (mut database, _) = start(module)?;
    call(&mut database, reducer(module, "add_quads")?, &ROWS_PER_CALL.to_le_bytes()).result?;
    let set_two = reducer(module, "set_two")?;
    let mut record = Vec::new();
    let mut first_bytes = 0;
    for step in 0..ROWS_PER_CALL {
        let mut arguments = [0; 24];
        for (place, value) in arguments.chunks_exact_mut(8).zip([step, step * step + 1, u64::MAX - step]) {
            place.copy_from_slice(&value.to_le_bytes());
        }
        let outcome = call(&mut database, set_two, &arguments);
        database.encode_logged(&outcome, &arguments, &mut record);
        outcome.result?;
        // The first one names the connection.
        if step == 0 {
            first_bytes = record.len();
        }
    }
    let bytes = (record.len() - first_bytes) as f64 / (ROWS_PER_CALL - 1) as f64;
    println!("figure log_bytes_per_two_column_call {bytes:.1} B");
    Ok(())
}

fn start(module: &Module) -> Result<(Database, Option<Published>), PublishError> {
    Database::start(Recovery::default(), module, ModuleHash::default(), Identity::default(), 7, Timestamp(1))
}

/// Calls of one client, two milliseconds apart.
fn call(database: &mut Database, reducer: u16, arguments: &[u8]) -> CallOutcome {
    let (caller, connection) = (Identity([1; 32]), ConnectionId([2; 16]));
    let now = Timestamp(database.last_offset().cast_signed() * 2_000);
    database.call(CallRequest { caller, connection, reducer, arguments }, now)
}

fn reducer(module: &Module, name: &str) -> Result<u16, String> {
    module
        .schema()
        .reducer(name)
        .map(|(id, _)| id)
        .ok_or_else(|| format!("the testbed has no reducer `{name}`"))
}

/// Prints the nanoseconds per item of the fastest round: whatever else the machine does only ever adds.
fn fastest<E>(name: &str, items: u64, mut round: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut figures = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        round()?;
        figures.push(begin.elapsed().as_nanos() as f64 / items as f64);
    }
    figures.sort_by(f64::total_cmp);
    let figure = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
    println!("figure {name} {:.1} ns", figure(0));
    println!("  ({:.1} ns in the middle of {ROUNDS} rounds)", figure(figures.len() / 2));
    Ok(())
}
