//! Named limits of the module ABI. Each says how it was chosen.

use ambit_model::limits::ROW_BYTES_MAX;

/// Cursors that one call may hold open. Nested loops over tables go a few deep; 64 is far past that.
pub const CURSORS_MAX: usize = 64;

/// Bytes of one buffer that a module hands to `insert`, `update` or `scan`: 16 MiB. One crossing with this many
/// bytes costs nothing that a second crossing would make worse.
pub const BATCH_BYTES_MAX: usize = 16 << 20;

/// Bytes of the text of an error, a log line or a panic. Longer texts are cut.
pub const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Bytes that hold any one row as a batch entry: what a module grows its buffer to at most.
pub const ENTRY_BYTES_MAX: usize = ROW_BYTES_MAX + 64;

/// Bytes of the arguments of one call. One row.
pub const ARGUMENT_BYTES_MAX: usize = ROW_BYTES_MAX;
