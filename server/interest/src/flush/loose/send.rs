//! The changes of held rows as deltas: a row's is encoded once while nothing changes, and copied from then on.

use super::Entry;
use crate::delivery::Terms;
use crate::flush::ops::{self, Packing};
use crate::world::stamps::Stamps;
use crate::world::{Table, World};

/// Encoded deltas of one table.
#[derive(Default)]
pub(super) struct Copies {
    /// Of the stamps: their generation and epoch.
    moment: (u32, u32),
    /// Counts the moments.
    turn: u32,
    bytes: Vec<u8>,
    /// By slot.
    places: Vec<Copied>,
    packing: Packing,
}

/// Where a row's delta lies.
#[derive(Debug, Clone, Copy, Default)]
struct Copied {
    mask: u64,
    turn: u32,
    start: u32,
    end: u32,
}

/// Sends changes of one table's rows.
pub(super) struct Sender<'a> {
    world: &'a World,
    table: &'a Table,
    id: u16,
    /// The columns that the client is shown, as a mask.
    shown: u64,
    copies: &'a mut Copies,
    now_ms: u32,
}

impl Copies {
    /// Forgets what is no longer so.
    fn begin(&mut self, stamps: &Stamps, slot_count: usize) {
        let moment = (stamps.generation(), stamps.epoch());
        if self.moment != moment || self.turn == 0 {
            self.moment = moment;
            self.bytes.clear();
            self.turn = self.turn.wrapping_add(1);
            if self.turn == 0 {
                self.places.fill(Copied::default());
                self.turn = 1;
            }
        }
        self.places.resize(slot_count, Copied::default());
    }
}

impl<'a> Sender<'a> {
    /// To a client that is shown these columns of the table.
    pub fn new(
        world: &'a World,
        copies: &'a mut Vec<Copies>,
        (id, shown): (u16, u64),
        now_ms: u32,
    ) -> Option<Self> {
        let place = usize::from(id);
        if copies.len() <= place {
            copies.resize_with(place + 1, Copies::default);
        }
        let (table, copies) = (world.table(id)?, copies.get_mut(place)?);
        copies.begin(&table.stamps, table.slot_count);
        Some(Self { world, table, id, shown, copies, now_ms })
    }

    /// Appends what the client is to be told of a row in a tier: its columns of the tier, or if none of them has changed since
    /// it was sent last, all that it lacks. Answers whether it still lacks something.
    #[inline]
    pub fn send(&mut self, terms: &Terms, entry: &mut Entry, tier: u8, out: &mut Vec<u8>) -> bool {
        let pending = pending((&self.table.stamps, self.shown), terms, entry);
        let wanted = pending & terms.numbered(tier).1.columns;
        let mask = if wanted == 0 { pending } else { wanted };
        if mask != 0 {
            self.copy(entry.slot, mask, out);
            entry.sent_at = self.now_ms;
        }
        let epoch = self.table.stamps.epoch();
        (entry.part, entry.tier) = (epoch, tier);
        if mask == pending {
            entry.whole = epoch;
        }
        mask != pending
    }

    /// Appends the delta of a row for these columns, all of which the client is shown.
    #[inline]
    pub fn copy(&mut self, slot: u32, mask: u64, out: &mut Vec<u8>) {
        let Copies { turn, bytes, places, packing, .. } = &mut *self.copies;
        let Some(copied) = places.get_mut(slot as usize) else { return };
        if copied.turn == *turn && copied.mask == mask {
            return ops::append(bytes, copied.start as usize, copied.end as usize, out);
        }
        let Some(row) = self.world.row(self.id, slot) else { return };
        if copied.turn == *turn {
            // Most clients lack the columns that were asked for first.
            return packing.encode(&self.table.layout, (slot, row), mask, out);
        }
        let start = bytes.len();
        packing.encode(&self.table.layout, (slot, row), mask, bytes);
        *copied = Copied { mask, turn: *turn, start: start as u32, end: bytes.len() as u32 };
        ops::append(bytes, start, copied.end as usize, out);
    }

    /// The epoch, and the moment in milliseconds.
    pub fn now(&self) -> (u32, u32) {
        (self.table.stamps.epoch(), self.now_ms)
    }
}

/// The columns that the client lacks, of those that it is shown.
#[inline]
pub(super) fn pending((stamps, shown): (&Stamps, u64), terms: &Terms, entry: &Entry) -> u64 {
    let whole = stamps.since(entry.slot, entry.whole) & shown;
    if entry.part == entry.whole {
        return whole;
    }
    let columns = terms.numbered(entry.tier).1.columns;
    stamps.since(entry.slot, entry.part) & shown & columns | whole & !columns
}
