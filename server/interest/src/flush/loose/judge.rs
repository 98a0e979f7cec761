//! Which changes of held rows are due, and how much they are worth.

use ambit_model::Slot;

use super::{Entry, LooseScratch, Moves};
use crate::delivery::Terms;
use crate::world::World;
use crate::world::stamps::Stamps;

/// A held row whose changes can be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// Its position among the held rows.
    pub entry: u32,
    pub tier: u8,
    /// The highest goes first.
    pub score: f32,
}

/// What decides.
pub(super) struct Judge<'a> {
    pub terms: &'a Terms,
    pub world: &'a World,
    pub table: u16,
    /// Whether the client sees the table through other subscriptions too: then a row's tier is only noted.
    is_beside: bool,
    now_ms: u32,
    tolerance_ms: u32,
    overdue_ms: u32,
}

/// How much less a row at the border is worth than one in the centre.
const BORDER_LOSS: f32 = 0.75;

/// Rows that wait too long come before all others.
const OVERDUE: f32 = 1e12;

impl<'a> Judge<'a> {
    pub fn new(
        world: &'a World,
        scratch: &LooseScratch,
        (table, terms): (u16, &'a Terms),
        is_beside: bool,
    ) -> Self {
        let LooseScratch { now_ms, tolerance_ms, overdue_ms, .. } = *scratch;
        Self { terms, world, table, is_beside, now_ms, tolerance_ms, overdue_ms }
    }

    pub fn stamps(&self) -> Option<&'a Stamps> {
        self.world.table(self.table).map(|table| &table.stamps)
    }

    /// Judges a row that has changed since the client had all of it. `square` is that of its distance, `share` the same as a
    /// share of the border's, from 0 to 1. Answers whether it has to wait.
    #[inline]
    pub fn judge(
        &self,
        (at, entry): (usize, &mut Entry),
        (square, share): (f64, f64),
        moves: &mut Moves,
    ) -> bool {
        let (tier, terms) = self.terms.tier(square);
        let nearness = 1.0 - BORDER_LOSS * share as f32;
        if self.is_beside {
            (entry.tier_now, entry.nearness) = (tier, (nearness * 255.0) as u8);
            return false;
        }
        if !is_over((self.now_ms, self.tolerance_ms), entry.sent_at, terms.interval_ms) {
            return true;
        }
        let mut worth = 0.0;
        if self.terms.budget > 0 {
            let waited_ms = self.now_ms.wrapping_sub(entry.sent_at);
            worth = score((self.world, self.table), entry.slot, (waited_ms, self.overdue_ms), nearness);
        }
        moves.due.push(Due { entry: at as u32, tier, score: worth });
        false
    }

    /// Whether the rows' tiers are only noted.
    pub fn is_noted(&self) -> bool {
        self.is_beside
    }
}

/// Whether the interval of a tier is over for a row that was sent at this moment; `now` comes with the tolerance.
pub(super) fn is_over((now_ms, tolerance_ms): (u32, u32), sent_at: u32, interval_ms: u32) -> bool {
    now_ms.wrapping_sub(sent_at).saturating_add(tolerance_ms) >= interval_ms
}

/// The worth of a row: its priority, times how near it is, times how long it waits. What is overdue comes before all others.
#[inline]
pub(super) fn score(
    (world, table): (&World, u16),
    slot: Slot,
    (waited_ms, overdue_ms): (u32, u32),
    nearness: f32,
) -> f32 {
    let waited = waited_ms.max(1) as f32;
    if waited_ms >= overdue_ms { OVERDUE * waited } else { world.priority(table, slot) * nearness * waited }
}
