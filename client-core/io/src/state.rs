//! Where a connection stands, and why it ended.

/// Where a connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not yet welcomed by the server.
    Connecting,
    /// Welcomed.
    Connected,
    /// Lost, and being made again. The cache stays as it was; subscriptions can be begun, changed and ended, and calls are
    /// refused.
    Reconnecting {
        /// Why it was lost.
        reason: DisconnectReason,
    },
    /// Over; it does not come back.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectReason {
    /// The options cannot work.
    #[error("{0}")]
    Options(String),
    /// The server was not reached, or did not take the connection.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// The server closed the connection and said why.
    #[error("the server closed the connection: {message} (code {code})")]
    Goodbye {
        /// One of `ambit_wire::goodbye`.
        code: u16,
        /// For people.
        message: String,
    },
    /// The server said what the protocol does not allow.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// The database's schema is another one than before the connection was lost.
    #[error("{0}")]
    SchemaChanged(String),
    /// The line broke.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The game asked for it.
    #[error("the client disconnected")]
    Closed,
}
