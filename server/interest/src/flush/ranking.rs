//! Rankings: which rows of a filter come first after the period, and what that means for those who watch them.

use ambit_model::Slot;
use ambit_wire::{LeaveReason, TableBlock, TableBlocks, begin_table, end_table};

use super::filter::encode;
use super::memory::Marks;
use super::union::View;
use super::{Memory, Scratch, TableChanges, TableScratch};
use crate::changes::RowState;
use crate::client::Stage;
use crate::cohort::Cohort;
use crate::filters::Crossing;
use crate::query::plan::{Filter, canonical};
use crate::rankings::{Ranked, Ranking, RankingId};
use crate::world::{Place, World};

/// Brings every ranking up to date that the period can concern, and looks up the rows of new ones.
pub(super) fn rank(world: &World, cohort: &mut Cohort, memory: &mut Memory) {
    let Memory { happened, touched, ranked, marks, .. } = memory;
    ranked.clear();
    ranked.extend(touched.iter().flat_map(|&filter| cohort.rankings.reached_by(filter)));
    for &id in &*ranked {
        follow(world, cohort, (&happened.tables, marks), id);
    }
    fill_fresh(world, cohort);
}

/// Looks up the rows of rankings that nobody has watched before.
pub(crate) fn fill_fresh(world: &World, cohort: &mut Cohort) {
    for id in cohort.rankings.take_fresh() {
        if let Some(ranking) = cohort.rankings.get_mut(id).filter(|ranking| ranking.reach.is_none()) {
            fill(world, ranking);
            ranking.shown = ranking.first();
            reach(world, cohort, id);
        }
    }
}

fn follow(world: &World, cohort: &mut Cohort, (tables, marks): (&[TableChanges], &mut Marks), id: RankingId) {
    let Cohort { filters, rankings, .. } = cohort;
    let Some(ranking) = rankings.get_mut(id) else { return };
    let Some(known) = ranking.reach.and_then(|reach| filters.get(reach)) else { return };
    let table = ranking.ranked.filter.table;
    let Some(changes) = tables.get(usize::from(table)) else { return };
    marks.make_room(changes.slot_count);
    // Whatever has changed is taken out, and put where it belongs now.
    ranking.best.retain(|place| !changes.has_changed(place.slot));
    known.stays.for_each(|row| {
        let change = changes.period.rows.get(row);
        change.into_iter().for_each(|change| ranking.take_in(world, change.slot));
    });
    for crossing in known.crossings.iter().filter(|crossing| crossing.is) {
        ranking.take_in(world, crossing.slot);
    }
    ranking.best.sort_unstable();
    let mut is_bound_new = false;
    if ranking.best.len() > ranking.known_max() {
        ranking.best.truncate(ranking.wanted());
        ranking.bound = ranking.best.last().map(|place| place.rank.clone());
        is_bound_new = true;
    } else if ranking.best.len() < ranking.ranked.limit && ranking.bound.is_some() {
        fill(world, ranking);
        is_bound_new = true;
    }
    ranking.tell(changes, marks);
    if is_bound_new {
        reach(world, cohort, id);
    }
}

fn fill(world: &World, ranking: &mut Ranking) {
    let found = world.best(&ranking.ranked.filter, &ranking.ranked.order, ranking.wanted());
    ranking.best = found.places;
    let last = ranking.best.last().filter(|_| !found.is_all);
    ranking.bound = last.map(|place| place.rank.clone());
}

/// Lets a filter find the changes that concern a ranking, which holds little more than what is known.
fn reach(world: &World, cohort: &mut Cohort, id: RankingId) {
    let Cohort { filters, rankings, .. } = cohort;
    let Some(ranking) = rankings.get(id) else { return };
    let filter = &ranking.ranked.filter;
    let last = ranking.best.last().filter(|_| ranking.bound.is_some());
    let last = last.and_then(|place| world.row(filter.table, place.slot));
    let narrower = last.and_then(|row| ranking.ranked.order.up_to(row));
    let conditions = canonical(filter.conditions.iter().cloned().chain(narrower).collect());
    let filter = Filter::new(filter.table, conditions);
    if ranking.reach.and_then(|reach| filters.get(reach)).is_some_and(|known| known.filter == filter) {
        return;
    }
    let found_by = filters.acquire(&filter, false);
    if let Some(before) = rankings.set_reach(id, found_by) {
        filters.release(before, false);
    }
}

impl Ranking {
    /// Takes in a row that has changed, if it is known from now on.
    fn take_in(&mut self, world: &World, slot: Slot) {
        let Some(row) = world.row(self.ranked.filter.table, slot) else { return };
        let mut rank = Vec::new();
        self.ranked.order.rank((slot, row), 0, |_| f64::NAN, &mut rank);
        if self.bound.as_ref().is_none_or(|bound| rank.as_slice() <= &**bound) {
            self.best.push(Place { rank: rank.into(), slot });
        }
    }

    /// The rows that are to be shown.
    fn first(&self) -> Vec<Slot> {
        self.best.iter().take(self.ranked.limit).map(|place| place.slot).collect()
    }

    /// Notes what is shown from now on, and what that changes.
    fn tell(&mut self, changes: &TableChanges, marks: &mut Marks) {
        let shown = self.first();
        let mark = marks.next();
        self.shown.iter().for_each(|&slot| _ = marks.mark(slot, mark));
        let mut stays = Vec::new();
        for &slot in &shown {
            let was = marks.bears(slot, mark);
            let row = changes.period.find(slot);
            let state = row.and_then(|row| changes.period.rows.get(row)).map(|change| change.state);
            match (was, state, row) {
                (true, None, _) => {}
                (true, Some(RowState::Updated), Some(row)) => stays.push(row),
                (_, _, _) => self.crossings.push(Crossing { slot, was, is: true }),
            }
        }
        stays.sort_unstable();
        stays.into_iter().for_each(|row| self.stays.add(row));
        let mark = marks.next();
        shown.iter().for_each(|&slot| _ = marks.mark(slot, mark));
        let gone = self.shown.iter().filter(|&&slot| !marks.bears(slot, mark));
        self.crossings.extend(gone.map(|&slot| Crossing { slot, was: true, is: false }));
        self.before = Some(std::mem::replace(&mut self.shown, shown));
    }
}

/// Forgets the period.
pub(super) fn end_period(cohort: &mut Cohort, ranked: &[RankingId]) {
    for &id in ranked {
        if let Some(ranking) = cohort.rankings.get_mut(id) {
            ranking.end_period();
        }
    }
}

/// Appends the operations of a ranking; they are the same for everybody who watches it.
pub(super) fn write(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    table: u16,
    id: RankingId,
    out: &mut Vec<u8>,
) {
    let Some(scratch) = scratch.tables.get_mut(usize::from(table)) else { return };
    let Some(ranking) = cohort.rankings.get(id).filter(|ranking| !ranking.is_as_before()) else {
        return;
    };
    // What is told of motion comes behind the block that is being written.
    if !ranking.is_shared() || scratch.motion.is_active() {
        return encode_ranking(world, scratch, table, ranking, out);
    }
    let block = shared_block(world, scratch, (table, table), ranking);
    if let Some(Ok(block)) = TableBlocks::new(block).next() {
        out.extend_from_slice(block.bytes);
    }
}

/// The block of a ranking that several clients see, if it was made for this id of the table. None if nothing has happened, or
/// nobody else sees it.
pub(super) fn block<'a>(
    world: &World,
    cohort: &'a Cohort,
    scratch: &mut Scratch<'_>,
    (table, known_table): (u16, u16),
    id: RankingId,
) -> Option<&'a [u8]> {
    let scratch = scratch.tables.get_mut(usize::from(table))?;
    let ranking = cohort.rankings.get(id)?;
    if !ranking.is_shared() || ranking.is_as_before() {
        return None;
    }
    let block = shared_block(world, scratch, (table, known_table), ranking);
    let is_for_this_id = |block: &TableBlock<'_>| block.table == known_table;
    TableBlocks::new(block).next()?.ok().filter(is_for_this_id).map(|_| block)
}

/// The block, made with this id of the table if it is made now.
fn shared_block<'a>(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table, known_table): (u16, u16),
    ranking: &'a Ranking,
) -> &'a [u8] {
    ranking.block.get_or_encode(|block| {
        scratch.told.clear();
        let mark = begin_table(block, known_table);
        encode_ranking(world, scratch, table, ranking, block);
        end_table(block, mark);
        scratch.motion.write_told(scratch.told, known_table, block);
    })
}

fn encode_ranking(
    world: &World,
    scratch: &mut TableScratch<'_>,
    table: u16,
    ranking: &Ranking,
    out: &mut Vec<u8>,
) {
    let changes = (ranking.crossings.as_slice(), &ranking.stays);
    let Ranked { filter, shown, .. } = &ranking.ranked;
    encode(world, scratch, (table, *shown), changes, |slot| leave_reason(world, filter, slot), out);
}

/// Why a row has left the first ones: others come before it, or it does not match, or it is hidden.
pub(super) fn leave_reason(world: &World, filter: &Filter, slot: Slot) -> LeaveReason {
    match world.row(filter.table, slot) {
        Some(row) if !filter.permits(row) => LeaveReason::NotPermitted,
        Some(_) => LeaveReason::NoLongerMatching,
        None => LeaveReason::Deleted,
    }
}

/// Appends what the ranking showed at the period's start and what it shows now; rows that stay as they are may be left out.
pub(super) fn view(
    cohort: &Cohort,
    scratch: &Scratch<'_>,
    (table, id): (u16, RankingId),
    (stage, subscription): (Stage, usize),
    views: &mut Vec<View>,
) {
    let Some(ranking) = cohort.rankings.get(id) else { return };
    match stage {
        Stage::Changing | Stage::Refused => {}
        Stage::Added => {
            let shown = ranking.shown.iter();
            views.extend(shown.map(|&slot| View { slot, was: false, is: true, subscription }));
        }
        Stage::Ended => {
            let shown = ranking.shown_before().iter();
            views.extend(shown.map(|&slot| View { slot, was: true, is: false, subscription }));
        }
        Stage::Steady => {
            let rows = scratch.table(table).map(|table| table.period.rows.as_slice()).unwrap_or_default();
            ranking.stays.for_each(|row| {
                let slot = rows.get(row).map(|change| change.slot);
                views.extend(slot.map(|slot| View { slot, was: true, is: true, subscription }));
            });
            let crossings = ranking.crossings.iter();
            views.extend(crossings.map(|&Crossing { slot, was, is }| View { slot, was, is, subscription }));
        }
    }
}

/// Whether the row, which has not changed, is shown as before.
pub(super) fn holds(cohort: &Cohort, id: RankingId, slot: Slot) -> bool {
    let Some(ranking) = cohort.rankings.get(id) else { return false };
    ranking.shown.contains(&slot) && !ranking.crossings.iter().any(|crossing| crossing.slot == slot)
}
