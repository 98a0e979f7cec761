//! A client that watches one table through several subscriptions, or whose subscription begins, ends or gets other
//! parameters: rows are counted together, so that each is sent once. A subscription with other parameters is one that ends
//! and one that begins.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::columns::Shown;
use super::{Scratch, circle, filter, join, ops};
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
        let mut view_as = |source: &Source, stage: Stage| match source {
            Source::Filter(id) => {
                view_filter(world, cohort, scratch, (table, *id), (stage, place), &mut views);
            }
            Source::Circle { circle, ground, observers } => {
                let watched = (&**circle, *ground, *observers);
                circle::view::view(world, cohort, scratch, watched, (stage, place), &mut views);
            }
            Source::Join { join, leaves } => {
                let is_beside = subscriptions.len() > 1 || subscription.next.is_some();
                join::view(world, cohort, scratch, (join, leaves), (stage, place), is_beside, &mut views);
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
        let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { break };
        let columns = |view: &View| subscriptions.get(view.subscription).map_or(0, |known| known.columns);
        let views = group.iter().map(|view| Shown::once(columns(view), view.was, view.is));
        let mut shown = views.fold(Shown::default(), Shown::and);
        // A filter says nothing about rows that did not change: they are in its result as before.
        if shown.was != shown.is && !scratch.has_changed(slot) {
            let held = held_by_filters(world, cohort, subscriptions, slot);
            shown = shown.and(Shown::once(held, true, true));
        }
        let reason = || why(world, cohort, subscriptions, group);
        ops::write(world, scratch, (table, slot), shown, reason, (&mut leaves, &mut entering));
    }
    out.extend_from_slice(&leaves);
    out.extend_from_slice(&entering);
    scratch.union = Union { views, leaves, entering };
}

/// Whether nothing has happened that the subscription's result depends on.
fn is_as_before(cohort: &Cohort, scratch: &Scratch, subscription: &Subscription) -> bool {
    let table = |table: u16| scratch.tables.get(usize::from(table));
    let is_still = |id: u16| table(id).is_some_and(|table| table.period.rows.is_empty());
    let centre_is_still = || match &subscription.source {
        Source::Filter(_) => true,
        Source::Circle { circle, observers, .. } => cohort.filters.get(*observers).is_some_and(|watched| {
            let has_changed =
                |&slot: &Slot| table(circle.observer.table).is_some_and(|table| table.has_changed(slot));
            watched.is_as_before() && !watched.members.iter().any(has_changed)
        }),
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
    };
    subscription.stage == Stage::Steady && is_still(subscription.table) && centre_is_still()
}

/// The reason of the subscription that says most: distance, then the filter, then the end of the subscription.
fn why(world: &World, cohort: &Cohort, subscriptions: &[Subscription], group: &[View]) -> LeaveReason {
    let reasons = group.iter().filter(|view| view.was).filter_map(|view| {
        let subscription = subscriptions.get(view.subscription)?;
        Some(match subscription.latest() {
            _ if subscription.stage == Stage::Ended => LeaveReason::Unsubscribed,
            Source::Filter(id) => filter::leave_reason(world, &cohort.filters.get(*id)?.filter, view.slot),
            Source::Circle { circle, ground, observers } => {
                circle::view::leave_reason(world, cohort, (circle, *ground, *observers), view.slot)
            }
            Source::Join { join, .. } => join::leave_reason(world, join, view.slot),
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

/// The columns of a row that steady filters show.
fn held_by_filters(world: &World, cohort: &Cohort, subscriptions: &[Subscription], slot: Slot) -> u64 {
    let holds = |subscription: &&Subscription| match subscription.source {
        Source::Filter(id) if subscription.stage == Stage::Steady => {
            cohort.filters.get(id).is_some_and(|watched| {
                world.row(watched.filter.table, slot).is_some_and(|row| watched.filter.matches(row))
            })
        }
        Source::Filter(_) | Source::Circle { .. } | Source::Join { .. } => false,
    };
    subscriptions.iter().filter(holds).fold(0, |columns, subscription| columns | subscription.columns)
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
