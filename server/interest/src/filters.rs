//! The filters that a group of connections watches: identical ones once, and found by the values they ask for.

mod table;

mod key;
mod regions;
mod spans;

mod block;
mod stays;

use std::sync::OnceLock;

use ambit_model::Slot;
use hashbrown::{Equivalent, HashMap};
use rustc_hash::FxBuildHasher;

use crate::query::plan::{Comparison, Condition, Filter};
use crate::renumber::Renumbering;
pub(crate) use block::SharedBlock;
pub(crate) use stays::Stays;
use table::{Entries, TableFilters};

/// A filter's place in [`Filters`].
pub(crate) type FilterId = usize;

/// The watched filters.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    entries: Vec<Option<WatchedFilter>>,
    free: Vec<FilterId>,
    /// With the columns that are shown of its rows.
    by_filter: HashMap<(Filter, u64), FilterId, FxBuildHasher>,
    tables: Vec<TableFilters>,
    /// Filters that a first circle has its centre in: their rows are to be looked up.
    fresh: Vec<FilterId>,
    /// Changed rows that the filters were asked for.
    changes: u64,
}

/// A filter, and what the current period did to its result.
#[derive(Debug)]
pub(crate) struct WatchedFilter {
    pub filter: Filter,
    /// The columns that those who watch the result are shown, as a mask.
    pub shown: u64,
    /// The columns that decide, as a mask.
    pub columns: u64,
    /// Whether exactly the rows of its result are found under its keys.
    pub is_told_by_keys: bool,
    references: u32,
    /// How many circles have their centre in the result, and joins an end.
    pub circles: u32,
    /// The rows of the result, if there are circles.
    pub members: Vec<Slot>,
    /// Whether `members` was never filled.
    pub is_fresh: bool,
    /// The last change that crossed: one row can have several of its keys.
    pub last_change: u64,
    /// Rows that were updated and stay in the result, by their numbers in the period.
    pub stays: Stays,
    /// All other rows that changed and were or are in the result.
    pub crossings: Vec<Crossing>,
    /// The block of operations that follows from the crossings, once it is encoded for several clients.
    pub block: SharedBlock,
    /// The whole result, once somebody needed it in this period.
    pub result: OnceLock<Vec<Slot>>,
    entries: Entries,
}

/// What a watched filter is found by.
#[derive(Hash)]
struct Wanted<'a>(&'a Filter, u64);

/// A row that came, went or was replaced, seen from one filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    pub slot: Slot,
    pub was: bool,
    pub is: bool,
}

impl Filters {
    pub fn get(&self, id: FilterId) -> Option<&WatchedFilter> {
        self.entries.get(id).and_then(Option::as_ref)
    }

    pub fn get_mut(&mut self, id: FilterId) -> Option<&mut WatchedFilter> {
        self.entries.get_mut(id).and_then(Option::as_mut)
    }

    /// A number for the next changed row.
    pub fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Takes the filters that a first circle has its centre in.
    pub fn take_fresh(&mut self) -> Vec<FilterId> {
        std::mem::take(&mut self.fresh)
    }

    /// Watches a filter once more, with all columns. `for_circle` says that circles have their centre in its result, or joins
    /// an end.
    pub fn acquire(&mut self, filter: &Filter, for_circle: bool) -> FilterId {
        self.acquire_showing(filter, u64::MAX, for_circle)
    }

    /// The same for somebody who is shown these columns.
    pub fn acquire_showing(&mut self, filter: &Filter, shown: u64, for_circle: bool) -> FilterId {
        let id = match self.by_filter.get(&Wanted(filter, shown)) {
            Some(&id) => id,
            None => self.add(filter, shown),
        };
        if let Some(entry) = self.entries.get_mut(id).and_then(Option::as_mut) {
            entry.references += 1;
            if for_circle {
                if entry.circles == 0 {
                    entry.is_fresh = true;
                    self.fresh.push(id);
                }
                entry.circles += 1;
            } else if let Some(table) = self.tables.get_mut(usize::from(filter.table)) {
                table.watchers += 1;
            }
        }
        id
    }

    /// Whether anybody watches the result of a filter on this table, and not only circles around it.
    pub fn has_watchers(&self, table: u16) -> bool {
        self.tables.get(usize::from(table)).is_some_and(|table| table.watchers > 0)
    }

    /// Watches it once less.
    pub fn release(&mut self, id: FilterId, for_circle: bool) {
        let Some(entry) = self.entries.get_mut(id).and_then(Option::as_mut) else { return };
        entry.references -= 1;
        if for_circle {
            entry.circles -= 1;
        } else if let Some(table) = self.tables.get_mut(usize::from(entry.filter.table)) {
            table.watchers -= 1;
        }
        if entry.references > 0 {
            return;
        }
        let Some(entry) = self.entries.get_mut(id).and_then(Option::take) else { return };
        self.by_filter.remove(&Wanted(&entry.filter, entry.shown));
        if let Some(table) = self.tables.get_mut(usize::from(entry.filter.table)) {
            table.remove(&entry.entries, id);
        }
        self.free.push(id);
    }

    fn add(&mut self, filter: &Filter, shown: u64) -> FilterId {
        let id = self.free.pop().unwrap_or(self.entries.len());
        let table = usize::from(filter.table);
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, TableFilters::default);
        }
        let entries = self.tables.get_mut(table).map(|table| table.add(filter, id)).unwrap_or_default();
        let entry = WatchedFilter {
            filter: filter.clone(),
            shown,
            columns: filter.columns(),
            is_told_by_keys: is_told_by_keys(filter),
            references: 0,
            circles: 0,
            members: Vec::new(),
            is_fresh: false,
            last_change: 0,
            stays: Stays::default(),
            crossings: Vec::new(),
            block: SharedBlock::default(),
            result: OnceLock::new(),
            entries,
        };
        if id == self.entries.len() {
            self.entries.push(Some(entry));
        } else if let Some(place) = self.entries.get_mut(id) {
            *place = Some(entry);
        }
        self.by_filter.insert((filter.clone(), shown), id);
        id
    }

    /// Collects the filters that a row can concern: before (if it existed) or now (if it exists). One that is found by
    /// several keys comes as often.
    pub fn concerned(&self, table: u16, before: Option<&[u8]>, now: Option<&[u8]>, out: &mut Vec<FilterId>) {
        match self.tables.get(usize::from(table)) {
            Some(filters) => filters.concerned(before, now, out),
            None => out.clear(),
        }
    }

    /// Goes over to another schema's table ids. Filters keep their places.
    pub fn renumber(&mut self, renumbering: &Renumbering) {
        self.by_filter.clear();
        for (id, entry) in self.entries.iter_mut().enumerate() {
            if let Some(entry) = entry {
                renumbering.filter(&mut entry.filter);
                self.by_filter.insert((entry.filter.clone(), entry.shown), id);
            }
        }
        let mut tables = Vec::new();
        for (old, filters) in (0..).zip(std::mem::take(&mut self.tables)) {
            let Some(id) = renumbering.id(old).map(usize::from) else { continue };
            if tables.len() <= id {
                tables.resize_with(id + 1, TableFilters::default);
            }
            if let Some(place) = tables.get_mut(id) {
                *place = filters;
            }
        }
        self.tables = tables;
    }
}

impl Equivalent<(Filter, u64)> for Wanted<'_> {
    fn equivalent(&self, (filter, shown): &(Filter, u64)) -> bool {
        (self.0, self.1) == (filter, *shown)
    }
}

impl WatchedFilter {
    /// Whether nothing has happened to its result, nor to a row in it.
    pub fn is_as_before(&self) -> bool {
        self.stays.is_empty() && self.crossings.is_empty()
    }

    /// Whether several see its result.
    pub fn is_shared(&self) -> bool {
        self.references > self.circles + 1
    }

    /// Forgets the current period.
    pub fn end_period(&mut self) {
        self.stays.clear();
        self.crossings.clear();
        self.block.end_period();
        self.result.take();
    }
}

/// Whether a filter asks for nothing but a range of one column whose values are told apart by their ranks.
fn is_told_by_keys(filter: &Filter) -> bool {
    let mut range = None;
    let is_part = |condition: &Condition| match condition {
        Condition::Compare {
            operand,
            comparison:
                Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual,
            ..
        } => *range.get_or_insert(*operand) == *operand && operand.is_told_by_rank(),
        Condition::Compare { .. }
        | Condition::OneOf { .. }
        | Condition::Begins { .. }
        | Condition::Null { .. }
        | Condition::Within { .. }
        | Condition::All(_)
        | Condition::Any(_) => false,
    };
    !filter.conditions.is_empty() && filter.conditions.iter().all(is_part)
}

#[cfg(test)]
mod tests;
