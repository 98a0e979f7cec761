//! Any bytes are the head of a snapshot, or a typed error.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "any_journal.rs"]
mod any_journal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_journal::head(bytes));
