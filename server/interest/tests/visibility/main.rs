//! What clients may see: private columns and rules, and everything that somebody could try in order to see more.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the tables have a few of the types")]

#[path = "../support/followers.rs"]
mod followers;

mod random;
mod secrets;
mod twins;
mod world;
