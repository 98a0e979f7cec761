//! Positions in cell order, built anew when they have changed.
//!
//! Cells lie on the two axes along which the positions are spread widest, and wrap around: one far outside costs
//! nothing, cells that coincide are told apart by the distance itself. Positions of different keys (instances of one
//! dungeon, say) go to different cells.

#![expect(clippy::indexing_slicing, reason = "places within arrays that are sized just before")]

mod scan;

use std::ops::Range;

use crate::limits;
use crate::query::plan::is_within;
use scan::{Items, LANES_MAX, Test};

/// Something that has a position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub place: [f64; 3],
    /// Items of different keys do not see each other.
    pub key: u64,
    /// What the owner of the grid knows it by.
    pub number: u32,
}

/// Items in cell order.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// log2 of the number of cells along each axis.
    bits: [u32; 2],
    cells_per_unit: [f64; 2],
    /// The axes that cells lie on.
    axes: [usize; 2],
    /// By cell: the place of its first item; one more at the end.
    starts: Vec<u32>,
    /// x, y and z in cell order.
    pub places: [Vec<f64>; 3],
    /// Only if there are several.
    keys: Vec<u64>,
    pub numbers: Vec<u32>,
    /// Whether all items have one key: then this one.
    only_key: Option<u64>,
    /// Whether any third coordinate is not 0.
    is_deep: bool,
    /// Reused between builds: the cell of each item in the order they came.
    cells: Vec<u32>,
}

/// Where to look: everything with this key within a distance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disc {
    pub centre: [f64; 3],
    pub key: u64,
    pub radius: f64,
}

/// Places of items in a grid, found by their distance.
#[derive(Debug, Default)]
pub(crate) struct Found {
    inside: Vec<u32>,
    inside_count: usize,
    between: Vec<u32>,
    between_count: usize,
    /// Where the last search looked.
    lines: Vec<Range<usize>>,
}

impl Found {
    /// Makes room for so many.
    fn begin(&mut self, count: usize) {
        let room = count + LANES_MAX;
        if self.inside.len() < room {
            self.inside.resize(room, 0);
            self.between.resize(room, 0);
        }
        (self.inside_count, self.between_count) = (0, 0);
    }

    /// Those nearer than the inner radius.
    pub fn inside(&self) -> &[u32] {
        &self.inside[..self.inside_count]
    }

    /// Those between the radii.
    pub fn between(&self) -> &[u32] {
        &self.between[..self.between_count]
    }
}

impl Grid {
    /// Takes in all items. `radius` is the largest that will be asked for.
    pub fn build(&mut self, items: &[Item], radius: f64) {
        self.choose_cells(items, radius);
        self.only_key = items.first().map(|item| item.key);
        self.only_key = self.only_key.filter(|key| items.iter().all(|item| item.key == *key));
        self.is_deep = items.iter().any(|item| item.place[2] != 0.0);
        self.sort(items);
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The position of an item by its place in the grid.
    pub fn place(&self, at: usize) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.places[axis][at])
    }

    /// Its key.
    pub fn key(&self, at: usize) -> u64 {
        self.only_key.unwrap_or_else(|| self.keys[at])
    }

    /// Nobody finds the item any more.
    pub fn forget(&mut self, at: usize) {
        self.places[0][at] = f64::NAN;
    }

    /// Calls `line` with ranges of places which together hold every item of the disc, and others; none twice.
    #[inline]
    pub fn lines(&self, disc: Disc, mut line: impl FnMut(Range<usize>)) {
        if self.numbers.is_empty() || self.only_key.is_some_and(|key| key != disc.key) {
            return;
        }
        let [first, second] = self.axes.map(|axis| disc.centre[axis]);
        // Rounding must not lose an item at the very border.
        let rounding = (first.abs() + second.abs() + disc.radius) * 1e-9;
        let reach = disc.radius + rounding;
        let sides = self.bits.map(|bits| 1_i64 << bits);
        let span = |centre: f64, reach: f64, axis: usize| {
            let (low, high) = (self.cell_along(centre - reach, axis), self.cell_along(centre + reach, axis));
            (low, high.saturating_sub(low).saturating_add(1).clamp(1, sides[axis]))
        };
        let (low_y, height) = span(second, reach, 1);
        let (shift_x, shift_y) = shifts(disc.key);
        let range = |cell: i64, count: i64| {
            self.starts[cell as usize] as usize..self.starts[(cell + count) as usize] as usize
        };
        let cell_height = 1.0 / self.cells_per_unit[1];
        for row in 0..height {
            // How far the disc reaches to both sides of its centre in this row of cells.
            let bottom = low_y.wrapping_add(row) as f64 * cell_height;
            let away = (bottom - second).max(second - bottom - cell_height) - rounding;
            let half = if away > 0.0 && height < sides[1] {
                (reach * reach - away * away).max(0.0).sqrt() + rounding
            } else {
                reach
            };
            let (low_x, width) = span(first, half, 0);
            let start_x = low_x.wrapping_add(shift_x) & (sides[0] - 1);
            let y = low_y.wrapping_add(shift_y).wrapping_add(row) & (sides[1] - 1);
            let base = y << self.bits[0];
            let straight = width.min(sides[0] - start_x);
            line(range(base + start_x, straight));
            if straight < width {
                line(range(base, width - straight));
            }
        }
    }

    /// Finds the items of a disc: `inner` is the radius below which they are [`Found::inside`], negative for none.
    pub fn find(&self, disc: Disc, inner: f64, found: &mut Found) {
        found.begin(self.len());
        if !SQUARABLE.contains(&disc.radius) {
            return self.lines(disc, |line| self.scan_exactly(line, disc, found));
        }
        let test = Test { disc, inner: inner * inner.abs(), outer: disc.radius * disc.radius };
        let mut lines = std::mem::take(&mut found.lines);
        lines.clear();
        self.lines(disc, |line| lines.push(line));
        let items = Items { places: self.places.each_ref().map(Vec::as_slice), keys: &self.keys };
        // Most worlds are flat or have one key: what need not be compared is not.
        let is_flat = !self.is_deep && disc.centre[2] == 0.0;
        match (is_flat, self.only_key.is_some()) {
            (true, true) => scan::find::<false, false>(items, &lines, &test, found),
            (true, false) => scan::find::<false, true>(items, &lines, &test, found),
            (false, true) => scan::find::<true, false>(items, &lines, &test, found),
            (false, false) => scan::find::<true, true>(items, &lines, &test, found),
        }
        found.lines = lines;
    }

    /// Tests the items of a line with the one rule of distance. All that are found count as between the radii.
    fn scan_exactly(&self, line: Range<usize>, disc: Disc, found: &mut Found) {
        for at in line {
            if self.key(at) == disc.key && is_within(self.place(at), disc.centre, disc.radius) {
                found.between[found.between_count] = at as u32;
                found.between_count += 1;
            }
        }
    }

    #[inline]
    fn cell_along(&self, place: f64, axis: usize) -> i64 {
        let place = place * self.cells_per_unit[axis];
        // The floor, without a call where the processor has no instruction for it.
        let whole = place as i64;
        whole.saturating_sub(i64::from(whole as f64 > place))
    }

    #[inline]
    fn cell(&self, place: [f64; 3], key: u64) -> u32 {
        let (shift_x, shift_y) = shifts(key);
        let [mask_x, mask_y] = self.bits.map(|bits| (1_i64 << bits) - 1);
        let [x, y] = self.axes.map(|axis| place[axis]);
        let x = self.cell_along(x, 0).wrapping_add(shift_x) & mask_x;
        let y = self.cell_along(y, 1).wrapping_add(shift_y) & mask_y;
        (y << self.bits[0] | x) as u32
    }

    /// About two items to a cell where they are spread evenly, and never a cell higher than a part of the radius.
    fn choose_cells(&mut self, items: &[Item], radius: f64) {
        // An item at infinity or at no number at all is nowhere near any other: it must not decide how large cells are.
        let places = || {
            let places = items.iter().step_by(items.len() / SAMPLES + 1).map(|item| item.place);
            places.filter(|place| place.iter().all(|part| part.abs() < limits::ORDINARY_PLACE_MAX))
        };
        let samples = places().count().max(1) as f64;
        let count = items.len().max(1) as f64;
        let mean = [0, 1, 2].map(|axis| places().map(|place| place[axis]).sum::<f64>() / samples);
        let spread = [0, 1, 2]
            .map(|axis| places().map(|place| (place[axis] - mean[axis]).abs()).sum::<f64>() / samples);
        let narrowest = (0..3).min_by(|&left, &right| spread[left].total_cmp(&spread[right])).unwrap_or(2);
        self.axes = match narrowest {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        // Evenly spread items reach four times their mean deviation.
        let [first, second] = self.axes.map(|axis| (4.0 * spread[axis]).max(1e-3));
        // A search goes through lines of cells along the first axis: few lines, of many cells.
        let height = if radius > 0.0 { radius * HEIGHT_PER_RADIUS } else { second };
        let height = height.min(second).clamp(1e-6, 1e12);
        let width = (ITEMS_PER_CELL * first * second / (count * height)).min(height).clamp(1e-6, 1e12);
        self.cells_per_unit = [1.0 / width, 1.0 / height];
        let bits = |extent: f64, cell: f64, max: u32| ((extent / cell).log2().ceil() as u32).clamp(2, max);
        let cells_max = (count.log2().ceil() as u32 + 1).clamp(4, CELL_BITS_MAX);
        let bits_y = bits(second, height, cells_max / 2);
        self.bits = [bits(first, width, cells_max - bits_y), bits_y];
    }

    /// Counting sort by cell.
    fn sort(&mut self, items: &[Item]) {
        let count = items.len();
        let cell_count = 1_usize << (self.bits[0] + self.bits[1]);
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        cells.extend(items.iter().map(|item| self.cell(item.place, item.key)));
        self.starts.clear();
        self.starts.resize(cell_count + 1, 0);
        for &cell in &cells {
            self.starts[cell as usize + 1] += 1;
        }
        let mut total = 0;
        for start in &mut self.starts {
            total += *start;
            *start = total;
        }
        // Room behind the last item, so that whole lanes can be read.
        for places in &mut self.places {
            places.resize(count + LANES_MAX, 0.0);
        }
        if !self.is_deep {
            self.places[2].fill(0.0);
        }
        self.keys.resize(count + LANES_MAX, 0);
        self.numbers.resize(count, 0);
        for (item, &cell) in items.iter().zip(&cells).rev() {
            // Filled from behind: `starts[cell + 1]` moves down to the cell's first item.
            let next = &mut self.starts[cell as usize + 1];
            *next -= 1;
            let at = *next as usize;
            self.places[0][at] = item.place[0];
            self.places[1][at] = item.place[1];
            if self.is_deep {
                self.places[2][at] = item.place[2];
            }
            if self.only_key.is_none() {
                self.keys[at] = item.key;
            }
            self.numbers[at] = item.number;
        }
        // Now `starts[cell + 1]` is where `cell` begins; shift by one.
        self.starts.rotate_left(1);
        if let Some(last) = self.starts.last_mut() {
            *last = count as u32;
        }
        self.cells = cells;
    }
}

/// Radii whose squares are neither infinite nor nothing.
const SQUARABLE: std::ops::RangeInclusive<f64> = 1e-140..=1e140;

/// The height of a cell: a disc touches three rows of cells. What a row of cells costs is more than what a few more items do.
const HEIGHT_PER_RADIUS: f64 = 1.0;

/// Items in a cell where they are spread evenly.
const ITEMS_PER_CELL: f64 = 1.5;

/// At most so many cells, as a power of two.
const CELL_BITS_MAX: u32 = 22;

/// Items that tell how all are spread.
const SAMPLES: usize = 1_024;

/// How far a key moves its items' cells.
#[inline]
fn shifts(key: u64) -> (i64, i64) {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 40) as i64, (mixed >> 16 & 0xff_ffff) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(places: &[[f64; 2]]) -> Grid {
        let items: Vec<Item> =
            (0..).zip(places).map(|(number, &[x, y])| Item { place: [x, y, 0.0], key: 7, number }).collect();
        let mut grid = Grid::default();
        grid.build(&items, 10.0);
        grid
    }

    /// One such row used to make the cells so small that every circle went through all of them.
    #[test]
    fn an_item_that_is_nowhere_does_not_change_the_cells() {
        let mut places: Vec<[f64; 2]> =
            (0..10_000).map(|row| [f64::from(row % 100), f64::from(row / 100)]).collect();
        let ordinary = grid(&places);
        for nowhere in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            places.push([nowhere, 5.0]);
            let grid = grid(&places);
            assert_eq!(grid.bits, ordinary.bits);
            let ratio = grid.cells_per_unit[0] / ordinary.cells_per_unit[0];
            assert!((ratio - 1.0).abs() < 0.1, "a few samples differ");
            let mut found = Found::default();
            let disc = Disc { centre: [50.0, 50.0, 0.0], key: 7, radius: 1.0 };
            grid.find(disc, 0.5, &mut found);
            assert_eq!((found.inside().len(), found.between().len()), (1, 4));
            grid.find(Disc { key: 8, ..disc }, 0.5, &mut found);
            assert_eq!((found.inside().len(), found.between().len()), (0, 0));
        }
    }
}
