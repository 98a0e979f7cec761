//! One flush of one cohort: what happened since its last flush, and who is to be told.
//!
//! First the changes are merged per row, then every filter is tested against the rows that changed, then each
//! client's update is put together from operations that are encoded once. While clients are visited, all that they share stays
//! as it is, so that several threads can visit them: each changes its own memory and the client at hand, and nothing else.

mod memory;

pub(crate) mod routine;

mod anew;

mod circle;
mod columns;
mod covered;
mod filter;
mod inspect;
mod join;
pub(crate) mod loose;
pub(crate) mod ops;
pub(crate) mod ranking;
mod top;
mod union;

use ambit_model::{Slot, Timestamp};
use ambit_wire::{TableMark, begin_table, end_table};

use crate::client::{Centre, Client, Source, Subscription};
use crate::cohort::Cohort;
use crate::follower::ClientUpdate;
use crate::motion::Precision;
use crate::threads::{OneThread, Threads};
use crate::world::World;
pub(crate) use memory::{Memory, TableChanges};
use memory::{Scratch, TableScratch};

/// When a flush is, and what it tells of.
#[derive(Clone, Copy)]
pub(crate) struct Occasion {
    /// The last commit's offset, and when it was made.
    pub commit: (u64, Timestamp),
    pub now: Timestamp,
    pub precision: Precision,
    /// Milliseconds by which what is due later is due already.
    pub tolerance_ms: u32,
}

/// Where updates go.
pub(crate) enum Sink<'a> {
    /// One after the other, those of steady clients in the clients' order.
    InOrder(&'a mut dyn FnMut(ClientUpdate<'_>)),
    /// From all of these threads, in no particular order.
    OnThreads(&'a dyn Threads, &'a (dyn Fn(ClientUpdate<'_>) + Sync)),
}

/// Flushes a cohort at the commit that the world stands at; returns how many subscriptions have ended.
pub(crate) fn flush(
    world: &mut World,
    cohort: &mut Cohort,
    clients: &mut [Option<Client>],
    memory: &mut Memory,
    occasion: Occasion,
    sink: &mut Sink<'_>,
) -> u64 {
    memory.make_room(sink.threads().count().get());
    world.refresh();
    merge(world, cohort, memory, occasion);
    filter::cross(world, cohort, memory);
    ranking::rank(world, cohort, memory);
    cohort.routines.void_grown(&memory.happened);
    let ended_count = routine::run(world, cohort, clients, memory, occasion, sink);
    end_period(cohort, memory);
    cohort.has_news = false;
    ended_count
}

impl Sink<'_> {
    pub fn tell(&mut self, update: ClientUpdate<'_>) {
        match self {
            Self::InOrder(sink) => sink(update),
            Self::OnThreads(_, sink) => sink(update),
        }
    }

    fn threads(&self) -> &dyn Threads {
        match self {
            Self::InOrder(_) => &OneThread,
            Self::OnThreads(threads, _) => *threads,
        }
    }
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
    memory: &mut Memory,
    sources: &[&Source],
) -> Vec<Vec<Slot>> {
    let (now, commit) = (Timestamp::default(), (0, Timestamp::default()));
    let occasion = Occasion { commit, now, precision: Precision::Exact, tolerance_ms: 0 };
    memory.make_room(1);
    merge(world, cohort, memory, occasion);
    filter::cross(world, cohort, memory);
    ranking::rank(world, cohort, memory);
    sources.iter().for_each(|source| circle::prepare_source(world, &mut memory.happened, source));
    let shown = memory.with_scratch(0, occasion, |scratch| {
        sources.iter().map(|source| union::shown_now(world, cohort, scratch, source)).collect()
    });
    end_period(cohort, memory);
    shown.unwrap_or_default()
}

/// Forgets the period.
fn end_period(cohort: &mut Cohort, memory: &mut Memory) {
    memory.collect_touched();
    filter::end_period(cohort, &memory.touched);
    ranking::end_period(cohort, &memory.ranked);
    for (known, table) in cohort.motion.tables.iter_mut().zip(&mut memory.happened.tables) {
        *known = std::mem::take(&mut table.motion.state);
    }
}

fn merge(world: &World, cohort: &mut Cohort, memory: &mut Memory, occasion: Occasion) {
    let memory::Happened { tables, periods, flushes, .. } = &mut memory.happened;
    *flushes += 1;
    tables.resize_with(world.tables.len(), TableChanges::default);
    cohort.cursors.resize(world.tables.len(), 0);
    cohort.motion.tables.resize_with(world.tables.len(), Default::default);
    let known = cohort.cursors.iter_mut().zip(&mut cohort.motion.tables);
    for ((id, table), ((cursor, motion), changes)) in (0..).zip(&world.tables).zip(known.zip(tables)) {
        changes.motion.set_layout(&table.motion);
        let origin = Some((table.log.origin(*cursor), table.version));
        *cursor = table.log.end();
        // Where a game changes its world in ticks, all cohorts have the same periods one after another.
        // What rows with quantised columns become is each cohort's own.
        if changes.origin == origin && !changes.motion.is_active() {
            continue;
        }
        *periods += 1;
        (changes.number, changes.origin) = (*periods, origin);
        changes.slot_count = table.slot_count;
        changes.period.fill(&table.log, origin.map_or(0, |((cursor, _), _)| cursor), table.slot_count);
        if changes.motion.is_active() {
            changes.motion.state = std::mem::take(motion);
            let row = |slot| world.row(id, slot);
            let moment = (occasion.now, occasion.precision);
            changes.motion.begin((&table.log, table.slot_count), &mut changes.period, row, moment);
        }
        changes.deltas.begin(changes.period.rows.len());
    }
}

/// Appends the client's table blocks.
fn write_blocks(
    world: &World,
    cohort: &Cohort,
    client: &mut Client,
    scratch: &mut Scratch<'_>,
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
fn begin(scratch: &mut Scratch<'_>, (table, known): (u16, u16), out: &mut Vec<u8>) -> TableMark {
    if let Some(table) = scratch.tables.get_mut(usize::from(table)) {
        table.told.clear();
    }
    begin_table(out, known)
}

/// Ends them: behind the operations come the rows that moved.
fn end(scratch: &mut Scratch<'_>, (table, known): (u16, u16), mark: TableMark, out: &mut Vec<u8>) {
    end_table(out, mark);
    if let Some(table) = scratch.tables.get_mut(usize::from(table)) {
        table.motion.write_told(table.told, known, out);
    }
}
