//! A module for tests and measurements: every column type, every operation, every way to fail.

mod accounts;

mod everything;

mod operations;

mod guilds;

mod durability;

mod failures;

mod ticks;
