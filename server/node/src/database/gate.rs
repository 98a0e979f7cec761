//! A bound on the bytes that wait between two threads. Queues bound how many things wait; this bounds how large they are.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Counts bytes on their way to a thread; whoever sends them waits while there are too many.
#[derive(Debug)]
pub struct Gate {
    bytes_max: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: usize,
    /// The receiver has gone: nobody waits any more.
    is_open: bool,
}

/// The receiver's end: opens the gate for good when the receiver goes, in whatever way.
#[derive(Debug)]
pub struct GateKeeper(Arc<Gate>);

impl Gate {
    /// A gate for at most so many bytes, and its keeper.
    pub fn new(bytes_max: usize) -> (Arc<Self>, GateKeeper) {
        let gate = Arc::new(Self { bytes_max, state: Mutex::default(), changed: Condvar::new() });
        let keeper = GateKeeper(Arc::clone(&gate));
        (gate, keeper)
    }

    /// Waits until the bytes may pass, and counts them. Alone they always may: a single commit can be larger than the
    /// bound.
    pub fn enter(&self, bytes: usize) {
        let is_closed = |state: &mut State| {
            !state.is_open && state.bytes > 0 && state.bytes.saturating_add(bytes) > self.bytes_max
        };
        let state = self.changed.wait_while(self.lock(), is_closed);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.bytes = state.bytes.saturating_add(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held leaves a count.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GateKeeper {
    /// The receiver is done with so many bytes.
    pub fn leave(&self, bytes: usize) {
        let mut state = self.0.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        self.0.changed.notify_all();
    }
}

impl Drop for GateKeeper {
    fn drop(&mut self) {
        self.0.lock().is_open = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_waits_until_the_receiver_is_done_or_gone() {
        let (gate, keeper) = Gate::new(100);
        gate.enter(1_000);
        let (sender, receiver) = std::sync::mpsc::channel();
        let waiting = Arc::clone(&gate);
        let thread = std::thread::spawn(move || {
            for bytes in [60, 40, 1] {
                waiting.enter(bytes);
                sender.send(bytes).unwrap();
            }
        });
        assert!(receiver.try_recv().is_err());
        keeper.leave(1_000);
        assert_eq!((receiver.recv(), receiver.recv()), (Ok(60), Ok(40)));
        assert!(receiver.try_recv().is_err());
        drop(keeper);
        assert_eq!(receiver.recv(), Ok(1));
        thread.join().unwrap();
    }
}
