//! Rows that the game holds and that came back otherwise after a lost connection: with other columns, or in another slot. By its
//! primary key a row is the same one, so that the game is told of a change and not of an end and a beginning. Rows of a table
//! without a primary key are the same if all of their columns are.

use ambit_model::{IndexSchema, RowLayout, Slot, delta};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::replica::Replica;
use crate::table::Table;

/// Rows of one table that stay, by the local numbers that they have in the game's cache, which rise.
#[derive(Debug, Default)]
pub(super) struct Reunited(Vec<Kept>);

#[derive(Debug, Clone, Copy)]
struct Kept {
    local: u32,
    was: Slot,
    is: Slot,
}

/// Finds the rows among those that have left which are there again.
pub(super) fn reunite(table: &Table, replica: &Replica) -> Reunited {
    let layout = table.layout();
    let primary = table.schema().and_then(|schema| schema.primary_index());
    let mask = primary.map_or(u64::MAX, column_mask);
    let mut left: HashMap<Vec<u8>, Vec<(u32, Slot)>, FxBuildHasher> = HashMap::default();
    for change in replica.changes().filter(|change| change.left.is_some()) {
        let Some(local) = table.rows.local(change.slot) else { continue };
        let Some(key) = table.rows.row(local).and_then(|row| key(layout, row, mask)) else { continue };
        left.entry(key).or_default().push((local, change.slot));
    }
    let mut kept = Vec::new();
    for change in replica.changes() {
        let is_new = change.left.is_some() || table.rows.local(change.slot).is_none();
        let Some(row) = change.row.filter(|_| is_new) else { continue };
        let same = key(layout, row, mask).and_then(|key| left.get_mut(&key)?.pop());
        if let Some((local, was)) = same {
            kept.push(Kept { local, was, is: change.slot });
        }
    }
    kept.sort_unstable_by_key(|kept| kept.local);
    Reunited(kept)
}

impl Reunited {
    /// Whether the row of this local number stays.
    pub fn holds(&self, local: u32) -> bool {
        self.0.binary_search_by_key(&local, |kept| kept.local).is_ok()
    }

    /// Gives the rows the slots that they have now. The slots of rows that do not stay are free.
    pub fn rename(&self, table: &mut Table) {
        let moved = || self.0.iter().filter(|kept| kept.was != kept.is);
        moved().for_each(|kept| table.rows.leave_slot(kept.was));
        moved().for_each(|kept| table.rows.take_slot(kept.local, kept.is));
    }
}

fn column_mask(index: &IndexSchema) -> u64 {
    index.columns.iter().fold(0, |mask, column| mask | 1 << column)
}

/// The columns that make a row the same one.
fn key(layout: &RowLayout, row: &[u8], mask: u64) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    delta::pack_columns(layout, row, mask & layout.all_columns(), &mut key).ok()?;
    Some(key)
}
