//! Named limits of the client core. Each says how it was chosen.

/// Bytes that a compressed message is unpacked by at a time: how far it can grow past what it announces before that is noticed.
pub(crate) const UNPACKED_STEP_BYTES: usize = 256 << 10;

/// Calls that may wait for a result. At 20 calls per frame this is minutes of a server that does not answer.
pub const CALLS_IN_FLIGHT_MAX: usize = 65_536;

/// Failures of quiet calls that wait for the game; more are dropped. A game that is slow to ask wants the first ones.
pub const QUIET_FAILURES_MAX: usize = 1_024;

/// Bytes that may wait to be sent. A few of the largest calls; beyond it the connection does not keep up.
pub const OUTGOING_BYTES_MAX: usize = 4 << 20;

/// Control messages (subscribe, unsubscribe, parameters, ping) that may wait to be sent.
pub const OUTGOING_MESSAGES_MAX: usize = 4_096;

/// News of subscriptions that wait for a tick: every subscription can begin, end and fail once, with slack.
pub const NOTICES_MAX: usize = 4 * ambit_wire::limits::SUBSCRIPTIONS_MAX;

/// Subscriptions whose state is remembered; beyond it those that have ended are forgotten. Above what can be alive
/// at once, so that only a game that keeps replacing its subscriptions ever forgets one.
pub const SUBSCRIPTION_STATES_MAX: usize = 4 * ambit_wire::limits::SUBSCRIPTIONS_MAX;

/// Refused changes of parameters that are remembered; beyond it the oldest are forgotten. A game that makes mistakes at every
/// tick still finds those of the last seconds.
pub const CHANGE_REFUSALS_MAX: usize = 256;

/// Rows that a client holds in one table: far more than a player sees, far less than would exhaust a game's
/// memory with small rows.
pub const ROWS_PER_TABLE_MAX: usize = 1 << 24;

/// Grid cells that `near` visits at most; for a larger circle it walks over all rows instead.
pub(crate) const CELLS_VISITED_MAX: u64 = 4_096;
