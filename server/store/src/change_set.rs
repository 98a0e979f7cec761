//! A commit's change set: who made it, and the body that goes to every follower and, as far as it is durable, to the log
//! (docs/formats/change-set.md).

use std::sync::Arc;

use ambit_model::{Identity, Slot, Timestamp};

/// What one committed transaction has changed, without the commit's offset and caller: the store does not know them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The table blocks, for followers. Empty when nothing has changed.
    pub body: Arc<[u8]>,
    /// How much of `body` survives a restart: its first bytes.
    pub logged_bytes: usize,
    /// Rows inserted, updated and deleted, and counters moved.
    pub operation_count: u32,
}

impl Changes {
    /// Whether the transaction has left everything as it was.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// What survives a restart, for the log: rows of durable tables, and counters of all tables.
    pub fn logged(&self) -> &[u8] {
        self.body.get(..self.logged_bytes).unwrap_or_default()
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

impl ChangeSet {
    /// The reducer of commits that no reducer made.
    pub const NO_REDUCER: u16 = u16::MAX;
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
