//! A module for tests and measurements: every column type, every operation, every way to fail.

mod accounts;

mod everything;

mod operations;

mod failures;

mod ticks;
