//! Runs modules: compiles WebAssembly, gives it the database's tables through checked imports, and keeps every
//! call within its time, memory and text limits (docs/formats/module-abi.md).
//!
//! A module is hostile until proven otherwise: nothing it passes is used before it is checked. The host opens no
//! file and no socket and has no clock; a deadline counts the ticks of [`EpochTicker`]. It neither commits nor
//! rolls back: that is the engine's business.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod runtime;

mod module;

mod instance;

mod host;

mod error;

pub use ambit_module_abi::CallHeader;
pub use error::{CallError, CompileError};
pub use host::text::{LogLevel, LogLine};
pub use instance::Instance;
pub use limits::ModuleLimits;
pub use module::Module;
pub use runtime::{EpochTicker, Runtime, RuntimeError};
