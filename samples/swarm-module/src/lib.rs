//! Two thousand bodies that never rest: what a client, or an engine's frame, has to keep up with. Nobody can do anything to them.

use ambit_module::prelude::*;

/// Bodies in the world.
const BODY_COUNT: u32 = 2_000;

/// Metres between the centres of two neighbours' circles.
const SPACING: f32 = 4.0;

/// Bodies in a row of the field.
const COLUMNS: u32 = 50;

/// Metres from the centre of its circle to a body.
const RADIUS: f32 = 1.5;

/// Radians per second.
const SPEED: f32 = 1.0;

/// Something that goes round in a circle and turns as it goes.
#[table(name = body, public, durability = "ephemeral")]
#[derive(Clone)]
pub struct Body {
    #[primary_key]
    pub id: u32,
    #[spatial(cell = 16.0)]
    pub position: Vec3,
    pub rotation: Quat,
    /// Where it is on its circle, in radians from east.
    pub angle: f32,
}

impl Body {
    fn new(id: u32, angle: f32) -> Self {
        let centre = Vec3::new((id % COLUMNS) as f32 * SPACING, (id / COLUMNS) as f32 * SPACING, 0.0);
        let position = centre + Vec3::new(RADIUS * angle.cos(), RADIUS * angle.sin(), 0.0);
        Body { id, position, rotation: Quat::from_rotation_z(angle), angle }
    }
}

/// Moves every body. A world that was restarted has lost them, since nobody minds where they are, and gets new ones.
#[reducer(every = "50ms")]
fn turn(ctx: &Context, dt: Duration) {
    let bodies = ctx.db.body();
    if bodies.count() == 0 {
        bodies.insert_all((0..BODY_COUNT).map(|id| Body::new(id, id as f32)));
        return;
    }
    let step = SPEED * dt.as_secs_f32();
    bodies.update_all(
        bodies.iter().map(|body| Body::new(body.id, (body.angle + step) % std::f32::consts::TAU)),
    );
}
