//! The circle that moves: what each client gains, loses and sees change when rows and its own place have moved.
//!
//! Nothing is kept of what a client holds: it is what the circle showed at the period's start, and where everything was
//! then is known.

pub(super) mod view;

use ambit_model::Slot;
use ambit_wire::{LeaveReason, write_delete};

use super::columns::{self, Shown};
use super::memory::Happened;
use super::{Scratch, TableScratch};
use crate::changes::RowState;
use crate::client::Source;
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::grid::{Disc, Found};
use crate::ground::Ground;
use crate::query::plan::{Circle, is_within};
use crate::sweep::Sweep;
use crate::world::{GroundId, World};

/// A circle, the ground that it lies on and the filter that finds its observers.
pub(super) type Watched<'a> = (&'a Circle, GroundId, FilterId);

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct CircleScratch {
    found: Found,
    far_found: Found,
    /// Places of rows near the border that stay.
    stays: Vec<u32>,
    /// Slots of rows that went far and stay.
    far_stays: Vec<Slot>,
    enters: Vec<Slot>,
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    /// Where deltas are put together.
    room: Vec<u8>,
}

/// How far the centre of a circle may go in a period, in radii, so that it is enough to look around where it is now.
const STEP_PER_RADIUS: f64 = 0.25;

/// Makes sure that the sweeps tell of this period that a source needs.
pub(super) fn prepare_source(world: &mut World, happened: &mut Happened, source: &Source) {
    match source {
        Source::Circle { ground, .. } => prepare(world, happened, *ground),
        Source::Top { of, .. } => prepare_source(world, happened, of),
        Source::Any(parts) => parts.iter().for_each(|part| prepare_source(world, happened, part)),
        Source::Filter(_) | Source::Join { .. } | Source::Ranking(_) | Source::Near(_) | Source::Held(_) => {}
    }
}

/// The same for the sweep of one ground.
pub(super) fn prepare(world: &mut World, happened: &mut Happened, id: GroundId) {
    let Happened { sweeps, tables, .. } = happened;
    if sweeps.len() <= id {
        sweeps.resize_with(id + 1, Sweep::default);
    }
    let Some(ground) = world.ground(id) else { return };
    let Some(changes) = tables.get(usize::from(ground.shape.table())) else { return };
    if ground.swept == Some(changes.number) {
        return;
    }
    let (Some(sweep), Some(mut ground)) = (sweeps.get_mut(id), world.take_ground(id)) else { return };
    ground.settle(&world.store);
    sweep.build(world, &mut ground, changes);
    ground.swept = Some(changes.number);
    world.put_ground(id, ground);
}

/// Appends the operations for a client that sees these columns of the table through this circle alone and has done so before.
/// Answers whether that was possible: it is not if the centre went far, or is not one row that it was before.
pub(super) fn write(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    watched: Watched<'_>,
    shown: u64,
    out: &mut Vec<u8>,
) -> bool {
    let (circle, id, observers) = watched;
    // Rows that a rule's circle leaves behind leave for another reason.
    if circle.rule_for.is_some() || world.ground(id).is_none_or(|ground| ground.shape.shown != shown) {
        return false;
    }
    let Some(centre) = cohort.filters.get(observers) else { return false };
    let [observer] = centre.members.as_slice() else { return false };
    if centre.crossings.iter().any(|crossing| crossing.was != crossing.is) {
        return false;
    }
    let table = |table: u16| scratch.tables.get(usize::from(table));
    let has_changed = table(circle.observer.table).is_some_and(|table| table.has_changed(*observer));
    if !has_changed && table(circle.target.table).is_some_and(|target| target.period.rows.is_empty()) {
        return true;
    }
    let Some((now, before)) = discs(world, scratch, watched, *observer) else { return false };
    let (Some(now), Some(before)) = (now, before) else { return now.is_none() && before.is_none() };
    let step = distance(now.centre, before.centre);
    let is_short = step <= now.radius * STEP_PER_RADIUS;
    if !is_short || now.key != before.key {
        return false;
    }
    let reason = |slot: Slot| view::leave_reason(world, cohort, watched, slot);
    pass(world, scratch, (circle.target.table, id), (now, before, step), reason, out)
}

/// The same for a circle around a row that the circle can show itself. Answers whether that was possible: it is not if the
/// row has rested for long, or went far.
pub(super) fn write_own(
    world: &World,
    scratch: &mut Scratch<'_>,
    (table, id, observer, radius): (u16, GroundId, Slot, f64),
    reason: impl Fn(Slot) -> LeaveReason,
    out: &mut Vec<u8>,
) -> bool {
    let Some((now, before)) = scratch.sweeps.get(id).and_then(|sweep| sweep.discs(observer, radius)) else {
        return false;
    };
    let step = distance(now.centre, before.centre);
    step <= radius * STEP_PER_RADIUS && pass(world, scratch, (table, id), (now, before, step), reason, out)
}

/// Appends what has changed in a circle whose centre went a short way.
fn pass(
    world: &World,
    scratch: &mut Scratch<'_>,
    (table, id): (u16, GroundId),
    (now, before, step): (Disc, Disc, f64),
    reason: impl Fn(Slot) -> LeaveReason,
    out: &mut Vec<u8>,
) -> bool {
    let (Some(ground), Some(sweep)) = (world.ground(id), scratch.sweeps.get(id)) else { return false };
    let memory = &mut *scratch.circle;
    memory.stays.clear();
    memory.far_stays.clear();
    memory.enters.clear();
    if step > 0.0 {
        pass_resting(ground, (now, before), step, memory, out);
    }
    pass_near(sweep, (now, before), step, memory, out);
    pass_far(&scratch.tables, sweep, (now, before), table, reason, memory, out);
    let Some(target) = scratch.tables.get_mut(usize::from(table)) else { return true };
    for places in [memory.found.inside(), &memory.stays] {
        sweep.copy_deltas(places, &mut memory.room, out);
        sweep.tell(places, target.told);
    }
    let shown = ground.shape.shown;
    for &slot in &memory.far_stays {
        columns::stay(world, target, (table, slot), Shown::once(shown, true, true), out);
    }
    for &slot in &memory.enters {
        columns::enter(world, target, (table, slot), shown, out);
    }
    true
}

/// The circle now and at the period's start, each none if there are no rows that it could show. None if the circle is not
/// all there is to test, or the observer was not there.
fn discs(
    world: &World,
    scratch: &mut Scratch<'_>,
    (circle, id, _): Watched<'_>,
    observer: Slot,
) -> Option<(Option<Disc>, Option<Disc>)> {
    let ground = world.ground(id).filter(|ground| ground.shape.is_exact)?;
    let row = world.row(circle.observer.table, observer)?;
    let row_before = row_before(world, &scratch.tables, circle.observer.table, observer)?;
    let now = disc(ground, circle, row, &mut scratch.circle.bytes);
    let before = match std::ptr::eq(row, row_before) {
        true => now,
        false => disc(ground, circle, row_before, &mut scratch.circle.bytes),
    };
    Some((now, before))
}

fn disc(ground: &Ground, circle: &Circle, observer: &[u8], bytes: &mut Vec<u8>) -> Option<Disc> {
    let key = ground.key_around(circle, observer, bytes)?;
    Some(Disc { centre: circle.observer_position.read(observer), key, radius: circle.radius.get() })
}

/// The row in a slot at the period's start, as far as circles and joins care; none if there was none.
pub(super) fn row_before<'a>(
    world: &'a World,
    tables: &[TableScratch<'_>],
    table: u16,
    slot: Slot,
) -> Option<&'a [u8]> {
    match tables.get(usize::from(table))?.period.change(slot) {
        None => world.row(table, slot),
        Some(change) => match (change.state, world.table(table)?.log.image(change)) {
            (RowState::New, _) => None,
            (_, Some(image)) => Some(image),
            (RowState::Updated, None) => world.row(table, slot),
            (RowState::Replaced | RowState::Deleted, None) => None,
        },
    }
}

fn distance(left: [f64; 3], right: [f64; 3]) -> f64 {
    let [x, y, z] = left;
    let [other_x, other_y, other_z] = right;
    ((x - other_x).powi(2) + (y - other_y).powi(2) + (z - other_z).powi(2)).sqrt()
}

/// What is farther than `inner` and nearer than the disc's radius may have crossed the border when distances have changed
/// by `slack` at most. Rounding does not matter: what lies between is tested with the one rule of distance.
fn around_border(now: Disc, slack: f64) -> (Disc, f64) {
    const ROUNDING: f64 = 1e-9;
    let disc = Disc { radius: (now.radius + slack) * (1.0 + ROUNDING), ..now };
    (disc, (now.radius - slack) * (1.0 - ROUNDING))
}

/// Rows at rest enter and leave because the centre has moved.
fn pass_resting(
    ground: &Ground,
    (now, before): (Disc, Disc),
    step: f64,
    memory: &mut CircleScratch,
    out: &mut Vec<u8>,
) {
    let (disc, inner) = around_border(now, step);
    ground.resting.find(disc, inner, &mut memory.found);
    for &at in memory.found.between() {
        let place = ground.resting.place(at as usize);
        let slot = ground.resting.numbers.get(at as usize).copied();
        let was = is_within(place, before.centre, before.radius);
        let is = is_within(place, now.centre, now.radius);
        match slot {
            Some(slot) if was && !is => write_delete(out, slot, LeaveReason::OutOfRange),
            Some(slot) if is && !was => memory.enters.push(slot),
            Some(_) | None => {}
        }
    }
}

/// Rows that went a short way. What is well inside is left in `memory.found`.
fn pass_near(
    sweep: &Sweep,
    (now, before): (Disc, Disc),
    step: f64,
    memory: &mut CircleScratch,
    out: &mut Vec<u8>,
) {
    let (disc, inner) = around_border(now, sweep.slack + step);
    sweep.near.find(disc, inner, &mut memory.found);
    for &at in memory.found.between() {
        let Some(row) = sweep.step(at) else { continue };
        let was = is_within(row.before, before.centre, before.radius);
        let is = is_within(sweep.near.place(at as usize), now.centre, now.radius);
        match (was, is) {
            (true, true) => memory.stays.push(at),
            (true, false) => write_delete(out, row.slot, LeaveReason::OutOfRange),
            (false, true) => memory.enters.push(row.slot),
            (false, false) => {}
        }
    }
}

/// Rows that came, went, or went far.
fn pass_far(
    tables: &[TableScratch<'_>],
    sweep: &Sweep,
    (now, before): (Disc, Disc),
    table: u16,
    reason: impl Fn(Slot) -> LeaveReason,
    memory: &mut CircleScratch,
    out: &mut Vec<u8>,
) {
    let CircleScratch { far_found, far_stays, enters, .. } = memory;
    let (disc, _) = around_border(now, distance(now.centre, before.centre));
    sweep.jumps(disc, far_found, |jump, is_where_it_is| {
        let (was, is) = (jump.was_in(before), jump.is_in(now));
        if is_where_it_is {
            if is && !was {
                enters.push(jump.slot);
            }
            return;
        }
        let state = tables.get(usize::from(table)).and_then(|table| table.period.state(jump.slot));
        let is_another = matches!(state, Some(RowState::Replaced | RowState::Deleted));
        match (was, is) {
            (true, true) if is_another => {
                write_delete(out, jump.slot, LeaveReason::Deleted);
                enters.push(jump.slot);
            }
            (true, true) => far_stays.push(jump.slot),
            (true, false) if is_another => write_delete(out, jump.slot, LeaveReason::Deleted),
            (true, false) => write_delete(out, jump.slot, reason(jump.slot)),
            (false, _) => {}
        }
    });
}
