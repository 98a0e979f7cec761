//! Named limits of the follower. Each says how it was chosen.

pub use ambit_wire::limits::{
    PARAMETER_BYTES_MAX, PARAMETER_NAME_BYTES_MAX, PARAMETERS_MAX, SQL_BYTES_MAX,
    SUBSCRIPTIONS_MAX as SUBSCRIPTIONS_PER_CLIENT_MAX,
};

/// Tokens of one query, spaces apart. Sixty-four conditions of eight tokens each, or a list of two hundred values. Bounds how
/// deep a chain of operators nests, and so the stack that the query takes.
pub const SQL_TOKENS_MAX: usize = 512;

/// Nesting of expressions in one query: an operator, NOT and a pair of parentheses are a level each. Real queries nest ten
/// deep; bounds the parser's stack, and that of everything that goes down a tree of conditions.
pub const SQL_DEPTH_MAX: usize = 32;

/// Conditions of one query that AND, OR and NOT join. Each is tested for every row it may concern.
pub const CONDITIONS_MAX: usize = 64;

/// Values of one IN. A team, a hotbar, the zones around a player; each is one entry in the index of filters.
pub const IN_VALUES_MAX: usize = 128;

/// Entries of one filter in the index of filters: as many as values fit into one query's tokens. An area has eight of them.
/// At a hundred bytes each a connection's filters take 7 MB at most. Combinations of several lists of values stay below;
/// a filter that cannot is found by fewer of its columns.
pub const KEY_ENTRIES_PER_FILTER_MAX: usize = 256;

/// Kinds of entries in a table's index of filters, each of which is asked for every row that changes: the columns that must
/// be equal, and the one that must lie in a range or an area. A game's queries have about ten kinds per table.
/// Any client can think of more; those are found by one column each.
pub const KEY_SHAPES_MAX: usize = 32;

/// Look-ups in the store's indexes for one query. Past that, going through the table is as good.
pub const LOOK_UPS_MAX: usize = 256;

/// Tables of one query. From a player to the items in the boxes of its houses are four; each makes every flush that concerns
/// the subscription a search longer.
pub const TABLES_PER_QUERY_MAX: usize = 4;

/// Tables of one query together with those that the rules of its tables join. Twice as many as a client may name.
pub const RULED_TABLES_MAX: usize = 2 * TABLES_PER_QUERY_MAX;

/// Ways in which the rules of a query's tables let a client see its rows, all combinations counted. A table has one or two, and each
/// costs as much as a subscription of its own.
pub const ALTERNATIVES_MAX: usize = 16;

/// Column pairs compared between two tables of a query (`m.zone = p.zone`).
pub const JOIN_COLUMNS_MAX: usize = 4;

/// Rows that may be the centre of one moving circle, or stand at one end of a join. A player's own characters, pets and
/// cameras; each costs a search per flush.
pub const OBSERVERS_PER_CIRCLE_MAX: usize = 256;

/// Rows that may stand between the ends of a join and the table whose rows it selects, in all tables there. A guild's
/// members, all boxes of a player; each costs a search in every flush in which one of them changes, about a millisecond
/// together.
pub const JOINED_ROWS_MAX: usize = 4_096;

/// Different kinds of moving circles (table, position column, joined columns, conditions) at a time. A game has a handful;
/// each may own one grid over its table.
pub const GROUNDS_MAX: usize = 64;

/// Kinds at a time that have joined columns or conditions. Any client can think of many; when there are more, circles share
/// the grid of all rows and test each that they find. The others stay free for the position columns of the schema.
pub const OWN_GROUNDS_MAX: usize = 32;

/// Values of joined columns beyond two per row that are remembered after no row has them. Each takes some tens of bytes.
pub const NAMES_SPARE: usize = 1_024;

/// The largest distance of a row from the origin, along any axis, that the cells of a grid are chosen for. Far outside any
/// world in metres, and sums of it stay finite.
pub const ORDINARY_PLACE_MAX: f64 = 1e100;

/// Columns and distances of one ORDER BY. The primary key decides what they leave open.
pub const ORDER_KEYS_MAX: usize = 4;

/// Rows that one query may show with LIMIT. Four times the longest leaderboard that a player reads; of circles and joins
/// they are found again in every flush that concerns them.
pub const TOP_ROWS_MAX: usize = 4_096;

/// The same for all subscriptions of a connection together. Their places in the order are kept, at about a hundred bytes
/// each with those of the rows that are next: 5 MB at most, unless they are ordered by long texts.
pub const TOP_ROWS_PER_CLIENT_MAX: usize = 16_384;

/// Rows that are known beyond those that a query with ORDER BY and LIMIT shows, at least: so many may go before the next
/// are looked up, which may take all rows of the query.
pub const TOP_SPARE_ROWS_MIN: usize = 64;

/// Circles that are tried for the rows nearest to a point, each twice as wide as the one before, the first as wide as a cell
/// of the index. The last reaches two thousand cells; who is farther from everything is rare enough to go through all rows.
pub const NEAREST_CIRCLES_MAX: usize = 12;

/// Entries of an ordered index that are visited for the first rows of a query, so many and more for each row that is wanted.
/// Past that most do not satisfy the query, or have one value, and going through all rows in their order is as good.
pub const WALK_ROWS_MAX: usize = 1_024;

/// The same, per row that is wanted.
pub const WALK_ROWS_PER_WANTED_MAX: usize = 8;
/// Rows that a grid of remembered positions may lack before it is built anew: these, and one of so many that it has. Each is
/// looked at by every circle; building costs about a microsecond for twenty rows.
pub const STRAYS_MIN: usize = 16;
/// See [`STRAYS_MIN`].
pub const ROWS_PER_STRAY: usize = 256;

/// Milliseconds after which a connection that is flushed at every commit is told what waits for its turn when no commit
/// comes. As long as a period at the default rate.
pub const TURN_MS: i64 = 50;

/// A row that has waited so long in milliseconds comes before all others, or four times as long as the budget needs to send
/// every row once, if that is more. What is nearer or has a higher priority is told more often until then.
pub const OVERDUE_MS_MIN: u32 = 1_000;

/// Milliseconds whose bytes a connection is given at once at most: one period of the lowest rate.
pub const BUDGET_GAIN_MS_MAX: u32 = 1_000;

/// Seconds whose bytes a connection saves up when there is little to tell. A burst when something happens, and no more than
/// what a socket holds.
pub const BUDGET_SAVED_S: f32 = 0.25;

/// The part of a budget that changes of rows get even if rows that enter and leave take all of it.
pub const BUDGET_RESERVE: f32 = 0.25;

/// Flushes of a group of connections after which rows that no longer move are told apart from those that do. A second or more
/// at usual rates; what has come to rest costs a little in each flush until then.
pub const FLUSHES_PER_REST: u32 = 128;

/// Flushes of a group of connections after which its clients are put in the order of their places again. Neighbours share the
/// processor's cache; nobody walks far in three seconds.
pub const FLUSHES_PER_ORDER: u32 = 64;

/// Bytes that room is made for before it is encoded what several clients are told of a filter, if it took so many the last time. A
/// thousand rows with a few columns each; what is larger is rare, and costs more to encode than to make room for.
pub const FILTER_BLOCK_BYTES_EXPECTED_MAX: usize = 32 << 10;

/// Clients that a flush visits on several threads rather than on one, at least. Each takes a microsecond or more, and waking a
/// thread some tens of them.
pub const CLIENTS_ON_THREADS_MIN: usize = 64;

/// Clients that a thread takes at a time, at most. They are neighbours in the world, so that it finds their rows in its cache; and
/// no thread waits long for the last one to finish.
pub const CLIENTS_PER_SHARE_MAX: usize = 128;

/// Clients that are gone through as if nothing were known of them before the first of them is told: their first results are in memory
/// together.
pub const CLIENTS_ANEW_MAX: usize = 256;

/// Words of 64 rows that a filter keeps room for between flushes. Enough for a hundred thousand changed rows in a period; then 24 kB.
pub const FILTER_STAYS_KEPT: usize = 1_536;

/// Outdated entries of the lists of who watches what, below which the lists are not made anew. They also have to be most of
/// all entries; this spares a handful of clients who come and go.
pub const WATCHERS_FORGOTTEN_MIN: usize = 16;

/// Row changes remembered for clients that were not flushed yet. When there are more, the oldest become due at
/// once. At 32 bytes each the memory stays below 70 MB.
pub const PENDING_CHANGES_MAX: usize = 2 << 20;

/// Bytes of old rows remembered together with those changes.
pub const PENDING_IMAGE_BYTES_MAX: usize = 64 << 20;

/// Schema changes that a client may stay connected over. The follower keeps every schema that a client was welcomed with; who
/// publishes more often within one session of a player is at work on the game, and can connect again.
pub const SCHEMA_CHANGES_MAX: usize = 32;

/// Updates per second when a subscription names no rate.
pub const RATE_DEFAULT_HZ: f32 = 20.0;

/// The rates, in updates per second, that connections are grouped by. A rate in between gets the next higher one.
/// All of them share few groups, so that each changed row is encoded a few times per second and not per client. The last is
/// the highest that the wire allows besides infinity.
pub const RATES_HZ: [u32; 16] = [1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 60, 120, 240, 500, 1_000];

const _: () = match RATES_HZ {
    [.., highest] => assert!(highest as f32 == ambit_wire::limits::RATE_HZ_MAX),
};

/// Groups that the connections of one rate are spread over within the period, so that the work of a period does
/// not come all at once. Each phase encodes each changed row once, so more phases cost more.
pub const PHASES: u32 = 5;

/// Clients of every group of a rate before there is another one. So many take a millisecond or so together, and no phase is needed
/// to spread that.
pub const CLIENTS_PER_PHASE: usize = 256;

/// Microseconds for which a row must not have changed before its quantised columns are sent exactly. Longer than from one tick
/// of a slow world to the next, so that a row that moves on is not taken for one at rest; shorter than anybody notices half a
/// step.
pub const REST_US: i64 = 100_000;

/// Rows of a section by which it is decided how their residuals are coded. More of them would hardly decide otherwise.
pub const CODING_SAMPLE_ROWS: usize = 256;
