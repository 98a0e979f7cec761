//! What the engine and the follower are told, in order.

use std::sync::Arc;

use ambit_engine::ModuleHash;
use ambit_model::{Identity, Schema};
use ambit_module_host::Module;
use ambit_store::{ChangeSet, Plan};
use ambit_wire::{Claim, Delivery, Parameters};
use bytes::Bytes;
use crossbeam_channel::Receiver;
use tokio::sync::oneshot;

use super::plan_report::PlanReport;
use super::snapshots::SnapshotRequest;
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
        /// How its rows are delivered, as in the message.
        delivery: Box<Delivery>,
        /// The values of the names in the query.
        parameters: Box<Parameters>,
    },
    /// A subscription gets other parameters.
    ChangeParameters {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for the subscription.
        subscription: u32,
        /// The client's number for the change.
        change: u32,
        /// The values of the names in the query.
        parameters: Box<Parameters>,
    },
    /// What a client that came back holds, before its subscriptions.
    Resume {
        /// The client's connection.
        connection: Arc<Connection>,
        /// Of the digests.
        key: [u64; 2],
        /// Rows and their digests.
        claims: Vec<Claim>,
    },
    /// A client that came back has asked for all of its subscriptions.
    ResumeEnd {
        /// The client's connection.
        connection: Arc<Connection>,
    },
    /// Somebody asks what is in force in a subscription.
    Inspect {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for the subscription.
        subscription: u32,
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
        /// The module, and how.
        publication: Box<Publication>,
        /// Takes the answer.
        reply: oneshot::Sender<PublishReply>,
    },
    /// A snapshot, now.
    Snapshot {
        /// Takes its offset, and where to wait for it.
        reply: SnapshotReply,
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
            Self::Subscribe { sql, parameters, delivery, .. } => {
                sql.len() + parameters.byte_count() + delivery.byte_count()
            }
            Self::ChangeParameters { parameters, .. } => parameters.byte_count(),
            Self::Resume { claims, .. } => size_of_val(claims.as_slice()),
            Self::Connect { .. }
            | Self::Disconnect { .. }
            | Self::Unsubscribe { .. }
            | Self::Inspect { .. }
            | Self::ResumeEnd { .. }
            | Self::Publish { .. }
            | Self::Snapshot { .. }
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

/// Takes a snapshot's offset, and where to wait until it is on disk.
pub type SnapshotReply = oneshot::Sender<(u64, Receiver<Result<(), String>>)>;

/// A module that is to be published.
pub struct Publication {
    /// The compiled module.
    pub module: Module,
    /// Its WebAssembly.
    pub wasm: Vec<u8>,
    /// What tells it from others.
    pub hash: ModuleHash,
    /// Only what it would do is wanted.
    pub is_dry_run: bool,
    /// The publisher agrees that rows or columns are lost.
    pub is_confirmed: bool,
}

/// What a publish did or would do.
#[derive(Debug)]
pub struct PublishOutcome {
    /// The commit with which the module took over; none for a dry run.
    pub offset: Option<u64>,
    /// What became of the tables.
    pub plan: PlanReport,
}

/// Why the old module goes on.
#[derive(Debug)]
pub enum PublishRefusal {
    /// The module or the rows.
    Refused(String),
    /// Something would be lost, and the publisher has not agreed to that.
    Unconfirmed(Box<PlanReport>),
    /// The server cannot do it.
    Server(String),
}

/// What became of a publish.
pub type PublishReply = Result<PublishOutcome, PublishRefusal>;

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
    /// A commit with which another schema begins.
    Migrate {
        /// The schema.
        schema: Arc<Schema>,
        /// From the schema before to this one.
        plan: Arc<Plan>,
        /// What the migration function changed afterwards.
        change_set: Arc<ChangeSet>,
    },
    /// A snapshot of the rows as they are now.
    Snapshot(SnapshotRequest),
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
        /// How its rows are delivered, as in the message.
        delivery: Box<Delivery>,
        /// The values of the names in the query.
        parameters: Box<Parameters>,
    },
    /// A subscription gets other parameters.
    ChangeParameters {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for the subscription.
        subscription: u32,
        /// The client's number for the change.
        change: u32,
        /// The values of the names in the query.
        parameters: Box<Parameters>,
    },
    /// What a client that came back holds, before its subscriptions.
    Resume {
        /// The client's connection.
        connection: Arc<Connection>,
        /// Of the digests.
        key: [u64; 2],
        /// Rows and their digests.
        claims: Vec<Claim>,
    },
    /// A client that came back has asked for all of its subscriptions.
    ResumeEnd {
        /// The client's connection.
        connection: Arc<Connection>,
    },
    /// Somebody asks what is in force in a subscription.
    Inspect {
        /// The client's connection.
        connection: Arc<Connection>,
        /// The client's number for the subscription.
        subscription: u32,
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
            Self::Change(change_set) | Self::Migrate { change_set, .. } => change_set.body.len(),
            Self::Subscribe { sql, parameters, delivery, .. } => {
                sql.len() + parameters.byte_count() + delivery.byte_count()
            }
            Self::ChangeParameters { parameters, .. } => parameters.byte_count(),
            Self::Resume { claims, .. } => size_of_val(claims.as_slice()),
            Self::Connect(_)
            | Self::Disconnect(_)
            | Self::Unsubscribe { .. }
            | Self::Inspect { .. }
            | Self::ResumeEnd { .. }
            | Self::Snapshot(_) => 0,
        }
    }
}
