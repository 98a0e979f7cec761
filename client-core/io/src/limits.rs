//! Named limits of a connection. Each says how it was chosen.

use std::time::Duration;

/// Tiers of a subscription, and columns that one of them names.
pub use ambit_wire::limits::{TIER_COLUMNS_MAX, TIERS_MAX};

/// From the connect call to the Welcome. A schema over a bad mobile line takes seconds, not more.
pub const CONNECT_MAX: Duration = Duration::from_secs(15);

/// From the wish to disconnect to the end: what waits to be sent, and the server's word that it has it all, get
/// this long.
pub const CLOSE_MAX: Duration = Duration::from_secs(1);

/// Between two pings: often enough for a figure on the screen, and to keep routers from forgetting the line.
pub const PING_EVERY: Duration = Duration::from_secs(2);

/// Between the first pings of a connection: the server's clock is soon known well, before a game has loaded its first scene.
pub const PING_EVERY_FIRST: Duration = Duration::from_millis(200);

/// How many pings are the first: as many as the clock's filter holds.
pub(crate) const PINGS_FIRST: u32 = 8;

/// Without any byte from the server, pongs included, the line is taken as dead: five pings unanswered.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);

/// How long a thread that waits looks for news by itself, giving way to others, before it sleeps: about the time of a
/// call and its answer on one machine. Waking a thread costs as much as the answer.
pub(crate) const WAKEFUL_MAX: Duration = Duration::from_micros(100);

/// Bytes read from the socket at once. Larger buffers cost more than they save for small messages.
pub(crate) const READ_BUFFER_BYTES: usize = 4_096;

/// Letters of a database's name.
pub const DATABASE_NAME_BYTES_MAX: usize = 64;
