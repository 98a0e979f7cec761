//! A client that watches one table through several subscriptions, or whose subscription begins, ends or gets other
//! parameters: rows are counted together, so that each is sent once. A subscription with other parameters is one that ends
//! and one that begins.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::columns::Shown;
use super::{Scratch, circle, filter, join, ops};
use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::world::World;

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct Union {
    views: Vec<View>,
    leaves: Vec<u8>,
    entering: Vec<u8>,
}

/// A row seen from one subscription.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub slot: Slot,
    pub was: bool,
    pub is: bool,
    /// Its position among the client's subscriptions on the table.
    pub subscription: usize,
}

/// Appends the operations for a client that sees the table through all these subscriptions.
pub(super) fn write(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    table: u16,
    subscriptions: &[Subscription],
    out: &mut Vec<u8>,
) {
    if subscriptions.iter().all(|subscription| is_as_before(cohort, scratch, subscription)) {
        return;
    }
    let Union { mut views, mut leaves, mut entering } = std::mem::take(&mut scratch.union);
    views.clear();
    leaves.clear();
    entering.clear();
    for (place, subscription) in subscriptions.iter().enumerate() {
        let mut view_as = |source: &Source, stage: Stage| {
            let is_beside =
                subscriptions.len() > 1 || subscription.next.is_some() || source.parts().len() > 1;
            for part in source.parts() {
                view(world, cohort, scratch, part, (stage, place), is_beside, &mut views);
            }
        };
        match (subscription.stage, &subscription.next) {
            (Stage::Changing, Some(next)) => {
                view_as(&subscription.source, Stage::Ended);
                view_as(next, Stage::Added);
            }
            (stage, _) => view_as(&subscription.source, stage),
        }
    }
    views.sort_unstable_by_key(|view| view.slot);
    for group in views.chunk_by(|left, right| left.slot == right.slot) {
        let Some(slot) = group.first().map(|view| view.slot) else { continue };
        let columns = |view: &View| subscriptions.get(view.subscription).map_or(0, |known| known.columns);
        let views = group.iter().map(|view| Shown::once(columns(view), view.was, view.is));
        let mut shown = views.fold(Shown::default(), Shown::and);
        // A filter says nothing about rows that did not change: they are in its result as before.
        let has_changed = scratch.table(table).is_some_and(|table| table.has_changed(slot));
        if shown.was != shown.is && !has_changed {
            let held = held_by_filters(world, cohort, subscriptions, slot);
            shown = shown.and(Shown::once(held, true, true));
        }
        let reason = match shown.is {
            0 => why(world, cohort, scratch, subscriptions, group),
            _ => LeaveReason::Deleted,
        };
        let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { break };
        let reason = || reason;
        ops::write(world, scratch, (table, slot), shown, reason, (&mut leaves, &mut entering));
    }
    out.extend_from_slice(&leaves);
    out.extend_from_slice(&entering);
    scratch.union = Union { views, leaves, entering };
}

/// Appends what one part of a subscription showed at the period's start and what it shows now, unless it begins or ends.
fn view(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    part: &Source,
    (stage, subscription): (Stage, usize),
    is_beside: bool,
    views: &mut Vec<View>,
) {
    let stage_of = (stage, subscription);
    match part {
        Source::Filter(id) => view_filter(world, cohort, scratch, *id, stage_of, views),
        Source::Circle { circle, ground, observers } => {
            let watched = (&**circle, *ground, *observers);
            circle::view::view(world, cohort, scratch, watched, stage_of, views);
        }
        Source::Join { join, leaves } => {
            join::view(world, cohort, scratch, (join, leaves), stage_of, is_beside, views);
        }
        Source::Held(slots) if stage == Stage::Ended => {
            views.extend(slots.iter().map(|&slot| View { slot, was: true, is: false, subscription }));
        }
        Source::Held(_) | Source::Any(_) => {}
    }
}

/// The rows that a source shows now, in a period in which nothing has happened.
pub(super) fn shown_now(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    source: &Source,
) -> Vec<Slot> {
    let mut views = Vec::new();
    for part in source.parts() {
        view(world, cohort, scratch, part, (Stage::Added, 0), true, &mut views);
    }
    let mut slots: Vec<Slot> = views.into_iter().map(|view| view.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Whether nothing has happened that the subscription's result depends on.
fn is_as_before(cohort: &Cohort, scratch: &Scratch, subscription: &Subscription) -> bool {
    let table = |table: u16| scratch.tables.get(usize::from(table));
    let is_still = |id: u16| table(id).is_some_and(|table| table.period.rows.is_empty());
    let centre_is_still = |part: &Source| match part {
        Source::Filter(_) | Source::Held(_) | Source::Any(_) => true,
        Source::Circle { circle, observers, .. } => cohort.filters.get(*observers).is_some_and(|watched| {
            let has_changed =
                |&slot: &Slot| table(circle.observer.table).is_some_and(|table| table.has_changed(slot));
            watched.is_as_before() && !watched.members.iter().any(has_changed)
        }),
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
    };
    subscription.stage == Stage::Steady
        && is_still(subscription.table)
        && subscription.source.parts().iter().all(centre_is_still)
}

/// The reason of the subscription that says most: that the row is hidden, then distance, then the filter, then the end of the
/// subscription.
fn why(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch,
    subscriptions: &[Subscription],
    group: &[View],
) -> LeaveReason {
    let mut told = LeaveReason::Deleted;
    for subscription in
        group.iter().filter(|view| view.was).filter_map(|view| subscriptions.get(view.subscription))
    {
        let slot = group.first().map_or(0, |view| view.slot);
        let reason = match subscription.stage {
            Stage::Ended => LeaveReason::Unsubscribed,
            Stage::Added | Stage::Steady | Stage::Changing | Stage::Refused => {
                why_of(world, cohort, scratch, subscription.latest(), slot)
            }
        };
        match (reason, told) {
            (LeaveReason::NotPermitted, _) => return reason,
            (LeaveReason::OutOfRange, _) => told = reason,
            (LeaveReason::NoLongerMatching, LeaveReason::Unsubscribed | LeaveReason::Deleted)
            | (LeaveReason::Unsubscribed, LeaveReason::Deleted) => told = reason,
            (LeaveReason::NoLongerMatching | LeaveReason::Unsubscribed | LeaveReason::Deleted, _) => {}
        }
    }
    told
}

/// Why a row is in none of the parts of a source: it is hidden if no part would be permitted to show it.
fn why_of(world: &World, cohort: &Cohort, scratch: &mut Scratch, source: &Source, slot: Slot) -> LeaveReason {
    let mut told = None;
    for part in source.parts() {
        let reason = match part {
            Source::Filter(id) => match cohort.filters.get(*id) {
                Some(watched) => filter::leave_reason(world, &watched.filter, slot),
                None => continue,
            },
            Source::Circle { circle, ground, observers } => {
                circle::view::leave_reason(world, cohort, (circle, *ground, *observers), slot)
            }
            Source::Join { join, leaves } => join::leave_reason(world, cohort, scratch, (join, leaves), slot),
            Source::Held(_) | Source::Any(_) => continue,
        };
        told = match (told, reason) {
            (Some(LeaveReason::OutOfRange), _) => told,
            (None | Some(LeaveReason::NotPermitted), _) | (_, LeaveReason::OutOfRange) => Some(reason),
            (Some(_), _) => told,
        };
    }
    told.unwrap_or(LeaveReason::Deleted)
}

/// The columns of a row that steady filters show.
fn held_by_filters(world: &World, cohort: &Cohort, subscriptions: &[Subscription], slot: Slot) -> u64 {
    let holds = |part: &Source| match part {
        Source::Filter(id) => cohort.filters.get(*id).is_some_and(|watched| {
            world.row(watched.filter.table, slot).is_some_and(|row| watched.filter.matches(row))
        }),
        Source::Circle { .. } | Source::Join { .. } | Source::Any(_) | Source::Held(_) => false,
    };
    let steady = subscriptions.iter().filter(|subscription| subscription.stage == Stage::Steady);
    steady
        .filter(|subscription| subscription.source.parts().iter().any(holds))
        .fold(0, |columns, subscription| columns | subscription.columns)
}

fn view_filter(
    world: &World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    id: FilterId,
    (stage, subscription): (Stage, usize),
    views: &mut Vec<View>,
) {
    let Some(watched) = cohort.filters.get_mut(id) else { return };
    let table = watched.filter.table;
    if matches!(stage, Stage::Added | Stage::Ended) {
        // Its result is kept until the flush ends.
        scratch.touched.push(id);
    }
    let Some(scratch) = scratch.tables.get(usize::from(table)) else { return };
    if matches!(stage, Stage::Steady | Stage::Ended) {
        watched.stays.for_each(|row| {
            if let Some(slot) = scratch.period.rows.get(row).map(|change| change.slot) {
                views.push(View { slot, was: true, is: stage != Stage::Ended, subscription });
            }
        });
        for crossing in &watched.crossings {
            let (was, is) = (crossing.was, crossing.is && stage != Stage::Ended);
            if was || is {
                views.push(View { slot: crossing.slot, was, is, subscription });
            }
        }
    }
    match stage {
        Stage::Steady | Stage::Changing | Stage::Refused => {}
        Stage::Added => {
            let result = filter::result(world, watched).iter();
            views.extend(result.map(|&slot| View { slot, was: false, is: true, subscription }));
        }
        Stage::Ended => {
            let unchanged = filter::result(world, watched).iter().filter(|&&slot| !scratch.has_changed(slot));
            views.extend(unchanged.map(|&slot| View { slot, was: true, is: false, subscription }));
        }
    }
}
