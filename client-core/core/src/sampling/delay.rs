//! How far behind the server a frame has to be, so that nearly all values of rows are there when it needs them.
//!
//! A row that got a value at one commit and the next one at another needs both until the second has arrived: a delay of the time
//! between the commits, plus the time from the second commit to its arrival. The delays that rows needed lately are
//! counted in bins; the adaptive delay is the least that was enough for nearly all of them, within bounds.

use super::arrivals::Tempo;
use crate::limits;

#[derive(Debug)]
pub(crate) struct Delay {
    /// By needed delay; counts that shrink with time.
    weights: [f32; limits::DELAY_BINS],
    total: f32,
    aged_us: i64,
    delay_us: i64,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            weights: [0.0; limits::DELAY_BINS],
            total: 0.0,
            aged_us: 0,
            delay_us: limits::RENDER_DELAY_FIRST_US,
        }
    }
}

impl Delay {
    /// The delay that is enough for nearly all values.
    pub(crate) fn delay_us(&self) -> i64 {
        self.delay_us
    }

    /// Takes in what an update brought that came so late, by the server's clock.
    pub(crate) fn add(&mut self, tempo: &mut Tempo, late_us: i64, server_us: i64) {
        self.age(server_us);
        let late_bins = usize::try_from(late_us / limits::DELAY_BIN_US).unwrap_or(0);
        for (gap, count) in tempo.gaps.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            let bin = gap.saturating_add(late_bins).min(limits::DELAY_BINS - 1);
            let count = std::mem::take(count) as f32;
            if let Some(weight) = self.weights.get_mut(bin) {
                *weight += count;
                self.total += count;
            }
        }
        if self.total >= limits::DELAY_VALUES_MIN {
            self.delay_us = self.enough_us().clamp(limits::RENDER_DELAY_MIN_US, limits::RENDER_DELAY_MAX_US);
        }
    }

    /// Two bins more than the first of the values that may come late: what gap and lateness lost when they were put into bins.
    fn enough_us(&self) -> i64 {
        let mut late = self.total * (1.0 - limits::RENDER_DELAY_IN_TIME_PERCENT / 100.0);
        let mut bin = self.weights.len();
        for weight in self.weights.iter().rev() {
            late -= weight;
            if late < 0.0 {
                break;
            }
            bin -= 1;
        }
        (bin as i64 + 1) * limits::DELAY_BIN_US
    }

    /// Lets older counts shrink, ten times in a half-life.
    fn age(&mut self, server_us: i64) {
        let passed = server_us.saturating_sub(self.aged_us);
        if (0..limits::DELAY_HALF_LIFE_US / 10).contains(&passed) {
            return;
        }
        let half_lives = passed.max(0) as f32 / limits::DELAY_HALF_LIFE_US as f32;
        let share = 0.5_f32.powf(half_lives);
        self.weights.iter_mut().for_each(|weight| *weight *= share);
        self.total = self.weights.iter().sum();
        self.aged_us = server_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many rows per update that moved on after `gap_us`, each update so late, twenty times a second.
    fn after(updates: &[(i64, u32, i64)]) -> i64 {
        let mut delay = Delay::default();
        for (at, &(gap_us, rows, late_us)) in updates.iter().enumerate() {
            let mut tempo = Tempo { steps: rows, gaps: vec![0; limits::DELAY_BINS] };
            tempo.gaps[(gap_us / limits::DELAY_BIN_US) as usize] = rows;
            delay.add(&mut tempo, late_us, at as i64 * 50_000);
            assert!(tempo.gaps.iter().all(|count| *count == 0));
        }
        delay.delay_us()
    }

    #[test]
    fn nearly_all_values_are_in_time() {
        assert_eq!(after(&[]), limits::RENDER_DELAY_FIRST_US);
        assert_eq!(after(&[(50_000, 7, 8_000)]), limits::RENDER_DELAY_FIRST_US, "too few");
        assert_eq!(after(&[(50_000, 50, 8_000); 40]), 65_000);
        assert_eq!(after(&[(50_000, 50, 31_000); 40]), 90_000);
        assert_eq!(after(&[(5_000, 50, 0); 40]), limits::RENDER_DELAY_MIN_US);
        assert_eq!(after(&[(490_000, 50, 400_000); 40]), limits::RENDER_DELAY_MAX_US);
        let mut jittery: Vec<_> = (0..100).map(|at| (50_000, 50, 8_000 + at % 10 * 4_000)).collect();
        assert_eq!(after(&jittery), 100_000);
        jittery.extend([(50_000, 50, 8_000); 1_000]);
        assert_eq!(after(&jittery), 65_000, "a bad time is forgotten");
        let mut hiccup = vec![(50_000, 50, 8_000); 200];
        hiccup[150] = (50_000, 50, 300_000);
        assert_eq!(after(&hiccup), 65_000, "one in two hundred does not decide");
        let tiers = [(50_000, 50, 8_000), (200_000, 50, 8_000)].repeat(40);
        assert_eq!(after(&tiers), 215_000, "what is told less often counts too");
    }
}
