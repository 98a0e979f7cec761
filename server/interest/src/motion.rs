//! Quantised columns: what the clients of a cohort hold of them, and the few bits that take them to what is there now.
//!
//! Whoever holds a row at the beginning of a period holds a value of the same steps: the exact one or its quantised one. So
//! the steps before need not be remembered, they follow from the row as it was. What is kept per cohort and row is the way
//! that the row went last, which those who come to hold it are told too; and which columns clients do not hold exactly.
//! When such a row has not changed for a while, its exact values are sent.

mod codes;
mod section;
mod told;

use std::collections::VecDeque;

use ambit_model::{Duration, MotionLayout, Slot, Timestamp};

use crate::changes::{Period, RowState};
use crate::limits;
pub(crate) use codes::Motion;
pub(crate) use told::Told;

/// What the clients of one cohort know of one table.
#[derive(Debug, Default)]
pub(crate) struct TableMotion {
    epoch: u64,
    /// By slot and step: the way of the row in the last period in which it changed.
    ways: Vec<i32>,
    /// By slot: the quantised columns that clients hold near their exact values, a bit each.
    near: Vec<u8>,
    /// By slot: the batch that the row was last sent in.
    batches: Vec<u32>,
    /// The rows of the last batches, oldest first, and when they were sent.
    sent: VecDeque<(Timestamp, u32, Vec<Slot>)>,
    last_batch: u32,
}

/// The same for all tables.
#[derive(Debug, Default)]
pub(crate) struct CohortMotion {
    pub tables: Vec<TableMotion>,
}

/// Whether rows are sent in few bits, and when they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// Quantised, if they did not rest since this moment.
    Quantised(Timestamp),
    /// Everything exactly: afterwards each client holds what the follower holds.
    Exact,
}

impl CohortMotion {
    /// When rows that do not change are due to be sent exactly, if there are any.
    pub fn due(&self) -> Option<Timestamp> {
        let oldest = self.tables.iter().filter_map(|table| table.sent.front());
        oldest.map(|(sent, ..)| sent.plus(Duration(limits::REST_US))).min()
    }

    /// Clients that know other ways come to the cohort: from now on no row has any.
    pub fn reset(&mut self, epoch: u64) {
        for table in &mut self.tables {
            table.epoch = epoch;
            table.ways.fill(0);
        }
    }

    /// Forgets everything: nobody holds a row, or each holds it exactly.
    pub fn forget(&mut self, table_count: usize, epoch: u64) {
        self.tables.clear();
        self.tables.resize_with(table_count, TableMotion::default);
        self.reset(epoch);
    }

    /// Clients of another cohort come to this one, which has seen the same commits.
    pub fn take_in(&mut self, other: &Self, epoch: u64) {
        let count = self.tables.len().max(other.tables.len());
        self.tables.resize_with(count, TableMotion::default);
        for (table, other) in self.tables.iter_mut().zip(&other.tables) {
            table.take_in(other);
        }
        self.reset(epoch);
    }
}

impl TableMotion {
    fn take_in(&mut self, other: &Self) {
        // As if all had been sent when the first of them was.
        let Some(&(sent, ..)) = other.sent.front() else { return };
        let mut slots = Vec::new();
        for (place, near) in other.near.iter().enumerate().filter(|(_, near)| **near != 0) {
            self.make_room(place + 1, 0);
            if let Some(own) = self.near.get_mut(place) {
                *own |= near;
                slots.push(place as Slot);
            }
        }
        self.add_batch(sent, slots);
    }

    fn make_room(&mut self, slot_count: usize, steps: usize) {
        if self.near.len() < slot_count {
            self.near.resize(slot_count, 0);
            self.batches.resize(slot_count, 0);
        }
        if self.ways.len() < self.near.len() * steps {
            self.ways.resize(self.near.len() * steps, 0);
        }
    }

    /// Remembers that these rows are to be sent exactly once they have rested.
    fn add_batch(&mut self, sent: Timestamp, slots: Vec<Slot>) {
        if slots.is_empty() {
            return;
        }
        self.last_batch = self.last_batch.wrapping_add(1);
        for &slot in &slots {
            if let Some(batch) = self.batches.get_mut(slot as usize) {
                *batch = self.last_batch;
            }
        }
        let place = self.sent.partition_point(|(known, ..)| *known <= sent);
        self.sent.insert(place, (sent, self.last_batch, slots));
    }

    /// Forgets the oldest batches if all their rows were sent again since.
    fn trim(&mut self) {
        let Self { sent, batches, near, .. } = self;
        let is_current = |batch: u32, slot: Slot| {
            batches.get(slot as usize) == Some(&batch)
                && near.get(slot as usize).is_some_and(|near| *near != 0)
        };
        while sent
            .front()
            .is_some_and(|(_, batch, slots)| !slots.iter().any(|slot| is_current(*batch, *slot)))
        {
            sent.pop_front();
        }
    }

    /// Takes the rows that have rested: their columns are in the period as if they had changed.
    fn rest<'a>(
        &mut self,
        layout: &MotionLayout,
        period: &mut Period,
        row: &impl Fn(Slot) -> Option<&'a [u8]>,
        precision: Precision,
        rested: &mut Vec<Slot>,
    ) {
        rested.clear();
        let has_rested = |sent: Timestamp| match precision {
            Precision::Quantised(since) => sent <= since,
            Precision::Exact => true,
        };
        while self.sent.front().is_some_and(|(sent, ..)| has_rested(*sent)) {
            let Some((_, batch, slots)) = self.sent.pop_front() else { return };
            for slot in slots {
                let near = self.near.get(slot as usize).copied().unwrap_or(0);
                let is_last = self.batches.get(slot as usize) == Some(&batch);
                // While nobody watches a table, rows go unseen.
                if near == 0 || !is_last || row(slot).is_none() {
                    continue;
                }
                let columns = layout.columns().iter().enumerate();
                let near = columns.filter(|(at, _)| near >> at & 1 == 1);
                let mask = near.fold(0, |mask, (_, column)| mask | 1 << column.column);
                if period.add_rested(slot, mask, layout.mask()) {
                    rested.push(slot);
                }
            }
        }
    }

    /// The row has come or gone.
    fn forget(&mut self, slot: Slot, steps: usize) {
        if let Some(near) = self.near.get_mut(slot as usize) {
            *near = 0;
        }
        if let Some(ways) = self.ways.get_mut(slot as usize * steps..(slot as usize + 1) * steps) {
            ways.fill(0);
        }
    }
}

impl Period {
    /// Enters a row whose clients are to be told of these columns although they did not change. Answers whether it is to be:
    /// not if it has changed in one of `moving`.
    fn add_rested(&mut self, slot: Slot, mask: u64, moving: u64) -> bool {
        match self.find(slot).and_then(|at| self.rows.get_mut(at)) {
            Some(change) if change.state == RowState::Updated && change.mask & moving == 0 => {
                change.mask |= mask;
                true
            }
            Some(_) => false,
            None => {
                self.add_updated(slot, mask);
                true
            }
        }
    }
}
