//! Figures about a connection, for people and graphs.

/// What a client received, holds and waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of messages from the server.
    pub bytes_received: u64,
    /// Messages from the server.
    pub messages_received: u64,
    /// Updates among them.
    pub updates_received: u64,
    /// Bytes of messages handed out for sending.
    pub bytes_sent: u64,
    /// Messages handed out for sending.
    pub messages_sent: u64,
    /// The last Ping's way there and back in microseconds; 0 before the first Pong.
    pub round_trip_us: u64,
    /// The server's clock minus the client's in microseconds, by the shortest of the last round trips; 0 before the first Pong.
    pub clock_offset_us: i64,
    /// How far the round trips' offsets lie from that one, in microseconds; 0 before the second Pong.
    pub clock_jitter_us: u64,
    /// How far behind the server's clock frames are shown, in microseconds.
    pub render_delay_us: i64,
    /// Rows that changed and wait for a tick.
    pub rows_pending: usize,
    /// Events that wait for a tick with room in its budget.
    pub events_pending: usize,
    /// Calls without a result that the game has been given.
    pub calls_in_flight: usize,
    /// Bytes that wait to be sent.
    pub outgoing_bytes: usize,
    /// Per table, by table id.
    pub tables: Vec<TableStatistics>,
}

/// What a client received for one table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Bytes of its operations.
    pub bytes: u64,
    /// Rows that entered.
    pub inserts: u64,
    /// Changes of rows.
    pub updates: u64,
    /// Rows that left.
    pub deletes: u64,
}
