//! Any bytes are a schema that passes its own check, or a typed error.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "any_model.rs"]
mod any_model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_model::schema(bytes));
