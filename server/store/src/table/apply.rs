//! One operation of another store's change set, checked and carried out as a change of the open transaction, so
//! that a damaged change set can be rolled back.

use ambit_model::delta::apply_columns;
use ambit_model::{Slot, limits, validate_row};

use crate::body::{BodyReader, Operation};
use crate::change_set::{AppliedChange, ChangeKind};
use crate::error::{ApplyError, ApplyErrorKind};
use crate::limits::TRANSACTION_ROWS_MAX;
use crate::table::Table;
use crate::table::write::bits;

/// What was done, to be told to the observer once all of the change set has been accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applied {
    pub(crate) table: u16,
    kind: ChangeKind,
    mask: u64,
    /// Position in the table's list of touched rows.
    touched: usize,
    /// Where the inserted row or the packed columns lie in the body.
    start: usize,
    end: usize,
    /// The indexes that took the row in, by position.
    changed: u64,
}

impl Table {
    /// Carries out the next operation. `row_count` is the number of rows before the change set.
    pub(crate) fn apply(
        &mut self,
        reader: &mut BodyReader<'_>,
        row_count: usize,
    ) -> Result<Option<Applied>, ApplyError> {
        let at = reader.at();
        let refuse = |kind| ApplyError { at, kind };
        let (slot, kind) = reader.operation()?;
        if kind == Operation::Counter {
            let counter = reader.number()?;
            self.apply_counter(slot, counter).map_err(refuse)?;
            return Ok(None);
        }
        self.check_operation(slot, kind, row_count).map_err(refuse)?;
        let mut applied = Applied {
            table: self.id,
            kind: ChangeKind::Delete,
            mask: 0,
            touched: self.transaction.touched.len(),
            start: 0,
            end: 0,
            changed: 0,
        };
        match kind {
            Operation::Insert => {
                let row = reader.inserted_row()?;
                validate_row(&self.layout, row)
                    .map_err(|error| refuse(ApplyErrorKind::Row(self.row_error(row, error))))?;
                self.check_positions(row, u64::MAX).map_err(refuse)?;
                let is_crowded = self.place(slot, row);
                self.refuse_crowd(is_crowded, applied.touched, u64::MAX).map_err(refuse)?;
                applied.kind = ChangeKind::Insert;
                applied.changed = u64::MAX;
                (applied.start, applied.end) = (reader.at() - row.len(), reader.at());
            }
            Operation::Update => {
                applied.kind = ChangeKind::Update;
                applied.mask = reader.number()?;
                applied.start = reader.at();
                applied.changed = self.apply_update(slot, applied.mask, reader).map_err(refuse)?;
                applied.end = reader.at();
            }
            Operation::Delete | Operation::Counter => self.take_out(slot),
        }
        Ok(Some(applied))
    }

    /// Whether the operation fits the state of its slot.
    fn check_operation(&self, slot: Slot, kind: Operation, row_count: usize) -> Result<(), ApplyErrorKind> {
        let table = self.name.clone();
        if self.transaction.is_touched(slot) {
            return Err(ApplyErrorKind::SlotTwice { table, slot });
        }
        match (kind == Operation::Insert, self.live.contains(slot)) {
            (true, true) => return Err(ApplyErrorKind::SlotTaken { table, slot }),
            (false, false) => return Err(ApplyErrorKind::SlotEmpty { table, slot }),
            (true, false) | (false, true) => {}
        }
        // An engine hands out the lowest free slot, so it can be ahead of the rows by one transaction at most.
        let end = row_count.saturating_add(TRANSACTION_ROWS_MAX).min(limits::ROWS_PER_TABLE_MAX);
        if kind == Operation::Insert && slot as usize >= end {
            return Err(ApplyErrorKind::SlotTooFar { table, slot });
        }
        self.transaction.check_rows(slot).map_err(|limit| ApplyErrorKind::Limit { table, limit })
    }

    /// Changes the columns of a mask; returns the indexes whose key has changed.
    fn apply_update(
        &mut self,
        slot: Slot,
        mask: u64,
        reader: &mut BodyReader<'_>,
    ) -> Result<u64, ApplyErrorKind> {
        let mut row = std::mem::take(&mut self.scratch);
        row.clear();
        let result = self.apply_columns(slot, mask, reader, &mut row);
        self.scratch = row;
        result
    }

    fn apply_columns(
        &mut self,
        slot: Slot,
        mask: u64,
        reader: &mut BodyReader<'_>,
        row: &mut Vec<u8>,
    ) -> Result<u64, ApplyErrorKind> {
        let old = self.rows.get(slot);
        let taken = apply_columns(&self.layout, old, mask, reader.rest(), row)
            .map_err(|error| ApplyErrorKind::Row(self.packed_error(mask, reader.rest(), error)))?;
        reader.skip(taken);
        let mut changed = 0;
        if mask & self.watched_mask != 0 {
            for (position, index) in self.indexes.iter().enumerate() {
                let same = index.mask & mask == 0 || index.same_key(&self.layout, &self.rows, old, row);
                changed |= u64::from(!same) << position;
            }
            self.check_positions(row, changed)?;
        }
        let touched = self.transaction.touched.len();
        self.transaction.touch(slot, Some(old), row.len());
        let is_crowded = self.write_changed(slot, row, changed);
        self.refuse_crowd(is_crowded, touched, changed)?;
        Ok(changed)
    }

    /// Two rows may share a unique key while a change set is carried out, the one that had it and the one that is to have
    /// it. Three never do, and a hash index with thousands of one key is slow.
    fn refuse_crowd(&self, is_crowded: bool, touched: usize, changed: u64) -> Result<(), ApplyErrorKind> {
        match is_crowded {
            true => self.check_keys(touched, changed),
            false => Ok(()),
        }
    }

    fn check_positions(&self, row: &[u8], changed: u64) -> Result<(), ApplyErrorKind> {
        for (position, index) in self.indexes.iter().enumerate() {
            if changed >> position & 1 == 1 && !index.accepts(row) {
                return Err(ApplyErrorKind::Position(self.position_error(index, row)));
            }
        }
        Ok(())
    }

    /// `place` is the column twice, and one more for a reservation.
    fn apply_counter(&mut self, place: u32, value: u64) -> Result<(), ApplyErrorKind> {
        let (column, is_reservation) = (place >> 1, place & 1 == 1);
        let counter = self.counters.iter_mut().find(|counter| u32::from(counter.column) == column);
        match counter.filter(|counter| value <= counter.max) {
            Some(counter) if is_reservation => {
                counter.reservation = value;
                Ok(())
            }
            Some(counter) => {
                counter.counter = counter.counter.max(value);
                Ok(())
            }
            None => Err(ApplyErrorKind::Counter { table: self.name.clone(), column, counter: value }),
        }
    }

    /// After all operations: whether the row shares a unique key with another. In between it may, as when two
    /// rows exchange their keys.
    pub(crate) fn check_unique(&self, applied: Applied) -> Result<(), ApplyErrorKind> {
        self.check_keys(applied.touched, applied.changed)
    }

    /// Whether a touched row shares a key of the unique indexes `changed` with another.
    fn check_keys(&self, touched: usize, changed: u64) -> Result<(), ApplyErrorKind> {
        let Some(touched) = self.transaction.touched.get(touched) else { return Ok(()) };
        let slot = touched.slot;
        for position in bits(changed) {
            let Some(index) = self.indexes.get(position) else { break };
            let row = self.rows.get(slot);
            if index.unique && index.find_other(&self.layout, &self.rows, row, Some(slot)).is_some() {
                return Err(ApplyErrorKind::Unique(self.unique_violation(index, row)));
            }
        }
        Ok(())
    }

    /// The change as an observer sees it.
    pub(crate) fn describe<'a>(&'a self, applied: Applied, body: &'a [u8]) -> Option<AppliedChange<'a>> {
        let touched = *self.transaction.touched.get(applied.touched)?;
        Some(AppliedChange {
            table: applied.table,
            slot: touched.slot,
            kind: applied.kind,
            mask: applied.mask,
            packed: body.get(applied.start..applied.end).unwrap_or_default(),
            old: self.transaction.old_row(touched).unwrap_or_default(),
            new: self.row(touched.slot).unwrap_or_default(),
        })
    }
}
