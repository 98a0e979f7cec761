//! What the log holds of a commit: the change set, and the call or the publication that made it
//! (docs/formats/logged-commit.md).

use ambit_model::{ConnectionId, Duration, Schema, SchemaDecodeError};
use ambit_store::{ChangeSet, ChangeSetError};

use crate::call::CallOutcome;

/// A commit as it is logged.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged<'a> {
    /// A call changed rows.
    Call {
        /// What was committed, by whom, when.
        change_set: ChangeSet,
        /// The connection that called.
        connection: ConnectionId,
        /// The seed of the call's random numbers.
        seed: u128,
        /// The interval of a tick; zero for other calls.
        dt: Duration,
        /// The arguments, a row of the reducer's parameters.
        arguments: &'a [u8],
    },
    /// A module was published: from here on the database has this schema.
    Publish {
        /// Without changes of rows.
        change_set: ChangeSet,
        /// The schema, with the database's table ids.
        schema: Schema,
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
    Version(u16),
    /// A kind that this program does not know.
    #[error("the logged commit is of the unknown kind {0}")]
    Kind(u16),
    /// The change set is damaged.
    #[error("the logged change set is damaged: {0}")]
    ChangeSet(#[from] ChangeSetError),
    /// The schema is damaged.
    #[error("the logged schema is damaged: {0}")]
    Schema(#[from] SchemaDecodeError),
}

const VERSION: u16 = 1;
const KIND_CALL: u16 = 0;
const KIND_PUBLISH: u16 = 1;
const HEADER_BYTES: usize = 48;

impl<'a> Logged<'a> {
    /// The logged commit from its bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LoggedError> {
        let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(LoggedError::Truncated)?;
        let version = u16::from_le_bytes(part(header, 0));
        if version != VERSION {
            return Err(LoggedError::Version(version));
        }
        let length = u32::from_le_bytes(part(header, 4)) as usize;
        let content = rest.get(..length).ok_or(LoggedError::Truncated)?;
        let change_set = rest.get(length.next_multiple_of(8)..).ok_or(LoggedError::Truncated)?;
        let change_set = ChangeSet::decode(change_set)?;
        match u16::from_le_bytes(part(header, 2)) {
            KIND_CALL => Ok(Self::Call {
                change_set,
                connection: ConnectionId(part(header, 8)),
                seed: u128::from_le_bytes(part(header, 24)),
                dt: Duration(i64::from_le_bytes(part(header, 40))),
                arguments: content,
            }),
            KIND_PUBLISH => Ok(Self::Publish { change_set, schema: Schema::decode(content)? }),
            kind => Err(LoggedError::Kind(kind)),
        }
    }
}

impl CallOutcome {
    /// Appends the bytes that the log holds of the call's commit; nothing if it committed nothing. `arguments`
    /// are those of the call.
    pub fn encode_logged(&self, arguments: &[u8], out: &mut Vec<u8>) {
        if let Some(change_set) = &self.change_set {
            encode(KIND_CALL, change_set, (self.connection, self.seed, self.dt), arguments, out);
        }
    }
}

/// Appends the bytes that the log holds of a publication.
pub(crate) fn encode_publish(change_set: &ChangeSet, schema: &Schema, out: &mut Vec<u8>) {
    let nobody = (ConnectionId::default(), 0, Duration(0));
    encode(KIND_PUBLISH, change_set, nobody, &schema.encode(), out);
}

fn encode(
    kind: u16,
    change_set: &ChangeSet,
    (connection, seed, dt): (ConnectionId, u128, Duration),
    content: &[u8],
    out: &mut Vec<u8>,
) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&connection.0);
    out.extend_from_slice(&seed.to_le_bytes());
    out.extend_from_slice(&dt.0.to_le_bytes());
    out.extend_from_slice(content);
    let padding = content.len().next_multiple_of(8) - content.len();
    out.extend(std::iter::repeat_n(0, padding));
    change_set.encode_into(out);
}

fn part<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    header.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambit_model::{Identity, Timestamp};
    use std::path::Path;

    /// A call's commit with arguments of 11 bytes and a body of two deletes.
    fn call() -> Vec<u8> {
        let body: &[u8] = &[3, 0, 2, 0, 0, 0, 7, 0, 0, 0, 2, 9, 0, 0, 0, 2];
        let change_set = ChangeSet {
            offset: 42,
            timestamp: Timestamp(1_700_000_000_000_000),
            caller: Identity([0xA1; 32]),
            reducer: 5,
            body: body.into(),
        };
        let who = (ConnectionId([0xC0; 16]), 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, Duration(50_000));
        let mut bytes = Vec::new();
        encode(KIND_CALL, &change_set, who, b"eleven byte", &mut bytes);
        bytes
    }

    /// The bytes of version 1 stay readable, and writing still makes them. `AMBIT_BLESS=1` writes them anew.
    #[test]
    fn the_committed_fixtures_read_as_ever() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let intact = call();
        let mut damaged = intact.clone();
        // The length of the content: it ends past the record.
        damaged[5] ^= 1;
        for (name, bytes) in [("intact", intact), ("damaged", damaged)] {
            let path = directory.join(format!("v1-{name}.commit"));
            if std::env::var_os("AMBIT_BLESS").is_some() {
                std::fs::write(&path, &bytes).expect("the fixture can be written");
            }
            let committed = std::fs::read(&path).expect("the fixture is committed");
            assert_eq!(committed, bytes, "{name}");
            match (name, Logged::decode(&committed)) {
                ("intact", Ok(Logged::Call { change_set, connection, seed, dt, arguments })) => {
                    assert_eq!((change_set.offset, change_set.reducer, change_set.body.len()), (42, 5, 16));
                    assert_eq!(
                        (connection, dt, arguments),
                        (ConnectionId([0xC0; 16]), Duration(50_000), b"eleven byte".as_slice())
                    );
                    assert_eq!(seed, 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
                }
                ("damaged", Err(LoggedError::Truncated)) => {}
                (name, other) => panic!("{name}: {other:?}"),
            }
        }
    }
}
