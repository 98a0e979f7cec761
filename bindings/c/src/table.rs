//! `ambit_table_*`: rows of the cache by key, index, nearness, number and all of them.

#![expect(unsafe_code, reason = "C passes pointers")]

use ambit_client::{LookupError, Table};

use crate::client::{missing, not_connected};
use crate::status::{AmbitStatus, Failure, bytes, guard, lend, put, room, text};
use crate::types::{AmbitClient, AmbitRow, AmbitTableInfo, AmbitTableStatistics, AmbitText};

/// Id, fingerprint and size of a table; NotConnected before the first tick after the Welcome.
///
/// # Safety
/// `client` is alive and used by this thread alone; `name` is a text; `out` points to an AmbitTableInfo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_by_name(
    client: *mut AmbitClient,
    name: AmbitText,
    out: *mut AmbitTableInfo,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let (client, name) = (lend(client)?, text(name)?);
        let schema = client.client.world().schema().ok_or_else(not_connected)?;
        let (table, table_schema) = schema.table(name).ok_or_else(|| missing("table", name))?;
        let layout = table_schema.layout();
        let info = AmbitTableInfo {
            fingerprint: table_schema.fingerprint(),
            fixed_bytes: layout.fixed_bytes() as u32,
            table,
            is_fixed: layout.is_fixed().into(),
        };
        put(out, info)
    })
}

/// Count of rows in the cache.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to a size_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_count(
    client: *mut AmbitClient,
    table: u16,
    out: *mut usize,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe { put(out, table_of(lend(client)?, table)?.len()) })
}

/// The row with this key in a unique index: NotFound if it is not in the cache. The key is a row of the index's
/// columns.
///
/// # Safety
/// `client` is alive and used by this thread alone; `key` points to `key_length` bytes; `out` to an AmbitRow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_find(
    client: *mut AmbitClient,
    table: u16,
    index: u16,
    key: *const u8,
    key_length: usize,
    out: *mut AmbitRow,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let table = table_of(lend(client)?, table)?;
        let local = table.find(index, bytes(key, key_length)?).map_err(lookup)?;
        let row = local.and_then(|local| row_at(table, local));
        put(out, row.ok_or_else(|| Failure::new(AmbitStatus::NotFound, String::new()))?)
    })
}

/// All rows with this key in an index. At most `capacity` are written to `rows`; `out_total` is how many there
/// are: if more, ask again with more room.
///
/// # Safety
/// `client` is alive and used by this thread alone; `key` points to `key_length` bytes, `rows` to `capacity`
/// AmbitRows, `out_total` to a size_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_where(
    client: *mut AmbitClient,
    table: u16,
    index: u16,
    key: *const u8,
    key_length: usize,
    rows: *mut AmbitRow,
    capacity: usize,
    out_total: *mut usize,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let key = bytes(key, key_length)?;
        answer(client, table, rows, capacity, out_total, |table, locals| {
            table.find_all(index, key, locals).map_err(lookup)
        })
    })
}

/// All rows within `radius` of a point, by a spatial index. `z` is ignored in two dimensions. Output as
/// ambit_table_where.
///
/// # Safety
/// As ambit_table_where.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_near(
    client: *mut AmbitClient,
    table: u16,
    index: u16,
    x: f64,
    y: f64,
    z: f64,
    radius: f64,
    rows: *mut AmbitRow,
    capacity: usize,
    out_total: *mut usize,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        answer(client, table, rows, capacity, out_total, |table, locals| {
            table.near(index, [x, y, z], radius, locals).map_err(lookup)
        })
    })
}

/// All rows of a table. Output as ambit_table_where.
///
/// # Safety
/// As ambit_table_where.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_rows(
    client: *mut AmbitClient,
    table: u16,
    rows: *mut AmbitRow,
    capacity: usize,
    out_total: *mut usize,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        answer(client, table, rows, capacity, out_total, |table, locals| {
            locals.extend(table.iter().map(|(local, _)| local));
            Ok(())
        })
    })
}

/// The row of this number: NotFound if it is not in the cache.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitRow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_row(
    client: *mut AmbitClient,
    table: u16,
    slot: u32,
    out: *mut AmbitRow,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let table = table_of(lend(client)?, table)?;
        let row = table.local(slot).and_then(|local| row_at(table, local));
        put(out, row.ok_or_else(|| Failure::new(AmbitStatus::NotFound, String::new()))?)
    })
}

/// Figures of one table.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to AmbitTableStatistics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_statistics(
    client: *mut AmbitClient,
    table: u16,
    out: *mut AmbitTableStatistics,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let client = &mut lend(client)?.client;
        client.schema().ok_or_else(not_connected)?;
        let figures = client.statistics();
        let figures = figures.tables.get(usize::from(table)).ok_or_else(|| no_table(table))?;
        let statistics = AmbitTableStatistics {
            bytes: figures.bytes,
            inserts: figures.inserts,
            updates: figures.updates,
            deletes: figures.deletes,
        };
        put(out, statistics)
    })
}

fn table_of(client: &AmbitClient, table: u16) -> Result<&Table, Failure> {
    client.client.table_by_id(table).ok_or_else(|| no_table(table))
}

fn no_table(table: u16) -> Failure {
    Failure::new(AmbitStatus::NotFound, format!("there is no table {table} as of the last tick"))
}

fn row_at(table: &Table, local: u32) -> Option<AmbitRow> {
    let bytes = table.row(local)?;
    Some(AmbitRow { bytes: bytes.as_ptr(), length: bytes.len() as u32, slot: table.slot(local)? })
}

fn lookup(error: LookupError) -> Failure {
    Failure::bad(error)
}

/// Asks for local numbers and writes their rows.
///
/// # Safety
/// The pointers are as ambit_table_where's.
unsafe fn answer(
    client: *mut AmbitClient,
    table: u16,
    rows: *mut AmbitRow,
    capacity: usize,
    out_total: *mut usize,
    ask: impl FnOnce(&Table, &mut Vec<u32>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    let client = unsafe { lend(client) }?;
    room(out_total, "out_total")?;
    if capacity > 0 {
        room(rows, "rows")?;
    }
    let mut locals = std::mem::take(&mut client.locals);
    locals.clear();
    let asked = table_of(client, table).and_then(|table| {
        ask(table, &mut locals)?;
        for (place, row) in locals.iter().filter_map(|&local| row_at(table, local)).take(capacity).enumerate()
        {
            // SAFETY: `place` is below the capacity that the caller promised.
            unsafe { rows.add(place).write(row) };
        }
        Ok(locals.len())
    });
    client.locals = locals;
    // SAFETY: the caller's promise.
    unsafe { put(out_total, asked?) }
}
