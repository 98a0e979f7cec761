//! A client that watches one table through several subscriptions, or whose subscription begins, ends or gets other
//! parameters: rows are counted together, so that each is sent once. A subscription with other parameters is one that ends
//! and one that begins.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

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
        let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { break };
        let mut was = group.iter().any(|view| view.was);
        let mut is = group.iter().any(|view| view.is);
        // A filter or ranking says nothing about rows that did not change: what it does not name is in it as before.
        if (!was || !is)
            && !scratch.has_changed(slot)
            && is_held_by_filter(world, cohort, subscriptions, slot)
        {
            (was, is) = (true, true);
        }
        let holders = group.iter().filter(|view| view.was).map(|view| view.subscription);
        let reason = || why(world, cohort, subscriptions, slot, holders);
        ops::write(world, scratch, (table, slot), (was, is), reason, (&mut leaves, &mut entering));
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
        Source::Top { order, limit, of } => {
            let from = views.len();
            view_source(world, cohort, scratch, (table, of), (stage, place), true, views);
            top::cut(world, cohort, scratch, (order, *limit, of), table, (views, from));
        }
        // What is held of these is remembered.
        Source::Near(_) => {}
    }
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
    }
}

/// The reason of the subscription that says most: distance, then the filter, then the end of the subscription.
pub(super) fn why(
    world: &World,
    cohort: &Cohort,
    subscriptions: &[Subscription],
    slot: Slot,
    holders: impl Iterator<Item = usize>,
) -> LeaveReason {
    let reasons = holders.filter_map(|holder| {
        let subscription = subscriptions.get(holder)?;
        Some(match subscription.latest() {
            _ if subscription.stage == Stage::Ended => LeaveReason::Unsubscribed,
            Source::Filter(id) => filter::leave_reason(world, &cohort.filters.get(*id)?.filter, slot),
            Source::Circle { circle, ground, observers } => {
                circle::view::leave_reason(world, cohort, (circle, *ground, *observers), slot)
            }
            Source::Join { join, .. } => join::leave_reason(world, join, slot),
            Source::Ranking(_) | Source::Top { .. } => ranking::leave_reason(world, subscription.table, slot),
            Source::Near(near) => loose::near_reason(world, cohort, near, slot),
        })
    });
    let mut told = LeaveReason::Deleted;
    for reason in reasons {
        match (reason, told) {
            (LeaveReason::OutOfRange, _) => return reason,
            (LeaveReason::NoLongerMatching, _) | (LeaveReason::Unsubscribed, LeaveReason::Deleted) => {
                told = reason
            }
            (LeaveReason::Unsubscribed | LeaveReason::Deleted | LeaveReason::NotPermitted, _) => {}
        }
    }
    told
}

/// Whether a strict filter holds a row that has not changed.
pub(super) fn is_held_by_filter(
    world: &World,
    cohort: &Cohort,
    subscriptions: &[Subscription],
    slot: Slot,
) -> bool {
    subscriptions.iter().any(|subscription| match subscription.source {
        Source::Filter(id) if subscription.stage == Stage::Steady && subscription.loose.is_none() => {
            cohort.filters.get(id).is_some_and(|watched| {
                world.row(watched.filter.table, slot).is_some_and(|row| watched.filter.matches(row))
            })
        }
        Source::Ranking(id) if subscription.stage == Stage::Steady => ranking::holds(cohort, id, slot),
        Source::Filter(_)
        | Source::Ranking(_)
        | Source::Circle { .. }
        | Source::Join { .. }
        | Source::Near(_)
        | Source::Top { .. } => false,
    })
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
