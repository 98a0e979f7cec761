//! A client's cache is the result of its queries at its offset.

use std::collections::BTreeMap;

use ambit_model::Slot;

use super::{Checker, Violation};
use crate::client::Link;
use crate::model::Database;

/// Compares all tables of a client's cache with the database as it was at the cache's offset.
pub(crate) fn check(link: &Link, state: &Database) -> Result<(), Violation> {
    let Some(schema) = link.world.schema() else { return Ok(()) };
    for (id, table) in (0_u16..).zip(&schema.tables) {
        let of_model = (0_u16..).zip(&state.shape.tables).find(|(_, shape)| shape.name == table.name);
        let rows = of_model.and_then(|(id, _)| state.table(id));
        let mut expected: BTreeMap<Slot, &[u8]> = BTreeMap::new();
        for query in link.applied().filter(|query| query.table == table.name) {
            let shown = rows.into_iter().flat_map(|table| &table.rows).filter(|(_, row)| query.shows(row));
            expected.extend(shown.map(|(slot, row)| (*slot, row.bytes.as_slice())));
        }
        let Some(held) = link.world.table(id) else { continue };
        let held: BTreeMap<Slot, &[u8]> =
            held.iter().filter_map(|(local, row)| Some((held.slot(local)?, row))).collect();
        if held != expected {
            let slots = |rows: &BTreeMap<Slot, &[u8]>| rows.keys().copied().collect::<Vec<_>>();
            let queries: Vec<&str> = link.applied().map(|query| query.sql.as_str()).collect();
            let text = format!(
                "{} at offset {}: the cache holds slots {:?}, it should hold {:?} (or rows differ); queries {queries:?}",
                table.name,
                link.world.offset(),
                slots(&held),
                slots(&expected),
            );
            return Err(Violation::new(Checker::Client, text));
        }
    }
    Ok(())
}
