//! Any bytes are records of a log that are applied, or a typed error that leaves the database as it was.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "any_journal.rs"]
mod any_journal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_journal::commits(bytes));
