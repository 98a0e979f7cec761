//! What is kept for clients that are not told every change at once: when rows changed, and where they are.

use super::World;
use super::spots::Spots;
use crate::ground::Shape;
use crate::limits;
use crate::query::QueryError;
use crate::query::plan::Filter;

/// The place of [`Spots`] in [`World`].
pub(crate) type SpotsId = usize;

impl World {
    /// Begins to keep when the rows of a table change.
    pub fn watch_stamps(&mut self, table: u16) {
        self.count_stamps(table, 1);
    }

    /// Takes one [`Self::watch_stamps`] back.
    pub fn unwatch_stamps(&mut self, table: u16) {
        self.count_stamps(table, -1);
    }

    fn count_stamps(&mut self, table: u16, by: i32) {
        // Every row counts, whatever else is watched.
        self.count(&Filter::of_all(table), by);
        if let Some(table) = self.tables.get_mut(usize::from(table)) {
            table.stamps.count(by);
        }
    }

    /// Begins to keep where the rows of a shape are; if there are many shapes, those of the plainer one.
    pub fn watch_spots(&mut self, (own, plain): (Shape, Shape), radius: f64) -> Result<SpotsId, QueryError> {
        let mut shape = own;
        let used = || self.spots.iter().filter(|spots| spots.is_used());
        let is_plain = |shape: &Shape| self.is_plain(shape);
        if !is_plain(&shape) && !used().any(|spots| *spots.shape() == shape) {
            let own_count = used().filter(|spots| !is_plain(spots.shape())).count();
            if own_count >= limits::OWN_GROUNDS_MAX {
                shape = plain;
            }
        }
        let is_same = |spots: &Spots| spots.is_used() && *spots.shape() == shape;
        if let Some(id) = self.spots.iter().position(is_same) {
            if let Some(spots) = self.spots.get_mut(id) {
                spots.add_radius(radius);
            }
            return Ok(id);
        }
        let spots = Spots::new(shape, radius);
        match self.spots.iter().position(|spots| !spots.is_used()) {
            Some(id) => {
                if let Some(place) = self.spots.get_mut(id) {
                    *place = spots;
                }
                Ok(id)
            }
            None if self.spots.len() < limits::GROUNDS_MAX => {
                self.spots.push(spots);
                Ok(self.spots.len() - 1)
            }
            None => Err(QueryError::TooManyCircles),
        }
    }

    /// Takes one [`Self::watch_spots`] back.
    pub fn unwatch_spots(&mut self, id: SpotsId, radius: f64) {
        if let Some(spots) = self.spots.get_mut(id) {
            spots.remove_radius(radius);
        }
    }

    pub fn spots(&self, id: SpotsId) -> Option<&Spots> {
        self.spots.get(id)
    }

    /// Before a flush: takes in what commits did since the last one.
    pub fn refresh(&mut self) {
        let Self { tables, spots, store, .. } = self;
        for table in tables.iter_mut().filter(|table| table.stamps.is_used()) {
            table.stamps.refresh();
        }
        for spots in spots {
            if let Some(table) = tables.get(usize::from(spots.shape().table())) {
                spots.refresh(store, &table.stamps);
            }
        }
    }
}
