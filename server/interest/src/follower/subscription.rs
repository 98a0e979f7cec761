//! Subscriptions begin, end and get other parameters. What they show comes with a client's next update.

use ambit_model::Timestamp;
use ambit_wire::{Delivery, Parameters};

use super::Follower;
use crate::client::{Centre, Client, ClientId, Near, Source, Stage, Subscription};
use crate::cohort::{Cohort, Rate};
use crate::delivery::{FixedCircle, Terms, flush_rate};
use crate::flush::loose::Loose;
use crate::ground::Shape;
use crate::query::plan::{Circle, Filter, Plan, Top};
use crate::query::{self, Caller, QueryError};
use crate::rankings::Ranked;
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
        self.subscribe_as(id, subscription, (sql, parameters), &Delivery::at_rate(rate), now)
    }

    /// As [`Self::subscribe_with`], with delivery options: they say when rows leave, and which changes of rows wait. To tell only
    /// what is durable is left to whoever sends the updates.
    pub fn subscribe_as(
        &mut self,
        id: ClientId,
        subscription: u32,
        (sql, parameters): (&str, &Parameters),
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), QueryError> {
        let rate = Rate::from_hertz(flush_rate(delivery))?;
        let place = *self.by_id.get(&id).ok_or(QueryError::UnknownClient)?;
        let client = self.clients.get(place).and_then(Option::as_ref).ok_or(QueryError::UnknownClient)?;
        let taken = |known: &Subscription| known.number == subscription;
        if client.ended.contains(&subscription) || client.subscriptions.iter().any(taken) {
            return Err(QueryError::SubscriptionInUse(subscription));
        }
        if client.subscriptions.len() + client.ended.len() >= limits::SUBSCRIPTIONS_PER_CLIENT_MAX {
            return Err(QueryError::TooManySubscriptions);
        }
        let (plan, known_table) = self.plan(client, subscription, (sql, parameters))?;
        let terms = self.terms(client, delivery, (&plan, known_table))?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let table = plan.table();
        let source = claim(&mut self.world, cohort, plan, terms.is_some())?;
        if terms.is_some() {
            self.world.watch_stamps(table);
        }
        cohort.tell_news(place);
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            let at = client.subscriptions.partition_point(|known| known.known_table <= known_table);
            let added = Subscription {
                number: subscription,
                rate,
                stage: Stage::Added,
                table,
                known_table,
                source,
                sql: sql.into(),
                next: None,
                change: 0,
                loose: terms.map(|terms| Box::new(Loose::new(terms))),
                is_inspected: false,
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
        let (plan, _) = self.plan(client, subscription, (sql, parameters))?;
        let loose = client.subscriptions.get(at).and_then(|known| known.loose.as_deref());
        let is_loose = loose.map(|loose| loose.terms.check(&plan)).transpose()?.is_some();
        let cohort = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort));
        let Some(cohort) = cohort else { return Err(unknown) };
        let source = claim(&mut self.world, cohort, plan, is_loose)?;
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

    /// The terms on which the rows of a plan are delivered; `known_table` is the client's id of the selected table.
    fn terms(
        &self,
        client: &Client,
        delivery: &Delivery,
        (plan, known_table): (&Plan, u16),
    ) -> Result<Option<Terms>, QueryError> {
        let schema = client.earlier.as_deref().map_or(&*self.world.schema, |earlier| earlier.schema());
        match schema.tables.get(usize::from(known_table)) {
            Some(table) => Terms::of(delivery, plan, table),
            None => Ok(None),
        }
    }

    /// The plan of a client's query, and the id that the client knows the selected table by.
    fn plan(
        &self,
        client: &Client,
        subscription: u32,
        (sql, parameters): (&str, &Parameters),
    ) -> Result<(Plan, u16), QueryError> {
        let caller = Caller { identity: client.identity, connection: client.connection, parameters };
        let (plan, known_table) = match &client.earlier {
            Some(earlier) => earlier.plan(&self.world.schema, caller, sql)?,
            None => {
                let plan = query::parse(&self.world.schema, caller, sql)?;
                let table = plan.table();
                (plan, table)
            }
        };
        if let Plan::Top(top) = &plan {
            self.check_top_rows(client, subscription, top)?;
        }
        Ok((plan, known_table))
    }

    /// Refuses a query that would let the client's subscriptions show too many rows by LIMIT.
    fn check_top_rows(&self, client: &Client, subscription: u32, top: &Top) -> Result<(), QueryError> {
        let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get(cohort)) else { return Ok(()) };
        let others = client.subscriptions.iter().filter(|known| known.number != subscription);
        let shown: usize = others.map(|known| known.latest().limit(cohort)).sum();
        match shown + top.limit > limits::TOP_ROWS_PER_CLIENT_MAX {
            true => Err(QueryError::TooManyTopRows(shown)),
            false => Ok(()),
        }
    }
}

/// Begins to watch what a query shows.
fn claim(world: &mut World, cohort: &mut Cohort, plan: Plan, is_loose: bool) -> Result<Source, QueryError> {
    Ok(match plan {
        Plan::Circle(circle) if is_loose => Source::Near(claim_moving(world, cohort, circle)?),
        Plan::Filter(filter) if is_loose => match FixedCircle::of(&filter) {
            Some(fixed) => Source::Near(claim_fixed(world, filter, fixed)?),
            None => claim(world, cohort, Plan::Filter(filter), false)?,
        },
        Plan::Filter(filter) => {
            world.watch(&filter);
            Source::Filter(cohort.filters.acquire(&filter, false))
        }
        Plan::Circle(circle) => {
            let ground = world.watch_circle(&circle)?;
            let observers = cohort.filters.acquire(&circle.observer, true);
            Source::Circle { circle, ground, observers }
        }
        Plan::Join(join) => {
            world.watch_join(&join);
            let leaves = join.leaves().map(|(place, filter)| (place, cohort.filters.acquire(filter, true)));
            let leaves = leaves.collect();
            Source::Join { join, leaves }
        }
        Plan::Top(top) => {
            let Top { of, order, limit } = *top;
            match of {
                Plan::Filter(filter) => {
                    let ranked = Ranked { filter, order, limit };
                    world.watch_ranked(&ranked);
                    Source::Ranking(cohort.rankings.acquire(ranked))
                }
                of @ (Plan::Circle(_) | Plan::Join(_) | Plan::Top(_)) => {
                    let table = of.table();
                    let of = Box::new(claim(world, cohort, of, false)?);
                    world.watch_order(table, &order);
                    Source::Top { order, limit, of }
                }
            }
        }
    })
}

/// A circle with delivery options around rows.
fn claim_moving(
    world: &mut World,
    cohort: &mut Cohort,
    circle: Box<Circle>,
) -> Result<Box<Near>, QueryError> {
    let schema = world.schema.tables.get(usize::from(circle.target.table));
    let shapes = Shape::of(&circle, schema.ok_or(QueryError::TooManyCircles)?);
    let radius = circle.radius.get();
    let spots = world.watch_spots(shapes, radius)?;
    world.watch(&circle.observer);
    let observers = cohort.filters.acquire(&circle.observer, true);
    Ok(Box::new(Near { centre: Centre::Moving { circle, observers }, radius, spots }))
}

/// A circle with delivery options that does not move.
fn claim_fixed(world: &mut World, filter: Filter, fixed: FixedCircle) -> Result<Box<Near>, QueryError> {
    let FixedCircle { target, position, centre: place, radius } = fixed;
    let schema = world.schema.tables.get(usize::from(filter.table));
    let shapes = Shape::around(position, &target, schema.ok_or(QueryError::TooManyCircles)?);
    let spots = world.watch_spots(shapes, radius)?;
    Ok(Box::new(Near { centre: Centre::Fixed { filter, target, place }, radius, spots }))
}
