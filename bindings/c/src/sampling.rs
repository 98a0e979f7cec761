//! The clocks of a client, and values of rows between updates.

#![expect(unsafe_code, reason = "C passes pointers")]

use ambit_client::{InterpolateError, SampleError, Table};

use crate::status::{AmbitStatus, Failure, guard, lend, put, room};
use crate::types::AmbitClient;

/// Remembers the last values of a column from now on, for ambit_table_sample. `column` counts the table's columns from 0. Once
/// is enough: it holds as long as the client. NotFound before the first tick after the Welcome; BadArgument if
/// the column is no f32, f64, Vec2, Vec3, Vec4, Quat, DVec2 or DVec3.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_interpolate(
    client: *mut AmbitClient,
    table: u16,
    column: u16,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe { lend(client)?.client.interpolate(table, column).map_err(interpolate) })
}

/// A row's value in an interpolated column at a time of the server's, usually that of ambit_client_render_time: 4 numbers, of
/// which those that the column does not have are 0; a rotation is x, y, z, w. `slot` is the row's number in its
/// table. NotFound if the row is not in the cache; BadArgument if the column is not interpolated.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out_values` points to 4 doubles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_table_sample(
    client: *mut AmbitClient,
    table: u16,
    slot: u32,
    column: u16,
    time_us: i64,
    out_values: *mut f64,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out_values, "out_values")?;
        let client = &lend(client)?.client;
        // A slot without a row is a local number that no table gives.
        let local = client.table_by_id(table).and_then(|table: &Table| table.local(slot)).unwrap_or(u32::MAX);
        let values = client.sample(table, local, column, time_us).map_err(sample)?;
        put(out_values.cast::<[f64; 4]>(), values)
    })
}

/// The server's time in microseconds since 1970 UTC, as estimated with the last tick. It never goes back. NotConnected before
/// the server has answered a ping.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out_us` points to an int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_server_time(client: *mut AmbitClient, out_us: *mut i64) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let time_us = lend(client)?.client.server_time_us();
        put(out_us, time_us.ok_or_else(no_clock)?)
    })
}

/// The time that a frame is to show: the server's time minus the render delay. It never goes back. Ask once per frame, after
/// the tick. NotConnected before the server has answered a ping.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out_us` points to an int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_render_time(client: *mut AmbitClient, out_us: *mut i64) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let time_us = lend(client)?.client.render_time_us();
        put(out_us, time_us.ok_or_else(no_clock)?)
    })
}

/// Fixes the render delay, at most 2000000 microseconds. A negative one lets it adapt again to how often rows are told and how
/// late, which is also how a client begins. It is gone over to slowly, from the next tick on.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_set_render_delay(
    client: *mut AmbitClient,
    delay_us: i64,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let delay_us = Some(delay_us).filter(|delay| *delay >= 0);
        lend(client)?.client.set_render_delay(delay_us).map_err(Failure::bad)
    })
}

fn no_clock() -> Failure {
    Failure::new(AmbitStatus::NotConnected, "the server has not answered a ping yet")
}

fn interpolate(error: InterpolateError) -> Failure {
    let status = match error {
        InterpolateError::UnknownTable(_) | InterpolateError::UnknownColumn { .. } => AmbitStatus::NotFound,
        InterpolateError::NotNumbers { .. } => AmbitStatus::BadArgument,
    };
    Failure::new(status, error.to_string())
}

fn sample(error: SampleError) -> Failure {
    let status = match error {
        SampleError::UnknownTable(_) | SampleError::UnknownRow { .. } => AmbitStatus::NotFound,
        SampleError::NotInterpolated { .. } => AmbitStatus::BadArgument,
    };
    Failure::new(status, error.to_string())
}
