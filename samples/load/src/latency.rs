//! How long calls took.

use std::time::Duration;

/// One number per call, in microseconds.
#[derive(Default)]
pub struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    /// Adds one call.
    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// How many calls were added.
    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// The time within which `part` (0 to 1) of the calls ended; 0 when there are none.
    pub fn quantile_us(&mut self, part: f64) -> u32 {
        if self.micros.is_empty() {
            return 0;
        }
        let at = ((self.micros.len() - 1) as f64 * part).round() as usize;
        *self.micros.select_nth_unstable(at).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_all_calls() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile_us(0.5), 0);
        for micros in (1..=101).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        assert_eq!(latencies.quantile_us(0.5), 51);
        assert_eq!(latencies.quantile_us(0.99), 100);
        assert_eq!(latencies.quantile_us(1.0), 101);
    }
}
