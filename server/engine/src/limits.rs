//! Named limits of the engine. Each says how it was chosen.

/// Ticks of one reducer that run back to back when the server is late; more are skipped and counted. A hitch of
/// a quarter second at 20 ticks a second is caught up, and a server that is too slow does not fall ever further
/// behind.
pub const LATE_TICKS_MAX: u64 = 5;

/// Changes of a schema that a message about it names; the others are counted. A few tell an author which module it was.
pub const CHANGES_TOLD_MAX: usize = 4;
