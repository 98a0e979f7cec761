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
        let planned = self.plan(client, sql, parameters)?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let Planned { plans, columns, known_table, queried, is_ruled } = planned;
        let table = queried.first().copied().unwrap_or_default();
        let source = claim_all(&mut self.world, cohort, plans, columns)?;
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
                parameters: parameters.clone(),
                next_parameters: None,
                queried,
                is_ruled,
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
        let Planned { plans, columns, .. } = self.plan(client, sql, parameters)?;
        let cohort = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort));
        let Some(cohort) = cohort else { return Err(unknown) };
        let source = claim_all(&mut self.world, cohort, plans, columns)?;
        cohort.tell_news(place);
        let client = self.clients.get_mut(place).and_then(Option::as_mut);
        let Some(known) = client.and_then(|client| client.subscriptions.get_mut(at)) else { return Ok(()) };
        known.change = change;
        let replaced = match known.stage {
            // The client has nothing of it yet.
            Stage::Added => {
                known.parameters = parameters.clone();
                Some(std::mem::replace(&mut known.source, source))
            }
            Stage::Steady | Stage::Changing | Stage::Ended | Stage::Refused => {
                known.stage = Stage::Changing;
                known.next_parameters = Some(parameters.clone());
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

    /// What a client may see of what its query asks for.
    pub(super) fn plan(
        &self,
        client: &Client,
        sql: &str,
        parameters: &Parameters,
    ) -> Result<Planned, QueryError> {
        let caller = Caller { identity: client.identity, connection: client.connection, parameters };
        let schema = &self.world.schema;
        let (Selection { plan, columns }, known_table) = match &client.earlier {
            Some(earlier) => earlier.plan(schema, caller, sql)?,
            None => {
                let selection = query::parse(schema, caller, sql)?;
                let table = selection.plan.table();
                (selection, table)
            }
        };
        let queried: Vec<u16> = plan.tables().collect();
        let has_rules = |table: &u16| {
            schema.tables.get(usize::from(*table)).is_some_and(|table| !table.visible.is_empty())
        };
        let is_ruled = queried.iter().any(has_rules);
        let plans = if is_ruled { query::permit(schema, caller, plan)? } else { vec![plan] };
        Ok(Planned { plans, columns, known_table, queried, is_ruled })
    }
}

/// A query that was read.
pub(super) struct Planned {
    /// What they show together is what the client may see.
    pub plans: Vec<Plan>,
    pub columns: u64,
    /// The id that the client knows the selected table by.
    pub known_table: u16,
    /// The tables that the query names, the selected one first.
    pub queried: Vec<u16>,
    pub is_ruled: bool,
}

/// Begins to watch what plans show together, in these columns.
pub(super) fn claim_all(
    world: &mut World,
    cohort: &mut Cohort,
    plans: Vec<Plan>,
    columns: u64,
) -> Result<Source, QueryError> {
    let mut parts = Vec::with_capacity(plans.len());
    for plan in plans {
        match claim(world, cohort, plan, columns) {
            Ok(part) => parts.push(part),
            Err(error) => {
                parts.into_iter().for_each(|part| flush::release_source(world, cohort, part));
                return Err(error);
            }
        }
    }
    Ok(match <[Source; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => Source::Any(parts),
    })
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
