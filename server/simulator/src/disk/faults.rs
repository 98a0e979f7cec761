//! What goes wrong with a disk, and how often.

/// Rates of a disk's faults. Each is "once in so many operations"; 0 is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskFaults {
    /// A sync of a file fails: of what was not synced, any part may be stored and the rest never will be, although the
    /// system goes on showing it until the power fails.
    pub failing_sync: u64,
    /// A write fails half done.
    pub failing_write: u64,
    /// A sync of the names fails.
    pub failing_name_sync: u64,
    /// A read fails.
    pub failing_read: u64,
    /// A power failure flips one stored bit as well.
    pub flipped_bit: u64,
    /// Bytes that the disk holds; 0 is without bound.
    pub capacity: u64,
}
