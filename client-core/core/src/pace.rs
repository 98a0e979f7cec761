//! The game's own clocks: the server's time, and the time at which a frame shows the world, both without a jump back.
//!
//! An estimate that changes is gone over to slowly, so that time runs a little faster or slower for a while. It leaves out
//! where the estimates come from (`clock`, `sampling::delay`).

use crate::error::DelayError;
use crate::limits;

/// A value that follows another one at a bounded rate. It is kept in nanoseconds, so that rounding never takes a time back.
#[derive(Debug, Clone, Copy)]
struct Slewed {
    /// Where it was, and when.
    from_ns: i128,
    at_us: u64,
    to_us: i64,
    /// One part of so many of the time that passes is the most by which it moves.
    one_in: i64,
}

impl Slewed {
    fn new(value_us: i64, at_us: u64) -> Self {
        Self { from_ns: nanoseconds(value_us), at_us, to_us: value_us, one_in: 1 }
    }

    fn value_ns(&self, now_us: u64) -> i128 {
        let most = i128::from(now_us.saturating_sub(self.at_us)) * 1_000 / i128::from(self.one_in);
        self.from_ns + (nanoseconds(self.to_us) - self.from_ns).clamp(-most, most)
    }

    fn follow(&mut self, to_us: i64, one_in: i64, now_us: u64) {
        if (to_us, one_in) != (self.to_us, self.one_in) {
            *self = Self { from_ns: self.value_ns(now_us), at_us: now_us, to_us, one_in };
        }
    }
}

fn nanoseconds(us: i64) -> i128 {
    i128::from(us) * 1_000
}

/// Saturates, because any time may come from a server.
fn microseconds(ns: i128) -> i64 {
    let us = ns.div_euclid(1_000);
    i64::try_from(us).unwrap_or(if us < 0 { i64::MIN } else { i64::MAX })
}

/// The clocks of one client. Times given to it never decrease.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    offset: Option<Slewed>,
    delay: Option<Slewed>,
    fixed_delay_us: Option<i64>,
}

impl Pace {
    /// Goes over to newer estimates: the server's clock minus the client's, and the delay that interpolation needs.
    pub(crate) fn follow(&mut self, offset_us: Option<i64>, adaptive_delay_us: i64, now_us: u64) {
        if let Some(to) = offset_us {
            let offset = self.offset.get_or_insert_with(|| Slewed::new(to, now_us));
            let behind_us = microseconds(nanoseconds(to) - offset.value_ns(now_us));
            if behind_us > limits::CLOCK_STEP_US {
                *offset = Slewed::new(to, now_us);
            } else if behind_us < -limits::CLOCK_STEP_US {
                offset.follow(to, limits::CLOCK_FAR_AHEAD_ONE_IN, now_us);
            } else {
                offset.follow(to, limits::CLOCK_SLEW_ONE_IN, now_us);
            }
        }
        let delay_us = self.fixed_delay_us.unwrap_or(adaptive_delay_us);
        let delay = self.delay.get_or_insert_with(|| Slewed::new(delay_us, now_us));
        delay.follow(delay_us, limits::RENDER_DELAY_SLEW_ONE_IN, now_us);
    }

    /// Fixes the delay, or lets it adapt again. It is gone over to with the next [`Self::follow`].
    pub(crate) fn fix_delay(&mut self, delay_us: Option<i64>) -> Result<(), DelayError> {
        if let Some(delay_us) =
            delay_us.filter(|delay| !(0..=limits::RENDER_DELAY_FIXED_MAX_US).contains(delay))
        {
            return Err(DelayError { delay_us });
        }
        self.fixed_delay_us = delay_us;
        Ok(())
    }

    /// The server's time in microseconds since 1970; none before the first answer to a ping.
    pub(crate) fn server_us(&self, now_us: u64) -> Option<i64> {
        self.server_ns(now_us).map(microseconds)
    }

    /// The time that a frame shows.
    pub(crate) fn render_us(&self, now_us: u64) -> Option<i64> {
        Some(microseconds(self.server_ns(now_us)? - self.delay.as_ref()?.value_ns(now_us)))
    }

    /// The delay that is gone over to.
    pub(crate) fn delay_us(&self) -> i64 {
        self.delay.map_or(limits::RENDER_DELAY_FIRST_US, |delay| delay.to_us)
    }

    fn server_ns(&self, now_us: u64) -> Option<i128> {
        Some(i128::from(now_us) * 1_000 + self.offset.as_ref()?.value_ns(now_us))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the estimates do, neither time goes back, and both arrive where they should.
        #[test]
        fn time_goes_on(
            estimates in proptest::collection::vec(
                (0_u64..300_000, proptest::option::of(-2_000_000_i64..2_000_000), 20_000_i64..500_000,
                 proptest::option::of(proptest::option::of(0_i64..2_000_000))),
                1..60,
            )
        ) {
            let (mut pace, mut now) = (Pace::default(), 10_000_000_u64);
            let (mut server, mut render) = (None, None);
            let mut last = (None, 0);
            for (passed, offset, delay, fix) in estimates {
                for step in 0..=8 {
                    let at = now + passed * step / 8;
                    let (next_server, next_render) = (pace.server_us(at), pace.render_us(at));
                    prop_assert!(next_server >= server && next_render >= render);
                    (server, render) = (next_server, next_render);
                }
                now += passed;
                if let Some(fix) = fix {
                    pace.fix_delay(fix).expect("in bounds");
                }
                pace.follow(offset, delay, now);
                last = (offset.or(last.0), pace.fixed_delay_us.unwrap_or(delay));
                prop_assert_eq!(pace.delay_us(), last.1);
            }
            let settled = now + 60_000_000;
            let expected = last.0.map(|offset| settled as i64 + offset);
            prop_assert_eq!(pace.server_us(settled), expected);
            prop_assert_eq!(pace.render_us(settled), expected.map(|time| time - last.1));
        }
    }

    #[test]
    fn a_delay_has_bounds() {
        let mut pace = Pace::default();
        assert_eq!(pace.fix_delay(Some(-1)), Err(DelayError { delay_us: -1 }));
        let too_long = limits::RENDER_DELAY_FIXED_MAX_US + 1;
        assert_eq!(pace.fix_delay(Some(too_long)), Err(DelayError { delay_us: too_long }));
        assert_eq!(pace.fix_delay(Some(0)), Ok(()));
    }
}
