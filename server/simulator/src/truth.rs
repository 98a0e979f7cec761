//! What really happened, by the model: the states after each commit, what anybody was told, what snapshots hold.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ambit_journal::{Publication, State};
use ambit_model::{ConnectionId, Durability, Identity, Schema, Timestamp};
use ambit_store::Store;

use crate::checkers::{Checker, Violation, equality};
use crate::model::{Commit, Database, History, Shape, Transaction};
use crate::server::recovery::Recovered;

/// The model's side of a world.
#[derive(Debug)]
pub(crate) struct Truth {
    pub history: History,
    pub current: Database,
    /// The state at each snapshot that was begun, by offset.
    pub snapshots: BTreeMap<u64, Database>,
    /// What was published, by offset.
    publications: BTreeMap<u64, (Publication, Schema)>,
    /// The calls that the log was given, by offset, and whether they end their session.
    noted: BTreeMap<u64, (Noted, bool)>,
    /// The highest offset that was acknowledged as durable since the last recovery.
    durable_told: u64,
    /// Where the last recovery ended.
    recovered: u64,
    /// Numbers given by commits that were acknowledged as durable: table, column, number, and the commit's offset.
    told: BTreeMap<(String, u16, u64), u64>,
    /// Numbers given by later commits. A power failure may take them back.
    untold: Vec<(u64, String, u16, u64)>,
    pub commits: u64,
}

/// What the log holds of a call besides its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    pub caller: Identity,
    pub connection: ConnectionId,
    pub reducer: u16,
    pub timestamp: Timestamp,
    pub seed: u128,
    pub arguments: Vec<u8>,
}

/// What a recovery says that it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The snapshot that it began with.
    pub snapshot: Option<u64>,
    /// The last record of the log; 0 if there is none.
    pub last_record: u64,
    /// The offset of the last commit.
    pub last_offset: u64,
    /// Whether a bit of the log is not what was written.
    pub is_log_decayed: bool,
    /// Whether a bit of a snapshot is not.
    pub is_snapshot_decayed: bool,
}

impl Truth {
    pub(crate) fn new() -> Self {
        let current = Database::new(Rc::new(Shape::new(&Schema::default())));
        Self {
            history: History::new(0, current.clone()),
            current,
            snapshots: BTreeMap::new(),
            publications: BTreeMap::new(),
            noted: BTreeMap::new(),
            durable_told: 0,
            told: BTreeMap::new(),
            recovered: 0,
            untold: Vec::new(),
            commits: 0,
        }
    }

    /// A transaction was committed.
    pub(crate) fn commit(
        &mut self,
        offset: u64,
        transaction: Transaction,
        is_logged: bool,
    ) -> Result<(), Violation> {
        for (table, column, number) in &transaction.given {
            let name = self.current.shape.table(*table).map_or_else(String::new, |shape| shape.name.clone());
            if self.told.contains_key(&(name.clone(), *column, *number)) {
                let text = format!(
                    "{name}, column {column}: the number {number} was told before and is given again"
                );
                return Err(Violation::new(Checker::AutoInc, text));
            }
            self.untold.push((offset, name, *column, *number));
        }
        self.current = transaction.now;
        self.history.push(offset, Commit { state: self.current.clone(), is_logged });
        self.commits += 1;
        Ok(())
    }

    /// The database has another schema.
    pub(crate) fn publish(&mut self, publication: Publication, schema: &Schema) {
        let offset = publication.offset;
        self.current = self.current.migrated(schema);
        self.publications.insert(offset, (publication, schema.clone()));
        self.history.push(offset, Commit { state: self.current.clone(), is_logged: true });
    }

    /// The log was given a record of a call.
    pub(crate) fn note(&mut self, offset: u64, noted: Noted, ends_session: bool) {
        self.noted.insert(offset, (noted, ends_session));
    }

    /// A commit that changes no row.
    pub(crate) fn release(&mut self, offset: u64) {
        self.history.push(offset, Commit { state: self.current.clone(), is_logged: true });
    }

    /// A snapshot of the state of this offset is being written.
    pub(crate) fn begin_snapshot(&mut self, offset: u64) {
        if let Some(state) = self.history.at(offset) {
            self.snapshots.insert(offset, state.clone());
        }
    }

    /// Whether all changes of the table are logged.
    pub(crate) fn is_durable(&self, table: u16) -> bool {
        self.current.shape.table(table).is_some_and(|shape| shape.durability == Durability::Durable)
    }

    /// Everything up to this offset was acknowledged as durable: its numbers are told.
    pub(crate) fn acknowledge(&mut self, offset: u64) {
        self.durable_told = self.durable_told.max(offset);
        let (told, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.untold).into_iter().partition(|(at, ..)| *at <= offset);
        self.untold = rest;
        self.told.extend(told.into_iter().map(|(at, table, column, number)| ((table, column, number), at)));
    }

    pub(crate) fn durable_told(&self) -> u64 {
        self.durable_told
    }

    /// What must be there after a recovery that found this.
    pub(crate) fn expected(&self, found: &Found) -> Result<Database, Violation> {
        let Found { snapshot, last_record, last_offset, is_log_decayed, is_snapshot_decayed } = *found;
        let logged = self.history.last_logged(self.durable_told);
        // The last commits may be in a snapshot alone, if the log has nothing of them.
        let promised = if is_snapshot_decayed { logged } else { logged.max(self.recovered) };
        // Damage of the last group that was synced cannot be told from a torn tail.
        if last_offset < promised && !is_log_decayed {
            let text = format!(
                "offset {promised} was acknowledged as durable, the recovery reached {last_offset} (last record {last_record}, snapshot {snapshot:?})"
            );
            return Err(Violation::new(Checker::DurablePrefix, text));
        }
        let missing =
            |what: &str| Violation::new(Checker::Atomicity, format!("nothing was ever committed as {what}"));
        if last_offset > self.history.last_offset() {
            return Err(missing(&format!("offset {last_offset}")));
        }
        let logged = self.history.at(last_offset).ok_or_else(|| missing(&format!("offset {last_offset}")))?;
        let mut expected = logged.clone();
        let at_snapshot = match snapshot {
            Some(offset) => {
                let state = self.snapshots.get(&offset);
                let state = state.ok_or_else(|| missing(&format!("the snapshot of offset {offset}")))?;
                let later = self.publications.range(..=last_offset).filter(|(at, _)| **at > offset);
                Some(later.fold(state.clone(), |state, (_, (_, schema))| state.migrated(schema)))
            }
            None => None,
        };
        for (place, shape) in logged.shape.tables.iter().enumerate() {
            let Some(table) = expected.tables.get_mut(place) else { continue };
            let rows = match shape.durability {
                Durability::Durable => continue,
                Durability::Checkpointed => at_snapshot.as_ref().and_then(|state| state.tables.get(place)),
                Durability::Ephemeral => None,
            };
            Rc::make_mut(table).rows = rows.map(|table| table.rows.clone()).unwrap_or_default();
        }
        expected.remove_dangling();
        Ok(expected)
    }

    /// Compares a recovered store with what must be there.
    pub(crate) fn check_recovered(&self, store: &Store, found: &Found) -> Result<Database, Violation> {
        let mut expected = self.expected(found)?;
        equality::check(Checker::Atomicity, "the recovered store", store, &expected, |_| true)?;
        // Counters may be ahead of what was given, and are never behind what is known.
        let shape = Rc::clone(&expected.shape);
        for ((id, shape), table) in (0_u16..).zip(&shape.tables).zip(&mut expected.tables) {
            for counter in &shape.counters {
                let actual = store.auto_inc_counter(id, counter.column).unwrap_or(0);
                Rc::make_mut(table).counters.insert(counter.column, actual);
            }
        }
        Ok(expected)
    }

    /// Compares what the log and a snapshot's head tell, besides the rows, with what happened.
    pub(crate) fn check_told(&self, recovered: &Recovered) -> Result<(), Violation> {
        let wrong = |text: String| Err(Violation::new(Checker::Journal, text));
        for (offset, noted) in &recovered.noted {
            let made = self.noted.get(offset).map(|(made, _)| made);
            if made != Some(noted) {
                return wrong(format!("the record of offset {offset} tells of {noted:?}, it was {made:?}"));
            }
        }
        let State { last_offset, publications, .. } = &recovered.state;
        let published = self.publications.range(..=last_offset).map(|(_, (publication, _))| *publication);
        if !published.clone().eq(publications.iter().copied()) {
            let published: Vec<Publication> = published.collect();
            return wrong(format!("there were the publications {published:?}, told is {publications:?}"));
        }
        let mut connected = BTreeSet::new();
        for (_, (noted, ends_session)) in self.noted.range(..=last_offset) {
            let session = (noted.connection, noted.caller);
            if *ends_session {
                connected.remove(&session);
            } else if noted.connection != ConnectionId::default() {
                connected.insert(session);
            }
        }
        let told: BTreeSet<_> = recovered.left_connected.iter().map(|&(who, at)| (at, who)).collect();
        if recovered.wants_farewells() && told != connected {
            return wrong(format!("{connected:?} were connected, told is {told:?}"));
        }
        Ok(())
    }

    /// The database goes on from what was recovered. What was not durable never happened.
    pub(crate) fn recover(&mut self, found: &Found, state: Database) {
        self.history.go_back(found.last_offset, state.clone());
        self.recovered = found.last_offset;
        if found.is_log_decayed {
            // A snapshot may be all that is left of them.
            self.history.lose_records(found.last_record);
            self.told.retain(|_, at| *at <= found.last_offset);
        }
        self.current = state;
        self.untold.clear();
        self.publications.split_off(&(found.last_offset + 1));
        self.noted.split_off(&(found.last_offset + 1));
        self.durable_told = found.last_offset;
    }
}
