//! What the module host and a WebAssembly module agree on: ABI version 1 (docs/formats/module-abi.md).
//!
//! A module is a core WebAssembly module. The host calls its exports with plain integers; everything larger lies
//! in the module's memory. This crate holds the names, numbers and byte forms that both sides use. It leaves out
//! who reads the memory (ambit-module-host) and who writes it (ambit-module).

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod call;

mod status;

mod batch;

mod bounds;

pub use batch::{BatchEntry, BatchError, BatchReader, BatchWriter, push_entry};
pub use bounds::{BoundsError, KeyBounds, KeyPrefix};
pub use call::{CallHeader, CallHeaderError};
pub use status::{ErrorCode, pack, unpack};

/// The version that this crate describes; a module states its own with the export [`export::ABI_VERSION`].
pub const ABI_VERSION: u32 = 1;

/// The module name of every import.
pub const IMPORT_MODULE: &str = "ambit";

/// `kind` of `ambit_call` for a reducer of any lifecycle; `id` is the reducer's id.
pub const CALL_REDUCER: u32 = 0;

/// `kind` of `ambit_call` for a migration; `id` is its position in the schema's `migrations`. While it runs, the ids that
/// follow those of the module's tables name the migration's `reads`, in their order; these only answer.
pub const CALL_MIGRATION: u32 = 1;

/// `ambit_call`: the reducer or migration succeeded; the transaction commits.
pub const CALL_OK: i32 = 0;

/// `ambit_call`: the reducer or migration returned an error, whose text it gave by the import `fail`; the transaction rolls back.
pub const CALL_FAILED: i32 = 1;

/// `ambit_call`: the module has no such reducer or migration.
pub const CALL_UNKNOWN: i32 = 2;

/// `ambit_call`: the header or the arguments are not what the schema says.
pub const CALL_BAD_ARGUMENTS: i32 = 3;

/// `index` of `scan` that stands for all rows of the table in slot order, without bounds.
pub const ALL_ROWS: u32 = u32::MAX;

/// Names of a module's exports.
pub mod export {
    /// The linear memory.
    pub const MEMORY: &str = "memory";
    /// `() -> u32`: [`crate::ABI_VERSION`].
    pub const ABI_VERSION: &str = "ambit_abi_version";
    /// `() -> u64`: address in the upper, length in the lower half, of the encoded schema.
    pub const DESCRIBE: &str = "ambit_describe";
    /// `(len: u32) -> u32`: address of `len` bytes, aligned to 8, that live as long as the instance; 0 when there
    /// is no room.
    pub const ALLOC: &str = "ambit_alloc";
    /// `(kind: u32, id: u32, args_ptr: u32, args_len: u32) -> i32`: runs one call.
    pub const CALL: &str = "ambit_call";
}

/// Names of the functions that a module imports from [`IMPORT_MODULE`].
pub mod import {
    /// `(table u32, index u32, key_ptr u32, key_len u32, out_ptr u32, out_cap u32) -> i64`
    pub const GET: &str = "get";
    /// `(table u32, rows_ptr u32, rows_len u32) -> i64`
    pub const INSERT: &str = "insert";
    /// `(table u32, index u32, rows_ptr u32, rows_len u32) -> i64`
    pub const UPDATE: &str = "update";
    /// `(table u32, index u32, key_ptr u32, key_len u32, mask u64, packed_ptr u32, packed_len u32) -> i64`
    pub const PATCH: &str = "patch";
    /// `(table u32, index u32, key_ptr u32, key_len u32) -> i64`
    pub const DELETE: &str = "delete";
    /// `(table u32, index u32, bounds_ptr u32, bounds_len u32, out_ptr u32, out_cap u32) -> i64`
    pub const SCAN: &str = "scan";
    /// `(table u32, index u32, x f64, y f64, z f64, radius f64, out_ptr u32, out_cap u32) -> i64`
    pub const NEAR: &str = "near";
    /// `(cursor u32, out_ptr u32, out_cap u32) -> i64`
    pub const SCAN_NEXT: &str = "scan_next";
    /// `(cursor u32) -> i64`
    pub const SCAN_CLOSE: &str = "scan_close";
    /// `(table u32) -> i64`
    pub const COUNT: &str = "count";
    /// `(level u32, ptr u32, len u32)`: level 1 error, 2 warn, 3 info, 4 debug, 5 trace.
    pub const LOG: &str = "log";
    /// `(ptr u32, len u32)`
    pub const FAIL: &str = "fail";
    /// `(out_ptr u32, out_cap u32) -> i64`
    pub const ERROR_TEXT: &str = "error_text";
    /// `(ptr u32, len u32)`, does not return.
    pub const ABORT: &str = "abort";
}
