//! Unit quaternions: steps of the three smaller components, and what the largest one follows from.
//!
//! Which component is the largest, and its sign, is the quaternion's *face*: the component's position, plus 4 if it is negative.

use super::{Steps, whole};

/// The face that steps lie on. Of components that are alike the first counts.
pub(super) fn face(steps: Steps) -> u8 {
    let (mut face, mut most) = (0, 0);
    for (at, step) in (0..).zip(steps) {
        if step.unsigned_abs() > most {
            most = step.unsigned_abs();
            face = at | if step < 0 { 4 } else { 0 };
        }
    }
    face
}

pub(super) fn quantise(values: [f64; 4], inverse: f64) -> Option<Steps> {
    let mut steps = [0; 4];
    for (step, value) in steps.iter_mut().zip(values) {
        // A component of a unit quaternion is at most 1.
        *step = whole(value * inverse, (1.5 * inverse) as i32)?;
    }
    // Of components that are alike, the one that follows from the others can turn out to be smaller: then another follows.
    let first = complete(steps, face(steps), inverse)?;
    let steps = if face(first) == face(steps) { first } else { complete(first, face(first), inverse)? };
    is_complete(steps, inverse).then_some(steps)
}

/// Whether the largest component is what follows from the others.
fn is_complete(steps: Steps, inverse: f64) -> bool {
    complete(steps, face(steps), inverse) == Some(steps)
}

/// Makes the component of a face follow from the others; none if they are too large.
fn complete(mut steps: Steps, face: u8, inverse: f64) -> Option<Steps> {
    *steps.get_mut(usize::from(face & 3))? = 0;
    let others: f64 = steps.iter().map(|&step| f64::from(step) * f64::from(step)).sum();
    let rest = inverse * inverse - others;
    if !rest.is_sign_positive() {
        return None;
    }
    let largest = whole(rest.sqrt(), i32::MAX)?;
    let place = steps.get_mut(usize::from(face & 3))?;
    *place = if face & 4 == 0 { largest } else { -largest };
    Some(steps)
}

pub(super) fn values(steps: Steps, step: f64) -> [f64; 4] {
    let face = face(steps);
    let mut values = steps.map(|steps| f64::from(steps) * step);
    let Some(largest) = values.get_mut(usize::from(face & 3)) else { return values };
    *largest = 0.0;
    let rest = 1.0 - values.iter().map(|value| value * value).sum::<f64>();
    let largest = rest.max(0.0).sqrt();
    if let Some(place) = values.get_mut(usize::from(face & 3)) {
        *place = if face & 4 == 0 { largest } else { -largest };
    }
    values
}

/// The next quaternion on the great circle through the last two: a rotation that goes on as it did.
pub(super) fn predict(steps: Steps, way: Steps) -> Steps {
    if way == [0; 4] {
        return steps;
    }
    let now = steps.map(f64::from);
    let mut before = [0.0; 4];
    for (before, (step, way)) in before.iter_mut().zip(steps.into_iter().zip(way)) {
        *before = f64::from(step) - f64::from(way);
    }
    let dot = |left: [f64; 4], right: [f64; 4]| -> f64 {
        left.into_iter().zip(right).map(|(left, right)| left * right).sum()
    };
    let twice = 2.0 * dot(now, before) / dot(now, now);
    let mut predicted = steps;
    for (predicted, (now, before)) in predicted.iter_mut().zip(now.into_iter().zip(before)) {
        // Whatever a way says, the prediction stays where it can be added to.
        *predicted = whole(twice * now - before, i32::MAX / 2).unwrap_or(*predicted);
    }
    predicted
}

/// The components that travel if the largest one is on this face, in a round that begins behind it: so those of rotations about
/// one axis keep their places.
pub(super) fn others(face: u8) -> [usize; 3] {
    [1, 2, 3].map(|next| (usize::from(face & 3) + next) % 4)
}

pub(super) fn residuals(face: u8, expected: Steps, real: Steps) -> [i64; 4] {
    let mut residuals = [0; 4];
    for (residual, at) in residuals.iter_mut().zip(others(face)) {
        let (expected, real) = (expected.get(at).copied().unwrap_or(0), real.get(at).copied().unwrap_or(0));
        *residual = i64::from(real) - i64::from(expected);
    }
    residuals
}

/// The quaternion on a face; none if it would not lie there.
pub(super) fn resolve(expected: Steps, face_wanted: u8, residuals: [i64; 4], inverse: f64) -> Option<Steps> {
    let mut steps = [0; 4];
    let most = (1.5 * inverse) as i64;
    for (residual, at) in residuals.into_iter().zip(others(face_wanted)) {
        let there = i64::from(*expected.get(at)?).checked_add(residual)?;
        *steps.get_mut(at)? = i32::try_from(there).ok().filter(|_| there.abs() <= most)?;
    }
    let steps = complete(steps, face_wanted, inverse)?;
    (face(steps) == face_wanted).then_some(steps)
}
