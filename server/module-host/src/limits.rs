//! Named limits of running modules. Each says how it was chosen.

use std::time::Duration;

/// What one module may use. The defaults fit a large game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleLimits {
    /// Time of one call, counted in [`EPOCH_TICK`]s: it ends up to one tick later.
    pub deadline: Duration,
    /// Time of one migration.
    pub migration_deadline: Duration,
    /// Bytes of the module's memory.
    pub memory_bytes: usize,
    /// Elements of the module's function tables.
    pub table_elements: usize,
}

impl Default for ModuleLimits {
    /// One second (a call that takes longer stalls every player), ten minutes for a migration (it runs once, and some
    /// hundred million rows are read and written in that time; players wait for it, so an endless one must end), 256 MiB
    /// (the world lies in the store, not in the module) and 64 Ki functions (ten times what a large Rust module has).
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(1),
            migration_deadline: Duration::from_secs(600),
            memory_bytes: 256 << 20,
            table_elements: 64 << 10,
        }
    }
}

/// Time between two ticks of the epoch: a deadline is kept to this, and a tick costs one atomic addition.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Bytes of a module's WebAssembly. A debug build of a large game stays below it.
pub const MODULE_BYTES_MAX: usize = 64 << 20;

/// Bytes of native stack that a module may use; deeper recursion traps. Half of a Rust thread's default stack.
pub const STACK_BYTES_MAX: usize = 1 << 20;

/// Bytes that one call may write to tables. A quarter of what one log record holds: a change set
/// adds slot, kind and mask to every row, which can take more bytes than a short row itself.
pub const CALL_WRITE_BYTES_MAX: usize = 64 << 20;

/// Log lines of one call that are kept; more are counted, not kept.
pub const CALL_LOG_LINES_MAX: usize = 64;

/// Rows that the open scans of one call may hold together: 128 MiB of slots, three scans of ten million rows.
pub const CURSOR_ROWS_MAX: usize = 32 << 20;

/// Bytes of the smallest call buffer: most calls never ask for a larger one.
pub(crate) const CALL_BUFFER_BYTES_MIN: usize = 4 << 10;

/// Slots of an ended scan's list that are kept for the next; a longer list is freed.
pub(crate) const KEPT_SLOTS_MAX: usize = 64 << 10;
