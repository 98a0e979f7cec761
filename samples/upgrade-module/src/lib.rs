//! A module whose tables have changed since its first version: what goes by itself, and a migration for the rest.
//!
//! A database of version 0 has these tables, all of them public:
//!
//! - `account { id: u64 primary key, gold: u32 ordered index, silver: u32, standing: Good | Bad }`
//! - `hero { id: u32 primary key, title: String }`

use ambit_module::prelude::*;

/// Silver coins in a gold coin.
const SILVER_PER_GOLD: u64 = 20;

/// Was `hero`: the rows are kept, the column is renamed and another one added, all by itself.
#[table(name = champion, public, renamed_from = hero)]
#[derive(Clone, PartialEq, Debug)]
pub struct Champion {
    #[primary_key]
    pub id: u32,
    #[renamed_from(title)]
    pub name: String,
    #[default(1)]
    pub level: u16,
}

/// Was `account`: gold and silver are one sum now, which only this module can know.
#[table(name = purse, public)]
#[derive(Clone, PartialEq, Debug)]
pub struct Purse {
    #[primary_key]
    pub id: u64,
    /// In silver coins.
    pub coins: u64,
    pub standing: Standing,
}

/// What the bank thinks of someone.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum Standing {
    Trusted,
    Watched,
}

/// One row for each upgrade of this database.
#[table(name = upgrade)]
#[derive(Clone, PartialEq, Debug)]
pub struct Upgrade {
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    pub at: Timestamp,
    pub accounts: u64,
    pub rich: u64,
    pub drawn: u64,
}

/// The table as it was in version 0.
#[old_table(from = 0, name = account)]
#[derive(Debug)]
struct AccountV0 {
    #[primary_key]
    id: u64,
    #[index(ordered)]
    gold: u32,
    silver: u32,
    standing: StandingV0,
}

/// The column type as it was in version 0.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
enum StandingV0 {
    Good,
    Bad,
}

/// Turns accounts into purses. Fails where silver was not changed into gold, as the first version promised.
#[migration(from = 0)]
fn accounts_to_purses(ctx: &Migration) -> Result<(), String> {
    let accounts = ctx.old.account_v0();
    for account in accounts.iter() {
        if u64::from(account.silver) >= SILVER_PER_GOLD {
            return Err(format!("account {} has {} silver coins", account.id, account.silver));
        }
        let coins = u64::from(account.gold) * SILVER_PER_GOLD + u64::from(account.silver);
        let standing = match account.standing {
            StandingV0::Good => Standing::Trusted,
            StandingV0::Bad => Standing::Watched,
        };
        ctx.db.purse().try_insert(Purse { id: account.id, coins, standing })?;
    }
    let rich = accounts.gold().range(100..).count() as u64;
    let first = accounts.find(1).map_or(0, |account| account.gold);
    log::info!("{} accounts, {rich} of them rich; the first holds {first} gold coins", accounts.count());
    let (at, accounts, drawn) = (ctx.timestamp, accounts.count(), ctx.rng().next_u64());
    ctx.db.upgrade().insert(Upgrade { id: 0, at, accounts, rich, drawn });
    Ok(())
}

/// Takes coins out of a purse.
#[reducer]
fn spend(ctx: &Context, id: u64, coins: u64) -> Result<(), String> {
    let purse = ctx.db.purse().find(id).ok_or("there is no such purse")?;
    let left = purse.coins.checked_sub(coins).ok_or("the purse does not hold that much")?;
    ctx.db.purse().patch(id).coins(left).apply();
    Ok(())
}
