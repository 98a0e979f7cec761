//! A client that watches one table through several subscriptions, or whose subscription begins, ends or gets other
//! parameters: rows are counted together, so that each is sent once. A subscription with other parameters is one that ends
//! and one that begins.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::columns::Shown;
use super::{Scratch, circle, filter, join, loose, ops, ranking, top};
use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;
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
        let is_beside = subscriptions.len() > 1;
        view(world, cohort, scratch, (table, place), subscription, is_beside, &mut views);
    }
    views.sort_unstable_by_key(|view| view.slot);
    for group in views.chunk_by(|left, right| left.slot == right.slot) {
        let Some(slot) = group.first().map(|view| view.slot) else { continue };
        let columns = |view: &View| subscriptions.get(view.subscription).map_or(0, |known| known.columns);
        let seen = group.iter().map(|view| Shown::once(columns(view), view.was, view.is));
        let mut shown = seen.fold(Shown::default(), Shown::and);
        // A filter or ranking says nothing about rows that did not change: what it does not name is in it as before.
        let has_changed = || scratch.table(table).is_some_and(|table| table.has_changed(slot));
        if shown.was != shown.is && !has_changed() {
            let held = held_by_filters(world, cohort, subscriptions, slot);
            shown = shown.and(Shown::once(held, true, true));
        }
        let holders = group.iter().filter(|view| view.was).map(|view| view.subscription);
        let reason = match shown.is {
            0 => why(world, cohort, scratch, subscriptions, slot, holders),
            _ => LeaveReason::Deleted,
        };
        let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { break };
        ops::write(world, scratch, (table, slot), shown, || reason, (&mut leaves, &mut entering));
    }
    out.extend_from_slice(&leaves);
    out.extend_from_slice(&entering);
    scratch.union = Union { views, leaves, entering };
}

/// Appends the rows that a subscription showed and shows. Filters leave out those that have not changed; so do joins if no other
/// subscription `is_beside` them.
pub(super) fn view(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    (table, place): (u16, usize),
    subscription: &Subscription,
    is_beside: bool,
    views: &mut Vec<View>,
) {
    let is_beside = is_beside || subscription.next.is_some();
    let mut view_as = |source: &Source, stage: Stage| {
        let seen_from = (stage, place);
        view_source(world, cohort, scratch, (table, source), seen_from, is_beside, views);
    };
    match (subscription.stage, &subscription.next) {
        (Stage::Changing, Some(next)) => {
            view_as(&subscription.source, Stage::Ended);
            view_as(next, Stage::Added);
        }
        (stage, _) => view_as(&subscription.source, stage),
    }
}

/// Appends what a source showed and shows. If nothing `is_beside` it, rows that are as before may be left out.
pub(super) fn view_source(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    (table, source): (u16, &Source),
    (stage, place): (Stage, usize),
    is_beside: bool,
    views: &mut Vec<View>,
) {
    match source {
        Source::Filter(id) => view_filter(world, cohort, scratch, (table, *id), (stage, place), views),
        Source::Circle { circle, ground, observers } => {
            let watched = (&**circle, *ground, *observers);
            circle::view::view(world, cohort, scratch, watched, (stage, place), views);
        }
        Source::Join { join, leaves } => {
            join::view(world, cohort, scratch, (join, leaves), (stage, place), is_beside, views);
        }
        Source::Ranking(id) => ranking::view(cohort, scratch, (table, *id), (stage, place), views),
        Source::Any(parts) => {
            let is_beside = is_beside || parts.len() > 1;
            for part in parts {
                view_source(world, cohort, scratch, (table, part), (stage, place), is_beside, views);
            }
        }
        Source::Held(slots) if stage == Stage::Ended => {
            views.extend(slots.iter().map(|&slot| View { slot, was: true, is: false, subscription: place }));
        }
        Source::Held(_) => {}
        Source::Top { order, limit, of } => {
            let from = views.len();
            for part in of.parts() {
                view_whole(world, cohort, scratch, (table, part), (stage, place), views);
            }
            top::cut(world, cohort, scratch, (order, *limit, of), table, (views, from));
        }
        // What is held of these is remembered.
        Source::Near(_) => {}
    }
}

/// The same without leaving out anything, for those who choose among the rows.
fn view_whole(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    (table, source): (u16, &Source),
    (stage, place): (Stage, usize),
    views: &mut Vec<View>,
) {
    let is_ranking = matches!(source, Source::Ranking(_));
    let stages = match stage {
        Stage::Steady if is_ranking => [Stage::Ended, Stage::Added].as_slice(),
        Stage::Added | Stage::Steady | Stage::Changing | Stage::Ended | Stage::Refused => &[stage],
    };
    for &stage in stages {
        view_source(world, cohort, scratch, (table, source), (stage, place), true, views);
    }
}

/// The rows that a source shows now, in a period in which nothing has happened.
pub(super) fn shown_now(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    source: &Source,
) -> Vec<Slot> {
    let (table, mut views) = (source.table(cohort), Vec::new());
    view_source(world, cohort, scratch, (table, source), (Stage::Added, 0), true, &mut views);
    let mut slots: Vec<Slot> = views.into_iter().map(|view| view.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Whether nothing has happened that the subscription's result depends on.
fn is_as_before(cohort: &Cohort, scratch: &Scratch, subscription: &Subscription) -> bool {
    let is_still = |id: u16| scratch.table(id).is_some_and(|table| table.period.rows.is_empty());
    let is_steady = subscription.stage == Stage::Steady && is_still(subscription.table);
    is_steady && are_others_still(cohort, scratch, &subscription.source)
}

/// The same, of rows that decide besides those which are shown.
fn are_others_still(cohort: &Cohort, scratch: &Scratch, source: &Source) -> bool {
    match source {
        Source::Filter(_) | Source::Ranking(_) => true,
        Source::Near(_) => false,
        Source::Circle { circle, observers, .. } => cohort.filters.get(*observers).is_some_and(|watched| {
            let table = scratch.table(circle.observer.table);
            let has_changed = |&slot: &Slot| table.is_some_and(|table| table.has_changed(slot));
            watched.is_as_before() && !watched.members.iter().any(has_changed)
        }),
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
        Source::Top { of, .. } => are_others_still(cohort, scratch, of),
        Source::Any(parts) => parts.iter().all(|part| are_others_still(cohort, scratch, part)),
        Source::Held(_) => true,
    }
}

/// The reason of the subscription that says most: that the row is hidden, then distance, then the filter, then the end of the
/// subscription.
pub(super) fn why(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch,
    subscriptions: &[Subscription],
    slot: Slot,
    holders: impl Iterator<Item = usize>,
) -> LeaveReason {
    let mut told = LeaveReason::Deleted;
    for subscription in holders.filter_map(|holder| subscriptions.get(holder)) {
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
            (
                LeaveReason::NoLongerMatching
                | LeaveReason::Unsubscribed
                | LeaveReason::Deleted
                | LeaveReason::Away,
                _,
            ) => {}
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
            Source::Ranking(id) => match cohort.rankings.get(*id) {
                Some(ranking) => ranking::leave_reason(world, &ranking.ranked.filter, slot),
                None => continue,
            },
            Source::Circle { circle, ground, observers } => {
                circle::view::leave_reason(world, cohort, (circle, *ground, *observers), slot)
            }
            Source::Join { join, leaves } => join::leave_reason(world, cohort, scratch, (join, leaves), slot),
            Source::Top { of, .. } => match why_of(world, cohort, scratch, of, slot) {
                // Others come before it.
                LeaveReason::OutOfRange | LeaveReason::Unsubscribed => LeaveReason::NoLongerMatching,
                reason @ (LeaveReason::Deleted
                | LeaveReason::Away
                | LeaveReason::NoLongerMatching
                | LeaveReason::NotPermitted) => reason,
            },
            Source::Near(near) => loose::near_reason(world, cohort, near, slot),
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

/// The columns of a row, which has not changed, that strict filters and rankings show as before.
pub(super) fn held_by_filters(
    world: &World,
    cohort: &Cohort,
    subscriptions: &[Subscription],
    slot: Slot,
) -> u64 {
    let holds = |part: &Source| match part {
        Source::Filter(id) => cohort.filters.get(*id).is_some_and(|watched| {
            world.row(watched.filter.table, slot).is_some_and(|row| watched.filter.matches(row))
        }),
        Source::Ranking(id) => ranking::holds(cohort, *id, slot),
        Source::Circle { .. }
        | Source::Join { .. }
        | Source::Near(_)
        | Source::Top { .. }
        | Source::Any(_)
        | Source::Held(_) => false,
    };
    let steady = subscriptions.iter().filter(|known| known.stage == Stage::Steady && known.loose.is_none());
    steady
        .filter(|known| known.source.parts().iter().any(holds))
        .fold(0, |columns, known| columns | known.columns)
}

fn view_filter(
    world: &World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    (table, id): (u16, usize),
    (stage, subscription): (Stage, usize),
    views: &mut Vec<View>,
) {
    let Some(watched) = cohort.filters.get_mut(id) else { return };
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
