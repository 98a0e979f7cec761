//! What a flush works with: what happened in the period, which no visit of a client changes, and memory that each visiting
//! thread has for itself.
//!
//! What a thread keeps for later visits follows from what happened alone. So it does not matter which thread visits whom.

use std::sync::{Mutex, PoisonError};

use ambit_model::Slot;

use super::{Occasion, circle, join, loose, ops, top, union};
use crate::changes::Period;
use crate::filters::FilterId;
use crate::motion::{Motion, Told};
use crate::rankings::RankingId;
use crate::sweep::Sweep;

/// Memory that flushes reuse.
#[derive(Default)]
pub(crate) struct Memory {
    pub(super) happened: Happened,
    pub(super) concerned: Vec<FilterId>,
    /// Filters that know something of the period: their result has a row that changed, or was looked up.
    pub(super) touched: Vec<FilterId>,
    /// Rankings that the period may have changed.
    pub(super) ranked: Vec<RankingId>,
    pub(super) marks: Marks,
    /// By thread; the first one is the follower's.
    own: Vec<Mutex<OwnMemory>>,
}

/// What happened in the period.
#[derive(Default)]
pub(crate) struct Happened {
    pub(super) tables: Vec<TableChanges>,
    /// By ground.
    pub(super) sweeps: Vec<Sweep>,
    /// Periods that tables had.
    pub(super) periods: u64,
    /// Flushes of cohorts.
    pub(super) flushes: u64,
}

/// What happened to one table in the period.
#[derive(Default)]
pub(crate) struct TableChanges {
    pub period: Period,
    pub motion: Motion,
    /// Unique among the periods of all tables.
    pub number: u64,
    /// What the period was made of.
    pub(super) origin: Option<Origin>,
    /// Deltas of rows that filters show.
    pub(super) deltas: ops::Deltas,
    /// Above every slot that the table ever used.
    pub(super) slot_count: usize,
}

/// Where a period begins and ends: the log's part of it, and the table's version.
pub(super) type Origin = ((u64, u64), u64);

/// Memory of one thread.
#[derive(Default)]
struct OwnMemory {
    /// The number of the flush that this is about.
    flush: u64,
    tables: Vec<OwnTable>,
    touched: Vec<FilterId>,
    blocks: Vec<u8>,
    union: union::Union,
    circle: circle::CircleScratch,
    joins: join::JoinScratch,
    top: top::TopScratch,
    loose: loose::LooseScratch,
}

/// The same for one table.
#[derive(Default)]
struct OwnTable {
    /// The number of the period that this is about.
    number: u64,
    deltas: ops::Deltas,
    others: Vec<u8>,
    marks: Marks,
    told: Told,
}

/// What a thread that visits clients reads and writes, besides the world and the cohort.
pub(super) struct Scratch<'a> {
    pub tables: Vec<TableScratch<'a>>,
    /// By ground.
    pub sweeps: &'a [Sweep],
    /// Filters whose result was looked up.
    pub touched: &'a mut Vec<FilterId>,
    /// The blocks of one client.
    pub blocks: &'a mut Vec<u8>,
    pub union: &'a mut union::Union,
    pub circle: &'a mut circle::CircleScratch,
    pub joins: &'a mut join::JoinScratch,
    pub top: &'a mut top::TopScratch,
    pub loose: &'a mut loose::LooseScratch,
}

/// The same of one table.
pub(crate) struct TableScratch<'a> {
    pub period: &'a Period,
    pub motion: &'a Motion,
    /// Deltas that all threads share.
    pub(super) shared: &'a ops::Deltas,
    /// Others, which this thread has encoded.
    pub(super) deltas: &'a mut ops::Deltas,
    /// What follows a filter's leaves, while it is encoded.
    pub(super) others: &'a mut Vec<u8>,
    pub(super) marks: &'a mut Marks,
    /// What the client at hand is told of motion.
    pub(super) told: &'a mut Told,
}

/// Marks of rows, by slot.
#[derive(Default)]
pub(super) struct Marks {
    /// The last mark that each slot was given.
    marks: Vec<u32>,
    last: u32,
}

impl Memory {
    /// Makes sure that so many threads have memory.
    pub fn make_room(&mut self, threads: usize) {
        if self.own.len() < threads {
            self.own.resize_with(threads, Mutex::default);
        }
    }

    /// Calls `work` with what the thread of this number reads and writes; [`Self::make_room`] comes before.
    pub(super) fn with_scratch<T>(
        &self,
        thread: usize,
        occasion: Occasion,
        work: impl FnOnce(&mut Scratch<'_>) -> T,
    ) -> Option<T> {
        let own = self.own.get(thread)?;
        let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
        Some(work(&mut Scratch::new(&self.happened, &mut own, occasion)))
    }

    /// Takes in whose results visits have looked up.
    pub fn collect_touched(&mut self) {
        for own in &mut self.own {
            let own = own.get_mut().unwrap_or_else(PoisonError::into_inner);
            self.touched.append(&mut own.touched);
        }
    }
}

impl Happened {
    pub fn table(&self, table: u16) -> Option<&TableChanges> {
        self.tables.get(usize::from(table))
    }
}

impl TableChanges {
    /// Whether something happened to the row in this period.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.period.find(slot).is_some()
    }
}

impl<'a> Scratch<'a> {
    fn new(happened: &'a Happened, own: &'a mut OwnMemory, occasion: Occasion) -> Self {
        let OwnMemory { flush, tables, touched, blocks, union, circle, joins, top, loose } = own;
        if *flush != happened.flushes {
            *flush = happened.flushes;
            joins.clear();
        }
        loose.begin(occasion.now, occasion.tolerance_ms);
        tables.resize_with(happened.tables.len(), OwnTable::default);
        let tables = happened.tables.iter().zip(tables);
        let tables = tables.map(|(changes, own)| TableScratch::new(changes, own)).collect();
        Self { tables, sweeps: &happened.sweeps, touched, blocks, union, circle, joins, top, loose }
    }

    pub fn table(&self, table: u16) -> Option<&TableScratch<'a>> {
        self.tables.get(usize::from(table))
    }
}

impl<'a> TableScratch<'a> {
    fn new(changes: &'a TableChanges, own: &'a mut OwnTable) -> Self {
        let OwnTable { number, deltas, others, marks, told } = own;
        if *number != changes.number {
            *number = changes.number;
            deltas.begin(changes.period.rows.len());
            marks.make_room(changes.slot_count);
            told.set_len(changes.motion.len());
        }
        let TableChanges { period, motion, deltas: shared, .. } = changes;
        Self { period, motion, shared, deltas, others, marks, told }
    }

    /// Whether something happened to the row in this period.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.period.find(slot).is_some()
    }

    /// The client comes to hold the row.
    #[inline]
    pub fn enter(&mut self, slot: Slot) {
        self.motion.enter(slot, self.told);
    }
}

impl Marks {
    pub fn make_room(&mut self, slot_count: usize) {
        if self.marks.len() < slot_count {
            self.marks.resize(slot_count, 0);
        }
    }

    /// A mark that no slot bears.
    pub fn next(&mut self) -> u32 {
        if self.last == u32::MAX {
            self.marks.fill(0);
            self.last = 0;
        }
        self.last += 1;
        self.last
    }

    /// Whether a slot bears a mark.
    pub fn bears(&self, slot: Slot, mark: u32) -> bool {
        self.marks.get(slot as usize) == Some(&mark)
    }

    /// Marks a slot; whether it did not bear this mark before.
    #[inline]
    pub fn mark(&mut self, slot: Slot, mark: u32) -> bool {
        self.marks.get_mut(slot as usize).is_some_and(|place| std::mem::replace(place, mark) != mark)
    }
}
