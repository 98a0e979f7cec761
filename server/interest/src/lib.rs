//! The follower: queries, interest sets and client updates.
//!
//! A [`Follower`] holds its own store, fed by change sets in order, and knows what every client watches. At each
//! flush it works out what each client gains, loses and sees change, and hands out the bytes of the updates. It
//! never opens a socket, starts a thread or reads a clock: time is an argument, and so are the threads that it may use.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod follower;

mod earlier;
mod query;
mod renumber;

mod delivery;

mod changes;
mod motion;

mod grid;
mod ground;
mod sweep;
mod world;

mod threads;

mod client;
mod cohort;
mod filters;
mod flush;
mod rankings;

#[cfg(feature = "reference")]
pub mod reference;

pub use ambit_wire::{
    Circle, Delivery, DeliveryError, Inspection, ParameterError, ParameterValue, Parameters, Tier,
    TierInForce,
};
pub use client::ClientId;
pub use earlier::{Difference, TableChange};
pub use follower::{
    Applied, ClientUpdate, Farewell, FarewellReason, Follower, Refusal, SchemaChangeError, Statistics,
};
pub use query::{QueryError, RuleError, TextError, check_rules};
pub use threads::Threads;
