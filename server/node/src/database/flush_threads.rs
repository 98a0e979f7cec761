//! The threads that the flushes of one database run on: the follower's own, and those that wait here to help it. Each database has
//! threads of its own, so that none waits for the flush of another one.

use std::io;
use std::num::NonZeroUsize;

use ambit_interest::Threads;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::limits;

/// The threads of one database.
pub struct FlushThreads {
    count: NonZeroUsize,
    /// All but the follower's; none if that is the only one.
    others: Option<ThreadPool>,
}

impl FlushThreads {
    /// So many, the follower's included, for the database of this name. Fails if the system gives none.
    pub fn new(name: &str, count: usize) -> io::Result<Self> {
        let count = NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let name = name.to_owned();
        let pool = ThreadPoolBuilder::new()
            .num_threads(count.get() - 1)
            .stack_size(limits::FOLLOWER_STACK_BYTES)
            .thread_name(move |number| format!("flush {} {name}", number + 2));
        let others = (count.get() > 1).then(|| pool.build().map_err(io::Error::other)).transpose()?;
        Ok(Self { count, others })
    }
}

impl Threads for FlushThreads {
    fn count(&self) -> NonZeroUsize {
        self.count
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        let Some(others) = &self.others else { return work(0) };
        others.in_place_scope(|scope| {
            (1..self.count.get()).for_each(|number| scope.spawn(move |_| work(number)));
            work(0);
        });
    }
}
