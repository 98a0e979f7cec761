//! Subscriptions begin, end and get other parameters. What they show comes with a client's next update.

use ambit_model::Timestamp;
use ambit_wire::{Delivery, Parameters};

use super::Follower;
use crate::client::{Centre, Client, ClientId, Near, Source, Stage, Subscription};
use crate::cohort::{Cohort, Rate};
use crate::delivery::{FixedCircle, Terms, flush_rate};
use crate::flush::loose::Loose;
use crate::ground::Shape;
use crate::query::plan::{Circle, Filter, Plan, Selection, Top};
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
        let terms = |asked: &Plan, known_table| self.terms(client, delivery, (asked, known_table));
        let (planned, terms) = self.plan(client, subscription, (sql, parameters), terms)?;
        let cohort = match client.cohort {
            Some(cohort) => cohort,
            None => self.join(place, rate, now),
        };
        let Some(cohort) = self.cohorts.get_mut(cohort) else { return Err(QueryError::UnknownClient) };
        let Planned { plans, columns, known_table, queried, is_ruled } = planned;
        let table = queried.first().copied().unwrap_or_default();
        let source = claim_all(&mut self.world, cohort, plans, (columns, terms.is_some()))?;
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
                columns,
                source,
                sql: sql.into(),
                parameters: parameters.clone(),
                next_parameters: None,
                queried,
                is_ruled,
                is_outdated: false,
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
        let loose = client.subscriptions.get(at).and_then(|known| known.loose.as_deref());
        let check = |asked: &Plan, _| loose.map(|loose| loose.terms.check(asked)).transpose();
        let (planned, terms) = self.plan(client, subscription, (sql, parameters), check)?;
        let cohort = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort));
        let Some(cohort) = cohort else { return Err(unknown) };
        let shown = (planned.columns, terms.is_some());
        let source = claim_all(&mut self.world, cohort, planned.plans, shown)?;
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

    /// What a client may see of what its query asks for, and what `check` says of all that it asks for: whether rules hide
    /// something is not to be learned from that.
    pub(super) fn plan<T>(
        &self,
        client: &Client,
        subscription: u32,
        (sql, parameters): (&str, &Parameters),
        check: impl FnOnce(&Plan, u16) -> Result<T, QueryError>,
    ) -> Result<(Planned, T), QueryError> {
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
        if let Plan::Top(top) = &plan {
            self.check_top_rows(client, subscription, top)?;
        }
        let checked = check(&plan, known_table)?;
        let queried: Vec<u16> = plan.tables().collect();
        let is_ruled = self.are_ruled(&queried);
        let plans = if is_ruled { query::permit(schema, caller, plan)? } else { vec![plan] };
        Ok((Planned { plans, columns, known_table, queried, is_ruled }, checked))
    }

    /// Whether any of these tables has rules.
    pub(super) fn are_ruled(&self, tables: &[u16]) -> bool {
        let mut schemas = tables.iter().filter_map(|table| self.world.schema.tables.get(usize::from(*table)));
        schemas.any(|table| !table.visible.is_empty())
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

/// Begins to watch what plans show together, in these columns, with delivery options or without.
pub(super) fn claim_all(
    world: &mut World,
    cohort: &mut Cohort,
    plans: Vec<Plan>,
    (columns, is_loose): (u64, bool),
) -> Result<Source, QueryError> {
    if is_loose {
        check_loose(world, &plans)?;
    }
    let mut first = None;
    let is_list = plans.len() != 1;
    let mut parts = Vec::with_capacity(plans.len());
    for plan in plans {
        let claimed = match plan {
            Plan::Top(top) if is_list => {
                first = Some((top.of.table(), top.order.clone(), top.limit));
                claim_candidates(world, cohort, *top, columns)
            }
            plan @ (Plan::Filter(_) | Plan::Circle(_) | Plan::Join(_) | Plan::Top(_)) => {
                claim(world, cohort, plan, (columns, is_loose))
            }
        };
        match claimed {
            Ok(part) => parts.push(part),
            Err(error) => {
                parts.into_iter().for_each(|part| flush::release_source(world, cohort, part));
                return Err(error);
            }
        }
    }
    let source = match <[Source; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => Source::Any(parts),
    };
    Ok(match first {
        None => source,
        Some((table, order, limit)) => {
            world.watch_order(table, &order);
            Source::Top { order, limit, of: Box::new(source) }
        }
    })
}

/// Refuses delivery options of rows that a rule finds by other tables.
fn check_loose(world: &World, plans: &[Plan]) -> Result<(), QueryError> {
    let is_plain = match plans {
        [Plan::Filter(_)] => true,
        [Plan::Circle(circle)] => circle.rule_for.is_none(),
        _ => false,
    };
    if is_plain {
        return Ok(());
    }
    let table = plans.first().and_then(|plan| world.schema.tables.get(usize::from(plan.table())));
    Err(QueryError::RuledDelivery(table.map(|table| table.name.clone()).unwrap_or_default()))
}

/// Rows that may be among the first ones of several plans: of a filter its own first ones.
fn claim_candidates(
    world: &mut World,
    cohort: &mut Cohort,
    Top { of, order, limit }: Top,
    columns: u64,
) -> Result<Source, QueryError> {
    match of {
        Plan::Filter(filter) => {
            Ok(claim_ranking(world, cohort, Ranked { filter, order, limit, shown: columns }))
        }
        of @ (Plan::Circle(_) | Plan::Join(_) | Plan::Top(_)) => claim(world, cohort, of, (columns, false)),
    }
}

fn claim_ranking(world: &mut World, cohort: &mut Cohort, ranked: Ranked) -> Source {
    world.watch_ranked(&ranked);
    Source::Ranking(cohort.rankings.acquire(ranked))
}

/// Begins to watch what a query shows, in these columns.
fn claim(
    world: &mut World,
    cohort: &mut Cohort,
    plan: Plan,
    (columns, is_loose): (u64, bool),
) -> Result<Source, QueryError> {
    Ok(match plan {
        Plan::Circle(circle) if is_loose => Source::Near(claim_moving(world, cohort, circle)?),
        Plan::Filter(filter) if is_loose => match FixedCircle::of(&filter) {
            Some(fixed) => Source::Near(claim_fixed(world, filter, fixed)?),
            None => claim(world, cohort, Plan::Filter(filter), (columns, false))?,
        },
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
        Plan::Top(top) => {
            let Top { of, order, limit } = *top;
            match of {
                Plan::Filter(filter) => {
                    claim_ranking(world, cohort, Ranked { filter, order, limit, shown: columns })
                }
                of @ (Plan::Circle(_) | Plan::Join(_) | Plan::Top(_)) => {
                    let table = of.table();
                    let of = Box::new(claim(world, cohort, of, (columns, false))?);
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
    let schema = schema.ok_or(QueryError::TooManyCircles)?;
    // Where rows are does not depend on what is shown of them.
    let shapes = Shape::of(&circle, schema.visible_columns(), schema);
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
