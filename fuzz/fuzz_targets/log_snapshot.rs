//! Any bytes as a snapshot file give chunks that were checked, or a typed error.
#![no_main]

#[expect(dead_code, reason = "each fuzzer runs one of the checks")]
#[path = "../../server/log/tests/log/any_bytes.rs"]
mod any_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| any_bytes::check_snapshot(bytes));
