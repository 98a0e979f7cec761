//! Row operations: each delta is encoded once per flush and copied from then on.

use ambit_model::{RowLayout, Slot, delta};
use ambit_wire::{LeaveReason, write_delete, write_delta};

use super::TableScratch;
use super::columns::{self, Shown};
use crate::changes::RowState;
use crate::world::World;

/// Appends the operations on one row for a client that was shown some of its columns or none, and is from now on. Deletes
/// go to `leaves`, everything else to `out`. `reason` is asked when a row leaves that still exists.
pub(super) fn write(
    world: &World,
    scratch: &mut TableScratch<'_>,
    (table, slot): (u16, Slot),
    shown: Shown,
    reason: impl FnOnce() -> LeaveReason,
    (leaves, out): (&mut Vec<u8>, &mut Vec<u8>),
) {
    let (was, is) = (shown.was != 0, shown.is != 0);
    let state = scratch.period.state(slot);
    let is_another = matches!(state, Some(RowState::Replaced | RowState::Deleted));
    if was && is_another {
        write_delete(leaves, slot, LeaveReason::Deleted);
    } else if was && !is {
        write_delete(leaves, slot, reason());
    }
    if is && (!was || is_another) {
        columns::enter(world, scratch, (table, slot), shown.is, out);
    } else if is && (state == Some(RowState::Updated) || shown.was != shown.is) {
        columns::stay(world, scratch, (table, slot), shown, out);
    }
}

/// Appends the delta of an updated row for those who are shown all columns that clients may see.
#[inline]
pub(super) fn change(
    world: &World,
    scratch: &mut TableScratch<'_>,
    table: u16,
    slot: Slot,
    out: &mut Vec<u8>,
) {
    let TableScratch { period, motion, shared, deltas, told, .. } = scratch;
    let Some((number, change)) = period.find(slot).and_then(|at| Some((at, period.rows.get(at)?))) else {
        return;
    };
    if let (Some(row), Some(table)) = (world.row(table, slot), world.table(table)) {
        let mask = motion.plain_mask(number, change.mask) & table.visible;
        if !shared.append(number, out) {
            deltas.encode(&table.layout, (number, slot, mask), row);
            deltas.append(number, out);
        }
        if let Some(place) = motion.place(number) {
            told.add(place);
        }
    }
}

/// The deltas of a table's rows that were updated in the period.
#[derive(Debug, Default)]
pub(super) struct Deltas {
    bytes: Vec<u8>,
    /// By the row's number in the period: where its delta begins and ends; nowhere before it is encoded.
    places: Vec<(u32, u32)>,
    packing: Packing,
}

impl Deltas {
    /// Begins a period in which so many rows have changed.
    pub fn begin(&mut self, row_count: usize) {
        self.bytes.clear();
        self.places.clear();
        self.places.resize(row_count, (0, 0));
    }

    /// Makes sure that the delta of a row is encoded: of these columns, which may be none.
    #[inline]
    pub fn encode(&mut self, layout: &RowLayout, (number, slot, mask): (usize, Slot, u64), row: &[u8]) {
        let Some(place @ (0, 0)) = self.places.get_mut(number) else { return };
        let start = self.bytes.len() as u32;
        if mask != 0 {
            self.packing.encode(layout, (slot, row), mask, &mut self.bytes);
        }
        *place = (start, self.bytes.len() as u32);
    }

    /// Appends the delta of a row if it is encoded; answers whether it is.
    #[inline]
    pub fn append(&self, number: usize, out: &mut Vec<u8>) -> bool {
        match self.places.get(number) {
            None | Some((0, 0)) => false,
            Some(&(start, end)) => {
                append(&self.bytes, start as usize, end as usize, out);
                true
            }
        }
    }
}

/// Bytes that are copied at once; most deltas are shorter.
pub(crate) const CHUNK_BYTES: usize = 32;

/// Appends `bytes[start..end]`. What is short is copied as a whole chunk and cut: that takes no call and no branch on the
/// length, and this runs for every visible row that moved.
#[inline]
pub(crate) fn append(bytes: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    let length = end - start;
    if length <= CHUNK_BYTES
        && let Some(chunk) = bytes.get(start..).and_then(<[u8]>::first_chunk::<CHUNK_BYTES>)
    {
        let before = out.len();
        out.extend_from_slice(chunk);
        out.truncate(before + length);
    } else {
        out.extend_from_slice(bytes.get(start..end).unwrap_or_default());
    }
}

/// How deltas of certain columns are made, once that is known.
#[derive(Debug, Default)]
pub(crate) struct Packing {
    mask: u64,
    /// Where the columns lie in a row, neighbours together, if they are few and none has a heap.
    spans: Option<Vec<(usize, usize)>>,
}

impl Packing {
    /// Appends the delta of a row whose columns of this mask have changed.
    #[inline]
    pub fn encode(&mut self, layout: &RowLayout, (slot, row): (Slot, &[u8]), mask: u64, out: &mut Vec<u8>) {
        if self.mask != mask {
            (self.mask, self.spans) = (mask, spans(layout, mask));
        }
        let Some(spans) = &self.spans else { return encode(layout, (slot, row), mask, out) };
        write_delta(out, slot, mask, &[]);
        let (mut chunk, mut length) = ([0; CHUNK_BYTES], 0);
        for &(start, end) in spans {
            let (words, rest) = row.get(start..end).unwrap_or_default().as_chunks::<4>();
            for word in words {
                if let Some(place) = chunk.get_mut(length..length + 4) {
                    place.copy_from_slice(word);
                }
                length += 4;
            }
            for byte in rest {
                if let Some(place) = chunk.get_mut(length) {
                    *place = *byte;
                }
                length += 1;
            }
        }
        append(&chunk, 0, length, out);
    }
}

/// Where the columns of a mask lie in a row, neighbours together; none if one has a heap or they do not fit a chunk.
fn spans(layout: &RowLayout, mask: u64) -> Option<Vec<(usize, usize)>> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut length = 0;
    for (_, column) in (0..64).zip(layout.columns()).filter(|(place, _)| mask >> place & 1 == 1) {
        length += column.size;
        if !column.is_fixed || length > CHUNK_BYTES {
            return None;
        }
        match spans.last_mut() {
            Some((_, end)) if *end == column.offset => *end += column.size,
            Some(_) | None => spans.push((column.offset, column.offset + column.size)),
        }
    }
    Some(spans)
}

fn encode(layout: &RowLayout, (slot, row): (Slot, &[u8]), mask: u64, out: &mut Vec<u8>) {
    let start = out.len();
    write_delta(out, slot, mask, &[]);
    if delta::pack_columns(layout, row, mask, out).is_err() {
        // The store only holds valid rows, and those can always be packed.
        debug_assert!(false, "a stored row could not be packed");
        out.truncate(start);
    }
}
