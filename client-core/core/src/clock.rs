//! The server's clock as the answers to pings tell it. It leaves out how a game goes over from one estimate to the
//! next without a jump (`pace`).
//!
//! Each round trip gives one sample: the server's time against the client's at the middle of the way (F. Cristian,
//! "Probabilistic clock synchronization", 1989). A sample is wrong by at most half of its round trip, and the error comes from
//! waiting in queues; so of the last few samples the one with the shortest way counts, as in NTP's clock filter
//! (RFC 5905, section 10), and an old one has to be shorter by what clocks can drift apart meanwhile.

use crate::limits;

/// The last round trips.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    samples: [Sample; limits::CLOCK_SAMPLES],
    /// How many round trips there were.
    count: usize,
    /// Of `samples`, the one that counts.
    best: Sample,
    jitter_us: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// When the answer came, by the client's clock.
    at_us: u64,
    round_trip_us: u64,
    /// The server's clock minus the client's.
    offset_us: i64,
}

impl Clock {
    /// Takes in the answer to a ping. Anything may come from a server; impossible times give impossible estimates, no panic.
    pub(crate) fn answered(&mut self, sent_at_us: u64, server_us: i64, now_us: u64) {
        let round_trip_us = now_us.saturating_sub(sent_at_us);
        let middle = i64::try_from(sent_at_us.saturating_add(round_trip_us / 2)).unwrap_or(i64::MAX);
        let sample = Sample { at_us: now_us, round_trip_us, offset_us: server_us.saturating_sub(middle) };
        if let Some(place) = self.samples.get_mut(self.count % limits::CLOCK_SAMPLES) {
            *place = sample;
        }
        self.count += 1;
        let known = self.samples.get(..self.count.min(limits::CLOCK_SAMPLES)).unwrap_or_default();
        let error_us = |sample: &Sample| {
            let drift = now_us.saturating_sub(sample.at_us) / limits::CLOCK_DRIFT_ONE_IN;
            sample.round_trip_us / 2 + drift
        };
        self.best = known.iter().copied().min_by_key(error_us).unwrap_or(sample);
        let square = |sample: &Sample| {
            let apart = sample.offset_us.saturating_sub(self.best.offset_us) as f64;
            apart * apart
        };
        let others = known.len().saturating_sub(1).max(1);
        self.jitter_us = (known.iter().map(square).sum::<f64>() / others as f64).sqrt() as u64;
    }

    /// The server's clock minus the client's in microseconds; none before the first answer.
    pub(crate) fn offset_us(&self) -> Option<i64> {
        (self.count > 0).then_some(self.best.offset_us)
    }

    /// How far the samples lie from the one that counts: the root of their mean squared distance, NTP's jitter.
    pub(crate) fn jitter_us(&self) -> u64 {
        self.jitter_us
    }

    /// The server's time at a time of the client's; none before the first answer.
    pub(crate) fn server_us(&self, now_us: u64) -> Option<i64> {
        let now = i64::try_from(now_us).unwrap_or(i64::MAX);
        self.offset_us().map(|offset| now.saturating_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's clock is 1,000,000 ahead; each answer has its way there and its way back.
    fn clock(ways: &[(u64, u64)]) -> Clock {
        let mut clock = Clock::default();
        for (at, (there, back)) in ways.iter().enumerate() {
            let sent = at as u64 * 100_000;
            clock.answered(sent, (sent + there + 1_000_000) as i64, sent + there + back);
        }
        clock
    }

    #[test]
    fn the_shortest_way_counts() {
        assert_eq!(clock(&[]).offset_us(), None);
        assert_eq!(clock(&[(200, 200)]).offset_us(), Some(1_000_000));
        let queued = clock(&[(9_000, 200), (200, 8_000), (300, 300), (50_000, 400)]);
        assert_eq!(queued.offset_us(), Some(1_000_000));
        assert_eq!(queued.server_us(5), Some(1_000_005));
        let squares = [4_400.0_f64, -3_900.0, 0.0, 24_800.0].map(|apart| apart * apart);
        assert_eq!(queued.jitter_us(), (squares.iter().sum::<f64>() / 3.0).sqrt() as u64);
    }

    #[test]
    fn an_old_sample_gives_way() {
        let mut short = vec![(100, 100)];
        short.extend([(5_000, 6_000); limits::CLOCK_SAMPLES - 1]);
        assert_eq!(clock(&short).offset_us(), Some(1_000_000));
        short.push((5_000, 6_000));
        assert_eq!(clock(&short).offset_us(), Some(999_500), "out of the window");
        let mut clock = clock(&[(100, 100)]);
        clock.answered(60_000_000, 61_002_000, 60_001_000);
        assert_eq!(clock.offset_us(), Some(1_001_500), "a minute's drift is more than the longer way");
    }

    #[test]
    fn impossible_times_do_not_panic() {
        for sent in [0, 7, u64::MAX] {
            for server in [i64::MIN, 0, i64::MAX] {
                let mut clock = Clock::default();
                clock.answered(sent, server, 5);
                clock.answered(5, server, sent);
                assert!(clock.server_us(u64::MAX).is_some());
            }
        }
    }
}
