//! Filters: which of the rows that changed enter, leave or stay in each result.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use super::{Scratch, ops};
use crate::changes::RowState;
use crate::cohort::Cohort;
use crate::filters::{Crossing, FilterId, WatchedFilter};
use crate::query::plan::Filter;
use crate::world::World;

/// Finds every filter's crossings, and the rows that circles have their centre in.
pub(super) fn cross(world: &World, cohort: &mut Cohort, scratch: &mut Scratch) {
    let Scratch { tables, concerned, touched, .. } = scratch;
    touched.clear();
    for ((id, table), scratch) in (0..).zip(&world.tables).zip(tables.iter()) {
        for change in &scratch.period.rows {
            let now = world.row(id, change.slot);
            let existed = change.state != RowState::New;
            let image = table.log.image(change);
            let is_same = change.state == RowState::Updated;
            if is_same && change.mask & table.tested.mask == 0 && !cohort.filters.has_watchers(id) {
                // It is where it was, and nobody is to be told of it by a filter.
                continue;
            }
            // Without an image no tested column has changed, so the row now stands for the row before.
            let before = if existed { image.or(now) } else { None };
            cohort.filters.concerned(id, image, now, concerned);
            for &filter in concerned.iter() {
                let Some(watched) = cohort.filters.get_mut(filter) else { continue };
                let is = now.is_some_and(|row| watched.filter.matches(row));
                let was = match is_same && change.mask & watched.columns == 0 {
                    true => is,
                    // A deleted row has no image only if nothing is tested: it was in every result.
                    false => existed && before.is_none_or(|row| watched.filter.matches(row)),
                };
                if was || is {
                    if watched.crossings.is_empty() {
                        touched.push(filter);
                    }
                    watched.crossings.push(Crossing { slot: change.slot, was, is });
                }
            }
        }
    }
    let mut has_changed = false;
    let mut keep = |watched: &mut WatchedFilter| {
        if watched.circles > 0 {
            has_changed |= keep_members(world, watched);
        }
    };
    match cohort.routines.is_valid {
        // Some may be watched for the first time.
        false => cohort.filters.iter_mut().for_each(keep),
        true => touched.iter().for_each(|&id| cohort.filters.get_mut(id).into_iter().for_each(&mut keep)),
    }
    if has_changed {
        cohort.routines.is_valid = false;
    }
}

/// Forgets the period.
pub(super) fn end_period(cohort: &mut Cohort, scratch: &Scratch) {
    match cohort.has_news {
        true => cohort.filters.iter_mut().for_each(WatchedFilter::end_period),
        false => {
            let touched = scratch.touched.iter();
            touched
                .for_each(|&id| cohort.filters.get_mut(id).into_iter().for_each(WatchedFilter::end_period));
        }
    }
}

/// Answers whether any row has come or gone.
fn keep_members(world: &World, watched: &mut WatchedFilter) -> bool {
    if watched.is_fresh {
        watched.is_fresh = false;
        watched.members.clear();
        world.select(&watched.filter, &mut watched.members);
        return true;
    }
    let mut has_changed = false;
    for crossing in watched.crossings.iter().filter(|crossing| crossing.was != crossing.is) {
        has_changed = true;
        if crossing.is {
            watched.members.push(crossing.slot);
        } else {
            watched.members.retain(|&member| member != crossing.slot);
        }
    }
    has_changed
}

/// Appends the operations of a filter's crossings; they are the same for everybody who watches it.
pub(super) fn write(
    world: &World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    table: u16,
    filter: FilterId,
    out: &mut Vec<u8>,
) {
    let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { return };
    let Some(watched) = cohort.filters.get_mut(filter) else { return };
    if watched.crossings.is_empty() {
        return;
    }
    let WatchedFilter { filter, crossings, ops: encoded, .. } = watched;
    let encoded = encoded.get_or_insert_with(|| {
        let (mut leaves, mut others) = (Vec::new(), Vec::new());
        for Crossing { slot, was, is } in crossings.iter().copied() {
            let reason = || leave_reason(world, filter, slot);
            ops::write(world, scratch, (table, slot), (was, is), reason, (&mut leaves, &mut others));
        }
        leaves.append(&mut others);
        leaves
    });
    out.extend_from_slice(encoded);
}

/// Why a row that exists has left a filter's result.
pub(super) fn leave_reason(world: &World, filter: &Filter, slot: Slot) -> LeaveReason {
    match world.row(filter.table, slot) {
        None => LeaveReason::Deleted,
        Some(row) if filter.matches_apart_from_distance(row) => LeaveReason::OutOfRange,
        Some(_) => LeaveReason::NoLongerMatching,
    }
}

/// The whole result of a filter.
pub(super) fn result<'a>(world: &World, watched: &'a mut WatchedFilter) -> &'a [Slot] {
    let WatchedFilter { filter, result, .. } = watched;
    result.get_or_insert_with(|| {
        let mut slots = Vec::new();
        world.select(filter, &mut slots);
        slots
    })
}
