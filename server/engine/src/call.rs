//! What a call is given and what it gives back.

use ambit_model::{ConnectionId, DecodeError, Duration, Identity, Timestamp};
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

/// What a call would otherwise take from a clock and a random number generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of the call.
    pub now: Timestamp,
    /// Seeds the call's random numbers.
    pub seed: u128,
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
    /// What the module logged.
    pub logs: Vec<LogLine>,
    /// Log lines that exceeded the limit of a call.
    pub logs_dropped: u64,
    /// The connection that called, for the log.
    pub connection: ConnectionId,
    /// The seed of the call, for the log.
    pub seed: u128,
    /// The interval of a tick, for the log; zero for other calls.
    pub dt: Duration,
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

impl CallFailure {
    /// Whether the module was never asked: the caller's fault.
    pub fn is_rejection(&self) -> bool {
        match self {
            Self::UnknownReducer(_) | Self::NotCallable(_) | Self::Arguments { .. } => true,
            Self::Module(_) => false,
        }
    }
}
