//! When each bot took which step, so that whoever sees it later knows how long it took.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use ambit_model::Identity;
use ambit_model::glam::Vec2;

/// Steps remembered per bot: two seconds, longer than any latency that still counts as one.
const STEPS_KEPT: usize = 40;

/// The last steps of all bots.
#[derive(Debug, Default)]
pub struct Steps {
    of: HashMap<Identity, VecDeque<(Vec2, Instant)>>,
}

impl Steps {
    /// A bot steps to a position now.
    pub fn take(&mut self, who: Identity, position: Vec2) {
        let steps = self.of.entry(who).or_default();
        if steps.len() == STEPS_KEPT {
            steps.pop_front();
        }
        steps.push_back((position, Instant::now()));
    }

    /// How long ago a bot stepped to the position that somebody sees now; none if it is no bot's step.
    pub fn age(&self, who: Identity, position: Vec2, now: Instant) -> Option<Duration> {
        let steps = self.of.get(&who)?;
        let (_, at) = steps.iter().rev().find(|(step, _)| *step == position)?;
        Some(now.saturating_duration_since(*at))
    }
}
