//! Areas that stand still, circles and boxes, found by the positions that they can hold: grids of several cell sizes, each
//! area in the one whose cells are just larger than itself (docs/decisions/0002-standing-regions.md).

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::FilterId;
use crate::query::plan::Area;

/// Cells are 2 to the power of at least this and at most that: a ten-millionth of a unit, and a million million. Any client can
/// think of areas of any size, and each size is one more cell to ask for every row.
const EXPONENT_MIN: f64 = -24.0;
const EXPONENT_MAX: f64 = 40.0;

/// The cells of all larger areas: the widest of them touches four along each axis.
const EXPONENT_WIDE: i32 = 1_023;

type Cell = [i64; 3];

/// An area's bounding box and the size of its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Region {
    low: [f64; 3],
    high: [f64; 3],
    exponent: i32,
}

/// Areas over one position column, each kept with the hash of other columns' values.
#[derive(Debug, Default)]
pub(super) struct Regions {
    levels: Vec<Level>,
}

/// The areas of one size.
#[derive(Debug)]
struct Level {
    exponent: i32,
    cells: HashMap<(u64, Cell), Vec<Entry>, FxBuildHasher>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    low: [f64; 3],
    high: [f64; 3],
    filter: FilterId,
}

impl Region {
    pub fn of(area: &Area) -> Self {
        let (low, high) = area.bounds();
        let widest = low.iter().zip(high).fold(0.0_f64, |widest, (low, high)| widest.max(high - low));
        let exponent = widest.log2().ceil();
        let exponent = match exponent <= EXPONENT_MAX {
            true => exponent.max(EXPONENT_MIN) as i32,
            false => EXPONENT_WIDE,
        };
        Self { low, high, exponent }
    }

    /// log2 of the size of its cells.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// The cells that it touches: two along each axis at most, but for rounding.
    fn cells(&self) -> impl Iterator<Item = Cell> {
        let ([x0, y0, z0], [x1, y1, z1]) = (cell(self.low, self.exponent), cell(self.high, self.exponent));
        (x0..=x1).flat_map(move |x| (y0..=y1).flat_map(move |y| (z0..=z1).map(move |z| [x, y, z])))
    }
}

impl Regions {
    pub fn add(&mut self, salt: u64, region: &Region, filter: FilterId) {
        let level = match self.levels.iter_mut().find(|level| level.exponent == region.exponent) {
            Some(level) => level,
            None => self.levels.push_mut(Level { exponent: region.exponent, cells: HashMap::default() }),
        };
        let entry = Entry { low: region.low, high: region.high, filter };
        region.cells().for_each(|cell| level.cells.entry((salt, cell)).or_default().push(entry));
    }

    pub fn remove(&mut self, salt: u64, region: &Region, filter: FilterId) {
        for level in self.levels.iter_mut().filter(|level| level.exponent == region.exponent) {
            for cell in region.cells() {
                let Some(entries) = level.cells.get_mut(&(salt, cell)) else { continue };
                entries.retain(|known| known.filter != filter);
                if entries.is_empty() {
                    level.cells.remove(&(salt, cell));
                }
            }
        }
        self.levels.retain(|level| !level.cells.is_empty());
    }

    /// Appends the filters whose area may hold the place.
    pub fn holding(&self, salt: u64, place: [f64; 3], out: &mut Vec<FilterId>) {
        for level in &self.levels {
            if let Some(entries) = level.cells.get(&(salt, cell(place, level.exponent))) {
                let holding = entries.iter().filter(|entry| entry.may_hold(place));
                out.extend(holding.map(|entry| entry.filter));
            }
        }
    }
}

impl Entry {
    fn may_hold(&self, place: [f64; 3]) -> bool {
        place
            .iter()
            .zip(self.low.iter().zip(&self.high))
            .all(|(part, (low, high))| (low..=high).contains(&part))
    }
}

/// The cell that a place lies in. Casts saturate, so that cells keep the order of places however far out.
fn cell(place: [f64; 3], exponent: i32) -> Cell {
    let per_cell = (-f64::from(exponent)).exp2();
    place.map(|axis| (axis * per_cell).floor() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::plan::Number;

    fn circle((x, y, radius): (f64, f64, f64)) -> Area {
        Area::Circle { centre: [x, y, 0.0].map(Number::new), radius: Number::new(radius) }
    }

    fn region(area: (f64, f64, f64)) -> Region {
        Region::of(&circle(area))
    }

    proptest::proptest! {
        #[test]
        fn every_circle_that_holds_a_row_is_found(
            circles in proptest::collection::vec((-100.0..100.0, -100.0..100.0, 0.0..60.0), 1..40),
            rows in proptest::collection::vec((-100.0..100.0, -100.0..100.0), 1..40),
            removed in 0_usize..40,
        ) {
            let mut index = Regions::default();
            for (filter, area) in circles.iter().enumerate() {
                index.add(0, &region(*area), filter);
            }
            let removed = removed % circles.len();
            index.remove(0, &region(circles[removed]), removed);
            for (x, y) in rows {
                let mut found = Vec::new();
                index.holding(0, [x, y, 0.0], &mut found);
                proptest::prop_assert!(!found.contains(&removed));
                for (filter, &area) in circles.iter().enumerate() {
                    let holds = circle(area).holds([x, y, 0.0]) == Some(true);
                    proptest::prop_assert!(!holds || filter == removed || found.contains(&filter));
                }
            }
        }
    }

    #[test]
    fn extreme_circles_touch_few_cells_and_hold_what_they_hold() {
        let far = 1e300;
        for (x, y, radius) in
            [(0.0, 0.0, 0.0), (far, -far, 0.0), (far, far, far), (0.0, 0.0, f64::MAX), (1e17, 0.5, 1e-9)]
        {
            let region = region((x, y, radius));
            assert!(region.cells().take(65).count() <= 64, "{region:?}");
            let mut index = Regions::default();
            index.add(0, &region, 7);
            let mut found = Vec::new();
            index.holding(0, [x, y, 0.0], &mut found);
            index.holding(0, [x + radius / 2.0, y, 0.0], &mut found);
            assert_eq!(found, [7, 7], "{region:?}");
            index.remove(0, &region, 7);
            assert!(index.levels.is_empty());
        }
    }

    #[test]
    fn a_flat_box_is_found_only_by_what_lies_in_it() {
        let number = |corner: [f64; 3]| corner.map(Number::new);
        let area = Area::Box { low: number([0.0, 0.0, 5.0]), high: number([1_000.0, 1_000.0, 6.0]) };
        let mut index = Regions::default();
        index.add(3, &Region::of(&area), 7);
        let found = |salt, place| {
            let mut found = Vec::new();
            index.holding(salt, place, &mut found);
            found
        };
        assert_eq!(found(3, [1_000.0, 0.0, 6.0]), [7]);
        assert_eq!(found(3, [500.0, 500.0, 4.0]), []);
        assert_eq!(found(3, [500.0, 500.0, f64::NAN]), []);
        assert_eq!(found(4, [500.0, 500.0, 5.5]), []);
    }
}
