//! What a server and its clients say to each other: messages in a FlatBuffers envelope, packed blocks inside.
//!
//! The bytes are drawn in docs/formats/wire.md. Every decoder takes any bytes and answers a value or a
//! [`WireError`]. This crate leaves out what moves the bytes (sockets, queues) and what the rows mean: a delta's
//! columns are measured here and applied with [`ambit_model::delta`].

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod error;

mod bits;
mod calls;
mod claims;
mod results;
mod updates;

mod motion;

mod client;
mod delivery;
mod inspection;
mod parameters;

mod envelope;
mod server;
mod step;

#[allow(
    warnings,
    clippy::all,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::wildcard_enum_match_arm,
    unsafe_code
)]
#[rustfmt::skip]
#[path = "messages_generated.g.rs"]
mod messages_generated;

pub use bits::BitWriter;
pub use calls::{Call, Calls, write_call};
pub use claims::{Claim, Claims, row_digest, write_claims};
pub use client::ClientMessage;
pub use delivery::{Delivery, DeliveryError, Tier};
pub use error::WireError;
pub use inspection::{Circle, Inspection, TierInForce};
pub use motion::{
    Coding, MotionBlock, MotionSink, RowResiduals, is_leap, write_calm, write_residuals, write_section,
    write_way,
};
pub use parameters::{ParameterError, ParameterValue, Parameters};
pub use results::{CallResult, CallStatus, Results, write_result};
pub use server::{ServerMessage, UpdateHeader, goodbye};
pub use updates::{
    BlockKind, LeaveReason, Op, Ops, TableBlock, TableBlocks, TableMark, begin_motion, begin_table,
    end_table, write_delete, write_delta, write_insert, write_insert_columns,
};

/// The protocol's version, said in Hello.
pub const PROTOCOL_VERSION: u16 = 1;

/// The WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "ambit.v1";

/// The path of a database's WebSocket.
pub fn connect_path(database: &str) -> String {
    format!("/v1/database/{database}/connect")
}
