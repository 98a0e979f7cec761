//! From a module's folder to its `.wasm`: which rustc, linker and standard library to use on this machine.
//!
//! Shared by `ambit publish <dir>` and by the project's own commands, so that both build a module in the
//! same way. Three ways, in this order:
//!
//! 1. the default rustc has the standard library of wasm32-unknown-unknown: use it;
//! 2. `rustup target add` can fetch it;
//! 3. a distribution's rustc with its library source and a matching `wasm-ld-N` (Debian: rustc-web,
//!    rust-web-src, lld-N): build the standard library once and keep it in the user's cache folder.
//!
//! Knows nothing of schemas, servers or the module ABI.

mod toolchain;

mod install;
mod sysroot;

mod module;

mod process;

pub use install::{Install, install_packages};
pub use module::{BuildError, build_module, cargo_command};
pub use toolchain::{ModuleToolchain, TARGET, ToolchainError, detect, prepare};
