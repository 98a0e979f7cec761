//! Texts that cross the border: log lines, the reducer's error, panics, and what an error code means.

use ambit_module_abi::limits::TEXT_BYTES_MAX;

use super::Host;
use super::memory::{self, Range};
use super::refusal::{Answer, Refusal};
use crate::error::HostTrap;
use crate::limits;

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is wrong.
    Error,
    /// Something may be wrong.
    Warn,
    /// Worth knowing.
    Info,
    /// For the module's author.
    Debug,
    /// For the module's author, in masses.
    Trace,
}

/// A line that a module logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How loud.
    pub level: LogLevel,
    /// The text, at most [`TEXT_BYTES_MAX`] bytes.
    pub text: String,
}

/// The texts of one call.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub lines: Vec<LogLine>,
    pub lines_dropped: u64,
    /// Of the last negative result.
    pub problem: Problem,
    /// What the reducer's error or the panic says.
    pub failure: Option<String>,
}

/// What the last negative result means; put in words only if the guest asks.
#[derive(Debug, Default)]
pub(crate) enum Problem {
    #[default]
    None,
    /// No row of the table has the key in the index.
    NotFound {
        table: u32,
        index: u32,
    },
    Text(String),
}

impl Text {
    pub fn clear(&mut self) {
        self.lines.clear();
        self.lines_dropped = 0;
        self.failure = None;
        self.problem = Problem::None;
    }

    pub fn take_failure(&mut self) -> String {
        self.failure.take().unwrap_or_else(|| "the module gave no reason".into())
    }
}

impl Host {
    pub(super) fn log(&mut self, memory: &[u8], level: u32, text: Range) -> Answer {
        let level = match level {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            4 => LogLevel::Debug,
            _ => LogLevel::Trace,
        };
        let bytes = memory::bytes(memory, text)?;
        match self.text.lines.len() < limits::CALL_LOG_LINES_MAX {
            true => self.text.lines.push(LogLine { level, text: to_text(bytes) }),
            false => self.text.lines_dropped += 1,
        }
        Ok(0)
    }

    pub(super) fn fail(&mut self, memory: &[u8], text: Range) -> Answer {
        self.text.failure = Some(to_text(memory::bytes(memory, text)?));
        Ok(0)
    }

    pub(super) fn abort(&mut self, memory: &[u8], text: Range) -> Answer {
        self.text.failure = Some(to_text(memory::bytes(memory, text)?));
        Err(Refusal::Trap(HostTrap::Abort))
    }

    /// Writes as much of the text as fits and answers its whole length.
    pub(super) fn error_text(&mut self, memory: &mut [u8], out: Range) -> Answer {
        let out = memory::bytes_mut(memory, out)?;
        let described;
        let text = match &self.text.problem {
            Problem::None => "",
            Problem::Text(text) => text,
            Problem::NotFound { table, index } => {
                described = self.describe_not_found(*table, *index);
                &described
            }
        };
        let text = text.as_bytes();
        let length = text.len().min(TEXT_BYTES_MAX);
        for (place, byte) in out.iter_mut().zip(text.iter().take(length)) {
            *place = *byte;
        }
        Ok(length as i64)
    }

    fn describe_not_found(&self, table: u32, index: u32) -> String {
        let (table, index) = self.names(table, index);
        format!("table `{table}` has no row with this key in index `{index}`")
    }
}

/// The bytes as text, cut at the limit, with a replacement for what is no UTF-8.
fn to_text(bytes: &[u8]) -> String {
    let kept = bytes.get(..bytes.len().min(TEXT_BYTES_MAX)).unwrap_or_default();
    let mut text = String::from_utf8_lossy(kept).into_owned();
    // A replacement is longer than the byte that it stands for.
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}
