//! Tables in memory: rows in pages, indexes, one transaction at a time, and change sets.
//!
//! The engine writes here and commits; followers and recovery apply what it committed and hold the same rows in the
//! same slots. The crate leaves out everything around that: no IO, no clock, no threads, no queries beyond one index.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod limits;

mod change_set;
mod error;
mod lookup;
mod store;

mod frozen;
mod loader;
mod migration;
mod references;

mod table;

mod index;
mod page;
mod rows;
mod slots;

mod auto_inc;
mod body;
mod describe;
mod reader;
mod reuse;

pub use change_set::{AppliedChange, ChangeKind, ChangeSet, Changes};
pub use error::{
    ApplyError, ApplyErrorKind, DeleteError, InsertError, LookupError, PositionError, RowError,
    TransactionLimit, UniqueViolation, UpdateError,
};
pub use frozen::{FreezeError, FrozenStore};
pub use index::is_within;
pub use loader::{LoadError, LoadErrorKind, StoreLoader};
pub use lookup::{Bounds, KeyPrefix};
pub use migration::{
    Change, ChangeWhat, ColumnSource, DanglingReferences, Duplicates, Effect, Former, Group, MigrateError,
    Plan, TablePlan, ValueError, plan, settled,
};
pub use references::{Dangling, ReferenceName, ReferenceViolation};
pub use store::Store;
