//! Any bytes are a change set's body that a store takes, or a typed error that leaves it as it was.
#![no_main]

mod store_world;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| store_world::apply(bytes));
