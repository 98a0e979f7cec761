//! Every way to fail. After each of them the database is as before.

use ambit_module::prelude::*;

use crate::accounts::{Account, AccountAccess};

/// Changes a row, then panics.
#[reducer]
fn panic_after_write(ctx: &Context, message: String) {
    ctx.db.account().insert(Account { id: u64::MAX, balance: 1 });
    panic!("{message}");
}

/// Changes a row, then returns an error.
#[reducer]
fn fail_after_write(ctx: &Context, message: String) -> Result<(), String> {
    ctx.db.account().insert(Account { id: u64::MAX, balance: 1 });
    Err(message)
}

/// Inserts the same key twice and does not handle the refusal.
#[reducer]
fn insert_twice(ctx: &Context) {
    ctx.db.account().insert(Account { id: u64::MAX, balance: 1 });
    ctx.db.account().insert(Account { id: u64::MAX, balance: 2 });
}

/// Inserts the same key twice and goes on with the first.
#[reducer]
fn insert_twice_and_go_on(ctx: &Context, id: u64) -> Result<(), String> {
    ctx.db.account().insert(Account { id, balance: 1 });
    match ctx.db.account().try_insert(Account { id, balance: 2 }) {
        Err(InsertError::UniqueViolation(text)) => {
            log::warn!("as expected: {text}");
            Ok(())
        }
        other => Err(format!("the twin was not refused: {:?}", other.map(|account| account.balance))),
    }
}

/// Never ends.
#[reducer]
fn loop_forever(ctx: &Context) {
    let mut sum = 0u64;
    loop {
        sum = std::hint::black_box(sum).wrapping_add(ctx.rng().next_u64());
    }
}

/// Never ends, and writes all the time.
#[reducer]
fn write_forever(ctx: &Context) {
    for id in 0.. {
        ctx.db.account().try_insert(Account { id: u64::MAX - id, balance: 0 }).ok();
    }
}

/// Takes memory until there is none.
#[reducer]
fn allocate_forever(_ctx: &Context) {
    let mut blocks = Vec::new();
    loop {
        blocks.push(std::hint::black_box(vec![1u8; 1 << 20]));
    }
}

/// Calls itself until the stack ends.
#[reducer]
fn recurse_forever(_ctx: &Context) {
    fn deeper(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 64]);
        match frame[(depth % 64) as usize] {
            u64::MAX => 0,
            depth => deeper(depth + 1).wrapping_add(frame[1]),
        }
    }
    log::info!("{}", deeper(0));
}

/// Opens scans and never closes them.
#[reducer]
fn open_many_scans(ctx: &Context) {
    let mut scans = Vec::new();
    for _ in 0..1_000 {
        let mut rows = ctx.db.account().iter();
        rows.next();
        scans.push(rows);
    }
}

/// Logs a text of this many bytes at every level.
#[reducer]
fn log_much(_ctx: &Context, bytes: u32) {
    let text = "é".repeat(bytes as usize / 2);
    log::error!("{text}");
    log::warn!("{text}");
    log::info!("{text}");
    log::debug!("{text}");
    log::trace!("{text}");
}
