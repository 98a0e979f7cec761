//! The compiler and the clock that all modules of a process share.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use wasmtime::{Config, Engine, OptLevel};

use crate::limits;

/// Compiles and runs modules. Clones share everything.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
}

/// This machine cannot run modules.
#[derive(Debug, thiserror::Error)]
#[error("WebAssembly cannot run here: {0}")]
pub struct RuntimeError(String);

/// A thread that ticks the epoch, without which no deadline ends. Dropping it ends the thread.
pub struct EpochTicker {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    /// A runtime for this machine.
    pub fn new() -> Result<Self, RuntimeError> {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.epoch_interruption(true);
        config.max_wasm_stack(limits::STACK_BYTES_MAX);
        // One 32-bit memory: what the interface speaks of, and what the bounds checks are for.
        config.wasm_memory64(false);
        config.wasm_multi_memory(false);
        let engine = Engine::new(&config).map_err(|error| RuntimeError(format!("{error:#}")))?;
        Ok(Self { engine })
    }

    /// Starts the thread that ticks every [`limits::EPOCH_TICK`].
    pub fn start_ticker(&self) -> io::Result<EpochTicker> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (engine, stop_of_thread) = (self.engine.clone(), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("ambit-epoch".into())
            .spawn(move || tick_until(&engine, &stop_of_thread))?;
        Ok(EpochTicker { stop, thread: Some(thread) })
    }

    /// Ticks the epoch once: for tests and simulations, in which time is an argument.
    pub fn tick_epoch(&self) {
        self.engine.increment_epoch();
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn tick_until(engine: &Engine, stop: &(Mutex<bool>, Condvar)) {
    let (is_stopped, wake) = stop;
    let mut guard = is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
    while !*guard {
        let waited = wake.wait_timeout(guard, limits::EPOCH_TICK);
        guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        engine.increment_epoch();
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        let (is_stopped, wake) = &*self.stop;
        *is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread does nothing that could panic; there is nothing to do if it has.
            drop(thread.join());
        }
    }
}
