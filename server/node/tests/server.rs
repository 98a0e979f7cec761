//! A whole server in this process, with real sockets, a real module and real files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "server/compressing.rs"]
mod compressing;
#[path = "server/hostile.rs"]
mod hostile;
#[path = "server/http.rs"]
mod http;
#[path = "server/inspecting.rs"]
mod inspecting;
#[path = "server/keeping.rs"]
mod keeping;
#[path = "server/large.rs"]
mod large;
#[path = "server/migrating.rs"]
mod migrating;
#[path = "server/modules.rs"]
mod modules;
#[path = "server/players.rs"]
mod players;
#[path = "server/publishing.rs"]
mod publishing;
#[path = "server/replacing.rs"]
mod replacing;
#[path = "server/returning.rs"]
mod returning;
#[path = "server/visibility.rs"]
mod visibility;
#[path = "server/world.rs"]
mod world;
