//! Money between accounts: what the benchmarks measure.

use ambit_module::prelude::*;

/// An account.
#[table(name = account, public)]
#[derive(Clone, Copy)]
pub struct Account {
    /// Counted from 0.
    #[primary_key]
    pub id: u64,
    /// In the smallest coin. Never negative.
    pub balance: i64,
}

/// Makes the accounts 0 to `count` with a balance of 1,000 each; existing ones stay.
#[reducer]
fn init_accounts(ctx: &Context, count: u64) {
    let first = ctx.db.account().count();
    ctx.db.account().insert_all((first..count).map(|id| Account { id, balance: 1_000 }));
}

/// Moves money. Fails without a trace if an account is missing or poor.
#[reducer]
fn transfer(ctx: &Context, from: u64, to: u64, amount: i64) -> Result<(), String> {
    if amount < 0 || from == to {
        return Err("an amount of 0 or more goes from one account to another".into());
    }
    let accounts = ctx.db.account();
    let source = accounts.find(from).ok_or_else(|| format!("there is no account {from}"))?;
    let target = accounts.find(to).ok_or_else(|| format!("there is no account {to}"))?;
    if source.balance < amount {
        return Err(format!("account {from} has {}, not {amount}", source.balance));
    }
    let full = || format!("account {to} is full");
    accounts.update(Account { balance: source.balance - amount, ..source });
    accounts.update(Account { balance: target.balance.checked_add(amount).ok_or_else(full)?, ..target });
    Ok(())
}

/// Does nothing.
#[reducer]
fn empty(_ctx: &Context) {}

/// Looks up and updates the accounts 0 to `count`, one by one.
#[reducer]
fn update_rows(ctx: &Context, count: u64) -> Result<(), String> {
    let accounts = ctx.db.account();
    for id in 0..count {
        let account = accounts.find(id).ok_or_else(|| format!("there is no account {id}"))?;
        accounts.update(Account { balance: account.balance + 1, ..account });
    }
    Ok(())
}

/// Reads all accounts and writes them back in batches.
#[reducer]
fn update_rows_batched(ctx: &Context) {
    let accounts = ctx.db.account();
    let richer = accounts.iter().map(|account| Account { balance: account.balance + 1, ..account });
    accounts.update_all(richer);
}

/// Changes one column of the accounts 0 to `count`, one by one.
#[reducer]
fn patch_rows(ctx: &Context, count: u64, balance: i64) {
    for id in 0..count {
        ctx.db.account().patch(id).balance(balance).apply();
    }
}

/// Logs how many accounts there are and what they hold together.
#[reducer]
fn log_total(ctx: &Context) {
    let accounts = ctx.db.account();
    let total: i64 = accounts.iter().map(|account| account.balance).sum();
    log::info!("{} accounts hold {total}", accounts.count());
}
