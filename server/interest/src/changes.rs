//! What happened to a table's rows since some client was flushed last: a log, and its merge per row.

use ambit_model::Slot;
use ambit_store::ChangeKind;

/// The changes of one table in commit order. Each reader has a cursor of its own.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    entries: Vec<Entry>,
    /// Number of the first entry since the follower began.
    first: u64,
    /// Rows as they were before an entry, one behind the other.
    images: Vec<u8>,
    /// How many bytes of images were forgotten.
    images_start: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    mask: u64,
    /// The row before, among the images, when a column that a query tests has changed or the row is gone; else nothing.
    image_start: u64,
    image_length: u32,
    slot: Slot,
    kind: ChangeKind,
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
    /// The columns that changed, if it was updated.
    pub mask: u64,
    pub slot: Slot,
    /// The row as it was at the period's start, among the log's images; nothing if no tested column has changed.
    image_start: u32,
    image_length: u32,
    pub state: RowState,
    /// While changes are merged: whether the row exists after them, and whether it was deleted in between.
    exists: bool,
    was_deleted: bool,
}

/// The rows of a table that changed in a period, in the order of their first changes.
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
        let image = image.unwrap_or_default();
        let image_start = self.images_start + self.images.len() as u64;
        self.images.extend_from_slice(image);
        self.entries.push(Entry { mask, image_start, image_length: image.len() as u32, slot, kind });
    }

    /// The cursor after the last change.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// What [`RowChange`]s of a period from `cursor` to now depend on, besides the entries.
    pub fn origin(&self, cursor: u64) -> (u64, u64) {
        (cursor, self.images_start)
    }

    pub fn image_bytes(&self) -> usize {
        self.images.len()
    }

    /// Forgets everything before `cursor`.
    pub fn trim(&mut self, cursor: u64) {
        let count = cursor.saturating_sub(self.first).min(self.entries.len() as u64);
        let Some(last) = self.entries.drain(..count as usize).next_back() else { return };
        self.first += count;
        let freed = (last.image_start + u64::from(last.image_length) - self.images_start) as usize;
        self.images.drain(..freed);
        self.images_start += freed as u64;
    }

    /// The row as it was before the period in which it changed so; none if no tested column has changed.
    #[inline]
    pub fn image(&self, change: &RowChange) -> Option<&[u8]> {
        if change.image_length == 0 {
            return None;
        }
        let start = change.image_start as usize;
        self.images.get(start..start + change.image_length as usize)
    }
}

impl Period {
    /// Merges the changes from `cursor` on. `slot_count` is above every slot of the table.
    pub fn fill(&mut self, log: &ChangeLog, cursor: u64, slot_count: usize) {
        self.clear();
        self.index.resize(slot_count, 0);
        let Self { rows, index, .. } = self;
        let start = cursor.saturating_sub(log.first) as usize;
        for entry in log.entries.get(start..).unwrap_or_default() {
            let Some(place) = index.get_mut(entry.slot as usize) else { continue };
            if *place == 0 {
                rows.push(RowChange::new(entry));
                *place = rows.len() as u32;
            }
            if let Some(row) = rows.get_mut(*place as usize - 1) {
                row.add(entry, log.images_start);
            }
        }
        let came_and_went = |row: &RowChange| row.state == RowState::New && !row.exists;
        if rows.iter().any(came_and_went) {
            for row in rows.iter().filter(|row| came_and_went(row)) {
                if let Some(place) = index.get_mut(row.slot as usize) {
                    *place = 0;
                }
            }
            rows.retain(|row| !came_and_went(row));
            for (number, row) in (1..).zip(&*rows) {
                if let Some(place) = index.get_mut(row.slot as usize) {
                    *place = number;
                }
            }
        }
        for row in rows.iter_mut() {
            row.finish();
            self.has_replaced |= row.state == RowState::Replaced;
        }
    }

    /// Enters a row that has not changed, as if it had in these columns.
    pub fn add_updated(&mut self, slot: Slot, mask: u64) {
        if let Some(place) = self.index.get_mut(slot as usize) {
            self.rows.push(RowChange {
                mask,
                slot,
                image_start: 0,
                image_length: 0,
                state: RowState::Updated,
                exists: true,
                was_deleted: false,
            });
            *place = self.rows.len() as u32;
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

    /// What happened to the row in this slot, if anything did.
    #[inline]
    pub fn change(&self, slot: Slot) -> Option<&RowChange> {
        self.find(slot).and_then(|index| self.rows.get(index))
    }

    pub fn state(&self, slot: Slot) -> Option<RowState> {
        self.change(slot).map(|row| row.state)
    }
}

impl RowChange {
    fn new(first: &Entry) -> Self {
        let existed = first.kind != ChangeKind::Insert;
        Self {
            mask: 0,
            slot: first.slot,
            image_start: 0,
            image_length: 0,
            state: if existed { RowState::Updated } else { RowState::New },
            exists: existed,
            was_deleted: false,
        }
    }

    #[inline]
    fn add(&mut self, entry: &Entry, images_start: u64) {
        if self.state == RowState::Updated && !self.was_deleted && self.image_length == 0 {
            // Images are bounded far below what 32 bits count (limits.rs).
            self.image_start = (entry.image_start - images_start) as u32;
            self.image_length = entry.image_length;
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

    fn finish(&mut self) {
        if self.state == RowState::Updated && self.was_deleted {
            self.state = if self.exists { RowState::Replaced } else { RowState::Deleted };
        }
    }
}
