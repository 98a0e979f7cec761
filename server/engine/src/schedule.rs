//! When the reducers with a fixed rate are due.
//!
//! Ticks lie on a fixed raster from the start of the schedule. If the server is late, at most
//! [`LATE_TICKS_MAX`] missed ticks of a reducer run back to back; older ones are skipped and counted. Every tick
//! is given exactly its interval as dt, so a simulation never sees an irregular step.

use ambit_model::{Duration, Lifecycle, Schema, Timestamp};

use crate::limits::LATE_TICKS_MAX;

/// The reducers with a fixed rate and their next moments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    entries: Vec<Entry>,
    skipped: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    reducer: u16,
    every_us: i64,
    next: Timestamp,
}

/// A tick that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueTick {
    pub reducer: u16,
    pub dt: Duration,
}

impl Schedule {
    /// Every reducer's first tick comes one interval after `now`.
    pub fn new(schema: &Schema, now: Timestamp) -> Self {
        let mut entries = Vec::new();
        for (reducer, declared) in (0..).zip(&schema.reducers) {
            match declared.lifecycle {
                Lifecycle::Tick { every_us } => {
                    let every_us = i64::try_from(every_us).unwrap_or(i64::MAX).max(1);
                    entries.push(Entry { reducer, every_us, next: now.plus(Duration(every_us)) });
                }
                Lifecycle::Call
                | Lifecycle::Init
                | Lifecycle::ClientConnected
                | Lifecycle::ClientDisconnected => {}
            }
        }
        Self { entries, skipped: 0 }
    }

    /// When the next tick is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.entries.iter().map(|entry| entry.next).min()
    }

    /// Ticks that were skipped since the server was too late for them.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes the tick that has been due the longest.
    pub fn take_due(&mut self, now: Timestamp) -> Option<DueTick> {
        let entry = self.entries.iter_mut().min_by_key(|entry| (entry.next, entry.reducer))?;
        if entry.next > now {
            return None;
        }
        let late = now.since(entry.next).0 / entry.every_us;
        let skipped = late.saturating_sub_unsigned(LATE_TICKS_MAX - 1).max(0);
        entry.next = entry.next.plus(Duration(entry.every_us.saturating_mul(skipped)));
        entry.next = entry.next.plus(Duration(entry.every_us));
        self.skipped = self.skipped.saturating_add_signed(skipped);
        Some(DueTick { reducer: entry.reducer, dt: Duration(entry.every_us) })
    }
}

#[cfg(test)]
mod tests {
    use ambit_model::ReducerSchema;

    use super::*;

    fn schedule(intervals_us: &[u64]) -> Schedule {
        let reducer = |(index, &every_us): (usize, &u64)| ReducerSchema {
            name: format!("tick_{index}"),
            params: Vec::new(),
            lifecycle: Lifecycle::Tick { every_us },
            doc: String::new(),
        };
        let reducers = intervals_us.iter().enumerate().map(reducer).collect();
        Schedule::new(&Schema { tables: Vec::new(), reducers, ..Schema::default() }, Timestamp(0))
    }

    fn due(schedule: &mut Schedule, now: i64) -> Vec<u16> {
        std::iter::from_fn(|| schedule.take_due(Timestamp(now)).map(|due| due.reducer)).collect()
    }

    #[test]
    fn ticks_come_on_their_raster_with_exact_dt() {
        let mut schedule = schedule(&[50_000]);
        assert_eq!(schedule.next(), Some(Timestamp(50_000)));
        assert_eq!(due(&mut schedule, 49_999), []);
        assert_eq!(schedule.take_due(Timestamp(57_000)), Some(DueTick { reducer: 0, dt: Duration(50_000) }));
        assert_eq!(schedule.next(), Some(Timestamp(100_000)), "lateness does not move the raster");
        assert_eq!(schedule.skipped(), 0);
    }

    #[test]
    fn a_hitch_is_caught_up_and_a_long_pause_is_skipped() {
        let mut schedule = schedule(&[10_000]);
        assert_eq!(due(&mut schedule, 50_000).len(), 5);
        assert_eq!(schedule.skipped(), 0);
        assert_eq!(due(&mut schedule, 1_050_000).len(), 5);
        assert_eq!(schedule.skipped(), 95);
        assert_eq!(schedule.next(), Some(Timestamp(1_060_000)));
    }

    #[test]
    fn the_longest_due_goes_first() {
        let mut schedule = schedule(&[30_000, 20_000]);
        assert_eq!(due(&mut schedule, 60_000), [1, 0, 1, 0, 1]);
        assert_eq!(Schedule::default().next(), None);
    }
}
