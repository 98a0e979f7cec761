//! The game's handle: connect, subscribe, call, tick.

mod sampling;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ambit_client_core::{
    Budget, CallOutcome, Delivery, Event, Inspection, Parameters, SendError, Statistics, SubscriptionState,
    Table, World,
};
use ambit_model::{ConnectionId, Identity, Lifecycle, RowLayout, Schema, validate_row};

use crate::connection;
use crate::link::Link;
use crate::options::Options;
use crate::query::Query;
use crate::runtime;
use crate::state::{ConnectionState, DisconnectReason};

/// One connection to a database, with its cache. It belongs to one thread at a time, usually the game's.
/// Dropping it closes the connection: the IO thread still sends what waits, for as long as the process lives. A
/// program that exits calls [`Client::disconnect`] and waits for the state first.
#[derive(Debug)]
pub struct Client {
    link: Arc<Link>,
    world: World,
    known: Option<Known>,
    news_seen: u64,
}

/// What the Welcome told, at hand without a lock.
#[derive(Debug)]
struct Known {
    schema: Arc<Schema>,
    parameters: Vec<RowLayout>,
    identity: Identity,
    connection: ConnectionId,
    token: String,
}

impl Client {
    /// Begins to connect and returns at once; [`Client::state`] tells how it goes.
    pub fn connect(options: Options) -> Self {
        let link = Arc::new(Link::new());
        match runtime::handle() {
            Ok(io) => drop(io.spawn(connection::run(Arc::clone(&link), options))),
            Err(problem) => {
                let reason = DisconnectReason::Options(problem);
                link.set_state(ConnectionState::Disconnected { reason });
            }
        }
        Self { link, world: World::new(), known: None, news_seen: 0 }
    }

    /// Where the connection stands.
    pub fn state(&self) -> ConnectionState {
        self.link.state()
    }

    /// Who the client is; `None` before it is connected.
    pub fn identity(&mut self) -> Option<Identity> {
        self.known().map(|known| known.identity)
    }

    /// This connection's id; `None` before it is connected.
    pub fn connection_id(&mut self) -> Option<ConnectionId> {
        self.known().map(|known| known.connection)
    }

    /// To be kept and given as [`Options::token`] next time; `None` before it is connected.
    pub fn token(&mut self) -> Option<&str> {
        self.known().map(|known| known.token.as_str())
    }

    /// The module's tables and reducers; `None` before it is connected.
    pub fn schema(&mut self) -> Option<Arc<Schema>> {
        self.known().map(|known| Arc::clone(&known.schema))
    }

    /// Begins a subscription; answers its number. Its rows come all at once with a later tick. `rate` in updates
    /// per second: 0 is the server's default, infinity one update per commit. Possible before it is connected.
    pub fn subscribe(&mut self, sql: &str, rate: f32) -> Result<u32, SendError> {
        self.subscribe_with(sql, &Parameters::new(), rate)
    }

    /// As [`Client::subscribe`], of a query that names parameters: `:name` in its text takes the value of that name.
    pub fn subscribe_with(
        &mut self,
        sql: &str,
        parameters: &Parameters,
        rate: f32,
    ) -> Result<u32, SendError> {
        self.subscribe_as(sql, parameters, &Delivery::at_rate(rate))
    }

    /// As [`Client::subscribe_with`], with delivery options: how often rows are told by their distance, when they leave a circle,
    /// how many bytes per second the connection is sent, and whether only what is durable is told.
    pub fn subscribe_as(
        &mut self,
        sql: &str,
        parameters: &Parameters,
        delivery: &Delivery,
    ) -> Result<u32, SendError> {
        self.refuse_when_over()?;
        let subscription = self.link.outbox().subscribe_as(sql, parameters, delivery)?;
        self.link.wake.notify_one();
        Ok(subscription)
    }

    /// Gives a subscription's query other parameters in place of all that it had; answers the number of the change. With a
    /// later tick the rows that are in one of both answers only come or leave, all at once.
    pub fn change_parameters(
        &mut self,
        subscription: u32,
        parameters: &Parameters,
    ) -> Result<u32, SendError> {
        self.refuse_when_over()?;
        let change = self.link.outbox().change_parameters(subscription, parameters)?;
        self.link.wake.notify_one();
        Ok(change)
    }

    /// Begins a subscription of a typed query.
    pub fn subscribe_to<R>(&mut self, query: &Query<R>) -> Result<u32, SendError> {
        let (sql, parameters) = query.build()?;
        self.subscribe_as(&sql, &parameters, query.wanted_delivery())
    }

    /// Goes over to the values of another query, which is built like the one that the subscription began with, as
    /// [`Client::change_parameters`] does.
    pub fn change_to<R>(&mut self, subscription: u32, query: &Query<R>) -> Result<u32, SendError> {
        self.change_parameters(subscription, &query.build()?.1)
    }

    /// Ends a subscription; rows that no other one holds leave with a later tick.
    pub fn unsubscribe(&mut self, subscription: u32) -> Result<(), SendError> {
        self.refuse_when_over()?;
        self.link.outbox().unsubscribe(subscription)?;
        self.link.wake.notify_one();
        Ok(())
    }

    /// Asks the server what is in force in a subscription: how many rows it holds, how many of them wait, its circles and tiers.
    /// For editors and debuggers; nothing is sent when nobody asks. [`Client::inspection`] has the answer with a later tick.
    pub fn inspect(&mut self, subscription: u32) -> Result<(), SendError> {
        self.refuse_when_over()?;
        self.link.outbox().inspect(subscription)?;
        self.link.wake.notify_one();
        Ok(())
    }

    /// Calls a reducer by its id with a row of its parameters; answers the request's number, which the result
    /// will carry. Calls arrive in order. Those made between two turns of the IO thread travel in one message.
    pub fn call(&mut self, reducer: u16, args: &[u8]) -> Result<u32, SendError> {
        self.check_call(reducer, args)?;
        let request = self.link.outbox().call(reducer, args)?;
        self.link.wake.notify_one();
        Ok(request)
    }

    /// As [`Client::call`], for calls that are made many times a second: there is a result only if the call failed. It
    /// saves the server a message per call.
    pub fn call_quietly(&mut self, reducer: u16, args: &[u8]) -> Result<u32, SendError> {
        self.check_call(reducer, args)?;
        let request = self.link.outbox().call_quietly(reducer, args)?;
        self.link.wake.notify_one();
        Ok(request)
    }

    /// Calls a reducer by its name, as [`Client::call`].
    pub fn call_named(&mut self, reducer: &str, args: &[u8]) -> Result<u32, SendError> {
        self.refuse_when_over()?;
        let id = self.known().and_then(|known| known.schema.reducer(reducer)).map(|(id, _)| id);
        let id = id.ok_or_else(|| SendError::UnknownReducer(reducer.into()))?;
        self.call(id, args)
    }

    /// Brings the cache to the latest commit that has arrived, and hands out events within the budget, and
    /// results. Rows, events and results of the last tick are no longer valid.
    pub fn tick(&mut self, budget: Budget) {
        self.news_seen = self.link.news();
        {
            let mut session = self.link.session();
            self.world.keep_time(&mut session, self.link.now_us());
            self.world.tick(&mut session, budget);
        }
        let answered = self.world.answered();
        if answered > 0 {
            self.link.outbox().answered(answered);
        }
    }

    /// Tells that the game handled only the first `count` events of this tick, because its time is up; the next
    /// tick hands out the rest.
    pub fn defer_events_after(&mut self, count: usize) {
        self.world.defer_events_after(count);
    }

    /// The cache as of the last tick.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The events of the last tick: first what earlier ticks left over, then departures before arrivals.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.world.events()
    }

    /// The results that came in with the last tick.
    pub fn results(&self) -> &[CallOutcome] {
        self.world.results()
    }

    /// How a subscription stands as of the last tick; `None` before its first result.
    pub fn subscription(&self, subscription: u32) -> Option<&SubscriptionState> {
        self.world.subscription(subscription)
    }

    /// How a change of a subscription's parameters stands as of the last tick: applied if it or a later one counts, failed
    /// if the server refused it, and if the subscription is over, as that stands. `None` before the server's answer.
    pub fn change(&self, subscription: u32, change: u32) -> Option<&SubscriptionState> {
        self.world.change(subscription, change)
    }

    /// The last answer to [`Client::inspect`] as of the last tick; `None` before it, and once the subscription is over.
    pub fn inspection(&self, subscription: u32) -> Option<&Inspection> {
        self.world.inspection(subscription)
    }

    /// The table of this name; `None` before the first tick after the connection stands.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.world.table_named(name)
    }

    /// The table of this id; `None` before the first tick after the connection stands.
    pub fn table_by_id(&self, table: u16) -> Option<&Table> {
        self.world.table(table)
    }

    /// Every commit up to this offset is durable, as of the last tick.
    pub fn durable_offset(&self) -> u64 {
        self.world.durable_offset()
    }

    /// Figures of this connection.
    pub fn statistics(&self) -> Statistics {
        let statistics = self.link.session().statistics();
        let outbox = self.link.outbox();
        let (messages_sent, bytes_sent) = outbox.sent();
        Statistics {
            messages_sent,
            bytes_sent,
            calls_in_flight: outbox.in_flight(),
            outgoing_bytes: outbox.queued_bytes(),
            events_pending: self.world.events_pending(),
            ..statistics
        }
    }

    /// Blocks until something has happened since the last tick, or the timeout is over; answers whether it has.
    /// For programs without frames.
    pub fn wait(&self, timeout: Duration) -> bool {
        self.world.events_pending() > 0 || self.link.wait(self.news_seen, timeout)
    }

    /// Ticks, with every event at once, until `ready` holds or the timeout is over; answers whether it holds.
    /// `ready` is asked after every tick, so it sees every event and result.
    pub fn wait_until(&mut self, timeout: Duration, mut ready: impl FnMut(&mut Self) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        loop {
            self.tick(Budget::UNLIMITED);
            if ready(self) {
                return true;
            }
            if !self.wait(deadline.saturating_duration_since(Instant::now())) {
                return false;
            }
        }
    }

    /// Closes the connection after sending what waits; the state tells when the server has it. The cache stays, and
    /// what the server still says before it lets go comes with the next tick.
    pub fn disconnect(&mut self) {
        self.link.close();
    }

    fn check_call(&mut self, reducer: u16, args: &[u8]) -> Result<(), SendError> {
        self.refuse_when_over()?;
        let known = self.known().ok_or_else(|| SendError::UnknownReducer(format!("#{reducer}")))?;
        let id = usize::from(reducer);
        let (Some(schema), Some(parameters)) = (known.schema.reducers.get(id), known.parameters.get(id))
        else {
            return Err(SendError::UnknownReducer(format!("#{reducer}")));
        };
        if schema.lifecycle != Lifecycle::Call {
            return Err(SendError::UnknownReducer(schema.name.clone()));
        }
        validate_row(parameters, args)
            .map_err(|error| SendError::Arguments { reducer: schema.name.clone(), error })?;
        Ok(())
    }

    fn known(&mut self) -> Option<&Known> {
        if self.known.is_none() {
            self.known = self.link.session().welcome().map(|welcome| Known {
                parameters: welcome.schema.reducers.iter().map(|reducer| reducer.layout()).collect(),
                schema: Arc::clone(&welcome.schema),
                identity: welcome.identity,
                connection: welcome.connection,
                token: welcome.token.clone(),
            });
        }
        self.known.as_ref()
    }

    fn refuse_when_over(&self) -> Result<(), SendError> {
        match self.link.ended() {
            Some(reason) => Err(SendError::Disconnected(reason.to_string())),
            None if self.link.is_closing() => {
                Err(SendError::Disconnected(DisconnectReason::Closed.to_string()))
            }
            None => Ok(()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.link.close();
    }
}
