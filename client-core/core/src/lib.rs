//! The client of an Ambit database without its IO: connection, cache, events, results.
//!
//! [`Session`] takes in the server's messages on the IO side: it checks them and merges changes per row until the
//! game comes for them. [`World::tick`] brings the game's cache to the latest commit and hands out events.
//! [`Outbox`] holds what waits to be sent. The bytes of every row are kept twice, as the server told it and as
//! the game last saw it; so a game that does not tick costs no more memory than its rows, and an old row is at
//! hand for every event. There is no clock, no socket and no thread here (see `ambit-client`).

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod error;
mod outbox;
mod session;
mod unpack;
mod world;

mod changes;
mod events;
mod inspections;
mod statistics;
mod table;

mod clock;
mod pace;
mod sampling;

mod index;
mod replica;
mod rows;

pub use ambit_wire::{
    CallStatus, Circle, Delivery, DeliveryError, Inspection, LeaveReason, ParameterError, ParameterValue,
    Parameters, Tier, TierInForce,
};
pub use error::{DelayError, InterpolateError, LookupError, ProtocolError, SampleError, SendError};
pub use events::{Event, EventKind};
pub use outbox::Outbox;
pub use session::{CallOutcome, Goodbye, Session, SubscriptionState, Welcome};
pub use statistics::{Statistics, TableStatistics};
pub use table::{KeyBound, Table};
pub use unpack::unpack;
pub use world::{Budget, World};
