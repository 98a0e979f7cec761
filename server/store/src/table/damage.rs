//! Which column of a row, a key or packed columns is wrong, and what it holds. Never on the path of a call that succeeds.

use ambit_model::{ColumnLayout, DecodeError, RowLayout, RowReader, validate_row, wrong_column};

use crate::describe::describe_damage;
use crate::error::RowError;
use crate::table::Table;
use crate::table::write::bits;

impl Table {
    /// An error about a whole row.
    #[cold]
    pub(super) fn row_error(&self, row: &[u8], error: DecodeError) -> Box<RowError> {
        let column = wrong_column(&self.layout, row, error).map(|column| self.column_name(column as u16));
        self.blame(column, row, error)
    }

    /// An error about a row of some columns.
    #[cold]
    pub(crate) fn key_error(
        &self,
        layout: &RowLayout,
        columns: &[u16],
        key: &[u8],
        error: DecodeError,
    ) -> Box<RowError> {
        let column = wrong_column(layout, key, error).and_then(|position| columns.get(position));
        self.blame(column.map(|&column| self.column_name(column)), key, error)
    }

    /// An error about packed columns, or about the row that they would make.
    #[cold]
    pub(super) fn packed_error(&self, mask: u64, packed: &[u8], error: DecodeError) -> Box<RowError> {
        let mut at = 0;
        for position in bits(mask) {
            let Some(column) = self.layout.columns().get(position) else { break };
            let Some((single, next)) = unpack(column, packed, at) else { break };
            let layout = self.layout.of_columns(&[position as u16]);
            if let Err(error) = validate_row(&layout, &single) {
                return self.blame(Some(self.column_name(position as u16)), &single, error);
            }
            at = next;
        }
        self.blame(None, packed, error)
    }

    fn blame(&self, column: Option<&str>, row: &[u8], error: DecodeError) -> Box<RowError> {
        let value = column.and_then(|_| describe_damage(row, error));
        Box::new(RowError { table: self.name.clone(), column: column.map(str::to_owned), value, error })
    }
}

/// A packed column as a row of its own, and where the next one begins.
fn unpack(column: &ColumnLayout, packed: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let reader = RowReader::new(packed);
    if column.is_fixed {
        let mut single = reader.slice(at, column.size).ok()?.to_vec();
        single.resize(column.size.next_multiple_of(8), 0);
        return Some((single, at + column.size));
    }
    let length = u32::from_le_bytes(reader.array(at).ok()?) as usize;
    Some((reader.slice(at + 4, length).ok()?.to_vec(), at + 4 + length))
}
