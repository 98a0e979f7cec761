//! The filters that a group of connections watches: identical ones once, and found by the values they ask for.

mod table;

mod key;
mod regions;
mod spans;

use ambit_model::Slot;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::query::plan::Filter;
use crate::renumber::Renumbering;
use table::{Entries, TableFilters};

/// A filter's place in [`Filters`].
pub(crate) type FilterId = usize;

/// The watched filters.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    entries: Vec<Option<WatchedFilter>>,
    free: Vec<FilterId>,
    by_filter: HashMap<Filter, FilterId, FxBuildHasher>,
    tables: Vec<TableFilters>,
}

/// A filter, and what the current period did to its result.
#[derive(Debug)]
pub(crate) struct WatchedFilter {
    pub filter: Filter,
    /// The columns that decide, as a mask.
    pub columns: u64,
    references: u32,
    /// How many circles have their centre in the result, and joins an end.
    pub circles: u32,
    /// The rows of the result, if there are circles.
    pub members: Vec<Slot>,
    /// Whether `members` was never filled.
    pub is_fresh: bool,
    /// Rows that changed and were or are in the result.
    pub crossings: Vec<Crossing>,
    /// The operations that follow from the crossings, once they are encoded.
    pub ops: Option<Vec<u8>>,
    /// The whole result, once somebody needed it in this period.
    pub result: Option<Vec<Slot>>,
    entries: Entries,
}

/// A changed row seen from one filter.
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

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut WatchedFilter> {
        self.entries.iter_mut().flatten()
    }

    /// Watches a filter once more. `for_circle` says that circles have their centre in its result, or joins an end.
    pub fn acquire(&mut self, filter: &Filter, for_circle: bool) -> FilterId {
        let id = match self.by_filter.get(filter) {
            Some(&id) => id,
            None => self.add(filter),
        };
        if let Some(entry) = self.entries.get_mut(id).and_then(Option::as_mut) {
            entry.references += 1;
            if for_circle {
                entry.is_fresh |= entry.circles == 0;
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
        self.by_filter.remove(&entry.filter);
        if let Some(table) = self.tables.get_mut(usize::from(entry.filter.table)) {
            table.remove(&entry.entries, id);
        }
        self.free.push(id);
    }

    fn add(&mut self, filter: &Filter) -> FilterId {
        let id = self.free.pop().unwrap_or(self.entries.len());
        let table = usize::from(filter.table);
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, TableFilters::default);
        }
        let entries = self.tables.get_mut(table).map(|table| table.add(filter, id)).unwrap_or_default();
        let entry = WatchedFilter {
            filter: filter.clone(),
            columns: filter.columns(),
            references: 0,
            circles: 0,
            members: Vec::new(),
            is_fresh: false,
            crossings: Vec::new(),
            ops: None,
            result: None,
            entries,
        };
        if id == self.entries.len() {
            self.entries.push(Some(entry));
        } else if let Some(place) = self.entries.get_mut(id) {
            *place = Some(entry);
        }
        self.by_filter.insert(filter.clone(), id);
        id
    }

    /// Collects the filters that a row can concern: before (if it existed) or now (if it exists).
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
                self.by_filter.insert(entry.filter.clone(), id);
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

impl WatchedFilter {
    /// Forgets the current period.
    pub fn end_period(&mut self) {
        self.crossings.clear();
        self.ops = None;
        self.result = None;
    }
}

#[cfg(test)]
mod tests;
