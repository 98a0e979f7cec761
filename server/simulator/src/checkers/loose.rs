//! What a client may hold of a table that it watches with delivery options: the rows that their query names at the cache's
//! offset, each column as some commit left it, and none ever going back.

use std::collections::BTreeMap;

use ambit_client_core::{Table as Cached, World};
use ambit_model::{Slot, Value, decode_row};

use super::{Checker, Violation};
use crate::client::Link;
use crate::model::{Database, History, Table};
use crate::query::Query;

/// By table, slot and column: the commit whose value the client last held, or a later one.
#[derive(Debug, Default)]
pub(crate) struct Floors(BTreeMap<(u16, Slot), Vec<u64>>);

/// A table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// As the client counts.
    pub table: u16,
    pub name: &'a str,
}

/// Compares one table of a client's cache with the history.
pub(crate) fn check(link: &Link, place: Place<'_>, history: &History) -> Result<Floors, Violation> {
    let offset = link.world.offset();
    let mut floors = Floors::default();
    let (Some(held), Some(state)) = (link.world.table(place.table), history.at(offset)) else {
        return Ok(floors);
    };
    let queries: Vec<&Query> = link.applied().filter(|query| query.table == place.name).collect();
    let wrong = |text: String| {
        let told: Vec<_> = queries.iter().map(|query| (&query.sql, &query.delivery)).collect();
        let text = format!("{} at offset {offset}: {text}; queries {told:?}", place.name);
        Violation::new(Checker::Client, text)
    };
    let rows = table_named(state, place.name).map(|table| &table.rows);
    let slots: BTreeMap<Slot, &[u8]> =
        held.iter().filter_map(|(local, row)| Some((held.slot(local)?, row))).collect();
    for (slot, row) in rows.into_iter().flatten() {
        let is_held = slots.contains_key(slot);
        let before = link.floors.0.get(&(place.table, *slot));
        match queries.iter().any(|query| query.shows(row)) {
            true if !is_held => return Err(wrong(format!("the row in slot {slot} is not held"))),
            false if is_held && before.is_none() => {
                return Err(wrong(format!("the row in slot {slot} came in from beyond the border")));
            }
            true | false => {}
        }
    }
    for (slot, bytes) in slots {
        let Some(row) = rows.and_then(|rows| rows.get(&slot)) else {
            return Err(wrong(format!("slot {slot} is held and there is no such row")));
        };
        if !queries.iter().any(|query| query.holds(row)) {
            return Err(wrong(format!("the row in slot {slot} is held and belongs to no query")));
        }
        let known = link.floors.0.get(&(place.table, slot));
        let is_exact = known.is_none() || queries.iter().any(|query| query.is_strict() && query.shows(row));
        if is_exact && row.bytes != bytes {
            return Err(wrong(format!("the row in slot {slot} is not the committed one")));
        }
        let values = decode_row(held.layout(), bytes);
        let values = values.map_err(|error| wrong(format!("slot {slot} holds no row: {error}")))?;
        let mut next = known.cloned().unwrap_or_default();
        next.resize(values.len(), if known.is_none() { offset } else { 0 });
        for (column, (value, floor)) in values.iter().zip(&mut next).enumerate() {
            let Some(at) = first_with((place, slot, column), value, history.between(*floor, offset)) else {
                let committed: Vec<(u64, Option<&Value>)> = history
                    .between(0, offset)
                    .map(|(at, state)| (at, committed((place, slot, column), state)))
                    .collect::<Vec<_>>()
                    .chunk_by(|left, right| left.1 == right.1)
                    .filter_map(|same| same.first().copied())
                    .collect();
                return Err(wrong(format!(
                    "column {column} of slot {slot} is {value:?} and was newer than commit {floor}: {committed:?}"
                )));
            };
            *floor = at.max(*floor);
        }
        floors.0.insert((place.table, slot), next);
    }
    Ok(floors)
}

/// Compares one table when nobody has written for long: every row is as it was committed last.
pub(crate) fn check_at_rest(link: &Link, place: Place<'_>, state: &Database) -> Result<(), Violation> {
    let Some(held) = link.world.table(place.table) else { return Ok(()) };
    let rows = table_named(state, place.name).map(|table| &table.rows);
    for (local, bytes) in held.iter() {
        let row = held.slot(local).zip(rows).and_then(|(slot, rows)| rows.get(&slot));
        if row.is_none_or(|row| row.bytes != bytes) {
            let text = format!("{} is at rest, and slot {:?} is not exact", place.name, held.slot(local));
            return Err(Violation::new(Checker::Client, text));
        }
    }
    Ok(())
}

/// The model's table of a name, whatever number it has in that state.
pub(super) fn table_named<'a>(state: &'a Database, name: &str) -> Option<&'a Table> {
    let mut tables = (0..).zip(&state.shape.tables);
    let (id, _) = tables.find(|(_, shape)| shape.name == name)?;
    state.table(id)
}

/// The first of these commits that left the column with this value.
fn first_with<'a>(
    (place, slot, column): (Place<'_>, Slot, usize),
    value: &Value,
    mut commits: impl Iterator<Item = (u64, &'a Database)>,
) -> Option<u64> {
    let has = |state| committed((place, slot, column), state).is_some_and(|known| is_same(known, value));
    commits.find(|(_, state)| has(state)).map(|(offset, _)| offset)
}

/// The column's value as of a commit; none if there was no such row.
fn committed<'a>((place, slot, column): (Place<'_>, Slot, usize), state: &'a Database) -> Option<&'a Value> {
    table_named(state, place.name)?.rows.get(&slot)?.values.get(column)
}

/// Values that are no numbers are the same if they are both none.
fn is_same(left: &Value, right: &Value) -> bool {
    left == right || format!("{left:?}") == format!("{right:?}")
}

impl Floors {
    /// All columns of these rows are as that commit left them.
    pub(crate) fn exact(
        table: u16,
        slots: impl Iterator<Item = Slot>,
        (columns, offset): (usize, u64),
    ) -> Self {
        Self(slots.map(|slot| ((table, slot), vec![offset; columns])).collect())
    }

    /// All rows of a cache are as some commit since this one left them.
    pub(crate) fn since(world: &World, offset: u64) -> Self {
        let of_table = |table: &Cached| {
            let slots: Vec<Slot> = table.iter().filter_map(|(local, _)| table.slot(local)).collect();
            Self::exact(table.id(), slots.into_iter(), (table.layout().columns().len(), offset))
        };
        Self(world.tables().iter().flat_map(|table| of_table(table).0).collect())
    }

    /// Replaces what was known of a table.
    pub(crate) fn put(&mut self, table: u16, mut floors: Self) {
        self.0.retain(|(known, _), _| *known != table);
        self.0.append(&mut floors.0);
    }
}
