//! Points that walk about a square, and what those who watch a circle each should be told of it.

use ambit_model::glam::Vec3;

/// Numbers from 0 to 1.
#[derive(Clone)]
pub struct Random(u64);

/// Where everything is, and where it was before the last step.
pub struct Field {
    pub places: Vec<Vec3>,
    pub before: Vec<Vec3>,
    directions: Vec<Vec3>,
    /// Length of the square's sides; one corner is the origin.
    pub side: f32,
}

/// Pairs of an observer and a point.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pairs {
    pub enters: u64,
    pub leaves: u64,
    pub stays: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    /// Below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        ((f64::from(self.next()) * f64::from(end)) as u32).min(end.saturating_sub(1))
    }
}

impl Field {
    /// Points up to a height, each of which goes its own way; `stride` makes a step out of a direction in the square from
    /// -0.5 to 0.5.
    pub fn new(
        (count, side, height): (usize, f32, f32),
        stride: impl Fn(Vec3) -> Vec3,
        random: &mut Random,
    ) -> Self {
        let mut place = || Vec3::new(random.next() * side, random.next() * height, random.next() * side);
        let places: Vec<Vec3> = (0..count).map(|_| place()).collect();
        let mut direction = || stride(Vec3::new(random.next() - 0.5, 0.0, random.next() - 0.5));
        let directions = (0..count).map(|_| direction()).collect();
        Self { before: places.clone(), places, directions, side }
    }

    /// Everybody takes a step, and turns around at the border.
    pub fn step(&mut self) {
        self.before.copy_from_slice(&self.places);
        for (place, direction) in self.places.iter_mut().zip(&mut self.directions) {
            *place += *direction;
            if place.x < 0.0 || place.z < 0.0 || place.x > self.side || place.z > self.side {
                *direction *= -1.0;
            }
        }
    }

    /// Nobody moves.
    pub fn rest(&mut self) {
        self.before.copy_from_slice(&self.places);
    }
}

/// What the last steps did to the pairs, each tested for itself. The first `count` points of `observers` watch.
pub fn pairs(observers: &Field, count: usize, targets: &Field, radius: f64) -> Pairs {
    let mut pairs = Pairs::default();
    for (centre, centre_before) in observers.places.iter().zip(&observers.before).take(count) {
        for (place, before) in targets.places.iter().zip(&targets.before) {
            let (was, is) = (is_near(*before, *centre_before, radius), is_near(*place, *centre, radius));
            pairs.enters += u64::from(is && !was);
            pairs.leaves += u64::from(was && !is);
            pairs.stays += u64::from(was && is);
        }
    }
    pairs
}

/// The database's rule, border included.
pub fn is_near(place: Vec3, centre: Vec3, radius: f64) -> bool {
    place.as_dvec3().distance_squared(centre.as_dvec3()) <= radius * radius
}
