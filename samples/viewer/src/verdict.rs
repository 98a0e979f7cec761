//! Whether what was seen is what should be seen.

use crate::scene::Scene;
use crate::statistics::{Counters, Rates};

/// Collects what the view sees until it ends.
#[derive(Default)]
pub struct Verdict {
    players_max: usize,
    seen_max: usize,
    looks: u64,
    looks_with_player: u64,
    outside: usize,
}

impl Verdict {
    /// Takes in one moment; `outside` rows were held outside the circle.
    pub fn note(&mut self, scene: &Scene, outside: usize) {
        self.looks += 1;
        self.looks_with_player += u64::from(scene.own.is_some());
        self.players_max = self.players_max.max(scene.players.len());
        self.seen_max = self.seen_max.max(scene.seen.len());
        self.outside += outside;
    }

    /// Everything that was wrong, one sentence each.
    pub fn faults(
        &self,
        expected_players: usize,
        counters: &Counters,
        overall: &Rates,
        refused: &[String],
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let mut expect = |holds: bool, text: String| {
            if !holds {
                faults.push(text);
            }
        };
        expect(
            self.players_max >= expected_players,
            format!("{} players were on the map, {expected_players} were expected", self.players_max),
        );
        expect(self.looks_with_player > 0, "the view's own player never came into its circle".to_string());
        // The own row is always in the circle; a world in which nobody else ever is would show nothing.
        expect(self.seen_max > 1, "nothing but the player itself was ever in the circle".to_string());
        expect(self.outside == 0, format!("{} rows were held outside the circle", self.outside));
        expect(overall.calls > 0.0, "nobody called a reducer".to_string());
        expect(overall.updates > 0.0, "no updates were sent".to_string());
        expect(overall.log_bytes > 0.0, "nothing was logged".to_string());
        expect(
            counters.slow_clients == 0,
            format!("{} clients were let go as too slow", counters.slow_clients),
        );
        expect(
            counters.protocol_errors == 0,
            format!("{} clients broke the protocol", counters.protocol_errors),
        );
        expect(counters.calls_rejected == 0, format!("{} calls were rejected", counters.calls_rejected));
        faults.extend(
            refused.iter().take(5).map(|text| format!("the server refused a call of the view: {text}")),
        );
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lively() -> (Verdict, Rates) {
        let mut verdict = Verdict::default();
        let scene = Scene {
            players: vec![(0.0, 0.0); 5],
            own: Some((0.0, 0.0)),
            seen: vec![(0.0, 0.0); 3],
            ..Scene::default()
        };
        verdict.note(&scene, 0);
        (verdict, Rates { calls: 1.0, updates: 1.0, log_bytes: 1.0, ..Rates::default() })
    }

    #[test]
    fn a_lively_world_has_no_faults() {
        let (verdict, rates) = lively();
        assert_eq!(verdict.faults(5, &Counters::default(), &rates, &[]), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_told() {
        let (mut verdict, rates) = lively();
        verdict.note(&Scene::default(), 2);
        let counters =
            Counters { slow_clients: 1, protocol_errors: 1, calls_rejected: 1, ..Counters::default() };
        let faults = verdict.faults(6, &counters, &rates, &["too far".to_string()]);
        assert_eq!(faults.len(), 6, "{faults:?}");
        let dead = Verdict::default().faults(0, &Counters::default(), &Rates::default(), &[]);
        assert_eq!(dead.len(), 5, "{dead:?}");
    }
}
