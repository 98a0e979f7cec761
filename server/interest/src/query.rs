//! Queries: SQL text → a checked plan.
//!
//! The plan names tables and columns by position, holds all parameters' values and needs no further checks. It
//! leaves out how a plan is kept up to date.

pub(crate) mod plan;

mod error;

mod parse;

mod from;
mod projection;

mod join;
mod tree;

mod condition;

mod comparison;
mod pattern;
mod place;

mod order;
mod permit;
mod rules;

mod literal;
mod scope;
mod value;

#[cfg(test)]
pub(crate) mod random;

pub use error::{QueryError, TextError};
pub(crate) use parse::parse;
pub(crate) use permit::permit;
#[cfg(feature = "reference")]
pub(crate) use rules::plans as rule_plans;
pub use rules::{RuleError, check_rules};

use plan::Condition;

/// Whose subscription it is: the values of `:sender`, `:connection` and the client's own parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub identity: ambit_model::Identity,
    pub connection: ambit_model::ConnectionId,
    pub parameters: &'a ambit_wire::Parameters,
}
