//! The first rows of filters that a group of connections watches: identical ones once, and kept from flush to flush.
//!
//! Of each ranking a few more rows are known than it shows, up to a bound. As long as enough of them are left, a row that
//! goes is followed by one that is known already. What lies behind the bound costs nothing: a ranking is told of changed
//! rows by a filter which holds little more than the known ones.

use ambit_model::Slot;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::filters::{Crossing, FilterId, SharedBlock, Stays};
use crate::limits;
use crate::query::plan::{Filter, Order};
use crate::renumber::Renumbering;
use crate::world::Place;

/// A ranking's place in [`Rankings`].
pub(crate) type RankingId = usize;

/// The rows of a filter that come first in an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ranked {
    pub filter: Filter,
    pub order: Order,
    pub limit: usize,
    /// The columns that those who watch it are shown, as a mask.
    pub shown: u64,
}

/// The watched rankings.
#[derive(Debug, Default)]
pub(crate) struct Rankings {
    entries: Vec<Option<Ranking>>,
    free: Vec<RankingId>,
    by_rows: HashMap<Ranked, RankingId, FxBuildHasher>,
    by_reach: HashMap<FilterId, Vec<RankingId>, FxBuildHasher>,
    /// Those whose rows are to be looked up.
    fresh: Vec<RankingId>,
}

/// A ranking, and what the current period did to it.
#[derive(Debug)]
pub(crate) struct Ranking {
    pub ranked: Ranked,
    references: u32,
    /// The filter that finds rows which were or are known; none before the first look-up.
    pub reach: Option<FilterId>,
    /// The known rows, the first one first.
    pub best: Vec<Place>,
    /// Every row of the filter that does not come after this is known; none if all are.
    pub bound: Option<Box<[u8]>>,
    /// The rows that are shown, in order.
    pub shown: Vec<Slot>,
    /// Those that were shown before the period, if it has changed anything.
    pub before: Option<Vec<Slot>>,
    /// Shown rows that were updated and stay, by their numbers in the period.
    pub stays: Stays,
    /// All other rows that came, went or were replaced.
    pub crossings: Vec<Crossing>,
    /// The block of operations that follows from the crossings, once it is encoded for several clients.
    pub block: SharedBlock,
}

impl Rankings {
    pub fn get(&self, id: RankingId) -> Option<&Ranking> {
        self.entries.get(id).and_then(Option::as_ref)
    }

    pub fn get_mut(&mut self, id: RankingId) -> Option<&mut Ranking> {
        self.entries.get_mut(id).and_then(Option::as_mut)
    }

    /// Watches a ranking once more. Its rows are looked up by the next flush, if nobody has watched it before.
    pub fn acquire(&mut self, ranked: Ranked) -> RankingId {
        if let Some(&id) = self.by_rows.get(&ranked) {
            self.get_mut(id).into_iter().for_each(|ranking| ranking.references += 1);
            return id;
        }
        let ranking = Ranking::new(ranked.clone());
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.entries.get_mut(id) {
                    *place = Some(ranking);
                }
                id
            }
            None => {
                self.entries.push(Some(ranking));
                self.entries.len() - 1
            }
        };
        self.by_rows.insert(ranked, id);
        self.fresh.push(id);
        id
    }

    /// Watches it once less. If nobody does any more, it is forgotten and returned.
    pub fn release(&mut self, id: RankingId) -> Option<Ranking> {
        let ranking = self.get_mut(id)?;
        ranking.references -= 1;
        if ranking.references > 0 {
            return None;
        }
        let ranking = self.entries.get_mut(id).and_then(Option::take)?;
        self.by_rows.remove(&ranking.ranked);
        ranking.reach.into_iter().for_each(|reach| self.unlink(reach, id));
        self.free.push(id);
        Some(ranking)
    }

    /// Lets another filter find the changes that concern a ranking. Returns the one that did.
    pub fn set_reach(&mut self, id: RankingId, reach: FilterId) -> Option<FilterId> {
        let before = self.get_mut(id)?.reach.replace(reach);
        before.into_iter().for_each(|before| self.unlink(before, id));
        self.by_reach.entry(reach).or_default().push(id);
        before
    }

    fn unlink(&mut self, reach: FilterId, id: RankingId) {
        if let Some(rankings) = self.by_reach.get_mut(&reach) {
            rankings.retain(|&other| other != id);
            if rankings.is_empty() {
                self.by_reach.remove(&reach);
            }
        }
    }

    /// The rankings that a filter tells of changes.
    pub fn reached_by(&self, filter: FilterId) -> &[RankingId] {
        self.by_reach.get(&filter).map(Vec::as_slice).unwrap_or_default()
    }

    /// Takes those whose rows are to be looked up; some may be gone.
    pub fn take_fresh(&mut self) -> Vec<RankingId> {
        std::mem::take(&mut self.fresh)
    }

    /// Goes over to another schema's table ids. Rankings keep their places.
    pub fn renumber(&mut self, renumbering: &Renumbering) {
        self.by_rows.clear();
        for (id, entry) in self.entries.iter_mut().enumerate() {
            if let Some(ranking) = entry {
                renumbering.filter(&mut ranking.ranked.filter);
                self.by_rows.insert(ranking.ranked.clone(), id);
            }
        }
    }
}

impl Ranking {
    fn new(ranked: Ranked) -> Self {
        Self {
            ranked,
            references: 1,
            reach: None,
            best: Vec::new(),
            bound: None,
            shown: Vec::new(),
            before: None,
            stays: Stays::default(),
            crossings: Vec::new(),
            block: SharedBlock::default(),
        }
    }

    /// How many rows are looked up at a time: some are left when some have gone.
    pub fn wanted(&self) -> usize {
        self.ranked.limit + self.spare()
    }

    /// How many are known at most.
    pub fn known_max(&self) -> usize {
        self.ranked.limit + 2 * self.spare()
    }

    fn spare(&self) -> usize {
        self.ranked.limit.max(limits::TOP_SPARE_ROWS_MIN)
    }

    /// Whether nothing has happened to what it shows, nor to a row in it.
    pub fn is_as_before(&self) -> bool {
        self.stays.is_empty() && self.crossings.is_empty()
    }

    /// Whether several see it.
    pub fn is_shared(&self) -> bool {
        self.references > 1
    }

    /// The rows that were shown before the period.
    pub fn shown_before(&self) -> &[Slot] {
        self.before.as_ref().unwrap_or(&self.shown)
    }

    /// Forgets the current period.
    pub fn end_period(&mut self) {
        self.stays.clear();
        self.crossings.clear();
        self.before = None;
        self.block.end_period();
    }
}
