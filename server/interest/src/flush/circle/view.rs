//! What a circle showed and shows, row by row: for clients that see a table through several subscriptions, for those that
//! begin or end, and for centres that are several rows or went far.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::{Watched, around_border, disc, row_before};
use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::{FilterId, WatchedFilter};
use crate::flush::Scratch;
use crate::flush::union::View;
use crate::grid::{Disc, Found};
use crate::query::plan::{Circle, is_within};
use crate::sweep::Sweep;
use crate::world::World;

/// When rows are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::flush) enum Moment {
    Before,
    Now,
}

/// Appends what the circle showed at the period's start and what it shows now, unless the subscription begins or ends.
pub(in crate::flush) fn view(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    watched: Watched<'_>,
    (stage, subscription): (Stage, usize),
    views: &mut Vec<View>,
) {
    if stage == Stage::Refused {
        return;
    }
    let Some(centre) = cohort.filters.get(watched.2) else { return };
    if stage != Stage::Added {
        let observers = members_before(centre);
        look(world, scratch, watched, Moment::Before, observers, |slot| {
            views.push(View { slot, was: true, is: false, subscription });
        });
    }
    if stage != Stage::Ended {
        look(world, scratch, watched, Moment::Now, centre.members.iter().copied(), |slot| {
            views.push(View { slot, was: false, is: true, subscription });
        });
    }
}

/// Calls `each` with every row that the circle shows around these rows, once.
fn look(
    world: &World,
    scratch: &mut Scratch<'_>,
    (circle, id, _): Watched<'_>,
    moment: Moment,
    observers: impl Iterator<Item = Slot>,
    mut each: impl FnMut(Slot),
) {
    let Scratch { tables, sweeps, circle: memory, .. } = scratch;
    let (Some(ground), Some(sweep)) = (world.ground(id), sweeps.get(id)) else { return };
    let row_then = |tables: &[super::TableScratch], table: u16, slot: Slot| match moment {
        Moment::Before => row_before(world, tables, table, slot),
        Moment::Now => world.row(table, slot),
    };
    let target = circle.target.table;
    let Some(mark) = tables.get_mut(usize::from(target)).map(|table| table.marks.next()) else { return };
    for observer in observers {
        let Some(row) = row_then(tables, circle.observer.table, observer) else { continue };
        let Some(disc) = disc(ground, circle, row, &mut memory.bytes) else { continue };
        memory.slots.clear();
        ground.resting.find(disc, -1.0, &mut memory.found);
        let places = memory.found.between().iter();
        memory.slots.extend(places.filter_map(|&at| ground.resting.numbers.get(at as usize)));
        moving(sweep, moment, disc, &mut memory.found, &mut memory.slots);
        for &slot in &memory.slots {
            let is_shown = ground.shape.is_exact
                || row_then(tables, target, slot).is_some_and(|row_there| {
                    circle.target.matches(row_there) && circle.joins(row_there, row)
                });
            let mut is_new =
                || tables.get_mut(usize::from(target)).is_some_and(|table| table.marks.mark(slot, mark));
            if is_shown && is_new() {
                each(slot);
            }
        }
    }
}

/// Appends the rows of a disc that moved lately.
fn moving(sweep: &Sweep, moment: Moment, disc: Disc, found: &mut Found, slots: &mut Vec<Slot>) {
    match moment {
        Moment::Now => {
            sweep.near.find(disc, -1.0, found);
            slots.extend(found.between().iter().filter_map(|&at| sweep.step(at)).map(|step| step.slot));
        }
        Moment::Before => {
            let (wide, _) = around_border(disc, sweep.slack);
            sweep.near.find(wide, -1.0, found);
            let steps = found.between().iter().filter_map(|&at| sweep.step(at));
            let was = steps.filter(|step| is_within(step.before, disc.centre, disc.radius));
            slots.extend(was.map(|step| step.slot));
        }
    }
    sweep.jumps(disc, found, |jump, is_where_it_is| {
        let is_then = match moment {
            Moment::Before => !is_where_it_is && jump.was_in(disc),
            Moment::Now => is_where_it_is && jump.is_in(disc),
        };
        if is_then {
            slots.push(jump.slot);
        }
    });
}

/// The rows that were in a filter's result at the period's start.
pub(in crate::flush) fn members_before(watched: &WatchedFilter) -> impl Iterator<Item = Slot> {
    let crossings = &watched.crossings;
    let has_come = |slot: &Slot| crossings.iter().any(|crossing| crossing.slot == *slot && !crossing.was);
    let stayed = watched.members.iter().copied().filter(move |slot| !has_come(slot));
    let gone = crossings.iter().filter(|crossing| crossing.was && !crossing.is).map(|crossing| crossing.slot);
    stayed.chain(gone)
}

/// The rows that were or are in a filter's result.
pub(in crate::flush) fn members(watched: &WatchedFilter, moment: Moment) -> Vec<Slot> {
    match moment {
        Moment::Before => members_before(watched).collect(),
        Moment::Now => watched.members.clone(),
    }
}

/// Why a row that exists has left the circle.
pub(in crate::flush) fn leave_reason(
    world: &World,
    cohort: &Cohort,
    (circle, _, observers): Watched<'_>,
    slot: Slot,
) -> LeaveReason {
    reason_around(world, cohort, (circle, observers), slot)
}

/// The same of a circle by the filter that finds its observers.
pub(in crate::flush) fn reason_around(
    world: &World,
    cohort: &Cohort,
    (circle, observers): (&Circle, FilterId),
    slot: Slot,
) -> LeaveReason {
    let Some(row) = world.row(circle.target.table, slot) else { return LeaveReason::Deleted };
    let members = cohort.filters.get(observers).map(|watched| watched.members.as_slice()).unwrap_or_default();
    let mut rows = members.iter().filter_map(|&member| world.row(circle.observer.table, member));
    if !circle.target.permits(row) {
        return LeaveReason::NotPermitted;
    }
    let matches = match &circle.rule_for {
        None => {
            circle.target.matches_apart_from_distance(row) && rows.any(|observer| circle.joins(row, observer))
        }
        Some(wanted) => {
            let place = circle.target_position.read(row);
            let is_in = |observer: &[u8]| {
                let centre = circle.observer_position.read(observer);
                circle.joins(row, observer) && is_within(place, centre, circle.radius.get())
            };
            if !rows.any(is_in) {
                return LeaveReason::NotPermitted;
            }
            wanted.iter().all(|condition| condition.holds_at_some_place(row))
        }
    };
    if matches { LeaveReason::OutOfRange } else { LeaveReason::NoLongerMatching }
}

/// The same for a subscription whatever it is.
pub(in crate::flush) fn reason_of(
    world: &World,
    cohort: &Cohort,
    subscription: Option<&Subscription>,
    slot: Slot,
) -> LeaveReason {
    match subscription.map(|subscription| &subscription.source) {
        Some(Source::Circle { circle, ground, observers }) => {
            leave_reason(world, cohort, (circle, *ground, *observers), slot)
        }
        Some(
            Source::Filter(_)
            | Source::Join { .. }
            | Source::Ranking(_)
            | Source::Near(_)
            | Source::Top { .. }
            | Source::Any(_)
            | Source::Held(_),
        )
        | None => LeaveReason::Deleted,
    }
}
