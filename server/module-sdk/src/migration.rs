//! What a migration is given: the tables as they are, and those that it reads as they were.
//!
//! The tables as they were belong to a version: `Old<1>` gives only what is declared with `#[old_table(from = 1)]`.

use ambit_model::Timestamp;
use ambit_module_abi::CallHeader;

use crate::context::Db;
use crate::rng::Rng;

/// One run of a migration that starts from version `FROM`. It is one transaction: when it fails, the database stays as
/// it was.
#[derive(Debug)]
pub struct Migration<const FROM: u32> {
    /// The moment of the call. It stays the same while the migration runs.
    pub timestamp: Timestamp,
    /// The tables of the module. Those whose rows Ambit could keep or convert by itself hold them.
    pub db: Db,
    /// The tables as they were, to be read.
    pub old: Old<FROM>,
    rng: Rng,
}

/// The tables as they were in version `FROM`. Every `#[old_table(from = …)]` adds a method named after its struct.
///
/// They can only be read, and only by the migration that starts from their version:
///
/// ```compile_fail,E0599
/// # use ambit_module::prelude::*;
/// #[old_table(from = 1, name = player)]
/// struct PlayerV1 {
///     #[primary_key]
///     id: u64,
/// }
///
/// #[migration(from = 2)]
/// fn from_2(ctx: &Migration) {
///     let _ = ctx.old.player_v1().count();
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use ambit_module::prelude::*;
/// #[old_table(from = 1, name = player)]
/// struct PlayerV1 {
///     #[primary_key]
///     id: u64,
/// }
///
/// #[migration(from = 1)]
/// fn from_1(ctx: &Migration) {
///     ctx.old.player_v1().delete(1);
/// }
/// ```
#[derive(Debug)]
pub struct Old<const FROM: u32> {
    _only_from_a_migration: (),
}

impl<const FROM: u32> Migration<FROM> {
    /// Random numbers of this run. A replay draws the same.
    pub fn rng(&self) -> &Rng {
        &self.rng
    }

    pub(crate) fn new(header: &CallHeader) -> Self {
        Self {
            timestamp: header.timestamp,
            db: Db::new(),
            old: Old { _only_from_a_migration: () },
            rng: Rng::new(header.seed),
        }
    }
}
