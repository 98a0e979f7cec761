//! Any bytes are a row with exactly that encoding, or a typed error; any packed columns leave a valid row.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "any_model.rs"]
mod any_model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_model::row(bytes));
