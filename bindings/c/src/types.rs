//! The structs and numbers of the C ABI.

use ambit_client::{Client, Inspection};

/// One connection to a database, with its cache. Belongs to one thread at a time.
pub struct AmbitClient {
    pub(crate) client: Client,
    pub(crate) events: Vec<AmbitEvent>,
    pub(crate) results: Vec<AmbitResult>,
    pub(crate) locals: Vec<u32>,
    pub(crate) circles: Vec<AmbitCircle>,
    pub(crate) tiers: Vec<AmbitTierInForce>,
    pub(crate) text: String,
}

/// UTF-8 text with its length; not terminated. NULL is allowed when the length is 0.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitText {
    /// First byte.
    pub bytes: *const u8,
    /// Count of bytes.
    pub length: usize,
}

/// Where to connect, and as whom.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitOptions {
    /// The server: `ws://host:port` or `host:port`.
    pub uri: AmbitText,
    /// The database's name.
    pub database: AmbitText,
    /// The token of an earlier connection, to be the same player again; empty for a new player.
    pub token: AmbitText,
}

/// Where a connection stands.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmbitState {
    /// Not yet welcomed by the server.
    Connecting = 0,
    /// Welcomed.
    Connected = 1,
    /// Over; ambit_client_reason says why.
    Disconnected = 2,
}

/// How a subscription stands.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmbitSubscriptionState {
    /// No result yet.
    Pending = 0,
    /// Its rows are in the cache.
    Applied = 1,
    /// Ended as asked.
    Ended = 2,
    /// Refused by the server.
    Failed = 3,
}

/// What a parameter of a query holds: the `kind` of an AmbitParameter.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmbitParameterKind {
    /// `low`, 0 for false.
    Bool = 0,
    /// `low` and `high`.
    Integer = 1,
    /// `x`.
    Float = 2,
    /// `bytes`, UTF-8.
    Text = 3,
    /// `bytes`.
    Bytes = 4,
    /// `x` and `y`.
    Point2 = 5,
    /// `x`, `y` and `z`.
    Point3 = 6,
}

/// The value of a name in a query. Only the fields of its kind are read; everything is copied.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitParameter {
    /// Without the colon.
    pub name: AmbitText,
    /// Text or bytes.
    pub bytes: AmbitText,
    /// The lower half of an integer of 128 bits.
    pub low: u64,
    /// Its upper half. For a number of 64 bits: 0, or -1 if it is negative.
    pub high: i64,
    /// A float, or a point's first coordinate.
    pub x: f64,
    /// A point's second coordinate.
    pub y: f64,
    /// A point's third coordinate.
    pub z: f64,
    /// An AmbitParameterKind.
    pub kind: i32,
}

/// What rows up to a distance from the centre of a query's circle are told of.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitTier {
    /// Up to which distance, border included, in units of the position.
    pub distance: f64,
    /// Changes of one row per second. 0 and infinity: one per update.
    pub rate: f32,
    /// Names of the columns whose changes are told while the row changes; NULL is allowed when there are none.
    pub columns: *const AmbitText,
    /// Count of columns. 0: all columns of the table.
    pub column_count: usize,
}

/// How the rows of a subscription are delivered. All zeros: every change at the server's default rate. Everything is
/// copied.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitDelivery {
    /// Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update
    /// per commit.
    pub rate: f32,
    /// A row enters a circle at its radius and leaves at its radius plus this, in units of the position.
    pub hysteresis: f64,
    /// By rising distance from the circle's centre; the last one holds to the border, wherever that is. NULL is
    /// allowed when there are none.
    pub tiers: *const AmbitTier,
    /// Count of tiers. 0: every change at the subscription's rate.
    pub tier_count: usize,
    /// Bytes per second that the connection is to be sent; changes of rows wait for their turn. 0: as many as there
    /// are.
    pub budget: u32,
    /// Not 0: the connection is only told what is durable, for all of its subscriptions from this one on.
    pub confirmed: u32,
}

/// A circle, or a sphere, in units of the position.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct AmbitCircle {
    /// Its centre; in two dimensions `z` is 0.
    pub x: f64,
    /// Its centre.
    pub y: f64,
    /// Its centre.
    pub z: f64,
    /// At which rows enter.
    pub radius: f64,
}

/// A tier of a subscription, and what it holds.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct AmbitTierInForce {
    /// Up to which distance, border included, in units of the position.
    pub distance: f64,
    /// Changes of one row are at least so many milliseconds apart; 0 for one per update.
    pub interval_ms: u32,
    /// Rows that lie in it.
    pub rows: u32,
}

/// What is in force in a subscription, as of one update. The lists stay in place until the next
/// ambit_client_inspection of this client.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitInspection {
    /// The commit that the cache equalled then.
    pub offset: u64,
    /// Rows leave its circles at the radius plus this.
    pub hysteresis: f64,
    /// Where its rows lie, if the query says so by distance: in any of these if they move, in all of them otherwise.
    pub circles: *const AmbitCircle,
    /// Count of circles.
    pub circle_count: usize,
    /// From near to far; the last one holds to the border.
    pub tiers: *const AmbitTierInForce,
    /// Count of tiers.
    pub tier_count: usize,
    /// Rows that the client holds because of it. It may hold some of them because of others too.
    pub rows: u32,
    /// Those of them that have changes which the client is still to be told.
    pub waiting: u32,
    /// Updates per second of the connection; infinity for one per commit.
    pub rate: f32,
    /// Bytes per second that its changes compete for; 0 for no bound.
    pub budget: u32,
}

/// What happened to a row: the `kind` of an AmbitEvent.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmbitEventKind {
    /// It entered the cache.
    Insert = 0,
    /// It changed.
    Update = 1,
    /// It left the cache.
    Delete = 2,
}

/// One change of a row. The rows stay in place until the next tick.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitEvent {
    /// Table id.
    pub table: u16,
    /// An AmbitEventKind.
    pub kind: u8,
    /// Of a delete: 0 deleted, 1 out of range, 2 no longer matching, 3 not permitted, 4 unsubscribed.
    pub reason: u8,
    /// The row's number in its table.
    pub slot: u32,
    /// The row before; NULL for an insert.
    pub old_row: *const u8,
    /// The row now; NULL for a delete.
    pub new_row: *const u8,
    /// Bytes of `old_row`.
    pub old_length: u32,
    /// Bytes of `new_row`.
    pub new_length: u32,
}

/// What became of a reducer call. The message stays in place until the next tick.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitResult {
    /// The number that ambit_client_call gave.
    pub request: u32,
    /// 0 committed, 1 the reducer's error, 2 rejected.
    pub status: u32,
    /// The commit's offset; 0 if nothing was committed.
    pub offset: u64,
    /// The error; empty when committed.
    pub message: AmbitText,
}

/// What a tick hands out. Everything stays in place until the next tick.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitTick {
    /// Changes of rows. What earlier ticks left over comes first; then, of what this tick brought, departures
    /// before arrivals.
    pub events: *const AmbitEvent,
    /// Count of events.
    pub event_count: usize,
    /// Results of calls.
    pub results: *const AmbitResult,
    /// Count of results.
    pub result_count: usize,
    /// The commit that the cache equals.
    pub offset: u64,
    /// Every commit up to this offset is durable.
    pub durable_offset: u64,
    /// The time of that commit in microseconds since 1970 UTC.
    pub timestamp: i64,
}

/// A row in the cache, 8-aligned. It stays in place until the next tick.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitRow {
    /// First byte.
    pub bytes: *const u8,
    /// Count of bytes.
    pub length: u32,
    /// The row's number in its table.
    pub slot: u32,
}

/// What generated code compares with what it was made from.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitTableInfo {
    /// A number that differs when columns or indexes differ.
    pub fingerprint: u64,
    /// Bytes of a row's fixed part.
    pub fixed_bytes: u32,
    /// Table id.
    pub table: u16,
    /// 1 if every row is its fixed part alone.
    pub is_fixed: u16,
}

/// What generated code compares with what it was made from.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AmbitReducerInfo {
    /// A number that differs when the parameters differ.
    pub fingerprint: u64,
    /// Bytes of the fixed part of the row of arguments.
    pub fixed_bytes: u32,
    /// Reducer id.
    pub reducer: u32,
}

/// Figures of a connection.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct AmbitStatistics {
    /// Bytes of messages from the server.
    pub bytes_received: u64,
    /// Messages from the server.
    pub messages_received: u64,
    /// Updates among them.
    pub updates_received: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Messages sent.
    pub messages_sent: u64,
    /// Microseconds to the server and back; 0 before the first measurement.
    pub round_trip_us: u64,
    /// The server's clock minus the client's, in microseconds.
    pub clock_offset_us: i64,
    /// Rows that changed and wait for a tick.
    pub rows_pending: u64,
    /// Events that wait for a tick with room.
    pub events_pending: u64,
    /// Calls without a result.
    pub calls_in_flight: u64,
    /// Bytes that wait to be sent.
    pub outgoing_bytes: u64,
    /// How far the measurements of the server's clock lie from the one that counts, in microseconds.
    pub clock_jitter_us: u64,
    /// How far ambit_client_render_time is behind the server's clock, or is going to be, in microseconds.
    pub render_delay_us: i64,
}

/// Figures of one table.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct AmbitTableStatistics {
    /// Bytes received for it.
    pub bytes: u64,
    /// Rows that entered.
    pub inserts: u64,
    /// Changes of rows.
    pub updates: u64,
    /// Rows that left.
    pub deletes: u64,
}

impl AmbitText {
    pub(crate) fn new(text: &str) -> Self {
        Self { bytes: text.as_ptr(), length: text.len() }
    }
}

impl AmbitInspection {
    /// What was told; its lists are put into these.
    pub(crate) fn new(
        told: &Inspection,
        circles: &mut Vec<AmbitCircle>,
        tiers: &mut Vec<AmbitTierInForce>,
    ) -> Self {
        circles.clear();
        circles.extend(told.circles.iter().map(|circle| {
            let [x, y, z] = circle.centre;
            AmbitCircle { x, y, z, radius: circle.radius }
        }));
        tiers.clear();
        tiers.extend(told.tiers.iter().map(|tier| AmbitTierInForce {
            distance: tier.distance,
            interval_ms: tier.interval_ms,
            rows: tier.rows,
        }));
        Self {
            offset: told.offset,
            hysteresis: told.hysteresis,
            circles: circles.as_ptr(),
            circle_count: circles.len(),
            tiers: tiers.as_ptr(),
            tier_count: tiers.len(),
            rows: told.rows,
            waiting: told.waiting,
            rate: told.rate,
            budget: told.budget,
        }
    }
}
