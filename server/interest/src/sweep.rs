//! One flush of one kind of moving circle: where the rows are that moved lately, where they were at the period's start, and
//! their deltas, all in cell order.
//!
//! A row that went a short way is one item at its new position. Whoever has it well inside his circle now also had it
//! before, so most rows need one test of their distance and no list of what a client holds. A row that came, went, changed
//! its key or went far is two items, one where it was and one where it is.

use ambit_model::{RowLayout, Slot};

use crate::changes::{ChangeLog, RowChange, RowState};
use crate::flush::TableChanges;
use crate::flush::ops::{self, CHUNK_BYTES, Packing};
use crate::grid::{Disc, Found, Grid, Item};
use crate::ground::Ground;
use crate::motion::Told;
use crate::query::plan::is_within;
use crate::world::World;

/// A row's position and key.
pub(crate) type Spot = ([f64; 3], u64);

/// The rows of a [`Ground`] that moved lately.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Rows that went a short way or none, where they are now. Numbers are places in `steps`.
    pub near: Grid,
    pub steps: Vec<Step>,
    /// By slot: its place in `near` plus one, or 0.
    places: Vec<u32>,
    /// The longest of those ways.
    pub slack: f64,
    /// Encoded deltas in the order of slots.
    unsorted: Vec<u8>,
    packing: Packing,
    /// Bytes of the longest delta.
    delta_bytes_max: usize,
    /// Encoded deltas of `near` in its order, one behind the other, and where each ends.
    deltas: Vec<u8>,
    ends: Vec<u32>,
    /// By place of `near`: the row's place among those that are told in few bits, or `u32::MAX`; empty if there are none.
    motions: Vec<u32>,
    has_motion: bool,
    /// All other rows: one item for where it was, one for where it is. Numbers are places in `jumps`, twice, plus one for
    /// where it is.
    pub far: Grid,
    pub jumps: Vec<Jump>,
    items: Vec<Item>,
    far_items: Vec<Item>,
}

/// A row that went a short way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub slot: Slot,
    /// Where it was.
    pub before: [f64; 3],
    /// Its delta among the deltas in the order of slots.
    delta: (u32, u32),
    /// Its place among the rows that are told in few bits.
    motion: Option<u32>,
}

/// A row that did something else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jump {
    pub slot: Slot,
    pub before: Option<Spot>,
    pub now: Option<Spot>,
}

impl Jump {
    pub fn was_in(&self, disc: Disc) -> bool {
        is_in(self.before, disc)
    }

    pub fn is_in(&self, disc: Disc) -> bool {
        is_in(self.now, disc)
    }
}

fn is_in(spot: Option<Spot>, disc: Disc) -> bool {
    spot.is_some_and(|(place, key)| key == disc.key && is_within(place, disc.centre, disc.radius))
}

impl Sweep {
    /// Takes in what happened in a period.
    pub fn build(&mut self, world: &World, ground: &mut Ground, changes: &TableChanges) {
        self.items.clear();
        self.far_items.clear();
        self.steps.clear();
        self.jumps.clear();
        self.unsorted.clear();
        self.delta_bytes_max = 0;
        self.slack = 0.0;
        self.has_motion = false;
        let table = ground.shape.table();
        let Some(known) = world.table(table) else { return };
        let radius = ground.radius();
        let step_max = radius * STEP_PER_RADIUS;
        for (number, change) in changes.period.rows.iter().enumerate() {
            // A group that is flushed seldom may know of changes that the ground has put to rest.
            ground.wake_again(change.slot);
            let row = world.row(table, change.slot);
            let now = row.and_then(|row| ground.locate(row));
            let before = before(ground, &known.log, change, now);
            let is_same = change.state == RowState::Updated;
            if self.add(change.slot, (before, now), is_same, step_max)
                && let Some(row) = row
            {
                let shown = ground.shape.shown;
                if shown == known.visible {
                    let mask = changes.motion.plain_mask(number, change.mask) & shown;
                    self.pack(&known.layout, (change.slot, row), mask);
                    self.note_motion(changes.motion.place(number));
                } else {
                    let mask = changes.motion.changed(change) & shown;
                    self.pack(&known.layout, (change.slot, row), mask);
                }
            }
        }
        if ground.moving.len() > changes.period.rows.len() {
            let moving = std::mem::take(&mut ground.moving);
            for slot in moving.iter().filter(|&slot| !changes.has_changed(slot)) {
                let now = world.row(table, slot).and_then(|row| ground.locate(row));
                self.add(slot, (now, now), true, step_max);
            }
            ground.moving = moving;
        }
        self.near.build(&self.items, radius + self.slack);
        self.far.build(&self.far_items, radius);
        // So that every delta can be copied as a whole chunk.
        self.unsorted.extend_from_slice(&[0; CHUNK_BYTES]);
        self.sort_deltas(known.slot_count);
    }

    /// Answers whether it is a step.
    fn add(
        &mut self,
        slot: Slot,
        (before, now): (Option<Spot>, Option<Spot>),
        is_same: bool,
        step_max: f64,
    ) -> bool {
        if let (true, Some((old, old_key)), Some((place, key))) = (is_same, before, now)
            && key == old_key
        {
            let [x, y, z] = [0, 1, 2].map(|axis: usize| {
                place.get(axis).zip(old.get(axis)).map_or(f64::NAN, |(new, old)| new - old)
            });
            let step = (x * x + y * y + z * z).sqrt();
            if step <= step_max {
                self.slack = self.slack.max(step);
                self.items.push(Item { place, key, number: self.steps.len() as u32 });
                self.steps.push(Step { slot, before: old, delta: (0, 0), motion: None });
                return true;
            }
        }
        if before.is_none() && now.is_none() {
            return false;
        }
        let number = 2 * self.jumps.len() as u32;
        let item = |(place, key): Spot, number| Item { place, key, number };
        self.far_items.extend(before.map(|spot| item(spot, number)));
        self.far_items.extend(now.map(|spot| item(spot, number + 1)));
        self.jumps.push(Jump { slot, before, now });
        false
    }

    /// Encodes what has changed in the row of the last step.
    fn pack(&mut self, layout: &RowLayout, row: (Slot, &[u8]), mask: u64) {
        let start = self.unsorted.len() as u32;
        if mask != 0 {
            self.packing.encode(layout, row, mask, &mut self.unsorted);
        }
        if let Some(step) = self.steps.last_mut() {
            step.delta = (start, self.unsorted.len() as u32);
            self.delta_bytes_max = self.delta_bytes_max.max(self.unsorted.len() - start as usize);
        }
    }

    /// Notes that the row of the last step is told in few bits, if it is.
    fn note_motion(&mut self, motion: Option<u32>) {
        if let (Some(step), Some(_)) = (self.steps.last_mut(), motion) {
            step.motion = motion;
            self.has_motion = true;
        }
    }

    /// Brings the deltas into cell order, so that neighbours' lie side by side, and notes where each row is.
    fn sort_deltas(&mut self, slot_count: usize) {
        self.deltas.clear();
        self.ends.clear();
        self.ends.push(0);
        self.places.fill(0);
        self.places.resize(slot_count, 0);
        for &number in &self.near.numbers {
            if let Some(step) = self.steps.get(number as usize) {
                if let Some(place) = self.places.get_mut(step.slot as usize) {
                    *place = self.ends.len() as u32;
                }
                let (start, end) = step.delta;
                ops::append(&self.unsorted, start as usize, end as usize, &mut self.deltas);
            }
            self.ends.push(self.deltas.len() as u32);
        }
        // So that every delta can be copied as a whole chunk.
        self.deltas.extend_from_slice(&[0; CHUNK_BYTES]);
        self.motions.clear();
        if self.has_motion {
            let motion = |number: &u32| self.steps.get(*number as usize).and_then(|step| step.motion);
            self.motions.extend(self.near.numbers.iter().map(|number| motion(number).unwrap_or(u32::MAX)));
        }
    }

    /// The client is told of the rows at these places of `near`, as far as they are told in few bits.
    #[inline]
    pub fn tell(&self, places: &[u32], told: &mut Told) {
        if self.has_motion {
            for &place in places.iter().filter_map(|&place| self.motions.get(place as usize)) {
                told.add(place);
            }
        }
    }

    /// Appends the deltas of the rows at these places of `near`, which are put together in `room`.
    pub fn copy_deltas(&self, places: &[u32], room: &mut Vec<u8>, out: &mut Vec<u8>) {
        if self.delta_bytes_max == 0 {
            return;
        }
        let ends = |place: u32| self.ends.get(place as usize..).and_then(<[u32]>::first_chunk::<2>);
        if self.delta_bytes_max > CHUNK_BYTES {
            for &[start, end] in places.iter().filter_map(|&place| ends(place)) {
                ops::append(&self.deltas, start as usize, end as usize, out);
            }
            return;
        }
        // Whole chunks into room that is made once: this runs for every visible row that moved.
        let mut at = 0;
        if room.len() < places.len() * CHUNK_BYTES {
            room.resize(places.len() * CHUNK_BYTES, 0);
        }
        for &[start, end] in places.iter().filter_map(|&place| ends(place)) {
            let delta = self.deltas.get(start as usize..).and_then(<[u8]>::first_chunk::<CHUNK_BYTES>);
            let place = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<CHUNK_BYTES>);
            if let (Some(delta), Some(place)) = (delta, place) {
                *place = *delta;
            }
            at += (end - start) as usize;
        }
        out.extend_from_slice(room.get(..at).unwrap_or_default());
    }

    /// The place in `near` of the row in a slot.
    #[inline]
    pub fn place_of(&self, slot: Slot) -> Option<u32> {
        self.places.get(slot as usize).and_then(|place| place.checked_sub(1))
    }

    /// The circle around the row in a slot, now and at the period's start, if it went a short way.
    pub fn discs(&self, slot: Slot, radius: f64) -> Option<(Disc, Disc)> {
        let place = self.place_of(slot)?;
        let (centre, key) = (self.near.place(place as usize), self.near.key(place as usize));
        let before = self.step(place)?.before;
        Some((Disc { centre, key, radius }, Disc { centre: before, key, radius }))
    }

    /// The step of the row at a place of `near`.
    pub fn step(&self, place: u32) -> Option<&Step> {
        let number = *self.near.numbers.get(place as usize)?;
        self.steps.get(number as usize)
    }

    /// The jumps that may touch a disc: each with whether this is the item of where it is now.
    pub fn jumps(&self, disc: Disc, found: &mut Found, mut each: impl FnMut(&Jump, bool)) {
        if self.jumps.is_empty() {
            return;
        }
        self.far.find(disc, -1.0, found);
        for &place in found.between() {
            let Some(&number) = self.far.numbers.get(place as usize) else { continue };
            if let Some(jump) = self.jumps.get(number as usize / 2) {
                each(jump, number % 2 == 1);
            }
        }
    }
}

/// The longest way that counts as short, in radii. What is longer makes every circle look farther for rows that left it.
const STEP_PER_RADIUS: f64 = 1.0 / 16.0;

/// Where a row was at the period's start.
fn before(ground: &mut Ground, log: &ChangeLog, change: &RowChange, now: Option<Spot>) -> Option<Spot> {
    match (change.state, log.image(change)) {
        (RowState::New, _) => None,
        (_, Some(image)) => ground.locate(image),
        // No column has changed that decides.
        (RowState::Updated, None) => now,
        (RowState::Replaced | RowState::Deleted, None) => None,
    }
}
