//! Joins: what each client gains, loses and sees change when rows of its tables change.
//!
//! Nothing is kept of what a client holds. At the ends of a join are few rows, and they are known. From there on the rows
//! that hang together are found by index: those of now in the store, those of the period's start there too, but for the
//! rows that changed, which are found by what they were.

mod moved;

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use self::moved::Moved;
use super::circle::row_before;
use super::circle::view::members_before;
use super::union::View;
use super::{Scratch, TableScratch};
use crate::changes::RowState;
use crate::client::{Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::limits;
use crate::query::QueryError;
use crate::query::plan::{Comparison, Condition, Filter, Join, JoinedTable, Key};
use crate::world::World;

/// A join, and the filters at its ends by their positions.
pub(super) type Watched<'a> = (&'a Join, &'a [(usize, FilterId)]);

/// Memory of one period.
#[derive(Default)]
pub(super) struct JoinScratch {
    moved: Moved,
}

/// When rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Before,
    Now,
}

/// The keys that rows of one table give to the table which it hangs on, sorted.
struct Keys {
    /// The table that gives them, by its position.
    child: usize,
    keys: Vec<Key>,
}

/// Follows one join from its ends to the selected table.
struct Walk<'a> {
    world: &'a World,
    cohort: &'a Cohort,
    tables: &'a [TableScratch],
    moved: &'a mut Moved,
    watched: Watched<'a>,
    /// Rows that were found between the ends and the selected table.
    found_count: usize,
    found_max: usize,
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
    scratch: &mut Scratch,
    watched: Watched<'_>,
    (stage, subscription): (Stage, usize),
    is_beside: bool,
    views: &mut Vec<View>,
) {
    let (has_before, has_now) = match stage {
        Stage::Added => (false, true),
        Stage::Steady => (true, true),
        Stage::Ended => (true, false),
        Stage::Refused => return,
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
    scratch: &mut Scratch,
    (join, leaves): Watched<'_>,
) -> Option<QueryError> {
    let members = leaves.iter().filter_map(|(_, filter)| cohort.filters.get(*filter));
    if members.map(|watched| watched.members.len()).any(|count| count > limits::OBSERVERS_PER_CIRCLE_MAX) {
        return Some(QueryError::TooManyJoinedRows(limits::OBSERVERS_PER_CIRCLE_MAX));
    }
    if join.middles().next().is_none() {
        return None;
    }
    let mut walk = Walk::new(world, cohort, scratch, (join, leaves), limits::JOINED_ROWS_MAX);
    walk.keys_for(0, Moment::Now);
    (walk.found_count > limits::JOINED_ROWS_MAX)
        .then_some(QueryError::TooManyJoinedRows(limits::JOINED_ROWS_MAX))
}

/// Adds the tables, and their columns, that decide how many rows joins depend on.
pub(super) fn add_bounded(subscriptions: &[Subscription], bounded: &mut Vec<(u16, u64)>) {
    for subscription in subscriptions {
        let Source::Join { join, .. } = &subscription.source else { continue };
        if join.middles().next().is_none() {
            continue;
        }
        for (place, joined) in join.tables.iter().enumerate().skip(1) {
            let (table, columns) = (joined.filter.table, join.columns(place));
            match bounded.iter_mut().find(|(known, _)| *known == table) {
                Some((_, known)) => *known |= columns,
                None => bounded.push((table, columns)),
            }
        }
    }
}

/// Whether joins may depend on more rows than before, if these tables and columns decide that. Rows that come and go at the
/// ends are told otherwise: whoever depends on them is gone through anyway.
pub(super) fn can_have_grown(scratch: &Scratch, bounded: &[(u16, u64)]) -> bool {
    bounded.iter().any(|(table, columns)| {
        let rows = scratch.table(*table).map(|table| table.period.rows.as_slice()).unwrap_or_default();
        rows.iter().any(|change| match change.state {
            RowState::New | RowState::Replaced => true,
            RowState::Updated => change.mask & columns != 0,
            RowState::Deleted => false,
        })
    })
}

/// Whether no row has changed that decides which rows of the selected table are shown.
pub(super) fn is_still(cohort: &Cohort, scratch: &Scratch, (join, leaves): Watched<'_>) -> bool {
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
pub(super) fn leave_reason(world: &World, join: &Join, slot: Slot) -> LeaveReason {
    match world.row(join.target(), slot) {
        Some(_) => LeaveReason::NoLongerMatching,
        None => LeaveReason::Deleted,
    }
}

/// Whether one of these columns of a row has changed, or it is another row.
fn has_changed_in(table: &TableScratch, slot: Slot, columns: u64) -> bool {
    table
        .period
        .change(slot)
        .is_some_and(|change| change.state != RowState::Updated || change.mask & columns != 0)
}

impl<'a> Walk<'a> {
    fn new(
        world: &'a World,
        cohort: &'a Cohort,
        scratch: &'a mut Scratch,
        watched: Watched<'a>,
        found_max: usize,
    ) -> Self {
        let Scratch { tables, joins: JoinScratch { moved }, .. } = scratch;
        Self { world, cohort, tables, moved, watched, found_count: 0, found_max }
    }

    fn table(&self, place: usize) -> Option<&'a JoinedTable> {
        self.watched.0.tables.get(place)
    }

    /// The keys that rows of the table at this position must have, from each of the tables that hang on it.
    fn keys_for(&mut self, place: usize, moment: Moment) -> Vec<Keys> {
        let (join, _) = self.watched;
        let mut all = Vec::new();
        for child in join.children(place) {
            let slots = self.rows(child, moment);
            let Some(joined) = self.table(child) else { continue };
            let rows = slots.iter().filter_map(|&slot| self.row(joined.filter.table, slot, moment));
            let mut keys: Vec<Key> = rows.filter_map(|row| joined.key(row)).collect();
            keys.sort_unstable();
            keys.dedup();
            all.push(Keys { child, keys });
        }
        all
    }

    /// The rows at this position, not the selected table's, that hang together with the ends behind them. Goes down as deep
    /// as a query has tables.
    fn rows(&mut self, place: usize, moment: Moment) -> Vec<Slot> {
        let (_, leaves) = self.watched;
        if let Some((_, filter)) = leaves.iter().find(|(leaf, _)| *leaf == place) {
            let Some(watched) = self.cohort.filters.get(*filter) else { return Vec::new() };
            return match moment {
                Moment::Before => members_before(watched).collect(),
                Moment::Now => watched.members.clone(),
            };
        }
        let keys = self.keys_for(place, moment);
        self.find(place, &keys, moment)
    }

    /// The rows at this position that have these keys and satisfy its filter.
    fn find(&mut self, place: usize, keys: &[Keys], moment: Moment) -> Vec<Slot> {
        let Some((fewest, child)) = self.fewest(keys) else { return Vec::new() };
        let Some(joined) = self.table(place) else { return Vec::new() };
        let table = joined.filter.table;
        let mut slots = Vec::new();
        for question in questions(table, child, &fewest.keys) {
            self.world.select(&question, &mut slots);
            if place != 0 && self.found_count + slots.len() > self.found_max {
                break;
            }
        }
        if moment == Moment::Before
            && let Some(scratch) = self.tables.get(usize::from(table))
        {
            slots.retain(|&slot| !scratch.has_changed(slot));
            let changed = self.moved.of(self.world, self.tables, table, child);
            slots.extend(fewest.keys.iter().flat_map(|key| changed.before(key)));
        }
        if place != 0 {
            self.found_count += slots.len();
        }
        slots.retain(|&slot| self.is_in(place, keys, slot, moment));
        slots
    }

    /// Calls `each` with the rows of the selected table that changed, and whether they were and are in the result, if their
    /// keys are the same as before.
    fn changed(&mut self, keys: &[Keys], mut each: impl FnMut(Slot, bool, bool)) {
        let Some((fewest, child)) = self.fewest(keys) else { return };
        let changed = self.moved.of(self.world, self.tables, self.watched.0.target(), child);
        if changed.is_empty() {
            return;
        }
        let of_key = |key| changed.before(key).chain(changed.now(key));
        let mut slots: Vec<Slot> = fewest.keys.iter().flat_map(of_key).collect();
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            let was = self.is_in(0, keys, slot, Moment::Before);
            let is = self.is_in(0, keys, slot, Moment::Now);
            if was || is {
                each(slot, was, is);
            }
        }
    }

    /// Whether the row that is or was in this slot satisfies the filter at this position and has all keys.
    fn is_in(&self, place: usize, keys: &[Keys], slot: Slot, moment: Moment) -> bool {
        let Some(joined) = self.table(place) else { return false };
        let Some(row) = self.row(joined.filter.table, slot, moment) else { return false };
        let has_key = |known: &Keys| {
            let key = self.table(known.child).and_then(|child| child.key_of_parent(row));
            key.is_some_and(|key| known.keys.binary_search(&key).is_ok())
        };
        joined.filter.matches(row) && keys.iter().all(has_key)
    }

    fn row(&self, table: u16, slot: Slot, moment: Moment) -> Option<&'a [u8]> {
        match moment {
            Moment::Before => row_before(self.world, self.tables, table, slot),
            Moment::Now => self.world.row(table, slot),
        }
    }

    /// The shortest list of keys, and the table that gives it.
    fn fewest<'k>(&self, keys: &'k [Keys]) -> Option<(&'k Keys, &'a JoinedTable)> {
        let fewest = keys.iter().min_by_key(|known| known.keys.len())?;
        Some((fewest, self.table(fewest.child)?))
    }
}

/// Filters that together select the rows with one of these keys, each once.
fn questions(table: u16, child: &JoinedTable, keys: &[Key]) -> Vec<Filter> {
    let filter = |conditions| Filter { table, conditions };
    if let [(operand, _)] = child.columns.as_slice() {
        let values: Vec<_> = keys.iter().filter_map(|key| key.first().cloned()).collect();
        let lists = values.chunks(limits::LOOK_UPS_MAX);
        let one_of =
            |list: &[_]| Condition::OneOf { operand: *operand, values: list.to_vec(), negated: false };
        return lists.map(|list| filter(vec![one_of(list)])).collect();
    }
    let equal = |key: &Key| {
        let pairs = child.columns.iter().zip(key);
        pairs
            .map(|((operand, _), value)| Condition::Compare {
                operand: *operand,
                comparison: Comparison::Equal,
                value: value.clone(),
            })
            .collect()
    };
    keys.iter().map(|key| filter(equal(key))).collect()
}
