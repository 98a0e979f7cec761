//! Subscriptions begin, end and get other parameters. What they show comes with a client's next update.

use ambit_model::Timestamp;
use ambit_wire::Parameters;

use super::Follower;
use crate::client::{Client, ClientId, Source, Stage, Subscription};
use crate::cohort::{Cohort, Rate};
use crate::query::plan::{Plan, Selection};
use crate::query::{self, Caller, QueryError};
use crate::world::World;
use crate::{flush, limits};

impl Follower {
    /// Begins a subscription. Its first result comes with the client's next update, and tells its number.
    ///
    /// `rate` is in updates per second: 0 for the default, infinity for one per flush. A
    /// connection is flushed at the highest rate of its subscriptions, so that its cache is one state.
    pub fn subscribe(
        &mut self,
        id: ClientId,
        subscription: u32,
        sql: &str,
        rate: f32,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        self.subscribe_with(id, subscription, sql, &Parameters::new(), rate, now)
    }

    /// As [`Self::subscribe`], of a query that names parameters of the client's own.
    pub fn subscribe_with(
        &mut self,
        id: ClientId,
        subscription: u32,
        sql: &str,
        parameters: &Parameters,
        rate: f32,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        let rate = Rate::from_hertz(rate)?;
        let place = *self.by_id.get(&id).ok_or(QueryError::UnknownClient)?;
        let client = self.clients.get(place).and_then(Option::as_ref).ok_or(QueryError::UnknownClient)?;
        let taken = |known: &Subscription| known.number == subscription;
        if client.ended.contains(&subscription) || client.subscriptions.iter().any(taken) {
            return Err(QueryError::SubscriptionInUse(subscription));
        }
        if client.subscriptions.len() + client.ended.len() >= limits::SUBSCRIPTIONS_PER_CLIENT_MAX {
            return Err(QueryError::TooManySubscriptions);
        }
        let (Selection { plan, columns }, known_table) = self.plan(client, sql, parameters)?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let table = plan.table();
        let source = claim(&mut self.world, cohort, plan, columns)?;
        cohort.tell_news(place);
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            let at = client.subscriptions.partition_point(|known| known.known_table <= known_table);
            let added = Subscription {
                number: subscription,
                rate,
                stage: Stage::Added,
                table,
                known_table,
                columns,
                source,
                sql: sql.into(),
                next: None,
                change: 0,
                refused: None,
            };
            client.subscriptions.insert(at, added);
        }
        self.statistics.subscriptions += 1;
        Ok(())
    }

    /// Gives the query of a subscription other parameters in place of all that it had. The client's next update takes what
    /// it held to what it is to hold, and tells the number of the change; of several changes before that update only the
    /// last is told. A change that is refused leaves the subscription as it was.
    pub fn change_parameters(
        &mut self,
        id: ClientId,
        subscription: u32,
        change: u32,
        parameters: &Parameters,
    ) -> Result<(), QueryError> {
        let place = *self.by_id.get(&id).ok_or(QueryError::UnknownClient)?;
        let client = self.clients.get(place).and_then(Option::as_ref).ok_or(QueryError::UnknownClient)?;
        let unknown = QueryError::UnknownSubscription(subscription);
        let is_alive = |known: &Subscription| {
            known.number == subscription && !matches!(known.stage, Stage::Ended | Stage::Refused)
        };
        let Some(at) = client.subscriptions.iter().position(is_alive) else { return Err(unknown) };
        let sql = client.subscriptions.get(at).map(|known| &*known.sql).unwrap_or_default();
        let (Selection { plan, columns }, _) = self.plan(client, sql, parameters)?;
        let cohort = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort));
        let Some(cohort) = cohort else { return Err(unknown) };
        let source = claim(&mut self.world, cohort, plan, columns)?;
        cohort.tell_news(place);
        let client = self.clients.get_mut(place).and_then(Option::as_mut);
        let Some(known) = client.and_then(|client| client.subscriptions.get_mut(at)) else { return Ok(()) };
        known.change = change;
        let replaced = match known.stage {
            // The client has nothing of it yet.
            Stage::Added => Some(std::mem::replace(&mut known.source, source)),
            Stage::Steady | Stage::Changing | Stage::Ended | Stage::Refused => {
                known.stage = Stage::Changing;
                known.next.replace(Box::new(source)).map(|next| *next)
            }
        };
        if let Some(replaced) = replaced {
            flush::release_source(&mut self.world, cohort, replaced);
        }
        Ok(())
    }

    /// Ends a subscription. The rows that only it held leave with the client's next update. A number that is
    /// not in use is ignored.
    pub fn unsubscribe(&mut self, id: ClientId, subscription: u32) {
        let Some(&position) = self.by_id.get(&id) else { return };
        let Some(client) = self.clients.get_mut(position).and_then(Option::as_mut) else { return };
        let Some(place) = client.subscriptions.iter().position(|known| known.number == subscription) else {
            return;
        };
        let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) else { return };
        cohort.tell_news(position);
        match client.subscriptions.get_mut(place) {
            Some(known) if known.stage != Stage::Added => {
                known.stage = Stage::Ended;
                if let Some(next) = known.next.take() {
                    flush::release_source(&mut self.world, cohort, *next);
                }
            }
            _ => {
                client.ended.push(subscription);
                flush::release(&mut self.world, cohort, client.subscriptions.remove(place));
                self.statistics.subscriptions -= 1;
            }
        }
    }

    /// The plan of a client's query, and the id that the client knows the selected table by.
    fn plan(
        &self,
        client: &Client,
        sql: &str,
        parameters: &Parameters,
    ) -> Result<(Selection, u16), QueryError> {
        let caller = Caller { identity: client.identity, connection: client.connection, parameters };
        if let Some(earlier) = &client.earlier {
            return earlier.plan(&self.world.schema, caller, sql);
        }
        let selection = query::parse(&self.world.schema, caller, sql)?;
        let table = selection.plan.table();
        Ok((selection, table))
    }
}

/// Begins to watch what a query shows, in these columns.
fn claim(world: &mut World, cohort: &mut Cohort, plan: Plan, columns: u64) -> Result<Source, QueryError> {
    Ok(match plan {
        Plan::Filter(filter) => {
            world.watch(&filter);
            Source::Filter(cohort.filters.acquire_showing(&filter, columns, false))
        }
        Plan::Circle(circle) => {
            let ground = world.watch_circle(&circle, columns)?;
            let observers = cohort.filters.acquire(&circle.observer, true);
            Source::Circle { circle, ground, observers }
        }
        Plan::Join(join) => {
            world.watch_join(&join);
            let leaves = join.leaves().map(|(place, filter)| (place, cohort.filters.acquire(filter, true)));
            let leaves = leaves.collect();
            Source::Join { join, leaves }
        }
    })
}
