//! What the engine does: transactions and publications become commits, each with an offset and, if it must last, a record.

use std::sync::Arc;

use ambit_journal::{CallRecord, ModuleHash, Publication};
use ambit_model::{ConnectionId, Identity, Lifecycle, Schema, Timestamp};
use ambit_store::{ChangeSet, Changes, plan, settled};

use super::{Fed, OWN, Server};
use crate::checkers::{Checker, Violation, equality};
use crate::model::Transaction;
use crate::module::transaction::{self, Ending};
use crate::truth::{Noted, Truth};

/// Who calls what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub caller: Identity,
    /// All zeros for the database itself.
    pub connection: ConnectionId,
    pub reducer: u16,
    pub arguments: &'a [u8],
}

impl Server {
    /// Runs the reducer as one transaction, on the store and on the model. The offset that the caller's view reaches; none if
    /// the reducer refused.
    pub(super) fn call(
        &mut self,
        call: Call<'_>,
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<Option<u64>, Violation> {
        let timestamp = now.max(self.state.last_timestamp);
        let draw = self.state.journal.seeds.draw();
        let seed = call.arguments.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        let mut open = Transaction::new(&truth.current);
        let ending = transaction::run(seed, &mut self.store, &mut open)?;
        if ending == Ending::Error {
            self.store.rollback();
            if self.random.one_in(4) {
                self.check_rollback(truth)?;
            }
            if !self.is_noted(call.reducer) {
                return Ok(None);
            }
            // The module has caught the error.
            open = Transaction::new(&truth.current);
        }
        let changes = self.commit(&open, truth)?;
        if changes.is_empty() && changes.logged().is_empty() && !self.is_noted(call.reducer) {
            return Ok(Some(self.state.last_offset));
        }
        let is_logged = self.is_noted(call.reducer) || !changes.logged().is_empty();
        self.number(call, timestamp, draw, &changes, is_logged, truth);
        truth.commit(self.state.last_offset, open, is_logged)?;
        self.feed.push_back(Fed::Commit(ChangeSet {
            offset: self.state.last_offset,
            timestamp,
            caller: call.caller,
            reducer: call.reducer,
            body: changes.body,
        }));
        Ok(Some(self.state.last_offset))
    }

    /// The store's commit, which holds what the model says that it must hold.
    fn commit(&mut self, open: &Transaction, truth: &Truth) -> Result<Changes, Violation> {
        let reserved = self.reservations();
        let changes = self.store.commit();
        // A transaction that leaves all rows as they were may still reserve numbers.
        let moved =
            reserved.iter().zip(self.reservations()).filter(|(before, after)| *before != after).count();
        let is_bare = changes.operation_count as usize == moved;
        if is_bare == open.has_changes() || changes.is_empty() != (changes.operation_count == 0) {
            let text = format!(
                "a commit has {} operations, {moved} of them reservations; the model has changes: {}",
                changes.operation_count,
                open.has_changes()
            );
            return Err(Violation::new(Checker::Transaction, text));
        }
        if open.changes_any(|table| truth.is_durable(table)) && changes.logged().is_empty() {
            let text = "a commit changes durable tables and has nothing for the log";
            return Err(Violation::new(Checker::DurablePrefix, text));
        }
        Ok(changes)
    }

    /// Gives a commit the next offset, and the log its record.
    fn number(
        &mut self,
        call: Call<'_>,
        timestamp: Timestamp,
        draw: u64,
        changes: &Changes,
        is_logged: bool,
        truth: &mut Truth,
    ) {
        let Call { caller, connection, reducer, arguments } = call;
        self.state.last_offset += 1;
        self.state.last_timestamp = timestamp;
        let offset = self.state.last_offset;
        let record = is_logged.then(|| {
            let ends_session = self.is_noted(reducer);
            let body = changes.logged();
            let record =
                CallRecord { caller, connection, reducer, timestamp, draw, ends_session, arguments, body };
            let mut bytes = Vec::new();
            self.state.journal.write_call(&record, &mut bytes);
            let seed = self.state.journal.seeds.seed(draw);
            let arguments = arguments.to_vec();
            let noted = Noted { caller, connection, reducer, timestamp, seed, arguments };
            truth.note(offset, noted, ends_session);
            bytes
        });
        self.pending.push((offset, record));
    }

    fn check_rollback(&self, truth: &Truth) -> Result<(), Violation> {
        let what = "the store after a rollback";
        equality::check(Checker::Transaction, what, &self.store, &truth.current, |_| true)?;
        equality::check_counters(Checker::Transaction, what, &self.store, &truth.current)
    }

    /// How far the numbers of each counting column are reserved.
    fn reservations(&self) -> Vec<Option<u64>> {
        let tables = (0..).zip(&self.schema.tables);
        let columns = tables.flat_map(|(table, schema)| {
            let columns = (0..).zip(&schema.columns).filter(|(_, column)| column.auto_inc);
            columns.map(move |(column, _)| (table, column))
        });
        columns.map(|(table, column)| self.store.auto_inc_reservation(table, column)).collect()
    }

    /// The reducer that is told of clients who have gone, if the module wants to know.
    fn farewell_reducer(&self) -> Option<u16> {
        let mut reducers = (0..).zip(&self.schema.reducers);
        let found = reducers.find(|(_, reducer)| reducer.lifecycle == Lifecycle::ClientDisconnected);
        found.map(|(id, _)| id)
    }

    /// Whether the log tells of this reducer's commits whatever they changed.
    fn is_noted(&self, reducer: u16) -> bool {
        self.farewell_reducer() == Some(reducer)
    }

    /// The module is told that a client has gone, and his session ends.
    pub(super) fn farewell(
        &mut self,
        (caller, connection): (Identity, ConnectionId),
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<(), Violation> {
        if let Some(reducer) = self.farewell_reducer() {
            let arguments = &self.random.next().to_le_bytes();
            self.call(Call { caller, connection, reducer, arguments }, now, truth)?;
        }
        self.state.journal.sessions.forget(connection);
        Ok(())
    }

    /// The module is told who went while the database was down.
    pub(crate) fn bury(
        &mut self,
        left_connected: &[(Identity, ConnectionId)],
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<(), Violation> {
        left_connected.iter().try_for_each(|gone| self.farewell(*gone, now, truth))
    }

    /// The database takes another schema.
    pub(crate) fn publish(
        &mut self,
        schema: &Schema,
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<(), Violation> {
        let wrong = |text: String| Violation::new(Checker::Migration, text);
        let timestamp = now.max(self.state.last_timestamp);
        let plan = plan(&self.schema, schema);
        let settled = Arc::new(settled(schema));
        let migrated = self.store.migrate(Arc::clone(&settled), &plan);
        migrated.map_err(|error| wrong(format!("the store does not take a schema: {error}")))?;
        self.state.last_offset += 1;
        self.state.last_timestamp = timestamp;
        let mut module = ModuleHash::default();
        module.fill_with(|| self.random.next() as u8);
        let publication = Publication { offset: self.state.last_offset, module };
        self.state.publications.push(publication);
        truth.publish(publication, &settled);
        equality::check(Checker::Migration, "the migrated store", &self.store, &truth.current, |_| true)?;
        let mut record = Vec::new();
        self.state.journal.write_publish(timestamp, &module, schema, &[], &mut record);
        self.pending.push((publication.offset, Some(record)));
        let schema = Arc::new(schema.clone());
        self.feed.push_back(Fed::Publish { offset: publication.offset, timestamp, schema });
        self.schema = settled;
        Ok(())
    }

    /// The database runs a reducer of its own.
    pub(crate) fn tick(&mut self, now: Timestamp, truth: &mut Truth) -> Result<(), Violation> {
        let arguments = &self.random.next().to_le_bytes();
        let connection = ConnectionId::default();
        let call = Call { caller: OWN, connection, reducer: crate::module::schema::REDUCER_ACT, arguments };
        self.call(call, now, truth).map(drop)
    }

    /// At an end in order: numbers that were set aside and not given are given back.
    pub(super) fn release(&mut self, now: Timestamp, truth: &mut Truth) {
        let changes = self.store.release_reservations();
        if changes.logged().is_empty() {
            return;
        }
        let (connection, reducer) = (ConnectionId::default(), ChangeSet::NO_REDUCER);
        let draw = self.state.journal.seeds.draw();
        let call = Call { caller: OWN, connection, reducer, arguments: &[] };
        let timestamp = now.max(self.state.last_timestamp);
        self.number(call, timestamp, draw, &changes, true, truth);
        truth.release(self.state.last_offset);
    }
}
