//! Events that the game has not been given yet, at most one departure and one arrival or change per row.
//!
//! An event's new row is the row in the cache; only old rows are kept here. What happens to a row while its
//! event waits is merged into the event, so a game that takes few events per tick never falls behind without
//! bound, and is never told of a row that is not in the cache.

use ambit_model::Slot;
use ambit_wire::LeaveReason;

use crate::table::{NO_EVENT, Table};

/// One change of a row that the game is told of. The bytes stay in place until the next tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Table id.
    pub table: u16,
    /// The row's name on the wire.
    pub slot: Slot,
    /// The row's local number; for a delete the one it had.
    pub local: u32,
    /// What happened.
    pub kind: EventKind<'a>,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// It entered the cache.
    Insert {
        /// The row in the cache.
        row: &'a [u8],
    },
    /// It changed.
    Update {
        /// What the game last knew of it.
        old: &'a [u8],
        /// The row in the cache.
        row: &'a [u8],
    },
    /// It left the cache.
    Delete {
        /// What the game last knew of it.
        old: &'a [u8],
        /// Why.
        reason: LeaveReason,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Events {
    entries: Vec<Entry>,
    /// Old rows, 8-aligned.
    old_rows: Vec<u64>,
    /// The entries handed out in this tick.
    first: usize,
    end: usize,
    cancelled: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    table: u16,
    kind: Kind,
    slot: Slot,
    local: u32,
    old: OldRow,
}

#[derive(Debug, Clone, Copy, Default)]
struct OldRow {
    word: usize,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cancelled,
    Insert,
    Update,
    Delete(LeaveReason),
}

impl Events {
    /// Events not yet handed out.
    pub(crate) fn pending(&self) -> usize {
        let waiting = self.entries.get(self.end..).unwrap_or_default();
        waiting.iter().filter(|entry| entry.kind != Kind::Cancelled).count()
    }

    /// Forgets what was handed out, before a new tick.
    pub(crate) fn retire(&mut self, tables: &mut [Table]) {
        for (index, entry) in self.entries.iter().enumerate().take(self.end).skip(self.first) {
            let table = tables.get_mut(usize::from(entry.table));
            if let Some(mark) = table.and_then(|table| table.events.get_mut(entry.local as usize))
                && *mark == index as u32
            {
                *mark = NO_EVENT;
            }
        }
        self.first = self.end;
        if self.first == self.entries.len() {
            self.entries.clear();
            self.old_rows.clear();
            (self.first, self.end, self.cancelled) = (0, 0, 0);
        } else if 2 * (self.first + self.cancelled) > self.entries.len() {
            self.compact(tables);
        }
    }

    pub(crate) fn inserted(&mut self, table: &mut Table, slot: Slot, local: u32) {
        self.push(table, slot, local, Kind::Insert, OldRow::default());
    }

    /// To be told before the row in the cache is overwritten.
    #[inline]
    pub(crate) fn updates(&mut self, table: &mut Table, slot: Slot, local: u32) {
        if table.events.get(local as usize).is_some_and(|&mark| mark != NO_EVENT) {
            return;
        }
        let old = self.keep(table.rows.row(local).unwrap_or_default());
        self.push(table, slot, local, Kind::Update, old);
    }

    /// To be told before the row leaves the cache.
    pub(crate) fn deletes(&mut self, table: &mut Table, slot: Slot, local: u32, reason: LeaveReason) {
        let mark = table.events.get(local as usize).copied().unwrap_or(NO_EVENT);
        if let Some(place) = table.events.get_mut(local as usize) {
            *place = NO_EVENT;
        }
        let waiting = self.entries.get_mut(mark as usize);
        match waiting.map(|entry| (std::mem::replace(&mut entry.kind, Kind::Cancelled), entry.old)) {
            Some((Kind::Insert, _)) => self.cancelled += 1,
            Some((_, old)) => {
                self.cancelled += 1;
                self.push(table, slot, local, Kind::Delete(reason), old);
            }
            None => {
                let old = self.keep(table.rows.row(local).unwrap_or_default());
                self.push(table, slot, local, Kind::Delete(reason), old);
            }
        }
    }

    /// Hands out at most `count` of the waiting events.
    pub(crate) fn hand_out(&mut self, count: usize) {
        let mut left = count;
        for entry in self.entries.get(self.end..).unwrap_or_default() {
            let counts = usize::from(entry.kind != Kind::Cancelled);
            if counts > left {
                break;
            }
            left -= counts;
            self.end += 1;
        }
    }

    /// Takes back all but the first `count` events handed out in this tick.
    pub(crate) fn take_back_after(&mut self, count: usize) {
        let given = self.entries.get(self.first..self.end).unwrap_or_default();
        let mut live = given.iter().enumerate().filter(|(_, entry)| entry.kind != Kind::Cancelled);
        if let Some((index, _)) = live.nth(count) {
            self.end = self.first + index;
        }
    }

    /// The events handed out in this tick.
    pub(crate) fn given<'a>(&'a self, tables: &'a [Table]) -> impl Iterator<Item = Event<'a>> {
        let given = self.entries.get(self.first..self.end).unwrap_or_default();
        given.iter().filter_map(move |entry| {
            let row = || tables.get(usize::from(entry.table)).and_then(|table| table.rows.row(entry.local));
            let kind = match entry.kind {
                Kind::Cancelled => return None,
                Kind::Insert => EventKind::Insert { row: row()? },
                Kind::Update => EventKind::Update { old: self.old(entry.old), row: row()? },
                Kind::Delete(reason) => EventKind::Delete { old: self.old(entry.old), reason },
            };
            Some(Event { table: entry.table, slot: entry.slot, local: entry.local, kind })
        })
    }

    fn push(&mut self, table: &mut Table, slot: Slot, local: u32, kind: Kind, old: OldRow) {
        let index = self.entries.len() as u32;
        self.entries.push(Entry { table: table.id(), kind, slot, local, old });
        if matches!(kind, Kind::Insert | Kind::Update)
            && let Some(mark) = table.events.get_mut(local as usize)
        {
            *mark = index;
        }
    }

    fn keep(&mut self, row: &[u8]) -> OldRow {
        let word = self.old_rows.len();
        // Fixed rows are whole words; rows with a heap need not be.
        if let Ok(words) = bytemuck::try_cast_slice::<u8, u64>(row) {
            self.old_rows.extend_from_slice(words);
            return OldRow { word, bytes: row.len() };
        }
        self.old_rows.resize(word + row.len().div_ceil(8), 0);
        let place = self.old_rows.get_mut(word..).unwrap_or_default();
        if let Some(place) = bytemuck::cast_slice_mut::<u64, u8>(place).get_mut(..row.len()) {
            place.copy_from_slice(row);
        }
        OldRow { word, bytes: row.len() }
    }

    fn old(&self, old: OldRow) -> &[u8] {
        let words = self.old_rows.get(old.word..).unwrap_or_default();
        bytemuck::cast_slice::<u64, u8>(words).get(..old.bytes).unwrap_or_default()
    }

    /// Keeps only what waits. Runs when that is less than half, so its cost is spread over what was handed out.
    fn compact(&mut self, tables: &mut [Table]) {
        let old = std::mem::take(self);
        for entry in old.entries.get(old.first..).unwrap_or_default() {
            if entry.kind == Kind::Cancelled {
                continue;
            }
            let Some(table) = tables.get_mut(usize::from(entry.table)) else { continue };
            let kept = match entry.kind {
                Kind::Insert | Kind::Cancelled => OldRow::default(),
                Kind::Update | Kind::Delete(_) => self.keep(old.old(entry.old)),
            };
            self.push(table, entry.slot, entry.local, entry.kind, kept);
        }
    }
}
