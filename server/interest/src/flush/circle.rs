//! The circle that moves: what each client sees from where its rows stand now.

use ambit_model::Slot;
use ambit_wire::{LeaveReason, write_delete};

use super::{Scratch, TableScratch, ops};
use crate::changes::RowState;
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::query::plan::Circle;
use crate::world::{GridId, World};

/// A circle, the grid over its target's positions and the filter that finds its observers.
pub(super) type Watched<'a> = (&'a Circle, GridId, FilterId);

/// Appends the operations for a client that sees the table through this circle alone.
pub(super) fn write(
    world: &mut World,
    cohort: &Cohort,
    scratch: &mut Scratch,
    watched: Watched<'_>,
    held: &mut Vec<Slot>,
    out: &mut Vec<u8>,
) {
    let (circle, _, observers) = watched;
    if !may_have_changed(cohort, scratch, circle, observers) {
        return;
    }
    let mut visible = std::mem::take(&mut scratch.visible);
    see(world, cohort, scratch, watched, &mut visible);
    let table = circle.target.table;
    let Some(scratch_table) = scratch.tables.get_mut(usize::from(table)) else { return };
    // `see` has marked what is visible; what was held too gets the next mark.
    let seen = scratch_table.last_mark;
    let stays = scratch_table.next_mark();
    for &slot in held.iter() {
        let is_visible = scratch_table.marks.get(slot as usize) == Some(&seen);
        let is_another =
            scratch_table.period.has_replaced && scratch_table.period.state(slot) == Some(RowState::Replaced);
        if is_visible && !is_another {
            scratch_table.mark(slot, stays);
        } else if is_another || world.row(table, slot).is_none() {
            write_delete(out, slot, LeaveReason::Deleted);
        } else {
            write_delete(out, slot, leave_reason(world, cohort, watched, slot));
        }
    }
    for &slot in &visible {
        if scratch_table.marks.get(slot as usize) == Some(&stays) {
            ops::change(world, scratch_table, table, slot, out);
        } else {
            ops::enter(world, table, slot, out);
        }
    }
    std::mem::swap(held, &mut visible);
    scratch.visible = visible;
}

/// Whether anything happened that the circle's result depends on.
fn may_have_changed(cohort: &Cohort, scratch: &Scratch, circle: &Circle, observers: FilterId) -> bool {
    let table = |table: u16| scratch.tables.get(usize::from(table));
    if table(circle.target.table).is_some_and(|target| !target.period.rows.is_empty()) {
        return true;
    }
    let Some(watched) = cohort.filters.get(observers) else { return true };
    let has_moved = |&slot: &Slot| table(circle.observer.table).is_some_and(|table| table.has_changed(slot));
    !watched.crossings.is_empty() || watched.members.iter().any(has_moved)
}

/// Fills `visible` with the rows that the circle shows now, each once and marked with the table's last mark.
pub(super) fn see(
    world: &mut World,
    cohort: &Cohort,
    scratch: &mut Scratch,
    (circle, grid, observers): Watched<'_>,
    visible: &mut Vec<Slot>,
) {
    visible.clear();
    let table = circle.target.table;
    let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { return };
    let seen = scratch.next_mark();
    world.refresh_grid(grid);
    let (Some(grid), Some(watched)) = (world.grid(grid, circle), cohort.filters.get(observers)) else {
        return;
    };
    let joined = circle.joined.iter().map(|(_, observer)| *observer);
    let marks = &mut scratch.marks;
    let is_unconditional = circle.target.conditions.is_empty();
    for &observer in &watched.members {
        let Some(row) = world.row(circle.observer.table, observer) else { continue };
        let centre = circle.observer_position.read(row);
        let found_before = visible.len();
        match grid.is_keyed {
            true => grid.grid.near(centre, circle.radius.get(), joined.clone(), row, visible),
            false => {
                let nothing = std::iter::empty();
                grid.grid.near(centre, circle.radius.get(), nothing, row, visible);
                retain_from(visible, found_before, |slot| {
                    world.row(table, slot).is_some_and(|target| circle.joins(target, row))
                });
            }
        }
        // At once, so that no more rows wait here than the table has.
        retain_from(visible, found_before, |slot| {
            let Some(place) = marks.get_mut(slot as usize).filter(|place| **place != seen) else {
                return false;
            };
            let is_seen = is_unconditional
                || world.row(table, slot).is_some_and(|target| circle.target.matches(target));
            if is_seen {
                *place = seen;
            }
            is_seen
        });
    }
}

/// Keeps those of the slots from `start` on that are wanted.
#[inline]
fn retain_from(slots: &mut Vec<Slot>, start: usize, mut is_wanted: impl FnMut(Slot) -> bool) {
    let mut kept = start;
    for place in start..slots.len() {
        let Some(&slot) = slots.get(place) else { break };
        if let Some(free) = slots.get_mut(kept) {
            *free = slot;
        }
        kept += usize::from(is_wanted(slot));
    }
    slots.truncate(kept);
}

/// Why a row that exists has left the circle.
pub(super) fn leave_reason(
    world: &World,
    cohort: &Cohort,
    (circle, _, observers): Watched<'_>,
    slot: Slot,
) -> LeaveReason {
    let Some(row) = world.row(circle.target.table, slot) else { return LeaveReason::Deleted };
    let members = cohort.filters.get(observers).map(|watched| watched.members.as_slice()).unwrap_or_default();
    let mut rows = members.iter().filter_map(|&member| world.row(circle.observer.table, member));
    let matches =
        circle.target.matches_apart_from_distance(row) && rows.any(|observer| circle.joins(row, observer));
    if matches { LeaveReason::OutOfRange } else { LeaveReason::NoLongerMatching }
}

impl TableScratch {
    /// A mark that no slot bears.
    fn next_mark(&mut self) -> u32 {
        if self.last_mark == u32::MAX {
            self.marks.fill(0);
            self.last_mark = 0;
        }
        self.last_mark += 1;
        self.last_mark
    }

    #[inline]
    fn mark(&mut self, slot: Slot, mark: u32) {
        if let Some(place) = self.marks.get_mut(slot as usize) {
            *place = mark;
        }
    }
}
