//! Values of rows between updates: the rules one by one, random worlds against a naive model, and motion over a simulated link.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod link;
mod model;
mod rules;
