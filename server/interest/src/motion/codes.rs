//! One period: the bits of each row that moved, made once for all clients.

use ambit_model::{Fidelity, MotionColumn, MotionLayout, Slot, Steps};

use super::section::SectionCoding;
use super::told::Told;
use super::{Precision, TableMotion};
use crate::changes::{ChangeLog, Period, RowChange, RowState};

/// What a period did to the quantised columns of one table.
#[derive(Debug, Default)]
pub(crate) struct Motion {
    pub state: TableMotion,
    layout: MotionLayout,
    /// By the row's number in the period: the columns that are told as they are, and its place among `rows` plus one, or 0.
    numbers: Vec<(u64, u32)>,
    /// Sorted by columns and slot.
    pub(super) rows: Vec<MovedRow>,
    pub(super) sections: Vec<Section>,
    /// The rows' bits, each from a whole word on.
    pub(super) bits: Vec<u8>,
    residuals: Vec<Residuals>,
    rested: Vec<Slot>,
    /// Rows that have changed and of which clients do not hold all columns exactly.
    near: Vec<Slot>,
    sample: Vec<i64>,
}

/// Of one column: its largest component if that is not the expected one, and what takes the expected steps to the real ones.
pub(super) type Residuals = (Option<u8>, [i64; 4]);

/// A row that is told in few bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct MovedRow {
    pub slot: Slot,
    /// The quantised columns that have changed.
    pub columns: u8,
    number: u32,
    /// Where its residuals begin.
    pub residuals: u32,
    /// Where its bits begin, in bytes, and how many they are.
    pub bits: (u32, u32),
}

/// Rows of which the same columns have changed.
#[derive(Debug)]
pub(super) struct Section {
    pub columns: u8,
    pub coding: SectionCoding,
    /// The place behind its last row.
    pub end: usize,
}

impl Motion {
    /// A table's quantised columns.
    pub fn set_layout(&mut self, layout: &MotionLayout) {
        if self.layout != *layout {
            self.layout = layout.clone();
        }
    }

    /// Whether any column is quantised.
    #[inline]
    pub fn is_active(&self) -> bool {
        !self.layout.is_empty()
    }

    /// Takes in a period, to which rows are added that have come to rest. `row` gives the row in a slot.
    pub fn begin<'a>(
        &mut self,
        (log, slot_count): (&ChangeLog, usize),
        period: &mut Period,
        row: impl Fn(Slot) -> Option<&'a [u8]>,
        (now, precision): (ambit_model::Timestamp, Precision),
    ) {
        self.rows.clear();
        self.sections.clear();
        self.bits.clear();
        self.residuals.clear();
        self.numbers.clear();
        self.state.make_room(slot_count, self.layout.steps());
        self.state.rest(&self.layout, period, &row, precision, &mut self.rested);
        self.rested.sort_unstable();
        for (number, change) in (0..).zip(&period.rows) {
            let plain = match (change.state, row(change.slot)) {
                (RowState::Updated, Some(row)) => self.update((number, change), log, row, precision),
                (RowState::Updated | RowState::New | RowState::Replaced | RowState::Deleted, _) => {
                    self.state.forget(change.slot, self.layout.steps());
                    change.mask
                }
            };
            self.numbers.push((plain, 0));
        }
        self.rows.sort_unstable_by_key(|row| (row.columns, row.slot));
        self.encode();
        self.state.add_batch(now, std::mem::take(&mut self.near));
        self.state.trim();
    }

    /// Finds the residuals of an updated row; answers which columns are told as they are.
    fn update(
        &mut self,
        (number, change): (u32, &RowChange),
        log: &ChangeLog,
        row: &[u8],
        precision: Precision,
    ) -> u64 {
        if change.mask & self.layout.mask() == 0 {
            return change.mask;
        }
        let before = log.image(change).filter(|_| precision != Precision::Exact);
        // A row that has rested is as it was, and is to be told exactly.
        let before = before.filter(|_| self.rested.binary_search(&change.slot).is_err());
        let (slot, residuals) = (change.slot, self.residuals.len() as u32);
        let (mut plain, mut columns) = (change.mask, 0_u8);
        for (at, column) in self.layout.columns().iter().enumerate() {
            if change.mask >> column.column & 1 == 0 {
                continue;
            }
            let first = slot as usize * self.layout.steps() + column.first;
            let Some(ways) = self.state.ways.get_mut(first..first + column.count) else { continue };
            let Some(near) = self.state.near.get_mut(slot as usize) else { continue };
            match before.and_then(|before| moved(column, before, row, ways)) {
                Some((residuals, fidelity)) => {
                    self.residuals.push(residuals);
                    columns |= 1 << at;
                    plain &= !(1 << column.column);
                    *near &= !(1 << at);
                    *near |= u8::from(fidelity == Fidelity::Near) << at;
                }
                None => {
                    ways.fill(0);
                    *near &= !(1 << at);
                }
            }
        }
        if self.state.near.get(slot as usize).is_some_and(|near| *near != 0) {
            self.near.push(slot);
        }
        if columns != 0 {
            self.stop_others(slot, columns);
            self.rows.push(MovedRow { slot, columns, number, residuals, bits: (0, 0) });
        }
        plain
    }

    /// What has not changed in a row that has moved does not go on as it did.
    fn stop_others(&mut self, slot: Slot, columns: u8) {
        for (at, column) in self.layout.columns().iter().enumerate().filter(|(at, _)| columns >> at & 1 == 0)
        {
            let first = slot as usize * self.layout.steps() + column.first;
            if let Some(ways) = self.state.ways.get_mut(first..first + column.count) {
                debug_assert!(at < 8, "more quantised columns than bits");
                ways.fill(0);
            }
        }
    }

    /// Makes sections of the rows, and their bits.
    fn encode(&mut self) {
        let mut start = 0;
        while let Some(columns) = self.rows.get(start).map(|row| row.columns) {
            let rest = self.rows.get(start..).unwrap_or_default();
            let end = start + rest.partition_point(|row| row.columns == columns);
            let named = self.layout.columns().iter().enumerate().filter(|(at, _)| columns >> at & 1 == 1);
            let coded: Vec<usize> = named.map(|(_, column)| column.coded()).collect();
            let rows = self.rows.get(start..end).unwrap_or_default();
            let coding = SectionCoding::choose(&coded, rows, &self.residuals, &mut self.sample);
            for (place, row) in (1..).zip(&mut self.rows).skip(start).take(end - start) {
                if let Some((_, known)) = self.numbers.get_mut(row.number as usize) {
                    *known = place;
                }
                let residuals = self.residuals.get(row.residuals as usize..).unwrap_or_default();
                let first = self.bits.len() as u32;
                row.bits = (first, coding.encode(&coded, residuals, &mut self.bits));
            }
            self.sections.push(Section { columns, coding, end });
            start = end;
        }
    }

    /// The columns of a row, by its number in the period, that are told as they are.
    #[inline]
    pub fn plain_mask(&self, number: usize, mask: u64) -> u64 {
        self.numbers.get(number).map_or(mask, |(plain, _)| *plain)
    }

    /// The columns of a row that have really changed: one that has rested is in the period as if they had.
    pub fn changed(&self, change: &RowChange) -> u64 {
        match self.is_active() && self.rested.binary_search(&change.slot).is_ok() {
            true => change.mask & !self.layout.mask(),
            false => change.mask,
        }
    }

    /// The row's place among those that are told in few bits.
    #[inline]
    pub fn place(&self, number: usize) -> Option<u32> {
        self.numbers.get(number).and_then(|(_, place)| place.checked_sub(1))
    }

    /// How many rows are told in few bits.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The client comes to hold the row: what is expected of it is to be what everybody else expects.
    #[inline]
    pub fn enter(&self, slot: Slot, told: &mut Told) {
        if self.is_active() && self.way(slot).iter().any(|way| *way != 0) {
            told.entered.push(slot);
        }
    }

    pub(super) fn way(&self, slot: Slot) -> &[i32] {
        let (first, steps) = (slot as usize, self.layout.steps());
        self.state.ways.get(first * steps..(first + 1) * steps).unwrap_or_default()
    }

    pub(super) fn epoch(&self) -> u64 {
        self.state.epoch
    }
}

/// What takes a column from what is expected to what it is, and how near that is to its exact value. Puts its way into
/// `ways`. None if that cannot be told.
fn moved(
    column: &MotionColumn,
    before: &[u8],
    row: &[u8],
    ways: &mut [i32],
) -> Option<(Residuals, Fidelity)> {
    let (before, now) = (column.quantise(before)?, column.quantise(row)?);
    let fidelity = column.fidelity(row, now);
    if fidelity == Fidelity::Wrong {
        return None;
    }
    let mut way: Steps = [0; 4];
    way.iter_mut().zip(&*ways).for_each(|(way, known)| *way = *known);
    let residuals = column.residuals(column.predict(before, way), now);
    let way = column.way(before, now);
    ways.iter_mut().zip(way).for_each(|(known, way)| *known = way);
    Some((residuals, fidelity))
}
