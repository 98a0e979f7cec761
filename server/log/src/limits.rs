//! Named limits of the log. Each says how it was chosen.

/// Payload bytes of one record. A call may write at most a quarter of this (the module host's limit), so no
/// commit is refused for its size.
pub const RECORD_PAYLOAD_BYTES_MAX: usize = 256 << 20;

/// Bytes of one segment by default. Large enough that a new one is rare (seconds apart at full load), small
/// enough that zeroing one ahead of time takes well under a second. A larger record gets a larger segment.
pub const SEGMENT_BYTES_DEFAULT: usize = 64 << 20;

/// The smallest segment that makes sense: a header and a few records. Tests use it.
pub const SEGMENT_BYTES_MIN: usize = 256;

/// Bytes collected before a write. A system call per 64 KiB is lost in the cost of the copy.
pub const WRITE_BYTES_MIN: usize = 64 << 10;

/// Bytes of one group: written and then synced together. Bounds the time to the first acknowledgement.
pub const GROUP_BYTES_MAX: usize = 8 << 20;

/// Batches waiting for the log thread. The engine waits when it is full, so memory stays bounded when the
/// disk is slow.
pub const QUEUED_BATCHES_MAX: usize = 64;

/// Bytes of one zeroing write when a segment is prepared.
pub(crate) const ZERO_CHUNK_BYTES: usize = 1 << 20;
