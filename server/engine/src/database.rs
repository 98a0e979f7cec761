//! A running database: calls, ticks, connections.

use std::sync::Arc;

use ambit_model::{ConnectionId, Duration, Identity, Lifecycle, RowLayout, Schema, Timestamp, validate_row};
use ambit_module_host::{CallHeader, Instance};
use ambit_store::{ChangeSet, Store};

use crate::call::{CallFailure, CallOutcome, CallRequest, Moment};
use crate::recovery::Recovery;
use crate::schedule::Schedule;

/// One running database. [`Database::start`] makes it.
pub struct Database {
    pub(crate) instance: Instance,
    pub(crate) reducers: Vec<Reducer>,
    pub(crate) schedule: Schedule,
    /// The database's own identity: the caller of init and ticks.
    identity: Identity,
    last_offset: u64,
    last_timestamp: Timestamp,
    /// Whether init was ever committed.
    is_initialised: bool,
}

/// What the engine needs to know of a reducer at every call.
pub(crate) struct Reducer {
    lifecycle: Lifecycle,
    parameters: RowLayout,
}

impl Database {
    /// A database without reducers or ticks yet, its instance already holding the recovered store.
    pub(crate) fn assemble(instance: Instance, recovery: &Recovery, identity: Identity) -> Self {
        Self {
            instance,
            reducers: Vec::new(),
            schedule: Schedule::default(),
            identity,
            last_offset: recovery.last_offset,
            last_timestamp: recovery.last_timestamp,
            is_initialised: recovery.is_initialised,
        }
    }

    /// The tables, with the database's ids, and the reducers, with the module's.
    pub fn schema(&self) -> &Arc<Schema> {
        self.instance.store().schema()
    }

    /// The rows.
    pub fn store(&self) -> &Store {
        self.instance.store()
    }

    /// The offset of the last commit; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.last_offset
    }

    /// Whether the module has an init reducer and none was ever committed, so that [`Database::init`] is still to run.
    pub fn needs_init(&self) -> bool {
        !self.is_initialised && self.reducers.iter().any(|reducer| reducer.lifecycle == Lifecycle::Init)
    }

    /// Runs the init reducer. If it succeeds it commits, even if it changes nothing, so that it never runs again. If it
    /// fails it is still to run.
    pub fn init(&mut self, moment: Moment) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::Init, (self.identity, ConnectionId::default()), moment)
    }

    /// Runs the reducers for a client that has connected.
    pub fn client_connected(
        &mut self,
        identity: Identity,
        connection: ConnectionId,
        moment: Moment,
    ) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::ClientConnected, (identity, connection), moment)
    }

    /// Runs the reducers for a client that has gone.
    pub fn client_disconnected(
        &mut self,
        identity: Identity,
        connection: ConnectionId,
        moment: Moment,
    ) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::ClientDisconnected, (identity, connection), moment)
    }

    /// When the next tick is due; none if the module has no ticks.
    pub fn next_tick(&self) -> Option<Timestamp> {
        self.schedule.next()
    }

    /// Ticks that were skipped because the server was too late for them, since the module was published or
    /// started.
    pub fn ticks_skipped(&self) -> u64 {
        self.schedule.skipped()
    }

    /// Runs the one tick that has been due the longest; none if none is due. Calls may run between ticks.
    pub fn tick(&mut self, moment: Moment) -> Option<CallOutcome> {
        let due = self.schedule.take_due(moment.now)?;
        let connection = ConnectionId::default();
        let request = CallRequest { caller: self.identity, connection, reducer: due.reducer, arguments: &[] };
        Some(self.run(request, moment, due.dt))
    }

    /// Runs a reducer for a client.
    pub fn call(&mut self, request: CallRequest<'_>, moment: Moment) -> CallOutcome {
        match self.check(&request) {
            Ok(()) => self.run(request, moment, Duration(0)),
            Err(failure) => outcome(&request, moment, Duration(0), Err(failure)),
        }
    }

    /// Gives out the next commit offset.
    pub(crate) fn next_change_set(
        &mut self,
        now: Timestamp,
        caller: Identity,
        reducer: u16,
        body: Arc<[u8]>,
    ) -> ChangeSet {
        self.last_offset += 1;
        self.last_timestamp = self.last_timestamp.max(now);
        ChangeSet { offset: self.last_offset, timestamp: self.last_timestamp, caller, reducer, body }
    }

    /// The database's own identity.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    fn check(&self, request: &CallRequest<'_>) -> Result<(), CallFailure> {
        let reducer = self
            .reducers
            .get(usize::from(request.reducer))
            .ok_or(CallFailure::UnknownReducer(request.reducer))?;
        if reducer.lifecycle != Lifecycle::Call {
            return Err(CallFailure::NotCallable(self.reducer_name(request.reducer)));
        }
        validate_row(&reducer.parameters, request.arguments).map_err(|problem| CallFailure::Arguments {
            reducer: self.reducer_name(request.reducer),
            problem,
        })
    }

    fn reducer_name(&self, reducer: u16) -> String {
        let reducer = self.schema().reducers.get(usize::from(reducer));
        reducer.map_or_else(String::new, |reducer| reducer.name.clone())
    }

    fn run_lifecycle(
        &mut self,
        lifecycle: Lifecycle,
        (caller, connection): (Identity, ConnectionId),
        moment: Moment,
    ) -> Vec<CallOutcome> {
        let of_lifecycle = |(id, reducer): (u16, &Reducer)| (reducer.lifecycle == lifecycle).then_some(id);
        let ids: Vec<u16> = (0..).zip(&self.reducers).filter_map(of_lifecycle).collect();
        let run = |reducer| {
            let request = CallRequest { caller, connection, reducer, arguments: &[] };
            self.run(request, moment, Duration(0))
        };
        ids.into_iter().map(run).collect()
    }

    /// Runs a checked call as one transaction.
    fn run(&mut self, request: CallRequest<'_>, moment: Moment, dt: Duration) -> CallOutcome {
        // A clock that was set back does not let the database's time run backwards.
        let timestamp = moment.now.max(self.last_timestamp);
        let header = CallHeader {
            sender: request.caller,
            connection: request.connection,
            timestamp,
            dt,
            seed: moment.seed,
        };
        let mut change_set = None;
        let result = match self.instance.call(&header, request.reducer, request.arguments) {
            Ok(()) => {
                change_set = self.commit(&request, timestamp);
                Ok(self.last_offset)
            }
            Err(error) => {
                self.instance.store_mut().rollback();
                Err(CallFailure::Module(error))
            }
        };
        let (lines, logs_dropped) = self.instance.logs();
        let logs = std::mem::take(lines);
        CallOutcome { change_set, logs, logs_dropped, ..outcome(&request, moment, dt, result) }
    }

    fn commit(&mut self, request: &CallRequest<'_>, timestamp: Timestamp) -> Option<ChangeSet> {
        let body = match self.instance.store().has_changes() {
            true => self.instance.store_mut().commit().body,
            false => Arc::default(),
        };
        let lifecycle = self.reducers.get(usize::from(request.reducer)).map(|reducer| reducer.lifecycle);
        self.is_initialised |= lifecycle == Some(Lifecycle::Init);
        // The log tells who is connected and whether init has run by these commits, whatever they changed.
        let is_noted = match lifecycle {
            Some(Lifecycle::Init | Lifecycle::ClientConnected | Lifecycle::ClientDisconnected) => true,
            Some(Lifecycle::Call | Lifecycle::Tick { .. }) | None => false,
        };
        if body.is_empty() && !is_noted {
            return None;
        }
        Some(self.next_change_set(timestamp, request.caller, request.reducer, body))
    }
}

fn outcome(
    request: &CallRequest<'_>,
    moment: Moment,
    dt: Duration,
    result: Result<u64, CallFailure>,
) -> CallOutcome {
    CallOutcome {
        reducer: request.reducer,
        result,
        change_set: None,
        logs: Vec::new(),
        logs_dropped: 0,
        connection: request.connection,
        seed: moment.seed,
        dt,
    }
}

pub(crate) fn reducers(schema: &Schema) -> Vec<Reducer> {
    let of_schema = |reducer: &ambit_model::ReducerSchema| Reducer {
        lifecycle: reducer.lifecycle,
        parameters: reducer.layout(),
    };
    schema.reducers.iter().map(of_schema).collect()
}
