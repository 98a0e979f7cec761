//! Bodies that a physics engine could move, and characters that walk. All of them move all the time.

use ambit_model::glam::{Quat, Vec3};

use crate::field::Random;

/// Half the length of the square's sides.
const SIDE: f32 = 20.0;

#[derive(Clone)]
pub struct Scene {
    pub bodies: Vec<Body>,
    random: Random,
    /// Moves a body by a step of time.
    advance: fn(&mut Body, &mut Random, f32),
}

#[derive(Clone)]
pub struct Body {
    pub position: Vec3,
    pub rotation: Quat,
    velocity: Vec3,
    /// Axis and radians per second.
    spin: Vec3,
}

impl Scene {
    /// Bodies that fall, bounce off the floor and the walls, and get another spin when they do.
    pub fn bodies(count: usize) -> Self {
        let mut random = Random::new(1);
        let body = |_| Body {
            position: vector(&mut random, Vec3::new(SIDE, 5.0, SIDE)),
            rotation: Quat::from_scaled_axis(vector(&mut random, Vec3::splat(3.0))),
            velocity: vector(&mut random, Vec3::splat(5.0)),
            spin: vector(&mut random, Vec3::splat(2.0)),
        };
        Self { bodies: (0..count).map(body).collect(), random, advance: fall }
    }

    /// Characters who walk where they look, and now and then turn to another direction.
    pub fn characters(count: usize) -> Self {
        let mut random = Random::new(2);
        let body = |_| Body {
            position: vector(&mut random, Vec3::new(SIDE, 0.0, SIDE)),
            rotation: Quat::from_rotation_y(3.0 * (2.0 * random.next() - 1.0)),
            velocity: Vec3::new(1.5 + 4.5 * random.next(), 0.0, 0.0),
            spin: Vec3::ZERO,
        };
        Self { bodies: (0..count).map(body).collect(), random, advance: walk }
    }

    pub fn step(&mut self, seconds: f32) {
        let Self { bodies, random, advance } = self;
        bodies.iter_mut().for_each(|body| advance(body, random, seconds));
    }
}

/// Each component between -1 and 1, times `size`.
fn vector(random: &mut Random, size: Vec3) -> Vec3 {
    let mut next = || 2.0 * random.next() - 1.0;
    Vec3::new(next(), next(), next()) * size
}

fn fall(body: &mut Body, random: &mut Random, seconds: f32) {
    body.position += body.velocity * seconds;
    body.velocity.y -= 9.81 * seconds;
    body.rotation = (Quat::from_scaled_axis(body.spin * seconds) * body.rotation).normalize();
    if body.position.y < 0.5 && body.velocity.y < 0.0 {
        body.position.y = 0.5;
        body.velocity.y *= -0.8;
        if body.velocity.y < 1.0 {
            // Something kicks it.
            body.velocity.y = 3.0 + 3.0 * random.next();
        }
        body.velocity += vector(random, Vec3::new(1.0, 0.0, 1.0));
        body.spin = vector(random, Vec3::splat(2.0));
    }
    for axis in [0, 2] {
        if body.position[axis].abs() > SIDE {
            body.velocity[axis] = -body.velocity[axis].abs().copysign(body.position[axis]);
        }
    }
}

fn walk(body: &mut Body, random: &mut Random, seconds: f32) {
    // Twice in three seconds on average another direction, at a speed that people turn at.
    if random.next() < 0.7 * seconds {
        let is_straight = random.next() < 0.5;
        body.spin.y = if is_straight { 0.0 } else { 4.0 * random.next() - 2.0 };
    }
    body.rotation = (Quat::from_rotation_y(body.spin.y * seconds) * body.rotation).normalize();
    if body.position.length() > SIDE {
        // It comes back from the border.
        body.spin.y = 2.0;
    }
    body.position += body.rotation * body.velocity * seconds;
}
