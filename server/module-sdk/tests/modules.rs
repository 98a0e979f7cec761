//! The sample modules, built for WebAssembly and run by the module host on a store.

#[path = "modules/guilds.rs"]
mod guilds;
#[path = "modules/mmo.rs"]
mod mmo;
#[path = "modules/testbed.rs"]
mod testbed;
#[path = "modules/upgrade.rs"]
mod upgrade;
#[path = "modules/world.rs"]
mod world;
