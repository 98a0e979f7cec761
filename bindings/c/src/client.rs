//! `ambit_client_*`: connection, calls, ticks, figures. Subscriptions are in `subscription.rs`, clocks in `sampling.rs`.

#![expect(unsafe_code, reason = "C passes pointers")]

use std::time::Duration;

use ambit_client::{Budget, Client, ConnectionState, EventKind, Options};

use crate::status::{AmbitStatus, Failure, bytes, guard, lend, put, read, room, text};
use crate::types::{
    AmbitClient, AmbitEvent, AmbitEventKind, AmbitOptions, AmbitReducerInfo, AmbitResult, AmbitState,
    AmbitStatistics, AmbitText, AmbitTick,
};

/// The number of this C ABI. Compare it with AMBIT_ABI_VERSION of the header at load.
#[unsafe(no_mangle)]
pub extern "C" fn ambit_abi_version() -> u32 {
    ABI_VERSION
}

/// Raised when a function or struct of the C ABI changes.
pub const ABI_VERSION: u32 = 5;

/// Begins to connect and returns at once. Free the client with ambit_client_free.
///
/// # Safety
/// `options` points to AmbitOptions with texts as described; `out` to a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_connect(
    options: *const AmbitOptions,
    out: *mut *mut AmbitClient,
) -> AmbitStatus {
    // SAFETY: the caller's promise; the options are only read.
    guard(|| unsafe {
        let options = read(options, "options")?;
        let token = Some(text(options.token)?).filter(|token| !token.is_empty()).map(str::to_owned);
        let options =
            Options { uri: text(options.uri)?.into(), database: text(options.database)?.into(), token };
        room(out, "out")?;
        let client = AmbitClient {
            client: Client::connect(options),
            events: Vec::new(),
            results: Vec::new(),
            locals: Vec::new(),
            circles: Vec::new(),
            tiers: Vec::new(),
            text: String::new(),
        };
        put(out, Box::into_raw(Box::new(client)))
    })
}

/// Closes the connection and frees the client and everything it lent, at once: what waits is still sent by the
/// library's own thread, for as long as the program runs. A program that exits calls ambit_client_disconnect and
/// waits for AMBIT_STATE_DISCONNECTED first. NULL is allowed.
///
/// # Safety
/// `client` came from ambit_client_connect and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_free(client: *mut AmbitClient) {
    if !client.is_null() {
        guard(|| {
            // SAFETY: it came from Box::into_raw and is given back once.
            drop(unsafe { Box::from_raw(client) });
            Ok(())
        });
    }
}

/// Begins to close the connection after sending what waits; the state becomes AMBIT_STATE_DISCONNECTED when the
/// server has it all, or after a second. The cache stays readable.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_disconnect(client: *mut AmbitClient) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        lend(client)?.client.disconnect();
        Ok(())
    })
}

/// Where the connection stands.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitState.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_state(client: *mut AmbitClient, out: *mut AmbitState) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let state = match lend(client)?.client.state() {
            ConnectionState::Connecting => AmbitState::Connecting,
            ConnectionState::Connected => AmbitState::Connected,
            ConnectionState::Disconnected { .. } => AmbitState::Disconnected,
        };
        put(out, state)
    })
}

/// Why the connection is over; empty while it is not. Valid until the next call that returns a text of this
/// client.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitText.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_reason(client: *mut AmbitClient, out: *mut AmbitText) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let client = lend(client)?;
        client.text = match client.client.state() {
            ConnectionState::Disconnected { reason } => reason.to_string(),
            ConnectionState::Connecting | ConnectionState::Connected => String::new(),
        };
        put(out, AmbitText::new(&client.text))
    })
}

/// Copies the 32 bytes of the client's identity.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_identity(client: *mut AmbitClient, out: *mut u8) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let identity = lend(client)?.client.identity().ok_or_else(not_connected)?;
        put(out.cast::<[u8; 32]>(), identity.0)
    })
}

/// Copies the 16 bytes of this connection's id.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_connection(client: *mut AmbitClient, out: *mut u8) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let connection = lend(client)?.client.connection_id().ok_or_else(not_connected)?;
        put(out.cast::<[u8; 16]>(), connection.0)
    })
}

/// The token to keep and to give next time. Valid until the client is freed.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitText.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_token(client: *mut AmbitClient, out: *mut AmbitText) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let token = lend(client)?.client.token().map(AmbitText::new);
        put(out, token.ok_or_else(not_connected)?)
    })
}

/// Id, fingerprint and size of a reducer.
///
/// # Safety
/// `client` is alive and used by this thread alone; `name` is a text; `out` points to an AmbitReducerInfo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_reducer_by_name(
    client: *mut AmbitClient,
    name: AmbitText,
    out: *mut AmbitReducerInfo,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let name = text(name)?;
        let schema = lend(client)?.client.schema().ok_or_else(not_connected)?;
        let (id, reducer) = schema.reducer(name).ok_or_else(|| missing("reducer", name))?;
        let fixed_bytes = reducer.layout().fixed_bytes() as u32;
        put(out, AmbitReducerInfo { fingerprint: reducer.fingerprint(), fixed_bytes, reducer: id.into() })
    })
}

/// Calls a reducer with a row of its parameters; gives the number that the result will carry.
///
/// # Safety
/// `client` is alive and used by this thread alone; `arguments` points to `length` bytes; `out` to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_call(
    client: *mut AmbitClient,
    reducer: u16,
    arguments: *const u8,
    length: usize,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let request = lend(client)?.client.call(reducer, bytes(arguments, length)?)?;
        put(out, request)
    })
}

/// As ambit_client_call, for calls that are made many times a second, like steps: there is a result only if the call
/// failed.
///
/// # Safety
/// `client` is alive and used by this thread alone; `arguments` points to `length` bytes; `out` to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_call_quietly(
    client: *mut AmbitClient,
    reducer: u16,
    arguments: *const u8,
    length: usize,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let request = lend(client)?.client.call_quietly(reducer, bytes(arguments, length)?)?;
        put(out, request)
    })
}

/// Brings the cache to the latest commit that has arrived, and hands out at most `events_max` events (0: all) and
/// all results. What the last tick lent is no longer valid.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitTick.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_tick(
    client: *mut AmbitClient,
    events_max: usize,
    out: *mut AmbitTick,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let client = lend(client)?;
        client.client.tick(Budget { events_max: if events_max == 0 { usize::MAX } else { events_max } });
        lend_tick(client);
        let world = client.client.world();
        let tick = AmbitTick {
            events: client.events.as_ptr(),
            event_count: client.events.len(),
            results: client.results.as_ptr(),
            result_count: client.results.len(),
            offset: world.offset(),
            durable_offset: world.durable_offset(),
            timestamp: world.timestamp().0,
        };
        put(out, tick)
    })
}

fn lend_tick(client: &mut AmbitClient) {
    client.events.clear();
    client.events.extend(client.client.events().map(|event| {
        let (kind, reason, old, new): (_, _, Option<&[u8]>, Option<&[u8]>) = match event.kind {
            EventKind::Insert { row } => (AmbitEventKind::Insert, 0, None, Some(row)),
            EventKind::Update { old, row } => (AmbitEventKind::Update, 0, Some(old), Some(row)),
            EventKind::Delete { old, reason } => (AmbitEventKind::Delete, reason as u8, Some(old), None),
        };
        AmbitEvent {
            table: event.table,
            kind: kind as u8,
            reason,
            slot: event.slot,
            old_row: old.map_or(std::ptr::null(), <[u8]>::as_ptr),
            new_row: new.map_or(std::ptr::null(), <[u8]>::as_ptr),
            old_length: old.map_or(0, <[u8]>::len) as u32,
            new_length: new.map_or(0, <[u8]>::len) as u32,
        }
    }));
    client.results.clear();
    client.results.extend(client.client.results().iter().map(|result| AmbitResult {
        request: result.request,
        status: result.status as u32,
        offset: result.offset,
        message: AmbitText::new(&result.message),
    }));
}

/// Tells that only the first `count` events of this tick were handled; the next tick hands out the rest.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_defer_events(client: *mut AmbitClient, count: usize) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        lend(client)?.client.defer_events_after(count);
        Ok(())
    })
}

/// Blocks until something has happened since the last tick or the time is over; tells which. For programs
/// without frames.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to a bool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_wait(
    client: *mut AmbitClient,
    timeout_ms: u32,
    out: *mut bool,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let news = lend(client)?.client.wait(Duration::from_millis(timeout_ms.into()));
        put(out, news)
    })
}

/// Figures of the connection.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to AmbitStatistics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_statistics(
    client: *mut AmbitClient,
    out: *mut AmbitStatistics,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let figures = lend(client)?.client.statistics();
        let statistics = AmbitStatistics {
            bytes_received: figures.bytes_received,
            messages_received: figures.messages_received,
            updates_received: figures.updates_received,
            bytes_sent: figures.bytes_sent,
            messages_sent: figures.messages_sent,
            round_trip_us: figures.round_trip_us,
            clock_offset_us: figures.clock_offset_us,
            rows_pending: figures.rows_pending as u64,
            events_pending: figures.events_pending as u64,
            calls_in_flight: figures.calls_in_flight as u64,
            outgoing_bytes: figures.outgoing_bytes as u64,
            clock_jitter_us: figures.clock_jitter_us,
            render_delay_us: figures.render_delay_us,
        };
        put(out, statistics)
    })
}

pub(crate) fn not_connected() -> Failure {
    Failure::new(AmbitStatus::NotConnected, "the server has not welcomed the client yet")
}

pub(crate) fn missing(what: &str, name: &str) -> Failure {
    Failure::new(AmbitStatus::NotFound, format!("the connected database has no {what} `{name}`"))
}
