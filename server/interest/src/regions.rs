//! Circles that stand still, found by the positions that they can hold: grids of several cell sizes, each circle in the
//! one whose cells are just larger than itself (docs/decisions/0002-standing-regions.md).

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::filters::FilterId;
use crate::query::plan::{Number, Position};

/// Cells are 2 to the power of at least this and at most that: finer than any position, wider than any distance.
const EXPONENT_MIN: f64 = -64.0;
const EXPONENT_MAX: f64 = 1_023.0;

type Cell = [i64; 3];

/// A circle's bounding box and the size of its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Region {
    position: Position,
    low: [f64; 3],
    high: [f64; 3],
    exponent: i32,
}

/// The regions of one size over one position column.
#[derive(Debug)]
struct Level {
    position: Position,
    exponent: i32,
    cells: HashMap<Cell, Vec<FilterId>, FxBuildHasher>,
}

/// All regions of a table.
#[derive(Debug, Default)]
pub(crate) struct RegionIndex {
    levels: Vec<Level>,
}

impl Region {
    /// The region of a circle.
    pub fn around(position: Position, centre: [Number; 3], radius: Number) -> Self {
        let centre = centre.map(Number::get);
        // Rounding must not lose a row at the very border.
        let farthest = centre.iter().fold(0.0_f64, |most, axis| most.max(axis.abs()));
        let reach = (radius.get() + (farthest + radius.get()) * 1e-12).min(f64::MAX);
        let exponent = (2.0 * reach).log2().ceil().clamp(EXPONENT_MIN, EXPONENT_MAX) as i32;
        Self {
            position,
            low: centre.map(|axis| axis - reach),
            high: centre.map(|axis| axis + reach),
            exponent,
        }
    }

    /// The cells that it touches: two along each axis at most, but for rounding.
    fn cells(&self) -> impl Iterator<Item = Cell> {
        let ([x0, y0, z0], [x1, y1, z1]) = (cell(self.low, self.exponent), cell(self.high, self.exponent));
        (x0..=x1).flat_map(move |x| (y0..=y1).flat_map(move |y| (z0..=z1).map(move |z| [x, y, z])))
    }
}

impl RegionIndex {
    pub fn add(&mut self, region: &Region, filter: FilterId) {
        let cells = match self.levels.iter_mut().find(|level| level.holds(region)) {
            Some(level) => &mut level.cells,
            None => {
                let level =
                    Level { position: region.position, exponent: region.exponent, cells: HashMap::default() };
                &mut self.levels.push_mut(level).cells
            }
        };
        region.cells().for_each(|cell| cells.entry(cell).or_default().push(filter));
    }

    pub fn remove(&mut self, region: &Region, filter: FilterId) {
        for level in self.levels.iter_mut().filter(|level| level.holds(region)) {
            for cell in region.cells() {
                let Some(filters) = level.cells.get_mut(&cell) else { continue };
                filters.retain(|&known| known != filter);
                if filters.is_empty() {
                    level.cells.remove(&cell);
                }
            }
        }
        self.levels.retain(|level| !level.cells.is_empty());
    }

    /// Appends the filters whose region may hold the row's position.
    pub fn holding(&self, row: &[u8], out: &mut Vec<FilterId>) {
        for level in &self.levels {
            if let Some(filters) = level.cells.get(&cell(level.position.read(row), level.exponent)) {
                out.extend_from_slice(filters);
            }
        }
    }
}

impl Level {
    fn holds(&self, region: &Region) -> bool {
        self.position == region.position && self.exponent == region.exponent
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
    use crate::query::plan::is_within;

    const POSITION: Position = Position { column: 0, offset: 0, dimensions: 2, is_double: true };

    fn row(x: f64, y: f64) -> Vec<u8> {
        [x.to_le_bytes(), y.to_le_bytes()].concat()
    }

    fn region((x, y, radius): (f64, f64, f64)) -> Region {
        Region::around(POSITION, [x, y, 0.0].map(Number::new), Number::new(radius))
    }

    proptest::proptest! {
        #[test]
        fn every_circle_that_holds_a_row_is_found(
            circles in proptest::collection::vec((-100.0..100.0, -100.0..100.0, 0.0..60.0), 1..40),
            rows in proptest::collection::vec((-100.0..100.0, -100.0..100.0), 1..40),
            removed in 0_usize..40,
        ) {
            let mut index = RegionIndex::default();
            for (filter, circle) in circles.iter().enumerate() {
                index.add(&region(*circle), filter);
            }
            let removed = removed % circles.len();
            index.remove(&region(circles[removed]), removed);
            for (x, y) in rows {
                let mut found = Vec::new();
                index.holding(&row(x, y), &mut found);
                proptest::prop_assert!(!found.contains(&removed));
                for (filter, &(cx, cy, radius)) in circles.iter().enumerate() {
                    let holds = is_within([x, y, 0.0], [cx, cy, 0.0], radius);
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
            let mut index = RegionIndex::default();
            index.add(&region, 7);
            let mut found = Vec::new();
            index.holding(&row(x, y), &mut found);
            index.holding(&row(x + radius / 2.0, y), &mut found);
            assert_eq!(found, [7, 7], "{region:?}");
            index.remove(&region, 7);
            assert!(index.levels.is_empty());
        }
    }
}
