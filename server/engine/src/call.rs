//! What a call is given and what it gives back.

use ambit_model::{ConnectionId, DecodeError, Identity};
use ambit_module_host::{CallError, LogLine};
use ambit_store::ChangeSet;

/// A call of a reducer by a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRequest<'a> {
    /// Who calls.
    pub caller: Identity,
    /// The caller's connection; all zeros if it has none.
    pub connection: ConnectionId,
    /// Id of the reducer.
    pub reducer: u16,
    /// A row of the reducer's parameters, unchecked.
    pub arguments: &'a [u8],
}

/// What became of a call.
#[derive(Debug)]
pub struct CallOutcome {
    /// The reducer's id.
    pub reducer: u16,
    /// The commit offset up to which the caller's view reaches: that of this call, or, if it changed nothing,
    /// that of the last commit before it. Or why nothing was committed.
    pub result: Result<u64, CallFailure>,
    /// What was committed; none if the call failed or changed nothing.
    pub change_set: Option<ChangeSet>,
    /// What the log is to hold of it; none if it touched nothing that is logged.
    pub record: Option<Record>,
    /// What the module logged.
    pub logs: Vec<LogLine>,
    /// Log lines that exceeded the limit of a call.
    pub logs_dropped: u64,
}

/// What the log holds of a call besides its change set's head and its arguments:
/// [`crate::Database::encode_logged`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The connection that called.
    pub(crate) connection: ConnectionId,
    /// The number of the call's seed.
    pub(crate) draw: u64,
    /// Whether the client is gone afterwards.
    pub(crate) ends_session: bool,
    /// How much of the change set's body is logged.
    pub(crate) logged_bytes: usize,
}

/// Why nothing was committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// The schema has no such reducer.
    #[error("the module has no reducer {0}")]
    UnknownReducer(u16),
    /// The server calls this reducer itself.
    #[error("reducer `{0}` cannot be called by clients")]
    NotCallable(String),
    /// The arguments are not a row of the reducer's parameters.
    #[error("the arguments of reducer `{reducer}` are not what it takes: {problem}")]
    Arguments {
        /// The reducer's name.
        reducer: String,
        /// What is wrong.
        problem: DecodeError,
    },
    /// The module ran and did not succeed.
    #[error(transparent)]
    Module(#[from] CallError),
}

impl CallOutcome {
    /// Whether the log holds everything that the call changed, so that a replay comes to the same rows.
    pub fn is_logged_whole(&self) -> bool {
        match (&self.change_set, &self.record) {
            (None, _) => true,
            (Some(change_set), Some(record)) => change_set.body.len() == record.logged_bytes,
            (Some(change_set), None) => change_set.body.is_empty(),
        }
    }
}

impl CallFailure {
    /// Whether the module was never asked: the caller's fault.
    pub fn is_rejection(&self) -> bool {
        match self {
            Self::UnknownReducer(_) | Self::NotCallable(_) | Self::Arguments { .. } => true,
            Self::Module(_) => false,
        }
    }
}
