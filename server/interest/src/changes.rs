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
    slot: Slot,
    kind: ChangeKind,
    mask: u64,
    image: Option<Image>,
    /// Where the images of the entries behind it begin.
    images_end: u64,
}

/// Where a row lies among the images: the row before an entry, when a column that a query tests has changed or the row is
/// gone.
#[derive(Debug, Clone, Copy)]
struct Image {
    start: u64,
    length: u32,
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
    /// The row as it was at the period's start; none if no tested column has changed.
    image: Option<Image>,
}

/// The rows of a table that changed in a period, in the order of their first changes.
#[derive(Debug, Default)]
pub(crate) struct Period {
    pub rows: Vec<RowChange>,
    /// By slot: position in `rows` plus one, or 0.
    index: Vec<u32>,
    /// Whether any row was replaced.
    pub has_replaced: bool,
    merging: Vec<Merging>,
}

impl ChangeLog {
    pub fn push(&mut self, slot: Slot, kind: ChangeKind, mask: u64, image: Option<&[u8]>) {
        let image = image.map(|bytes| {
            let start = self.images_start + self.images.len() as u64;
            self.images.extend_from_slice(bytes);
            Image { start, length: bytes.len() as u32 }
        });
        let images_end = self.images_start + self.images.len() as u64;
        self.entries.push(Entry { slot, kind, mask, image, images_end });
    }

    /// The cursor after the last change.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn image_bytes(&self) -> usize {
        self.images.len()
    }

    /// Forgets everything before `cursor`.
    pub fn trim(&mut self, cursor: u64) {
        let count = cursor.saturating_sub(self.first).min(self.entries.len() as u64);
        let Some(last) = self.entries.drain(..count as usize).next_back() else { return };
        self.first += count;
        let freed = (last.images_end - self.images_start) as usize;
        self.images.drain(..freed);
        self.images_start += freed as u64;
    }

    /// The row as it was before the period in which it changed so; none if no tested column has changed.
    pub fn image(&self, change: &RowChange) -> Option<&[u8]> {
        let image = change.image?;
        let start = (image.start - self.images_start) as usize;
        self.images.get(start..start + image.length as usize)
    }
}

impl Period {
    /// Merges the changes from `cursor` on. `slot_count` is above every slot of the table.
    pub fn fill(&mut self, log: &ChangeLog, cursor: u64, slot_count: usize) {
        self.clear();
        self.index.resize(slot_count, 0);
        let Self { merging, index, .. } = self;
        merging.clear();
        let start = cursor.saturating_sub(log.first) as usize;
        for entry in log.entries.get(start..).unwrap_or_default() {
            let Some(place) = index.get_mut(entry.slot as usize) else { continue };
            if *place == 0 {
                merging.push(Merging::new(entry));
                *place = merging.len() as u32;
            }
            if let Some(row) = merging.get_mut(*place as usize - 1) {
                row.add(entry);
            }
        }
        for row in &*merging {
            let change = row.finish();
            self.has_replaced |= change.as_ref().is_some_and(|change| change.state == RowState::Replaced);
            let is_change = change.is_some();
            self.rows.extend(change);
            if let Some(place) = index.get_mut(row.slot as usize) {
                *place = if is_change { self.rows.len() as u32 } else { 0 };
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

    /// What happened to the row in this slot, if anything did.
    #[inline]
    pub fn change(&self, slot: Slot) -> Option<&RowChange> {
        self.find(slot).and_then(|index| self.rows.get(index))
    }

    pub fn state(&self, slot: Slot) -> Option<RowState> {
        self.change(slot).map(|row| row.state)
    }
}

/// A row while its changes are being merged.
#[derive(Debug)]
struct Merging {
    slot: Slot,
    existed: bool,
    was_deleted: bool,
    exists: bool,
    mask: u64,
    image: Option<Image>,
}

impl Merging {
    fn new(first: &Entry) -> Self {
        let existed = first.kind != ChangeKind::Insert;
        Self { slot: first.slot, existed, was_deleted: false, exists: existed, mask: 0, image: None }
    }

    fn add(&mut self, entry: &Entry) {
        if self.existed && !self.was_deleted && self.image.is_none() {
            self.image = entry.image;
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
        Some(RowChange { slot: self.slot, state, mask: self.mask, image: self.image })
    }
}
