//! The way from the ends of a join to the selected table: the rows that hang together, as they are and as they were.

use ambit_model::Slot;

use super::moved::Moved;
use super::{JoinScratch, Watched};
use crate::cohort::Cohort;
use crate::flush::circle::row_before;
use crate::flush::circle::view::members_before;
use crate::flush::{Scratch, TableScratch};
use crate::limits;
use crate::query::plan::{Comparison, Condition, Filter, JoinedTable, Key};
use crate::world::World;

/// When rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    Now,
}

/// The keys that rows of one table give to the table which it hangs on, sorted.
pub(super) struct Keys {
    /// The table that gives them, by its position.
    child: usize,
    pub keys: Vec<Key>,
}

/// Follows one join from its ends to the selected table.
pub(super) struct Walk<'a> {
    world: &'a World,
    cohort: &'a Cohort,
    tables: &'a [TableScratch<'a>],
    moved: &'a mut Moved,
    watched: Watched<'a>,
    /// Rows that were found between the ends and the selected table.
    pub found_count: usize,
    found_max: usize,
}

impl<'a> Walk<'a> {
    pub fn new(
        world: &'a World,
        cohort: &'a Cohort,
        scratch: &'a mut Scratch<'_>,
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
    pub fn keys_for(&mut self, place: usize, moment: Moment) -> Vec<Keys> {
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

    /// Whether there are rows that the rules of the selected table want for this row of it, as they are now.
    pub fn is_ruled_in(&mut self, row: &[u8]) -> bool {
        let ruled = &self.watched.0.ruled;
        self.keys_for(0, Moment::Now).iter().filter(|known| ruled.contains(&known.child)).all(|known| {
            let key = self.table(known.child).and_then(|child| child.key_of_parent(row));
            key.is_some_and(|key| known.keys.binary_search(&key).is_ok())
        })
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
    pub fn find(&mut self, place: usize, keys: &[Keys], moment: Moment) -> Vec<Slot> {
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
    pub fn changed(&mut self, keys: &[Keys], mut each: impl FnMut(Slot, bool, bool)) {
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
    let filter = |conditions| Filter::new(table, conditions);
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
