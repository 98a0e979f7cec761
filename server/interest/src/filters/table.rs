//! The filters of one table, found by what they ask for.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::FilterId;
use super::key::{Axis, Detail, Key, Place, Shape, keys};
use super::regions::Regions;
use super::spans::Spans;
use crate::limits;
use crate::query::plan::Filter;

#[derive(Debug, Default)]
pub(super) struct TableFilters {
    /// Filters that can concern any row.
    any: Vec<FilterId>,
    shapes: Vec<ShapeFilters>,
    /// How many watch the result of a filter itself.
    pub watchers: usize,
}

/// What a filter was added under, so that it can be taken out again.
#[derive(Debug, Default)]
pub(super) struct Entries(Option<Vec<Key>>);

/// The filters that are found by keys of one shape.
#[derive(Debug)]
struct ShapeFilters {
    shape: Shape,
    key_count: usize,
    index: Index,
}

#[derive(Debug)]
enum Index {
    Equal(HashMap<u64, Vec<FilterId>, FxBuildHasher>),
    Spans(Spans),
    Regions(Regions),
}

impl TableFilters {
    pub fn add(&mut self, filter: &Filter, id: FilterId) -> Entries {
        let mut found = keys(filter, Detail::All);
        if found.as_ref().is_some_and(|keys| !self.has_room(keys)) {
            found = keys(filter, Detail::OneColumn);
        }
        let Some(keys) = &found else {
            self.any.push(id);
            return Entries(None);
        };
        for key in keys {
            let shape = match self.shapes.iter_mut().find(|known| known.shape == key.shape) {
                Some(known) => known,
                None => self.shapes.push_mut(ShapeFilters::new(key.shape.clone())),
            };
            shape.add(key, id);
        }
        Entries(found)
    }

    pub fn remove(&mut self, Entries(keys): &Entries, id: FilterId) {
        let Some(keys) = keys else { return self.any.retain(|&known| known != id) };
        for key in keys {
            if let Some(shape) = self.shapes.iter_mut().find(|known| known.shape == key.shape) {
                shape.remove(key, id);
            }
        }
        self.shapes.retain(|shape| shape.key_count > 0);
    }

    /// Collects the filters that a row can concern: before (if it existed) or now (if it exists). One that is found by
    /// several keys comes as often.
    pub fn concerned(&self, before: Option<&[u8]>, now: Option<&[u8]>, out: &mut Vec<FilterId>) {
        out.clear();
        out.extend_from_slice(&self.any);
        for shape in &self.shapes {
            for row in [before, now].into_iter().flatten() {
                shape.holding(row, out);
            }
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.shapes.is_empty() && self.watchers == 0
    }

    #[cfg(test)]
    pub fn shape_count(&self) -> usize {
        self.shapes.len()
    }

    /// Whether keys of these shapes leave the shapes few.
    fn has_room(&self, keys: &[Key]) -> bool {
        let mut new: Vec<&Shape> = Vec::new();
        for key in keys {
            if !self.shapes.iter().any(|known| known.shape == key.shape) && !new.contains(&&key.shape) {
                new.push(&key.shape);
            }
        }
        new.is_empty() || self.shapes.len() + new.len() <= limits::KEY_SHAPES_MAX
    }
}

impl ShapeFilters {
    fn new(shape: Shape) -> Self {
        let index = match shape.axis {
            Axis::None => Index::Equal(HashMap::default()),
            Axis::Span(_) => Index::Spans(Spans::default()),
            Axis::Region(_) => Index::Regions(Regions::default()),
        };
        Self { shape, key_count: 0, index }
    }

    fn add(&mut self, key: &Key, id: FilterId) {
        self.key_count += 1;
        match (&mut self.index, &key.place) {
            (Index::Spans(spans), Place::Span { low, high }) => spans.add(key.salt, (*low, *high), id),
            (Index::Regions(regions), Place::Region(region)) => regions.add(key.salt, region, id),
            (Index::Equal(filters), _) => filters.entry(key.salt).or_default().push(id),
            (Index::Spans(_) | Index::Regions(_), _) => debug_assert!(false, "a key of another shape"),
        }
    }

    fn remove(&mut self, key: &Key, id: FilterId) {
        self.key_count -= 1;
        match (&mut self.index, &key.place) {
            (Index::Spans(spans), Place::Span { low, high }) => spans.remove(key.salt, (*low, *high), id),
            (Index::Regions(regions), Place::Region(region)) => regions.remove(key.salt, region, id),
            (Index::Equal(filters), _) => {
                let Some(ids) = filters.get_mut(&key.salt) else { return };
                ids.retain(|&known| known != id);
                if ids.is_empty() {
                    filters.remove(&key.salt);
                }
            }
            (Index::Spans(_) | Index::Regions(_), _) => debug_assert!(false, "a key of another shape"),
        }
    }

    /// Appends the filters that may hold the row.
    fn holding(&self, row: &[u8], out: &mut Vec<FilterId>) {
        let salt = self.shape.salt(row);
        match (&self.index, self.shape.axis) {
            (Index::Spans(spans), Axis::Span(operand)) => {
                if let Some(rank) = operand.rank(row) {
                    spans.holding(salt, rank, out);
                }
            }
            (Index::Regions(regions), Axis::Region(position)) => {
                regions.holding(salt, position.read(row), out);
            }
            (Index::Equal(filters), _) => {
                if let Some(ids) = filters.get(&salt) {
                    out.extend_from_slice(ids);
                }
            }
            (Index::Spans(_) | Index::Regions(_), _) => {}
        }
    }
}
