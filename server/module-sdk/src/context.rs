//! What a reducer is given: who calls, when, random numbers and the database.

use ambit_model::{ConnectionId, Duration, Identity, Timestamp};
use ambit_module_abi::CallHeader;

use crate::rng::Rng;
use crate::table::{Table, TableHandle};

/// One reducer call.
#[derive(Debug)]
pub struct Context {
    /// Who calls. In `init` and ticks the database itself.
    pub sender: Identity,
    /// The caller's connection; none when the server calls or the call came over HTTP.
    pub connection: Option<ConnectionId>,
    /// The moment of the call. It stays the same while the reducer runs.
    pub timestamp: Timestamp,
    /// The tables.
    pub db: Db,
    dt: Duration,
    rng: Rng,
}

/// The tables. Every `#[table]` adds a method of its name.
#[derive(Debug)]
pub struct Db {
    _only_from_a_call: (),
}

impl Context {
    /// Random numbers of this call. A replay of the call draws the same.
    pub fn rng(&self) -> &Rng {
        &self.rng
    }

    /// In a tick exactly the declared interval, zero otherwise.
    pub fn dt(&self) -> Duration {
        self.dt
    }

    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "only a module's exports make one"))]
    pub(crate) fn new(header: &CallHeader) -> Self {
        Self {
            sender: header.sender,
            connection: Some(header.connection).filter(|connection| *connection != ConnectionId::default()),
            timestamp: header.timestamp,
            db: Db::new(),
            dt: header.dt,
            rng: Rng::new(header.seed),
        }
    }
}

impl Db {
    pub(crate) fn new() -> Self {
        Self { _only_from_a_call: () }
    }

    /// The table of this row type; for generic code. Everything else says `ctx.db.player()`.
    pub fn table<T: Table>(&self) -> TableHandle<T> {
        TableHandle::new()
    }
}
