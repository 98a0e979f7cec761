//! How the residuals of one component are coded: those of a section have one centre and one spread.
//!
//! A number becomes a shifted part and its low bits. Up to three, the shifted part is as many 1 bits and a 0; what is
//! larger is four 1 bits and a number of `put_small`, of which 0 is kept for a quaternion that has another largest component.

use ambit_model::varint::{unzigzag, zigzag};

use crate::bits::{BitReader, BitWriter};
use crate::error::WireError;

/// 1 bits that stand for a part that does not fit them.
const ONES_MAX: u32 = 4;

/// Bits of a quaternion's face.
pub(super) const FACE_BITS: u32 = 3;

/// The highest shift of a residual.
const SHIFT_MAX: u8 = 14;

/// What a column's shifts are raised by in a row that makes a leap: as it does when something is hit, or turns around.
const WIDER: u8 = 4;

/// Stands in a shift's place where all residuals are the centre and take no bits.
const CONSTANT: u8 = 15;

/// Centre and spread of the residuals of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coding {
    shift: u8,
    centre: i8,
}

impl Coding {
    /// The best one for these residuals, which it sorts.
    pub fn choose(residuals: &mut [i64]) -> Self {
        residuals.sort_unstable();
        let median = residuals.get(residuals.len() / 2).copied().unwrap_or(0);
        let centre = median.clamp(-8, 7) as i8;
        let bits =
            |coding: &Self| residuals.iter().map(|&residual| u64::from(coding.bits(residual))).sum::<u64>();
        let mut best = Self { shift: 0, centre };
        let mut least = bits(&best);
        for shift in 1..=SHIFT_MAX {
            let coding = Self { shift, centre };
            let cost = bits(&coding);
            if cost > least {
                // Beyond the best spread every one is worse.
                break;
            }
            (best, least) = (coding, cost);
        }
        best
    }

    /// The one for residuals that are all alike, if there is one for them.
    pub fn constant(residual: i64) -> Option<Self> {
        let centre = i8::try_from(residual).ok().filter(|centre| (-8..8).contains(centre))?;
        Some(Self { shift: CONSTANT, centre })
    }

    /// The one for a column of a row that makes a leap.
    pub fn wide(self) -> Self {
        match self.is_constant() {
            true => self,
            false => Self { shift: (self.shift + WIDER).min(SHIFT_MAX), ..self },
        }
    }

    /// The same spread around the centre of another one.
    pub fn around(self, other: Self) -> Self {
        Self { centre: other.centre, ..self }
    }

    /// Whether residuals take no bits. A section has others too.
    pub fn is_constant(self) -> bool {
        self.shift == CONSTANT
    }

    /// Whether the residual is one that a calm row can have: the centre, or next to it.
    pub fn is_calm(self, residual: i64) -> bool {
        residual.abs_diff(self.centre.into()) <= u64::from(!self.is_constant())
    }

    /// How many bits it takes there.
    pub fn calm_bits(self, residual: i64) -> u32 {
        match self.is_constant() {
            true => 0,
            false => 1 + u32::from(residual != i64::from(self.centre)),
        }
    }

    /// Appends the residual of a calm row.
    #[inline]
    pub fn put_calm(self, bits: &mut BitWriter<'_>, residual: i64) {
        debug_assert!(self.is_calm(residual), "a residual of a row that is not calm");
        match residual - i64::from(self.centre) {
            _ if self.is_constant() => {}
            0 => bits.put(0, 1),
            way => bits.put(if way < 0 { 3 } else { 1 }, 2),
        }
    }

    #[inline]
    pub(super) fn take_calm(self, bits: &mut BitReader<'_>) -> Result<i64, WireError> {
        let centre = i64::from(self.centre);
        if self.is_constant() || bits.take(1)? == 0 {
            return Ok(centre);
        }
        Ok(if bits.take(1)? == 0 { centre + 1 } else { centre - 1 })
    }

    /// How many bits a residual takes.
    pub fn bits(self, residual: i64) -> u32 {
        if self.shift == CONSTANT {
            return 0;
        }
        let high = self.number(residual) >> self.shift;
        let prefix = match high < u64::from(ONES_MAX) {
            true => high as u32 + 1,
            false => ONES_MAX + 2 * (high - u64::from(ONES_MAX) + 2).ilog2() + 1,
        };
        prefix + u32::from(self.shift)
    }

    pub(super) fn byte(self) -> u8 {
        self.shift | (self.centre as u8) << 4
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self { shift: byte & 15, centre: (byte as i8) >> 4 }
    }

    #[inline]
    fn number(self, residual: i64) -> u64 {
        zigzag(residual.saturating_sub(self.centre.into()))
    }

    #[inline]
    pub(super) fn put(self, bits: &mut BitWriter<'_>, residual: i64) {
        if self.shift != CONSTANT {
            put_shifted(bits, self.number(residual), self.shift.into());
        }
    }

    /// The next residual; none if a face stands here.
    #[inline]
    pub(super) fn take(self, bits: &mut BitReader<'_>) -> Result<Option<i64>, WireError> {
        if self.shift == CONSTANT {
            return Ok(Some(self.centre.into()));
        }
        let Some(high) = take_high(bits)? else { return Ok(None) };
        let number = high << self.shift | bits.take(self.shift.into())?;
        Ok(Some(unzigzag(number) + i64::from(self.centre)))
    }
}

#[inline]
pub(super) fn put_shifted(bits: &mut BitWriter<'_>, number: u64, shift: u32) {
    let high = number >> shift;
    if high < u64::from(ONES_MAX) {
        bits.put((1 << high) - 1, high as u32 + 1);
    } else {
        bits.put((1 << ONES_MAX) - 1, ONES_MAX);
        bits.put_small(high - u64::from(ONES_MAX) + 1);
    }
    bits.put(number & ((1 << shift) - 1), shift);
}

/// Returns how many bits that took.
pub(super) fn put_face(bits: &mut BitWriter<'_>, face: u8) -> u32 {
    bits.put((1 << ONES_MAX) - 1, ONES_MAX);
    bits.put_small(0);
    bits.put(face.into(), FACE_BITS);
    ONES_MAX + 1 + FACE_BITS
}

/// A number that cannot be a face.
#[inline]
pub(super) fn take_shifted(bits: &mut BitReader<'_>, shift: u32) -> Result<u64, WireError> {
    let high = take_high(bits)?.ok_or(WireError::Motion { at: 0, problem: "a distance has a face" })?;
    Ok(high << shift | bits.take(shift)?)
}

#[inline]
fn take_high(bits: &mut BitReader<'_>) -> Result<Option<u64>, WireError> {
    let ones = bits.ones(ONES_MAX)?;
    if ones < ONES_MAX {
        return Ok(Some(ones.into()));
    }
    let number = bits.take_small()?;
    Ok((number > 0).then(|| number + u64::from(ONES_MAX) - 1))
}
