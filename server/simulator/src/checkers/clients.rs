//! A client's cache is the result of its queries at its offset.

use std::collections::BTreeMap;

use ambit_model::{Schema, Slot};

use super::loose::{self, Floors, Place, table_named};
use super::{Checker, Violation};
use crate::client::Link;
use crate::model::{Database, History};

/// Compares all tables of a client's cache with the database as it was at the cache's offset. Whether there was one.
pub(crate) fn check(link: &mut Link, history: &History) -> Result<bool, Violation> {
    if !link.is_following() {
        // A commit of this number may be another one by now.
        return Ok(false);
    }
    let Some(state) = history.at(link.world.offset()) else { return Ok(false) };
    let Some(schema) = link.world.schema().cloned() else { return Ok(true) };
    for place in places(&schema) {
        let is_strict = link.applied().all(|query| query.table != place.name || query.is_strict());
        let floors = match is_strict {
            true => check_table(link, place, state)?,
            false => loose::check(link, place, history)?,
        };
        link.floors.put(place.table, floors);
    }
    Ok(true)
}

/// Compares them when nobody has written for long, also what delivery options held back.
pub(crate) fn check_at_rest(link: &mut Link, history: &History) -> Result<(), Violation> {
    if !check(link, history)? {
        return Ok(());
    }
    let Some(state) = history.at(link.world.offset()) else { return Ok(()) };
    let Some(schema) = link.world.schema() else { return Ok(()) };
    places(schema).try_for_each(|place| loose::check_at_rest(link, place, state))
}

/// The tables as a client knows them.
fn places(schema: &Schema) -> impl Iterator<Item = Place<'_>> {
    (0..).zip(&schema.tables).map(|(table, known)| Place { table, name: &known.name })
}

fn check_table(link: &Link, place: Place<'_>, state: &Database) -> Result<Floors, Violation> {
    let rows = table_named(state, place.name);
    let mut expected: BTreeMap<Slot, &[u8]> = BTreeMap::new();
    for query in link.applied().filter(|query| query.table == place.name) {
        let shown = rows.into_iter().flat_map(|table| &table.rows).filter(|(_, row)| query.shows(row));
        expected.extend(shown.map(|(slot, row)| (*slot, row.bytes.as_slice())));
    }
    let Some(held) = link.world.table(place.table) else { return Ok(Floors::default()) };
    let columns = held.layout().columns().len();
    let held: BTreeMap<Slot, &[u8]> =
        held.iter().filter_map(|(local, row)| Some((held.slot(local)?, row))).collect();
    let offset = link.world.offset();
    if held != expected {
        let slots = |rows: &BTreeMap<Slot, &[u8]>| rows.keys().copied().collect::<Vec<_>>();
        let queries: Vec<&str> = link.applied().map(|query| query.sql.as_str()).collect();
        let text = format!(
            "{} at offset {offset}: the cache holds slots {:?}, it should hold {:?} (or rows differ); queries {queries:?}",
            place.name,
            slots(&held),
            slots(&expected),
        );
        return Err(Violation::new(Checker::Client, text));
    }
    Ok(Floors::exact(place.table, held.keys().copied(), (columns, offset)))
}
