//! The one IO thread of the process.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle};

static IO_THREAD: OnceLock<Result<Handle, String>> = OnceLock::new();

/// The IO thread, started with the first client. It ends with the process.
pub(crate) fn handle() -> Result<Handle, String> {
    IO_THREAD.get_or_init(start).clone()
}

fn start() -> Result<Handle, String> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the IO thread has no event loop: {error}"))?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("ambit-client-io".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(|error| format!("the IO thread did not start: {error}"))?;
    Ok(handle)
}
