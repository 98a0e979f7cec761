//! What each client holds, compared with what is there.

use std::collections::BTreeSet;

use ambit_interest::limits::REST_US;
use ambit_model::glam::{DVec3, Vec3};
use ambit_model::{RowReader, Slot, masked_row};

use crate::STEP_US;
use crate::world::{BODY, Client, HEADING, MASS, POSITION, ROTATION, VISIBLE, Watch, World};

/// Every client holds the rows that it should, within half a step, and exactly if they have rested.
pub fn near(world: &World) -> Result<(), String> {
    for (client, known) in &world.clients {
        check_rows(world, known).map_err(|problem| format!("client {client}: {problem}"))?;
        for (&(_, slot), row) in &known.cache.rows {
            let columns = columns(world, known, world.feed.store.row(BODY, slot).unwrap());
            // Of some columns a client has whole values.
            let is_at_rest = world.now.0 - world.bodies[&slot].moved.0 > REST_US + 2 * STEP_US;
            check_row(world, (slot, columns), row, is_at_rest || columns != VISIBLE)
                .map_err(|problem| format!("client {client}, slot {slot}: {problem}"))?;
        }
    }
    Ok(())
}

/// Every client holds exactly what is there.
pub fn exact(world: &World) -> Result<(), String> {
    for (client, known) in &world.clients {
        check_rows(world, known)?;
        for (&(_, slot), row) in &known.cache.rows {
            let columns = columns(world, known, world.feed.store.row(BODY, slot).unwrap());
            check_row(world, (slot, columns), row, true)
                .map_err(|problem| format!("client {client}: {problem}"))?;
        }
    }
    Ok(())
}

fn check_rows(world: &World, client: &Client) -> Result<(), String> {
    let held: BTreeSet<Slot> = client.cache.rows.keys().map(|(_, slot)| *slot).collect();
    let rows = world.feed.store.slots(BODY).filter(|(_, row)| columns(world, client, row) != 0);
    let expected: BTreeSet<Slot> = rows.map(|(slot, _)| slot).collect();
    if held == expected { Ok(()) } else { Err(format!("holds {held:?} instead of {expected:?}")) }
}

/// The columns of a row that a client is shown, as a mask.
fn columns(world: &World, client: &Client, row: &[u8]) -> u64 {
    let position = |row: &[u8]| {
        <[f32; 3]>::read(row, world.feed.store.schema().tables[0].layout().columns()[POSITION].offset)
    };
    let mass = world.feed.store.schema().tables[0].layout().columns()[MASS].offset;
    let is_within = |row: &[u8], centre: DVec3, radius: f64| {
        (position(row).as_dvec3() - centre).length_squared() <= radius * radius
    };
    let observer = || world.feed.store.slots(BODY).find(|(_, row)| row[..4] == 1_u32.to_le_bytes());
    let shows = |watch: Watch| match watch {
        Watch::All | Watch::Places => true,
        Watch::Light | Watch::LightTurns => row[mass] < 5,
        Watch::Area => is_within(row, DVec3::new(2.0, 0.0, 2.0), 5.0),
        Watch::Around | Watch::AroundPlaces => {
            observer().is_some_and(|(_, observer)| is_within(row, position(observer).as_dvec3(), 4.0))
        }
    };
    let watches = client.watches.iter().map(|(_, watch)| *watch);
    watches.filter(|watch| shows(*watch)).fold(0, |mask, watch| mask | watch.columns())
}

trait Read {
    fn read(row: &[u8], at: usize) -> Vec3;
}

impl Read for [f32; 3] {
    fn read(row: &[u8], at: usize) -> Vec3 {
        let value = |place: usize| f32::from_le_bytes(RowReader::new(row).array(at + 4 * place).unwrap());
        Vec3::new(value(0), value(1), value(2))
    }
}

fn check_row(
    world: &World,
    (slot, columns): (Slot, u64),
    held: &[u8],
    is_at_rest: bool,
) -> Result<(), String> {
    let layout = world.feed.store.schema().tables[0].layout();
    let exact = &masked_row(&layout, world.feed.store.row(BODY, slot).unwrap(), columns).unwrap();
    if held == exact {
        return Ok(());
    }
    if is_at_rest {
        return Err(format!("at rest, but {held:?} is not {exact:?}"));
    }
    let schema = &world.feed.store.schema().tables[0];
    for (place, column) in schema.layout().columns().iter().enumerate() {
        let bytes = column.offset..column.offset + column.size;
        let (held, exact) = (&held[bytes.clone()], &exact[bytes]);
        if held == exact {
            continue;
        }
        let name = &schema.columns[place].name;
        // The largest component of a quaternion follows from the other three.
        let bound = match place {
            POSITION => 0.005,
            ROTATION => 1.5 * std::f64::consts::SQRT_2 / 2_047.0,
            HEADING => 0.25,
            _ => return Err(format!("column {name} is {held:?} instead of {exact:?}")),
        };
        let size = if place == HEADING { 8 } else { 4 };
        for (held, exact) in held.chunks(size).zip(exact.chunks(size)) {
            let read = |bytes: &[u8]| match size {
                8 => f64::from_le_bytes(bytes.try_into().unwrap()),
                _ => f32::from_le_bytes(bytes.try_into().unwrap()).into(),
            };
            let (held, exact): (f64, f64) = (read(held), read(exact));
            let is_near = (held - exact).abs() <= bound + exact.abs() * f64::from(f32::EPSILON);
            if !is_near && held.to_bits() != exact.to_bits() {
                return Err(format!("column {name} is {held} instead of {exact}"));
            }
        }
    }
    Ok(())
}
