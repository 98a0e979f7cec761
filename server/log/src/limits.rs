//! Named limits of the log and of snapshot files. Each says how it was chosen.

/// Payload bytes of one record. A call may write at most a quarter of this (the module host's limit), so no
/// commit is refused for its size.
pub const RECORD_PAYLOAD_BYTES_MAX: usize = 256 << 20;

/// Bytes of a frame's entries, unless a single one is larger. The header's 24 bytes are lost in it, and a torn frame,
/// of which nothing is kept, is one write.
pub const FRAME_BYTES_MAX: usize = 64 << 10;

/// Bytes of one segment by default. Large enough that a new one is rare (seconds apart at full load), small
/// enough that zeroing one ahead of time takes well under a second. A larger record gets a larger segment.
pub const SEGMENT_BYTES_DEFAULT: usize = 64 << 20;

/// The smallest segment that makes sense: a header and a few records. Tests use it.
pub const SEGMENT_BYTES_MIN: usize = 256;

/// The largest file that is read as a segment, and the largest segment that is made: well above what the largest record
/// needs. Bounds the memory that a strange file in the log's folder can cost.
pub const SEGMENT_BYTES_MAX: usize = 1 << 30;

/// Bytes collected before a write. A system call per 64 KiB is lost in the cost of the copy.
pub const WRITE_BYTES_MIN: usize = 64 << 10;

/// Bytes of one group: written and then synced together. Bounds the time to the first acknowledgement.
pub const GROUP_BYTES_MAX: usize = 8 << 20;

/// Batches waiting for the log thread. The engine waits when it is full, so memory stays bounded when the
/// disk is slow.
pub const QUEUED_BATCHES_MAX: usize = 64;

/// Bytes of one chunk of a snapshot. Large enough that its header and a call per chunk are lost in it; it is also the
/// most that a reader holds at once.
pub const SNAPSHOT_CHUNK_BYTES_MAX: usize = 4 << 20;

/// Bytes of a snapshot collected before a write, and read at once.
pub const SNAPSHOT_BUFFER_BYTES: usize = 1 << 20;

/// Bytes of a snapshot written between two syncs. Without them, gigabytes of unwritten pages would pile up, and the log's
/// next sync would wait for all of them; a disk of 500 MB/s takes 64 ms for this many.
pub const SNAPSHOT_SYNC_BYTES: usize = 32 << 20;

/// Bytes of one zeroing write when a segment is prepared.
pub(crate) const ZERO_CHUNK_BYTES: usize = 1 << 20;

/// Bytes of a frame up to which a scan computes its checksum directly. Above, it is put together from checksums of
/// prefixes, so that headers planted in a record's payload cannot make the scan take hours.
pub(crate) const SCAN_DIRECT_BYTES_MAX: usize = 16 << 10;

/// Distance of the prefixes whose checksums a scan keeps: 4 bytes of memory for 256 that are scanned.
pub(crate) const SCAN_PREFIX_BYTES: usize = 256;

/// Zeros that a scan steps over at once.
pub(crate) const SCAN_ZERO_BYTES: usize = 256;
