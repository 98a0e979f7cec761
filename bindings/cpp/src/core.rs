//! One client behind the bridge. A refusal gives false, 0 or nothing, and leaves its text in `error`.

mod sampling;

use std::fmt::Display;
use std::time::Duration;

use ambit_client::{
    Budget, Client, ConnectionState, EventKind, Options, Parameters, PlainValue, PlainValueError,
    SubscriptionState, Table,
};

use crate::bridge::ffi::{
    Circle, Delivery, Event, Figures, Info, Inspection, Outcome, Parameter, Row, Tick, Tier, TierInForce,
};

/// A client with what the last tick lends and the text of the last refusal.
pub(crate) struct Core {
    client: Client,
    events: Vec<Event>,
    locals: Vec<u32>,
    circles: Vec<Circle>,
    tiers: Vec<TierInForce>,
    error: String,
}

/// Begins to connect. Texts that are not UTF-8 become options that cannot work.
/// `reconnect_ms` is as in the C ABI.
pub(crate) fn connect(uri: &[u8], database: &[u8], token: &[u8], reconnect_ms: i64) -> Box<Core> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let token = Some(text(token)).filter(|token| !token.is_empty());
    let reconnect_for = match reconnect_ms {
        0 => None,
        milliseconds => Some(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))),
    };
    let (uri, database) = (text(uri), text(database));
    let client = Client::connect(Options { uri, database, token, reconnect_for });
    Box::new(Core {
        client,
        events: Vec::new(),
        locals: Vec::new(),
        circles: Vec::new(),
        tiers: Vec::new(),
        error: String::new(),
    })
}

impl Core {
    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    pub(crate) fn state(&self) -> u8 {
        match self.client.state() {
            ConnectionState::Connecting => 0,
            ConnectionState::Connected => 1,
            ConnectionState::Disconnected { .. } => 2,
            ConnectionState::Reconnecting { .. } => 3,
        }
    }

    pub(crate) fn reason(&self) -> String {
        match self.client.state() {
            ConnectionState::Connecting | ConnectionState::Connected => String::new(),
            ConnectionState::Disconnected { reason } | ConnectionState::Reconnecting { reason } => {
                reason.to_string()
            }
        }
    }

    pub(crate) fn identity(&mut self, out: &mut [u8; 32]) -> bool {
        self.client.identity().map(|identity| *out = identity.0).is_some()
    }

    pub(crate) fn connection(&mut self, out: &mut [u8; 16]) -> bool {
        self.client.connection_id().map(|connection| *out = connection.0).is_some()
    }

    pub(crate) fn token(&mut self) -> String {
        self.client.token().unwrap_or_default().to_owned()
    }

    pub(crate) fn subscribe(
        &mut self,
        sql: &[u8],
        parameters: &[Parameter<'_>],
        delivery: &Delivery<'_>,
    ) -> u32 {
        let text = std::str::from_utf8(sql).map_err(|error| error.to_string());
        let number = text.and_then(|sql| {
            let number = self.client.subscribe_as(sql, &values(parameters)?, &options(delivery)?);
            number.map_err(|error| error.to_string())
        });
        self.keep(number).unwrap_or(0)
    }

    pub(crate) fn change_parameters(&mut self, subscription: u32, parameters: &[Parameter<'_>]) -> u32 {
        let change = values(parameters).and_then(|parameters| {
            let change = self.client.change_parameters(subscription, &parameters);
            change.map_err(|error| error.to_string())
        });
        self.keep(change).unwrap_or(0)
    }

    pub(crate) fn unsubscribe(&mut self, subscription: u32) -> bool {
        let ended = self.client.unsubscribe(subscription);
        self.keep(ended).is_some()
    }

    /// A failed one leaves its message in `error`.
    pub(crate) fn subscription(&mut self, subscription: u32) -> u8 {
        let state = self.client.subscription(subscription).cloned();
        self.told(state)
    }

    /// A refused one leaves its message in `error`.
    pub(crate) fn change(&mut self, subscription: u32, change: u32) -> u8 {
        let state = self.client.change(subscription, change).cloned();
        self.told(state)
    }

    pub(crate) fn inspect(&mut self, subscription: u32) -> bool {
        let asked = self.client.inspect(subscription);
        self.keep(asked).is_some()
    }

    /// Puts the lists of the answer where `circles` and `tiers` find them.
    pub(crate) fn inspection(&mut self, subscription: u32, out: &mut Inspection) -> bool {
        let Some(told) = self.client.inspection(subscription) else { return false };
        self.circles.clear();
        self.circles.extend(told.circles.iter().map(|circle| {
            let [x, y, z] = circle.centre;
            Circle { x, y, z, radius: circle.radius }
        }));
        self.tiers.clear();
        self.tiers.extend(told.tiers.iter().map(|tier| TierInForce {
            distance: tier.distance,
            interval_ms: tier.interval_ms,
            rows: tier.rows,
        }));
        let &ambit_client::Inspection { offset, hysteresis, rows, waiting, rate, budget, .. } = told;
        *out = Inspection { offset, hysteresis, rows, waiting, rate, budget };
        true
    }

    pub(crate) fn circles(&self) -> &[Circle] {
        &self.circles
    }

    pub(crate) fn tiers(&self) -> &[TierInForce] {
        &self.tiers
    }

    pub(crate) fn reducer(&mut self, name: &[u8]) -> Info {
        let schema = self.client.schema();
        let found = schema.as_ref().and_then(|schema| schema.reducer(std::str::from_utf8(name).ok()?));
        let info = found.map(|(id, reducer)| Info {
            fingerprint: reducer.fingerprint(),
            fixed_bytes: reducer.layout().fixed_bytes() as u32,
            id,
            found: true,
            is_schema_known: true,
        });
        info.unwrap_or_else(|| self.missing("reducer", name, schema.is_some()))
    }

    pub(crate) fn table(&mut self, name: &[u8]) -> Info {
        let schema = self.client.world().schema();
        let found = schema.and_then(|schema| schema.table(std::str::from_utf8(name).ok()?));
        let info = found.map(|(id, table)| Info {
            fingerprint: table.fingerprint(),
            fixed_bytes: table.layout().fixed_bytes() as u32,
            id,
            found: true,
            is_schema_known: true,
        });
        let is_schema_known = schema.is_some();
        info.unwrap_or_else(|| self.missing("table", name, is_schema_known))
    }

    pub(crate) fn call(&mut self, reducer: u16, row: &[u8]) -> u32 {
        let request = self.client.call(reducer, row);
        self.keep(request).unwrap_or(0)
    }

    /// Hands out at most so many events; 0 for all.
    pub(crate) fn tick(&mut self, events_max: usize) -> Tick {
        self.client.tick(Budget { events_max: if events_max == 0 { usize::MAX } else { events_max } });
        self.events.clear();
        self.events.extend(self.client.events().map(|event| {
            let none = std::ptr::null();
            let (kind, reason, old_row, new_row) = match event.kind {
                EventKind::Insert { row } => (0, 0, none, row.as_ptr()),
                EventKind::Update { old, row } => (1, 0, old.as_ptr(), row.as_ptr()),
                EventKind::Delete { old, reason } => (2, reason as u8, old.as_ptr(), none),
            };
            Event { old_row, new_row, slot: event.slot, table: event.table, kind, reason }
        }));
        let world = self.client.world();
        Tick {
            event_count: self.events.len(),
            result_count: world.results().len(),
            offset: world.offset(),
            durable_offset: world.durable_offset(),
            timestamp: world.timestamp().0,
        }
    }

    /// One past the end is an insert of no table.
    pub(crate) fn event(&self, index: usize) -> Event {
        let none = std::ptr::null();
        let nothing = Event { old_row: none, new_row: none, slot: 0, table: u16::MAX, kind: 0, reason: 0 };
        self.events.get(index).map_or(nothing, |event| Event { ..*event })
    }

    /// One past the end is a rejected call without a number.
    pub(crate) fn outcome(&self, index: usize) -> Outcome {
        let nothing =
            Outcome { message: std::ptr::null(), message_length: 0, offset: 0, request: 0, status: 2 };
        self.client.results().get(index).map_or(nothing, |result| Outcome {
            message: result.message.as_ptr(),
            message_length: result.message.len(),
            offset: result.offset,
            request: result.request,
            status: result.status as u8,
        })
    }

    pub(crate) fn defer_events(&mut self, count: usize) {
        self.client.defer_events_after(count);
    }

    pub(crate) fn wait(&self, timeout_ms: u32) -> bool {
        self.client.wait(Duration::from_millis(timeout_ms.into()))
    }

    pub(crate) fn disconnect(&mut self) {
        self.client.disconnect();
    }

    pub(crate) fn figures(&self) -> Figures {
        let figures = self.client.statistics();
        Figures {
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
        }
    }

    pub(crate) fn count(&self, table: u16) -> usize {
        self.client.table_by_id(table).map_or(0, Table::len)
    }

    pub(crate) fn find(&mut self, table: u16, index: u16, key: &[u8], out: &mut Row) -> bool {
        let Some(table) = self.client.table_by_id(table) else { return false };
        let found = table.find(index, key).map(|local| local.and_then(|local| row_at(table, local)));
        match self.keep(found).flatten() {
            Some(row) => {
                *out = row;
                true
            }
            None => false,
        }
    }

    pub(crate) fn row(&self, table: u16, slot: u32, out: &mut Row) -> bool {
        let table = self.client.table_by_id(table);
        match table.and_then(|table| row_at(table, table.local(slot)?)) {
            Some(row) => {
                *out = row;
                true
            }
            None => false,
        }
    }

    pub(crate) fn all(&mut self, table: u16, rows: &mut [Row]) -> usize {
        self.answer(table, rows, |table, locals| {
            locals.extend(table.iter().map(|(local, _)| local));
            Ok::<(), String>(())
        })
    }

    pub(crate) fn filter(&mut self, table: u16, index: u16, key: &[u8], rows: &mut [Row]) -> usize {
        self.answer(table, rows, |table, locals| table.find_all(index, key, locals))
    }

    pub(crate) fn near(
        &mut self,
        table: u16,
        index: u16,
        centre: &[f64; 3],
        radius: f64,
        rows: &mut [Row],
    ) -> usize {
        self.answer(table, rows, |table, locals| table.near(index, *centre, radius, locals))
    }

    /// Writes the rows that have room, tells how many there are.
    fn answer<E: Display>(
        &mut self,
        table: u16,
        rows: &mut [Row],
        ask: impl FnOnce(&Table, &mut Vec<u32>) -> Result<(), E>,
    ) -> usize {
        self.locals.clear();
        let Some(table) = self.client.table_by_id(table) else { return 0 };
        let asked = ask(table, &mut self.locals);
        for (place, row) in rows.iter_mut().zip(self.locals.iter().filter_map(|&local| row_at(table, local)))
        {
            *place = row;
        }
        let total = self.locals.len();
        self.keep(asked).map_or(0, |()| total)
    }

    fn told(&mut self, state: Option<SubscriptionState>) -> u8 {
        match state {
            None => 0,
            Some(SubscriptionState::Applied) => 1,
            Some(SubscriptionState::Ended) => 2,
            Some(SubscriptionState::Failed(message)) => {
                self.error = message;
                3
            }
        }
    }

    fn keep<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.error = error.to_string()).ok()
    }

    fn missing(&mut self, what: &str, name: &[u8], is_schema_known: bool) -> Info {
        self.error = format!("the connected database has no {what} `{}`", String::from_utf8_lossy(name));
        Info { fingerprint: 0, fixed_bytes: 0, id: 0, found: false, is_schema_known }
    }
}

fn values(parameters: &[Parameter<'_>]) -> Result<Parameters, String> {
    let mut values = Parameters::new();
    for &Parameter { name, bytes, low, high, numbers, kind } in parameters {
        let name = std::str::from_utf8(name).map_err(|error| error.to_string())?;
        let value = PlainValue { kind, low, high, numbers, bytes }.try_into();
        let value = value.map_err(|error: PlainValueError| error.to_string())?;
        values.set(name, value).map_err(|error| error.to_string())?;
    }
    Ok(values)
}

/// What numbers are possible, the client says.
fn options(delivery: &Delivery<'_>) -> Result<ambit_client::Delivery, String> {
    let &Delivery { rate, hysteresis, tiers, budget, confirmed } = delivery;
    let tiers = tiers.iter().map(tier).collect::<Result<_, _>>()?;
    Ok(ambit_client::Delivery { rate, hysteresis, tiers, budget, confirmed })
}

fn tier(of: &Tier<'_>) -> Result<ambit_client::Tier, String> {
    let names = of.columns.iter().map(|column| std::str::from_utf8(column.bytes).map(str::to_owned));
    let columns = names.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok(ambit_client::Tier { distance: of.distance, rate: of.rate, columns })
}

fn row_at(table: &Table, local: u32) -> Option<Row> {
    let bytes = table.row(local)?;
    Some(Row { bytes: bytes.as_ptr(), length: bytes.len() as u32, slot: table.slot(local)? })
}
