//! Ranges of one column, found by the values that they hold.
//!
//! A range with two ends lies in cells of a size just larger than itself, as areas do in space: in two of them at most. One
//! with a single end lies in a sorted map by that end, so that a value meets only the ranges that hold it. Each is
//! kept with the hash of the other columns' values, and with its ends, so that only those that hold a value are found.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::FilterId;

#[derive(Debug, Default)]
pub(super) struct Spans {
    levels: Vec<Level>,
    /// By salt and lower end.
    from: BTreeMap<(u64, u128), Vec<FilterId>>,
    /// By salt and upper end.
    to: BTreeMap<(u64, u128), Vec<FilterId>>,
}

/// Ranges of one size.
#[derive(Debug)]
struct Level {
    /// log2 of the cells' size.
    bits: u32,
    cells: HashMap<(u64, u128), Vec<Entry>, FxBuildHasher>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    low: u128,
    /// How far above `low` the highest value lies.
    length: u128,
    filter: FilterId,
}

impl Spans {
    pub fn add(&mut self, salt: u64, (low, high): (Option<u128>, Option<u128>), filter: FilterId) {
        match (low, high) {
            (Some(low), Some(high)) => {
                let bits = bits(low, high);
                let level = match self.levels.iter_mut().find(|level| level.bits == bits) {
                    Some(level) => level,
                    None => self.levels.push_mut(Level { bits, cells: HashMap::default() }),
                };
                let entry = Entry::new(low, high, filter);
                for cell in cells(low, high, bits) {
                    level.cells.entry((salt, cell)).or_default().push(entry);
                }
            }
            (low, None) => self.from.entry((salt, low.unwrap_or(0))).or_default().push(filter),
            (None, Some(high)) => self.to.entry((salt, high)).or_default().push(filter),
        }
    }

    pub fn remove(&mut self, salt: u64, (low, high): (Option<u128>, Option<u128>), filter: FilterId) {
        match (low, high) {
            (Some(low), Some(high)) => {
                let bits = bits(low, high);
                for level in self.levels.iter_mut().filter(|level| level.bits == bits) {
                    for cell in cells(low, high, bits) {
                        let Some(entries) = level.cells.get_mut(&(salt, cell)) else { continue };
                        entries.retain(|known| *known != Entry::new(low, high, filter));
                        if entries.is_empty() {
                            level.cells.remove(&(salt, cell));
                        }
                    }
                }
                self.levels.retain(|level| !level.cells.is_empty());
            }
            (low, None) => remove_from(&mut self.from, (salt, low.unwrap_or(0)), filter),
            (None, Some(high)) => remove_from(&mut self.to, (salt, high), filter),
        }
    }

    /// Appends the filters whose range holds a value of this rank.
    pub fn holding(&self, salt: u64, rank: u128, out: &mut Vec<FilterId>) {
        for level in &self.levels {
            if let Some(entries) = level.cells.get(&(salt, cell(rank, level.bits))) {
                extend_holding(entries, rank, out);
            }
        }
        let from = self.from.range((salt, 0)..=(salt, rank));
        let to = self.to.range((salt, rank)..=(salt, u128::MAX));
        out.extend(from.chain(to).flat_map(|(_, filters)| filters));
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.from.is_empty() && self.to.is_empty()
    }
}

impl Entry {
    fn new(low: u128, high: u128, filter: FilterId) -> Self {
        Self { low, length: high.saturating_sub(low), filter }
    }
}

/// Appends the filters of the ranges that hold a value. About every second does, in no order: each is written, and kept if it
/// fits, without a branch to mispredict.
fn extend_holding(entries: &[Entry], rank: u128, out: &mut Vec<FilterId>) {
    let mut end = out.len();
    out.resize(end + entries.len(), 0);
    for entry in entries {
        if let Some(place) = out.get_mut(end) {
            *place = entry.filter;
        }
        // A value below the range wraps around to far above it.
        end += usize::from(rank.wrapping_sub(entry.low) <= entry.length);
    }
    out.truncate(end);
}

/// log2 of the size of cells for a range: larger than the range. Only every second size is used, so that a column with ranges
/// of all sizes has half as many levels to ask.
fn bits(low: u128, high: u128) -> u32 {
    (u128::BITS - high.saturating_sub(low).leading_zeros()).next_multiple_of(2)
}

fn cell(rank: u128, bits: u32) -> u128 {
    rank.checked_shr(bits).unwrap_or(0)
}

fn cells(low: u128, high: u128, bits: u32) -> impl Iterator<Item = u128> {
    cell(low, bits)..=cell(high, bits)
}

fn remove_from(map: &mut BTreeMap<(u64, u128), Vec<FilterId>>, key: (u64, u128), filter: FilterId) {
    if let Some(filters) = map.get_mut(&key) {
        filters.retain(|&known| known != filter);
        if filters.is_empty() {
            map.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rank() -> impl Strategy<Value = u128> {
        prop_oneof![0_u128..40, any::<u128>(), (0_u128..40).prop_map(|rank| u128::MAX - rank)]
    }

    proptest! {
        #[test]
        fn exactly_the_ranges_that_hold_a_value_are_found(
            ranges in prop::collection::vec((0_u64..2, prop::option::of(rank()), prop::option::of(rank())), 1..40),
            values in prop::collection::vec((0_u64..2, rank()), 1..20),
            removed in 0_usize..40,
        ) {
            let mut spans = Spans::default();
            let in_order = |low: Option<u128>, high: Option<u128>| low.zip(high).is_none_or(|(low, high)| low <= high);
            let ranges: Vec<_> = ranges.into_iter().filter(|(_, low, high)| in_order(*low, *high)).collect();
            for (filter, &(salt, low, high)) in ranges.iter().enumerate() {
                spans.add(salt, (low, high), filter);
            }
            if let Some(&(salt, low, high)) = ranges.get(removed) {
                spans.remove(salt, (low, high), removed);
            }
            for (salt, rank) in values {
                let mut found = Vec::new();
                spans.holding(salt, rank, &mut found);
                found.sort_unstable();
                let holds = |(filter, (own, low, high)): &(usize, &(u64, Option<u128>, Option<u128>))| {
                    *filter != removed && *own == salt
                        && low.is_none_or(|low| low <= rank) && high.is_none_or(|high| rank <= high)
                };
                let expected: Vec<usize> = ranges.iter().enumerate().filter(holds).map(|(filter, _)| filter).collect();
                prop_assert_eq!(found, expected);
            }
            for (filter, &(salt, low, high)) in ranges.iter().enumerate() {
                spans.remove(salt, (low, high), filter);
            }
            prop_assert!(spans.is_empty());
        }
    }

    #[test]
    fn a_range_lies_in_two_cells_at_most_however_large() {
        for (low, high) in [
            (0, 0),
            (5, 5),
            (7, 8),
            (0, u128::MAX),
            (1, u128::MAX - 1),
            (u128::MAX, u128::MAX),
            (3, 1 << 127),
        ] {
            assert!(cells(low, high, bits(low, high)).take(3).count() <= 2, "{low} to {high}");
        }
    }
}
