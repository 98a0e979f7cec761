//! Any bytes as a segment of a log can be read, verified, repaired and written on, or give a typed error.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "../../server/log/tests/log/any_bytes.rs"]
mod any_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_bytes::check_segment(bytes));
