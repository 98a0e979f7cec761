//! The follower's copy of the database: rows, what happened to them lately, and grids over their positions.

mod select;

use std::sync::Arc;

use ambit_model::{RowLayout, Schema, Slot, TableSchema};
use ambit_store::{AppliedChange, ApplyError, ChangeKind, Store};

use crate::changes::ChangeLog;
use crate::grid::{Grid, Shape};
use crate::limits;
use crate::query::QueryError;
use crate::query::plan::{Circle, Filter};
use crate::renumber::Renumbering;

/// A grid's place in [`World`].
pub(crate) type GridId = usize;

pub(crate) struct World {
    pub schema: Arc<Schema>,
    pub store: Store,
    pub tables: Vec<Table>,
    grids: Vec<WatchedGrid>,
}

/// What the follower keeps for a table besides its rows.
pub(crate) struct Table {
    pub layout: RowLayout,
    pub log: ChangeLog,
    /// Above every slot that the table ever used.
    pub slot_count: usize,
    /// The primary key's columns as a mask: a row that changes them is another row.
    identity: u64,
    /// How many filters test each column, and how many watch the table at all.
    tested: Vec<u32>,
    watchers: u32,
    /// The tested columns as a mask.
    tested_mask: u64,
}

/// A grid as a circle uses it.
#[derive(Clone, Copy)]
pub(crate) struct CircleGrid<'a> {
    pub grid: &'a Grid,
    /// Whether the grid tells the circle's joined columns apart; if not, the circle is to.
    pub is_keyed: bool,
}

struct WatchedGrid {
    shape: Shape,
    columns: u64,
    /// The radii of the circles that use it.
    radii: Vec<f64>,
    grid: Grid,
    is_current: bool,
}

impl Table {
    fn new(schema: &TableSchema, store: &Store, id: u16) -> Self {
        Self {
            layout: schema.layout(),
            log: ChangeLog::default(),
            slot_count: store.slots(id).last().map_or(0, |(slot, _)| slot as usize + 1),
            identity: identity(schema),
            tested: vec![0; schema.columns.len()],
            watchers: 0,
            tested_mask: 0,
        }
    }

    fn remember(&mut self, change: &AppliedChange<'_>) {
        let old = (self.tested_mask != 0).then_some(change.old);
        match change.kind {
            ChangeKind::Insert => self.log.push(change.slot, ChangeKind::Insert, 0, None),
            ChangeKind::Delete => self.log.push(change.slot, ChangeKind::Delete, 0, old),
            // One transaction took a row away and put another one in its place.
            ChangeKind::Update if change.mask & self.identity != 0 => {
                self.log.push(change.slot, ChangeKind::Delete, 0, old);
                self.log.push(change.slot, ChangeKind::Insert, 0, None);
            }
            ChangeKind::Update => {
                let is_tested = change.mask & self.tested_mask != 0;
                self.log.push(change.slot, ChangeKind::Update, change.mask, old.filter(|_| is_tested));
            }
        }
    }
}

/// The primary key's columns as a mask.
fn identity(schema: &TableSchema) -> u64 {
    let primary = schema.primary_index().map(|index| index.columns.as_slice());
    primary.unwrap_or_default().iter().fold(0, |mask, column| mask | 1 << column)
}

impl World {
    pub fn new(store: Store) -> Self {
        let schema = Arc::clone(store.schema());
        let tables = (0..).zip(&schema.tables).map(|(id, table)| Table::new(table, &store, id)).collect();
        Self { tables, store, schema, grids: Vec::new() }
    }

    pub fn table(&self, table: u16) -> Option<&Table> {
        self.tables.get(usize::from(table))
    }

    pub fn row(&self, table: u16, slot: Slot) -> Option<&[u8]> {
        self.store.row(table, slot)
    }

    /// Applies a commit and remembers what it did to the tables that are watched.
    pub fn apply(&mut self, body: &[u8]) -> Result<(), ApplyError> {
        let Self { store, tables, grids, .. } = self;
        store.apply(body, |change: AppliedChange<'_>| {
            let Some(table) = tables.get_mut(usize::from(change.table)) else { return };
            table.slot_count = table.slot_count.max(change.slot as usize + 1);
            let is_update = change.kind == ChangeKind::Update;
            for grid in grids.iter_mut().filter(|grid| grid.shape.table == change.table) {
                grid.is_current &= is_update && grid.columns & change.mask == 0;
            }
            if table.watchers > 0 {
                table.remember(&change);
            }
        })
    }

    /// Begins to remember what happens to the filter's table.
    pub fn watch(&mut self, filter: &Filter) {
        self.count(filter, 1);
    }

    /// Takes one [`Self::watch`] back.
    pub fn unwatch(&mut self, filter: &Filter) {
        self.count(filter, -1);
    }

    fn count(&mut self, filter: &Filter, by: i32) {
        let Some(table) = self.tables.get_mut(usize::from(filter.table)) else { return };
        table.watchers = table.watchers.saturating_add_signed(by);
        let columns = filter.columns();
        table.tested_mask = 0;
        for (column, count) in table.tested.iter_mut().enumerate() {
            if columns >> column & 1 == 1 {
                *count = count.saturating_add_signed(by);
            }
            table.tested_mask |= u64::from(*count > 0) << column;
        }
    }

    /// Goes over to the schema that the store has now. Nothing is left to tell anybody of the time before.
    pub fn renumber(&mut self, renumbering: &Renumbering) {
        self.schema = Arc::clone(self.store.schema());
        let mut kept: Vec<(u16, Table)> = (0..)
            .zip(std::mem::take(&mut self.tables))
            .filter_map(|(old, table)| Some((renumbering.id(old)?, table)))
            .collect();
        for (id, schema) in (0..).zip(&self.schema.tables) {
            let table = match kept.iter().position(|(kept, _)| *kept == id) {
                Some(place) => Table {
                    identity: identity(schema),
                    log: ChangeLog::default(),
                    ..kept.swap_remove(place).1
                },
                None => Table::new(schema, &self.store, id),
            };
            self.tables.push(table);
        }
        for grid in self.grids.iter_mut().filter(|grid| !grid.radii.is_empty()) {
            renumbering.replace(&mut grid.shape.table);
        }
    }

    /// Begins to keep a grid for the circle.
    pub fn watch_grid(&mut self, circle: &Circle) -> Result<GridId, QueryError> {
        let mut shape = Shape::of(circle);
        let radius = circle.radius.get();
        if !shape.joined.is_empty() && !self.has_grid(&shape) {
            let used = self.grids.iter().filter(|grid| !grid.radii.is_empty());
            if used.filter(|grid| !grid.shape.joined.is_empty()).count() >= limits::KEYED_GRIDS_MAX {
                shape.joined.clear();
            }
        }
        if let Some(id) = self.grids.iter().position(|grid| !grid.radii.is_empty() && grid.shape == shape) {
            if let Some(grid) = self.grids.get_mut(id) {
                grid.radii.push(radius);
            }
            return Ok(id);
        }
        let columns = shape.columns();
        let grid =
            WatchedGrid { shape, columns, radii: vec![radius], grid: Grid::default(), is_current: false };
        match self.grids.iter().position(|grid| grid.radii.is_empty()) {
            Some(id) => {
                if let Some(place) = self.grids.get_mut(id) {
                    *place = grid;
                }
                Ok(id)
            }
            None if self.grids.len() < limits::GRIDS_MAX => {
                self.grids.push(grid);
                Ok(self.grids.len() - 1)
            }
            None => Err(QueryError::TooManyCircles),
        }
    }

    fn has_grid(&self, shape: &Shape) -> bool {
        self.grids.iter().any(|grid| !grid.radii.is_empty() && grid.shape == *shape)
    }

    /// Takes one [`Self::watch_grid`] back.
    pub fn unwatch_grid(&mut self, id: GridId, circle: &Circle) {
        let Some(grid) = self.grids.get_mut(id) else { return };
        if let Some(place) = grid.radii.iter().position(|radius| *radius == circle.radius.get()) {
            grid.radii.swap_remove(place);
        }
        if grid.radii.is_empty() {
            grid.grid = Grid::default();
        }
    }

    /// Makes the grid agree with the table.
    pub fn refresh_grid(&mut self, id: GridId) {
        let Some(watched) = self.grids.get_mut(id) else { return };
        if !watched.is_current {
            let radius = watched.radii.iter().copied().fold(0.0, f64::max);
            watched.grid.build(&watched.shape, self.store.slots(watched.shape.table), radius);
            watched.is_current = true;
        }
    }

    pub fn grid(&self, id: GridId, circle: &Circle) -> Option<CircleGrid<'_>> {
        self.grids.get(id).map(|watched| CircleGrid {
            grid: &watched.grid,
            is_keyed: watched.shape.joined.len() == circle.joined.len(),
        })
    }
}
