//! A client of an Ambit database: [`Client::connect`], [`Client::subscribe`], [`Client::call`], and once per frame
//! [`Client::tick`].
//!
//! One IO thread serves all clients of a process. It never calls into the game: the game polls. There is no TLS
//! and no reconnect yet: a lost connection ends in [`ConnectionState::Disconnected`], the cache stays readable,
//! and a new [`Client`] with the same token continues as the same player.

pub mod limits;

mod client;
mod options;
mod plain;
mod query;
mod state;
mod typed;

mod connection;
mod heard;
mod link;
mod runtime;

pub use ambit_client_core::{
    Budget, CallOutcome, CallStatus, Circle, DelayError, Delivery, DeliveryError, Event, EventKind,
    Inspection, InterpolateError, KeyBound, LeaveReason, LookupError, ParameterError, ParameterValue,
    Parameters, ProtocolError, SampleError, SendError, Statistics, SubscriptionState, Table, TableStatistics,
    Tier, TierInForce, World,
};
pub use ambit_model as model;
pub use client::Client;
pub use options::Options;
pub use plain::{PlainValue, PlainValueError};
pub use query::{AnyColumn, Column, Condition, Nullable, Order, Position, Queried, Query};
pub use state::{ConnectionState, DisconnectReason};
pub use typed::{BindError, RowChange, TypedReducer, TypedTable};
