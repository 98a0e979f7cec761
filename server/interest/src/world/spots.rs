//! Where the rows of one shape are, for circles that remember what they hold.
//!
//! Each row's position is known by its slot. A grid finds the rows of a disc; it is built from time to time, and a row that
//! has gone a short way since is found a little beside its place. Rows that came since, or went far, are few and in a list.
//! So a commit costs what it changes, however many groups of clients are flushed after it.

use ambit_model::Slot;
use ambit_store::Store;

use super::stamps::Stamps;
use crate::grid::{Disc, Found, Grid, Item};
use crate::ground::{Ground, Shape, SlotSet};
use crate::limits;
use crate::query::plan::is_within;

#[derive(Debug)]
pub(crate) struct Spots {
    /// Tells where a row is, and its key.
    locator: Ground,
    /// The radii of the circles that use it.
    radii: Vec<f64>,
    records: Vec<Record>,
    /// By slot.
    keys: Vec<u64>,
    grid: Grid,
    /// By slot: the row's place in `grid` plus one, or 0.
    places: Vec<u32>,
    /// Rows that `grid` does not have, each once. Some are gone.
    strays: Vec<Slot>,
    /// By slot: whether it is among them.
    is_stray: Vec<bool>,
    /// The longest way that a row of `grid` has gone since it was built.
    slack: f64,
    /// A row that goes farther is a stray.
    slack_max: f64,
    /// Counts how often the grid was built.
    generation: u32,
    /// Rows that changed since the last flush.
    touched: SlotSet,
    is_built: bool,
    items: Vec<Item>,
}

/// What is known of the row in a slot: half a cache line, as this is read for every row that a client holds.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Record {
    /// No number if circles of this shape do not show the row.
    pub place: [f64; 3],
    /// The epoch of the row's last change.
    pub changed: u32,
    /// The epoch since which it is this row, with this key, shown or not.
    pub checked: u32,
}

/// No row.
pub(crate) const NOWHERE: Record = Record { place: [f64::NAN; 3], changed: 0, checked: 0 };

impl Spots {
    pub fn new(shape: Shape, radius: f64) -> Self {
        Self {
            locator: Ground::new(shape, radius),
            radii: vec![radius],
            records: Vec::new(),
            keys: Vec::new(),
            grid: Grid::default(),
            places: Vec::new(),
            strays: Vec::new(),
            is_stray: Vec::new(),
            slack: 0.0,
            slack_max: 0.0,
            generation: 0,
            touched: SlotSet::default(),
            is_built: false,
            items: Vec::new(),
        }
    }

    pub fn shape(&self) -> &Shape {
        &self.locator.shape
    }

    /// Tells the keys of circles.
    pub fn locator(&self) -> &Ground {
        &self.locator
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    pub fn is_used(&self) -> bool {
        !self.radii.is_empty()
    }

    pub fn add_radius(&mut self, radius: f64) {
        self.radii.push(radius);
    }

    /// Takes one [`Self::add_radius`] back. Nothing is kept while there is none.
    pub fn remove_radius(&mut self, radius: f64) {
        if let Some(place) = self.radii.iter().position(|known| *known == radius) {
            self.radii.swap_remove(place);
        }
        if self.radii.is_empty() {
            self.forget();
        }
    }

    /// Nothing is known of the rows any more.
    pub fn forget(&mut self) {
        let shape = self.locator.shape.clone();
        let (radii, generation) = (std::mem::take(&mut self.radii), self.generation);
        *self = Self { radii, generation, ..Self::new(shape, 0.0) };
    }

    pub fn shape_mut(&mut self) -> &mut Shape {
        &mut self.locator.shape
    }

    /// A row has come, gone or changed.
    #[inline]
    pub fn touch(&mut self, slot: Slot) {
        if self.is_built {
            self.touched.insert(slot);
        }
    }

    /// Takes in what happened since the last flush; the epoch of `stamps` is that of now.
    pub fn refresh(&mut self, store: &Store, stamps: &Stamps) {
        if self.radii.is_empty() {
            return;
        }
        if !self.is_built {
            self.locate_all(store, stamps);
            return self.build();
        }
        if self.touched.len() == 0 {
            return;
        }
        let touched = std::mem::take(&mut self.touched);
        for slot in touched.iter() {
            self.locate(slot, store.row(self.locator.shape.table(), slot), stamps);
        }
        self.touched = touched;
        self.touched.clear();
        // Values of joined columns that no row has any more are not kept for ever.
        if self.locator.name_count() > 2 * self.grid.len() + limits::NAMES_SPARE {
            self.locate_all(store, stamps);
            self.build();
        } else if self.strays.len() > limits::STRAYS_MIN + self.grid.len() / limits::ROWS_PER_STRAY {
            self.build();
        }
    }

    fn locate_all(&mut self, store: &Store, stamps: &Stamps) {
        self.locator.forget_names();
        self.records.fill(Record { checked: stamps.epoch(), ..NOWHERE });
        for (slot, row) in store.slots(self.locator.shape.table()) {
            self.make_room(slot);
            let located = self.locator.locate(row);
            let record = Record {
                place: located.map_or(NOWHERE.place, |(place, _)| place),
                changed: stamps.row(slot).changed,
                checked: stamps.epoch(),
            };
            if let (Some(known), Some(key)) =
                (self.records.get_mut(slot as usize), self.keys.get_mut(slot as usize))
            {
                *known = record;
                *key = located.map_or(0, |(_, key)| key);
            }
        }
    }

    fn make_room(&mut self, slot: Slot) {
        let count = slot as usize + 1;
        if self.records.len() < count {
            self.records.resize(count, NOWHERE);
            self.keys.resize(count, 0);
            self.places.resize(count, 0);
            self.is_stray.resize(count, false);
        }
    }

    fn locate(&mut self, slot: Slot, row: Option<&[u8]>, stamps: &Stamps) {
        self.make_room(slot);
        let located = row.and_then(|row| self.locator.locate(row));
        let at = slot as usize;
        let (Some(record), Some(key), Some(grid_place), Some(is_stray)) = (
            self.records.get_mut(at),
            self.keys.get_mut(at),
            self.places.get_mut(at),
            self.is_stray.get_mut(at),
        ) else {
            return;
        };
        let (row_stamps, was_shown) = (stamps.row(slot), !record.place.iter().all(|part| part.is_nan()));
        let is_same_key = located.is_none_or(|(_, now)| now == *key);
        if row_stamps.born == stamps.epoch() || !is_same_key || was_shown != located.is_some() {
            record.checked = stamps.epoch();
        }
        record.changed = row_stamps.changed;
        record.place = located.map_or(NOWHERE.place, |(place, _)| place);
        *key = located.map_or(*key, |(_, key)| key);
        let in_grid = (*grid_place as usize).checked_sub(1);
        if let (Some(in_grid), Some((place, _)), true) = (in_grid, located, is_same_key) {
            let way = distance(place, self.grid.place(in_grid));
            if way <= self.slack_max {
                self.slack = self.slack.max(way);
                return;
            }
        }
        if let Some(in_grid) = in_grid {
            self.grid.forget(in_grid);
            *grid_place = 0;
        }
        if located.is_some() && !std::mem::replace(is_stray, true) {
            self.strays.push(slot);
        }
    }

    /// Puts all rows into the grid.
    fn build(&mut self) {
        let mut items = std::mem::take(&mut self.items);
        items.clear();
        for ((number, record), key) in (0..).zip(&self.records).zip(&self.keys) {
            if !record.place.iter().any(|part| part.is_nan()) {
                items.push(Item { place: record.place, key: *key, number });
            }
        }
        let middle = middle(&mut self.radii);
        self.grid.build(&items, middle);
        self.places.fill(0);
        for (place, &slot) in (1..).zip(&self.grid.numbers) {
            if let Some(known) = self.places.get_mut(slot as usize) {
                *known = place;
            }
        }
        self.items = items;
        self.strays.clear();
        self.is_stray.fill(false);
        self.slack = 0.0;
        self.slack_max = middle * SLACK_PER_RADIUS;
        self.generation = self.generation.wrapping_add(1);
        self.is_built = true;
    }

    /// By slot.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    #[inline]
    pub fn record(&self, slot: Slot) -> Record {
        self.records.get(slot as usize).copied().unwrap_or(NOWHERE)
    }

    /// Whether circles of this shape with this key show the row, wherever it is.
    pub fn has_key(&self, slot: Slot, key: u64) -> bool {
        !self.record(slot).place.iter().all(|part| part.is_nan())
            && self.keys.get(slot as usize).is_some_and(|known| *known == key)
    }

    /// The disc around a row that circles of this shape show.
    #[inline]
    pub fn disc_around(&self, slot: Slot, radius: f64) -> Option<Disc> {
        let (record, key) = (self.records.get(slot as usize)?, self.keys.get(slot as usize)?);
        let is_shown = !record.place.iter().all(|part| part.is_nan());
        is_shown.then_some(Disc { centre: record.place, key: *key, radius })
    }

    /// Where in the order of places a row is.
    pub fn order_of(&self, slot: Slot) -> Option<u32> {
        self.places.get(slot as usize).copied()
    }

    /// How far inside of a disc a row is found in the grid that was inside the disc before too, if the centre has gone `step`
    /// since then.
    pub fn inner_radius(&self, radius: f64, step: f64) -> f64 {
        radius - self.slack - step - (radius + self.slack + step) * ROUNDING
    }

    /// Calls `each` with the rows in a disc, but for those that the grid finds within the inner radius; negative for none.
    pub fn find(&self, disc: Disc, inner: f64, found: &mut Found, mut each: impl FnMut(Slot)) {
        let wide = Disc { radius: (disc.radius + self.slack) * (1.0 + ROUNDING), ..disc };
        self.grid.find(wide, inner, found);
        for &at in found.between() {
            if let Some(&slot) = self.grid.numbers.get(at as usize)
                && is_within(self.record(slot).place, disc.centre, disc.radius)
            {
                each(slot);
            }
        }
        for &slot in &self.strays {
            if is_within(self.record(slot).place, disc.centre, disc.radius) && self.has_key(slot, disc.key) {
                each(slot);
            }
        }
    }
}

/// The longest way that a row may go until it counts as a stray, in radii: what is longer makes every circle look farther for
/// rows that came into it.
const SLACK_PER_RADIUS: f64 = 1.0 / 16.0;

/// More than rounding can do to a distance. What lies between is tested with the one rule of distance.
const ROUNDING: f64 = 1e-9;

/// The radius in the middle: a few circles that are much larger or smaller than the others do not decide.
fn middle(radii: &mut [f64]) -> f64 {
    let half = radii.len() / 2;
    if radii.is_empty() { 0.0 } else { *radii.select_nth_unstable_by(half, f64::total_cmp).1 }
}

pub(crate) fn distance(left: [f64; 3], right: [f64; 3]) -> f64 {
    let [x, y, z] = left;
    let [other_x, other_y, other_z] = right;
    ((x - other_x).powi(2) + (y - other_y).powi(2) + (z - other_z).powi(2)).sqrt()
}
