//! Queries: SQL text → a checked plan.
//!
//! The plan names tables and columns by position, holds all parameters' values and needs no further checks. It
//! leaves out how a plan is kept up to date.

pub(crate) mod plan;

mod error;

mod parse;

mod condition;
mod literal;
mod scope;

pub use error::{QueryError, TextError};
pub(crate) use parse::parse;

/// Whose subscription it is: the values of `:sender` and `:connection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub identity: ambit_model::Identity,
    pub connection: ambit_model::ConnectionId,
}
