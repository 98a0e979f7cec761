//! A client that sees a table through several subscriptions, at least one of which has delivery options. A row that a strict
//! subscription holds is delivered strictly; of several others the one that wants it most often counts.

use std::mem;

use ambit_wire::LeaveReason;

use super::judge::Due;
use super::send::Sender;
use super::{Entry, Left, LooseScratch, evaluate, judge};
use crate::changes::RowState;
use crate::client::Subscription;
use crate::cohort::Cohort;
use crate::flush::Scratch;
use crate::flush::columns::{self, Shown};
use crate::flush::union::{self, View};
use crate::world::World;
use ambit_wire::write_delete;

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct Mixed {
    seen: Vec<Seen>,
    views: Vec<View>,
    leaves: Vec<u8>,
    entering: Vec<u8>,
}

/// A row seen from one subscription.
#[derive(Debug, Clone, Copy)]
struct Seen {
    view: View,
    /// What the slot had is gone.
    is_another: bool,
    /// If it was held of a subscription with options: the epoch as of which the client has all columns that it was shown.
    known: Option<u32>,
    /// Its position among the rows held of a subscription with options.
    entry: Option<u32>,
}

/// What all subscriptions together say of a row.
struct Verdict {
    shown: Shown,
    was_strict: bool,
    is_strict: bool,
    is_another: bool,
}

/// The table, and the position of the first of the subscriptions in the client's list.
type Place = (u16, usize);

pub(super) fn write(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (table, first): Place,
    group: &mut [Subscription],
    out: &mut Vec<u8>,
) {
    let mut mixed = mem::take(&mut scratch.loose.mixed);
    mixed.seen.clear();
    mixed.leaves.clear();
    mixed.entering.clear();
    see(world, cohort, scratch, table, group, &mut mixed);
    mixed.seen.sort_unstable_by_key(|seen| (seen.view.slot, seen.view.subscription));
    let Mixed { seen, leaves, entering, .. } = &mut mixed;
    for seen in seen.chunk_by(|left, right| left.view.slot == right.view.slot) {
        tell(world, cohort, scratch, (table, first), (group, seen), (leaves, entering));
    }
    out.extend_from_slice(leaves);
    out.extend_from_slice(entering);
    scratch.loose.mixed = mixed;
}

/// Collects the rows that the subscriptions held and hold. Filters leave out those that have not changed.
fn see(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    table: u16,
    group: &mut [Subscription],
    mixed: &mut Mixed,
) {
    let mut moves = mem::take(&mut scratch.loose.moves);
    for (place, subscription) in group.iter_mut().enumerate() {
        if subscription.loose.is_none() {
            mixed.views.clear();
            union::view(world, cohort, scratch, (table, place), subscription, true, &mut mixed.views);
            let strict =
                mixed.views.iter().map(|&view| Seen { view, is_another: false, known: None, entry: None });
            mixed.seen.extend(strict);
            continue;
        }
        moves.clear();
        evaluate(world, cohort, scratch, table, (subscription, None), true, &mut moves);
        mixed.seen.extend(moves.left.iter().map(|&Left { slot, is_another, whole }| {
            let view = View { slot, was: true, is: false, subscription: place };
            Seen { view, is_another, known: Some(whole), entry: None }
        }));
        let held = subscription.loose.as_deref().map(|loose| loose.held.as_slice()).unwrap_or_default();
        let old_count = held.len() - moves.entered.len().min(held.len());
        mixed.seen.extend((0..).zip(held).map(|(entry, held)| {
            let was = (entry as usize) < old_count;
            let view = View { slot: held.slot, was, is: true, subscription: place };
            Seen { view, is_another: false, known: was.then_some(held.whole), entry: Some(entry) }
        }));
    }
    scratch.loose.moves = moves;
}

/// Appends the operations on one row.
fn tell(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (table, first): Place,
    (group, seen): (&mut [Subscription], &[Seen]),
    (leaves, out): (&mut Vec<u8>, &mut Vec<u8>),
) {
    let Some(slot) = seen.first().map(|seen| seen.view.slot) else { return };
    let Verdict { shown, was_strict, is_strict, is_another } =
        verdict(world, cohort, scratch, table, (group, seen));
    let (was, is) = (shown.was != 0, shown.is != 0);
    if was && (is_another || !is) {
        let holders = seen.iter().filter(|seen| seen.view.was).map(|seen| seen.view.subscription);
        let reason = match is_another {
            true => LeaveReason::Deleted,
            false => union::why(world, cohort, scratch, group, slot, holders),
        };
        write_delete(leaves, slot, reason);
    }
    if !is {
        return;
    }
    let LooseScratch { copies, now_ms, .. } = &mut scratch.loose;
    let Some(mut sender) = Sender::new(world, copies, (table, shown.is), *now_ms) else { return };
    if !was || is_another {
        columns::insert(world, (table, slot), shown.is, out);
        return equalize(group, seen, sender.now());
    }
    let has_new = seen.iter().any(|seen| seen.entry.is_some() && !seen.view.was);
    if is_strict || has_new || shown.was != shown.is {
        let period = scratch.tables.get(usize::from(table)).map(|table| &table.period);
        let changed = || period.and_then(|period| period.change(slot)).map_or(0, |change| change.mask);
        let steps = world.table(table).map_or(0, |table| table.motion.mask());
        let mask = match was_strict {
            // What was told in steps may not be exact.
            true if has_new || is_strict && shown.was != shown.is => changed() | steps,
            true if is_strict => changed(),
            true | false => lacking(world, table, (group, seen)),
        };
        if shown.was != shown.is {
            columns::tell(world, (table, slot), shown, mask, out);
        } else if mask & shown.is != 0 {
            sender.copy(slot, mask & shown.is, out);
        }
        return equalize(group, seen, sender.now());
    }
    tell_loosely(scratch, world, (table, first), (group, seen), out);
}

/// What a row is to the client.
fn verdict(
    world: &World,
    cohort: &Cohort,
    scratch: &Scratch<'_>,
    table: u16,
    (group, seen): (&[Subscription], &[Seen]),
) -> Verdict {
    let shown_by = |are_strict: bool| {
        let those = seen.iter().filter(move |seen| is_strict(group, seen) == are_strict);
        let shown = those.map(|seen| Shown::once(columns_of(group, seen), seen.view.was, seen.view.is));
        shown.fold(Shown::default(), Shown::and)
    };
    let (mut strict, loose) = (shown_by(true), shown_by(false));
    let slot = seen.first().map_or(0, |seen| seen.view.slot);
    let period = scratch.tables.get(usize::from(table)).map(|table| &table.period);
    let state = period.and_then(|period| period.state(slot));
    // A filter says nothing about rows that did not change: they are in its result as before.
    let told = strict.and(loose);
    if state.is_none() && (strict.was == 0 || strict.is == 0 || told.was != told.is) {
        let held = union::held_by_filters(world, cohort, group, slot);
        strict = strict.and(Shown::once(held, true, true));
    }
    let shown = strict.and(loose);
    let is_another = seen.iter().any(|seen| seen.is_another)
        || shown.was != 0 && matches!(state, Some(RowState::Replaced | RowState::Deleted));
    Verdict { shown, was_strict: strict.was != 0, is_strict: strict.is != 0, is_another }
}

fn is_strict(group: &[Subscription], seen: &Seen) -> bool {
    group.get(seen.view.subscription).is_some_and(|known| known.loose.is_none())
}

/// Sends a row that only subscriptions with options hold, and held.
fn tell_loosely(
    scratch: &mut Scratch<'_>,
    world: &World,
    (table, first): Place,
    (group, seen): (&mut [Subscription], &[Seen]),
    out: &mut Vec<u8>,
) {
    if !are_alike(group, seen) {
        // Each goes on as if it were alone, in the columns that it shows.
        return seen.iter().for_each(|seen| {
            tell_loosely_alike(scratch, world, (table, first), (group, std::slice::from_ref(seen)), out);
        });
    }
    tell_loosely_alike(scratch, world, (table, first), (group, seen), out);
}

/// The same of a row that all of these show in the same columns.
fn tell_loosely_alike(
    scratch: &mut Scratch<'_>,
    world: &World,
    (table, first): Place,
    (group, seen): (&mut [Subscription], &[Seen]),
    out: &mut Vec<u8>,
) {
    let now_ms = scratch.loose.now_ms;
    let Some(known) = known(seen) else { return };
    let waited_ms = |entry: &Entry| now_ms.wrapping_sub(entry.sent_at);
    let Some(waited_ms) = entries(group, seen).map(|entry| waited_ms(entry)).min() else { return };
    let mut changed = 0;
    for entry in entries(group, seen) {
        (entry.whole, entry.part) = (known, entry.part.max(known));
        entry.sent_at = now_ms.wrapping_sub(waited_ms);
        changed = world.table(table).map_or(0, |table| table.stamps.row(entry.slot).changed);
    }
    if changed <= known || lacking(world, table, (group, seen)) == 0 {
        return;
    }
    // The one that wants it most often, and of those one that no budget binds.
    let wants = |seen: &&Seen| {
        let loose = group.get(seen.view.subscription).and_then(|known| known.loose.as_deref());
        let entry = loose.zip(seen.entry).and_then(|(loose, at)| loose.held.get(at as usize));
        loose.zip(entry).map_or((u32::MAX, true), |(loose, entry)| {
            (loose.terms.numbered(entry.tier_now).1.interval_ms, loose.terms.budget > 0)
        })
    };
    let Some(lead) = seen.iter().min_by_key(wants) else { return };
    let position = lead.view.subscription;
    let Some(lead_of) = group.get_mut(position) else { return };
    let shown = lead_of.columns;
    let Some(loose) = lead_of.loose.as_deref_mut() else { return };
    let Some((at, entry)) = lead.entry.and_then(|at| Some((at, loose.held.get_mut(at as usize)?))) else {
        return;
    };
    let (tier, terms) = loose.terms.numbered(entry.tier_now);
    let LooseScratch { copies, tolerance_ms, waits, rivals, overdue_ms, .. } = &mut scratch.loose;
    if !judge::is_over((now_ms, *tolerance_ms), entry.sent_at, terms.interval_ms) {
        *waits = true;
    } else if loose.terms.budget > 0 {
        let nearness = f32::from(entry.nearness) / 255.0;
        let due = [Due { entry: at, tier, nearness }];
        let weigh = |slot| world.weight(table, slot);
        rivals.add(first + position, (&loose.held, &due), (now_ms, *overdue_ms), weigh);
    } else if let Some(mut sender) = Sender::new(world, copies, (table, shown), now_ms) {
        *waits |= sender.send(&loose.terms, entry, tier, out);
    }
}

/// Whether all subscriptions with options that hold or held a row show the same columns of it.
fn are_alike(group: &[Subscription], seen: &[Seen]) -> bool {
    let mut columns = seen.iter().filter(|seen| seen.known.is_some()).map(|seen| columns_of(group, seen));
    let first = columns.next();
    columns.all(|columns| Some(columns) == first)
}

/// The columns that a subscription shows.
fn columns_of(group: &[Subscription], seen: &Seen) -> u64 {
    group.get(seen.view.subscription).map_or(0, |known| known.columns)
}

/// The columns of a row that the client lacks, of those that subscriptions with options showed.
fn lacking(world: &World, table: u16, (group, seen): (&[Subscription], &[Seen])) -> u64 {
    let Some(stamps) = world.table(table).map(|table| &table.stamps) else { return 0 };
    let slot = seen.first().map_or(0, |seen| seen.view.slot);
    let latest = known(seen).filter(|_| are_alike(group, seen));
    let held = seen.iter().filter_map(|seen| Some((latest.or(seen.known)?, columns_of(group, seen))));
    held.fold(0, |mask, (since, columns)| mask | stamps.since(slot, since) & columns)
}

/// The epoch as of which the client has all columns of a row.
fn known(seen: &[Seen]) -> Option<u32> {
    seen.iter().filter_map(|seen| seen.known).max()
}

/// The entries of a row.
fn entries<'a>(group: &'a mut [Subscription], seen: &'a [Seen]) -> impl Iterator<Item = &'a mut Entry> {
    let mut rest = group.iter_mut().enumerate();
    seen.iter().filter_map(move |seen| {
        let at = seen.entry?;
        // Rows are seen from one subscription after the other.
        let (_, known) = rest.find(|(place, _)| *place == seen.view.subscription)?;
        known.loose.as_deref_mut()?.held.get_mut(at as usize)
    })
}

/// The client has all columns of the row as they are in this epoch.
fn equalize(group: &mut [Subscription], seen: &[Seen], (epoch, now_ms): (u32, u32)) {
    for entry in entries(group, seen) {
        (entry.whole, entry.part, entry.sent_at) = (epoch, epoch, now_ms);
    }
}
