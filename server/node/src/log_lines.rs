//! The lines of a database's log: what its module and the server say about it, for `ambit logs`.
//!
//! A bounded ring in memory; every line also goes to the server's own log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ambit_model::Timestamp;
use tokio::sync::broadcast;

use crate::{clock, limits};

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// How serious it is.
    pub level: Level,
    /// Whether the module wrote it, not the server.
    pub is_guest: bool,
    /// Its text.
    pub text: String,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    /// The second that is counted, and the lines in it.
    second: i64,
    in_second: u64,
}

/// The last lines of one database.
pub struct LogLines {
    database: String,
    ring: Mutex<Ring>,
    sender: broadcast::Sender<LogLine>,
}

impl LogLines {
    /// No lines yet.
    pub fn new(database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ring: Mutex::default(),
            sender: broadcast::channel(limits::LOG_LINES_BEHIND_MAX).0,
        }
    }

    /// A line of the server's. It is never dropped.
    pub fn server(&self, level: Level, text: impl Into<String>) {
        let line = Self::line(level, false, text.into());
        self.write(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner), line);
    }

    /// A line of the server's about one call: dropped if there are too many.
    pub fn call(&self, level: Level, text: impl Into<String>) {
        self.add(Self::line(level, false, text.into()));
    }

    /// A line of the module's: dropped if there are too many.
    pub fn guest(&self, level: Level, text: impl Into<String>) {
        self.add(Self::line(level, true, text.into()));
    }

    /// The kept lines, and those that follow.
    pub fn follow(&self) -> (Vec<LogLine>, broadcast::Receiver<LogLine>) {
        // Under the lock, so that no line is missed or seen twice.
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (ring.lines.iter().cloned().collect(), self.sender.subscribe())
    }

    fn line(level: Level, is_guest: bool, mut text: String) -> LogLine {
        if text.len() > limits::LOG_LINE_BYTES_MAX {
            text.truncate(text.floor_char_boundary(limits::LOG_LINE_BYTES_MAX));
            text.push('…');
        }
        LogLine { at: clock::now(), level, is_guest, text }
    }

    fn add(&self, line: LogLine) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let second = line.at.0.div_euclid(1_000_000);
        if second != ring.second {
            let dropped = ring.in_second.saturating_sub(limits::LOG_LINES_PER_SECOND_MAX);
            (ring.second, ring.in_second) = (second, 0);
            if dropped > 0 {
                let text = format!("{dropped} lines were dropped: too many in one second");
                self.write(&mut ring, LogLine { at: line.at, level: Level::Warn, is_guest: false, text });
            }
        }
        ring.in_second += 1;
        if ring.in_second <= limits::LOG_LINES_PER_SECOND_MAX {
            self.write(&mut ring, line);
        }
    }

    fn write(&self, ring: &mut Ring, line: LogLine) {
        let database = self.database.as_str();
        let source = if line.is_guest { "module" } else { "server" };
        let text = &line.text;
        match line.level {
            Level::Error => tracing::error!(database, source, "{text}"),
            Level::Warn => tracing::warn!(database, source, "{text}"),
            Level::Info => tracing::info!(database, source, "{text}"),
            Level::Debug => tracing::debug!(database, source, "{text}"),
            Level::Trace => tracing::trace!(database, source, "{text}"),
        }
        if ring.lines.len() == limits::LOG_LINES_MAX {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line.clone());
        // Nobody follows: the ring has it.
        drop(self.sender.send(line));
    }
}

impl std::fmt::Display for LogLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.level {
            Level::Error => "ERROR",
            Level::Warn => "WARN",
            Level::Info => "INFO",
            Level::Debug => "DEBUG",
            Level::Trace => "TRACE",
        };
        let source = if self.is_guest { "module" } else { "server" };
        // One line per line: what a module wrote cannot pass for a line of the server's.
        let text = self.text.replace('\n', "\n    ");
        write!(f, "{} {level:5} {source}: {text}", clock::text(self.at))
    }
}
