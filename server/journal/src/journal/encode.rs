//! Records for the log, as short as what the journal knows allows.

use ambit_model::{ConnectionId, Identity, Schema, Timestamp, varint};

use super::Journal;

/// Version of the records, named by every publication.
pub(super) const VERSION: u8 = 1;

/// First byte of a record: what it is, and what stands in it.
pub(super) const KIND_CALL: u8 = 0;
pub(super) const KIND_PUBLISH: u8 = 1;
pub(super) const KIND_MASK: u8 = 0x03;
/// The caller's identity and connection follow its session number: from here on the number stands for them.
pub(super) const DEFINES_SESSION: u8 = 0x04;
/// A new key of the seeds follows.
pub(super) const HAS_KEY: u8 = 0x08;
/// Arguments follow.
pub(super) const HAS_ARGUMENTS: u8 = 0x10;

/// Who calls, as a varint: the database itself, somebody without a connection, or a session.
pub(super) const WHO_DATABASE: u64 = 0;
pub(super) const WHO_IDENTITY: u64 = 1;
pub(super) const WHO_SESSION: u64 = 2;

/// Bytes of a module's hash.
pub const MODULE_HASH_BYTES: usize = 32;

/// Tells one module from another: SHA-256 of its WebAssembly.
pub type ModuleHash = [u8; MODULE_HASH_BYTES];

/// A commit that a call has made.
#[derive(Debug, Clone, Copy)]
pub struct CallRecord<'a> {
    /// Who called.
    pub caller: Identity,
    /// The connection that called; all zeros if there was none.
    pub connection: ConnectionId,
    /// The reducer's id.
    pub reducer: u16,
    /// When the call began.
    pub timestamp: Timestamp,
    /// The number of the call's seed.
    pub draw: u64,
    /// Whether the client is gone afterwards.
    pub ends_session: bool,
    /// A row of the reducer's parameters.
    pub arguments: &'a [u8],
    /// The changes of durable tables.
    pub body: &'a [u8],
}

impl Journal {
    /// Appends the record of a call.
    pub fn write_call(&mut self, call: &CallRecord<'_>, out: &mut Vec<u8>) {
        let head_at = out.len();
        out.push(KIND_CALL);
        let mut head = KIND_CALL | self.write_caller(call, out);
        varint::write(out, call.reducer.into());
        self.write_timestamp(call.timestamp, out);
        if self.seeds.is_new {
            head |= HAS_KEY;
            out.extend_from_slice(&self.seeds.key.to_le_bytes());
            self.seeds.is_new = false;
            self.drawn = 0;
        }
        varint::write(out, call.draw.wrapping_sub(self.drawn));
        self.drawn = call.draw;
        if !call.arguments.is_empty() {
            head |= HAS_ARGUMENTS;
            varint::write(out, call.arguments.len() as u64);
            out.extend_from_slice(call.arguments);
        }
        out.extend_from_slice(call.body);
        if let Some(place) = out.get_mut(head_at) {
            *place = head;
        }
        if call.ends_session {
            self.sessions.forget(call.connection);
        }
    }

    /// Appends the record of a publication: from here on the database has this schema and runs this module.
    pub fn write_publish(
        &mut self,
        timestamp: Timestamp,
        module: &ModuleHash,
        schema: &Schema,
        body: &[u8],
        out: &mut Vec<u8>,
    ) {
        out.push(KIND_PUBLISH);
        out.push(VERSION);
        out.extend_from_slice(&self.own.0);
        self.write_timestamp(timestamp, out);
        out.extend_from_slice(module);
        let schema = schema.encode();
        varint::write(out, schema.len() as u64);
        out.extend_from_slice(&schema);
        out.extend_from_slice(body);
    }

    /// Appends who calls; the flags that it adds to the record's first byte.
    fn write_caller(&mut self, call: &CallRecord<'_>, out: &mut Vec<u8>) -> u8 {
        let CallRecord { caller, connection, .. } = *call;
        if connection == ConnectionId::default() {
            if caller == self.own {
                varint::write(out, WHO_DATABASE);
            } else {
                varint::write(out, WHO_IDENTITY);
                out.extend_from_slice(&caller.0);
            }
            return 0;
        }
        if let Some(number) = self.sessions.number(caller, connection) {
            varint::write(out, WHO_SESSION + u64::from(number));
            return 0;
        }
        let number = self.sessions.lowest_free();
        self.sessions.define(number, caller, connection);
        varint::write(out, WHO_SESSION + u64::from(number));
        out.extend_from_slice(&caller.0);
        out.extend_from_slice(&connection.0);
        DEFINES_SESSION
    }

    fn write_timestamp(&mut self, timestamp: Timestamp, out: &mut Vec<u8>) {
        varint::write(out, varint::zigzag(timestamp.0.wrapping_sub(self.timestamp.0)));
        self.timestamp = timestamp;
    }
}
