//! Changes of single columns: what the `…Patch` type of a table collects into.

use ambit_model::{Column, RowWriter};

use crate::error::PatchError;
use crate::imports;
use crate::scratch;
use crate::table::Table;

/// The row that a patch is for.
#[derive(Debug)]
pub struct PatchTarget {
    table: u32,
    index: u32,
    key: Vec<u8>,
}

/// The columns of a patch in their order.
#[derive(Debug)]
pub struct PackedColumns<'a> {
    mask: u64,
    bytes: &'a mut Vec<u8>,
}

impl PatchTarget {
    #[inline]
    pub(crate) fn new<T: Table>(index: u32, write_key: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut key = scratch::take();
        key.clear();
        write_key(&mut key);
        Self { table: T::registration().id(), index, key }
    }

    /// Changes the columns that `pack` adds, in one crossing. For generated code.
    #[doc(hidden)]
    #[inline]
    pub fn apply(self, pack: impl FnOnce(&mut PackedColumns<'_>)) -> Result<(), PatchError> {
        scratch::with_row(|bytes| {
            bytes.clear();
            let mut columns = PackedColumns { mask: 0, bytes };
            pack(&mut columns);
            let mask = columns.mask;
            let result = imports::patch(self.table, self.index, &self.key, mask, bytes);
            if result < 0 { Err(PatchError::last(result)) } else { Ok(()) }
        })
    }
}

impl Drop for PatchTarget {
    fn drop(&mut self) {
        scratch::give_back(std::mem::take(&mut self.key));
    }
}

impl PackedColumns<'_> {
    /// Adds the column at this position if it has a new value. To be called in the order of the columns.
    #[inline]
    pub fn add<C: Column>(&mut self, position: u32, value: Option<C>) {
        let Some(value) = value else { return };
        self.mask |= 1 << position;
        if C::IS_FIXED {
            value.write(&mut RowWriter::new(self.bytes, C::SIZE), 0);
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        value.write(&mut RowWriter::new(self.bytes, C::SIZE.next_multiple_of(8)), 0);
        let length = u32::try_from(self.bytes.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }
}
