//! A running database: calls, ticks, connections.

use std::sync::Arc;

use ambit_journal::{CallRecord, Publication, State};
use ambit_model::{ConnectionId, Duration, Identity, Lifecycle, RowLayout, Schema, Timestamp, validate_row};
use ambit_module_host::{CallHeader, Instance};
use ambit_store::{ChangeSet, Changes, FreezeError, FrozenStore, Store};

use crate::call::{CallFailure, CallOutcome, CallRequest, Record};
use crate::schedule::Schedule;

/// One running database. [`Database::start`] makes it.
pub struct Database {
    pub(crate) instance: Instance,
    pub(crate) reducers: Vec<Reducer>,
    pub(crate) schedule: Schedule,
    pub(crate) state: State,
}

/// What the engine needs to know of a reducer at every call.
pub(crate) struct Reducer {
    lifecycle: Lifecycle,
    parameters: RowLayout,
}

/// What a call has committed.
struct Committed {
    change_set: Option<ChangeSet>,
    record: Option<Record>,
}

impl Database {
    /// The tables and the reducers.
    pub fn schema(&self) -> &Arc<Schema> {
        self.instance.store().schema()
    }

    /// The rows.
    pub fn store(&self) -> &Store {
        self.instance.store()
    }

    /// A second store with the same rows, for a follower that begins now.
    pub fn fork_store(&mut self) -> Result<Store, FreezeError> {
        self.instance.store_mut().fork()
    }

    /// The rows as they are now, for a snapshot, and the snapshot's first chunk.
    pub fn freeze(&mut self) -> Result<(Vec<u8>, FrozenStore), FreezeError> {
        let head = self.snapshot_head();
        Ok((head, self.instance.store_mut().freeze()?))
    }

    /// The first chunk of a snapshot of the rows as they are now. Whoever follows this database freezes its own rows at
    /// this offset.
    pub fn snapshot_head(&self) -> Vec<u8> {
        self.state.encode_head(self.schema())
    }

    /// The offset of the last commit; 0 if there is none.
    pub fn last_offset(&self) -> u64 {
        self.state.last_offset
    }

    /// The modules that were published and from which offset on, as far as they are remembered; the last is the present.
    pub fn publications(&self) -> &[Publication] {
        &self.state.publications
    }

    /// Forgets the modules that ended before this offset: no snapshot and no record needs them any more.
    pub fn forget_publications(&mut self, before: u64) {
        let publications = &mut self.state.publications;
        let needed = publications.iter().rposition(|publication| publication.offset <= before).unwrap_or(0);
        publications.drain(..needed);
    }

    /// Whether the module has an init reducer and none was ever committed, so that [`Database::init`] is still to run.
    pub fn needs_init(&self) -> bool {
        !self.state.is_initialised && self.reducers.iter().any(|reducer| reducer.lifecycle == Lifecycle::Init)
    }

    /// Runs the init reducer. If it succeeds it commits, even if it changes nothing, so that it never runs again. If it
    /// fails it is still to run.
    pub fn init(&mut self, now: Timestamp) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::Init, (self.identity(), ConnectionId::default()), now)
    }

    /// Runs the reducers for a client that has connected.
    pub fn client_connected(
        &mut self,
        identity: Identity,
        connection: ConnectionId,
        now: Timestamp,
    ) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::ClientConnected, (identity, connection), now)
    }

    /// Runs the reducers for a client that has gone. When all of them are encoded, [`Database::forget_session`].
    pub fn client_disconnected(
        &mut self,
        identity: Identity,
        connection: ConnectionId,
        now: Timestamp,
    ) -> Vec<CallOutcome> {
        self.run_lifecycle(Lifecycle::ClientDisconnected, (identity, connection), now)
    }

    /// The connection will not be heard of again.
    pub fn forget_session(&mut self, connection: ConnectionId) {
        self.state.journal.sessions.forget(connection);
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
    pub fn tick(&mut self, now: Timestamp) -> Option<CallOutcome> {
        let due = self.schedule.take_due(now)?;
        let connection = ConnectionId::default();
        let request =
            CallRequest { caller: self.identity(), connection, reducer: due.reducer, arguments: &[] };
        Some(self.run(request, now, due.dt))
    }

    /// Runs a reducer for a client.
    pub fn call(&mut self, request: CallRequest<'_>, now: Timestamp) -> CallOutcome {
        match self.check(&request) {
            Ok(()) => self.run(request, now, Duration(0)),
            Err(failure) => outcome(&request, Err(failure)),
        }
    }

    /// Appends what the log is to hold of an outcome; nothing if [`CallOutcome::record`] is none. Every outcome is to be
    /// encoded once, in order. `arguments` are those of the call.
    pub fn encode_logged(&mut self, outcome: &CallOutcome, arguments: &[u8], out: &mut Vec<u8>) {
        let (Some(change_set), Some(record)) = (&outcome.change_set, &outcome.record) else { return };
        let call = CallRecord {
            caller: change_set.caller,
            connection: record.connection,
            reducer: change_set.reducer,
            timestamp: change_set.timestamp,
            draw: record.draw,
            ends_session: record.ends_session,
            arguments,
            body: change_set.body.get(..record.logged_bytes).unwrap_or_default(),
        };
        self.state.journal.write_call(&call, out);
    }

    /// At a clean end: gives back the numbers that auto_inc columns have set aside, so that the next start goes on with the
    /// next number. None if nothing was set aside.
    pub fn release_reservations(&mut self, now: Timestamp) -> Option<CallOutcome> {
        let changes = self.instance.store_mut().release_reservations();
        if changes.logged().is_empty() {
            return None;
        }
        let connection = ConnectionId::default();
        let reducer = ChangeSet::NO_REDUCER;
        let request = CallRequest { caller: self.identity(), connection, reducer, arguments: &[] };
        let draw = self.state.journal.seeds.draw();
        let timestamp = now.max(self.state.last_timestamp);
        let Committed { change_set, record } = self.number(&request, timestamp, draw, changes, true);
        let result = Ok(self.state.last_offset);
        Some(CallOutcome { change_set, record, ..outcome(&request, result) })
    }

    /// Gives out the next commit offset.
    pub(crate) fn next_change_set(
        &mut self,
        now: Timestamp,
        caller: Identity,
        reducer: u16,
        body: Arc<[u8]>,
    ) -> ChangeSet {
        let state = &mut self.state;
        state.last_offset += 1;
        state.last_timestamp = state.last_timestamp.max(now);
        ChangeSet { offset: state.last_offset, timestamp: state.last_timestamp, caller, reducer, body }
    }

    /// The database's own identity: the caller of init and ticks.
    pub(crate) fn identity(&self) -> Identity {
        self.state.journal.own
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
        now: Timestamp,
    ) -> Vec<CallOutcome> {
        let of_lifecycle = |(id, reducer): (u16, &Reducer)| (reducer.lifecycle == lifecycle).then_some(id);
        let ids: Vec<u16> = (0..).zip(&self.reducers).filter_map(of_lifecycle).collect();
        let run = |reducer| {
            let request = CallRequest { caller, connection, reducer, arguments: &[] };
            self.run(request, now, Duration(0))
        };
        ids.into_iter().map(run).collect()
    }

    /// Runs a checked call as one transaction.
    fn run(&mut self, request: CallRequest<'_>, now: Timestamp, dt: Duration) -> CallOutcome {
        // A clock that was set back does not let the database's time run backwards.
        let timestamp = now.max(self.state.last_timestamp);
        let draw = self.state.journal.seeds.draw();
        let header = CallHeader {
            sender: request.caller,
            connection: request.connection,
            timestamp,
            dt,
            seed: self.state.journal.seeds.seed(draw),
        };
        let mut committed = Committed { change_set: None, record: None };
        let result = match self.instance.call(&header, request.reducer, request.arguments) {
            Ok(()) => {
                committed = self.commit(&request, timestamp, draw);
                Ok(self.state.last_offset)
            }
            Err(error) => {
                self.instance.store_mut().rollback();
                Err(CallFailure::Module(error))
            }
        };
        let (lines, logs_dropped) = self.instance.logs();
        let logs = std::mem::take(lines);
        let Committed { change_set, record } = committed;
        CallOutcome { change_set, record, logs, logs_dropped, ..outcome(&request, result) }
    }

    fn commit(&mut self, request: &CallRequest<'_>, timestamp: Timestamp, draw: u64) -> Committed {
        let changes = match self.instance.store().has_changes() {
            true => self.instance.store_mut().commit(),
            false => Changes::default(),
        };
        let lifecycle = self.reducers.get(usize::from(request.reducer)).map(|reducer| reducer.lifecycle);
        self.state.is_initialised |= lifecycle == Some(Lifecycle::Init);
        // The log tells who is connected and whether init has run by these commits, whatever they changed.
        let is_noted = match lifecycle {
            Some(Lifecycle::Init | Lifecycle::ClientConnected | Lifecycle::ClientDisconnected) => true,
            Some(Lifecycle::Call | Lifecycle::Tick { .. }) | None => false,
        };
        self.number(request, timestamp, draw, changes, is_noted)
    }

    /// Makes changes a commit with the next offset, unless there are none and nothing is to be noted.
    fn number(
        &mut self,
        request: &CallRequest<'_>,
        timestamp: Timestamp,
        draw: u64,
        changes: Changes,
        is_noted: bool,
    ) -> Committed {
        let Changes { body, logged_bytes, .. } = changes;
        if body.is_empty() && !is_noted {
            return Committed { change_set: None, record: None };
        }
        let lifecycle = self.reducers.get(usize::from(request.reducer)).map(|reducer| reducer.lifecycle);
        let record = (is_noted || logged_bytes > 0).then(|| Record {
            connection: request.connection,
            draw,
            ends_session: lifecycle == Some(Lifecycle::ClientDisconnected),
            logged_bytes,
        });
        let change_set = self.next_change_set(timestamp, request.caller, request.reducer, body);
        Committed { change_set: Some(change_set), record }
    }
}

fn outcome(request: &CallRequest<'_>, result: Result<u64, CallFailure>) -> CallOutcome {
    CallOutcome {
        reducer: request.reducer,
        result,
        change_set: None,
        record: None,
        logs: Vec::new(),
        logs_dropped: 0,
    }
}

pub(crate) fn reducers(schema: &Schema) -> Vec<Reducer> {
    let of_schema = |reducer: &ambit_model::ReducerSchema| Reducer {
        lifecycle: reducer.lifecycle,
        parameters: reducer.layout(),
    };
    schema.reducers.iter().map(of_schema).collect()
}
