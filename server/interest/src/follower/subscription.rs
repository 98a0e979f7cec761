//! Subscriptions begin and end. What they show comes with a client's next update.

use ambit_model::Timestamp;

use super::Follower;
use crate::client::{Client, ClientId, Source, Stage, Subscription};
use crate::cohort::Rate;
use crate::query::plan::Plan;
use crate::query::{self, Caller, Parameters, QueryError};
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

    /// As [`Self::subscribe`], of a query that names parameters of the client's own. What they hold now is meant: the
    /// subscription does not change with them.
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
        let (plan, known_table) = self.plan(client, sql, parameters)?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let (table, source) = match plan {
            Plan::Filter(filter) => {
                self.world.watch(&filter);
                (filter.table, Source::Filter(cohort.filters.acquire(&filter, false)))
            }
            Plan::Circle(circle) => {
                let ground = self.world.watch_circle(&circle)?;
                let observers = cohort.filters.acquire(&circle.observer, true);
                (circle.target.table, Source::Circle { circle, ground, observers })
            }
            Plan::Join(join) => {
                self.world.watch_join(&join);
                let leaves =
                    join.leaves().map(|(place, filter)| (place, cohort.filters.acquire(filter, true)));
                let leaves = leaves.collect();
                (join.target(), Source::Join { join, leaves })
            }
        };
        cohort.tell_news(place);
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            let at = client.subscriptions.partition_point(|known| known.known_table <= known_table);
            let (number, stage) = (subscription, Stage::Added);
            let added = Subscription { number, rate, stage, table, known_table, source, refused: None };
            client.subscriptions.insert(at, added);
        }
        self.statistics.subscriptions += 1;
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
            Some(known) if known.stage != Stage::Added => known.stage = Stage::Ended,
            _ => {
                client.ended.push(subscription);
                flush::release(&mut self.world, cohort, client.subscriptions.remove(place));
                self.statistics.subscriptions -= 1;
            }
        }
    }

    /// The plan of a client's query, and the id that the client knows the selected table by.
    fn plan(&self, client: &Client, sql: &str, parameters: &Parameters) -> Result<(Plan, u16), QueryError> {
        let caller = Caller { identity: client.identity, connection: client.connection, parameters };
        if let Some(earlier) = &client.earlier {
            return earlier.plan(&self.world.schema, caller, sql);
        }
        let plan = query::parse(&self.world.schema, caller, sql)?;
        let table = plan.table();
        Ok((plan, table))
    }
}
