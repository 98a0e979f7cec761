//! Named limits of the engine. Each says how it was chosen.

/// Ticks of one reducer that run back to back when the server is late; more are skipped and counted. A hitch of
/// a quarter second at 20 ticks a second is caught up, and a server that is too slow does not fall ever further
/// behind.
pub const LATE_TICKS_MAX: u64 = 5;
