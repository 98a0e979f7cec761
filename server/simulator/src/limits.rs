//! Named limits of simulated worlds. Each says how it was chosen.

/// Tables of a random schema. Enough for a chain of references and one table of each durability.
pub(crate) const TABLES_MAX: usize = 5;

/// Columns of a random table beside its key, position and references.
pub(crate) const COLUMNS_MAX: usize = 5;

/// Rows of a table from which on a random transaction deletes more than it inserts. The naive model looks at every row,
/// so small tables make many worlds.
pub(crate) const ROWS_WANTED: usize = 40;

/// Microseconds between two transactions of the database itself, on average.
pub(crate) const TICK_US: u64 = 8_000;

/// Microseconds between two things that a client does, on average.
pub(crate) const CLIENT_US: u64 = 6_000;

/// Microseconds that a commit waits for its sync, at most: several commits share one.
pub(crate) const SYNC_US_MAX: i64 = 12_000;

/// Microseconds that a commit is under way to the follower, at most.
pub(crate) const FOLLOW_US_MAX: i64 = 4_000;

/// Events of one world. A world that does not come to its end by then has stopped making commits.
pub(crate) const STEPS_MAX: u64 = 200_000;

/// Starts that may fail one after the other before the disks are made to behave.
pub(crate) const START_FAILURES_MAX: u32 = 6;

/// Bytes of a segment of the log: small, so that a short world fills several.
pub(crate) const SEGMENT_BYTES: [usize; 3] = [2_048, 8_192, 65_536];

/// Microseconds that a world goes on after its last commit, so that everything under way arrives.
pub(crate) const SETTLE_US: i64 = 4_000_000;

/// Microseconds after which everybody holds everything if nobody writes: a second and eight rounds of a budget, in each of which the
/// smallest sends every row of a world.
pub(crate) const REST_US_MAX: i64 = 30_000_000;
