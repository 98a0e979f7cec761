//! The first rows of a circle that moves, of a join, or of all that rules show. Nothing is kept of them: they are chosen from what it showed at the
//! period's start and from what it shows now.

use ambit_model::Slot;

use super::circle::row_before;
use super::circle::view::{Moment, members};
use super::union::View;
use super::{Scratch, TableScratch};
use crate::client::Source;
use crate::cohort::Cohort;
use crate::query::plan::{Circle, Order, Position, square_of_distance};
use crate::world::World;

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct TopScratch {
    /// Ranks one behind the other.
    ranks: Vec<u8>,
    slots: Vec<Slot>,
    candidates: Vec<Candidate>,
    kept: Vec<View>,
}

/// A row that may be among the first.
struct Candidate {
    /// The first bytes of its rank, which mostly decide.
    head: u128,
    /// Where its rank lies.
    start: usize,
    end: usize,
    slot: Slot,
}

/// Keeps, of the views from `from` on, those of the first rows: of those before and of those now.
pub(super) fn cut(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (order, limit, of): (&Order, usize, &Source),
    table: u16,
    (views, from): (&mut Vec<View>, usize),
) {
    let mut memory = std::mem::take(scratch.top);
    memory.kept.clear();
    let subscription = views.get(from).map_or(0, |view| view.subscription);
    for moment in [Moment::Before, Moment::Now] {
        let candidates = views.get(from..).unwrap_or_default().iter();
        let slots = candidates.filter(|view| if moment == Moment::Before { view.was } else { view.is });
        memory.slots.clear();
        memory.slots.extend(slots.map(|view| view.slot));
        if of.parts().len() > 1 {
            // A row that several show counts once.
            memory.slots.sort_unstable();
            memory.slots.dedup();
        }
        let centres = centres(world, cohort, &scratch.tables, of, moment);
        memory.rank(|slot, ranks| {
            let row = row_then(world, &scratch.tables, (table, slot), moment).unwrap_or_default();
            let from_centre = |position: Position| distance(position, row, of, &centres);
            order.rank((slot, row), 0, from_centre, ranks);
        });
        memory.keep(limit);
        let (was, is) = (moment == Moment::Before, moment == Moment::Now);
        let kept = memory.candidates.iter().map(|first| View { slot: first.slot, was, is, subscription });
        memory.kept.extend(kept);
    }
    views.truncate(from);
    views.extend_from_slice(&memory.kept);
    *scratch.top = memory;
}

impl TopScratch {
    fn rank(&mut self, rank: impl Fn(Slot, &mut Vec<u8>)) {
        self.ranks.clear();
        self.candidates.clear();
        for &slot in &self.slots {
            let start = self.ranks.len();
            rank(slot, &mut self.ranks);
            let end = self.ranks.len();
            let mut head = [0; 16];
            let bytes = self.ranks.get(start..end).unwrap_or_default();
            head.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
            self.candidates.push(Candidate { head: u128::from_be_bytes(head), start, end, slot });
        }
    }

    /// Leaves the first `limit` candidates, in no particular order.
    fn keep(&mut self, limit: usize) {
        let Self { ranks, candidates, .. } = self;
        if limit < candidates.len() {
            let bytes = |candidate: &Candidate| ranks.get(candidate.start..candidate.end);
            candidates.select_nth_unstable_by(limit, |left, right| {
                left.head.cmp(&right.head).then_with(|| bytes(left).cmp(&bytes(right)))
            });
            candidates.truncate(limit);
        }
    }
}

fn row_then<'a>(
    world: &'a World,
    tables: &[TableScratch<'_>],
    (table, slot): (u16, Slot),
    moment: Moment,
) -> Option<&'a [u8]> {
    match moment {
        Moment::Before => row_before(world, tables, table, slot),
        Moment::Now => world.row(table, slot),
    }
}

/// The rows in the centre of a moving circle.
fn centres<'a>(
    world: &'a World,
    cohort: &Cohort,
    tables: &[TableScratch<'_>],
    of: &Source,
    moment: Moment,
) -> Vec<&'a [u8]> {
    let Source::Circle { circle, observers, .. } = of else { return Vec::new() };
    let Some(watched) = cohort.filters.get(*observers) else { return Vec::new() };
    let table = circle.observer.table;
    let slots = members(watched, moment).into_iter();
    slots.filter_map(|slot| row_then(world, tables, (table, slot), moment)).collect()
}

/// The square of a row's distance from the nearest row in the centre that it is joined with.
fn distance(position: Position, row: &[u8], of: &Source, centres: &[&[u8]]) -> f64 {
    let Source::Circle { circle, .. } = of else { return f64::NAN };
    let circle: &Circle = circle;
    let place = position.read(row);
    let joined = centres.iter().filter(|centre| circle.joins(row, centre));
    let squares = joined.map(|centre| square_of_distance(place, circle.observer_position.read(centre)));
    squares.fold(f64::NAN, f64::min)
}
