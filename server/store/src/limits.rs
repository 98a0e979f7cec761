//! Named limits of the store. Each says how it was chosen.

/// Bytes of one page of fixed rows. Large enough that a page turn is rare, small enough that a table of ten
/// rows costs little; the largest possible fixed row fits exactly once.
pub const PAGE_BYTES: usize = 32 * 1024;

/// Rows with a heap per page: 24 bytes of bookkeeping each, 12 KiB in all.
pub const HEAP_ROWS_PER_PAGE: usize = 512;

/// Capacity that the place of a deleted or shrunken row with a heap may keep for its next row.
pub const IDLE_ROW_BYTES_MAX: usize = 4 * 1024;

/// Rows of one table that one transaction may touch. It bounds how far apart slots can lie, and so what a
/// follower has to believe. A reducer that fills a world inserts a few hundred thousand rows.
pub const TRANSACTION_ROWS_MAX: usize = 1 << 22;

/// Bytes that one transaction may write and save for its rollback, all tables together. Bounds memory, and the
/// length of a change set: it stays below 4 GiB with room to spare.
pub const TRANSACTION_BYTES_MAX: usize = 512 << 20;

/// Bytes of each list that a transaction fills and the next one reuses. A tick that changes twenty thousand rows
/// stays below it; what a larger transaction took is given back.
pub const REUSED_BYTES_MAX: usize = 4 << 20;

/// Bytes of a value in an error's text.
pub const DESCRIPTION_BYTES_MAX: usize = 120;

const _: () = assert!(PAGE_BYTES >= ambit_model::limits::ROW_FIXED_BYTES_MAX);
