//! The open transaction's part in one table: what its rows were before, commit and rollback.

use ambit_model::Slot;
use ambit_model::delta::{changed_columns, pack_columns};

use crate::auto_inc::AutoInc;
use crate::body::{BlockWriter, Bodies};
use crate::error::TransactionLimit;
use crate::limits::TRANSACTION_ROWS_MAX;
use crate::reuse;
use crate::slots::SlotSet;
use crate::table::Table;

/// Every row that the transaction has touched, once, with its bytes from before.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) touched: Vec<Touched>,
    /// The slots in `touched`.
    touched_slots: SlotSet,
    /// Those of them that held no row before.
    new_slots: SlotSet,
    /// The old rows, one behind the other.
    old_rows: Vec<u8>,
    /// Slots whose row from before is deleted. They are not given to new rows before the commit, so that a slot
    /// means one row throughout a transaction.
    released: Vec<Slot>,
    fixed_bytes: usize,
    /// Bytes saved and written: at least what the old rows and the change set take.
    pub(super) cost: usize,
}

/// What a change costs besides the bytes of its rows.
const OPERATION_BYTES: usize = 48;

/// A row's state before the transaction, in few bytes: a call may touch a million.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touched {
    pub(super) slot: Slot,
    /// Where its old bytes begin. They are less than 4 GiB: TRANSACTION_BYTES_MAX and one row.
    start: u32,
    /// How many there are; [`NOTHING`] if there was no row.
    length: u32,
}

const NOTHING: u32 = u32::MAX;

impl Transaction {
    pub(super) fn new(fixed_bytes: usize) -> Self {
        Self { fixed_bytes, ..Self::default() }
    }

    /// Whether the slot held no row before the transaction, but did at some time in it.
    pub(super) fn is_new(&self, slot: Slot) -> bool {
        self.new_slots.contains(slot)
    }

    pub(super) fn is_touched(&self, slot: Slot) -> bool {
        self.touched_slots.contains(slot)
    }

    /// The row as it was; `None` when the slot held none.
    pub(super) fn old_row(&self, touched: Touched) -> Option<&[u8]> {
        let (start, length) = (touched.start as usize, touched.length as usize);
        (touched.length != NOTHING).then(|| self.old_rows.get(start..start + length).unwrap_or_default())
    }

    /// Keeps the row's state from before the transaction. `old` is its bytes now, unless it is new; `length` is
    /// that of the bytes to come.
    #[inline]
    pub(super) fn touch(&mut self, slot: Slot, old: Option<&[u8]>, length: usize) {
        if !self.touched_slots.insert(slot) {
            self.cost += length.saturating_sub(self.fixed_bytes);
            return;
        }
        self.cost += old.map_or(0, <[u8]>::len) + length + OPERATION_BYTES;
        if old.is_none() {
            self.new_slots.insert(slot);
        }
        let start = self.old_rows.len() as u32;
        self.old_rows.extend_from_slice(old.unwrap_or_default());
        let length = old.map_or(NOTHING, |old| old.len() as u32);
        self.touched.push(Touched { slot, start, length });
    }

    /// Whether one more row may be touched.
    #[inline]
    pub(super) fn check_rows(&self, slot: Slot) -> Result<(), TransactionLimit> {
        if self.touched.len() >= TRANSACTION_ROWS_MAX && !self.is_touched(slot) {
            return Err(TransactionLimit::Rows);
        }
        Ok(())
    }

    /// A row from before the transaction was deleted.
    pub(super) fn release(&mut self, slot: Slot) {
        self.released.push(slot);
    }

    pub(super) fn clear(&mut self) {
        for touched in &self.touched {
            self.touched_slots.remove(touched.slot);
            if touched.length == NOTHING {
                self.new_slots.remove(touched.slot);
            }
        }
        self.cost = 0;
        reuse::empty(&mut self.touched);
        reuse::empty(&mut self.old_rows);
        reuse::empty(&mut self.released);
    }
}

impl Table {
    /// Whether the open transaction has touched this table.
    #[inline]
    pub(crate) fn is_touched(&self) -> bool {
        !self.transaction.touched.is_empty()
    }

    /// Rows that the open transaction has touched.
    pub(crate) fn touched_count(&self) -> usize {
        self.transaction.touched.len()
    }

    /// Bytes that a delete of a row would save; `None` when the transaction has touched it before.
    pub(crate) fn delete_cost(&self, slot: Slot) -> Option<usize> {
        (!self.transaction.is_touched(slot)).then(|| self.rows.get(slot).len() + OPERATION_BYTES)
    }

    /// Bytes that the open transaction has saved and written in this table.
    #[inline]
    pub(crate) fn transaction_cost(&self) -> usize {
        self.transaction.cost
    }

    /// Appends this table's changes and ends its part of the transaction. Returns the operations written.
    pub(crate) fn commit(&mut self, bodies: &mut Bodies) -> u32 {
        let reservations = self.reserve();
        let out = if self.is_durable { &mut bodies.logged } else { &mut bodies.rest };
        let mut block = BlockWriter::new(out, self.id, self.transaction.touched.len());
        let mut derived = std::mem::take(&mut self.counters);
        for counter in &mut derived {
            std::mem::swap(&mut counter.counter, &mut counter.committed);
        }
        // Now `counter` is what a follower has, and `committed` what the engine has reached.
        for &touched in &self.transaction.touched {
            let slot = touched.slot;
            match (self.transaction.old_row(touched), self.live.contains(slot).then(|| self.rows.get(slot))) {
                (None, Some(new)) => {
                    block.insert(slot, new);
                    derived.iter_mut().for_each(|counter| counter.note(new));
                }
                (Some(old), Some(new)) => {
                    let mask = changed_columns(&self.layout, old, new);
                    if mask != 0 {
                        let packed = pack_columns(&self.layout, new, mask, block.update(slot, mask));
                        debug_assert_eq!(packed, Ok(()), "a row in the table is not valid");
                        derived.iter_mut().for_each(|counter| counter.note(new));
                    }
                }
                (Some(_), None) => block.delete(slot),
                (None, None) => {}
            }
        }
        for counter in &mut derived {
            if counter.committed > counter.counter {
                block.counter(counter.column, counter.committed);
            }
            counter.counter = counter.committed;
        }
        // Reservations are logged whatever becomes of the rows, and followers need them too: snapshots are theirs.
        let mut row_operations = 0;
        if !self.is_durable && !reservations.is_empty() {
            row_operations = block.finish();
            block = BlockWriter::new(&mut bodies.logged, self.id, reservations.len());
        }
        for (column, reservation) in reservations {
            block.reservation(column, reservation);
        }
        self.counters = derived;
        let operation_count = row_operations + block.finish();
        self.end_transaction();
        operation_count
    }

    /// Makes what was done final, without writing it down.
    pub(crate) fn accept(&mut self) {
        self.counters.iter_mut().for_each(AutoInc::accept);
        self.end_transaction();
    }

    /// Columns and numbers of the reservations that are nearly used up and go further from here on.
    fn reserve(&mut self) -> Vec<(u16, u64)> {
        let mut reservations = Vec::new();
        for counter in &mut self.counters {
            if let Some(reservation) = counter.reserve() {
                counter.reservation = reservation;
                counter.committed_reservation = reservation;
                reservations.push((counter.column, reservation));
            }
        }
        reservations
    }

    /// Appends a block that lets go of all numbers that were reserved and not given. Returns the operations written.
    pub(crate) fn release_reservations(&mut self, out: &mut Vec<u8>) -> u32 {
        let mut block = BlockWriter::new(out, self.id, self.counters.len());
        for counter in self.counters.iter_mut().filter(|counter| counter.reservation > counter.counter) {
            counter.reservation = counter.counter;
            block.reservation(counter.column, counter.reservation);
            counter.accept();
        }
        block.finish()
    }

    /// After a recovery: counts on where nothing has been given.
    pub(crate) fn resume_counters(&mut self) {
        self.counters.iter_mut().for_each(AutoInc::resume);
    }

    fn end_transaction(&mut self) {
        for &slot in &self.transaction.released {
            self.allocator.release(slot);
        }
        self.transaction.clear();
    }

    /// Puts every touched row, its index entries and the counters back.
    pub(crate) fn rollback(&mut self) {
        let Self { layout, indexes, rows, live, allocator, transaction, counters, .. } = self;
        for &touched in transaction.touched.iter().rev() {
            let slot = touched.slot;
            match (transaction.old_row(touched), live.contains(slot)) {
                (Some(old), true) => {
                    let mut changed = 0_u64;
                    for (position, index) in indexes.iter_mut().enumerate() {
                        if !index.same_key(layout, rows, rows.get(slot), old) {
                            changed |= 1 << position;
                            index.before_change(layout, rows, slot);
                        }
                    }
                    rows.set(slot, old);
                    for (position, index) in indexes.iter_mut().enumerate() {
                        if changed >> position & 1 == 1 {
                            index.after_change(layout, rows, slot);
                        }
                    }
                }
                (Some(old), false) => {
                    rows.set(slot, old);
                    live.insert(slot);
                    self.row_count += 1;
                    for index in indexes.iter_mut() {
                        index.insert(layout, rows, slot);
                    }
                }
                (None, true) => {
                    indexes.iter_mut().for_each(|index| index.remove(layout, rows, slot));
                    rows.clear(slot);
                    live.remove(slot);
                    self.row_count -= 1;
                    allocator.release(slot);
                }
                (None, false) => {}
            }
        }
        counters.iter_mut().for_each(AutoInc::roll_back);
        transaction.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::REUSED_BYTES_MAX;

    #[test]
    fn what_a_large_transaction_took_is_given_back() {
        let mut transaction = Transaction::new(64);
        for slot in 0..300_000 {
            transaction.touch(slot, Some(&[7; 64]), 64);
            transaction.release(slot);
        }
        assert!(transaction.old_rows.capacity() > REUSED_BYTES_MAX);
        transaction.clear();
        assert!(transaction.old_rows.capacity() <= REUSED_BYTES_MAX);
        assert!(transaction.touched.capacity() * size_of::<Touched>() <= REUSED_BYTES_MAX);
        assert!(transaction.released.capacity() * size_of::<Slot>() <= REUSED_BYTES_MAX);
    }
}
