//! A random transaction, carried out on the real store and on the model at the same time: both must say the same of
//! every single change.

use std::collections::BTreeSet;

use ambit_model::delta::pack_columns;
use ambit_model::{ColumnType, Slot, Value, decode_row, encode_row};
use ambit_store::{DeleteError, InsertError, Store, UpdateError};

use super::types;
use crate::checkers::{Checker, Violation};
use crate::limits::ROWS_WANTED;
use crate::model::{Refusal, TableShape, Transaction};
use crate::random::Random;

/// What a reducer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is to be committed.
    Success,
    /// It returns an error, after it has changed rows: it is to be rolled back.
    Error,
}

/// Runs the reducer that this seed stands for.
pub(crate) fn run(seed: u64, store: &mut Store, model: &mut Transaction) -> Result<Ending, Violation> {
    let mut random = Random::new(seed);
    let count = if random.one_in(30) { 20 + random.below(40) } else { 1 + random.below(5) };
    for _ in 0..count {
        let table = random.index(model.now.tables.len());
        let table = u16::try_from(table).unwrap_or(u16::MAX);
        Step { random: &mut random, store, model, table }.run()?;
    }
    Ok(if random.one_in(10) { Ending::Error } else { Ending::Success })
}

struct Step<'a> {
    random: &'a mut Random,
    store: &'a mut Store,
    model: &'a mut Transaction,
    table: u16,
}

impl Step<'_> {
    fn run(&mut self) -> Result<(), Violation> {
        let shape = std::rc::Rc::clone(&self.model.now.shape);
        let Some(shape) = shape.table(self.table) else { return Ok(()) };
        let rows = self.model.now.table(self.table).map_or(0, |table| table.rows.len());
        let inserts = if rows < ROWS_WANTED { 35 } else { 10 };
        match self.random.below(100) {
            draw if draw < inserts => self.insert(shape),
            draw if draw < 85 => self.change(shape, draw % 2 == 0),
            _ => self.delete(),
        }
    }

    fn insert(&mut self, shape: &TableShape) -> Result<(), Violation> {
        let values = self.new_values(shape);
        let mut bytes = encode_row(&shape.layout, &values).unwrap_or_default();
        let mut expected_values = Ok(values);
        if self.random.one_in(40) {
            self.damage(&mut bytes);
            expected_values = decode_row(&shape.layout, &bytes);
        }
        let expected = match expected_values {
            Ok(values) => self.model.insert(self.table, values),
            Err(_) => Err(BTreeSet::from([Refusal::Row])),
        };
        let before = bytes.clone();
        let actual = self.store.insert(self.table, &mut bytes);
        let what = || format!("an insert into {}", shape.name);
        match (&expected, &actual) {
            (Ok((slot, row)), Ok(got)) if slot == got && row.bytes == bytes => Ok(()),
            (Ok((slot, row)), Ok(got)) if slot == got => Err(differs(
                &what(),
                format!("the row {:?}", row.values),
                format!("{:?}", decode_row(&shape.layout, &bytes)),
            )),
            (Err(refusals), Err(error)) if refusals.contains(&of_insert(error)) && bytes == before => Ok(()),
            (Ok((slot, _)), got) => Err(differs(&what(), format!("slot {slot}"), format!("{got:?}"))),
            (Err(refusals), got) => Err(differs(&what(), format!("{refusals:?}"), format!("{got:?}"))),
        }
    }

    fn change(&mut self, shape: &TableShape, is_patch: bool) -> Result<(), Violation> {
        let slot = self.some_slot();
        let Some(old) = self.model.now.row(self.table, slot).cloned() else {
            let actual = self.store.update(self.table, slot, &[]);
            return self.compare(
                &format!("an update in {}", shape.name),
                &Err(BTreeSet::from([Refusal::UnknownSlot])),
                actual,
            );
        };
        let wanted = self.new_values(shape);
        let few = self.random.one_in(2);
        let mut mask = 0_u64;
        let mut values = old.values.clone();
        for (column, (value, new)) in values.iter_mut().zip(wanted).enumerate() {
            let is_counted = shape.counters.iter().any(|counter| usize::from(counter.column) == column);
            let is_changed =
                self.random.percent(if few { 20 } else { 60 }) && (!is_counted || self.random.one_in(12));
            if is_changed {
                *value = new;
                mask |= 1 << column;
            }
        }
        let bytes = encode_row(&shape.layout, &values).unwrap_or_default();
        let expected = self.model.update(self.table, slot, values);
        let actual = if is_patch {
            let mut packed = Vec::new();
            pack_columns(&shape.layout, &bytes, mask, &mut packed)
                .map_err(|error| differs("packing columns", "bytes".into(), error.to_string()))?;
            self.store.patch(self.table, slot, mask, &packed)
        } else {
            self.store.update(self.table, slot, &bytes)
        };
        self.compare(&format!("an update in {}", shape.name), &expected, actual)
    }

    fn compare(
        &self,
        what: &str,
        expected: &Result<(), BTreeSet<Refusal>>,
        actual: Result<(), UpdateError>,
    ) -> Result<(), Violation> {
        match (expected, &actual) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(refusals), Err(error)) if refusals.contains(&of_update(error)) => Ok(()),
            _ => Err(differs(what, format!("{expected:?}"), format!("{actual:?}"))),
        }
    }

    fn delete(&mut self) -> Result<(), Violation> {
        let slot = self.some_slot();
        let expected = self.model.delete(self.table, slot);
        let actual = self.store.delete(self.table, slot);
        match (&expected, &actual) {
            (Ok(expected), Ok(actual)) if expected == actual => Ok(()),
            (Err(refusals), Err(error)) if refusals.contains(&of_delete(error)) => Ok(()),
            _ => Err(differs("a delete", format!("{expected:?}"), format!("{actual:?}"))),
        }
    }

    /// Mostly a slot that holds a row.
    fn some_slot(&mut self) -> Slot {
        let slots: Vec<Slot> = self
            .model
            .now
            .table(self.table)
            .into_iter()
            .flat_map(|table| table.rows.keys().copied())
            .collect();
        if slots.is_empty() || self.random.one_in(40) {
            return self.random.below(100) as Slot;
        }
        self.random.pick(&slots)
    }

    fn new_values(&mut self, shape: &TableShape) -> Vec<Value> {
        let columns = shape.layout.columns().iter();
        let mut values: Vec<Value> = columns.map(|column| types::value(self.random, &column.ty)).collect();
        for counter in &shape.counters {
            let number = match self.random.below(100) {
                0 => counter.max.saturating_sub(self.random.below(4)),
                1..10 => self.random.below(30),
                _ => 0,
            };
            if let Some(value) = values.get_mut(usize::from(counter.column)) {
                *value = types::counted(&counter.ty, number);
            }
        }
        for reference in &shape.references {
            self.name_some_row(shape, reference, &mut values);
        }
        values
    }

    /// Mostly names a row that exists, sometimes none, sometimes one that may not exist.
    fn name_some_row(
        &mut self,
        shape: &TableShape,
        reference: &crate::model::ReferenceShape,
        values: &mut [Value],
    ) {
        let draw = self.random.below(10);
        let target = self.model.now.table(reference.target);
        let count = target.map_or(0, |table| table.rows.len());
        let row = target.and_then(|table| table.rows.values().nth(self.random.index(count)));
        let target_shape = self.model.now.shape.table(reference.target);
        let index = target_shape.and_then(|shape| shape.indexes.get(reference.target_index));
        let key = row.zip(index).map(|(row, index)| index.values(&row.values));
        for (place, &column) in reference.columns.iter().enumerate() {
            let column = usize::from(column);
            let (Some(value), Some(layout)) = (values.get_mut(column), shape.layout.columns().get(column))
            else {
                continue;
            };
            let is_optional = matches!(layout.ty, ColumnType::Option(_));
            let named = key.as_ref().and_then(|key| key.get(place).cloned());
            match (draw, named) {
                (0, _) if is_optional => *value = Value::Option(None),
                (1, _) => {}
                (_, Some(named)) if is_optional => *value = Value::Option(Some(Box::new(named))),
                (_, Some(named)) => *value = named,
                (_, None) if is_optional => *value = Value::Option(None),
                (_, None) => {}
            }
        }
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        if self.random.one_in(3) {
            bytes.truncate(self.random.index(bytes.len()));
            return;
        }
        let at = self.random.index(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << self.random.below(8);
        }
    }
}

fn differs(what: &str, expected: String, actual: String) -> Violation {
    Violation::new(Checker::Transaction, format!("{what}: the model says {expected}, the store {actual}"))
}

fn of_insert(error: &InsertError) -> Refusal {
    match error {
        InsertError::UnknownTable(_) | InsertError::TableFull(_) | InsertError::Limit { .. } => {
            Refusal::UnknownSlot
        }
        InsertError::Row(_) => Refusal::Row,
        InsertError::Unique(_) => Refusal::Unique,
        InsertError::Position(_) => Refusal::Position,
        InsertError::AutoIncExhausted { .. } => Refusal::Exhausted,
        InsertError::Reference(_) => Refusal::Reference,
    }
}

fn of_update(error: &UpdateError) -> Refusal {
    match error {
        UpdateError::UnknownTable(_) | UpdateError::UnknownSlot { .. } | UpdateError::Limit { .. } => {
            Refusal::UnknownSlot
        }
        UpdateError::Row(_) => Refusal::Row,
        UpdateError::Unique(_) => Refusal::Unique,
        UpdateError::Position(_) => Refusal::Position,
        UpdateError::Reference(_) => Refusal::Reference,
    }
}

fn of_delete(error: &DeleteError) -> Refusal {
    match error {
        DeleteError::UnknownTable(_) | DeleteError::UnknownSlot { .. } | DeleteError::Limit { .. } => {
            Refusal::UnknownSlot
        }
        DeleteError::Reference(_) | DeleteError::CascadeDepth { .. } => Refusal::Reference,
    }
}
