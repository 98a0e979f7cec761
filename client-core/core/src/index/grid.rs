//! Everything near a point: rows by the cell of a hashed grid that their position lies in.

use ambit_model::{ColumnType, RowLayout, RowReader};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::limits::CELLS_VISITED_MAX;
use crate::rows::Rows;

type Cell = [i32; 3];

#[derive(Debug)]
pub(crate) struct Grid {
    offset: usize,
    doubles: bool,
    dimensions: usize,
    /// 1 / the edge of a cell.
    per_cell: f64,
    cells: HashMap<Cell, Vec<u32>, FxBuildHasher>,
}

impl Grid {
    pub(crate) fn new(columns: &[u16], cell: f32, layout: &RowLayout) -> Self {
        let column = columns.first().and_then(|&column| layout.columns().get(usize::from(column)));
        let ty = column.map(|column| &column.ty);
        Self {
            offset: column.map_or(0, |column| column.offset),
            doubles: matches!(ty, Some(ColumnType::DVec2 | ColumnType::DVec3)),
            dimensions: if matches!(ty, Some(ColumnType::Vec2 | ColumnType::DVec2)) { 2 } else { 3 },
            per_cell: 1.0 / f64::from(cell),
            cells: HashMap::default(),
        }
    }

    /// Calls `found` with every row at most `radius` from `centre`. In two dimensions `centre[2]` is ignored.
    pub(crate) fn near(&self, centre: [f64; 3], radius: f64, rows: &Rows, mut found: impl FnMut(u32)) {
        if radius.is_nan() || radius < 0.0 {
            return;
        }
        let mut visit = |local: u32| {
            if rows.row(local).is_some_and(|row| self.distance_squared(row, centre) <= radius * radius) {
                found(local);
            }
        };
        let low = self.cell_of(centre.map(|axis| axis - radius));
        let high = self.cell_of(centre.map(|axis| axis + radius));
        let span = |axis: usize| match (low.get(axis), high.get(axis)) {
            (Some(&low), Some(&high)) => (i64::from(high) - i64::from(low)).unsigned_abs() + 1,
            (_, _) => 1,
        };
        let visited = span(0).saturating_mul(span(1)).saturating_mul(span(2));
        if visited > CELLS_VISITED_MAX || visited > 8 * self.cells.len() as u64 {
            rows.iter().for_each(|(local, _)| visit(local));
            return;
        }
        let ([x0, y0, z0], [x1, y1, z1]) = (low, high);
        for x in x0..=x1 {
            for y in y0..=y1 {
                for z in z0..=z1 {
                    self.cells.get(&[x, y, z]).into_iter().flatten().for_each(|&local| visit(local));
                }
            }
        }
    }

    pub(crate) fn insert(&mut self, local: u32, row: &[u8]) {
        let cell = self.cell_of(self.position(row));
        self.cells.entry(cell).or_default().push(local);
    }

    pub(crate) fn remove(&mut self, local: u32, row: &[u8]) {
        let cell = self.cell_of(self.position(row));
        self.leave(cell, local);
    }

    #[inline]
    pub(crate) fn update(&mut self, local: u32, old: &[u8], new: &[u8]) {
        let (from, to) = (self.cell_of(self.position(old)), self.cell_of(self.position(new)));
        if from != to {
            self.leave(from, local);
            self.cells.entry(to).or_default().push(local);
        }
    }

    fn leave(&mut self, cell: Cell, local: u32) {
        let Some(locals) = self.cells.get_mut(&cell) else { return };
        if let Some(at) = locals.iter().position(|&other| other == local) {
            locals.swap_remove(at);
        }
        if locals.is_empty() {
            self.cells.remove(&cell);
        }
    }

    #[inline]
    fn position(&self, row: &[u8]) -> [f64; 3] {
        let reader = RowReader::new(row);
        let mut position = [0.0; 3];
        for (axis, value) in position.iter_mut().take(self.dimensions).enumerate() {
            *value = if self.doubles {
                f64::from_le_bytes(reader.array(self.offset + 8 * axis).unwrap_or_default())
            } else {
                f64::from(f32::from_le_bytes(reader.array(self.offset + 4 * axis).unwrap_or_default()))
            };
        }
        position
    }

    /// Not a number and infinities end up in some cell, and near nothing.
    #[inline]
    fn cell_of(&self, position: [f64; 3]) -> Cell {
        let mut cell = position.map(|axis| floor(axis * self.per_cell));
        if let ([_, _, z], 2) = (&mut cell, self.dimensions) {
            *z = 0;
        }
        cell
    }

    fn distance_squared(&self, row: &[u8], centre: [f64; 3]) -> f64 {
        let axes = self.position(row).into_iter().zip(centre).take(self.dimensions);
        axes.map(|(position, centre)| (position - centre) * (position - centre)).sum()
    }
}

/// The largest whole number not above `value`, within i32. The standard `floor` is a call on older processors.
#[inline]
fn floor(value: f64) -> i32 {
    let toward_zero = value as i32;
    toward_zero.saturating_sub(i32::from(f64::from(toward_zero) > value))
}
