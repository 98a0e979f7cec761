//! What there is to show at one moment.

/// A position on the map.
pub type Point = (f64, f64);

/// The world as the overview sees it, and one player in it.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Every player.
    pub players: Vec<Point>,
    /// Every monster.
    pub monsters: Vec<Point>,
    /// Every item that lies on the ground.
    pub items: Vec<Point>,
    /// The player whose circle is drawn.
    pub own: Option<Point>,
    /// That player's radius of interest.
    pub radius: f64,
    /// Rows that this player's client holds because they lie in the circle.
    pub seen: Vec<Point>,
    /// Rows that entered and left the circle since the start.
    pub entered: u64,
    /// See `entered`.
    pub left: u64,
    /// Round trip of the player's connection in milliseconds.
    pub round_trip_ms: f64,
}

impl Scene {
    /// The corners of the smallest square that holds everything: lowest and highest coordinate on each axis.
    pub fn bounds(&self) -> ([f64; 2], [f64; 2]) {
        let mut low = (f64::INFINITY, f64::INFINITY);
        let mut high = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &(x, y) in self.players.iter().chain(&self.monsters).chain(&self.items).chain(&self.own) {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        if low.0 > high.0 {
            return ([-1.0, 1.0], [-1.0, 1.0]);
        }
        let half = ((high.0 - low.0).max(high.1 - low.1) / 2.0).max(1.0);
        let (x, y) = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
        ([x - half, x + half], [y - half, y + half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_a_square_around_everything() {
        let scene = Scene { players: vec![(0.0, 0.0), (10.0, 4.0)], ..Scene::default() };
        assert_eq!(scene.bounds(), ([0.0, 10.0], [-3.0, 7.0]));
        assert_eq!(Scene::default().bounds(), ([-1.0, 1.0], [-1.0, 1.0]));
    }
}
