//! Records that the tests of this crate write.

use ambit_journal::{CallRecord, Journal, Seeds};
use ambit_model::{ConnectionId, Identity, Timestamp};

/// The journal of a database that nobody has called yet.
pub fn journal() -> Journal {
    Journal { own: Identity([9; 32]), seeds: Seeds::new(7), ..Journal::default() }
}

/// A call of the connection of this number.
pub fn call<'a>(number: u8, arguments: &'a [u8], body: &'a [u8]) -> CallRecord<'a> {
    CallRecord {
        caller: Identity([number; 32]),
        connection: ConnectionId([number; 16]),
        reducer: 0,
        timestamp: Timestamp(number.into()),
        draw: number.into(),
        ends_session: false,
        arguments,
        body,
    }
}
