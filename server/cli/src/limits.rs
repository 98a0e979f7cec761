//! Named limits of the command. Each says how it was chosen.

/// Bytes of an answer that is read whole: a schema at its largest.
pub const ANSWER_BYTES_MAX: u64 = 16 << 20;
