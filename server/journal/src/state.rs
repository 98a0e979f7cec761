//! What a database is besides its rows and its module, and how a snapshot holds it (docs/formats/snapshot.md).

use std::sync::Arc;

use ambit_model::{ConnectionId, Identity, Schema, SchemaDecodeError, Timestamp, varint};

use crate::journal::{Journal, LoggedError, MODULE_HASH_BYTES, ModuleHash, Reader, Seeds};

/// Everything but the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The offset of the last commit; 0 if there is none.
    pub last_offset: u64,
    /// When it was made.
    pub last_timestamp: Timestamp,
    /// Whether init was ever committed.
    pub is_initialised: bool,
    /// What records are written and read with.
    pub journal: Journal,
    /// The modules that were published and from which offset on, the last one the present one.
    pub publications: Vec<Publication>,
}

/// A module took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// The commit with which it did.
    pub offset: u64,
    /// Which module.
    pub module: ModuleHash,
}

/// Why bytes are not the head of a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// They do not begin like one.
    #[error("the snapshot does not hold an Ambit database")]
    Magic,
    /// Another version.
    #[error("the snapshot's database has version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// They end too early, or a number is none.
    #[error("the snapshot's head is damaged: {0}")]
    Damaged(#[from] LoggedError),
    /// More publications or sessions than bytes.
    #[error("the snapshot's head is damaged: it names {0} entries")]
    Count(u64),
    /// The schema is damaged.
    #[error("the snapshot's schema is damaged: {0}")]
    Schema(#[from] SchemaDecodeError),
    /// Bytes follow the schema.
    #[error("the snapshot's head is damaged: bytes follow its end")]
    TrailingBytes,
}

const MAGIC: &[u8; 8] = b"AMBITDB\0";
const VERSION: u8 = 1;

impl Default for State {
    fn default() -> Self {
        Self {
            last_offset: 0,
            last_timestamp: Timestamp(i64::MIN),
            is_initialised: false,
            journal: Journal::default(),
            publications: Vec::new(),
        }
    }
}

impl State {
    /// The first chunk of a snapshot.
    pub fn encode_head(&self, schema: &Schema) -> Vec<u8> {
        let Self { last_offset, last_timestamp, is_initialised, journal, publications } = self;
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.push(u8::from(*is_initialised));
        out.extend_from_slice(&last_offset.to_le_bytes());
        out.extend_from_slice(&last_timestamp.0.to_le_bytes());
        out.extend_from_slice(&journal.own.0);
        out.extend_from_slice(&journal.timestamp.0.to_le_bytes());
        out.extend_from_slice(&journal.seeds.key.to_le_bytes());
        out.extend_from_slice(&journal.drawn.to_le_bytes());
        varint::write(&mut out, publications.len() as u64);
        for Publication { offset, module } in publications {
            out.extend_from_slice(&offset.to_le_bytes());
            out.extend_from_slice(module);
        }
        varint::write(&mut out, journal.sessions.iter().count() as u64);
        for (number, identity, connection) in journal.sessions.iter() {
            varint::write(&mut out, number.into());
            out.extend_from_slice(&identity.0);
            out.extend_from_slice(&connection.0);
        }
        let schema = schema.encode();
        varint::write(&mut out, schema.len() as u64);
        out.extend_from_slice(&schema);
        out
    }

    /// The state and the schema from the first chunk of a snapshot. Any bytes are safe to give.
    pub fn decode_head(bytes: &[u8]) -> Result<(Self, Arc<Schema>), HeadError> {
        let mut reader = Reader { bytes };
        if reader.array()? != *MAGIC {
            return Err(HeadError::Magic);
        }
        let [version, is_initialised] = reader.array()?;
        if version != VERSION {
            return Err(HeadError::Version(version));
        }
        let mut state = Self {
            last_offset: u64::from_le_bytes(reader.array()?),
            last_timestamp: Timestamp(i64::from_le_bytes(reader.array()?)),
            is_initialised: is_initialised != 0,
            ..Self::default()
        };
        let journal = &mut state.journal;
        journal.own = Identity(reader.array()?);
        journal.timestamp = Timestamp(i64::from_le_bytes(reader.array()?));
        journal.seeds = Seeds { key: u128::from_le_bytes(reader.array()?), ..Seeds::default() };
        journal.drawn = u64::from_le_bytes(reader.array()?);
        journal.seeds.count = journal.drawn;
        for _ in 0..count(&mut reader, 8 + MODULE_HASH_BYTES)? {
            let offset = u64::from_le_bytes(reader.array()?);
            state.publications.push(Publication { offset, module: reader.array()? });
        }
        let sessions = count(&mut reader, 49)?;
        for _ in 0..sessions {
            // Numbers may have gaps where sessions have ended, but not without bound.
            let number = u32::try_from(reader.number()?).unwrap_or(u32::MAX);
            if number > SESSION_NUMBERS_MAX {
                return Err(HeadError::Count(number.into()));
            }
            let (identity, connection) = (Identity(reader.array()?), ConnectionId(reader.array()?));
            journal.sessions.define(number, identity, connection);
        }
        let schema = Schema::decode(reader.block()?)?;
        if !reader.bytes.is_empty() {
            return Err(HeadError::TrailingBytes);
        }
        Ok((state, Arc::new(schema)))
    }
}

/// The highest session number that a head may name: more than a server has sockets, and 50 MB of list.
const SESSION_NUMBERS_MAX: u32 = 1 << 20;

/// How many entries of at least so many bytes follow.
fn count(reader: &mut Reader<'_>, entry_bytes: usize) -> Result<u64, HeadError> {
    let count = reader.number()?;
    if count > (reader.bytes.len() / entry_bytes) as u64 {
        return Err(HeadError::Count(count));
    }
    Ok(count)
}
