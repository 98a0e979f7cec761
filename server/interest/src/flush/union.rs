//! A client that watches one table through several subscriptions, or whose subscription begins or ends: rows are
//! counted together, so that each is sent once.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::{Scratch, circle, filter, ops};
use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::world::World;

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct Union {
    views: Vec<View>,
    leaves: Vec<u8>,
}

/// A row seen from one subscription.
#[derive(Debug, Clone, Copy)]
struct View {
    slot: Slot,
    was: bool,
    is: bool,
    /// Why it is no longer seen, if so.
    reason: Option<LeaveReason>,
}

/// Appends the operations for a client that sees the table through all these subscriptions.
pub(super) fn write(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    table: u16,
    subscriptions: &mut [Subscription],
    out: &mut Vec<u8>,
) {
    let Union { mut views, mut leaves } = std::mem::take(&mut scratch.union);
    views.clear();
    leaves.clear();
    for subscription in subscriptions.iter_mut() {
        match &mut subscription.source {
            Source::Filter(id) => {
                view_filter(world, cohort, scratch, (table, *id), subscription.stage, &mut views);
            }
            Source::Circle { circle, grid, observers, held } => {
                let watched = (&**circle, *grid, *observers);
                view_circle(world, cohort, scratch, watched, held, subscription.stage, &mut views);
            }
        }
    }
    views.sort_unstable_by_key(|view| view.slot);
    let mut entering = Vec::new();
    for group in views.chunk_by(|left, right| left.slot == right.slot) {
        let Some(slot) = group.first().map(|view| view.slot) else { continue };
        let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { break };
        let mut was = group.iter().any(|view| view.was);
        let mut is = group.iter().any(|view| view.is);
        // A filter says nothing about rows that did not change: they are in its result as before.
        if (!was || !is)
            && !scratch.has_changed(slot)
            && is_held_by_filter(world, cohort, subscriptions, slot)
        {
            (was, is) = (true, true);
        }
        let reason = || why(group);
        ops::write(world, scratch, (table, slot), (was, is), reason, (&mut leaves, &mut entering));
    }
    out.extend_from_slice(&leaves);
    out.extend_from_slice(&entering);
    scratch.union = Union { views, leaves };
}

/// The reason of the subscription that says most: distance, then the filter, then the end of the subscription.
fn why(group: &[View]) -> LeaveReason {
    let reasons = || group.iter().filter(|view| view.was).filter_map(|view| view.reason);
    [LeaveReason::OutOfRange, LeaveReason::NoLongerMatching, LeaveReason::Unsubscribed]
        .into_iter()
        .find(|wanted| reasons().any(|reason| reason == *wanted))
        .unwrap_or(LeaveReason::Deleted)
}

fn is_held_by_filter(world: &World, cohort: &Cohort, subscriptions: &[Subscription], slot: Slot) -> bool {
    subscriptions.iter().any(|subscription| match subscription.source {
        Source::Filter(id) if subscription.stage == Stage::Steady => {
            cohort.filters.get(id).is_some_and(|watched| {
                world.row(watched.filter.table, slot).is_some_and(|row| watched.filter.matches(row))
            })
        }
        Source::Filter(_) | Source::Circle { .. } => false,
    })
}

fn view_filter(
    world: &World,
    cohort: &mut Cohort,
    scratch: &Scratch,
    (table, id): (u16, usize),
    stage: Stage,
    views: &mut Vec<View>,
) {
    let Some(watched) = cohort.filters.get_mut(id) else { return };
    let Some(scratch) = scratch.tables.get(usize::from(table)) else { return };
    if stage != Stage::Added {
        for crossing in watched.crossings.iter().copied() {
            let (was, is) = (crossing.was, crossing.is && stage != Stage::Ended);
            if was || is {
                let reason = match stage {
                    Stage::Ended => Some(LeaveReason::Unsubscribed),
                    Stage::Added | Stage::Steady if is => None,
                    Stage::Added | Stage::Steady => {
                        Some(filter::leave_reason(world, &watched.filter, crossing.slot))
                    }
                };
                views.push(View { slot: crossing.slot, was, is, reason });
            }
        }
    }
    match stage {
        Stage::Steady => {}
        Stage::Added => {
            let result = filter::result(world, watched).iter();
            views.extend(result.map(|&slot| View { slot, was: false, is: true, reason: None }));
        }
        Stage::Ended => {
            let unchanged = filter::result(world, watched).iter().filter(|&&slot| !scratch.has_changed(slot));
            let reason = Some(LeaveReason::Unsubscribed);
            views.extend(unchanged.map(|&slot| View { slot, was: true, is: false, reason }));
        }
    }
}

fn view_circle(
    world: &mut World,
    cohort: &Cohort,
    scratch: &mut Scratch,
    watched: circle::Watched<'_>,
    held: &mut Vec<Slot>,
    stage: Stage,
    views: &mut Vec<View>,
) {
    let mut visible = std::mem::take(&mut scratch.visible);
    visible.clear();
    if stage != Stage::Ended {
        circle::see(world, cohort, scratch, watched, &mut visible);
    }
    visible.sort_unstable();
    held.sort_unstable();
    for &slot in &visible {
        let was = held.binary_search(&slot).is_ok();
        views.push(View { slot, was, is: true, reason: None });
    }
    for &slot in held.iter().filter(|slot| visible.binary_search(slot).is_err()) {
        let reason = match stage {
            Stage::Ended => LeaveReason::Unsubscribed,
            Stage::Added | Stage::Steady => circle::leave_reason(world, cohort, watched, slot),
        };
        views.push(View { slot, was: true, is: false, reason: Some(reason) });
    }
    std::mem::swap(held, &mut visible);
    scratch.visible = visible;
}
