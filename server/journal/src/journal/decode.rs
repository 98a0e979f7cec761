//! Records from the log. Any bytes give a record or a typed error, and an error leaves the journal as it was.

use ambit_model::{
    ConnectionId, Duration, Identity, Lifecycle, Schema, SchemaDecodeError, Timestamp, varint,
};

use super::encode::{
    DEFINES_SESSION, HAS_ARGUMENTS, HAS_KEY, KIND_CALL, KIND_MASK, KIND_PUBLISH, MODULE_HASH_BYTES,
    ModuleHash, VERSION, WHO_DATABASE, WHO_IDENTITY, WHO_SESSION,
};
use super::{Journal, Seeds};

/// A commit as it is logged.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged<'a> {
    /// A call changed rows, or is noted because of what it is.
    Call {
        /// Who called.
        caller: Identity,
        /// The connection that called; all zeros if there was none.
        connection: ConnectionId,
        /// The reducer's id.
        reducer: u16,
        /// When the call began.
        timestamp: Timestamp,
        /// The seed of the call's random numbers.
        seed: u128,
        /// The interval of a tick; zero for other calls.
        dt: Duration,
        /// The arguments, a row of the reducer's parameters.
        arguments: &'a [u8],
        /// What changed in durable tables.
        body: &'a [u8],
    },
    /// A module was published: from here on the database has this schema.
    Publish {
        /// When.
        timestamp: Timestamp,
        /// The module.
        module: ModuleHash,
        /// The tables with the database's ids, the reducers with the module's.
        schema: Schema,
        /// What its migration changed, after the tables were brought to the new schema.
        body: &'a [u8],
    },
}

/// Why bytes are not a logged commit.
#[derive(Debug, thiserror::Error)]
pub enum LoggedError {
    /// They end too early.
    #[error("the logged commit is cut off")]
    Truncated,
    /// A version that this program does not know.
    #[error("the logged commit has version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// A kind that this program does not know.
    #[error("the logged commit is of the unknown kind {0}")]
    Kind(u8),
    /// A number that is not in its shortest form, or too large.
    #[error("a number of the logged commit is not one")]
    Number,
    /// A session that was never named.
    #[error("the logged commit names session {0}, which nobody has")]
    Session(u64),
    /// The schema is damaged.
    #[error("the logged schema is damaged: {0}")]
    Schema(#[from] SchemaDecodeError),
}

/// What a record says of the journal itself.
enum Change {
    Call {
        /// The number, identity and connection of a session that begins.
        begins: Option<(u32, Identity, ConnectionId)>,
        /// The connection of a session that ends.
        ends: Option<ConnectionId>,
        timestamp: Timestamp,
        seeds: Seeds,
    },
    Publish {
        own: Identity,
        timestamp: Timestamp,
    },
}

impl Journal {
    /// The record from its bytes. `schema` is the database's before the record.
    pub fn read<'a>(&mut self, schema: &Schema, bytes: &'a [u8]) -> Result<Logged<'a>, LoggedError> {
        let (logged, change) = self.parse(schema, bytes)?;
        self.change(change);
        Ok(logged)
    }

    /// When the commit of a record was made; the journal stays before it.
    pub fn timestamp_of(&self, schema: &Schema, bytes: &[u8]) -> Result<Timestamp, LoggedError> {
        match self.parse(schema, bytes)?.1 {
            Change::Call { timestamp, .. } | Change::Publish { timestamp, .. } => Ok(timestamp),
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Call { begins, ends, timestamp, seeds } => {
                if let Some((number, identity, connection)) = begins {
                    self.sessions.define(number, identity, connection);
                }
                if let Some(connection) = ends {
                    self.sessions.forget(connection);
                }
                self.timestamp = timestamp;
                self.drawn = seeds.count;
                self.seeds = seeds;
            }
            Change::Publish { own, timestamp } => {
                self.own = own;
                self.timestamp = timestamp;
            }
        }
    }

    fn parse<'a>(&self, schema: &Schema, bytes: &'a [u8]) -> Result<(Logged<'a>, Change), LoggedError> {
        let mut reader = Reader { bytes };
        let [head] = reader.array()?;
        match head & KIND_MASK {
            KIND_CALL => self.read_call(schema, head, reader),
            KIND_PUBLISH if head == KIND_PUBLISH => self.read_publish(reader),
            _ => Err(LoggedError::Kind(head)),
        }
    }

    fn read_call<'a>(
        &self,
        schema: &Schema,
        head: u8,
        mut reader: Reader<'a>,
    ) -> Result<(Logged<'a>, Change), LoggedError> {
        if head & !(KIND_MASK | DEFINES_SESSION | HAS_KEY | HAS_ARGUMENTS) != 0 {
            return Err(LoggedError::Kind(head));
        }
        let who = reader.number()?;
        let session = || who.checked_sub(WHO_SESSION).and_then(|number| u32::try_from(number).ok());
        let unknown = || LoggedError::Session(who.saturating_sub(WHO_SESSION));
        let mut begins = None;
        let (caller, connection) = match who {
            WHO_DATABASE => (self.own, ConnectionId::default()),
            WHO_IDENTITY => (Identity(reader.array()?), ConnectionId::default()),
            _ if head & DEFINES_SESSION != 0 => {
                // A writer gives out the lowest number that is free, and a reader knows every session that a writer does.
                // So no record, wherever it comes from, makes the list longer than there are records.
                let number = session().filter(|&number| number <= self.sessions.end()).ok_or_else(unknown)?;
                let (identity, connection) = (Identity(reader.array()?), ConnectionId(reader.array()?));
                begins = Some((number, identity, connection));
                (identity, connection)
            }
            _ => session().and_then(|number| self.sessions.get(number)).ok_or_else(unknown)?,
        };
        let reducer = u16::try_from(reader.number()?).map_err(|_| LoggedError::Number)?;
        let timestamp = reader.timestamp(self.timestamp)?;
        let (key, drawn) = match head & HAS_KEY {
            0 => (None, self.drawn),
            _ => (Some(u128::from_le_bytes(reader.array()?)), 0),
        };
        let draw = drawn.wrapping_add(reader.number()?);
        let arguments = match head & HAS_ARGUMENTS {
            0 => &[],
            _ => reader.block()?,
        };
        let lifecycle = schema.reducers.get(usize::from(reducer)).map(|reducer| reducer.lifecycle);
        let ends = (lifecycle == Some(Lifecycle::ClientDisconnected)).then_some(connection);
        let seeds = Seeds { key: key.unwrap_or(self.seeds.key), count: draw, is_new: false };
        let dt = match lifecycle {
            Some(Lifecycle::Tick { every_us }) => Duration(i64::try_from(every_us).unwrap_or(i64::MAX)),
            Some(
                Lifecycle::Call
                | Lifecycle::Init
                | Lifecycle::ClientConnected
                | Lifecycle::ClientDisconnected,
            )
            | None => Duration(0),
        };
        let seed = seeds.seed(draw);
        let body = reader.bytes;
        let logged = Logged::Call { caller, connection, reducer, timestamp, seed, dt, arguments, body };
        Ok((logged, Change::Call { begins, ends, timestamp, seeds }))
    }

    fn read_publish<'a>(&self, mut reader: Reader<'a>) -> Result<(Logged<'a>, Change), LoggedError> {
        let [version] = reader.array()?;
        if version != VERSION {
            return Err(LoggedError::Version(version));
        }
        let own = Identity(reader.array()?);
        let timestamp = reader.timestamp(self.timestamp)?;
        let module: ModuleHash = reader.array::<MODULE_HASH_BYTES>()?;
        let schema = Schema::decode(reader.block()?)?;
        let logged = Logged::Publish { timestamp, module, schema, body: reader.bytes };
        Ok((logged, Change::Publish { own, timestamp }))
    }
}

/// Reads a record from its start.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], LoggedError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(LoggedError::Truncated)?;
        self.bytes = rest;
        Ok(*array)
    }

    pub fn number(&mut self) -> Result<u64, LoggedError> {
        let (number, length) = varint::read(self.bytes).ok_or(match self.bytes.len() {
            0..10 => LoggedError::Truncated,
            _ => LoggedError::Number,
        })?;
        self.bytes = self.bytes.get(length..).unwrap_or_default();
        Ok(number)
    }

    /// A block of bytes after its length.
    pub fn block(&mut self) -> Result<&'a [u8], LoggedError> {
        let length = usize::try_from(self.number()?).map_err(|_| LoggedError::Truncated)?;
        let (block, rest) = self.bytes.split_at_checked(length).ok_or(LoggedError::Truncated)?;
        self.bytes = rest;
        Ok(block)
    }

    fn timestamp(&mut self, last: Timestamp) -> Result<Timestamp, LoggedError> {
        Ok(Timestamp(last.0.wrapping_add(varint::unzigzag(self.number()?))))
    }
}
