//! A copy of a table's positions in cell order, built anew when positions have changed.
//!
//! Cells lie on the two axes along which the rows are spread widest, and wrap around: a row far outside costs
//! nothing, cells that coincide are told apart by the distance itself. Rows with different joined columns
//! (instances of one dungeon, say) go to different cells.

#![expect(clippy::indexing_slicing, reason = "places within arrays that are sized just before")]

use ambit_model::Slot;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::limits;
use crate::query::plan::{Circle, Operand, Position, is_within};

/// What a grid is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub table: u16,
    pub position: Position,
    pub joined: Vec<Operand>,
}

/// Positions and slots in cell order.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// log2 of the number of cells along each axis.
    bits: u32,
    cells_per_unit: f64,
    /// The axes that cells lie on.
    axes: [usize; 2],
    /// By cell: the place of its first row; one more at the end.
    starts: Vec<u32>,
    /// x, y and z of the rows in cell order.
    places: [Vec<f64>; 3],
    keys: Vec<u64>,
    slots: Vec<Slot>,
    /// Numbers of joined values that do not fit a key.
    names: HashMap<Vec<u8>, u64, FxBuildHasher>,
    /// Reused between builds: position, key and cell of each row in slot order.
    rows: Vec<([f64; 3], u64, Slot)>,
    cells: Vec<u32>,
}

impl Shape {
    pub fn of(circle: &Circle) -> Self {
        Self {
            table: circle.target.table,
            position: circle.target_position,
            joined: circle.joined.iter().map(|(target, _)| *target).collect(),
        }
    }

    /// The columns that the grid depends on, as a mask.
    pub fn columns(&self) -> u64 {
        self.joined.iter().fold(1 << self.position.column, |mask, operand| mask | 1 << operand.column)
    }
}

impl Grid {
    /// Takes in all rows. `radius` is the largest that will be asked for.
    pub fn build<'a>(&mut self, shape: &Shape, rows: impl Iterator<Item = (Slot, &'a [u8])>, radius: f64) {
        self.rows.clear();
        self.names.clear();
        let mut bytes = Vec::new();
        for (slot, row) in rows {
            let key = match key_of(&shape.joined, row, &mut bytes) {
                Some(key) => key,
                None => {
                    let next = self.names.len() as u64;
                    *self.names.entry_ref(bytes.as_slice()).or_insert(next)
                }
            };
            self.rows.push((shape.position.read(row), key, slot));
        }
        self.choose_cells(radius);
        self.sort();
    }

    /// Appends the slots of the rows within `radius` of `centre` whose joined columns equal those of `observer`.
    pub fn near(
        &self,
        centre: [f64; 3],
        radius: f64,
        joined: impl Iterator<Item = Operand> + Clone,
        observer: &[u8],
        out: &mut Vec<Slot>,
    ) {
        let mut bytes = Vec::new();
        let Some(key) = key_of(joined, observer, &mut bytes).or_else(|| self.names.get(&bytes).copied())
        else {
            return;
        };
        let [first, second] = self.axes.map(|axis| centre[axis]);
        // Rounding must not lose a row at the very border.
        let reach = radius + (first.abs() + second.abs() + radius) * 1e-12;
        let side = 1_i64 << self.bits;
        let span = |centre: f64| {
            let (low, high) = (self.cell_along(centre - reach), self.cell_along(centre + reach));
            (low, high.saturating_sub(low).saturating_add(1).clamp(1, side))
        };
        let ((low_x, width), (low_y, height)) = (span(first), span(second));
        let (shift_x, shift_y) = shifts(key);
        let start_x = low_x.wrapping_add(shift_x) & (side - 1);
        for row in 0..height {
            let y = low_y.wrapping_add(shift_y).wrapping_add(row) & (side - 1);
            let base = y << self.bits;
            let straight = width.min(side - start_x);
            self.scan(base + start_x, straight, centre, radius, key, out);
            if straight < width {
                self.scan(base, width - straight, centre, radius, key, out);
            }
        }
    }

    /// Tests the rows of `count` cells in a line.
    #[inline]
    fn scan(&self, cell: i64, count: i64, centre: [f64; 3], radius: f64, key: u64, out: &mut Vec<Slot>) {
        let (Some(&start), Some(&end)) =
            (self.starts.get(cell as usize), self.starts.get((cell + count) as usize))
        else {
            return;
        };
        let range = start as usize..end as usize;
        let [xs, ys, zs] = &self.places;
        let (Some(xs), Some(ys), Some(zs), Some(keys), Some(slots)) = (
            xs.get(range.clone()),
            ys.get(range.clone()),
            zs.get(range.clone()),
            self.keys.get(range.clone()),
            self.slots.get(range.clone()),
        ) else {
            return;
        };
        let found_before = out.len();
        out.resize(found_before + slots.len(), 0);
        let Some(found) = out.get_mut(found_before..) else { return };
        let mut count = 0;
        for ((((&x, &y), &z), &row_key), &slot) in xs.iter().zip(ys).zip(zs).zip(keys).zip(slots) {
            // Written always, kept when it fits: no branch to mispredict.
            if let Some(place) = found.get_mut(count) {
                *place = slot;
            }
            let is_near = is_within([x, y, z], centre, radius);
            count += usize::from(is_near & (row_key == key));
        }
        out.truncate(found_before + count);
    }

    #[inline]
    fn cell_along(&self, place: f64) -> i64 {
        (place * self.cells_per_unit).floor() as i64
    }

    #[inline]
    fn cell(&self, place: [f64; 3], key: u64) -> u32 {
        let (shift_x, shift_y) = shifts(key);
        let mask = (1_i64 << self.bits) - 1;
        let [x, y] = self.axes.map(|axis| place[axis]);
        let x = self.cell_along(x).wrapping_add(shift_x) & mask;
        let y = self.cell_along(y).wrapping_add(shift_y) & mask;
        (y << self.bits | x) as u32
    }

    /// About two rows to a cell where rows are spread evenly, and never a cell larger than half the radius.
    fn choose_cells(&mut self, radius: f64) {
        // A row at infinity or at no number at all is nowhere near any other: it must not decide how large cells are.
        let places = || {
            let places = self.rows.iter().map(|row| row.0);
            places.filter(|place| place.iter().all(|part| part.abs() < limits::ORDINARY_PLACE_MAX))
        };
        let count = places().count().max(1) as f64;
        let mean = [0, 1, 2].map(|axis| places().map(|place| place[axis]).sum::<f64>() / count);
        let spread =
            [0, 1, 2].map(|axis| places().map(|place| (place[axis] - mean[axis]).abs()).sum::<f64>() / count);
        let narrowest = (0..3).min_by(|&left, &right| spread[left].total_cmp(&spread[right])).unwrap_or(2);
        self.axes = match narrowest {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        self.bits = ((count / 2.0).sqrt().log2().ceil() as u32).clamp(3, 11);
        let [first, second] = self.axes.map(|axis| spread[axis].max(1e-3));
        // Evenly spread rows reach four times their mean deviation.
        let cell = (4.0 * first * 4.0 * second * 2.0 / count).sqrt();
        let cell = if radius > 0.0 { cell.min(radius / 2.0) } else { cell };
        self.cells_per_unit = 1.0 / cell.clamp(1e-6, 1e12);
    }

    /// Counting sort by cell.
    fn sort(&mut self) {
        let count = self.rows.len();
        let cell_count = 1_usize << (2 * self.bits);
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        cells.extend(self.rows.iter().map(|row| self.cell(row.0, row.1)));
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
        for places in &mut self.places {
            places.resize(count, 0.0);
        }
        self.keys.resize(count, 0);
        self.slots.resize(count, 0);
        for (row, &cell) in self.rows.iter().zip(&cells).rev() {
            // Filled from behind: `starts[cell + 1]` moves down to the cell's first row.
            let next = &mut self.starts[cell as usize + 1];
            *next -= 1;
            let at = *next as usize;
            for (axis, places) in self.places.iter_mut().enumerate() {
                places[at] = row.0[axis];
            }
            self.keys[at] = row.1;
            self.slots[at] = row.2;
        }
        // Now `starts[cell + 1]` is where `cell` begins; shift by one.
        self.starts.rotate_left(1);
        if let Some(last) = self.starts.last_mut() {
            *last = count as u32;
        }
        self.cells = cells;
    }
}

/// The joined values as one number if they fit 8 bytes; otherwise they are left in `bytes`.
#[inline]
fn key_of<J>(joined: J, row: &[u8], bytes: &mut Vec<u8>) -> Option<u64>
where
    J: IntoIterator,
    J::Item: std::borrow::Borrow<Operand>,
{
    use std::borrow::Borrow;
    bytes.clear();
    let mut is_fixed = true;
    for operand in joined {
        let operand: Operand = *operand.borrow();
        let value = operand.bytes(row);
        if operand.form == crate::query::plan::Form::Heap {
            is_fixed = false;
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        bytes.extend_from_slice(value);
    }
    if !is_fixed || bytes.len() > 8 {
        return None;
    }
    let mut key = [0; 8];
    key[..bytes.len()].copy_from_slice(bytes);
    Some(u64::from_le_bytes(key))
}

/// How far a key moves its rows' cells.
#[inline]
fn shifts(key: u64) -> (i64, i64) {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 40) as i64, (mixed >> 16 & 0xff_ffff) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two-dimensional rows of an `f64` position alone.
    fn grid(places: &[[f64; 2]]) -> Grid {
        let rows: Vec<Vec<u8>> =
            places.iter().map(|place| place.iter().flat_map(|part| part.to_le_bytes()).collect()).collect();
        let position = Position { column: 0, offset: 0, dimensions: 2, is_double: true };
        let shape = Shape { table: 0, position, joined: Vec::new() };
        let mut grid = Grid::default();
        grid.build(&shape, (0..).zip(rows.iter().map(Vec::as_slice)), 10.0);
        grid
    }

    /// One such row used to make the cells so small that every circle went through all of them.
    #[test]
    fn a_row_that_is_nowhere_does_not_change_the_cells() {
        let mut places: Vec<[f64; 2]> =
            (0..10_000).map(|row| [f64::from(row % 100), f64::from(row / 100)]).collect();
        let ordinary = grid(&places);
        for nowhere in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            places.push([nowhere, 5.0]);
            let grid = grid(&places);
            assert_eq!((grid.cells_per_unit, grid.bits), (ordinary.cells_per_unit, ordinary.bits));
            let mut near = Vec::new();
            grid.near([50.0, 50.0, 0.0], 1.0, std::iter::empty(), &[], &mut near);
            assert_eq!(near.len(), 5);
        }
    }
}
