//! Named limits of the wire. Each says how it was chosen.

/// Bytes of one message from a client: the largest row (1 MiB) as a call's arguments, and the envelope.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = ambit_model::limits::ROW_BYTES_MAX + 16 * 1024;

/// Bytes of one message from a server. An update is atomic, so the first result of a large subscription is one
/// message: 64 MiB is a million rows of 64 bytes.
pub const SERVER_MESSAGE_BYTES_MAX: usize = 64 << 20;

/// Bytes of what one has to remember to unpack a compressed message (the window of zstd). Its format recommends that
/// every reader affords as many; a server uses an eighth.
pub const COMPRESSION_WINDOW_BYTES_MAX: usize = 8 << 20;

/// Bytes of a call block: what a client gathers between two writes before it begins another message.
pub const CALL_BLOCK_BYTES_MAX: usize = ambit_model::limits::ROW_BYTES_MAX + 8 * 1024;

/// Calls in one block. The smallest entry has 12 bytes, so the block's bytes would allow 88,000; a message
/// must not keep the engine's queue to itself.
pub const CALLS_PER_BLOCK_MAX: usize = 8_192;

/// Bytes of a result block after which a server begins another message. Keeps one burst from delaying updates.
pub const RESULT_BLOCK_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a token. A signed token has a few hundred.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// Bytes of a subscription's SQL. The longest query that the typed builders print is below 1 KiB.
pub const SQL_BYTES_MAX: usize = 4 * 1024;

/// The client's own parameters in one query. The longest queries of the samples name four.
pub const PARAMETERS_MAX: usize = 32;

/// Bytes of a parameter's name, as for the name of a column.
pub const PARAMETER_NAME_BYTES_MAX: usize = ambit_model::limits::NAME_BYTES_MAX;

/// Bytes of the texts and bytes among a query's parameters together. As many as its text may have.
pub const PARAMETER_BYTES_MAX: usize = SQL_BYTES_MAX;

/// Bytes of a text for people: a reducer's error, a refused subscription, a goodbye. Longer ones are cut.
pub const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Subscriptions of one connection at a time. A large game uses about twenty; the lists in an update stay short.
pub const SUBSCRIPTIONS_MAX: usize = 256;

/// Rows that a client claims to hold when it resumes. Twenty times what a player sees of a large world; the rows beyond are sent
/// again. A claim has at most 13 bytes, so they fit a client's message with the largest row's room.
pub const CLAIMS_MAX: usize = 65_536;

/// Updates per second that a client may ask for, other than `f32::INFINITY`. No screen shows more.
pub const RATE_HZ_MAX: f32 = 1_000.0;

/// Tiers of a subscription. Games use two to four; each is a comparison per visible row and flush.
pub const TIERS_MAX: usize = 8;

/// Circles of an inspection: one for each row that a moving circle may have in its centre, four times as many as a query may
/// have conditions.
pub const CIRCLES_MAX: usize = 256;

/// Columns that a tier names: as many as a table has.
pub const TIER_COLUMNS_MAX: usize = ambit_model::limits::COLUMNS_MAX;

/// The lowest rate of a tier, in changes of one row per second: one every hundred seconds. Who wants less wants no row.
pub const TIER_RATE_HZ_MIN: f32 = 0.01;

/// The largest distance of a tier, and the largest hysteresis. Far outside any world in metres, and its square is an ordinary number.
pub const DISTANCE_MAX: f64 = 1e100;

/// The smallest budget of a connection in bytes per second: about sixty changes of a position. With less, a handful of rows
/// would be minutes old.
pub const BUDGET_BYTES_PER_S_MIN: u32 = 1_000;

/// Tables in an envelope: the message, its body, and each parameter with its value. Twice as many, so that who sends too many
/// parameters is told so.
pub(crate) const ENVELOPE_TABLES_MAX: usize = 4 * (1 + PARAMETERS_MAX);

/// Tables in one another: the message, its body, a parameter, its value; and the lists that they lie in.
pub(crate) const ENVELOPE_DEPTH_MAX: usize = 8;
