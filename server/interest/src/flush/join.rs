//! Joins: what each client gains, loses and sees change when rows of its tables change.
//!
//! Nothing is kept of what a client holds. At the ends of a join are few rows, and they are known. From there on the rows
//! that hang together are found by index: those of now in the store, those of the period's start there too, but for the
//! rows that changed, which are found by what they were.

mod walk;

mod moved;

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use self::moved::Moved;
use self::walk::{Moment, Walk};
use super::memory::Happened;
use super::union::View;
use super::{Scratch, TableScratch};
use crate::changes::RowState;
use crate::client::{Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::limits;
use crate::query::QueryError;
use crate::query::plan::Join;
use crate::world::World;

/// A join, and the filters at its ends by their positions.
pub(super) type Watched<'a> = (&'a Join, &'a [(usize, FilterId)]);

/// Memory of one period.
#[derive(Default)]
pub(super) struct JoinScratch {
    moved: Moved,
}

impl JoinScratch {
    /// Forgets the period.
    pub fn clear(&mut self) {
        self.moved.clear();
    }
}

/// Appends what the join showed at the period's start and what it shows now, unless the subscription begins or ends. If no
/// other subscription `is_beside` it, rows that are as before may be left out.
pub(super) fn view(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    watched: Watched<'_>,
    (stage, subscription): (Stage, usize),
    is_beside: bool,
    views: &mut Vec<View>,
) {
    let (has_before, has_now) = match stage {
        Stage::Added => (false, true),
        Stage::Steady => (true, true),
        Stage::Ended => (true, false),
        Stage::Changing | Stage::Refused => return,
    };
    let mut walk = Walk::new(world, cohort, scratch, watched, usize::MAX);
    let before = if has_before { walk.keys_for(0, Moment::Before) } else { Vec::new() };
    let now = if has_now { walk.keys_for(0, Moment::Now) } else { Vec::new() };
    let is_same = || before.iter().zip(&now).all(|(before, now)| before.keys == now.keys);
    if has_before && has_now && !is_beside && is_same() {
        walk.changed(&now, |slot, was, is| views.push(View { slot, was, is, subscription }));
        return;
    }
    if has_before {
        let slots = walk.find(0, &before, Moment::Before).into_iter();
        views.extend(slots.map(|slot| View { slot, was: true, is: false, subscription }));
    }
    if has_now {
        let slots = walk.find(0, &now, Moment::Now).into_iter();
        views.extend(slots.map(|slot| View { slot, was: false, is: true, subscription }));
    }
}

/// Why a subscription depends on too many rows, if it does: each costs a search in every flush, and who adds the rows is
/// not always who subscribes.
pub(super) fn too_many_rows(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (join, leaves): Watched<'_>,
) -> Option<QueryError> {
    let members = leaves.iter().filter_map(|(_, filter)| cohort.filters.get(*filter));
    if members.map(|watched| watched.members.len()).any(|count| count > limits::OBSERVERS_PER_CIRCLE_MAX) {
        return Some(QueryError::TooManyJoinedRows(limits::OBSERVERS_PER_CIRCLE_MAX));
    }
    // Without tables in between there is nothing else to bound.
    join.middles().next()?;
    let mut walk = Walk::new(world, cohort, scratch, (join, leaves), limits::JOINED_ROWS_MAX);
    walk.keys_for(0, Moment::Now);
    (walk.found_count > limits::JOINED_ROWS_MAX)
        .then_some(QueryError::TooManyJoinedRows(limits::JOINED_ROWS_MAX))
}

/// Adds the tables, and their columns, that decide how many rows joins depend on. Answers whether there are any.
pub(super) fn add_bounded(subscriptions: &[Subscription], bounded: &mut Vec<(u16, u64)>) -> bool {
    let mut is_bounded = false;
    for subscription in subscriptions {
        let joins = subscription.source.joins().into_iter();
        for join in joins.filter(|join| join.middles().next().is_some()) {
            is_bounded = true;
            for (place, joined) in join.tables.iter().enumerate().skip(1) {
                let (table, columns) = (joined.filter.table, join.columns(place));
                match bounded.iter_mut().find(|(known, _)| *known == table) {
                    Some((_, known)) => *known |= columns,
                    None => bounded.push((table, columns)),
                }
            }
        }
    }
    is_bounded
}

/// Whether joins may depend on more rows than before, if these tables and columns decide that. Rows that come and go at the
/// ends are told otherwise: whoever depends on them is gone through anyway.
pub(super) fn can_have_grown(happened: &Happened, bounded: &[(u16, u64)]) -> bool {
    bounded.iter().any(|(table, columns)| {
        let rows = happened.table(*table).map(|table| table.period.rows.as_slice()).unwrap_or_default();
        rows.iter().any(|change| match change.state {
            RowState::New | RowState::Replaced => true,
            RowState::Updated => change.mask & columns != 0,
            RowState::Deleted => false,
        })
    })
}

/// Whether no row has changed that decides which rows of the selected table are shown.
pub(super) fn is_still(cohort: &Cohort, scratch: &Scratch<'_>, (join, leaves): Watched<'_>) -> bool {
    let has_changed = |place: usize, slot: Slot| {
        let table = join.tables.get(place).and_then(|joined| scratch.table(joined.filter.table));
        table.is_some_and(|table| has_changed_in(table, slot, join.columns(place)))
    };
    let is_end_still = |(place, filter): &(usize, FilterId)| {
        cohort.filters.get(*filter).is_some_and(|watched| {
            let has_come_or_gone = watched.crossings.iter().any(|crossing| crossing.was != crossing.is);
            !has_come_or_gone && !watched.members.iter().any(|&slot| has_changed(*place, slot))
        })
    };
    let is_table_still = |place: usize| {
        let table = join.tables.get(place).and_then(|joined| scratch.table(joined.filter.table));
        table.is_none_or(|table| table.period.rows.is_empty())
    };
    join.middles().all(is_table_still) && leaves.iter().all(is_end_still)
}

/// Why a row that exists has left the join.
pub(super) fn leave_reason(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (join, leaves): Watched<'_>,
    slot: Slot,
) -> LeaveReason {
    let Some(row) = world.row(join.target(), slot) else { return LeaveReason::Deleted };
    let is_permitted = join.tables.first().is_some_and(|root| root.filter.permits(row))
        && (join.ruled.is_empty()
            || Walk::new(world, cohort, scratch, (join, leaves), usize::MAX).is_ruled_in(row));
    if is_permitted { LeaveReason::NoLongerMatching } else { LeaveReason::NotPermitted }
}

/// Whether one of these columns of a row has changed, or it is another row.
fn has_changed_in(table: &TableScratch<'_>, slot: Slot, columns: u64) -> bool {
    table
        .period
        .change(slot)
        .is_some_and(|change| change.state != RowState::Updated || change.mask & columns != 0)
}
