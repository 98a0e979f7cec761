//! Named limits of the node. Each says how it was chosen.

use std::time::Duration;

/// Databases of one server. Each has three threads; more belong on more machines.
pub const DATABASES_MAX: usize = 64;

/// Bytes of a database's name. It is a folder's name and part of a URL.
pub const DATABASE_NAME_BYTES_MAX: usize = 64;

/// Bytes of a published module. A Rust module with a large standard library part stays below 10 MiB.
pub const MODULE_BYTES_MAX: usize = 64 << 20;

/// Sockets open at once, WebSocket and HTTP. Past it new ones wait in the system's queue. Below the usual limit of
/// file descriptors (`ulimit -n`) of a service; a machine's CPU is the limit long before.
pub const SOCKETS_MAX: usize = 16_384;

/// Bytes of a WebSocket read buffer per connection. A player sends tens of bytes at a time; tungstenite zeroes the
/// whole buffer for each read, so a large one costs more than the read.
pub const READ_BUFFER_BYTES: usize = 4_096;

/// Bytes that wait for a client that reads too slowly. About half a minute of a busy player's updates at 60 kB/s, and
/// twice the largest first result that a mobile client should ask for.
pub const OUTGOING_BYTES_MAX: usize = 32 << 20;

/// Bytes of an outgoing buffer that is kept once it is empty; a larger one is given back.
pub const OUTGOING_BYTES_KEPT: usize = 16 << 10;

/// How long a client may take until its Hello. Slow phones on bad networks need a second or two.
pub const HELLO_WAIT: Duration = Duration::from_secs(10);

/// How long a client may be silent before the server asks whether it is there.
pub const SILENCE_BEFORE_PING: Duration = Duration::from_secs(20);

/// How long a client that was asked may stay silent before it is let go.
pub const SILENCE_AFTER_PING: Duration = Duration::from_secs(20);

/// How long a connection that is being closed may take to read its Goodbye.
pub const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of an HTTP request.
pub const HTTP_HEAD_WAIT: Duration = Duration::from_secs(10);

/// Bytes of the JSON arguments of one call over HTTP.
pub const CALL_JSON_BYTES_MAX: usize = 4 << 20;

/// Call batches of one connection that wait for the engine. Past it the server stops reading from that client, and TCP
/// slows it down.
pub const BATCHES_PER_CONNECTION_MAX: usize = 8;

/// Commands that wait for an engine. The connections' own bounds apply first; this one holds when thousands of
/// connections hurry at once.
pub const ENGINE_COMMANDS_MAX: usize = 8_192;

/// Commands that an engine takes before it hands results, log records and change sets on. Large enough to share the cost of
/// a system call, small enough that the first caller does not wait for the last: 64 batches of 40 calls take about 5 ms.
pub const ENGINE_ROUND_COMMANDS_MAX: usize = 64;

/// Calls after which an engine's round ends, however many a message carried.
pub const ENGINE_ROUND_CALLS_MAX: usize = 4_096;

/// Ticks that an engine catches up with in one round before it looks at its clients again.
pub const ENGINE_ROUND_TICKS_MAX: usize = 8;

/// Commands and rounds of change sets that wait for a follower. When a follower is this far behind the engine waits for
/// it: memory stays bounded.
pub const FOLLOWER_COMMANDS_MAX: usize = 8_192;

/// Commands that a follower takes before it looks at the clock again.
pub const FOLLOWER_ROUND_COMMANDS_MAX: usize = 256;

/// The pause between two rounds of Durable messages. A busy client learns the durable offset from its results; a waiting
/// one learns it at once, and then at most this often.
pub const DURABLE_PAUSE: Duration = Duration::from_millis(5);

/// Lines of a database's log kept in memory for `ambit logs`.
pub const LOG_LINES_MAX: usize = 2_000;

/// Bytes of one log line; the rest is cut off.
pub const LOG_LINE_BYTES_MAX: usize = 4_096;

/// Lines that a reader of `ambit logs -f` may be behind before it misses some, and is told so.
pub const LOG_LINES_BEHIND_MAX: usize = 1_024;

/// Lines that a database's log takes per second; more are counted, and the count is a line. A module that logs in every
/// call must not take the server's time.
pub const LOG_LINES_PER_SECOND_MAX: u64 = 500;

/// The pause before a full engine queue is tried again: a fraction of the time that its commands take.
pub const ENGINE_FULL_PAUSE: Duration = Duration::from_millis(1);

/// How long a client with subscriptions waits for its next update to bring the durable offset before it gets a message of its
/// own: a little more than the interval of the default rate of 20 Hz.
pub const DURABLE_PATIENCE: Duration = Duration::from_millis(60);
