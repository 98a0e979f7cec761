//! Named limits of the follower. Each says how it was chosen.

/// Bytes of one query's text. The longest query the typed builders print is below 1 KiB.
pub const SQL_BYTES_MAX: usize = 4 * 1024;

/// Nesting of parentheses and expressions in one query. Real queries nest three deep; bounds the parser's stack.
pub const SQL_DEPTH_MAX: usize = 32;

/// Conditions joined by AND in one query. Each is tested for every row it may concern.
pub const CONDITIONS_MAX: usize = 32;

/// Column pairs compared between the two tables of a query (`m.zone = p.zone`).
pub const JOIN_COLUMNS_MAX: usize = 4;

/// Subscriptions of one connection at a time. A large game uses about twenty.
pub const SUBSCRIPTIONS_PER_CLIENT_MAX: usize = 256;

/// Different shapes of moving circles (table, position column, joined columns) at a time. The schema of a game
/// gives a handful; each shape may own one grid over its table.
pub const GRIDS_MAX: usize = 64;

/// Row changes remembered for clients that were not flushed yet. When there are more, the oldest become due at
/// once. At 24 bytes each the memory stays below 50 MB.
pub const PENDING_CHANGES_MAX: usize = 2 << 20;

/// Bytes of old rows remembered together with those changes.
pub const PENDING_IMAGE_BYTES_MAX: usize = 64 << 20;

/// Updates per second when a subscription names no rate.
pub const RATE_DEFAULT_HZ: f32 = 20.0;

/// The rates, in updates per second, that connections are grouped by. A rate in between gets the next higher one.
/// All of them share few groups, so that each changed row is encoded a few times per second and not per client.
pub const RATES_HZ: [u32; 12] = [1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 60];

/// Groups that the connections of one rate are spread over within the period, so that the work of a period does
/// not come all at once. Each phase encodes each changed row once, so more phases cost more.
pub const PHASES: u32 = 4;
