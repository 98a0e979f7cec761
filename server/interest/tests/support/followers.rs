//! Two followers that are fed alike. One tells clients one after the other, the other on threads, another number of them at each
//! flush. Every update must be the same, byte for byte.

#![allow(dead_code, reason = "each test asks a part of it")]

use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::thread;

use ambit_interest::{
    ClientId, ClientUpdate, Delivery, Farewell, Follower, Parameters, QueryError, SchemaChangeError, Threads,
};
use ambit_model::{ConnectionId, Identity, Schema, Timestamp};
use ambit_store::{ApplyError, ChangeSet, Store};
use ambit_wire::Claim;

/// As many threads as a number says.
struct Several(usize);

/// How many threads the flushes run on, in turns.
const COUNTS: [usize; 4] = [2, 3, 1, 8];

/// The first one can be asked everything.
pub struct Followers {
    in_order: Follower,
    on_threads: Follower,
    flushes: usize,
}

impl Threads for Several {
    fn count(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.0).unwrap()
    }

    fn clients_min(&self) -> usize {
        2
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        thread::scope(|scope| {
            (1..self.0).for_each(|number| drop(scope.spawn(move || work(number))));
            work(0);
        });
    }
}

impl Deref for Followers {
    type Target = Follower;

    fn deref(&self) -> &Follower {
        &self.in_order
    }
}

impl Followers {
    pub fn new(schema: Arc<Schema>) -> Self {
        let (in_order, on_threads) = (Follower::new(Arc::clone(&schema)), Follower::new(schema));
        Self { in_order, on_threads, flushes: 0 }
    }

    /// Both must answer the same.
    fn both<T: PartialEq + Debug>(&mut self, mut act: impl FnMut(&mut Follower) -> T) -> T {
        let answer = act(&mut self.in_order);
        assert_eq!(act(&mut self.on_threads), answer);
        assert_eq!(self.on_threads.next_flush(), self.in_order.next_flush());
        assert_eq!(self.on_threads.statistics(), self.in_order.statistics());
        answer
    }

    pub fn apply(&mut self, change_set: &ChangeSet) -> Result<(), ApplyError> {
        self.on_threads.apply(change_set)?;
        self.in_order.apply(change_set)
    }

    pub fn connect(&mut self, id: ClientId, identity: Identity, connection: ConnectionId) {
        self.both(|follower| follower.connect(id, identity, connection));
    }

    pub fn resume(&mut self, id: ClientId, key: [u64; 2], claims: &[Claim]) {
        self.both(|follower| follower.resume(id, key, claims.iter().copied()));
    }

    pub fn end_resume(&mut self, id: ClientId) {
        self.both(|follower| follower.end_resume(id));
    }

    pub fn disconnect(&mut self, id: ClientId) {
        self.both(|follower| follower.disconnect(id));
    }

    pub fn subscribe(
        &mut self,
        id: ClientId,
        subscription: u32,
        sql: &str,
        rate: f32,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        self.both(|follower| follower.subscribe(id, subscription, sql, rate, now))
    }

    pub fn subscribe_with(
        &mut self,
        id: ClientId,
        subscription: u32,
        sql: &str,
        parameters: &Parameters,
        rate: f32,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        self.both(|follower| follower.subscribe_with(id, subscription, sql, parameters, rate, now))
    }

    pub fn subscribe_as(
        &mut self,
        id: ClientId,
        subscription: u32,
        query: (&str, &Parameters),
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        self.both(|follower| follower.subscribe_as(id, subscription, query, delivery, now))
    }

    pub fn change_parameters(
        &mut self,
        id: ClientId,
        subscription: u32,
        change: u32,
        parameters: &Parameters,
    ) -> Result<(), QueryError> {
        self.both(|follower| follower.change_parameters(id, subscription, change, parameters))
    }

    pub fn unsubscribe(&mut self, id: ClientId, subscription: u32) {
        self.both(|follower| follower.unsubscribe(id, subscription));
    }

    pub fn inspect(&mut self, id: ClientId, subscription: u32) -> Result<(), QueryError> {
        self.both(|follower| follower.inspect(id, subscription))
    }

    pub fn migrate<E: PartialEq + Debug>(
        &mut self,
        successor: impl Fn(u16) -> Option<u16> + Copy,
        migrate: impl FnOnce(&mut Store) -> Result<(), E> + Copy,
    ) -> Result<Vec<Farewell>, SchemaChangeError<E>> {
        self.both(|follower| follower.migrate(successor, migrate))
    }

    pub fn flush(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        self.compare(
            |follower, sink| follower.flush(now, sink),
            |follower, threads, sink| follower.flush_on(threads, now, sink),
            sink,
        );
    }

    pub fn flush_all(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        self.compare(
            |follower, sink| follower.flush_all(now, sink),
            |follower, threads, sink| follower.flush_all_on(threads, now, sink),
            sink,
        );
    }

    fn compare(
        &mut self,
        in_order: impl FnOnce(&mut Follower, &mut dyn FnMut(ClientUpdate<'_>)),
        on_threads: impl FnOnce(&mut Follower, &dyn Threads, &(dyn Fn(ClientUpdate<'_>) + Sync)),
        sink: &mut dyn FnMut(ClientUpdate<'_>),
    ) {
        let mut updates = Vec::new();
        in_order(&mut self.in_order, &mut |update| updates.push(update.into_owned()));
        let told = Mutex::new(Vec::new());
        let threads = Several(COUNTS[self.flushes % COUNTS.len()]);
        self.flushes += 1;
        on_threads(&mut self.on_threads, &threads, &|update| told.lock().unwrap().push(update.into_owned()));
        let mut told = told.into_inner().unwrap();
        told.sort_by_key(|update| update.client);
        let mut expected: Vec<&ClientUpdate<'_>> = updates.iter().collect();
        expected.sort_by_key(|update| update.client);
        assert_eq!(told.iter().collect::<Vec<_>>(), expected, "told by {} threads", threads.0);
        self.both(|_| ());
        updates.into_iter().for_each(sink);
    }
}
