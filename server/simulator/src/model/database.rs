//! The naive database: a map of rows per table, every rule said as plainly as possible and checked by looking at every
//! row.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ambit_model::{IndexKind, OnDelete, Slot, Value, encode_row};

use super::shape::{Shape, TableShape};
use crate::module::types;

/// A row in all the forms that a question may need.
#[derive(Debug)]
pub(crate) struct Row {
    pub values: Vec<Value>,
    pub bytes: Vec<u8>,
    /// Per index its key; none for spatial ones.
    pub keys: Vec<Option<Vec<u8>>>,
    /// Per reference the key that it names, if it names one.
    pub names: Vec<Option<Vec<u8>>>,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub rows: BTreeMap<Slot, Rc<Row>>,
    /// Per auto_inc column the highest number that was ever held or given.
    pub counters: BTreeMap<u16, u64>,
}

/// All tables. Copies share what neither has changed.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub shape: Rc<Shape>,
    pub tables: Vec<Rc<Table>>,
}

/// Why the model refuses a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// The slot holds no row.
    UnknownSlot,
    /// The bytes are no row.
    Row,
    /// Another row has a key that only one may have.
    Unique,
    /// A position is not finite.
    Position,
    /// No number is left.
    Exhausted,
    /// The named row is not there, or the row is named.
    Reference,
}

/// Rows are the same if their bytes are: a value that is not a number differs from itself.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Row {
    pub(crate) fn new(shape: &TableShape, values: Vec<Value>) -> Option<Self> {
        let bytes = encode_row(&shape.layout, &values).ok()?;
        let keys = shape.indexes.iter().map(|index| index.key(&values)).collect();
        let names = shape.references.iter().map(|reference| reference.key(&values)).collect();
        Some(Self { values, bytes, keys, names })
    }
}

impl Database {
    pub(crate) fn new(shape: Rc<Shape>) -> Self {
        let tables = shape.tables.iter().map(|_| Rc::default()).collect();
        Self { shape, tables }
    }

    pub(crate) fn table(&self, table: u16) -> Option<&Table> {
        self.tables.get(usize::from(table)).map(Rc::as_ref)
    }

    pub(crate) fn row(&self, table: u16, slot: Slot) -> Option<&Rc<Row>> {
        self.table(table)?.rows.get(&slot)
    }

    pub(crate) fn counter(&self, table: u16, column: u16) -> u64 {
        self.table(table).and_then(|table| table.counters.get(&column)).copied().unwrap_or(0)
    }

    /// Fills in the counting columns that are 0.
    pub(crate) fn count(&self, table: u16, values: &mut [Value]) -> Result<(), Refusal> {
        let Some(shape) = self.shape.table(table) else { return Ok(()) };
        for counter in &shape.counters {
            let Some(value) = values.get_mut(usize::from(counter.column)) else { continue };
            if types::count_of(value) == Some(0) {
                let last = self.counter(table, counter.column);
                if last >= counter.max {
                    return Err(Refusal::Exhausted);
                }
                *value = types::counted(&counter.ty, last + 1);
            }
        }
        Ok(())
    }

    /// Everything that speaks against a row in this slot, or in a new one.
    pub(crate) fn objections(&self, table: u16, slot: Option<Slot>, row: &Row) -> BTreeSet<Refusal> {
        let mut found = BTreeSet::new();
        let (Some(shape), Some(held)) = (self.shape.table(table), self.table(table)) else { return found };
        let others = || held.rows.iter().filter(|(other, _)| Some(**other) != slot).map(|(_, row)| row);
        for (number, index) in shape.indexes.iter().enumerate() {
            let key = row.keys.get(number);
            if index.schema.unique && others().any(|other| other.keys.get(number) == key) {
                found.insert(Refusal::Unique);
            }
        }
        for index in &shape.indexes {
            let place = index.values(&row.values).first().and_then(types::place_of);
            let is_finite = place.is_none_or(|place| place.iter().all(|part| part.is_finite()));
            if matches!(index.schema.kind, IndexKind::Spatial { .. }) && !is_finite {
                found.insert(Refusal::Position);
            }
        }
        let old = slot.and_then(|slot| held.rows.get(&slot));
        for (number, reference) in shape.references.iter().enumerate() {
            let Some(Some(name)) = row.names.get(number) else { continue };
            let is_own = reference.target == table;
            let key = |row: &Row| row.keys.get(reference.target_index).cloned().flatten();
            let is_renamed = is_own && old.is_some_and(|old| key(old) != key(row));
            let is_as_before = old.is_some_and(|old| old.names.get(number) == row.names.get(number));
            let is_itself = is_own && key(row).as_ref() == Some(name);
            // A row's own old key is gone when it has another.
            let named = self.find(reference.target, reference.target_index, name);
            let is_there = named.is_some_and(|named| !(is_own && slot == Some(named)));
            if !is_itself && !is_there && (!is_as_before || is_renamed) {
                found.insert(Refusal::Reference);
            }
        }
        if let (Some(old), Some(slot)) = (old, slot)
            && self.loses_its_name(table, slot, old, row)
        {
            found.insert(Refusal::Reference);
        }
        found
    }

    /// Whether a row that others name gets another key.
    fn loses_its_name(&self, table: u16, slot: Slot, old: &Row, new: &Row) -> bool {
        self.referring(table).any(|(child, number, target_index, _)| {
            let key = |row: &Row| row.keys.get(target_index).cloned().flatten();
            let Some(name) = key(old).filter(|name| key(new).as_ref() != Some(name)) else { return false };
            let rows = self.table(child).into_iter().flat_map(|table| &table.rows);
            rows.into_iter().any(|(other, row)| {
                let row = if child == table && *other == slot { new } else { row };
                row.names.get(number).and_then(Option::as_ref) == Some(&name)
            })
        })
    }

    /// The slot of the row with this key.
    pub(crate) fn find(&self, table: u16, index: usize, key: &[u8]) -> Option<Slot> {
        let rows = &self.table(table)?.rows;
        let has_key =
            |row: &Row| row.keys.get(index).and_then(Option::as_ref).is_some_and(|held| held == key);
        rows.iter().find(|(_, row)| has_key(row)).map(|(slot, _)| *slot)
    }

    /// All references to a table: the referring table, the reference's number there, the target's index.
    fn referring(&self, table: u16) -> impl Iterator<Item = (u16, usize, usize, OnDelete)> {
        (0..).zip(&self.shape.tables).flat_map(move |(child, shape)| {
            let references = shape.references.iter().enumerate();
            let to_table = references.filter(move |(_, reference)| reference.target == table);
            to_table
                .map(move |(number, reference)| (child, number, reference.target_index, reference.on_delete))
        })
    }

    /// All rows that go when this one is deleted, itself included; or that it is named by a row that stays.
    pub(crate) fn doomed(&self, table: u16, slot: Slot) -> Result<BTreeSet<(u16, Slot)>, Refusal> {
        let mut doomed = BTreeSet::from([(table, slot)]);
        let mut open = vec![(table, slot)];
        let mut restricting = BTreeSet::new();
        while let Some((table, slot)) = open.pop() {
            let row = self.row(table, slot).ok_or(Refusal::UnknownSlot)?;
            for (child, number, target_index, on_delete) in self.referring(table) {
                let Some(Some(key)) = row.keys.get(target_index) else { continue };
                let rows = self.table(child).into_iter().flat_map(|table| &table.rows);
                for (&other, row) in rows {
                    if row.names.get(number).and_then(Option::as_ref) != Some(key) {
                        continue;
                    }
                    match on_delete {
                        OnDelete::Restrict => {
                            restricting.insert((child, other));
                        }
                        OnDelete::Cascade => {
                            if doomed.insert((child, other)) {
                                open.push((child, other));
                            }
                        }
                    }
                }
            }
        }
        match restricting.is_subset(&doomed) {
            true => Ok(doomed),
            false => Err(Refusal::Reference),
        }
    }

    /// Puts a row into a slot.
    pub(crate) fn put(&mut self, table: u16, slot: Slot, row: Rc<Row>) {
        let shape = Rc::clone(&self.shape);
        let (Some(shape), Some(held)) = (shape.table(table), self.tables.get_mut(usize::from(table))) else {
            return;
        };
        let held = Rc::make_mut(held);
        for counter in &shape.counters {
            let number = row.values.get(usize::from(counter.column)).and_then(types::count_of).unwrap_or(0);
            // A counter that no number has moved yet is not there.
            if number > 0 {
                let highest = held.counters.entry(counter.column).or_default();
                *highest = number.max(*highest);
            }
        }
        held.rows.insert(slot, row);
    }

    pub(crate) fn remove(&mut self, table: u16, slot: Slot) {
        if let Some(held) = self.tables.get_mut(usize::from(table)) {
            Rc::make_mut(held).rows.remove(&slot);
        }
    }

    /// Deletes rows whose named row is gone, until none is left.
    pub(crate) fn remove_dangling(&mut self) {
        loop {
            let mut dangling = Vec::new();
            for (id, (shape, table)) in (0..).zip(self.shape.tables.iter().zip(&self.tables)) {
                for (&slot, row) in &table.rows {
                    let is_dangling = shape.references.iter().zip(&row.names).any(|(reference, name)| {
                        let name = name.as_ref();
                        name.is_some_and(|name| {
                            self.find(reference.target, reference.target_index, name).is_none()
                        })
                    });
                    if is_dangling {
                        dangling.push((id, slot));
                    }
                }
            }
            if dangling.is_empty() {
                return;
            }
            for (table, slot) in dangling {
                self.remove(table, slot);
            }
        }
    }
}
