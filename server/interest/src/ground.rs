//! What the follower keeps for one kind of moving circle: the rows that it can show, those at rest in a grid that stays as
//! it is, and a list of those that moved lately.
//!
//! Rows that stand still cost nothing. A row that changes is forgotten by the grid and taken into the list; when the list
//! has many rows that no longer move, the grid is built anew.

use ambit_model::{ColumnType, Slot, TableSchema};
use ambit_store::Store;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::grid::{Grid, Item};
use crate::limits;
use crate::query::plan::{Circle, Filter, Form, Operand, Position};

/// What a circle's rows are told apart by. Circles of one shape share a [`Ground`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The rows that are there at all.
    pub filter: Filter,
    pub position: Position,
    /// Columns of which a circle wants one value each.
    pub joined: Vec<Operand>,
    /// The columns that clients are shown, as a mask.
    pub shown: u64,
    /// Whether that is all that a circle asks for. If not, each row is to be tested with the circle itself.
    pub is_exact: bool,
}

/// The rows of one shape.
#[derive(Debug)]
pub(crate) struct Ground {
    pub shape: Shape,
    /// The columns that it depends on, as a mask.
    pub columns: u64,
    /// The radii of the circles that use it.
    pub radii: Vec<f64>,
    /// Rows that have not changed since it was built.
    pub resting: Grid,
    /// By slot: the row's place in `resting` plus one, or 0.
    places: Vec<u32>,
    /// All other rows, and some slots that are free.
    pub moving: SlotSet,
    /// Rows that changed since they were last looked through for those that have come to rest.
    touched: SlotSet,
    /// Rows that `resting` has forgotten.
    forgotten: usize,
    names: Names,
    is_built: bool,
    /// Flushes since the rows were looked through.
    flushes: u32,
    /// The period of its table that its sweep tells of.
    pub swept: Option<u64>,
    items: Vec<Item>,
}

/// Numbers of joined values that do not fit a key.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<Vec<u8>, u64, FxBuildHasher>,
    bytes: Vec<u8>,
}

/// A set of slots.
#[derive(Debug, Default)]
pub(crate) struct SlotSet {
    words: Vec<u64>,
    len: usize,
}

impl Shape {
    /// The shape of a circle whose clients are shown these columns, and a plainer one that takes in other circles too.
    pub fn of(circle: &Circle, shown: u64, table: &TableSchema) -> (Self, Self) {
        let plain = Self {
            filter: Filter::of_all(circle.target.table),
            position: circle.target_position,
            joined: Vec::new(),
            shown: table.visible_columns(),
            is_exact: circle.joined.is_empty() && circle.target.is_of_all(),
        };
        let joined: Vec<Operand> = circle.joined.iter().map(|(target, _)| *target).collect();
        let is_personal = names_somebody(&circle.target, table);
        let filter = if is_personal { plain.filter.clone() } else { circle.target.clone() };
        let own = Self { filter, joined, shown, is_exact: !is_personal, ..plain.clone() };
        (own, plain)
    }

    /// The shape of rows within a place that does not move, which satisfy a filter besides, and a plainer one.
    pub fn around(position: Position, filter: &Filter, table: &TableSchema) -> (Self, Self) {
        let plain = Self {
            filter: Filter::of_all(filter.table),
            position,
            joined: Vec::new(),
            shown: table.visible_columns(),
            is_exact: filter.is_of_all(),
        };
        let is_personal = names_somebody(filter, table);
        let filter = if is_personal { plain.filter.clone() } else { filter.clone() };
        (Self { filter, is_exact: !is_personal, ..plain.clone() }, plain)
    }

    pub fn table(&self) -> u16 {
        self.filter.table
    }

    /// Whether it is of all rows, told apart by nothing, with all columns that clients may see.
    pub fn is_plain(&self, table: &TableSchema) -> bool {
        self.joined.is_empty() && self.filter.is_of_all() && self.shown == table.visible_columns()
    }

    /// The columns that decide where a row is found, as a mask.
    pub fn columns(&self) -> u64 {
        let joined = self.joined.iter().fold(1 << self.position.column, |mask, own| mask | 1 << own.column);
        joined | self.filter.columns()
    }
}

/// Whether a filter compares an id of a player or a connection: then each player has a filter of its own.
fn names_somebody(filter: &Filter, table: &TableSchema) -> bool {
    let columns = filter.columns();
    table.columns.iter().enumerate().any(|(place, column)| {
        columns >> place & 1 == 1 && matches!(column.ty, ColumnType::Identity | ColumnType::ConnectionId)
    })
}

impl Ground {
    pub fn new(shape: Shape, radius: f64) -> Self {
        Self {
            columns: shape.columns(),
            shape,
            radii: vec![radius],
            resting: Grid::default(),
            places: Vec::new(),
            moving: SlotSet::default(),
            touched: SlotSet::default(),
            forgotten: 0,
            names: Names::default(),
            is_built: false,
            flushes: 0,
            swept: None,
            items: Vec::new(),
        }
    }

    /// The largest radius that is asked for.
    pub fn radius(&self) -> f64 {
        self.radii.iter().copied().fold(0.0, f64::max)
    }

    /// A row has come, gone or changed.
    #[inline]
    pub fn wake(&mut self, slot: Slot) {
        if !self.is_built {
            return;
        }
        self.touched.insert(slot);
        if self.moving.insert(slot)
            && let Some(place) = self.places.get_mut(slot as usize)
            && *place > 0
        {
            self.resting.forget(*place as usize - 1);
            self.forgotten += 1;
            *place = 0;
        }
    }

    /// The same, for a row that has been woken before.
    #[inline]
    pub fn wake_again(&mut self, slot: Slot) {
        if !self.moving.contains(slot) {
            self.wake(slot);
        }
    }

    /// Before a flush: rows that have come to rest go to the grid, if they are many.
    pub fn settle(&mut self, store: &Store) {
        if !self.is_built {
            return self.rebuild(store);
        }
        self.flushes += 1;
        let mut wants_rest = false;
        if self.flushes >= limits::FLUSHES_PER_REST {
            self.flushes = 0;
            wants_rest = self.moving.len > 2 * self.touched.len;
            if wants_rest {
                std::mem::swap(&mut self.moving, &mut self.touched);
            }
            self.touched.clear();
        }
        // Values of joined columns that no row has any more are not kept for ever.
        let rows = self.resting.len() + self.moving.len;
        let has_many_names = self.names.known.len() > 2 * rows + limits::NAMES_SPARE;
        if wants_rest || has_many_names || 2 * self.forgotten > self.resting.len() {
            self.rebuild(store);
        }
    }

    /// Builds the grid of all rows that do not move.
    fn rebuild(&mut self, store: &Store) {
        self.names.known.clear();
        self.places.clear();
        let mut items = std::mem::take(&mut self.items);
        items.clear();
        for (slot, row) in store.slots(self.shape.table()) {
            if !self.moving.contains(slot)
                && let Some((place, key)) = self.locate(row)
            {
                items.push(Item { place, key, number: slot });
            }
        }
        let radius = self.radius();
        self.resting.build(&items, radius);
        for (place, &slot) in (1..).zip(&self.resting.numbers) {
            if self.places.len() <= slot as usize {
                self.places.resize(slot as usize + 1, 0);
            }
            if let Some(known) = self.places.get_mut(slot as usize) {
                *known = place;
            }
        }
        self.items = items;
        self.is_built = true;
        self.forgotten = 0;
        self.swept = None;
    }

    /// How many joined values have a number.
    pub fn name_count(&self) -> usize {
        self.names.known.len()
    }

    /// Joined values get other numbers: all rows are to be located again.
    pub fn forget_names(&mut self) {
        self.names.known.clear();
    }

    /// Nothing is known of the rows any more.
    pub fn forget(&mut self) {
        *self = Self { radii: std::mem::take(&mut self.radii), ..Self::new(self.shape.clone(), 0.0) };
    }

    /// Where a row is, and its key; none if circles of this shape never show it.
    #[inline]
    pub fn locate(&mut self, row: &[u8]) -> Option<([f64; 3], u64)> {
        if !self.shape.filter.matches(row) {
            return None;
        }
        let key = match self.shape.joined.as_slice() {
            [] => 0,
            joined => match key(joined.iter().copied(), row, &mut self.names.bytes) {
                Some(key) => key,
                None => self.names.give(),
            },
        };
        Some((self.shape.position.read(row), key))
    }

    /// The key of the rows that a circle around this row shows; none if there are no such rows.
    #[inline]
    pub fn key_around(&self, circle: &Circle, observer: &[u8], bytes: &mut Vec<u8>) -> Option<u64> {
        // A plain ground has one key, whatever the circle joins.
        let joined = circle.joined.iter().map(|(_, own)| *own).take(self.shape.joined.len());
        key(joined, observer, bytes).or_else(|| self.names.known.get(bytes.as_slice()).copied())
    }
}

/// The joined values as one number if they fit 8 bytes; otherwise they are left in `bytes`.
#[inline]
fn key(mut joined: impl ExactSizeIterator<Item = Operand>, row: &[u8], bytes: &mut Vec<u8>) -> Option<u64> {
    // The usual key: one number.
    if joined.len() == 1
        && let Some(operand) = joined.next()
    {
        let value = operand.bytes(row);
        match (operand.form, value.first_chunk::<4>()) {
            (Form::Unsigned(4), Some(word)) => return Some(u32::from_le_bytes(*word).into()),
            _ => return key_of([operand].into_iter(), row, bytes),
        }
    }
    key_of(joined, row, bytes)
}

fn key_of(joined: impl Iterator<Item = Operand>, row: &[u8], bytes: &mut Vec<u8>) -> Option<u64> {
    bytes.clear();
    let mut is_fixed = true;
    for operand in joined {
        let value = operand.bytes(row);
        if operand.form == Form::Heap {
            is_fixed = false;
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        bytes.extend_from_slice(value);
    }
    let mut key = [0; 8];
    key.get_mut(..bytes.len()).filter(|_| is_fixed)?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(key))
}

impl Names {
    /// The number of what lies in `bytes`.
    fn give(&mut self) -> u64 {
        let next = self.known.len() as u64;
        *self.known.entry_ref(self.bytes.as_slice()).or_insert(next)
    }
}

impl Filter {
    /// The filter that every row of a table passes.
    pub fn of_all(table: u16) -> Self {
        Self::new(table, Vec::new())
    }

    pub fn is_of_all(&self) -> bool {
        self.conditions.is_empty()
    }
}

impl SlotSet {
    /// Adds a slot; whether it was not there.
    #[inline]
    pub fn insert(&mut self, slot: Slot) -> bool {
        let word = slot as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let is_new = *word >> (slot % 64) & 1 == 0;
        *word |= 1 << (slot % 64);
        self.len += usize::from(is_new);
        is_new
    }

    pub fn contains(&self, slot: Slot) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        (0..).zip(&self.words).flat_map(|(place, &word)| {
            let rest = std::iter::successors(Some(word), |&rest| Some(rest & rest.wrapping_sub(1)));
            rest.take_while(|&rest| rest != 0).map(move |rest| place * 64 + rest.trailing_zeros())
        })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ambit_model::{ColumnSchema, Schema, Value, encode_row, glam::Vec2};

    use super::*;

    /// Every name that a row ever had was kept as long as all rows moved.
    #[test]
    fn names_that_are_gone_are_forgotten() {
        let columns =
            vec![ColumnSchema::new("place", ColumnType::Vec2), ColumnSchema::new("team", ColumnType::String)];
        let table = TableSchema { name: "player".into(), columns, ..TableSchema::default() };
        let layout = table.layout();
        let [place, team] = layout.columns() else { panic!("two columns") };
        let joined = vec![Operand::new(1, team).expect("text can be compared")];
        let position = Position::new(0, place).expect("a position");
        let shape = Shape { filter: Filter::of_all(0), position, joined, shown: u64::MAX, is_exact: true };
        let mut ground = Ground::new(shape, 10.0);
        let mut store = Store::new(Arc::new(Schema { tables: vec![table], ..Schema::default() }));
        let row = |team: u32| {
            let values = [Value::Vec2(Vec2::ZERO), Value::String(format!("team {team}"))];
            encode_row(&layout, &values).expect("a row")
        };
        let slot = store.insert(0, &mut row(0)).expect("inserted");
        for team in 0..10_000 {
            store.update(0, slot, &row(team)).expect("updated");
            ground.wake(slot);
            ground.settle(&store);
            let row = store.row(0, slot).expect("it is there");
            ground.locate(row).expect("it can be shown");
        }
        assert!(ground.names.known.len() <= 3 + limits::NAMES_SPARE, "{}", ground.names.known.len());
    }
}
