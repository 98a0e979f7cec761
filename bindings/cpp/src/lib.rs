//! The client core for C++ programs that link it statically: the Rust side of `src/backend_cxx.cpp`.
//!
//! The user's header is the same as with the C library (`include/ambit/client.h`). Each function checks, makes one
//! call and keeps the text of what was refused. No cache, wire or retry logic lives here. `src/bridge.g.h` and
//! `src/bridge.g.cpp` are made from `src/bridge.rs` by `cargo run -p ambit-cpp --example bridge`.

mod bridge;
mod core;
