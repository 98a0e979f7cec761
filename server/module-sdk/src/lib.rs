//! The crate an Ambit module's author uses: tables, reducers, migrations and the database they run in.
//!
//! ```
//! use ambit_module::prelude::*;
//!
//! /// Everyone who ever joined.
//! #[table(name = player, public)]
//! pub struct Player {
//!     #[primary_key]
//!     pub identity: Identity,
//!     #[unique]
//!     pub name: String,
//!     #[spatial(cell = 32.0)]
//!     pub position: Vec3,
//!     #[index(ordered)]
//!     pub level: u32,
//! }
//!
//! #[reducer]
//! fn join(ctx: &Context, name: String) -> Result<(), InsertError> {
//!     let identity = ctx.sender;
//!     ctx.db.player().try_insert(Player { identity, name, position: Vec3::ZERO, level: 1 })?;
//!     Ok(())
//! }
//!
//! #[reducer]
//! fn move_to(ctx: &Context, position: Vec3) {
//!     ctx.db.player().patch(ctx.sender).position(position).apply();
//! }
//!
//! #[reducer(every = "50ms")]
//! fn heal_the_strong(ctx: &Context, dt: Duration) {
//!     for player in ctx.db.player().level().range(10..) {
//!         log::debug!("{} rests for {} s", player.name, dt.as_secs_f32());
//!     }
//! }
//! ```
//!
//! A module is built for `wasm32-unknown-unknown` as a `cdylib`. Each reducer call is one transaction: when it
//! returns an error or panics, nothing of it remains. Built for another target the crate compiles, so that
//! checks and documentation work there, but there is no database to talk to.

extern crate self as ambit_module;

mod context;
mod migration;
mod rng;

mod table;

mod index;
mod key;

mod rows;

mod patch;
mod quantize;

mod error;

mod operations;
mod scratch;

mod imports;

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod logging;
mod registry;

#[doc(hidden)]
pub mod generated;

pub use ambit_model::{
    Column, ConnectionId, DecodeError, Duration, EntityId, Identity, Row, Schema, Timestamp, Uuid, glam,
};
pub use ambit_module_macros::{Column, migration, old_table, reducer, table};
pub use context::{Context, Db};
pub use error::{DeleteError, InsertError, PatchError, UpdateError};
pub use index::{Index, Position, SpatialIndex};
pub use key::{IntoKey, IntoPrefix, KeyColumns, KeyPart};
pub use log;
pub use migration::{Migration, Old};
pub use patch::PatchTarget;
pub use registry::describe;
pub use rng::{Rng, Uniform};
pub use rows::Rows;
pub use table::{PrimaryKey, Stored, Table, TableHandle};

/// The guide, so that its examples are compiled with those of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/module.md")]
mod guide {}

/// What nearly every module needs.
pub mod prelude {
    pub use crate::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
    pub use crate::log;
    pub use crate::{
        Column, ConnectionId, Context, DeleteError, Duration, EntityId, Identity, InsertError, Migration,
        PatchError, Timestamp, UpdateError, Uuid, migration, old_table, reducer, table,
    };
}
