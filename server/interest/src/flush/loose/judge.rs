//! Which changes of held rows are due, and how much they are worth.

use ambit_wire::limits::TIERS_MAX;

use super::{Entry, LooseScratch};
use crate::delivery::Terms;
use crate::world::World;
use crate::world::stamps::Stamps;

/// A held row whose changes can be sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    /// Its position among the held rows.
    pub entry: u32,
    pub tier: u8,
    /// How near it is: 1 in the centre, less towards the border.
    pub nearness: f32,
}

/// What decides.
pub(super) struct Judge<'a> {
    pub world: &'a World,
    pub table: u16,
    pub terms: &'a Terms,
    /// Whether the client sees the table through other subscriptions too: then a row's tier is only noted.
    pub is_noted: bool,
    /// The columns that the client is shown, as a mask, if those are not all that it may see.
    list: Option<u64>,
    now_ms: u32,
    tolerance_ms: u32,
    /// The squared distances at which tiers end, but for the last one.
    ends: [f64; TIERS_MAX],
    end_count: usize,
    intervals_ms: [u32; TIERS_MAX],
}

/// How much farther than the centre counts in the worth of a row at the border.
const NEARNESS_FALL: f32 = 15.0;

/// Rows that wait too long come before all others.
const OVERDUE: f32 = 1e12;

impl<'a> Judge<'a> {
    pub fn new(
        world: &'a World,
        scratch: &LooseScratch,
        (table, terms, shown): (u16, &'a Terms, u64),
        is_noted: bool,
    ) -> Self {
        let LooseScratch { now_ms, tolerance_ms, .. } = *scratch;
        let (mut ends, mut intervals_ms) = ([f64::INFINITY; TIERS_MAX], [0; TIERS_MAX]);
        for ((tier, end), interval) in terms.tiers().iter().zip(&mut ends).zip(&mut intervals_ms) {
            (*end, *interval) = (tier.square, tier.interval_ms);
        }
        let end_count = terms.tiers().len().saturating_sub(1);
        let has_list = world.table(table).is_some_and(|table| table.visible != shown);
        let list = has_list.then_some(shown);
        Self { world, table, terms, is_noted, list, now_ms, tolerance_ms, ends, end_count, intervals_ms }
    }

    pub fn stamps(&self) -> Option<&'a Stamps> {
        self.world.table(self.table).map(|table| &table.stamps)
    }

    /// Whether the client is shown a list of columns.
    pub fn has_list(&self) -> bool {
        self.list.is_some()
    }

    /// Whether a row that changed in this epoch has done so in what the client is shown, since it had all of that. What has
    /// changed besides is forgotten.
    #[inline]
    pub fn has_changed(&self, entry: &mut Entry, changed: u32) -> bool {
        if changed <= entry.whole {
            return false;
        }
        let (Some(list), Some(stamps)) = (self.list, self.stamps()) else { return true };
        let has_changed = stamps.since(entry.slot, entry.whole) & list != 0;
        if !has_changed {
            (entry.whole, entry.part) = (stamps.epoch(), stamps.epoch());
        }
        has_changed
    }

    /// The tier of a row at this distance, squared. What is no number lies in the first.
    #[inline]
    pub fn tier(&self, square: f64) -> u8 {
        self.ends.iter().take(self.end_count).map(|end| u8::from(square > *end)).sum()
    }

    /// Whether a row that was sent at this moment can be sent again in a tier.
    #[inline]
    pub fn is_due(&self, sent_at: u32, tier: u8) -> bool {
        let interval_ms = self.intervals_ms.get(usize::from(tier)).copied().unwrap_or(0);
        is_over((self.now_ms, self.tolerance_ms), sent_at, interval_ms)
    }

    /// Judges a row that has changed since the client had all of it, or notes its tier. `share` is that of its squared distance
    /// in the border's. Answers whether it has to wait.
    pub fn judge(
        &self,
        (at, entry): (usize, &mut Entry),
        (square, share): (f64, f64),
        due: &mut Vec<Due>,
    ) -> bool {
        let (tier, nearness) = (self.tier(square), nearness(share));
        if self.is_noted {
            (entry.tier_now, entry.nearness) = (tier, (nearness * 255.0) as u8);
            return false;
        }
        let is_due = self.is_due(entry.sent_at, tier);
        if is_due {
            due.push(Due { entry: at as u32, tier, nearness });
        }
        !is_due
    }
}

/// How near a row is whose squared distance is this share of the border's.
#[inline]
pub(super) fn nearness(share: f64) -> f32 {
    1.0 / (1.0 + NEARNESS_FALL * share.min(1.0) as f32)
}

/// Whether the interval of a tier is over for a row that was sent at this moment; `now` comes with the tolerance.
#[inline]
pub(super) fn is_over((now_ms, tolerance_ms): (u32, u32), sent_at: u32, interval_ms: u32) -> bool {
    now_ms.wrapping_sub(sent_at).saturating_add(tolerance_ms) >= interval_ms
}

/// The worth of a row: how near it is and what it is worth anywhere, times how long it waits. What is overdue comes before all others.
#[inline]
pub(super) fn score((waited_ms, overdue_ms): (u32, u32), worth: f32) -> f32 {
    let waited = waited_ms.max(1) as f32;
    if waited_ms >= overdue_ms { OVERDUE * waited } else { worth * waited }
}
