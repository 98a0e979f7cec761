//! Insert, update, patch and delete of one row within the open transaction. Each checks everything before it
//! changes anything.

use ambit_model::delta::{apply_columns, changed_columns};
use ambit_model::{ColumnLayout, DecodeError, DecodeErrorKind, Slot, limits, validate_row};

use crate::error::{DeleteError, InsertError, UpdateError};
use crate::table::Table;

/// A row that has been judged: its slot, and the counters that filled in a number, by position in the table's list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prepared {
    pub(crate) slot: Slot,
    filled: u64,
}

impl Table {
    /// Adds a row in the lowest free slot. Columns that count up and are 0 are filled in, in `row` too.
    pub(crate) fn insert(&mut self, row: &mut [u8]) -> Result<Slot, InsertError> {
        let prepared = self.prepare(row)?;
        self.place(prepared.slot, row);
        Ok(prepared.slot)
    }

    /// Judges a row, fills in its counting columns and finds its slot. Nothing changes yet but `row`, and on an error
    /// not even that.
    pub(crate) fn prepare(&self, row: &mut [u8]) -> Result<Prepared, InsertError> {
        validate_row(&self.layout, row).map_err(|error| InsertError::Row(self.row_error(row, error)))?;
        let filled = self.fill_counters(row)?;
        match self.check_filled(row) {
            Ok(slot) => Ok(Prepared { slot, filled }),
            Err(error) => {
                self.unfill(row, Prepared { slot: 0, filled });
                Err(error)
            }
        }
    }

    /// Takes back the numbers that were filled into a row.
    pub(crate) fn unfill(&self, row: &mut [u8], prepared: Prepared) {
        for (position, counter) in self.counters.iter().enumerate() {
            if prepared.filled >> position & 1 == 1 {
                counter.write(row, 0);
            }
        }
    }

    /// Writes the next number into every counting column that is 0. Returns which, by position in the list.
    fn fill_counters(&self, row: &mut [u8]) -> Result<u64, InsertError> {
        let mut filled = 0;
        for (position, counter) in self.counters.iter().enumerate() {
            if counter.read(row) == Some(0) {
                let number = counter.next().ok_or_else(|| InsertError::AutoIncExhausted {
                    table: self.name.clone(),
                    column: self.column_name(counter.column).to_owned(),
                    max: counter.max,
                });
                match number {
                    Ok(number) => counter.write(row, number),
                    Err(error) => {
                        let earlier = self.counters.iter().take(position).enumerate();
                        earlier
                            .filter(|(earlier, _)| filled >> earlier & 1 == 1)
                            .for_each(|(_, counter)| counter.write(row, 0));
                        return Err(error);
                    }
                }
                filled |= 1 << position;
            }
        }
        Ok(filled)
    }

    fn check_filled(&self, row: &[u8]) -> Result<Slot, InsertError> {
        for index in &self.indexes {
            if !index.accepts(row) {
                return Err(InsertError::Position(self.position_error(index, row)));
            }
            if index.unique && index.find_other(&self.layout, &self.rows, row, None).is_some() {
                return Err(InsertError::Unique(self.unique_violation(index, row)));
            }
        }
        let slot = self.allocator.lowest_free();
        if slot as usize >= limits::ROWS_PER_TABLE_MAX {
            return Err(InsertError::TableFull(self.name.clone()));
        }
        self.transaction
            .check_rows(slot)
            .map_err(|limit| InsertError::Limit { table: self.name.clone(), limit })?;
        Ok(slot)
    }

    /// Puts a checked row into a free slot. Answers whether three rows share a unique key now.
    pub(crate) fn place(&mut self, slot: Slot, row: &[u8]) -> bool {
        self.transaction.touch(slot, None, row.len());
        self.occupy(slot, row)
    }

    /// Puts a checked row into a free slot, outside of any transaction. Answers whether three rows share a unique key now.
    #[inline]
    pub(super) fn occupy(&mut self, slot: Slot, row: &[u8]) -> bool {
        self.allocator.reserve(slot);
        self.live.insert(slot);
        self.row_count += 1;
        self.rows.set(slot, row);
        let mut is_crowded = false;
        for index in &mut self.indexes {
            is_crowded |= index.insert(&self.layout, &self.rows, slot);
        }
        for counter in &mut self.counters {
            counter.note(row);
        }
        is_crowded
    }

    /// Replaces a row.
    pub(crate) fn update(&mut self, slot: Slot, row: &[u8]) -> Result<(), UpdateError> {
        self.check_slot(slot)?;
        self.check_row(row)?;
        // Most updates change no key: one look at the row's place, and no index is asked.
        if let Some(cell) = self.rows.fixed_mut(slot)
            && changed_columns(&self.layout, cell, row) & self.watched_mask == 0
        {
            self.transaction.touch(slot, Some(cell), row.len());
            cell.copy_from_slice(row);
            return Ok(());
        }
        self.replace(slot, row, u64::MAX)
    }

    pub(crate) fn check_row(&self, row: &[u8]) -> Result<(), UpdateError> {
        validate_row(&self.layout, row).map_err(|error| UpdateError::Row(self.row_error(row, error)))
    }

    /// Replaces the columns of a mask.
    pub(crate) fn patch(&mut self, slot: Slot, mask: u64, packed: &[u8]) -> Result<(), UpdateError> {
        self.check_slot(slot)?;
        let columns = self.layout.columns().len();
        let is_known = columns == 64 || mask >> columns == 0;
        if is_known && self.layout.is_fixed() && mask & self.checked_mask == 0 {
            return self.patch_plain(slot, mask, packed);
        }
        let mut row = std::mem::take(&mut self.scratch);
        row.clear();
        let result = apply_columns(&self.layout, self.rows.get(slot), mask, packed, &mut row)
            .and_then(|taken| match taken == packed.len() {
                true => Ok(()),
                false => Err(trailing(taken)),
            })
            .map_err(|error| UpdateError::Row(self.packed_error(mask, packed, error)))
            .and_then(|()| self.replace(slot, &row, mask));
        self.scratch = row;
        result
    }

    /// Writes columns of which any bytes are a value: in place when nothing watches them.
    #[expect(clippy::indexing_slicing, reason = "the mask has been checked against the columns")]
    fn patch_plain(&mut self, slot: Slot, mask: u64, packed: &[u8]) -> Result<(), UpdateError> {
        let columns = self.layout.columns();
        let length = bits(mask).map(|column| columns[column].size).sum::<usize>();
        if length != packed.len() {
            let error = if length < packed.len() {
                trailing(length)
            } else {
                DecodeError { kind: DecodeErrorKind::Truncated, at: packed.len() }
            };
            return Err(UpdateError::Row(self.packed_error(mask, packed, error)));
        }
        if mask & self.watched_mask == 0 {
            if let Some(row) = self.rows.fixed_mut(slot) {
                self.transaction.touch(slot, Some(row), row.len());
                write_columns(columns, mask, packed, row);
            }
            return Ok(());
        }
        let mut row = std::mem::take(&mut self.scratch);
        row.clear();
        row.extend_from_slice(self.rows.get(slot));
        write_columns(columns, mask, packed, &mut row);
        let result = self.replace(slot, &row, mask);
        self.scratch = row;
        result
    }

    /// Replaces a row by a valid one that differs at most in the columns of `mask`.
    pub(super) fn replace(&mut self, slot: Slot, row: &[u8], mask: u64) -> Result<(), UpdateError> {
        let old = self.rows.get(slot);
        let mut changed = 0_u64;
        if mask & self.watched_mask != 0 {
            for (position, index) in self.indexes.iter().enumerate() {
                if index.mask & mask == 0 || index.same_key(&self.layout, &self.rows, old, row) {
                    continue;
                }
                changed |= 1 << position;
                if !index.accepts(row) {
                    return Err(UpdateError::Position(self.position_error(index, row)));
                }
                if index.unique && index.find_other(&self.layout, &self.rows, row, Some(slot)).is_some() {
                    return Err(UpdateError::Unique(self.unique_violation(index, row)));
                }
            }
        }
        self.transaction.touch(slot, Some(old), row.len());
        self.write_changed(slot, row, changed);
        Ok(())
    }

    /// Writes a row over another and moves it in the indexes of `changed`. Answers whether three rows share a unique key now.
    #[expect(clippy::indexing_slicing, reason = "a changed index is one of the table's")]
    pub(super) fn write_changed(&mut self, slot: Slot, row: &[u8], changed: u64) -> bool {
        for position in bits(changed) {
            self.indexes[position].before_change(&self.layout, &self.rows, slot);
        }
        self.rows.set(slot, row);
        let mut is_crowded = false;
        for position in bits(changed) {
            is_crowded |= self.indexes[position].after_change(&self.layout, &self.rows, slot);
        }
        for counter in &mut self.counters {
            counter.note(row);
        }
        is_crowded
    }

    /// Takes a row out.
    pub(crate) fn delete(&mut self, slot: Slot) -> Result<(), DeleteError> {
        if !self.live.contains(slot) {
            return Err(DeleteError::UnknownSlot { table: self.name.clone(), slot });
        }
        self.transaction
            .check_rows(slot)
            .map_err(|limit| DeleteError::Limit { table: self.name.clone(), limit })?;
        self.take_out(slot);
        Ok(())
    }

    pub(crate) fn take_out(&mut self, slot: Slot) {
        let is_new = self.transaction.is_new(slot);
        self.transaction.touch(slot, Some(self.rows.get(slot)), 0);
        for index in &mut self.indexes {
            index.remove(&self.layout, &self.rows, slot);
        }
        self.rows.clear(slot);
        self.live.remove(slot);
        self.row_count -= 1;
        if is_new {
            self.allocator.release(slot);
        } else {
            self.transaction.release(slot);
        }
    }

    fn check_slot(&self, slot: Slot) -> Result<(), UpdateError> {
        if !self.live.contains(slot) {
            return Err(UpdateError::UnknownSlot { table: self.name.clone(), slot });
        }
        self.transaction
            .check_rows(slot)
            .map_err(|limit| UpdateError::Limit { table: self.name.clone(), limit })
    }
}

/// Copies packed columns without a heap to their places.
#[expect(
    clippy::indexing_slicing,
    reason = "mask and length have been checked, and a row has all its columns"
)]
fn write_columns(columns: &[ColumnLayout], mask: u64, packed: &[u8], row: &mut [u8]) {
    let mut rest = packed;
    for position in bits(mask) {
        let column = &columns[position];
        let (bytes, after) = rest.split_at(column.size);
        row[column.offset..column.offset + column.size].copy_from_slice(bytes);
        rest = after;
    }
}

fn trailing(at: usize) -> DecodeError {
    DecodeError { kind: DecodeErrorKind::TrailingBytes, at }
}

/// The positions of the bits that are set.
pub(super) fn bits(mask: u64) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(mask).filter(|&mask| mask != 0), |&rest| {
        Some(rest & (rest - 1)).filter(|&rest| rest != 0)
    })
    .map(|rest| rest.trailing_zeros() as usize)
}
