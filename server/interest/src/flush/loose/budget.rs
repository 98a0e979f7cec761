//! The budget of a connection: which changes of rows have room in an update.
//!
//! Everything that is sent is paid for: rows that enter and leave, and what strict subscriptions tell, too, though those never
//! wait. Changes of rows get what is left, and at least a quarter.

use super::judge::{self, Due};
use super::send::Sender;
use super::{Entry, LooseScratch, in_block};
use ambit_model::Slot;
use ambit_wire::limits::TIERS_MAX;

use crate::client::{Client, Stage, Subscription};
use crate::flush::Scratch;
use crate::limits;
use crate::world::World;

/// What a connection may still be sent.
#[derive(Debug, Clone)]
pub(crate) struct Purse {
    /// When it was filled last, in milliseconds that wrap around.
    filled_at: Option<u32>,
    /// Bytes per second; 0 for no bound.
    budget: u32,
    /// Bytes; below 0 if more were sent.
    bytes: f32,
    /// The part of them that changes of rows get in any case.
    reserve: f32,
    /// What a change of a row takes on average.
    delta_bytes: f32,
}

/// Changes of rows that compete for the budget.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    /// A score in the upper bits; a [`Rival`] in the lower ones.
    keys: Vec<u64>,
    /// Whether they are of several subscriptions.
    are_several: bool,
}

/// A row that competes, in 40 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rival {
    /// The subscription's position in the client's list: 8 bits.
    subscription: u32,
    /// 3 bits.
    tier: u8,
    /// Its position among the held rows: 29 bits.
    entry: u32,
}

const RIVAL_BITS: u32 = 40;
const TIER_BITS: u32 = 3;
const ENTRY_BITS: u32 = 29;

const _: () = assert!(limits::SUBSCRIPTIONS_PER_CLIENT_MAX <= 1 << (RIVAL_BITS - TIER_BITS - ENTRY_BITS));
const _: () = assert!(TIERS_MAX <= 1 << TIER_BITS);

impl Rival {
    fn pack(self) -> u64 {
        let place = u64::from(self.subscription) << TIER_BITS | u64::from(self.tier);
        place << ENTRY_BITS | u64::from(self.entry)
    }

    fn unpack(key: u64) -> Self {
        let bits = |from: u32, count: u32| (key >> from & ((1 << count) - 1)) as u32;
        let place = ENTRY_BITS + TIER_BITS;
        Self {
            subscription: bits(place, RIVAL_BITS - place),
            tier: bits(ENTRY_BITS, TIER_BITS) as u8,
            entry: bits(0, ENTRY_BITS),
        }
    }
}

impl Default for Purse {
    fn default() -> Self {
        Self { filled_at: None, budget: 0, bytes: 0.0, reserve: 0.0, delta_bytes: 24.0 }
    }
}

impl Purse {
    /// Fills it with what the time since the last update is worth. Answers how many milliseconds a row waits until it comes
    /// before all others.
    pub fn begin(&mut self, subscriptions: &[Subscription], now_ms: u32) -> u32 {
        let loose = subscriptions.iter().filter(|known| known.stage != Stage::Ended);
        let loose = loose.filter_map(|known| known.loose.as_deref()).filter(|loose| loose.terms.budget > 0);
        let (mut budget, mut rows) = (0, 0);
        for known in loose {
            budget = if budget == 0 { known.terms.budget } else { known.terms.budget.min(budget) };
            rows += known.held.len();
        }
        self.budget = budget;
        if budget == 0 {
            self.filled_at = None;
            return u32::MAX;
        }
        let budget = budget as f32;
        let passed_ms = self.filled_at.map_or(0, |before| now_ms.wrapping_sub(before));
        self.filled_at = Some(now_ms);
        let gain = budget * passed_ms.min(limits::BUDGET_GAIN_MS_MAX) as f32 / 1_000.0;
        let most = (budget * limits::BUDGET_SAVED_S).max(2.0 * self.delta_bytes);
        self.bytes = (self.bytes + gain).min(most.max(gain));
        self.reserve = (self.reserve + gain * limits::BUDGET_RESERVE).min(most.max(gain));
        let round_ms = rows as f32 * self.delta_bytes / budget * 1_000.0;
        (4.0 * round_ms).max(limits::OVERDUE_MS_MIN as f32) as u32
    }

    /// Bytes per second that the client's changes of rows compete for; 0 for no bound.
    pub fn budget(&self) -> u32 {
        self.budget
    }

    /// How many changes of rows there is room for after so many bytes.
    fn room(&self, bytes: usize) -> usize {
        let bytes = (self.bytes - bytes as f32).max(self.reserve);
        (bytes / self.delta_bytes.max(1.0)) as usize
    }

    /// Pays for an update of so many bytes, so many of which were these changes of rows.
    fn pay(&mut self, bytes: usize, (delta_count, delta_bytes): (usize, usize)) {
        if delta_count > 0 {
            let average = delta_bytes as f32 / delta_count as f32;
            self.delta_bytes += (average - self.delta_bytes) / 8.0;
        }
        // What the first result took is not held against a connection for ever.
        self.bytes = (self.bytes - bytes as f32).max(-(self.budget as f32));
        self.reserve = (self.reserve - delta_bytes as f32).max(-2.0 * self.delta_bytes);
    }
}

impl Rivals {
    pub fn clear(&mut self) {
        self.keys.clear();
        self.are_several = false;
    }

    /// Takes in the due rows of the subscription at this position.
    pub fn add(
        &mut self,
        subscription: usize,
        (held, due): (&[Entry], &[Due]),
        (now_ms, overdue_ms): (u32, u32),
        weigh: impl Fn(Slot) -> f32,
    ) {
        self.are_several |= !self.keys.is_empty();
        self.keys.reserve(due.len());
        for &Due { entry, tier, nearness } in due {
            let Some(&Entry { slot, sent_at, .. }) = held.get(entry as usize) else { continue };
            let waited_ms = now_ms.wrapping_sub(sent_at);
            let score = judge::score((waited_ms, overdue_ms), nearness * weigh(slot));
            let subscription = subscription as u32;
            // A row that does not fit the bits has so many before it that it would not be sent now either.
            if entry >> ENTRY_BITS == 0 {
                // Scores are not negative, and the bits of such floats are in their order.
                let bits = u64::from(score.to_bits() << 1) >> (32 + RIVAL_BITS - 64);
                self.keys.push(bits << RIVAL_BITS | Rival { subscription, tier, entry }.pack());
            }
        }
    }

    /// Keeps those with the highest scores, those of each subscription together.
    fn choose(&mut self, count: usize) {
        if let Some(last) = count.checked_sub(1)
            && count < self.keys.len()
        {
            self.keys.select_nth_unstable_by(last, |left, right| right.cmp(left));
        }
        self.keys.truncate(count);
        if self.are_several {
            self.keys.sort_unstable_by_key(|key| key & ((1 << RIVAL_BITS) - 1));
        }
    }

    fn chosen(&self) -> impl Iterator<Item = Rival> + '_ {
        self.keys.iter().map(|&key| Rival::unpack(key))
    }
}

/// Appends the changes that there is room for.
pub(super) fn spend(world: &World, scratch: &mut Scratch<'_>, client: &mut Client, out: &mut Vec<u8>) {
    let LooseScratch { rivals, copies, now_ms, waits, .. } = &mut scratch.loose;
    let Client { purse, subscriptions, .. } = client;
    if purse.budget == 0 {
        return;
    }
    let (before, room) = (out.len(), purse.room(out.len()));
    *waits |= room < rivals.keys.len();
    rivals.choose(room);
    let mut chosen = rivals.chosen().peekable();
    let mut count = 0;
    while let Some(position) = chosen.peek().map(|rival| rival.subscription) {
        let Some(known) = subscriptions.get_mut(position as usize) else { break };
        let (table, known_table, shown) = (known.table, known.known_table, known.columns);
        let Some(loose) = known.loose.as_deref_mut() else { break };
        let Some(mut sender) = Sender::new(world, copies, (table, shown), *now_ms) else { break };
        in_block(out, known_table, |out| {
            while let Some(rival) = chosen.next_if(|rival| rival.subscription == position) {
                if let Some(entry) = loose.held.get_mut(rival.entry as usize) {
                    *waits |= sender.send(&loose.terms, entry, rival.tier, out);
                    count += 1;
                }
            }
        });
    }
    purse.pay(out.len(), (count, out.len() - before));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rivals_come_out_as_they_went_in() {
        let rivals = [(0, 0, 0), (255, 7, (1 << ENTRY_BITS) - 1), (3, 5, 77)];
        for (subscription, tier, entry) in rivals {
            let rival = Rival { subscription, tier, entry };
            assert_eq!(Rival::unpack(u64::MAX << RIVAL_BITS | rival.pack()), rival);
        }
    }
}
