//! Plain filters: which rows a client holds after a flush.

use super::judge::Judge;
use super::{Entry, Left, Moves};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::flush::Scratch;
use crate::flush::filter as strict_filter;
use crate::world::World;

/// Brings the held rows up to date; `is_steady` says that they are the result of the period's start.
pub(super) fn hold(
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (world, id): (&World, FilterId),
    (held, is_steady): (&mut Vec<Entry>, bool),
    judge: &Judge<'_>,
    moves: &mut Moves,
) {
    let Scratch { tables, touched, loose, .. } = scratch;
    let Some(watched) = cohort.filters.get(id) else { return };
    let Some(table) = tables.get_mut(usize::from(judge.table)) else { return };
    let Some(stamps) = judge.stamps() else { return };
    let (first, second) = (table.marks.next(), table.marks.next());
    // In a steady result the marked rows leave, in another one all others do.
    if is_steady {
        for crossing in watched.crossings.iter().filter(|crossing| crossing.was && !crossing.is) {
            table.marks.mark(crossing.slot, first);
        }
    } else {
        // The result is kept until the flush ends.
        touched.push(id);
        for &slot in strict_filter::result(world, watched) {
            table.marks.mark(slot, first);
        }
    }
    let mut at = 0;
    while let Some(entry) = held.get_mut(at) {
        let row = stamps.row(entry.slot);
        let is_another = row.born > entry.whole;
        if is_another || table.marks.bears(entry.slot, first) == is_steady {
            moves.left.push(Left::new(*entry, is_another));
            held.swap_remove(at);
            continue;
        }
        table.marks.mark(entry.slot, second);
        if judge.has_changed(entry, row.changed) || judge.is_noted {
            loose.waits |= judge.judge((at, entry), (0.0, 0.0), &mut moves.due);
        }
        at += 1;
    }
    if is_steady {
        for crossing in watched.crossings.iter().filter(|crossing| crossing.is) {
            if table.marks.mark(crossing.slot, second) {
                moves.entered.push(crossing.slot);
            }
        }
    } else {
        for &slot in strict_filter::result(world, watched) {
            if table.marks.mark(slot, second) {
                moves.entered.push(slot);
            }
        }
    }
}
