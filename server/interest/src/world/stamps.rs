//! When the columns of each row last changed: for subscriptions whose clients are not told every change at once.
//!
//! Time is counted in epochs: one more whenever a flush finds that commits were made. A client notes per row the epoch of
//! what it was sent; what it lacks follows from the table's stamps. So nothing is kept per client and column.

use ambit_model::Slot;
use ambit_store::ChangeKind;

/// The stamps of one table.
#[derive(Debug)]
pub(crate) struct Stamps {
    /// Subscriptions that need them.
    users: u32,
    epoch: u32,
    /// Counts how often all stamps were begun anew: earlier epochs mean nothing then.
    generation: u32,
    /// Whether anything has happened that belongs to the next epoch.
    has_news: bool,
    column_count: usize,
    rows: Vec<RowStamps>,
    /// By slot and column: the epoch of its last change.
    columns: Vec<u32>,
}

/// When the row in a slot changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowStamps {
    /// The epoch of its last change.
    pub changed: u32,
    /// The epoch since which the slot has this row, or none.
    pub born: u32,
    /// No column outside `mask` has changed after this epoch.
    others: u32,
    /// The columns of the last change.
    mask: u64,
}

/// The epoch before any change that a subscription can see.
const FIRST_EPOCH: u32 = 1;

impl Stamps {
    pub fn new(column_count: usize) -> Self {
        Self {
            users: 0,
            epoch: FIRST_EPOCH,
            generation: 0,
            has_news: false,
            column_count,
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    pub fn is_used(&self) -> bool {
        self.users > 0
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// One more subscription needs them, or one less. Nothing is kept while nobody does.
    pub fn count(&mut self, by: i32) {
        self.users = self.users.saturating_add_signed(by);
        if self.users == 0 {
            self.begin_anew();
            (self.rows, self.columns) = (Vec::new(), Vec::new());
        }
    }

    /// Takes in a change of the row in a slot; `is_another` says that an update made another row of it.
    pub fn note(&mut self, slot: Slot, kind: ChangeKind, mask: u64, is_another: bool) {
        if self.users == 0 {
            return;
        }
        self.has_news = true;
        let next = self.epoch + 1;
        let place = slot as usize;
        if self.rows.len() <= place {
            self.rows.resize(place + 1, RowStamps::default());
            self.columns.resize((place + 1) * self.column_count, 0);
        }
        let start = place * self.column_count;
        let columns = self.columns.get_mut(start..start + self.column_count);
        let (Some(row), Some(columns)) = (self.rows.get_mut(place), columns) else { return };
        if is_another || kind != ChangeKind::Update {
            columns.fill(next);
            *row = RowStamps { changed: next, born: next, others: 0, mask: u64::MAX };
            return;
        }
        if row.changed == next {
            row.mask |= mask;
        } else if row.mask != mask {
            let others = (0..).zip(&*columns).filter(|(column, _)| mask >> column & 1 == 0);
            row.others = others.map(|(_, &stamp)| stamp).max().unwrap_or(0);
            row.mask = mask;
        }
        row.changed = next;
        let mut rest = mask;
        while rest != 0 {
            if let Some(stamp) = columns.get_mut(rest.trailing_zeros() as usize) {
                *stamp = next;
            }
            rest &= rest - 1;
        }
    }

    /// A new epoch begins if anything has happened.
    pub fn refresh(&mut self) {
        if !std::mem::take(&mut self.has_news) {
            return;
        }
        self.epoch += 1;
        if self.epoch >= u32::MAX - 1 {
            self.begin_anew();
        }
    }

    /// Epochs are counted from the first again.
    fn begin_anew(&mut self) {
        self.epoch = FIRST_EPOCH;
        self.generation = self.generation.wrapping_add(1);
        self.rows.fill(RowStamps::default());
        self.columns.fill(0);
    }

    #[inline]
    pub fn row(&self, slot: Slot) -> RowStamps {
        self.rows.get(slot as usize).copied().unwrap_or_default()
    }

    /// The columns of a row that changed after an epoch.
    #[inline]
    pub fn since(&self, slot: Slot, epoch: u32) -> u64 {
        let row = self.row(slot);
        if row.changed <= epoch {
            return 0;
        }
        let all = u64::MAX >> (64 - self.column_count.clamp(1, 64));
        if row.others <= epoch {
            return row.mask & all;
        }
        let start = slot as usize * self.column_count;
        let columns = self.columns.get(start..start + self.column_count).unwrap_or_default();
        let changed = (0..).zip(columns).filter(|(_, stamp)| **stamp > epoch);
        changed.fold(0, |mask, (column, _): (u32, _)| mask | 1 << column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After four thousand million commits, epochs would otherwise begin to lie.
    #[test]
    fn epochs_that_run_out_begin_anew() {
        let mut stamps = Stamps::new(3);
        stamps.count(1);
        stamps.epoch = u32::MAX - 3;
        stamps.note(4, ChangeKind::Update, 0b10, false);
        stamps.refresh();
        assert_eq!((stamps.epoch(), stamps.generation(), stamps.since(4, 7)), (u32::MAX - 2, 0, 0b10));
        stamps.note(4, ChangeKind::Update, 0b100, false);
        stamps.refresh();
        assert_eq!((stamps.epoch(), stamps.generation(), stamps.since(4, 0)), (FIRST_EPOCH, 1, 0));
        stamps.note(4, ChangeKind::Update, 0b100, false);
        stamps.refresh();
        assert_eq!(stamps.since(4, FIRST_EPOCH), 0b100);
    }

    #[test]
    fn columns_are_told_since_any_epoch() {
        let mut stamps = Stamps::new(3);
        stamps.count(1);
        let mut masks = Vec::new();
        for mask in [0b001, 0b001, 0b110, 0b010, 0b001, 0b100] {
            masks.push(mask);
            stamps.note(9, ChangeKind::Update, mask, false);
            stamps.refresh();
            for since in 0..=masks.len() {
                let expected = masks.iter().skip(since).fold(0, |all, mask| all | mask);
                assert_eq!(stamps.since(9, FIRST_EPOCH + since as u32), expected, "{masks:?} since {since}");
            }
        }
    }
}
