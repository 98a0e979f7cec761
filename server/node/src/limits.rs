//! Named limits of the node. Each says how it was chosen.

use std::time::Duration;

/// Databases of one server. Each has three threads, and those that its flushes run on besides; more belong on more machines.
pub const DATABASES_MAX: usize = 64;

/// Threads that the flushes of one database run on. Past some tens they wait for memory and not for each other.
pub const FOLLOWER_THREADS_MAX: usize = 64;

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
/// twice the largest first result that a mobile client should ask for. A single larger message waits alone.
pub const OUTGOING_BYTES_MAX: usize = 32 << 20;

/// Bytes that wait for all clients of a server together before each may have only
/// [`OUTGOING_BYTES_WHEN_CROWDED_MAX`]. An eighth of the memory of a machine with 16 GiB.
pub const SERVER_OUTGOING_BYTES_MAX: usize = 2 << 30;

/// Bytes that wait for one client while the server's sum is too large: with [`SOCKETS_MAX`] clients 4 GiB, and still some
/// seconds of updates.
pub const OUTGOING_BYTES_WHEN_CROWDED_MAX: usize = 256 << 10;

/// Bytes of one update. The client refuses messages above the wire's bound; the rest is room for the envelope.
pub const UPDATE_BYTES_MAX: usize = ambit_wire::limits::SERVER_MESSAGE_BYTES_MAX - (64 << 10);

/// Bytes of an update with a first result from which on it is compressed, for clients that take that. Below it saves less than ten
/// milliseconds of a mobile network.
pub const COMPRESSED_BYTES_MIN: usize = 16 << 10;

/// The level of zstd. The lowest: higher ones take twice the time and more for rows that become a tenth smaller.
pub const COMPRESSION_LEVEL: i32 = 1;

/// Messages of all connections that are compressed at once. Each takes a core for milliseconds, which the engine and the followers
/// need as well.
pub const COMPRESSIONS_AT_ONCE: usize = 2;

/// Frames of one vectored write. More than wait for a client that keeps up, and far below the system's own bound of 1,024
/// slices.
pub const FRAMES_PER_WRITE: usize = 16;

/// The pause after the system could not give a socket: usually there are no file descriptors left, and some come free as
/// clients go.
pub const ACCEPT_FAILED_PAUSE: Duration = Duration::from_millis(100);

/// Modules on their way to the server or being published at once. Bounds the memory that they take before anybody has looked
/// at them.
pub const UPLOADS_MAX: usize = 4;

/// Bytes of an error's text that axum itself answers with: a sentence.
pub const HTTP_ERROR_BYTES_MAX: usize = 4_096;

/// How long the body of an HTTP request may take. A module of 10 MiB needs ten seconds at 8 Mbit/s.
pub const HTTP_BODY_WAIT: Duration = Duration::from_secs(60);

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

/// Characters of a value in JSON that an error about it repeats: enough to find it again.
pub const SHOWN_CHARACTERS_MAX: usize = 60;

/// Bytes of the JSON arguments of one call over HTTP.
pub const CALL_JSON_BYTES_MAX: usize = 4 << 20;

/// Call batches and subscriptions of one connection that wait for the engine or the follower. Past it the server stops reading from that client, and TCP
/// slows it down.
pub const BATCHES_PER_CONNECTION_MAX: usize = 8;

/// Commands that wait for an engine. The connections' own bounds apply first; this one holds when thousands of
/// connections hurry at once.
pub const ENGINE_COMMANDS_MAX: usize = 8_192;

/// Bytes of calls and queries that wait for an engine. A message has up to 1 MiB, so the number of commands alone would allow
/// 8 GiB.
pub const ENGINE_COMMAND_BYTES_MAX: usize = 128 << 20;

/// Commands that an engine takes before it hands results, log records and change sets on. Large enough to share the cost of
/// a system call, small enough that the first caller does not wait for the last: 64 batches of 40 calls take about 5 ms.
pub const ENGINE_ROUND_COMMANDS_MAX: usize = 64;

/// Calls after which an engine's round ends, however many a message carried.
pub const ENGINE_ROUND_CALLS_MAX: usize = 4_096;

/// Ticks that an engine catches up with in one round before it looks at its clients again.
pub const ENGINE_ROUND_TICKS_MAX: usize = 8;

/// Bytes of records and commits after which they are handed over, in the middle of a block of calls too. As large as a
/// group of the log: the disk gets no more from larger ones.
pub const ENGINE_ROUND_BYTES_MAX: usize = 8 << 20;

/// Bytes of records that wait for the log. A second of a disk that writes 64 MiB/s; then the engine waits for it.
pub const LOG_BYTES_WAITING_MAX: usize = 64 << 20;

/// Rounds of commits and commands that wait for a follower. A round can be a single call, and a flush can take as long as
/// thousands of them; [`FOLLOWER_BYTES_WAITING_MAX`] bounds their memory.
pub const FOLLOWER_ROUNDS_MAX: usize = 8_192;

/// Bytes of commits that wait for a follower. When it is this far behind the engine waits for it.
pub const FOLLOWER_BYTES_WAITING_MAX: usize = 64 << 20;

/// Bytes of a follower's stack. The deepest query that the parser takes needs a small part of it, in a debug build too.
pub const FOLLOWER_STACK_BYTES: usize = 8 << 20;

/// Bytes of an engine's stack: what a module may use of it (1 MiB, the module host's limit), and as much again and more for
/// the host.
pub const ENGINE_STACK_BYTES: usize = 4 << 20;

/// How long a follower sleeps at a time while commits come in: short beside the interval between two flushes, long
/// beside waking a thread.
pub const FOLLOWER_PAUSE: Duration = Duration::from_millis(1);

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

/// Bytes of log after which a snapshot is taken. Reading them back takes a second or two at a start.
pub const SNAPSHOT_LOG_BYTES: u64 = 256 << 20;

/// How long changes stay without a snapshot. Tables that are only kept by snapshots lose at most this much when a server
/// dies; writing a world of 100 MB once a minute is 2 MB/s.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(60);

/// Snapshots that are kept, the newest ones: if the last cannot be read, the one before it and the log can.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Snapshots that wait to be written. One is written at a time and one more may be asked for by a tool or a publish.
pub const SNAPSHOT_JOBS_MAX: usize = 4;

/// Bytes of the snapshot thread's stack: it walks pages in a loop.
pub const SNAPSHOT_STACK_BYTES: usize = 2 << 20;

/// Bytes of log that make a last snapshot worth while at a clean end, when the log alone would do: they take longer to read
/// back than the snapshot to write.
pub const LAST_SNAPSHOT_LOG_BYTES_MIN: u64 = 64 << 20;

/// Nanoseconds that bringing one row to another schema takes, its indexes included, for the estimate in a plan. Measured
/// with rows of 64 bytes and one or two indexes.
pub const MIGRATED_ROW_NS: u64 = 500;

/// Changes of a schema that a line of the log names; the others are counted. A few tell which module it was.
pub const CHANGES_TOLD_MAX: usize = 8;

/// Backups on their way to the server at once. They are unpacked beside each other, and each may take hours.
pub const RESTORES_MAX: usize = 2;

/// How long the next piece of a backup may take, and how long the rest of a refused one is read so that its sender comes to
/// read the reason.
pub const BACKUP_PIECE_WAIT: Duration = Duration::from_secs(60);

/// Files of a backup. A log that nothing was ever removed from has a segment per 64 MiB.
pub const BACKUP_FILES_MAX: usize = 100_000;

/// Bytes of a backup's manifest: 200 for each of its files.
pub const BACKUP_MANIFEST_BYTES_MAX: u64 = 20 << 20;

/// Pieces of a backup on their way to whoever wants it, and the bytes of each: enough to keep both sides busy.
pub const BACKUP_PIECES_MAX: usize = 16;

/// See [`BACKUP_PIECES_MAX`].
pub const BACKUP_PIECE_BYTES: usize = 256 << 10;
