//! Imports that read one row or one number.

use ambit_module_abi::pack;

use super::memory::{self, Range};
use super::refusal::{Answer, Refusal, not_found};
use super::tables::rows_of;
use super::{Host, next_hint, note_found};

impl Host {
    pub(super) fn get(
        &mut self,
        memory: &mut [u8],
        table: u32,
        index: u32,
        key: Range,
        (out, out_cap): Range,
    ) -> Answer {
        let (source, index_id) = self.source_and_index(table, index)?;
        let (store, id) = rows_of(&self.store, &self.former, source);
        let key = memory::bytes(memory, key)?;
        let found = match next_hint(self.recent) {
            Some(hint) => store.find_near(id, index_id, key, &[hint])?,
            None => store.find(id, index_id, key)?,
        };
        let Some(slot) = found else { return Err(not_found(table, index)) };
        note_found(&mut self.recent, slot);
        let row = store.row(id, slot).ok_or_else(Refusal::lost_row)?;
        if row.len() <= out_cap as usize {
            memory::bytes_mut(memory, (out, row.len() as u32))?.copy_from_slice(row);
        }
        Ok(pack(slot, row.len() as u32))
    }

    pub(super) fn count(&mut self, table: u32) -> Answer {
        let (store, id) = rows_of(&self.store, &self.former, self.source(table)?);
        Ok(store.count(id) as i64)
    }
}
