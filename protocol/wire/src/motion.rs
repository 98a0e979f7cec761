//! Motion blocks: how the quantised columns of many rows have changed, in a few bits each (docs/formats/wire.md).
//!
//! A row's bits depend on the row and on the codings of its section, not on the rows around it: a server makes them once
//! and copies them to every client that holds the row.

mod coding;

use ambit_model::limits::ROWS_PER_TABLE_MAX;
use ambit_model::{MotionColumn, MotionLayout, Slot, Steps, varint};

use crate::bits::{BitReader, BitWriter};
use crate::error::WireError;
pub use coding::Coding;

/// Stands for slots in runs where a section says how their distances are coded.
const RUNS: u8 = 0x80;

/// A section whose rows have a bit that tells whether they are calm.
const CALM: u8 = 0x40;

/// The highest shift of a distance.
const SHIFT_MAX: u8 = 31;

/// Appends what a row, which this update inserts, did in the last period: so many steps for each quantised column's component.
/// The first row of a block has no row before it.
pub fn write_way(out: &mut Vec<u8>, before: Option<Slot>, slot: Slot, ways: &[i32]) {
    varint::write(out, u64::from(slot - before.map_or(0, |before| before + 1)));
    for &way in ways {
        varint::write(out, varint::zigzag(way.into()));
    }
}

/// Appends the residuals of one column to a row's bits; returns how many bits they took. In a section with calm rows
/// (`has_calm`) each column of the others has a bit that says whether it makes a leap.
#[inline]
pub fn write_residuals(
    bits: &mut BitWriter<'_>,
    (codings, has_calm): (&[Coding], bool),
    (face, residuals): (Option<u8>, [i64; 4]),
) -> u32 {
    let is_leap = has_calm && is_leap(codings, residuals);
    if has_calm {
        bits.put(is_leap.into(), 1);
    }
    let mut count = u32::from(has_calm) + face.map_or(0, |face| coding::put_face(bits, face));
    for (coding, residual) in codings.iter().zip(residuals) {
        let coding = if is_leap { coding.wide() } else { *coding };
        coding.put(bits, residual);
        count += coding.bits(residual);
    }
    count
}

/// Whether the residuals of a column are shorter as a leap.
pub fn is_leap(codings: &[Coding], residuals: [i64; 4]) -> bool {
    let bits = |coding: fn(Coding) -> Coding| -> u32 {
        codings.iter().zip(residuals).map(|(known, residual)| coding(*known).bits(residual)).sum()
    };
    bits(Coding::wide) < bits(|coding| coding)
}

/// Appends whether a row is calm: then its residuals are written by [`Coding::put_calm`].
#[inline]
pub fn write_calm(bits: &mut BitWriter<'_>, is_calm: bool) {
    bits.put(u64::from(!is_calm), 1);
}

/// Appends a section: rows of which the same columns have changed. `columns` has bit i for the table's i-th quantised column,
/// `slots` rise, and `row` appends the bits of the row at a position of `slots`. If the section has calm rows, each row begins with
/// [`write_calm`].
pub fn write_section(
    out: &mut Vec<u8>,
    columns: u8,
    (codings, has_calm): (&[Coding], bool),
    slots: &[Slot],
    mut row: impl FnMut(&mut BitWriter<'_>, usize),
) {
    let (Some(&first), Some(&last)) = (slots.first(), slots.last()) else { return };
    out.push(columns);
    varint::write(out, slots.len() as u64);
    out.extend(codings.iter().map(|coding| coding.byte()));
    varint::write(out, first.into());
    let follows = |pair: &[Slot]| matches!(pair, &[before, slot] if slot == before + 1);
    let runs = 1 + slots.windows(2).filter(|pair| !follows(pair)).count();
    let mut before = first;
    let calm = if has_calm { CALM } else { 0 };
    if RUN_ROWS_MIN * runs <= slots.len() {
        out.push(RUNS | calm);
        let mut bits = BitWriter::new(out);
        let mut at = 0;
        for run in slots.chunk_by(|before, slot| *slot == before + 1) {
            let first = run.first().copied().unwrap_or_default();
            if at > 0 {
                bits.put_small(u64::from(first - before - 2));
            }
            bits.put_small(run.len() as u64 - 1);
            for slot in run {
                row(&mut bits, at);
                (at, before) = (at + 1, *slot);
            }
        }
        return bits.end_byte();
    }
    let distance = u64::from(last - first) / (slots.len() as u64 - 1).max(1);
    let shift = (distance * 2 / 3).checked_ilog2().unwrap_or(0).min(SHIFT_MAX.into());
    out.push(shift as u8 | calm);
    let mut bits = BitWriter::new(out);
    for (at, &slot) in slots.iter().enumerate() {
        if at > 0 {
            coding::put_shifted(&mut bits, u64::from(slot - before - 1), shift);
        }
        row(&mut bits, at);
        before = slot;
    }
    bits.end_byte();
}

/// Rows per run from which runs are shorter than distances.
const RUN_ROWS_MIN: usize = 3;

/// What takes in a motion block.
pub trait MotionSink {
    /// Why it cannot.
    type Error: From<WireError>;

    /// Comes first. If it is another one than that of the last motion block for this table, no row of the table has any way.
    fn epoch(&mut self, epoch: u64);

    /// A row that was inserted, and its last ways.
    fn way(&mut self, slot: Slot, ways: &[i32]) -> Result<(), Self::Error>;

    /// A row in which the named quantised columns have changed: [`RowResiduals::next`] is to be called for each, in order.
    fn row(
        &mut self,
        slot: Slot,
        columns: u8,
        residuals: &mut RowResiduals<'_, '_>,
    ) -> Result<(), Self::Error>;
}

/// A motion block of any bytes.
#[derive(Debug, Clone)]
pub struct MotionBlock<'a> {
    layout: &'a MotionLayout,
    bytes: &'a [u8],
    at: usize,
}

/// The residuals of one row.
#[derive(Debug)]
pub struct RowResiduals<'r, 'a> {
    bits: &'r mut BitReader<'a>,
    codings: &'r [Coding],
    /// If the section has calm rows, whether this is one.
    is_calm: Option<bool>,
}

impl RowResiduals<'_, '_> {
    /// The steps of the next column, from those that are expected.
    #[inline]
    pub fn next(&mut self, column: &MotionColumn, expected: Steps) -> Result<Steps, WireError> {
        let problem = WireError::Motion { at: 0, problem: "a residual leads to no value" };
        let Some((codings, rest)) = self.codings.split_at_checked(column.coded()) else {
            return Err(problem);
        };
        self.codings = rest;
        let (mut face, mut residuals) = (None, [0; 4]);
        let is_leap = self.is_calm == Some(false) && self.bits.take(1)? == 1;
        for (at, (coding, residual)) in codings.iter().zip(&mut residuals).enumerate() {
            if self.is_calm == Some(true) {
                *residual = coding.take_calm(self.bits)?;
                continue;
            }
            let coding = if is_leap { coding.wide() } else { *coding };
            *residual = match coding.take(self.bits)? {
                Some(residual) => residual,
                None if at == 0 && column.has_face() => {
                    face = Some(self.bits.take(coding::FACE_BITS)? as u8);
                    coding
                        .take(self.bits)?
                        .ok_or(WireError::Motion { at: 0, problem: "a face stands twice" })?
                }
                None => return Err(WireError::Motion { at: 0, problem: "a number has a face" }),
            };
        }
        column.resolve(expected, face, residuals).ok_or(problem)
    }
}

impl<'a> MotionBlock<'a> {
    /// Reads any bytes.
    pub fn new(layout: &'a MotionLayout, bytes: &'a [u8]) -> Self {
        Self { layout, bytes, at: 0 }
    }

    /// Hands everything to `sink`. After an error the block was taken in as far as it was right.
    pub fn read<S: MotionSink>(mut self, sink: &mut S) -> Result<(), S::Error> {
        sink.epoch(self.number()?);
        let count = self.number()?;
        let (mut ways, mut next) = (vec![0; self.layout.steps()], 0);
        for _ in 0..count {
            let slot = self.slot(next)?;
            for way in &mut ways {
                let number = varint::unzigzag(self.number()?);
                *way = i32::try_from(number).map_err(|_| self.refuse("a way is too long"))?;
            }
            sink.way(slot, &ways)?;
            next = u64::from(slot) + 1;
        }
        let mut codings = Vec::new();
        while self.at < self.bytes.len() {
            self.section(&mut codings, sink)?;
        }
        Ok(())
    }

    fn section<S: MotionSink>(&mut self, codings: &mut Vec<Coding>, sink: &mut S) -> Result<(), S::Error> {
        let columns = self.byte()?;
        let known = self.layout.columns();
        if columns == 0 || u32::from(columns) >> known.len() != 0 {
            return Err(self.refuse("it names columns that are not quantised").into());
        }
        let count = self.number()?;
        let named = known.iter().enumerate().filter(|(at, _)| columns >> at & 1 == 1);
        let coded: usize = named.map(|(_, column)| column.coded()).sum();
        codings.clear();
        for _ in 0..coded {
            codings.push(Coding::from_byte(self.byte()?));
        }
        // Otherwise rows would take no bits, and a few bytes could name millions of them.
        if codings.iter().all(|coding| coding.is_constant()) {
            return Err(self.refuse("no residual of a section takes bits").into());
        }
        let mut slot = self.slot(0)?;
        let mode = self.byte()?;
        let (has_calm, shift) = (mode & CALM != 0, mode & !CALM);
        let is_in_runs = shift == RUNS;
        if !is_in_runs && shift > SHIFT_MAX {
            return Err(self.refuse("a distance has too many bits").into());
        }
        if count == 0 {
            return Err(self.refuse("a section has no rows").into());
        }
        let start = self.at;
        let mut bits = BitReader::new(self.bytes.get(start..).unwrap_or_default());
        let mut run = if is_in_runs { bits.take_small()? } else { 0 };
        for at in 0..count {
            if at > 0 {
                let distance = match (is_in_runs, run) {
                    (false, _) => coding::take_shifted(&mut bits, shift.into())?,
                    (true, 0) => {
                        let distance = bits.take_small()? + 1;
                        run = bits.take_small()?;
                        distance
                    }
                    (true, _) => {
                        run -= 1;
                        0
                    }
                };
                slot = self.checked_slot((u64::from(slot) + 1).saturating_add(distance))?;
            }
            let is_calm = if has_calm { Some(bits.take(1)? == 0) } else { None };
            sink.row(slot, columns, &mut RowResiduals { bits: &mut bits, codings, is_calm })?;
        }
        if run != 0 {
            return Err(self.refuse("a run is longer than its section").into());
        }
        self.at = start + bits.end_byte()?;
        Ok(())
    }

    fn refuse(&self, problem: &'static str) -> WireError {
        WireError::Motion { at: self.at, problem }
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte.ok_or(WireError::Truncated { block: "motion", at: self.at - 1 })
    }

    fn number(&mut self) -> Result<u64, WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (value, length) = varint::read(rest).ok_or(WireError::Varint(self.at))?;
        self.at += length;
        Ok(value)
    }

    /// A slot whose distance from `next` follows.
    fn slot(&mut self, next: u64) -> Result<Slot, WireError> {
        let distance = self.number()?;
        self.checked_slot(next.saturating_add(distance))
    }

    fn checked_slot(&self, number: u64) -> Result<Slot, WireError> {
        let slot = Slot::try_from(number).ok().filter(|&slot| (slot as usize) < ROWS_PER_TABLE_MAX);
        slot.ok_or(WireError::Unknown { what: "slot", number })
    }
}
