//! The threads that a flush may use. Whoever owns the follower owns them too: this crate starts none.

use std::num::NonZeroUsize;
use std::slice::ChunksMut;
use std::sync::{Mutex, PoisonError};

use crate::limits;

/// Threads that share the work of a flush, the one that calls it included.
///
/// What clients are told does not depend on how many there are, nor on which of them does what.
pub trait Threads {
    /// How many there are.
    fn count(&self) -> NonZeroUsize;

    /// Clients that a group of them must have to be told something, at least, so that others are called to help.
    fn clients_min(&self) -> usize {
        limits::CLIENTS_ON_THREADS_MIN
    }

    /// Calls `work` on each thread, once, with the thread's number below [`Self::count`]; 0 is the calling thread. Returns
    /// when all calls have returned. A thread that is busy may come late: the others do its part.
    fn run(&self, work: &(dyn Fn(usize) + Sync));
}

/// The calling thread alone.
pub(crate) struct OneThread;

impl Threads for OneThread {
    fn count(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        work(0);
    }
}

/// Items that threads take a few at a time.
pub(crate) struct Shares<'a, T>(Mutex<ChunksMut<'a, T>>);

impl<'a, T> Shares<'a, T> {
    /// The next ones, which nobody else has; none if all are taken.
    pub fn next(&self) -> Option<&'a mut [T]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

/// Calls `work` on each thread with its number and the items, of which `count` at a time are taken.
pub(crate) fn share<T: Send>(
    threads: &dyn Threads,
    (items, count): (&mut [T], usize),
    work: impl Fn(usize, &Shares<'_, T>) + Sync,
) {
    let shares = Shares(Mutex::new(items.chunks_mut(count.max(1))));
    threads.run(&|thread| work(thread, &shares));
}
