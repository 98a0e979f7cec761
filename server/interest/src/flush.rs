//! One flush of one cohort: what happened since its last flush, and who is to be told.
//!
//! First the changes are merged per row, then every filter is tested against the rows that changed, then each
//! client's update is put together from operations that are encoded once.

mod circle;
mod columns;
mod filter;
mod join;
pub(crate) mod ops;
pub(crate) mod routine;
mod union;

use std::borrow::Cow;

use ambit_model::{Slot, Timestamp};
use ambit_wire::{begin_table, end_table};

use crate::changes::Period;
use crate::client::{Client, Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::follower::{Applied, ClientUpdate, Refusal};
use crate::limits;
use crate::query::QueryError;
use crate::sweep::Sweep;
use crate::world::World;

/// Memory that flushes reuse.
#[derive(Default)]
pub(crate) struct Scratch {
    tables: Vec<TableScratch>,
    concerned: Vec<FilterId>,
    /// Filters that know something of the period: their result has a row that changed, or was looked up.
    touched: Vec<FilterId>,
    /// The blocks of one client.
    blocks: Vec<u8>,
    union: union::Union,
    /// By ground.
    sweeps: Vec<Sweep>,
    circle: circle::CircleScratch,
    joins: join::JoinScratch,
}

/// What happened to one table in the period.
#[derive(Default)]
pub(crate) struct TableScratch {
    pub period: Period,
    deltas: ops::Deltas,
    /// What follows a filter's leaves, while it is encoded.
    others: Vec<u8>,
    /// By slot: the last mark that it was given.
    marks: Vec<u32>,
    last_mark: u32,
}

/// Flushes a cohort at the commit that the world stands at; returns how many subscriptions have ended.
pub(crate) fn flush(
    world: &mut World,
    cohort: &mut Cohort,
    clients: &mut [Option<Client>],
    scratch: &mut Scratch,
    commit: (u64, Timestamp),
    sink: &mut dyn FnMut(ClientUpdate<'_>),
) -> u64 {
    merge(world, cohort, scratch);
    filter::cross(world, cohort, scratch);
    cohort.routines.void_grown(scratch);
    let ended_count = routine::run(world, cohort, clients, scratch, commit, sink);
    filter::end_period(cohort, scratch);
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
    write_blocks(world, cohort, client, scratch, &mut blocks);
    let mut update = ClientUpdate {
        client: client.id,
        offset,
        timestamp,
        applied: Vec::new(),
        ended: std::mem::take(&mut client.ended),
        refused: Vec::new(),
        blocks: Cow::Borrowed(&blocks),
    };
    let mut ended_count = 0;
    let is_settled = |known: &Subscription| known.stage == Stage::Steady && known.refused.is_none();
    if !client.subscriptions.iter().all(is_settled) {
        ended_count = settle(world, cohort, client, &mut update);
    }
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
        subscription.stage = Stage::Steady;
        subscription.refused = Some(refused);
        subscription.next_parameters = None;
        if let Some(next) = subscription.next.take() {
            release_source(world, cohort, *next);
        }
    }
    let is_still = |part: &Source| match part {
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
        Source::Filter(_) | Source::Circle { .. } | Source::Any(_) | Source::Held(_) => false,
    };
    let stage = match subscription.stage {
        Stage::Added => Stage::Refused,
        Stage::Steady if subscription.source.parts().iter().all(is_still) => return,
        Stage::Steady => Stage::Ended,
        Stage::Changing | Stage::Ended | Stage::Refused => return,
    };
    if let Some(refused) = too_many(world, cohort, scratch, &subscription.source) {
        subscription.stage = stage;
        subscription.refused = Some(refused);
    }
}

/// Why rows of this source depend on too many others, if they do.
fn too_many(world: &World, cohort: &Cohort, scratch: &mut Scratch, source: &Source) -> Option<QueryError> {
    source.parts().iter().find_map(|part| match part {
        Source::Filter(_) | Source::Any(_) | Source::Held(_) => None,
        Source::Circle { observers, .. } => {
            let count = cohort.filters.get(*observers).map_or(0, |watched| watched.members.len());
            (count > limits::OBSERVERS_PER_CIRCLE_MAX).then_some(QueryError::TooManyObservers(count))
        }
        Source::Join { join, leaves } => join::too_many_rows(world, cohort, scratch, (join, leaves)),
    })
}

/// The rows that sources of a cohort show, all of whose clients have been flushed.
pub(crate) fn shown_now(
    world: &mut World,
    cohort: &mut Cohort,
    scratch: &mut Scratch,
    sources: &[&Source],
) -> Vec<Vec<Slot>> {
    merge(world, cohort, scratch);
    filter::cross(world, cohort, scratch);
    let shown = sources.iter().map(|source| union::shown_now(world, cohort, scratch, source)).collect();
    filter::end_period(cohort, scratch);
    shown
}

/// Gives up what a subscription has claimed.
pub(crate) fn release(world: &mut World, cohort: &mut Cohort, subscription: Subscription) {
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
        Source::Any(parts) => parts.into_iter().for_each(|part| release_source(world, cohort, part)),
        Source::Held(_) => {}
    }
}

fn merge(world: &World, cohort: &mut Cohort, scratch: &mut Scratch) {
    scratch.tables.resize_with(world.tables.len(), TableScratch::default);
    scratch.sweeps.iter_mut().for_each(|sweep| sweep.is_current = false);
    scratch.joins.clear();
    cohort.cursors.resize(world.tables.len(), 0);
    for ((table, cursor), scratch) in world.tables.iter().zip(&mut cohort.cursors).zip(&mut scratch.tables) {
        scratch.marks.resize(table.slot_count, 0);
        scratch.period.fill(&table.log, *cursor, table.slot_count);
        scratch.deltas.begin(scratch.period.rows.len());
        *cursor = table.log.end();
    }
}

/// Appends the client's table blocks.
fn write_blocks(
    world: &mut World,
    cohort: &mut Cohort,
    client: &Client,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let mut rest = client.subscriptions.as_slice();
    while let Some((table, known)) = rest.first().map(|first| (first.table, first.known_table)) {
        let count = rest.iter().take_while(|subscription| subscription.known_table == known).count();
        let (group, others) = rest.split_at(count);
        rest = others;
        let mark = begin_table(out, known);
        match group {
            [Subscription { stage: Stage::Steady, source: Source::Filter(id), .. }] => {
                filter::write(world, cohort, scratch, table, *id, out);
            }
            [
                Subscription {
                    stage: Stage::Steady,
                    source: Source::Circle { circle, ground, observers },
                    columns,
                    ..
                },
            ] if circle::write(world, cohort, scratch, (circle, *ground, *observers), *columns, out) => {}
            _ => union::write(world, cohort, scratch, table, group, out),
        }
        end_table(out, mark);
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

    /// Marks a slot; whether it did not bear this mark before.
    fn mark(&mut self, slot: Slot, mark: u32) -> bool {
        self.marks.get_mut(slot as usize).is_some_and(|place| std::mem::replace(place, mark) != mark)
    }
}
