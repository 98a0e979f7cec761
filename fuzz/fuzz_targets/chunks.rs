//! Any bytes are the chunks of a snapshot, each behind its length, that make a store, or a typed error.
#![no_main]

mod store_world;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| store_world::load(bytes));
