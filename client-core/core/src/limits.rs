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

/// Subscriptions that stand, or have ended, while there is no connection: as many as a server takes, each replaced once. Half of
/// [`NOTICES_MAX`], since the next connection tells of all of them at once.
pub const SUBSCRIPTIONS_WHILE_LOST_MAX: usize = 2 * ambit_wire::limits::SUBSCRIPTIONS_MAX;

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

/// Round trips of which the shortest tells the server's clock: NTP's number.
pub(crate) const CLOCK_SAMPLES: usize = 8;

/// Two clocks drift apart by one part of so many: 50 in a million, which is more than crystals of today do.
pub(crate) const CLOCK_DRIFT_ONE_IN: u64 = 20_000;

/// An error of the game's clock of more microseconds than this is no drift: a machine slept, or somebody set a clock.
pub(crate) const CLOCK_STEP_US: i64 = 250_000;

/// The game's clock gains or loses at most one part of so many on its way to a better estimate: nobody sees motion that is 6 %
/// faster, and an error of 10 ms is gone in 160.
pub(crate) const CLOCK_SLEW_ONE_IN: i64 = 16;

/// The same of a clock that is ahead by more than [`CLOCK_STEP_US`]: it runs at half speed, because it may not go back.
pub(crate) const CLOCK_FAR_AHEAD_ONE_IN: i64 = 2;

/// The delay of what is shown grows or shrinks by at most one part of so many of the time that passes: motion is 12 % slower or
/// faster meanwhile.
pub(crate) const RENDER_DELAY_SLEW_ONE_IN: i64 = 8;

/// The delay before enough is known: two updates at the default rate.
pub const RENDER_DELAY_FIRST_US: i64 = 100_000;

/// The least delay that adapts: about a frame, below which frames and not updates decide what is smooth.
pub const RENDER_DELAY_MIN_US: i64 = 20_000;

/// The longest delay that adapts. Beyond it players notice that they see the past, and a stutter is the lesser evil.
pub const RENDER_DELAY_MAX_US: i64 = 500_000;

/// The longest delay that a game can fix, such as for a replay on a screen in the hall.
pub const RENDER_DELAY_FIXED_MAX_US: i64 = 2_000_000;

/// Of a hundred values that rows get, how many come in time for the delay that adapts. More would let one hiccup in fifty
/// updates decide.
pub(crate) const RENDER_DELAY_IN_TIME_PERCENT: f32 = 98.0;

/// Microseconds that one bin of the delays that rows needed is wide: finer than a frame.
pub(crate) const DELAY_BIN_US: i64 = 5_000;

/// Bins of the delays that rows needed: a little more than the longest delay, so that what lies beyond is seen to.
pub(crate) const DELAY_BINS: usize = 128;

/// Microseconds after which a delay that a row needed counts half: a bad second is forgotten in some twenty.
pub(crate) const DELAY_HALF_LIFE_US: i64 = 5_000_000;

/// Values that must have come before the delay adapts.
pub(crate) const DELAY_VALUES_MIN: f32 = 8.0;

/// Values of a row and column that are remembered. With more than the delay holds at sixty updates a second they are thinned out.
pub(crate) const HISTORY_VALUES: usize = 8;

/// Values of a table's rows that wait for the game before those are dropped which their rows will not remember; more if the table
/// has more rows.
pub(crate) const ARRIVALS_MIN: usize = 1_024;

/// Motion goes on for at most so many microseconds past the last known value, and then stands: as long as games have
/// extrapolated for decades, because after it a wrong guess is worse than none.
pub const EXTRAPOLATION_MAX_US: i64 = 250_000;

/// What a row's updates are apart before it is known: the default rate of subscriptions.
pub(crate) const INTERVAL_FIRST_US: i64 = 50_000;

/// Between two values that are farther apart than this, or than the delay if that is longer, a row has rested.
pub(crate) const REST_MIN_US: i64 = 500_000;

/// A silence of the whole world that is longer than this is no lost time of a connection: nothing glides through it.
pub(crate) const SILENCE_BRIDGED_MAX_US: i64 = 2_000_000;

/// A step is a jump if it is so many times faster than any two steps in a row so far: sprints and falls are not, teleports are.
pub(crate) const JUMP_SPEED_FACTOR: f64 = 4.0;

/// Steps are taken to last at least so many microseconds when their speed is computed: calls that were held up together commit
/// almost at once.
pub(crate) const STEP_MIN_US: i64 = 20_000;

/// The time over which rows that move are counted: two updates at the default rate.
pub(crate) const LIVELY_WINDOW_US: f64 = 100_000.0;

/// Rows that move, about half as many at twenty updates a second, in a world of which it is not believed that all came to rest at
/// once.
pub(crate) const LIVELY_MIN: f64 = 4.0;

/// How much older than a Pong the updates before it can be: an update waits for its subscription's rate, and commits for a
/// flush.
pub(crate) const PONG_AHEAD_MAX_US: i64 = 250_000;
