//! Numbers that the store fills in: one counter per auto_inc column.
//!
//! A counter is the highest number that a committed row has ever held or been given, so no number is handed out
//! twice, not even after the row is gone. A rolled-back transaction gives its numbers back: nobody has seen them.
//!
//! After a crash a store knows less than the clients have seen: rows of tables that are not logged, commits that had not
//! reached the disk. So a counter has a *reservation* far ahead of it, which the log holds, for tables of every
//! durability. A counter never passes its reservation, and after a recovery it goes on from there.

use ambit_model::{ColumnType, TableSchema};

use crate::limits::{RESERVED_NUMBERS_MIN, RESERVED_SHARE};

/// The counter of one column.
#[derive(Debug, Clone)]
pub(crate) struct AutoInc {
    pub(crate) column: u16,
    offset: usize,
    size: usize,
    /// The highest number that the column's type can hold.
    pub(crate) max: u64,
    signed: bool,
    pub(crate) counter: u64,
    /// The counter when the open transaction began.
    pub(crate) committed: u64,
    /// The highest number that the log allows; the counter goes on from here after a recovery.
    pub(crate) reservation: u64,
    /// The reservation when the open transaction began.
    pub(crate) committed_reservation: u64,
}

impl AutoInc {
    /// One counter per auto_inc column of the table.
    pub(crate) fn of_table(table: &TableSchema) -> Vec<Self> {
        let layout = table.layout();
        let columns = (0..).zip(&table.columns).zip(layout.columns());
        columns
            .filter(|((_, schema), _)| schema.auto_inc)
            .map(|((column, schema), place)| {
                let signed = is_signed(&schema.ty);
                let bits = 8 * place.size as u32 - u32::from(signed);
                let max = u64::MAX >> (64 - bits.min(64));
                Self {
                    column,
                    offset: place.offset,
                    size: place.size,
                    max,
                    signed,
                    counter: 0,
                    committed: 0,
                    reservation: 0,
                    committed_reservation: 0,
                }
            })
            .collect()
    }

    /// The number in a row; `None` when it is negative.
    pub(crate) fn read(&self, row: &[u8]) -> Option<u64> {
        let mut bytes = [0; 8];
        bytes.get_mut(..self.size)?.copy_from_slice(row.get(self.offset..self.offset + self.size)?);
        let number = u64::from_le_bytes(bytes);
        (!self.signed || number <= self.max).then_some(number)
    }

    /// Writes a number into a row.
    pub(crate) fn write(&self, row: &mut [u8], number: u64) {
        if let Some(place) = row.get_mut(self.offset..self.offset + self.size) {
            for (byte, value) in place.iter_mut().zip(number.to_le_bytes()) {
                *byte = value;
            }
        }
    }

    /// The next number, or `None` when the type holds no higher one.
    pub(crate) fn next(&self) -> Option<u64> {
        (self.counter < self.max).then(|| self.counter + 1)
    }

    /// Goes on where another counter stands, as far as this one's type goes. No transaction is open.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.counter = self.counter.max(other.counter.min(self.max));
        self.reservation = self.reservation.max(other.reservation.min(self.max));
        self.accept();
    }

    /// The reservation that a commit has to write down, if the present one is nearly used up. It stays below the type's
    /// last number until that is given, so that no crash costs a table its last numbers.
    pub(crate) fn reserve(&self) -> Option<u64> {
        let handed_out = self.counter.saturating_sub(self.committed);
        let share = (self.max / RESERVED_SHARE).max(1);
        let step = handed_out.saturating_mul(4).max(RESERVED_NUMBERS_MIN).min(share);
        if self.counter.saturating_add(step / 2) < self.reservation {
            return None;
        }
        let next = self.counter.saturating_add(step).min(self.max - 1).max(self.counter);
        (next > self.reservation).then_some(next)
    }

    /// Makes what the open transaction has done final.
    pub(crate) fn accept(&mut self) {
        self.committed = self.counter;
        self.committed_reservation = self.reservation;
    }

    /// Takes back what the open transaction has done.
    pub(crate) fn roll_back(&mut self) {
        self.counter = self.committed;
        self.reservation = self.committed_reservation;
    }

    /// After a recovery: goes on where nothing has been given.
    pub(crate) fn resume(&mut self) {
        self.counter = self.counter.max(self.reservation);
        self.accept();
    }

    /// Column, counter and reservation.
    pub(crate) fn standing(&self) -> (u16, u64, u64) {
        (self.column, self.counter, self.reservation)
    }

    /// Takes note of the number that a row in the table holds.
    pub(crate) fn note(&mut self, row: &[u8]) {
        if let Some(number) = self.read(row) {
            self.counter = self.counter.max(number);
        }
    }
}

fn is_signed(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::I8 | ColumnType::I16 | ColumnType::I32 | ColumnType::I64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambit_model::ColumnSchema;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn counter(ty: ColumnType) -> AutoInc {
        let column = ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ty) };
        let table = TableSchema { columns: vec![column], ..TableSchema::default() };
        AutoInc::of_table(&table).remove(0)
    }

    /// A commit that has handed out some numbers; returns them and what goes to the log.
    fn commit(counter: &mut AutoInc, count: u64) -> (Vec<u64>, Option<u64>) {
        let mut given = vec![];
        for _ in 0..count {
            let Some(number) = counter.next() else { break };
            counter.counter = number;
            given.push(number);
        }
        let reservation = counter.reserve();
        counter.reservation = reservation.unwrap_or(counter.reservation);
        counter.accept();
        (given, reservation)
    }

    proptest! {
        /// The log holds reservations and no row at all, as for a table that is not logged.
        #[test]
        fn no_number_is_given_twice_over_any_number_of_crashes(
            ty in prop_oneof![Just(ColumnType::I8), Just(ColumnType::U16), Just(ColumnType::U64)],
            steps in proptest::collection::vec((0_u64..70, 0_u8..8), 1..200),
        ) {
            let (mut engine, mut logged) = (counter(ty.clone()), 0);
            let (mut seen, mut is_exhausted) = (BTreeSet::new(), false);
            for (count, crash) in steps {
                let (given, reservation) = commit(&mut engine, count);
                is_exhausted |= (given.len() as u64) < count;
                for number in given {
                    prop_assert!(seen.insert(number), "{} is given twice", number);
                }
                logged = reservation.unwrap_or(logged);
                prop_assert!(engine.counter <= logged);
                if crash == 0 {
                    engine = counter(ty.clone());
                    engine.reservation = logged;
                    engine.resume();
                }
            }
            // A crash may skip numbers, but never the last one.
            prop_assert_eq!(is_exhausted, is_exhausted && seen.contains(&engine.max));
        }
    }

    #[test]
    fn reservations_are_rare() {
        let mut engine = counter(ColumnType::U64);
        let written = (0..100_000).filter(|_| commit(&mut engine, 1).1.is_some()).count();
        assert!(written < 200, "{written}");
        let mut engine = counter(ColumnType::U64);
        let written = (0..100).filter(|_| commit(&mut engine, 10_000).1.is_some()).count();
        assert!(written < 60, "{written}");
    }
}
