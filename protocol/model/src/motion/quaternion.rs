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
    let largest = largest(values, None);
    // Where two are alike, rounding decides which of them the steps name.
    complete(steps, largest, inverse)
        .or_else(|| complete(steps, self::largest(values, Some(largest & 3)), inverse))
}

/// The face that values lie on, if the component at `except` does not count.
fn largest(values: [f64; 4], except: Option<u8>) -> u8 {
    let (mut face, mut most) = (0, -1.0);
    for (at, value) in (0..).zip(values) {
        if value.abs() > most && except != Some(at) {
            most = value.abs();
            face = at | if value < 0.0 { 4 } else { 0 };
        }
    }
    face
}

/// Makes the largest component follow from the others; none if it would not be the largest.
fn complete(mut steps: Steps, face_wanted: u8, inverse: f64) -> Option<Steps> {
    *steps.get_mut(usize::from(face_wanted & 3))? = 0;
    let others: f64 = steps.iter().map(|&step| f64::from(step) * f64::from(step)).sum();
    let rest = inverse * inverse - others;
    if !rest.is_sign_positive() {
        return None;
    }
    let largest = whole(rest.sqrt(), i32::MAX)?;
    let place = steps.get_mut(usize::from(face_wanted & 3))?;
    *place = if face_wanted & 4 == 0 { largest } else { -largest };
    (face(steps) == face_wanted).then_some(steps)
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

pub(super) fn resolve(expected: Steps, face: u8, residuals: [i64; 4], inverse: f64) -> Option<Steps> {
    let mut steps = [0; 4];
    let others = steps.iter_mut().zip(expected).enumerate().filter(|(at, _)| *at != usize::from(face & 3));
    let most = (1.5 * inverse) as i64;
    for ((_, (step, expected)), residual) in others.zip(residuals) {
        let there = i64::from(expected).checked_add(residual)?;
        *step = i32::try_from(there).ok().filter(|_| there.abs() <= most)?;
    }
    complete(steps, face, inverse)
}
