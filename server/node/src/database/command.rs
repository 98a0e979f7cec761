//! What the engine and the follower are told, in order.

use std::sync::Arc;

use ambit_model::Identity;
use ambit_module_host::Module;
use ambit_store::ChangeSet;
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::connection::Connection;

/// What an engine thread is told.
pub enum EngineCommand {
    /// A client has said Hello.
    Connect {
        /// Its connection.
        connection: Arc<Connection>,
        /// The token that it is to keep.
        token: String,
    },
    /// A client has gone.
    Disconnect {
        /// Its connection.
        connection: Arc<Connection>,
    },
    /// Calls of a client: a block of the wire that was walked through already.
    Calls {
        /// Its connection.
        connection: Arc<Connection>,
        /// The block.
        block: Bytes,
    },
    /// A subscription begins.
    Subscribe {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for it.
        subscription: u32,
        /// The query.
        sql: String,
        /// Updates per second, as in the message.
        rate: f32,
    },
    /// A subscription ends.
    Unsubscribe {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for it.
        subscription: u32,
    },
    /// A single call from a tool, without a connection.
    CallOnce {
        /// Who calls.
        caller: Identity,
        /// The reducer's id.
        reducer: u16,
        /// The row of arguments.
        arguments: Vec<u8>,
        /// Takes the answer.
        reply: oneshot::Sender<CallReply>,
    },
    /// Another module with the same tables and reducers.
    Replace {
        /// The compiled module.
        module: Module,
        /// Takes the answer.
        reply: oneshot::Sender<ReplaceReply>,
    },
    /// The database ends.
    Stop {
        /// Of the Goodbye.
        code: u16,
        /// Of the Goodbye.
        reason: String,
    },
}

impl EngineCommand {
    /// Bytes of what a client has sent in it.
    pub fn byte_count(&self) -> usize {
        match self {
            Self::Calls { block, .. } => block.len(),
            Self::CallOnce { arguments, .. } => arguments.len(),
            Self::Subscribe { sql, .. } => sql.len(),
            Self::Connect { .. }
            | Self::Disconnect { .. }
            | Self::Unsubscribe { .. }
            | Self::Replace { .. }
            | Self::Stop { .. } => 0,
        }
    }
}

/// What became of a single call: the offset up to which the caller's view reaches, or a refusal.
pub type CallReply = Result<u64, CallRefusal>;

/// Why a single call committed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRefusal {
    /// Whether the module was never asked.
    pub is_rejection: bool,
    /// A sentence for the caller.
    pub message: String,
}

/// Whether a module has taken its place, or why the old one goes on.
pub type ReplaceReply = Result<(), String>;

/// What one round of the engine has for the follower.
pub struct FollowerRound {
    /// In order.
    pub commands: Vec<FollowerCommand>,
    /// Bytes of the commits and queries in them.
    pub bytes: usize,
}

/// What a follower thread is told.
pub enum FollowerCommand {
    /// A commit.
    Change(Arc<ChangeSet>),
    /// A client was welcomed.
    Connect(Arc<Connection>),
    /// A client has gone.
    Disconnect(u64),
    /// A subscription begins.
    Subscribe {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for it.
        subscription: u32,
        /// The query.
        sql: String,
        /// Updates per second, as in the message.
        rate: f32,
    },
    /// A subscription ends.
    Unsubscribe {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for it.
        subscription: u32,
    },
}

impl FollowerCommand {
    /// Bytes of the commit or query in it.
    pub fn byte_count(&self) -> usize {
        match self {
            Self::Change(change_set) => change_set.body.len(),
            Self::Subscribe { sql, .. } => sql.len(),
            Self::Connect(_) | Self::Disconnect(_) | Self::Unsubscribe { .. } => 0,
        }
    }
}
