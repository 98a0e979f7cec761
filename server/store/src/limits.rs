//! Named limits of the store. Each says how it was chosen.

/// Bytes of one page of fixed rows. Large enough that a page turn is rare, small enough that a table of ten
/// rows costs little; the largest possible fixed row fits exactly once.
pub const PAGE_BYTES: usize = 32 * 1024;

/// Rows with a heap per page: 24 bytes of bookkeeping each, 3 KiB in all. A page that a snapshot shares is copied
/// row by row at its first write, so it is small: a hundred rows of a transaction copy a hundred of them.
pub const HEAP_ROWS_PER_PAGE: usize = 128;

/// From this length on, a row with a heap is shared by itself and not copied with its page. So a copy of a page is
/// at most 128 KiB.
pub const LARGE_ROW_BYTES_MIN: usize = 1024;

/// Words of one page of a table's bit sets: 32,768 slots, 4 KiB. A table of ten rows takes one, and a snapshot
/// shares them.
pub const WORDS_PER_PAGE: usize = 512;

/// A chunk of a snapshot ends with the row that takes it past this. Large enough that what is done per chunk does
/// not count, small enough to be held a few times over.
pub const CHUNK_BYTES: usize = 1 << 20;

/// No chunk of a snapshot is longer: [`CHUNK_BYTES`], one more row, and a little for the numbers around them.
pub const CHUNK_BYTES_MAX: usize = CHUNK_BYTES + ambit_model::limits::ROW_BYTES_MAX + (1 << 10);

/// Rows side by side in a chunk of a snapshot: those of one page at most, of 8 bytes each or of none.
pub const RUN_ROWS_MAX: usize = PAGE_BYTES / 8;

/// How far apart the slots of a loaded snapshot may lie, as bytes of the rows that would fill them, all tables
/// together; a row counts as 64 bytes at least. The server that wrote the snapshot has held that memory, so it is
/// more than any has; and it bounds what a damaged slot can cost.
pub const LOADED_SPAN_BYTES_MAX: u64 = 1 << 38;

/// Entries of one chunk of a sorted set: 1.5 KiB with 8-byte keys. To insert one moves half of them at most, which costs
/// less than to find the chunk.
pub const SORTED_CHUNK_ENTRIES: usize = 128;

/// With fewer entries a chunk of a sorted set joins its neighbour.
pub const SORTED_CHUNK_ENTRIES_FEW: usize = SORTED_CHUNK_ENTRIES / 4;

/// Slots of a part into which a hash index is sorted when it is built: 128 KiB, which stay in a processor's own cache.
pub const BUILD_PART_SLOTS: usize = 1 << 14;

/// Parts at most: as many lists are written to side by side.
pub const BUILD_PARTS_MAX: usize = 1 << 10;

/// Rows of one table that one transaction may touch. It bounds how far apart slots can lie, and so what a
/// follower has to believe. A reducer that fills a world inserts a few hundred thousand rows.
pub const TRANSACTION_ROWS_MAX: usize = 1 << 22;

/// Bytes that one transaction may write and save for its rollback, all tables together. Bounds memory, and the
/// length of a change set: it stays below 4 GiB with room to spare.
pub const TRANSACTION_BYTES_MAX: usize = 512 << 20;

/// Bytes of each list that a transaction fills and the next one reuses. A tick that changes twenty thousand rows
/// stays below it; what a larger transaction took is given back.
pub const REUSED_BYTES_MAX: usize = 4 << 20;

/// How far a delete may go on: rows that refer to rows that refer to rows. Games nest a few levels; a chain that is
/// longer is a list, which no one means to delete by one of its links.
pub const CASCADE_DEPTH_MAX: usize = 64;

/// Rows that are taken out after a recovery before their old bytes are let go of. Some megabytes at most.
pub const REMOVED_ROWS_PER_STEP: usize = 1 << 16;

/// Numbers of an auto_inc column that one reservation covers at least. A reservation takes some ten bytes of log, so
/// that they do not count beside the inserts; a crash skips as many numbers at most, unless a commit took very many.
pub const RESERVED_NUMBERS_MIN: u64 = 1_024;

/// The part of a type's numbers that one reservation covers at most: one in so many. A crash costs no more of them.
pub const RESERVED_SHARE: u64 = 64;

/// Groups of rows that the error of a migration names. Enough to see what is wrong; a query finds the rest.
pub const MIGRATE_GROUPS_TOLD_MAX: usize = 10;

/// Bytes of a text that is none, in an error's text: enough to recognise an encoding.
pub const DAMAGED_BYTES_TOLD: usize = 8;

/// Bytes of a value in an error's text.
pub const DESCRIPTION_BYTES_MAX: usize = 120;

const _: () = assert!(PAGE_BYTES >= ambit_model::limits::ROW_FIXED_BYTES_MAX);
