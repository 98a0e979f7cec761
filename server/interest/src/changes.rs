//! What happened to a table's rows since some client was flushed last: a log, and its merge per row.

use ambit_model::Slot;
use ambit_store::ChangeKind;

/// The changes of one table in commit order. Each reader has a cursor of its own.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    entries: Vec<Entry>,
    /// Number of the first entry since the follower began.
    first: u64,
    image_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    slot: Slot,
    kind: ChangeKind,
    mask: u64,
    /// The row before, when a column that a query tests has changed or the row is gone.
    image: Option<Box<[u8]>>,
}

/// What a period did to a row, seen from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowState {
    /// The slot was free before.
    New,
    /// The same row, with other values.
    Updated,
    /// The row was deleted and another one has its slot.
    Replaced,
    /// The row was deleted and the slot is free.
    Deleted,
}

/// A row that changed in a period.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    pub slot: Slot,
    pub state: RowState,
    /// The columns that changed, if it was updated.
    pub mask: u64,
    /// Entry that holds the row as it was at the period's start; none if no tested column has changed.
    image: Option<usize>,
    /// Place of the encoded delta among the period's operations, once it is encoded.
    pub delta: Option<(u32, u32)>,
}

/// The rows of a table that changed in a period, in the order of their slots.
#[derive(Debug, Default)]
pub(crate) struct Period {
    pub rows: Vec<RowChange>,
    /// By slot: position in `rows` plus one, or 0.
    index: Vec<u32>,
    /// Whether any row was replaced.
    pub has_replaced: bool,
}

impl ChangeLog {
    pub fn push(&mut self, slot: Slot, kind: ChangeKind, mask: u64, image: Option<&[u8]>) {
        self.image_bytes += image.map_or(0, <[u8]>::len);
        self.entries.push(Entry { slot, kind, mask, image: image.map(Box::from) });
    }

    /// The cursor after the last change.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn image_bytes(&self) -> usize {
        self.image_bytes
    }

    /// Forgets everything before `cursor`.
    pub fn trim(&mut self, cursor: u64) {
        let count = cursor.saturating_sub(self.first).min(self.entries.len() as u64);
        let freed = self.entries.drain(..count as usize).filter_map(|entry| entry.image);
        self.image_bytes -= freed.map(|image| image.len()).sum::<usize>();
        self.first += count;
    }

    /// The row as it was before the period in which it changed so; none if no tested column has changed.
    pub fn image(&self, change: &RowChange) -> Option<&[u8]> {
        change.image.and_then(|index| self.entries.get(index)).and_then(|entry| entry.image.as_deref())
    }
}

impl Period {
    /// Merges the changes from `cursor` on. `slot_count` is above every slot of the table.
    pub fn fill(&mut self, log: &ChangeLog, cursor: u64, slot_count: usize) {
        self.clear();
        self.index.resize(slot_count, 0);
        let mut merging: Vec<Merging> = Vec::new();
        let start = cursor.saturating_sub(log.first) as usize;
        for (position, entry) in log.entries.iter().enumerate().skip(start) {
            let Some(place) = self.index.get_mut(entry.slot as usize) else { continue };
            if *place == 0 {
                merging.push(Merging::new(entry));
                *place = merging.len() as u32;
            }
            if let Some(row) = merging.get_mut(*place as usize - 1) {
                row.add(entry, position);
            }
        }
        for row in &merging {
            if let Some(place) = self.index.get_mut(row.slot as usize) {
                *place = 0;
            }
        }
        self.rows.extend(merging.iter().filter_map(Merging::finish));
        self.rows.sort_unstable_by_key(|row| row.slot);
        self.has_replaced = self.rows.iter().any(|row| row.state == RowState::Replaced);
        for (number, row) in (1..).zip(&self.rows) {
            if let Some(place) = self.index.get_mut(row.slot as usize) {
                *place = number;
            }
        }
    }

    pub fn clear(&mut self) {
        for row in &self.rows {
            if let Some(place) = self.index.get_mut(row.slot as usize) {
                *place = 0;
            }
        }
        self.rows.clear();
        self.has_replaced = false;
    }

    /// The position in `rows` of this slot's change.
    #[inline]
    pub fn find(&self, slot: Slot) -> Option<usize> {
        match self.index.get(slot as usize) {
            None | Some(0) => None,
            Some(&number) => Some(number as usize - 1),
        }
    }

    pub fn state(&self, slot: Slot) -> Option<RowState> {
        self.find(slot).and_then(|index| self.rows.get(index)).map(|row| row.state)
    }
}

/// A row while its changes are being merged.
struct Merging {
    slot: Slot,
    existed: bool,
    was_deleted: bool,
    exists: bool,
    mask: u64,
    image: Option<usize>,
}

impl Merging {
    fn new(first: &Entry) -> Self {
        let existed = first.kind != ChangeKind::Insert;
        Self { slot: first.slot, existed, was_deleted: false, exists: existed, mask: 0, image: None }
    }

    fn add(&mut self, entry: &Entry, position: usize) {
        if self.existed && !self.was_deleted && self.image.is_none() && entry.image.is_some() {
            self.image = Some(position);
        }
        match entry.kind {
            ChangeKind::Insert => self.exists = true,
            ChangeKind::Update => self.mask |= entry.mask,
            ChangeKind::Delete => {
                self.exists = false;
                self.was_deleted = true;
            }
        }
    }

    fn finish(&self) -> Option<RowChange> {
        let state = match (self.existed, self.was_deleted, self.exists) {
            (true, false, _) => RowState::Updated,
            (true, true, true) => RowState::Replaced,
            (true, true, false) => RowState::Deleted,
            (false, _, true) => RowState::New,
            (false, _, false) => return None,
        };
        Some(RowChange { slot: self.slot, state, mask: self.mask, image: self.image, delta: None })
    }
}
