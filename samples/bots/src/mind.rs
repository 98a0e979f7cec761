//! What a bot wants: a place to go to, a pace, a pause when it is there. No server, no clock: one call per step.

use std::f32::consts::{PI, TAU};

use ambit_model::glam::Vec2;

use crate::random::Random;

/// Edge of the sample's map in metres.
const MAP_SIDE: f32 = 640.0;

/// Metres per step: 3 to 7 metres a second at 20 steps.
const PACE: (f32, f32) = (0.15, 0.35);

/// Radians per step that a body turns.
const TURN_MAX: f32 = 0.35;

/// Steps of a pause: half a second to three.
const PAUSE: (f32, f32) = (10.0, 60.0);

/// How far the next place may be: people mostly stay around.
const JOURNEY_MAX: f32 = 150.0;

/// One bot's intentions.
#[derive(Debug, Clone)]
pub struct Mind {
    random: Random,
    goal: Option<Vec2>,
    pace: f32,
    facing: f32,
    pause: f32,
}

impl Mind {
    /// The mind of this bot.
    pub fn new(number: u32) -> Self {
        Self { random: Random::new(number.into()), goal: None, pace: 0.2, facing: 0.0, pause: 0.0 }
    }

    /// The next position and facing from here; none while the bot looks around.
    pub fn step(&mut self, here: Vec2, is_restless: bool) -> Option<(Vec2, f32)> {
        if self.pause >= 1.0 && !is_restless {
            self.pause -= 1.0;
            return None;
        }
        let goal = match self.goal {
            Some(goal) => goal,
            None => self.choose(here),
        };
        let way = goal - here;
        if way.length() <= self.pace {
            self.goal = None;
            self.pause = self.random.between(PAUSE.0, PAUSE.1);
            return Some((goal, self.facing));
        }
        let turn = (way.to_angle() - self.facing + PI).rem_euclid(TAU) - PI;
        self.facing = (self.facing + turn.clamp(-TURN_MAX, TURN_MAX) + PI).rem_euclid(TAU) - PI;
        // A body that still turns walks slower, so that it reaches what lies beside it.
        let pace = self.pace * (1.0 - turn.abs() / PI).max(0.2);
        let next = here + Vec2::from_angle(self.facing) * pace;
        Some((next.clamp(Vec2::ZERO, Vec2::splat(MAP_SIDE)), self.facing))
    }

    fn choose(&mut self, here: Vec2) -> Vec2 {
        let direction = Vec2::from_angle(self.random.between(-PI, PI));
        let goal = here + direction * self.random.between(5.0, JOURNEY_MAX);
        let goal = goal.clamp(Vec2::ZERO, Vec2::splat(MAP_SIDE));
        self.pace = self.random.between(PACE.0, PACE.1);
        self.goal = Some(goal);
        goal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_human_and_lead_somewhere() {
        for number in 0..50 {
            let mut mind = Mind::new(number);
            let start = Vec2::new(10.0 * number as f32, 600.0);
            let (mut here, mut pauses, mut farthest) = (start, 0, 0.0_f32);
            for _ in 0..4_000 {
                match mind.step(here, false) {
                    Some((next, facing)) => {
                        assert!(next.distance(here) <= PACE.1 + 1e-3, "a leap of {}", next.distance(here));
                        assert!(next.min_element() >= 0.0 && next.max_element() <= MAP_SIDE);
                        assert!(facing.abs() <= PI + 1e-3);
                        here = next;
                    }
                    None => pauses += 1,
                }
                farthest = farthest.max(here.distance(start));
            }
            assert!(pauses > 0 && pauses < 3_000, "bot {number} paused {pauses} of 4000 steps");
            assert!(farthest > 20.0, "bot {number} went {farthest} metres");
        }
    }
}
