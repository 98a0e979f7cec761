//! What crosses between C++ and Rust. Raw pointers are rows and texts that the core lends until the next tick.

#![expect(unsafe_code, reason = "cxx declares the foreign functions")]
#![allow(missing_docs, reason = "private to the two sides of this bridge; client.h is documented")]

use crate::core::{Core, connect};

#[cxx::bridge(namespace = "ambit::bridge")]
pub(crate) mod ffi {
    struct Row {
        bytes: *const u8,
        length: u32,
        slot: u32,
    }

    struct Event {
        old_row: *const u8,
        new_row: *const u8,
        slot: u32,
        table: u16,
        kind: u8,
        reason: u8,
    }

    struct Outcome {
        message: *const u8,
        message_length: usize,
        offset: u64,
        request: u32,
        status: u8,
    }

    struct Parameter<'a> {
        name: &'a [u8],
        bytes: &'a [u8],
        low: u64,
        high: i64,
        numbers: [f64; 3],
        kind: i32,
    }

    struct Name<'a> {
        bytes: &'a [u8],
    }

    struct Tier<'a> {
        distance: f64,
        rate: f32,
        columns: &'a [Name<'a>],
    }

    struct Delivery<'a> {
        rate: f32,
        hysteresis: f64,
        tiers: &'a [Tier<'a>],
        budget: u32,
        confirmed: bool,
    }

    struct Circle {
        x: f64,
        y: f64,
        z: f64,
        radius: f64,
    }

    struct TierInForce {
        distance: f64,
        interval_ms: u32,
        rows: u32,
    }

    struct Inspection {
        offset: u64,
        hysteresis: f64,
        rows: u32,
        waiting: u32,
        rate: f32,
        budget: u32,
    }

    struct Info {
        fingerprint: u64,
        fixed_bytes: u32,
        id: u16,
        found: bool,
        is_schema_known: bool,
    }

    struct Tick {
        event_count: usize,
        result_count: usize,
        offset: u64,
        durable_offset: u64,
        timestamp: i64,
    }

    struct Figures {
        bytes_received: u64,
        messages_received: u64,
        updates_received: u64,
        bytes_sent: u64,
        messages_sent: u64,
        round_trip_us: u64,
        clock_offset_us: i64,
        rows_pending: u64,
        events_pending: u64,
        calls_in_flight: u64,
        outgoing_bytes: u64,
        clock_jitter_us: u64,
        render_delay_us: i64,
    }

    extern "Rust" {
        type Core;
        fn connect(uri: &[u8], database: &[u8], token: &[u8], reconnect_ms: i64) -> Box<Core>;
        fn error(self: &Core) -> &str;
        fn state(self: &Core) -> u8;
        fn reason(self: &Core) -> String;
        fn identity(self: &mut Core, out: &mut [u8; 32]) -> bool;
        fn connection(self: &mut Core, out: &mut [u8; 16]) -> bool;
        fn token(self: &mut Core) -> String;
        fn subscribe(self: &mut Core, sql: &[u8], parameters: &[Parameter], delivery: &Delivery) -> u32;
        fn change_parameters(self: &mut Core, subscription: u32, parameters: &[Parameter]) -> u32;
        fn change(self: &mut Core, subscription: u32, change: u32) -> u8;
        fn unsubscribe(self: &mut Core, subscription: u32) -> bool;
        fn subscription(self: &mut Core, subscription: u32) -> u8;
        fn inspect(self: &mut Core, subscription: u32) -> bool;
        fn inspection(self: &mut Core, subscription: u32, out: &mut Inspection) -> bool;
        fn circles(self: &Core) -> &[Circle];
        fn tiers(self: &Core) -> &[TierInForce];
        fn reducer(self: &mut Core, name: &[u8]) -> Info;
        fn table(self: &mut Core, name: &[u8]) -> Info;
        fn call(self: &mut Core, reducer: u16, row: &[u8]) -> u32;
        fn tick(self: &mut Core, events_max: usize) -> Tick;
        fn event(self: &Core, index: usize) -> Event;
        fn outcome(self: &Core, index: usize) -> Outcome;
        fn defer_events(self: &mut Core, count: usize);
        fn wait(self: &Core, timeout_ms: u32) -> bool;
        fn disconnect(self: &mut Core);
        fn figures(self: &Core) -> Figures;
        fn server_time(self: &Core, out_us: &mut i64) -> bool;
        fn render_time(self: &Core, out_us: &mut i64) -> bool;
        fn set_render_delay(self: &mut Core, delay_us: i64) -> bool;
        fn interpolate(self: &mut Core, table: u16, column: u16) -> bool;
        fn sample(
            self: &mut Core,
            table: u16,
            slot: u32,
            column: u16,
            time_us: i64,
            out: &mut [f64; 4],
        ) -> bool;
        fn count(self: &Core, table: u16) -> usize;
        fn find(self: &mut Core, table: u16, index: u16, key: &[u8], out: &mut Row) -> bool;
        fn row(self: &Core, table: u16, slot: u32, out: &mut Row) -> bool;
        fn all(self: &mut Core, table: u16, rows: &mut [Row]) -> usize;
        fn filter(self: &mut Core, table: u16, index: u16, key: &[u8], rows: &mut [Row]) -> usize;
        fn near(
            self: &mut Core,
            table: u16,
            index: u16,
            centre: &[f64; 3],
            radius: f64,
            rows: &mut [Row],
        ) -> usize;
    }
}
