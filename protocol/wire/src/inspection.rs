//! What a server answers who asks what is in force in a subscription: for editors and debuggers.

use crate::envelope::{builder, finish};
use crate::error::{WireError, at_most};
use crate::limits;
use crate::messages_generated::messages_generated as fb;

/// What a subscription is to the server, as of one update.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inspection {
    /// The client's number for it.
    pub subscription: u32,
    /// The commit that the client's cache equals, as far as delivery options want that.
    pub offset: u64,
    /// Rows that the client holds because of it. It may hold some of them because of others too.
    pub rows: u32,
    /// Those of them that have changes which the client is still to be told.
    pub waiting: u32,
    /// Updates per second of the connection; `f32::INFINITY`: one per commit.
    pub rate: f32,
    /// Rows leave its circles at the radius plus this.
    pub hysteresis: f64,
    /// Bytes per second that its changes compete for; 0 for no bound.
    pub budget: u32,
    /// Where its rows lie, if the query says so by distance: in any of these if they move, in all of them otherwise.
    pub circles: Vec<Circle>,
    /// From near to far; the last one holds to the border.
    pub tiers: Vec<TierInForce>,
}

/// A circle, or a sphere, in units of the position.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Circle {
    /// In two dimensions z is 0.
    pub centre: [f64; 3],
    /// At which rows enter.
    pub radius: f64,
}

/// A tier, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TierInForce {
    /// Up to which distance, border included.
    pub distance: f64,
    /// Changes of one row are at least so many milliseconds apart; 0 for one per update.
    pub interval_ms: u32,
    /// Rows that lie in it.
    pub rows: u32,
}

pub(crate) fn encode(inspection: &Inspection) -> Vec<u8> {
    let Inspection { circles, tiers, .. } = inspection;
    let mut out =
        builder(size_of::<fb::Circle>() * circles.len() + size_of::<fb::TierInForce>() * tiers.len());
    let circles: Vec<fb::Circle> = circles
        .iter()
        .map(|&Circle { centre: [x, y, z], radius }| fb::Circle::new(x, y, z, radius))
        .collect();
    let tiers: Vec<fb::TierInForce> =
        tiers.iter().map(|tier| fb::TierInForce::new(tier.distance, tier.interval_ms, tier.rows)).collect();
    let args = fb::InspectionArgs {
        subscription: inspection.subscription,
        offset: inspection.offset,
        rows: inspection.rows,
        waiting: inspection.waiting,
        rate: inspection.rate,
        hysteresis: inspection.hysteresis,
        budget: inspection.budget,
        circles: (!circles.is_empty()).then(|| out.create_vector(&circles)),
        tiers: (!tiers.is_empty()).then(|| out.create_vector(&tiers)),
    };
    let body = fb::Inspection::create(&mut out, &args);
    finish(out, fb::Body::Inspection, body)
}

pub(crate) fn decode(body: fb::Inspection<'_>) -> Result<Inspection, WireError> {
    let (circles, tiers) = (body.circles(), body.tiers());
    let circle_count = circles.as_ref().map_or(0, |list| list.len());
    let bytes = |count: usize| count * size_of::<fb::Circle>();
    at_most("the list of circles", bytes(circle_count), bytes(limits::CIRCLES_MAX))?;
    let tier_count = tiers.as_ref().map_or(0, |list| list.len());
    let bytes = |count: usize| count * size_of::<fb::TierInForce>();
    at_most("the list of tiers", bytes(tier_count), bytes(limits::TIERS_MAX))?;
    let inspection = Inspection {
        subscription: body.subscription(),
        offset: body.offset(),
        rows: body.rows(),
        waiting: body.waiting(),
        rate: body.rate(),
        hysteresis: body.hysteresis(),
        budget: body.budget(),
        circles: circles.map_or_else(Vec::new, |list| {
            list.iter()
                .map(|circle| Circle {
                    centre: [circle.x(), circle.y(), circle.z()],
                    radius: circle.radius(),
                })
                .collect()
        }),
        tiers: tiers.map_or_else(Vec::new, |list| {
            list.iter()
                .map(|tier| TierInForce {
                    distance: tier.distance(),
                    interval_ms: tier.interval_ms(),
                    rows: tier.rows(),
                })
                .collect()
        }),
    };
    check(&inspection).map_or(Ok(inspection), |problem| Err(WireError::Inspection(problem)))
}

/// What it says that cannot be: whoever draws it need not look for numbers that are none.
fn check(inspection: &Inspection) -> Option<&'static str> {
    let Inspection { rows, waiting, rate, hysteresis, circles, tiers, .. } = inspection;
    let is_distance = |number: f64| (0.0..=f64::MAX).contains(&number);
    let is_circle =
        |circle: &Circle| circle.centre.iter().all(|part| part.is_finite()) && is_distance(circle.radius);
    let in_tiers: u64 = tiers.iter().map(|tier| u64::from(tier.rows)).sum();
    if waiting > rows {
        Some("more rows wait than there are")
    } else if in_tiers > u64::from(*rows) {
        Some("more rows lie in tiers than there are")
    } else if rate.is_nan() || *rate < 0.0 {
        Some("the rate is no rate")
    } else if !is_distance(*hysteresis) {
        Some("the hysteresis is no distance")
    } else if !circles.iter().all(is_circle) {
        Some("a circle is none")
    } else if !tiers.iter().all(|tier| is_distance(tier.distance)) {
        Some("a tier ends at no distance")
    } else {
        None
    }
}
