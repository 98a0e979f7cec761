//! The sample modules, built for WebAssembly and run by the module host on a store.

#[path = "modules/mmo.rs"]
mod mmo;
#[path = "modules/testbed.rs"]
mod testbed;
#[path = "modules/world.rs"]
mod world;
