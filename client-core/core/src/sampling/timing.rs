//! What a session learns from when updates and pongs come: the server's clock, the delay that interpolation needs, and until when
//! the world is known.

use super::arrivals::Tempo;
use super::delay::Delay;
use super::{Known, Moment};
use crate::clock::Clock;
use crate::limits;

#[derive(Debug, Default)]
pub(crate) struct Timing {
    clock: Clock,
    delay: Delay,
    liveliness: Liveliness,
    /// The time of the last update.
    updated_us: i64,
    /// What the last pong proves to have arrived.
    answered_us: i64,
    /// The delay that the game goes over to.
    pub render_delay_us: i64,
}

/// Counts the rows that move, by what came in the last moments.
#[derive(Debug, Clone, Copy, Default)]
struct Liveliness {
    moving: f64,
    at_us: i64,
}

impl Timing {
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The delay that is enough for nearly all values of rows.
    pub(crate) fn adaptive_delay_us(&self) -> i64 {
        self.delay.delay_us()
    }

    pub(crate) fn answered(&mut self, sent_at_us: u64, server_us: i64, now_us: u64) {
        self.clock.answered(sent_at_us, server_us, now_us);
        self.answered_us = server_us.saturating_sub(limits::PONG_AHEAD_MAX_US);
    }

    /// What is known before the next update, whose values were true at this time.
    pub(crate) fn moment(&self, time_us: i64) -> Moment {
        Moment { time_us, known: self.known(), rest_us: limits::REST_MIN_US.max(self.render_delay_us) }
    }

    /// An update has been taken in, and this is what it brought.
    pub(crate) fn updated<'a>(
        &mut self,
        tempos: impl Iterator<Item = &'a mut Tempo>,
        time_us: i64,
        now_us: u64,
    ) {
        let mut steps = 0_u32;
        let server_us = self.clock.server_us(now_us);
        for tempo in tempos {
            steps = steps.saturating_add(std::mem::take(&mut tempo.steps));
            match server_us {
                Some(server_us) => self.delay.add(tempo, server_us.saturating_sub(time_us), server_us),
                None => tempo.gaps.fill(0),
            }
        }
        self.liveliness.add(time_us, steps);
        self.updated_us = time_us;
    }

    pub(crate) fn known(&self) -> Known {
        Known {
            until_us: self.updated_us.max(self.answered_us),
            is_lively: self.liveliness.moving >= limits::LIVELY_MIN,
        }
    }
}

impl Liveliness {
    fn add(&mut self, time_us: i64, steps: u32) {
        let passed = time_us.saturating_sub(self.at_us).max(0) as f64;
        self.moving = self.moving * (-passed / limits::LIVELY_WINDOW_US).exp() + f64::from(steps);
        self.at_us = time_us;
    }
}
