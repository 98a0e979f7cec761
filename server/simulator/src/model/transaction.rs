//! The model's open transaction: a copy of the database that takes its place or is thrown away.

use std::collections::BTreeSet;
use std::rc::Rc;

use ambit_model::{Slot, Value};

use super::database::{Database, Refusal, Row};

/// What a transaction has done so far.
#[derive(Debug)]
pub(crate) struct Transaction {
    before: Database,
    pub now: Database,
    /// Counting columns that were given a number: table, column, number.
    pub given: Vec<(u16, u16, u64)>,
}

impl Transaction {
    pub(crate) fn new(before: &Database) -> Self {
        Self { before: before.clone(), now: before.clone(), given: Vec::new() }
    }

    /// What an insert of these values comes to: the slot, or everything that speaks against it.
    pub(crate) fn insert(
        &mut self,
        table: u16,
        mut values: Vec<Value>,
    ) -> Result<(Slot, Rc<Row>), BTreeSet<Refusal>> {
        let one = |refusal| BTreeSet::from([refusal]);
        let asked = values.clone();
        self.now.count(table, &mut values).map_err(one)?;
        let shape = Rc::clone(&self.now.shape);
        let shape = shape.table(table).ok_or_else(|| one(Refusal::Row))?;
        let row = Rc::new(Row::new(shape, values).ok_or_else(|| one(Refusal::Row))?);
        let objections = self.now.objections(table, None, &row);
        if !objections.is_empty() {
            return Err(objections);
        }
        let slot = self.next_slot(table);
        for counter in &shape.counters {
            let place = usize::from(counter.column);
            if asked.get(place) != row.values.get(place) {
                let number = row.values.get(place).and_then(crate::module::types::count_of).unwrap_or(0);
                self.given.push((table, counter.column, number));
            }
        }
        self.now.put(table, slot, Rc::clone(&row));
        Ok((slot, row))
    }

    /// What a change of a row to these values comes to.
    pub(crate) fn update(
        &mut self,
        table: u16,
        slot: Slot,
        values: Vec<Value>,
    ) -> Result<(), BTreeSet<Refusal>> {
        let one = |refusal| BTreeSet::from([refusal]);
        self.now.row(table, slot).ok_or_else(|| one(Refusal::UnknownSlot))?;
        let shape = Rc::clone(&self.now.shape);
        let shape = shape.table(table).ok_or_else(|| one(Refusal::UnknownSlot))?;
        let row = Row::new(shape, values).ok_or_else(|| one(Refusal::Row))?;
        let objections = self.now.objections(table, Some(slot), &row);
        if !objections.is_empty() {
            return Err(objections);
        }
        self.now.put(table, slot, Rc::new(row));
        Ok(())
    }

    /// What a delete comes to: how many rows go.
    pub(crate) fn delete(&mut self, table: u16, slot: Slot) -> Result<usize, BTreeSet<Refusal>> {
        let doomed = self.now.doomed(table, slot).map_err(|refusal| BTreeSet::from([refusal]))?;
        for &(table, slot) in &doomed {
            self.now.remove(table, slot);
        }
        Ok(doomed.len())
    }

    /// The lowest slot without a row, now and before the transaction.
    fn next_slot(&self, table: u16) -> Slot {
        let is_taken =
            |slot: &Slot| self.now.row(table, *slot).is_some() || self.before.row(table, *slot).is_some();
        (0..).find(|slot| !is_taken(slot)).unwrap_or(Slot::MAX)
    }

    /// Whether anything differs from before.
    pub(crate) fn has_changes(&self) -> bool {
        self.before
            .tables
            .iter()
            .zip(&self.now.tables)
            .any(|(before, now)| !Rc::ptr_eq(before, now) && before != now)
    }

    /// Whether any of the tables for which `counts` says so differs.
    pub(crate) fn changes_any(&self, counts: impl Fn(u16) -> bool) -> bool {
        let pairs = (0..).zip(self.before.tables.iter().zip(&self.now.tables));
        let mut pairs = pairs.filter(|(table, _)| counts(*table));
        pairs.any(|(_, (before, now))| !Rc::ptr_eq(before, now) && before != now)
    }
}
