//! The spatial index: an incremental hashed grid of square or cubic cells.
//!
//! Every cell that holds a point keeps coordinates and slots of its points in one list, so that a query reads few
//! places in memory, each from its start to its end. A point that moves within its cell is overwritten in
//! place. Why a grid and not a tree: docs/decisions/0001-spatial-index.md.

#![expect(
    clippy::indexing_slicing,
    reason = "slots, cells and places name each other, and a step pays for a check"
)]

use std::hash::BuildHasherDefault;
use std::ops::RangeInclusive;

use ambit_model::{ColumnType, Slot};
use hashbrown::HashMap;
use rustc_hash::FxHasher;

use crate::index::key::array_at;

/// A grid over one position column.
#[derive(Debug, Clone)]
pub(crate) enum SpatialIndex {
    Vec2(Grid<f32, 2>),
    Vec3(Grid<f32, 3>),
    DVec2(Grid<f64, 2>),
    DVec3(Grid<f64, 3>),
}

/// The number type of a position.
pub(crate) trait Coordinate: Copy + Into<f64> + std::fmt::Debug {
    fn read(row: &[u8], offset: usize) -> Self;
}

impl Coordinate for f32 {
    #[inline]
    fn read(row: &[u8], offset: usize) -> Self {
        Self::from_le_bytes(array_at(row, offset))
    }
}

impl Coordinate for f64 {
    #[inline]
    fn read(row: &[u8], offset: usize) -> Self {
        Self::from_le_bytes(array_at(row, offset))
    }
}

macro_rules! each {
    ($self:expr, $grid:ident => $answer:expr) => {
        match $self {
            SpatialIndex::Vec2($grid) => $answer,
            SpatialIndex::Vec3($grid) => $answer,
            SpatialIndex::DVec2($grid) => $answer,
            SpatialIndex::DVec3($grid) => $answer,
        }
    };
}

impl SpatialIndex {
    pub(crate) fn new(ty: &ColumnType, offset: usize, cell: f32) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the schema allows four types")]
        match ty {
            ColumnType::Vec2 => Self::Vec2(Grid::new(offset, cell)),
            ColumnType::Vec3 => Self::Vec3(Grid::new(offset, cell)),
            ColumnType::DVec2 => Self::DVec2(Grid::new(offset, cell)),
            _ => Self::DVec3(Grid::new(offset, cell)),
        }
    }

    /// Whether the row's position is finite.
    pub(crate) fn accepts(&self, row: &[u8]) -> bool {
        each!(self, grid => grid.position(row).into_iter().all(|part| Into::<f64>::into(part).is_finite()))
    }

    /// Whether two rows have the same position, by their bytes.
    #[inline]
    pub(crate) fn same_key(&self, one: &[u8], other: &[u8]) -> bool {
        let (offset, size) = each!(self, grid => (grid.offset, grid.size()));
        one.get(offset..offset + size) == other.get(offset..offset + size)
    }

    pub(crate) fn insert(&mut self, slot: Slot, row: &[u8]) {
        each!(self, grid => grid.insert(slot, grid.position(row)));
    }

    pub(crate) fn update(&mut self, slot: Slot, row: &[u8]) {
        each!(self, grid => grid.update(slot, grid.position(row)));
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        each!(self, grid => grid.remove(slot));
    }

    /// Appends the slots whose position lies within `radius` of `centre`, in no particular order. Two-dimensional
    /// positions ignore the third coordinate.
    pub(crate) fn near(&self, centre: [f64; 3], radius: f64, out: &mut Vec<Slot>) {
        each!(self, grid => grid.near(centre, radius, out));
    }

    pub(crate) fn len(&self) -> usize {
        each!(self, grid => grid.cells.iter().map(|cell| cell.points.len()).sum())
    }
}

type CellKey<const D: usize> = [i32; D];

#[derive(Debug, Clone)]
pub(crate) struct Grid<S, const D: usize> {
    /// Where the position lies in a row.
    offset: usize,
    cells_per_unit: f64,
    cell_by_key: HashMap<CellKey<D>, u32, BuildHasherDefault<FxHasher>>,
    /// Also cells that are empty for now; `empty_cells` names those.
    cells: Vec<Cell<S, D>>,
    empty_cells: Vec<u32>,
    /// Where each slot's point is.
    places: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Cell<S, const D: usize> {
    key: CellKey<D>,
    points: Vec<Point<S, D>>,
}

#[derive(Debug, Clone, Copy)]
struct Point<S, const D: usize> {
    position: [S; D],
    slot: Slot,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    cell: u32,
    position: u32,
}

impl<S: Coordinate, const D: usize> Grid<S, D> {
    fn new(offset: usize, cell: f32) -> Self {
        Self {
            offset,
            cells_per_unit: 1.0 / f64::from(cell),
            cell_by_key: HashMap::default(),
            cells: Vec::new(),
            empty_cells: Vec::new(),
            places: Vec::new(),
        }
    }

    const fn size(&self) -> usize {
        D * size_of::<S>()
    }

    #[inline]
    fn position(&self, row: &[u8]) -> [S; D] {
        std::array::from_fn(|axis| S::read(row, self.offset + axis * size_of::<S>()))
    }

    /// The cell of a coordinate, rounded down. It never decreases with the coordinate; what lies past 2³¹ cells
    /// shares the outermost cell.
    #[inline]
    fn cell_of(&self, coordinate: f64) -> i32 {
        let cells = coordinate * self.cells_per_unit;
        let truncated = cells as i32;
        truncated.saturating_sub(i32::from(cells < f64::from(truncated)))
    }

    #[inline]
    fn key_of(&self, position: [S; D]) -> CellKey<D> {
        position.map(|coordinate| self.cell_of(coordinate.into()))
    }

    fn insert(&mut self, slot: Slot, position: [S; D]) {
        let key = self.key_of(position);
        let cell_id = match self.cell_by_key.get(&key) {
            Some(&cell_id) => cell_id,
            None => self.add_cell(key),
        };
        let cell = &mut self.cells[cell_id as usize];
        let place = Place { cell: cell_id, position: cell.points.len() as u32 };
        if cell.points.len() == cell.points.capacity() {
            // A cell's crowd seldom doubles, and room for it would be a third of the index.
            cell.points.reserve_exact((cell.points.len() / 8).max(2));
        }
        cell.points.push(Point { position, slot });
        if slot as usize >= self.places.len() {
            self.places.resize(slot as usize + 1, Place::default());
        }
        self.places[slot as usize] = place;
    }

    fn add_cell(&mut self, key: CellKey<D>) -> u32 {
        let cell_id = match self.empty_cells.pop() {
            Some(cell_id) => {
                self.cells[cell_id as usize].key = key;
                cell_id
            }
            None => {
                self.cells.push(Cell { key, points: Vec::new() });
                (self.cells.len() - 1) as u32
            }
        };
        self.cell_by_key.insert(key, cell_id);
        cell_id
    }

    fn remove(&mut self, slot: Slot) {
        let place = self.places[slot as usize];
        let cell = &mut self.cells[place.cell as usize];
        let position = place.position as usize;
        debug_assert_eq!(cell.points.get(position).map(|point| point.slot), Some(slot), "a point is astray");
        cell.points.swap_remove(position);
        if let Some(moved) = cell.points.get(position) {
            self.places[moved.slot as usize].position = place.position;
        }
        if cell.points.is_empty() {
            let key = cell.key;
            self.cell_by_key.remove(&key);
            self.empty_cells.push(place.cell);
        }
    }

    #[inline]
    fn update(&mut self, slot: Slot, position: [S; D]) {
        let key = self.key_of(position);
        let place = self.places[slot as usize];
        let cell = &mut self.cells[place.cell as usize];
        if cell.key == key {
            cell.points[place.position as usize].position = position;
        } else {
            self.remove(slot);
            self.insert(slot, position);
        }
    }

    fn near(&self, centre: [f64; 3], radius: f64, out: &mut Vec<Slot>) {
        let centre: [f64; D] = std::array::from_fn(|axis| centre[axis]);
        let spans: [RangeInclusive<i32>; D] = centre.map(|coordinate| self.span(coordinate, radius));
        let cells_in_box = spans
            .iter()
            .map(|span| (i64::from(*span.end()) - i64::from(*span.start()) + 1) as u128)
            .product::<u128>();
        if cells_in_box > self.cell_by_key.len() as u128 {
            let in_box = |cell: &&Cell<S, D>| {
                cell.key.iter().zip(&spans).all(|(coordinate, span)| span.contains(coordinate))
            };
            self.cells.iter().filter(in_box).for_each(|cell| cell.near(centre, radius, out));
            return;
        }
        let mut key = spans.each_ref().map(|span| *span.start());
        loop {
            if let Some(&cell_id) = self.cell_by_key.get(&key) {
                self.cells[cell_id as usize].near(centre, radius, out);
            }
            // The next cell of the box, the first axis fastest.
            let Some(axis) = (0..D).find(|&axis| key[axis] < *spans[axis].end()) else { return };
            key[axis] += 1;
            for lower in 0..axis {
                key[lower] = *spans[lower].start();
            }
        }
    }

    /// The cells that a circle can reach on one axis. A little wider than the circle, so that rounding here never
    /// excludes what the exact check below would accept.
    fn span(&self, centre: f64, radius: f64) -> RangeInclusive<i32> {
        let slack = (centre.abs() + radius) * (8.0 * f64::EPSILON);
        let reach = radius + slack;
        self.cell_of(centre - reach)..=self.cell_of(centre + reach)
    }
}

impl<S: Coordinate, const D: usize> Cell<S, D> {
    /// Appends the cell's points within the circle, decided on the true coordinates in `f64`.
    #[inline]
    fn near(&self, centre: [f64; D], radius: f64, out: &mut Vec<Slot>) {
        if SQUARABLE.contains(&radius) {
            let limit = radius * radius;
            self.collect(out, |position| square_of_distance(position, centre) <= limit);
        } else {
            self.collect(out, |position| is_within(position, centre, radius));
        }
    }

    #[inline]
    fn collect(&self, out: &mut Vec<Slot>, is_inside: impl Fn([f64; D]) -> bool) {
        let start = out.len();
        out.resize(start + self.points.len(), 0);
        let found = &mut out[start..];
        let mut found_count = 0;
        for point in &self.points {
            // Written always, kept only when inside: no branch depends on where the points are.
            found[found_count] = point.slot;
            found_count += usize::from(is_inside(point.position.map(Into::into)));
        }
        out.truncate(start + found_count);
    }
}

/// Radii whose square neither overflows nor vanishes.
const SQUARABLE: std::ops::Range<f64> = 1e-140..1e140;

#[inline]
fn square_of_distance<const D: usize>(point: [f64; D], centre: [f64; D]) -> f64 {
    let mut square = 0.0;
    for axis in 0..D {
        let distance = point[axis] - centre[axis];
        square += distance * distance;
    }
    square
}

/// Whether two points are at most `radius` apart. Exact in `f64` also where squares would overflow or vanish.
#[inline]
pub fn is_within<const D: usize>(point: [f64; D], centre: [f64; D], radius: f64) -> bool {
    if SQUARABLE.contains(&radius) {
        return square_of_distance(point, centre) <= radius * radius;
    }
    if radius == 0.0 {
        return point == centre;
    }
    // In units of the radius, so that a square of a number past 1 may overflow and still be past 1.
    let scaled: [f64; D] = std::array::from_fn(|axis| (point[axis] - centre[axis]) / radius);
    radius == f64::INFINITY || square_of_distance(scaled, [0.0; D]) <= 1.0
}
