//! Time, and runs in worlds from different seeds.

use rustix::time::{ClockId, clock_gettime};

/// Worlds that a figure is the median of.
pub const RUNS: u64 = 5;

/// Nanoseconds that this thread has run: other work on the machine does not matter.
pub fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds that `work` takes.
pub fn time(work: impl FnOnce()) -> f64 {
    let begin = processor_time();
    work();
    processor_time() - begin
}

/// Nanoseconds of the world's time that `work` takes, for what runs on several threads.
pub fn wall_time(work: impl FnOnce()) -> f64 {
    let now = || clock_gettime(ClockId::Monotonic);
    let begin = now();
    work();
    let end = now();
    (end.tv_sec - begin.tv_sec) as f64 * 1e9 + (end.tv_nsec - begin.tv_nsec) as f64
}

/// The run that is in the middle by what `key` says of it.
pub fn median<T>(run: impl Fn(u64) -> T, key: impl Fn(&T) -> f64) -> T {
    let mut runs: Vec<T> = (0..RUNS).map(run).collect();
    runs.sort_by(|left, right| key(left).total_cmp(&key(right)));
    runs.swap_remove(runs.len() / 2)
}
