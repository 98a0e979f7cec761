//! The filters that a group of connections watches: identical ones once, and found by the values they ask for.

use std::hash::Hasher;

use ambit_model::Slot;
use hashbrown::HashMap;
use rustc_hash::{FxBuildHasher, FxHasher};

use crate::query::plan::{Condition, Filter, Form, Operand};
use crate::regions::{Region, RegionIndex};
use crate::renumber::Renumbering;

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
    /// How many circles have their centre in the result.
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
}

/// A changed row seen from one filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    pub slot: Slot,
    pub was: bool,
    pub is: bool,
}

/// The filters of one table by what they ask for.
#[derive(Debug, Default)]
pub(crate) struct TableFilters {
    /// Filters that can concern any row.
    any: Vec<FilterId>,
    /// Filters by a column and the hash of the value that it must have.
    equal: HashMap<(u16, u64), Vec<FilterId>, FxBuildHasher>,
    /// The columns that occur in `equal`, and how often.
    equal_columns: Vec<(Operand, usize)>,
    /// Filters by the region that their rows lie in.
    regions: RegionIndex,
    /// How many watch the result of a filter itself.
    watchers: usize,
}

/// What a filter is found by.
enum Key {
    /// The value that a column must have: the column, and its place in `equal`.
    Equal(Operand, (u16, u64)),
    Region(Region),
    Nothing,
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

    /// Watches a filter once more. `for_circle` says that circles have their centre in its result.
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
            table.remove(&entry.filter, id);
        }
        self.free.push(id);
    }

    fn add(&mut self, filter: &Filter) -> FilterId {
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
        };
        let id = self.free.pop().unwrap_or(self.entries.len());
        if id == self.entries.len() {
            self.entries.push(Some(entry));
        } else if let Some(place) = self.entries.get_mut(id) {
            *place = Some(entry);
        }
        self.by_filter.insert(filter.clone(), id);
        let table = usize::from(filter.table);
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, TableFilters::default);
        }
        if let Some(table) = self.tables.get_mut(table) {
            table.add(filter, id);
        }
        id
    }

    /// Collects the filters that a row can concern: before (if it existed) or now (if it exists).
    pub fn concerned(&self, table: u16, before: Option<&[u8]>, now: Option<&[u8]>, out: &mut Vec<FilterId>) {
        out.clear();
        if let Some(filters) = self.tables.get(usize::from(table)) {
            out.extend_from_slice(&filters.any);
            let fixed = out.len();
            for (operand, _) in &filters.equal_columns {
                for row in [before, now].into_iter().flatten() {
                    if let Some(ids) = filters.equal.get(&(operand.column, hash(operand.bytes(row)))) {
                        out.extend_from_slice(ids);
                    }
                }
            }
            for row in [before, now].into_iter().flatten() {
                filters.regions.holding(row, out);
            }
            if out.len() > fixed + 1 {
                out.sort_unstable();
                out.dedup();
            }
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

impl TableFilters {
    fn add(&mut self, filter: &Filter, id: FilterId) {
        let (operand, key) = match Key::of(filter) {
            Key::Equal(operand, key) => (operand, key),
            Key::Region(region) => return self.regions.add(&region, id),
            Key::Nothing => return self.any.push(id),
        };
        self.equal.entry(key).or_default().push(id);
        match self.equal_columns.iter_mut().find(|(known, _)| *known == operand) {
            Some((_, count)) => *count += 1,
            None => self.equal_columns.push((operand, 1)),
        }
    }

    fn remove(&mut self, filter: &Filter, id: FilterId) {
        let (operand, key) = match Key::of(filter) {
            Key::Equal(operand, key) => (operand, key),
            Key::Region(region) => return self.regions.remove(&region, id),
            Key::Nothing => return self.any.retain(|&known| known != id),
        };
        if let Some(ids) = self.equal.get_mut(&key) {
            ids.retain(|&known| known != id);
            if ids.is_empty() {
                self.equal.remove(&key);
            }
        }
        if let Some(place) = self.equal_columns.iter().position(|(known, _)| *known == operand)
            && let Some((_, count)) = self.equal_columns.get_mut(place)
        {
            *count -= 1;
            if *count == 0 {
                self.equal_columns.swap_remove(place);
            }
        }
    }
}

impl Key {
    /// An id tells most rows apart, then a place does, then any other value.
    fn of(filter: &Filter) -> Self {
        let comparable =
            filter.equalities().filter(|(operand, _)| !matches!(operand.form, Form::Float32 | Form::Float64));
        let equal = comparable.max_by_key(|(operand, _)| width(operand.form));
        let region = filter.conditions.iter().find_map(|condition| match condition {
            Condition::Within { position, centre, radius } => {
                Some(Region::around(*position, *centre, *radius))
            }
            Condition::Compare { .. } => None,
        });
        match (equal, region) {
            (Some((operand, _)), Some(region)) if width(operand.form) < ID_BYTES => Self::Region(region),
            (Some((operand, value)), _) => {
                Self::Equal(operand, (operand.column, hash(&value.column_bytes(operand.form))))
            }
            (None, Some(region)) => Self::Region(region),
            (None, None) => Self::Nothing,
        }
    }
}

/// Values of at least so many bytes are usually ids.
const ID_BYTES: usize = 8;

/// About how many bytes tell the values of a column apart.
fn width(form: Form) -> usize {
    match form {
        Form::Bytes(size) => 64 + size,
        Form::Heap => 64,
        Form::Unsigned(size) | Form::Signed(size) => size,
        Form::Float32 | Form::Float64 => 0,
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
