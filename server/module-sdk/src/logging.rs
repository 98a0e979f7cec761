//! `log::info!` and friends, and panics, on their way to the server's log.

use std::cell::Cell;
use std::fmt::Write;
use std::panic::PanicHookInfo;

use ambit_module_abi::limits::TEXT_BYTES_MAX;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::imports;

struct ServerLog;

static SERVER_LOG: ServerLog = ServerLog;

thread_local! {
    static TEXT: Cell<String> = const { Cell::new(String::new()) };
}

/// Makes the server's log the destination. The server decides which levels it keeps.
pub(crate) fn install() {
    // A module that set a logger of its own keeps it.
    if log::set_logger(&SERVER_LOG).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
    std::panic::set_hook(Box::new(abort_with));
}

/// At most [`TEXT_BYTES_MAX`] bytes of the text, cut between characters.
pub(crate) fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text)
}

impl Log for ServerLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut text = TEXT.take();
        text.clear();
        if write!(text, "{}", record.args()).is_ok() {
            imports::log(level_number(record.level()), shorten(&text));
        }
        TEXT.set(text);
    }

    fn flush(&self) {}
}

fn level_number(level: Level) -> u32 {
    match level {
        Level::Error => 1,
        Level::Warn => 2,
        Level::Info => 3,
        Level::Debug => 4,
        Level::Trace => 5,
    }
}

fn abort_with(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let text = match info.location() {
        Some(place) => format!("{message} (at {}:{})", place.file(), place.line()),
        None => message.to_owned(),
    };
    imports::abort(shorten(&text));
}
