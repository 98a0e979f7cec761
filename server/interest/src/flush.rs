//! One flush of one cohort: what happened since its last flush, and who is to be told.
//!
//! First the changes are merged per row, then every filter is tested against the rows that changed, then each
//! client's update is put together from operations that are encoded once.

mod circle;
mod columns;
mod covered;
mod filter;
mod inspect;
mod join;
pub(crate) mod loose;
pub(crate) mod ops;
pub(crate) mod ranking;
pub(crate) mod routine;
mod top;
mod union;

use std::borrow::Cow;

use ambit_model::{Slot, Timestamp};
use ambit_wire::{TableMark, begin_table, end_table};

use crate::changes::Period;
use crate::client::{Centre, Client, Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::follower::{Applied, ClientUpdate, Refusal};
use crate::limits;
use crate::motion::{Motion, Precision};
use crate::query::QueryError;
use crate::rankings::RankingId;
use crate::sweep::Sweep;
use crate::world::World;

/// Memory that flushes reuse.
#[derive(Default)]
pub(crate) struct Scratch {
    tables: Vec<TableScratch>,
    concerned: Vec<FilterId>,
    /// Filters that know something of the period: their result has a row that changed, or was looked up.
    touched: Vec<FilterId>,
    /// Rankings that the period may have changed.
    ranked: Vec<RankingId>,
    /// The blocks of one client.
    blocks: Vec<u8>,
    union: union::Union,
    /// By ground.
    sweeps: Vec<Sweep>,
    /// Periods that tables had.
    periods: u64,
    circle: circle::CircleScratch,
    joins: join::JoinScratch,
    top: top::TopScratch,
    loose: loose::LooseScratch,
}

/// What happened to one table in the period.
#[derive(Default)]
pub(crate) struct TableScratch {
    pub period: Period,
    pub motion: Motion,
    /// Unique among the periods of all tables.
    pub number: u64,
    /// What the period was made of.
    origin: Option<Origin>,
    deltas: ops::Deltas,
    /// What follows a filter's leaves, while it is encoded.
    others: Vec<u8>,
    /// By slot: the last mark that it was given.
    marks: Vec<u32>,
    last_mark: u32,
}

/// Where a period begins and ends: the log's part of it, and the table's version.
type Origin = ((u64, u64), u64);

/// Flushes a cohort at the commit that the world stands at; returns how many subscriptions have ended.
pub(crate) fn flush(
    world: &mut World,
    cohort: &mut Cohort,
    clients: &mut [Option<Client>],
    scratch: &mut Scratch,
    commit: (u64, Timestamp),
    (now, precision): (Timestamp, Precision),
    sink: &mut dyn FnMut(ClientUpdate<'_>),
) -> u64 {
    world.refresh();
    merge(world, cohort, scratch, (now, precision));
    filter::cross(world, cohort, scratch);
    ranking::rank(world, cohort, scratch);
    cohort.routines.void_grown(scratch);
    let ended_count = routine::run(world, cohort, clients, scratch, commit, sink);
    end_period(cohort, scratch);
    cohort.has_news = false;
    ended_count
}

/// Tells a client what there is to tell, as if nothing were known of it; returns how many subscriptions have ended.
fn flush_anew(
    world: &mut World,
    cohort: &mut Cohort,
    client: &mut Client,
    scratch: &mut Scratch,
    (offset, timestamp): (u64, Timestamp),
    sink: &mut dyn FnMut(ClientUpdate<'_>),
) -> u64 {
    let mut blocks = std::mem::take(&mut scratch.blocks);
    blocks.clear();
    for subscription in &mut client.subscriptions {
        bound(world, cohort, scratch, subscription);
    }
    loose::begin_client(scratch, client);
    write_blocks(world, cohort, client, scratch, &mut blocks);
    loose::finish_client(world, scratch, client, &mut blocks);
    let mut update = ClientUpdate {
        client: client.id,
        offset,
        timestamp,
        applied: Vec::new(),
        ended: std::mem::take(&mut client.ended),
        refused: Vec::new(),
        inspections: Vec::new(),
        resumed: false,
        blocks: Cow::Borrowed(&blocks),
    };
    let mut ended_count = 0;
    let is_settled = |known: &Subscription| known.stage == Stage::Steady && known.refused.is_none();
    if !client.subscriptions.iter().all(is_settled) {
        ended_count = settle(world, cohort, client, &mut update);
    }
    update.inspections = inspect::answer(world, cohort, client, scratch, offset);
    if update.has_news() {
        sink(update);
    }
    scratch.blocks = blocks;
    ended_count
}

/// Ends a moving circle with too many centres, or a join that depends on too many rows: each costs a search in every flush,
/// and who adds the rows is not always who subscribes. Other parameters that lead to one are not taken.
fn bound(world: &mut World, cohort: &mut Cohort, scratch: &mut Scratch, subscription: &mut Subscription) {
    if subscription.stage == Stage::Changing
        && let Some(refused) = too_many(world, cohort, scratch, subscription.latest())
    {
        // What other rules have shown is not shown any more.
        subscription.stage = if subscription.is_outdated { Stage::Ended } else { Stage::Steady };
        subscription.refused = Some(refused);
        subscription.next_parameters = None;
        if let Some(next) = subscription.next.take() {
            release_source(world, cohort, *next);
        }
    }
    let stage = match subscription.stage {
        Stage::Added => Stage::Refused,
        Stage::Steady if are_joins_still(cohort, scratch, &subscription.source) => return,
        Stage::Steady => Stage::Ended,
        Stage::Changing | Stage::Ended | Stage::Refused => return,
    };
    if let Some(refused) = too_many(world, cohort, scratch, &subscription.source) {
        subscription.stage = stage;
        subscription.refused = Some(refused);
    }
}

/// Whether a source consists of joins that depend on as many rows as before.
fn are_joins_still(cohort: &Cohort, scratch: &Scratch, source: &Source) -> bool {
    source.parts().iter().all(|part| match part {
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
        Source::Filter(_)
        | Source::Circle { .. }
        | Source::Ranking(_)
        | Source::Top { .. }
        | Source::Near(_)
        | Source::Any(_)
        | Source::Held(_) => false,
    })
}

/// Why rows of this source depend on too many others, if they do.
fn too_many(world: &World, cohort: &Cohort, scratch: &mut Scratch, source: &Source) -> Option<QueryError> {
    match source {
        Source::Filter(_) | Source::Ranking(_) | Source::Held(_) => None,
        Source::Any(parts) => parts.iter().find_map(|part| too_many(world, cohort, scratch, part)),
        Source::Top { of, .. } => too_many(world, cohort, scratch, of),
        Source::Circle { observers, .. } => too_many_observers(cohort, *observers),
        Source::Near(near) => match near.centre {
            Centre::Fixed { .. } => None,
            Centre::Moving { observers, .. } => too_many_observers(cohort, observers),
        },
        Source::Join { join, leaves } => join::too_many_rows(world, cohort, scratch, (join, leaves)),
    }
}

fn too_many_observers(cohort: &Cohort, observers: FilterId) -> Option<QueryError> {
    let count = cohort.filters.get(observers).map_or(0, |watched| watched.members.len());
    (count > limits::OBSERVERS_PER_CIRCLE_MAX).then_some(QueryError::TooManyObservers(count))
}

/// Gives up what a subscription has claimed.
pub(crate) fn release(world: &mut World, cohort: &mut Cohort, subscription: Subscription) {
    cohort.has_stray_ways |= subscription.loose.is_some();
    if subscription.loose.is_some() {
        world.unwatch_stamps(subscription.table);
    }
    release_source(world, cohort, subscription.source);
    if let Some(next) = subscription.next {
        release_source(world, cohort, *next);
    }
}

/// Gives up one source of a subscription's rows.
pub(crate) fn release_source(world: &mut World, cohort: &mut Cohort, source: Source) {
    match source {
        Source::Filter(id) => {
            if let Some(watched) = cohort.filters.get(id) {
                world.unwatch(&watched.filter);
            }
            cohort.filters.release(id, false);
        }
        Source::Circle { circle, ground, observers } => {
            world.unwatch_circle(ground, &circle);
            cohort.filters.release(observers, true);
        }
        Source::Join { join, leaves } => {
            world.unwatch_join(&join);
            leaves.iter().for_each(|(_, filter)| cohort.filters.release(*filter, true));
        }
        Source::Ranking(id) => {
            if let Some(ranking) = cohort.rankings.get(id) {
                world.unwatch_ranked(&ranking.ranked);
            }
            let found_by = cohort.rankings.release(id).and_then(|ranking| ranking.reach);
            found_by.into_iter().for_each(|filter| cohort.filters.release(filter, false));
        }
        Source::Top { order, of, .. } => {
            world.unwatch_order(of.table(cohort), &order);
            release_source(world, cohort, *of);
        }
        Source::Near(near) => {
            world.unwatch_spots(near.spots, near.radius);
            if let Centre::Moving { circle, observers } = &near.centre {
                world.unwatch(&circle.observer);
                cohort.filters.release(*observers, true);
            }
        }
        Source::Any(parts) => parts.into_iter().for_each(|part| release_source(world, cohort, part)),
        Source::Held(_) => {}
    }
}

/// The rows that sources of a cohort show, all of whose clients have been flushed.
pub(crate) fn shown_now(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    sources: &[&Source],
) -> Vec<Vec<Slot>> {
    merge(world, cohort, scratch, (Timestamp::default(), Precision::Exact));
    filter::cross(world, cohort, scratch);
    ranking::rank(world, cohort, scratch);
    let shown = sources.iter().map(|source| union::shown_now(world, cohort, scratch, source)).collect();
    end_period(cohort, scratch);
    shown
}

/// Forgets the period.
fn end_period(cohort: &mut Cohort, scratch: &mut Scratch) {
    filter::end_period(cohort, scratch);
    ranking::end_period(cohort, scratch);
    for (known, table) in cohort.motion.tables.iter_mut().zip(&mut scratch.tables) {
        *known = std::mem::take(&mut table.motion.state);
    }
}

fn merge(world: &World, cohort: &mut Cohort, scratch: &mut Scratch, moment: (Timestamp, Precision)) {
    scratch.tables.resize_with(world.tables.len(), TableScratch::default);
    scratch.joins.clear();
    cohort.cursors.resize(world.tables.len(), 0);
    cohort.motion.tables.resize_with(world.tables.len(), Default::default);
    let known = cohort.cursors.iter_mut().zip(&mut cohort.motion.tables);
    let Scratch { tables, periods, .. } = scratch;
    for ((id, table), ((cursor, motion), scratch)) in (0..).zip(&world.tables).zip(known.zip(tables)) {
        scratch.motion.set_layout(&table.motion);
        let origin = Some((table.log.origin(*cursor), table.version));
        *cursor = table.log.end();
        // Where a game changes its world in ticks, all cohorts have the same periods one after another.
        // What rows with quantised columns become is each cohort's own.
        if scratch.origin == origin && !scratch.motion.is_active() {
            continue;
        }
        *periods += 1;
        (scratch.number, scratch.origin) = (*periods, origin);
        scratch.marks.resize(table.slot_count, 0);
        scratch.period.fill(&table.log, origin.map_or(0, |((cursor, _), _)| cursor), table.slot_count);
        if scratch.motion.is_active() {
            scratch.motion.state = std::mem::take(motion);
            let row = |slot| world.row(id, slot);
            scratch.motion.begin((&table.log, table.slot_count), &mut scratch.period, row, moment);
        }
        scratch.deltas.begin(scratch.period.rows.len());
    }
}

/// Appends the client's table blocks.
fn write_blocks(
    world: &mut World,
    cohort: &mut Cohort,
    client: &mut Client,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let (mut rest, mut first) = (client.subscriptions.as_mut_slice(), 0);
    while let Some((table, known)) = rest.first().map(|first| (first.table, first.known_table)) {
        let count = rest.iter().take_while(|subscription| subscription.known_table == known).count();
        let (group, others) = rest.split_at_mut(count);
        rest = others;
        first += count;
        let is_loose = group.iter().any(|subscription| subscription.loose.is_some());
        if is_loose {
            // Whole values: which of them a client has, the steps of quantised columns do not know.
            let mark = begin_table(out, known);
            loose::write(world, cohort, scratch, (table, first - count), (group, None), out);
            end_table(out, mark);
            continue;
        }
        let mark = begin(scratch, (table, known), out);
        let cover = covered::position_of_cover(cohort, group).and_then(|place| group.get(place));
        match cover.map(|cover| (&cover.source, cover.columns)) {
            Some((Source::Filter(id), _)) => filter::write(world, cohort, scratch, table, *id, out),
            Some((Source::Circle { circle, ground, observers }, columns))
                if circle::write(world, cohort, scratch, (circle, *ground, *observers), columns, out) => {}
            Some((Source::Ranking(id), _)) => ranking::write(world, cohort, scratch, table, *id, out),
            Some((
                Source::Circle { .. }
                | Source::Join { .. }
                | Source::Near(_)
                | Source::Top { .. }
                | Source::Any(_)
                | Source::Held(_),
                _,
            ))
            | None => {
                union::write(world, cohort, scratch, table, group, out);
            }
        }
        end(scratch, (table, known), mark, out);
    }
}

/// Begins the blocks of a table, with the id that the client knows it by.
fn begin(scratch: &mut Scratch, (table, known): (u16, u16), out: &mut Vec<u8>) -> TableMark {
    if let Some(table) = scratch.tables.get_mut(usize::from(table)) {
        table.motion.begin_block();
    }
    begin_table(out, known)
}

/// Ends them: behind the operations come the rows that moved.
fn end(scratch: &mut Scratch, (table, known): (u16, u16), mark: TableMark, out: &mut Vec<u8>) {
    end_table(out, mark);
    if let Some(table) = scratch.tables.get_mut(usize::from(table)) {
        table.motion.end_block(known, out);
    }
}

/// Subscriptions that were added or changed are now steady, those that ended are gone; returns how many ended.
fn settle(world: &mut World, cohort: &mut Cohort, client: &mut Client, update: &mut ClientUpdate<'_>) -> u64 {
    let (mut place, mut ended_count) = (0, 0);
    while let Some(known) = client.subscriptions.get_mut(place) {
        let (subscription, change) = (known.number, std::mem::take(&mut known.change));
        let stage = std::mem::replace(&mut known.stage, Stage::Steady);
        match (stage, known.refused.take()) {
            (Stage::Ended | Stage::Refused, refused) => {
                match refused {
                    Some(reason) => update.refused.push(Refusal { subscription, change: 0, reason }),
                    None => update.ended.push(subscription),
                }
                release(world, cohort, client.subscriptions.remove(place));
                ended_count += 1;
                continue;
            }
            (Stage::Added, _) => update.applied.push(Applied { subscription, change: 0 }),
            (Stage::Changing, _) => {
                if let Some(next) = known.next.take() {
                    release_source(world, cohort, std::mem::replace(&mut known.source, *next));
                }
                known.is_outdated = false;
                if let Some(parameters) = known.next_parameters.take() {
                    known.parameters = parameters;
                }
            }
            (Stage::Steady, Some(reason)) => update.refused.push(Refusal { subscription, change, reason }),
            (Stage::Steady, None) => {}
        }
        if change != 0 && stage != Stage::Steady {
            update.applied.push(Applied { subscription, change });
        }
        place += 1;
    }
    ended_count
}

impl Scratch {
    /// Notes when the flush is.
    pub fn begin(&mut self, now: Timestamp, cohort: &Cohort) {
        self.loose.begin(now, cohort.rate.period_ms() / 2);
    }

    fn table(&self, table: u16) -> Option<&TableScratch> {
        self.tables.get(usize::from(table))
    }
}

impl TableScratch {
    /// Whether something happened to the row in this period.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.period.find(slot).is_some()
    }

    /// A mark that no slot bears.
    fn next_mark(&mut self) -> u32 {
        if self.last_mark == u32::MAX {
            self.marks.fill(0);
            self.last_mark = 0;
        }
        self.last_mark += 1;
        self.last_mark
    }

    /// Whether a slot bears a mark.
    fn bears(&self, slot: Slot, mark: u32) -> bool {
        self.marks.get(slot as usize) == Some(&mark)
    }

    /// Marks a slot; whether it did not bear this mark before.
    #[inline]
    fn mark(&mut self, slot: Slot, mark: u32) -> bool {
        self.marks.get_mut(slot as usize).is_some_and(|place| std::mem::replace(place, mark) != mark)
    }
}
