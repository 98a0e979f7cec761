//! Filters: which of the rows that changed enter, leave or stay in each result.

use ambit_model::Slot;
use ambit_wire::{LeaveReason, TableBlock, TableBlocks, begin_table, end_table};

use super::columns::{self, Shown};
use super::{Memory, Scratch, TableChanges, TableScratch, ops};
use crate::changes::RowState;
use crate::cohort::Cohort;
use crate::filters::{Crossing, FilterId, Stays, WatchedFilter};
use crate::query::plan::Filter;
use crate::world::{Table, World};

/// Finds every filter's crossings, and the rows that circles have their centre in.
pub(super) fn cross(world: &World, cohort: &mut Cohort, memory: &mut Memory) {
    memory.touched.clear();
    for (id, table) in (0..).zip(&world.tables) {
        cross_table(world, cohort, memory, (id, table));
    }
    for &id in &memory.touched {
        keep(world, cohort, id);
    }
    for id in cohort.filters.take_fresh() {
        if cohort.filters.get(id).is_some_and(|watched| watched.is_fresh) {
            keep(world, cohort, id);
        }
    }
}

fn cross_table(world: &World, cohort: &mut Cohort, memory: &mut Memory, (id, table): (u16, &Table)) {
    let Memory { happened, concerned, touched, .. } = memory;
    let changes = happened.tables.get_mut(usize::from(id));
    let Some(TableChanges { period, deltas, motion, .. }) = changes else { return };
    let filters = &mut cohort.filters;
    for (row_number, change) in period.rows.iter().enumerate() {
        let now = world.row(id, change.slot);
        let image = table.log.image(change);
        let is_same = change.state == RowState::Updated;
        let is_untested = is_same && change.mask & table.tested.mask == 0;
        if is_untested && !filters.has_watchers(id) {
            // It is where it was, and nobody is to be told of it by a filter.
            continue;
        }
        filters.concerned(id, image, now, concerned);
        let number = filters.next_change();
        if let Some(row) = now
            && is_same
            && !concerned.is_empty()
            && filters.has_watchers(id)
        {
            // Before it is known who wants it, which nearly always somebody does.
            let mask = motion.plain_mask(row_number, change.mask) & table.visible;
            deltas.encode(&table.layout, (row_number, change.slot, mask), row);
        }
        for &filter in concerned.iter() {
            let Some(watched) = filters.get_mut(filter) else { continue };
            let is = match (image, now) {
                (None, Some(row)) => watched.is_told_by_keys || watched.filter.matches(row),
                (Some(_), Some(row)) => watched.filter.matches(row),
                (_, None) => false,
            };
            let was = match is_untested || is_same && change.mask & watched.columns == 0 {
                true => is,
                false => was_in(watched, change.state, image.or(now)),
            };
            if !was && !is {
                continue;
            }
            if watched.is_as_before() {
                touched.push(filter);
            }
            if was && is && is_same {
                watched.stays.add(row_number);
            } else if std::mem::replace(&mut watched.last_change, number) != number {
                watched.crossings.push(Crossing { slot: change.slot, was, is });
            }
        }
    }
}

/// Whether a row was in a filter's result at the period's start. Without an image no tested column has changed, so that the row
/// now stands for the row before.
fn was_in(watched: &WatchedFilter, state: RowState, row_before: Option<&[u8]>) -> bool {
    // A deleted row has no image only if nothing is tested: it was in every result.
    state != RowState::New && row_before.is_none_or(|row| watched.filter.matches(row))
}

/// Forgets the period.
pub(super) fn end_period(cohort: &mut Cohort, touched: &[FilterId]) {
    for &id in touched {
        if let Some(watched) = cohort.filters.get_mut(id) {
            watched.end_period();
        }
    }
}

/// Keeps the rows that circles have their centre in. When rows have come or gone, what was written down of the clients does not
/// hold any more.
fn keep(world: &World, cohort: &mut Cohort, id: FilterId) {
    let Cohort { filters, routines, .. } = cohort;
    let Some(watched) = filters.get_mut(id).filter(|watched| watched.circles > 0) else { return };
    if keep_members(world, watched) {
        routines.void_watchers(id);
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
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    table: u16,
    filter: FilterId,
    out: &mut Vec<u8>,
) {
    let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { return };
    let Some(watched) = cohort.filters.get(filter).filter(|watched| !watched.is_as_before()) else {
        return;
    };
    // What is told of motion comes behind the block that is being written.
    if watched.is_shared() && !scratch.motion.is_active() {
        let block = shared_block(world, scratch, (table, table), watched);
        if let Some(Ok(block)) = TableBlocks::new(block).next() {
            out.extend_from_slice(block.bytes);
        }
    } else {
        encode_filter(world, scratch, table, watched, out);
    }
}

/// The block of a filter whose result several clients see, if it was made for this id of the table. None if nothing has happened,
/// or nobody else sees it: such a block is not worth keeping.
pub(super) fn block<'a>(
    world: &World,
    cohort: &'a Cohort,
    scratch: &mut Scratch<'_>,
    (table, known_table): (u16, u16),
    filter: FilterId,
) -> Option<&'a [u8]> {
    let scratch = scratch.tables.get_mut(usize::from(table))?;
    let watched = cohort.filters.get(filter)?;
    if !watched.is_shared() || watched.is_as_before() {
        return None;
    }
    let block = shared_block(world, scratch, (table, known_table), watched);
    let is_for_this_id = |block: &TableBlock<'_>| block.table == known_table;
    TableBlocks::new(block).next()?.ok().filter(is_for_this_id).map(|_| block)
}

/// The block, made with this id of the table if it is made now.
fn shared_block<'a>(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table, known_table): (u16, u16),
    watched: &'a WatchedFilter,
) -> &'a [u8] {
    watched.block.get_or_encode(|block| {
        scratch.told.clear();
        let mark = begin_table(block, known_table);
        encode_filter(world, scratch, table, watched, block);
        end_table(block, mark);
        scratch.motion.write_told(scratch.told, known_table, block);
    })
}

fn encode_filter(
    world: &World,
    scratch: &mut TableScratch<'_>,
    table: u16,
    watched: &WatchedFilter,
    out: &mut Vec<u8>,
) {
    let WatchedFilter { filter, stays, crossings, shown, .. } = watched;
    let reason = |slot| leave_reason(world, filter, slot);
    encode(world, scratch, (table, *shown), (crossings, stays), reason, out);
}

/// Appends the operations that follow from rows that came, went or were replaced, and from those that were updated and stay,
/// for those who are shown these columns.
pub(super) fn encode(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table, shown): (u16, u64),
    (crossings, stays): (&[Crossing], &Stays),
    reason: impl Fn(Slot) -> LeaveReason,
    out: &mut Vec<u8>,
) {
    let mut others = std::mem::take(scratch.others);
    for &Crossing { slot, was, is } in crossings {
        let shown = Shown::once(shown, was, is);
        ops::write(world, scratch, (table, slot), shown, || reason(slot), (out, &mut others));
    }
    if world.table(table).is_some_and(|table| table.visible == shown) {
        let TableScratch { shared, motion, told, .. } = scratch;
        stays.for_each(|row| {
            shared.append(row, out);
            if let Some(place) = motion.place(row) {
                told.add(place);
            }
        });
    } else {
        stays.for_each(|row| {
            if let Some(slot) = scratch.period.rows.get(row).map(|change| change.slot) {
                columns::stay(world, scratch, (table, slot), Shown::once(shown, true, true), out);
            }
        });
    }
    out.extend_from_slice(&others);
    others.clear();
    *scratch.others = others;
}

/// Why a row that exists has left a filter's result.
pub(super) fn leave_reason(world: &World, filter: &Filter, slot: Slot) -> LeaveReason {
    match world.row(filter.table, slot) {
        None => LeaveReason::Deleted,
        Some(row) if !filter.permits(row) => LeaveReason::NotPermitted,
        Some(row) if filter.matches_apart_from_distance(row) => LeaveReason::OutOfRange,
        Some(_) => LeaveReason::NoLongerMatching,
    }
}

/// The whole result of a filter.
pub(super) fn result<'a>(world: &World, watched: &'a WatchedFilter) -> &'a [Slot] {
    let WatchedFilter { filter, result, .. } = watched;
    result.get_or_init(|| {
        let mut slots = Vec::new();
        world.select(filter, &mut slots);
        slots
    })
}
