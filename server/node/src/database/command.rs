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
    /// Another module.
    Publish {
        /// The compiled module.
        module: Module,
        /// Takes the answer.
        reply: oneshot::Sender<PublishReply>,
    },
    /// The database ends.
    Stop {
        /// Of the Goodbye.
        code: u16,
        /// Of the Goodbye.
        reason: String,
    },
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

/// What became of a publish: whether the database must be opened anew, or why the module is refused.
pub type PublishReply = Result<Published, String>;

/// How a module took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The tables are as before: the module was swapped and clients stay.
    Swapped,
    /// The tables changed: the database is to be opened anew with the module.
    NeedsReopen,
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
