//! The module that runs in simulated databases: random schemas, and reducers that are random transactions.

pub(crate) mod edit;
pub(crate) mod schema;
pub(crate) mod transaction;
pub(crate) mod types;
