//! Circles: which rows a client holds after a flush.
//!
//! One circle that went a short way looks at the rows that it holds, and at those near the border that it does not. Whoever
//! has several centres, began, went far or got other parameters looks at all rows in reach.

use ambit_model::Slot;

use super::judge::{Due, Judge, nearness};
use super::{Entry, Last, Left, LooseScratch, Moves, Own};
use crate::client::{Centre, Near};
use crate::cohort::Cohort;
use crate::flush::Scratch;
use crate::flush::memory::Marks;
use crate::grid::{Disc, Found};
use crate::query::plan::is_within;
use crate::world::World;
use crate::world::spots::{NOWHERE, Spots, distance};

/// Brings the held rows up to date. Answers where the circle is, if it is one, and the generation of the grid.
pub(super) fn hold(
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (world, near, own): (&World, &Near, Option<Own>),
    (held, last): (&mut Vec<Entry>, Option<Last>),
    judge: &Judge<'_>,
    moves: &mut Moves,
) -> Option<(Disc, u32)> {
    let Scratch { tables, loose: LooseScratch { discs, found, waits, .. }, .. } = scratch;
    // What is known of a circle around its own row need not be looked up in places all over memory.
    let (id, radius) = own.map_or_else(|| (near.spots, near.radius), |own| (own.spots, own.radius));
    let spots = world.spots(id)?;
    let table = tables.get_mut(usize::from(judge.table))?;
    match own.and_then(|own| Some((spots.disc_around(own.observer, radius)?, own.observer))) {
        Some(disc) => {
            discs.clear();
            discs.push(disc);
        }
        None => find_discs(world, cohort, (near, spots), discs),
    }
    let mut circle = Circle {
        judge,
        spots,
        near,
        discs,
        radius,
        leave: radius + judge.terms.hysteresis,
        marks: (table.marks.next(), table.marks),
        moves,
    };
    let before = last.and_then(|last| Some((last.epoch, last.disc?)));
    let only = match *discs.as_slice() {
        [(disc, _)] if spots.shape().is_exact => Some(disc),
        _ => None,
    };
    let inner = match (only, before) {
        (Some(now), Some((epoch, (then, generation))))
            if generation == spots.generation()
                && then.key == now.key
                && then.radius <= now.radius
                && !judge.is_noted =>
        {
            *waits |= match judge.has_list() {
                false => circle.keep_short(held, now, epoch),
                true => circle.keep(held),
            };
            spots.inner_radius(now.radius, distance(now.centre, then.centre))
        }
        _ => {
            *waits |= circle.keep(held);
            -1.0
        }
    };
    circle.enter(held, inner, found);
    only.map(|disc| (disc, spots.generation()))
}

/// The circles of a subscription, each with the row in its centre.
fn find_discs(world: &World, cohort: &Cohort, (near, spots): (&Near, &Spots), discs: &mut Vec<(Disc, Slot)>) {
    discs.clear();
    match &near.centre {
        Centre::Fixed { place, .. } => discs.push((Disc { centre: *place, key: 0, radius: near.radius }, 0)),
        Centre::Moving { circle, observers } => {
            let watched = cohort.filters.get(*observers);
            let members = watched.map(|watched| watched.members.as_slice()).unwrap_or_default();
            let mut bytes = Vec::new();
            for &member in members {
                let Some(row) = world.row(circle.observer.table, member) else { continue };
                if let Some(key) = spots.locator().key_around(circle, row, &mut bytes) {
                    let centre = circle.observer_position.read(row);
                    discs.push((Disc { centre, key, radius: near.radius }, member));
                }
            }
        }
    }
}

/// What becomes of a held row.
enum Fate {
    /// It stays, at this distance, squared.
    Stays(f64),
    Leaves,
    /// The slot has another row, or none.
    IsAnother,
}

struct Circle<'a> {
    judge: &'a Judge<'a>,
    spots: &'a Spots,
    near: &'a Near,
    discs: &'a [(Disc, Slot)],
    /// The radius at which rows enter.
    radius: f64,
    /// The radius at which they leave.
    leave: f64,
    /// Rows that are held bear this mark when it is asked for.
    marks: (u32, &'a mut Marks),
    moves: &'a mut Moves,
}

impl Circle<'_> {
    /// Goes through the held rows of one circle that has looked at all of them in this epoch. Answers whether one has to wait.
    ///
    /// This runs for every row that a client holds. What is rare is noted and done afterwards.
    fn keep_short(&mut self, held: &mut Vec<Entry>, disc: Disc, last_epoch: u32) -> bool {
        let leave = self.leave * self.leave;
        let share = share_per_square(leave);
        let [x, y, z] = disc.centre;
        let (judge, records) = (self.judge, self.spots.records());
        let Moves { due, odd, .. } = &mut *self.moves;
        due.resize(held.len(), Due::default());
        let (mut due_count, mut waits) = (0, false);
        for (at, entry) in held.iter().enumerate() {
            let record = records.get(entry.slot as usize).unwrap_or(&NOWHERE);
            let [row_x, row_y, row_z] = record.place;
            let (row_x, row_y, row_z) = (row_x - x, row_y - y, row_z - z);
            let square = row_x * row_x + row_y * row_y + row_z * row_z;
            // What is no number does not stay either.
            let stays = (square <= leave) & (record.checked <= last_epoch);
            if !stays {
                odd.push(at as u32);
            }
            let tier = judge.tier(square);
            let has_changed = record.changed > entry.whole;
            let is_due = has_changed & judge.is_due(entry.sent_at, tier);
            waits |= has_changed & !is_due;
            if is_due && let Some(place) = due.get_mut(due_count) {
                *place = Due { entry: at as u32, tier, nearness: nearness(square * share) };
                due_count += 1;
            }
        }
        due.truncate(due_count);
        self.take_odd(held);
        waits
    }

    /// Looks closely at the rows that may not stay.
    fn take_odd(&mut self, held: &mut Vec<Entry>) {
        while let Some(at) = self.moves.odd.pop() {
            let Some(&entry) = held.get(at as usize) else { continue };
            let fate = self.fate(entry);
            if self.apply(held, (at as usize, entry), &fate).is_some() {
                continue;
            }
            // The last row has come to its place.
            let last = held.len() as u32;
            self.moves.due.retain(|due| due.entry != at);
            if let Some(due) = self.moves.due.iter_mut().find(|due| due.entry == last) {
                due.entry = at;
            }
        }
    }

    /// The same for any circles.
    fn keep(&mut self, held: &mut Vec<Entry>) -> bool {
        let share = share_per_square(self.leave * self.leave);
        let (mut at, mut waits) = (0, false);
        while let Some(&entry) = held.get(at) {
            let fate = self.fate(entry);
            let Some(square) = self.apply(held, (at, entry), &fate) else { continue };
            let Some(entry) = held.get_mut(at) else { break };
            let changed = self.spots.record(entry.slot).changed;
            if self.judge.has_changed(entry, changed) || self.judge.is_noted {
                waits |= self.judge.judge((at, entry), (square, square * share), &mut self.moves.due);
            }
            at += 1;
        }
        waits
    }

    /// Takes a row out that does not stay; otherwise answers its distance, squared.
    fn apply(&mut self, held: &mut Vec<Entry>, (at, entry): (usize, Entry), fate: &Fate) -> Option<f64> {
        match *fate {
            Fate::Stays(square) => return Some(square),
            Fate::Leaves => self.moves.left.push(Left::new(entry, false)),
            Fate::IsAnother => {
                self.moves.left.push(Left::new(entry, true));
                self.moves.again.push(entry.slot);
            }
        }
        held.swap_remove(at);
        None
    }

    fn fate(&self, entry: Entry) -> Fate {
        let is_another = self.judge.stamps().is_none_or(|stamps| stamps.row(entry.slot).born > entry.whole);
        if is_another {
            return Fate::IsAnother;
        }
        match self.nearest(entry.slot, self.leave) {
            Some(square) => Fate::Stays(square),
            None => Fate::Leaves,
        }
    }

    fn reach(&self) -> Reach<'_> {
        let Self { judge, spots, near, discs, .. } = *self;
        Reach { world: judge.world, table: judge.table, spots, near, discs }
    }

    fn nearest(&self, slot: Slot, radius: f64) -> Option<f64> {
        self.reach().nearest(slot, radius)
    }

    /// Finds the rows that enter. Those that the grid finds within the inner radius are held already.
    fn enter(&mut self, held: &[Entry], inner: f64, found: &mut Found) {
        let again = std::mem::take(&mut self.moves.again);
        let mut candidates = std::mem::take(&mut self.moves.candidates);
        candidates.clear();
        candidates.extend(again.iter().copied().filter(|&slot| self.nearest(slot, self.radius).is_some()));
        for &(disc, observer) in self.discs {
            self.spots.find(disc, inner, found, |slot| {
                if self.spots.shape().is_exact || self.reach().shows(slot, disc, observer) {
                    candidates.push(slot);
                }
            });
        }
        if !candidates.is_empty() {
            let (mark, marks) = &mut self.marks;
            for entry in held {
                marks.mark(entry.slot, *mark);
            }
            self.moves.entered.extend(candidates.iter().copied().filter(|&slot| marks.mark(slot, *mark)));
        }
        (self.moves.again, self.moves.candidates) = (again, candidates);
    }
}

/// The circles of a subscription, and what there is to know of rows in them.
struct Reach<'a> {
    world: &'a World,
    table: u16,
    spots: &'a Spots,
    near: &'a Near,
    discs: &'a [(Disc, Slot)],
}

impl Reach<'_> {
    /// The least distance of a row to a centre, squared, if it is within a radius and a circle shows it.
    fn nearest(&self, slot: Slot, radius: f64) -> Option<f64> {
        let place = self.spots.record(slot).place;
        let squares = self.discs.iter().filter_map(|&(disc, observer)| {
            if !is_within(place, disc.centre, radius) || !self.shows(slot, disc, observer) {
                return None;
            }
            let [x, y, z] = place;
            let [centre_x, centre_y, centre_z] = disc.centre;
            Some((x - centre_x).powi(2) + (y - centre_y).powi(2) + (z - centre_z).powi(2))
        });
        squares.min_by(f64::total_cmp)
    }

    /// Whether a circle shows a row, wherever it is.
    fn shows(&self, slot: Slot, disc: Disc, observer: Slot) -> bool {
        if !self.spots.has_key(slot, disc.key) {
            return false;
        }
        if self.spots.shape().is_exact {
            return true;
        }
        let Some(row) = self.world.row(self.table, slot) else { return false };
        match &self.near.centre {
            Centre::Fixed { target, .. } => target.matches(row),
            Centre::Moving { circle, .. } => {
                let observer = self.world.row(circle.observer.table, observer);
                circle.target.matches(row) && observer.is_some_and(|observer| circle.joins(row, observer))
            }
        }
    }
}

/// Calls `each` with the squared distance of every one of these rows from the nearest centre whose circle shows it, if it is
/// within a radius of that.
pub(super) fn distances(
    cohort: &Cohort,
    (world, near): (&World, &Near),
    slots: impl Iterator<Item = Slot>,
    radius: f64,
    each: impl FnMut(f64),
) {
    let Some(spots) = world.spots(near.spots) else { return };
    let mut discs = Vec::new();
    find_discs(world, cohort, (near, spots), &mut discs);
    let reach = Reach { world, table: near.table(), spots, near, discs: &discs };
    slots.filter_map(|slot| reach.nearest(slot, radius)).for_each(each);
}

/// What a squared distance is to be multiplied with to be a share of the border's.
fn share_per_square(square: f64) -> f64 {
    if square.is_normal() { 1.0 / square } else { 0.0 }
}
