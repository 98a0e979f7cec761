//! A commit's change set: header and body, as it goes to the log and to every follower
//! (docs/formats/change-set.md).

use std::sync::Arc;

use ambit_model::{Identity, Slot, Timestamp};

/// What one committed transaction has changed, without the commit's offset and caller: the store does not know them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The table blocks, for followers. Empty when nothing has changed.
    pub body: Arc<[u8]>,
    /// Those of them that survive a restart, for the log: rows of durable tables, and counters of all tables. The same
    /// bytes as `body` when that is everything.
    pub logged: Arc<[u8]>,
    /// Rows inserted, updated and deleted, and counters moved.
    pub operation_count: u32,
}

impl Changes {
    /// Whether the transaction has left everything as it was.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// The commit's place in the order of all commits of a database.
    pub offset: u64,
    /// When the call began.
    pub timestamp: Timestamp,
    /// Who called.
    pub caller: Identity,
    /// The reducer's id, or [`ChangeSet::NO_REDUCER`].
    pub reducer: u16,
    /// [`Changes::body`].
    pub body: Arc<[u8]>,
}

/// Why bytes are not a change set. The body is judged later, by [`crate::Store::apply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeSetError {
    /// Fewer bytes than a header.
    #[error("a change set has at least {min} bytes, got {0}", min = ChangeSet::HEADER_BYTES)]
    Truncated(usize),
    /// Written by another version of Ambit.
    #[error("the change set has version {0}; this build reads version {own}", own = ChangeSet::VERSION)]
    Version(u16),
    /// Reserved bytes are not zero.
    #[error("the change set's reserved bytes are not zero")]
    Reserved,
}

impl ChangeSet {
    /// The reducer of commits that no reducer made.
    pub const NO_REDUCER: u16 = u16::MAX;
    /// Bytes before the body, a multiple of 8.
    pub const HEADER_BYTES: usize = 56;
    /// Version of the bytes.
    pub const VERSION: u16 = 1;

    /// The bytes before the body.
    pub fn encode_header(&self) -> [u8; Self::HEADER_BYTES] {
        let mut header = [0; Self::HEADER_BYTES];
        let fields = self.offset.to_le_bytes().into_iter();
        let fields = fields.chain(self.timestamp.0.to_le_bytes());
        let fields = fields.chain(self.caller.0);
        let fields = fields.chain(self.reducer.to_le_bytes());
        let fields = fields.chain(Self::VERSION.to_le_bytes());
        header.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        header
    }

    /// Appends header and body.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode_header());
        out.extend_from_slice(&self.body);
    }

    /// Header and body.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::HEADER_BYTES + self.body.len());
        self.encode_into(&mut out);
        out
    }

    /// The change set from its bytes. Any bytes are safe to give.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChangeSetError> {
        let truncated = ChangeSetError::Truncated(bytes.len());
        let (offset, rest) = bytes.split_first_chunk().ok_or(truncated)?;
        let (timestamp, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (caller, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (reducer, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (version, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (reserved, body) = rest.split_first_chunk::<4>().ok_or(truncated)?;
        let version = u16::from_le_bytes(*version);
        if version != Self::VERSION {
            return Err(ChangeSetError::Version(version));
        }
        if *reserved != [0; 4] {
            return Err(ChangeSetError::Reserved);
        }
        Ok(Self {
            offset: u64::from_le_bytes(*offset),
            timestamp: Timestamp(i64::from_le_bytes(*timestamp)),
            caller: Identity(*caller),
            reducer: u16::from_le_bytes(*reducer),
            body: body.into(),
        })
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Insert,
    /// Some of its columns differ.
    Update,
    /// It is gone.
    Delete,
}

/// One row's change, as [`crate::Store::apply`] tells its observer.
#[derive(Debug, Clone, Copy)]
pub struct AppliedChange<'a> {
    /// The table's id.
    pub table: u16,
    /// The row's slot.
    pub slot: Slot,
    /// What became of it.
    pub kind: ChangeKind,
    /// The columns that differ, for an update.
    pub mask: u64,
    /// Those columns packed (`ambit_model::delta`) for an update, the row for an insert, nothing for a delete.
    pub packed: &'a [u8],
    /// The row before; empty for an insert.
    pub old: &'a [u8],
    /// The row now; empty for a delete.
    pub new: &'a [u8],
}
