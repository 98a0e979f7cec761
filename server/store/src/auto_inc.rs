//! Numbers that the store fills in: one counter per auto_inc column.
//!
//! A counter is the highest number that a committed row has ever held or been given, so no number is handed out
//! twice, not even after the row is gone. A rolled-back transaction gives its numbers back: nobody has seen them.

use ambit_model::{ColumnType, TableSchema};

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
                Self { column, offset: place.offset, size: place.size, max, signed, counter: 0, committed: 0 }
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
