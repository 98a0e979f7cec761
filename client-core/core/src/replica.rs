//! One table as the server last told it, and which of its rows the game has not seen yet.
//!
//! The game's cache still holds what the game last saw, so a row needs one mark here however often it changes:
//! the first old value is in the cache, the last new one here.

mod arrivals;
mod motion;

use std::sync::Arc;

use ambit_model::{DecodeError, MotionLayout, RowLayout, Slot, TableSchema, delta, validate_row};
use ambit_wire::{LeaveReason, Op};

use crate::error::ProtocolError;
use crate::limits;
use crate::rows::{Rows, SlotMap};
use crate::sampling::Arrivals;
use motion::Ways;

/// The mark of a row that has not changed since the game took the table.
const CLEAN: u32 = u32::MAX;

/// The local number of a slot without a row.
const GONE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Replica {
    name: String,
    layout: Arc<RowLayout>,
    rows: Rows,
    /// Per local number.
    marks: Vec<Mark>,
    /// Slots that changed, each once.
    touched: Vec<Touched>,
    /// Slots whose row the game's cache holds but which have left since, and perhaps were filled anew.
    left: SlotMap<Left>,
    ways: Ways,
    arrivals: Arrivals,
    scratch: Vec<u8>,
    /// The row without any column, once one came of which only some columns are known.
    blank: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Where in `touched`, or `CLEAN`.
    touched: u32,
    /// Whether the game's cache holds the row.
    known: bool,
}

/// A slot that changed, and where its row is: its local number, or `GONE`.
#[derive(Debug, Clone, Copy)]
struct Touched {
    slot: Slot,
    local: u32,
    /// The columns that changed while the row stayed.
    mask: u64,
}

#[derive(Debug, Clone, Copy)]
struct Left {
    reason: LeaveReason,
    touched: u32,
}

/// What became of a slot since the game took the table.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) slot: Slot,
    /// The row that the game holds has left.
    pub(crate) left: Option<LeaveReason>,
    /// The row that is there now.
    pub(crate) row: Option<&'a [u8]>,
    /// If the game holds this very row: the columns in which it may differ.
    pub(crate) mask: u64,
    /// Its number in the arrivals, if any columns are followed.
    pub(crate) arrived: Option<u32>,
}

impl Replica {
    pub(crate) fn new(table: &TableSchema) -> Self {
        let layout = Arc::new(table.layout());
        Self {
            name: table.name.clone(),
            rows: Rows::new(&layout),
            layout,
            ways: Ways::new(table.motion()),
            arrivals: Arrivals::default(),
            marks: Vec::new(),
            touched: Vec::new(),
            left: SlotMap::default(),
            scratch: Vec::new(),
            blank: None,
        }
    }

    /// Where the columns lie.
    pub(crate) fn layout(&self) -> Arc<RowLayout> {
        Arc::clone(&self.layout)
    }

    /// The quantised columns.
    pub(crate) fn motion(&self) -> Arc<MotionLayout> {
        self.ways.layout()
    }

    /// Slots that wait for the game.
    pub(crate) fn touched_count(&self) -> usize {
        self.touched.len()
    }

    /// The changes since the game took the table, each slot once.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let has_left = self.any_left();
        let is_followed = !self.arrivals.is_empty();
        self.touched.iter().map(move |&Touched { slot, local, mask }| Change {
            slot,
            left: if has_left { self.left.get(&slot).map(|left| left.reason) } else { None },
            row: self.rows.row(local),
            mask,
            arrived: is_followed.then_some(local),
        })
    }

    /// Whether any row that the game holds has left.
    pub(crate) fn any_left(&self) -> bool {
        !self.left.is_empty()
    }

    /// The game's cache now equals the table.
    pub(crate) fn taken(&mut self) {
        for Touched { local, .. } in self.touched.drain(..) {
            if let Some(mark) = self.marks.get_mut(local as usize) {
                *mark = Mark { touched: CLEAN, known: true };
            }
            self.arrivals.forget(local);
        }
        self.arrivals.taken();
        self.left.clear();
    }

    /// Applies one operation after checking it. After an error the table is not to be used any more.
    #[inline]
    pub(crate) fn apply(&mut self, op: Op<'_>) -> Result<(), ProtocolError> {
        match op {
            Op::Insert { slot, row } => self.insert(slot, row),
            Op::InsertColumns { slot, mask, packed } => self.insert_columns(slot, mask, packed),
            Op::Delta { slot, mask, packed } => self.change(slot, mask, packed),
            Op::Delete { slot, reason } => self.delete(slot, reason),
        }
    }

    /// The columns that did not come are blank.
    fn insert_columns(&mut self, slot: Slot, mask: u64, packed: &[u8]) -> Result<(), ProtocolError> {
        let blank = self.blank.get_or_insert_with(|| self.layout.blank_row());
        let mut row = std::mem::take(&mut self.scratch);
        row.clear();
        let result = match delta::apply_columns(&self.layout, blank, mask, packed, &mut row) {
            Ok(_) => self.insert(slot, &row),
            Err(error) => Err(self.no_row(slot, error)),
        };
        self.scratch = row;
        result
    }

    fn insert(&mut self, slot: Slot, row: &[u8]) -> Result<(), ProtocolError> {
        validate_row(&self.layout, row).map_err(|error| self.no_row(slot, error))?;
        if self.rows.local(slot).is_some() {
            return Err(ProtocolError::DuplicateSlot { table: self.name.clone(), slot });
        }
        if self.rows.len() >= limits::ROWS_PER_TABLE_MAX {
            return Err(ProtocolError::TooMany {
                what: "rows of one table",
                max: limits::ROWS_PER_TABLE_MAX,
            });
        }
        let local = self.rows.insert(slot, row);
        let touched = match self.left.get(&slot) {
            Some(&Left { touched, .. }) => {
                self.set_local(touched, local);
                touched
            }
            None => self.touch(slot, local),
        };
        if self.marks.len() <= local as usize {
            self.marks.resize(local as usize + 1, Mark { touched: CLEAN, known: false });
        }
        self.set_mark(local, Mark { touched, known: false });
        self.ways.stop(local, u64::MAX);
        self.arrivals.enter(local, row);
        Ok(())
    }

    #[inline]
    fn change(&mut self, slot: Slot, mask: u64, packed: &[u8]) -> Result<(), ProtocolError> {
        let local = self.rows.local(slot).ok_or_else(|| self.unknown(slot))?;
        if mask & self.layout.checked_columns() == 0 {
            if let Some(row) = self.rows.row_mut(local) {
                delta::overlay_columns(&self.layout, row, mask, packed);
            }
        } else {
            self.scratch.clear();
            let old = self.rows.row(local).unwrap_or_default();
            delta::apply_columns(&self.layout, old, mask, packed, &mut self.scratch)
                .map_err(|error| self.no_row(slot, error))?;
            self.rows.write(local, &self.scratch);
        }
        self.ways.stop(local, mask);
        self.note_change(slot, local, mask);
        Ok(())
    }

    /// The row has changed in these columns.
    #[inline]
    fn note_change(&mut self, slot: Slot, local: u32, mask: u64) {
        let mark = self.mark(local);
        if mark.touched == CLEAN {
            let touched = self.touch(slot, local);
            self.set_mark(local, Mark { touched, ..mark });
        }
        let touched = self.mark(local).touched;
        if let Some(entry) = self.touched.get_mut(touched as usize) {
            entry.mask |= mask;
        }
        if mask & self.arrivals.mask() != 0 {
            self.arrivals.change(local, mask, self.rows.row(local).unwrap_or_default());
        }
    }

    fn delete(&mut self, slot: Slot, reason: LeaveReason) -> Result<(), ProtocolError> {
        let local = self.rows.local(slot).ok_or_else(|| self.unknown(slot))?;
        let mark = self.mark(local);
        if mark.known {
            let touched = if mark.touched == CLEAN { self.touch(slot, GONE) } else { mark.touched };
            self.set_local(touched, GONE);
            self.left.insert(slot, Left { reason, touched });
        } else if self.left.contains_key(&slot) {
            self.set_local(mark.touched, GONE);
        } else {
            self.untouch(mark.touched);
        }
        self.rows.remove(slot);
        self.arrivals.forget(local);
        self.set_mark(local, Mark { touched: CLEAN, known: false });
        Ok(())
    }

    fn touch(&mut self, slot: Slot, local: u32) -> u32 {
        self.touched.push(Touched { slot, local, mask: 0 });
        self.touched.len() as u32 - 1
    }

    fn set_local(&mut self, touched: u32, local: u32) {
        if let Some(entry) = self.touched.get_mut(touched as usize) {
            entry.local = local;
        }
    }

    /// Forgets an entry: the game never saw the row, and never will.
    fn untouch(&mut self, at: u32) {
        debug_assert!((at as usize) < self.touched.len(), "a row the game does not know is marked");
        if at as usize >= self.touched.len() {
            return;
        }
        self.touched.swap_remove(at as usize);
        let Some(&moved) = self.touched.get(at as usize) else { return };
        if let Some(left) = self.left.get_mut(&moved.slot) {
            left.touched = at;
        }
        let mark = self.mark(moved.local);
        self.set_mark(moved.local, Mark { touched: at, ..mark });
    }

    #[inline]
    fn mark(&self, local: u32) -> Mark {
        self.marks.get(local as usize).copied().unwrap_or(Mark { touched: CLEAN, known: false })
    }

    #[inline]
    fn set_mark(&mut self, local: u32, mark: Mark) {
        if let Some(place) = self.marks.get_mut(local as usize) {
            *place = mark;
        }
    }

    fn no_row(&self, slot: Slot, error: DecodeError) -> ProtocolError {
        ProtocolError::Row { table: self.name.clone(), slot, error }
    }

    fn unknown(&self, slot: Slot) -> ProtocolError {
        ProtocolError::UnknownSlot { table: self.name.clone(), slot }
    }
}
