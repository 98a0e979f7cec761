//! The rows of a filter: by an index of the store where one helps, otherwise row by row.
//!
//! An index may find more rows than the filter holds and never fewer, so that each that it finds is tested.

pub(super) mod path;

use std::ops::Bound;

use ambit_model::Slot;
use ambit_store::{Bounds, KeyPrefix, LookupError};

use super::World;
use crate::limits;
use crate::query::plan::{Condition, Facts, Filter, Selectivity, canonical, parts};
use path::{End, LookUp, Path};

impl World {
    /// Appends the slots of all rows that satisfy the filter, each once.
    pub fn select(&self, filter: &Filter, out: &mut Vec<Slot>) {
        let start = out.len();
        if self.select_by_index(filter, out).is_none() {
            out.truncate(start);
            let rows = self.store.slots(filter.table).filter(|(_, row)| filter.matches(row));
            out.extend(rows.map(|(slot, _)| slot));
        }
    }

    /// The same by indexes alone; `None` if there are none that help, or one refuses the question.
    fn select_by_index(&self, filter: &Filter, out: &mut Vec<Slot>) -> Option<()> {
        let conditions: Vec<&Condition> = filter.conditions.iter().collect();
        let mut look_ups = Vec::new();
        self.plan(filter.table, &conditions, &mut look_ups)?;
        let mut found = Vec::new();
        for (index, look_up) in &look_ups {
            self.look_up(filter.table, *index, look_up, &mut found).ok()?;
        }
        // Alternatives can hold the same rows.
        if look_ups.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        let matches = |slot: &Slot| self.row(filter.table, *slot).is_some_and(|row| filter.matches(row));
        out.extend(found.into_iter().filter(matches));
        Some(())
    }

    fn look_up(
        &self,
        table: u16,
        index: u16,
        look_up: &LookUp,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        match look_up {
            LookUp::Key(key) => self.store.find_all(table, index, key, out),
            LookUp::Near(centre, radius) => self.store.near(table, index, *centre, *radius, out),
            LookUp::Range(lower, upper) => {
                let bounds = Bounds { lower: bound(lower.as_ref()), upper: bound(upper.as_ref()) };
                self.store.range(table, index, &bounds, out)
            }
        }
    }

    /// Appends look-ups, each with its index, that together find every row which satisfies all conditions.
    fn plan(&self, table: u16, conditions: &[&Condition], out: &mut Vec<(u16, LookUp)>) -> Option<()> {
        let facts = Facts::of(conditions);
        let layout = &self.table(table)?.layout;
        let indexes = &self.schema.tables.get(usize::from(table))?.indexes;
        let mut paths: Vec<Path<'_>> =
            (0..).zip(indexes).filter_map(|(id, index)| Path::new(id, index, &facts)).collect();
        paths.sort_by_key(|path| path.cost);
        let is_narrow = |path: &Path<'_>| path.selectivity() < Selectivity::HalfRange;
        // What lies on one side of a value is often most of the table; alternatives may each be few rows.
        if !paths.first().is_some_and(is_narrow)
            && self.plan_alternatives(table, conditions, &facts, out).is_some()
        {
            return Some(());
        }
        let (index, look_ups) = paths.iter().find_map(|path| {
            let columns = indexes.get(usize::from(path.index)).map(|index| index.columns.as_slice())?;
            Some((path.index, path.look_ups(layout, columns)?))
        })?;
        out.extend(look_ups.into_iter().map(|look_up| (index, look_up)));
        (out.len() <= limits::LOOK_UPS_MAX).then_some(())
    }

    /// The same by the first list of alternatives that all have an index. If there is none, `out` is as before.
    fn plan_alternatives(
        &self,
        table: u16,
        conditions: &[&Condition],
        facts: &Facts<'_>,
        out: &mut Vec<(u16, LookUp)>,
    ) -> Option<()> {
        let is_alone = |condition: &&Condition| !matches!(condition, Condition::Any(_));
        let others: Vec<&Condition> = conditions.iter().copied().filter(is_alone).collect();
        let start = out.len();
        let is_planned = facts.alternatives.iter().any(|list| {
            out.truncate(start);
            list.iter().all(|alternative| {
                let all: Vec<&Condition> = others.iter().copied().chain(parts(alternative)).collect();
                self.plan(table, &all, out).is_some()
            })
        });
        if !is_planned {
            out.truncate(start);
        }
        is_planned.then_some(())
    }
}

/// The filter's conditions and others, in their one form.
pub(super) fn conditions_of<const COUNT: usize>(
    filter: &Filter,
    others: [Condition; COUNT],
) -> Vec<Condition> {
    canonical(filter.conditions.iter().cloned().chain(others).collect())
}

pub(super) fn bound(end: Option<&End>) -> Bound<KeyPrefix<'_>> {
    match end {
        None => Bound::Unbounded,
        Some(End { key, columns, is_included: true }) => {
            Bound::Included(KeyPrefix { key, columns: *columns })
        }
        Some(End { key, columns, is_included: false }) => {
            Bound::Excluded(KeyPrefix { key, columns: *columns })
        }
    }
}

#[cfg(test)]
mod tests;
