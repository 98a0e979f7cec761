//! The follower's copy of the database: rows, what happened to them lately, and grids over their positions.

mod best;
mod joined;
pub(crate) mod near;
pub(crate) mod priority;
mod ranked;
mod select;

pub(crate) mod spots;
pub(crate) mod stamps;

use std::sync::Arc;

use ambit_model::{MotionLayout, RowLayout, Schema, Slot, TableSchema};
use ambit_store::{AppliedChange, ApplyError, ChangeKind, Store};

use crate::changes::ChangeLog;
use crate::ground::{Ground, Shape};
use crate::limits;
use crate::query::QueryError;
use crate::query::plan::{Circle, Filter};
use crate::renumber::Renumbering;
use priority::Weigher;
use spots::Spots;
use stamps::Stamps;

pub(crate) use best::Place;

/// A ground's place in [`World`].
pub(crate) type GroundId = usize;

pub(crate) struct World {
    pub schema: Arc<Schema>,
    pub store: Store,
    pub tables: Vec<Table>,
    grounds: Vec<Ground>,
    spots: Vec<Spots>,
}

/// What the follower keeps for a table besides its rows.
pub(crate) struct Table {
    pub layout: RowLayout,
    /// The columns whose steps are told.
    pub motion: MotionLayout,
    pub log: ChangeLog,
    /// Changes since the follower began, remembered or not.
    pub version: u64,
    /// All columns as a mask.
    pub columns: u64,
    /// The columns that clients may see. Bits behind the last column are set.
    pub visible: u64,
    /// Whether rules hide some of its rows.
    pub is_ruled: bool,
    /// The row without any column.
    pub blank: Vec<u8>,
    /// Above every slot that the table ever used.
    pub slot_count: usize,
    /// The primary key's columns as a mask: a row that changes them is another row.
    identity: u64,
    /// How many watch the table at all.
    watchers: u32,
    /// The columns that filters test.
    pub tested: ColumnCounts,
    /// The columns that say where rows are for moving circles.
    placed: ColumnCounts,
    /// When its rows changed, for clients that are not told every change at once.
    pub stamps: Stamps,
    /// What its rows are worth where they compete for a budget.
    pub weigher: Weigher,
}

/// How many depend on each of a table's columns.
#[derive(Default)]
pub(crate) struct ColumnCounts {
    counts: Vec<u32>,
    /// Those with a count as a mask.
    pub mask: u64,
}

impl Table {
    fn new(schema: &TableSchema, store: &Store, id: u16) -> Self {
        let layout = schema.layout();
        Self {
            columns: layout.all_columns(),
            visible: schema.visible_columns(),
            is_ruled: !schema.visible.is_empty(),
            blank: layout.blank_row(),
            layout,
            motion: motion(schema),
            log: ChangeLog::default(),
            version: 0,
            slot_count: store.slots(id).last().map_or(0, |(slot, _)| slot as usize + 1),
            identity: identity(schema),
            watchers: 0,
            tested: ColumnCounts::default(),
            placed: ColumnCounts::default(),
            stamps: Stamps::new(schema.columns.len()),
            weigher: Weigher::of(schema),
        }
    }

    fn remember(&mut self, change: &AppliedChange<'_>) {
        let is_another = change.mask & self.identity != 0;
        let wanted = self.tested.mask | self.placed.mask | self.motion.mask();
        let is_update = change.kind == ChangeKind::Update && !is_another;
        if !is_update || change.mask & self.visible != 0 {
            self.stamps.note(change.slot, change.kind, change.mask & self.visible, is_another);
        } else if change.mask & wanted == 0 {
            // Of columns that only the module sees nobody is told, and no rule asks for these.
            return;
        }
        let old = (wanted != 0).then_some(change.old);
        match change.kind {
            ChangeKind::Insert => self.log.push(change.slot, ChangeKind::Insert, 0, None),
            ChangeKind::Delete => self.log.push(change.slot, ChangeKind::Delete, 0, old),
            // One transaction took a row away and put another one in its place.
            ChangeKind::Update if is_another => {
                self.log.push(change.slot, ChangeKind::Delete, 0, old);
                self.log.push(change.slot, ChangeKind::Insert, 0, None);
            }
            ChangeKind::Update => {
                let is_wanted = change.mask & wanted != 0;
                self.log.push(change.slot, ChangeKind::Update, change.mask, old.filter(|_| is_wanted));
            }
        }
    }
}

/// The columns whose steps are told: none if rules hide rows. Steps lead on from what a row did before, they are coded as suits
/// all rows together, and a row that rests is told once more. All that would speak of what is hidden.
fn motion(schema: &TableSchema) -> MotionLayout {
    if schema.visible.is_empty() { schema.motion() } else { MotionLayout::default() }
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
        Self { tables, store, schema, grounds: Vec::new(), spots: Vec::new() }
    }

    pub fn table(&self, table: u16) -> Option<&Table> {
        self.tables.get(usize::from(table))
    }

    pub fn row(&self, table: u16, slot: Slot) -> Option<&[u8]> {
        self.store.row(table, slot)
    }

    /// What a row is worth where rows compete for a budget.
    #[inline]
    pub fn weight(&self, table: u16, slot: Slot) -> f32 {
        self.table(table).map_or(1.0, |known| known.weigher.weigh(|| self.row(table, slot)))
    }

    /// Applies a commit and remembers what it did to the tables that are watched.
    pub fn apply(&mut self, body: &[u8]) -> Result<(), ApplyError> {
        let Self { store, tables, grounds, spots, .. } = self;
        store.apply(body, |change: AppliedChange<'_>| {
            let Some(table) = tables.get_mut(usize::from(change.table)) else { return };
            table.version += 1;
            table.slot_count = table.slot_count.max(change.slot as usize + 1);
            for ground in grounds.iter_mut().filter(|ground| ground.shape.table() == change.table) {
                ground.wake(change.slot);
            }
            for spots in spots.iter_mut().filter(|spots| spots.shape().table() == change.table) {
                spots.touch(change.slot);
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
        self.count_columns(filter.table, filter.columns(), by);
    }

    fn count_columns(&mut self, table: u16, columns: u64, by: i32) {
        let Some(table) = self.tables.get_mut(usize::from(table)) else { return };
        table.watchers = table.watchers.saturating_add_signed(by);
        table.tested.add(columns, by);
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
                    visible: schema.visible_columns(),
                    is_ruled: !schema.visible.is_empty(),
                    motion: motion(schema),
                    weigher: Weigher::of(schema),
                    log: ChangeLog::default(),
                    ..kept.swap_remove(place).1
                },
                None => Table::new(schema, &self.store, id),
            };
            self.tables.push(table);
        }
        for ground in self.grounds.iter_mut().filter(|ground| !ground.radii.is_empty()) {
            renumbering.filter(&mut ground.shape.filter);
            ground.forget();
        }
        for spots in self.spots.iter_mut().filter(|spots| spots.is_used()) {
            renumbering.filter(&mut spots.shape_mut().filter);
            spots.forget();
        }
    }

    /// Begins to keep the ground of a circle whose clients are shown these columns.
    pub fn watch_circle(&mut self, circle: &Circle, shown: u64) -> Result<GroundId, QueryError> {
        let id = self.ground_for(circle, shown)?;
        self.watch(&circle.observer);
        self.watch(&Filter::of_all(circle.target.table));
        self.count_places(circle, id, 1);
        Ok(id)
    }

    /// Takes one [`Self::watch_circle`] back.
    pub fn unwatch_circle(&mut self, id: GroundId, circle: &Circle) {
        self.count_places(circle, id, -1);
        self.unwatch(&circle.observer);
        self.unwatch(&Filter::of_all(circle.target.table));
        let Some(ground) = self.grounds.get_mut(id) else { return };
        if let Some(place) = ground.radii.iter().position(|radius| *radius == circle.radius.get()) {
            ground.radii.swap_remove(place);
        }
        if ground.radii.is_empty() {
            ground.forget();
        }
    }

    fn ground_for(&mut self, circle: &Circle, shown: u64) -> Result<GroundId, QueryError> {
        let Some(table) = self.schema.tables.get(usize::from(circle.target.table)) else {
            return Err(QueryError::TooManyCircles);
        };
        let (mut shape, plain) = Shape::of(circle, shown, table);
        let radius = circle.radius.get();
        let used = || self.grounds.iter().filter(|ground| !ground.radii.is_empty());
        if !shape.is_plain(table) && !used().any(|ground| ground.shape == shape) {
            let own_count = used().filter(|ground| !self.is_plain(&ground.shape)).count();
            if own_count >= limits::OWN_GROUNDS_MAX {
                shape = plain;
            }
        }
        let is_same = |ground: &Ground| !ground.radii.is_empty() && ground.shape == shape;
        if let Some(id) = self.grounds.iter().position(is_same) {
            if let Some(ground) = self.grounds.get_mut(id) {
                ground.radii.push(radius);
            }
            return Ok(id);
        }
        let ground = Ground::new(shape, radius);
        match self.grounds.iter().position(|ground| ground.radii.is_empty()) {
            Some(id) => {
                if let Some(place) = self.grounds.get_mut(id) {
                    *place = ground;
                }
                Ok(id)
            }
            None if self.grounds.len() < limits::GROUNDS_MAX => {
                self.grounds.push(ground);
                Ok(self.grounds.len() - 1)
            }
            None => Err(QueryError::TooManyCircles),
        }
    }

    /// Whether a shape takes in all circles around rows of its table.
    fn is_plain(&self, shape: &Shape) -> bool {
        let table = self.schema.tables.get(usize::from(shape.table()));
        table.is_none_or(|table| shape.is_plain(table))
    }

    /// Where rows were must be known: of those that a circle shows, and of those in its centre.
    fn count_places(&mut self, circle: &Circle, ground: GroundId, by: i32) {
        let target = self.grounds.get(ground).map_or(0, |ground| ground.columns) | circle.target.columns();
        let target = circle.joined.iter().fold(target, |mask, (target, _)| mask | 1 << target.column);
        let observer = 1 << circle.observer_position.column;
        let observer = circle.joined.iter().fold(observer, |mask, (_, own)| mask | 1 << own.column);
        for (id, columns) in [(circle.target.table, target), (circle.observer.table, observer)] {
            if let Some(table) = self.tables.get_mut(usize::from(id)) {
                table.placed.add(columns, by);
            }
        }
    }

    pub fn ground(&self, id: GroundId) -> Option<&Ground> {
        self.grounds.get(id)
    }

    /// Takes a ground out to work on it while the rows are read; [`Self::put_ground`] puts it back.
    pub fn take_ground(&mut self, id: GroundId) -> Option<Ground> {
        let ground = self.grounds.get_mut(id)?;
        let empty = Ground::new(ground.shape.clone(), 0.0);
        Some(std::mem::replace(ground, empty))
    }

    pub fn put_ground(&mut self, id: GroundId, ground: Ground) {
        if let Some(place) = self.grounds.get_mut(id) {
            *place = ground;
        }
    }
}

impl ColumnCounts {
    fn add(&mut self, columns: u64, by: i32) {
        self.mask = 0;
        self.counts.resize(64, 0);
        for (column, count) in self.counts.iter_mut().enumerate() {
            if columns >> column & 1 == 1 {
                *count = count.saturating_add_signed(by);
            }
            self.mask |= u64::from(*count > 0) << column;
        }
    }
}
