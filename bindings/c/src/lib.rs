//! The C ABI of the client core: `include/ambit.h` is made from this crate.
//!
//! Every function checks its arguments, makes one call and returns a status. Outputs are written only on
//! success. A client belongs to one thread at a time; nothing is ever called back. No cache, wire or retry logic
//! lives here.

mod status;
mod types;

mod client;
mod sampling;
mod subscription;
mod table;

pub use client::*;
pub use sampling::*;
pub use status::{AmbitStatus, ambit_error_text};
pub use subscription::*;
pub use table::*;
pub use types::*;
