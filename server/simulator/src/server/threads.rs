//! The threads that flushes run on in some worlds. What clients are told does not depend on them, so a seed replays exactly.

use std::num::NonZeroUsize;
use std::thread;

use ambit_interest::Threads;

/// So many threads, the one that runs the world included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlushThreads(NonZeroUsize);

impl FlushThreads {
    /// Those of a world: one for most, two or three for a quarter of the seeds.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let count = match seed % 8 {
            5 => 2,
            7 => 3,
            0..=4 | 6 | 8.. => 1,
        };
        Self(NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN))
    }
}

impl Threads for FlushThreads {
    fn count(&self) -> NonZeroUsize {
        self.0
    }

    fn clients_min(&self) -> usize {
        2
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        thread::scope(|scope| {
            (1..self.0.get()).for_each(|number| drop(scope.spawn(move || work(number))));
            work(0);
        });
    }
}
