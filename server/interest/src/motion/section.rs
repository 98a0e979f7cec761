//! How the rows of one section are coded: what suits most of them, by a sample.

use ambit_wire::{BitWriter, Coding, is_leap, write_calm, write_residuals};

use super::codes::{MovedRow, Residuals};
use crate::limits;

/// The codings of a section's components, and whether its rows tell if they are calm.
#[derive(Debug, Default)]
pub(super) struct SectionCoding {
    pub codings: Vec<Coding>,
    pub has_calm: bool,
}

impl SectionCoding {
    /// The best one for these rows, whose columns have so many coded components each.
    pub fn choose(
        coded: &[usize],
        rows: &[MovedRow],
        residuals: &[Residuals],
        sample: &mut Vec<i64>,
    ) -> Self {
        let of_row = |row: &MovedRow| residuals.get(row.residuals as usize..).unwrap_or_default();
        let step = rows.len().div_ceil(limits::CODING_SAMPLE_ROWS).max(1);
        let sampled: Vec<&[Residuals]> = rows.iter().step_by(step).map(of_row).collect();
        let mut constants = Vec::new();
        for (column, count) in coded.iter().enumerate() {
            let residual = |row: &MovedRow, component: usize| {
                let (face, residuals) = of_row(row).get(column)?;
                (face.is_none() || component > 0).then_some(*residuals.get(component)?)
            };
            constants.extend((0..*count).map(|component| {
                let first = residual(rows.first()?, component)?;
                let is_constant = rows.iter().all(|row| residual(row, component) == Some(first));
                Coding::constant(first).filter(|_| is_constant)
            }));
        }
        if constants.iter().all(Option::is_some) {
            // Every row takes a bit at least: it is what bounds a client's work.
            constants.pop();
            constants.push(None);
        }
        let plain = Self { codings: codings(coded, &sampled, &constants, sample), has_calm: false };
        let lively: Vec<&[Residuals]> = sampled
            .iter()
            .copied()
            .filter(|row| !plain.is_calm(coded, row) && !plain.has_leap(coded, row))
            .collect();
        // The centres are those of all rows, so that the calm ones stay calm.
        let own = codings(coded, &lively, &constants, sample);
        let codings = own.iter().zip(&plain.codings).map(|(own, all)| own.around(*all)).collect();
        let with_calm = Self { codings, has_calm: true };
        let bits = |coding: &Self| sampled.iter().map(|row| coding.count(coded, row)).sum::<u64>();
        if bits(&with_calm) < bits(&plain) { with_calm } else { plain }
    }

    /// The residuals of a row, column by column, with their codings.
    fn columns<'a>(
        &'a self,
        coded: &'a [usize],
        row: &'a [Residuals],
    ) -> impl Iterator<Item = (&'a [Coding], Residuals)> {
        let mut codings = self.codings.as_slice();
        coded.iter().zip(row).map(move |(count, residuals)| {
            let (own, others) = codings.split_at_checked(*count).unwrap_or_default();
            codings = others;
            (own, *residuals)
        })
    }

    fn is_calm(&self, coded: &[usize], row: &[Residuals]) -> bool {
        self.columns(coded, row).all(|(codings, (face, residuals))| {
            face.is_none() && codings.iter().zip(residuals).all(|(coding, residual)| coding.is_calm(residual))
        })
    }

    fn has_leap(&self, coded: &[usize], row: &[Residuals]) -> bool {
        self.columns(coded, row).any(|(codings, (_, residuals))| is_leap(codings, residuals))
    }

    /// How many bits a row takes, but for a quaternion that has another largest component.
    fn count(&self, coded: &[usize], row: &[Residuals]) -> u64 {
        let is_calm = self.has_calm && self.is_calm(coded, row);
        let mut count = u64::from(self.has_calm);
        for (codings, (_, residuals)) in self.columns(coded, row) {
            let is_leap = self.has_calm && !is_calm && is_leap(codings, residuals);
            count += u64::from(self.has_calm && !is_calm);
            let bits = codings.iter().zip(residuals).map(|(coding, residual)| match (is_calm, is_leap) {
                (true, _) => coding.calm_bits(residual),
                (false, true) => coding.wide().bits(residual),
                (false, false) => coding.bits(residual),
            });
            count += bits.map(u64::from).sum::<u64>();
        }
        count
    }

    /// Appends the bits of a row up to a whole word; returns how many they are.
    pub fn encode(&self, coded: &[usize], row: &[Residuals], out: &mut Vec<u8>) -> u32 {
        let mut bits = BitWriter::new(out);
        let is_calm = self.has_calm && self.is_calm(coded, row);
        let mut count = u32::from(self.has_calm);
        if self.has_calm {
            write_calm(&mut bits, is_calm);
        }
        for (codings, residuals) in self.columns(coded, row) {
            if !is_calm {
                count += write_residuals(&mut bits, (codings, self.has_calm), residuals);
                continue;
            }
            for (coding, residual) in codings.iter().zip(residuals.1) {
                coding.put_calm(&mut bits, residual);
                count += coding.calm_bits(residual);
            }
        }
        bits.end_word();
        count
    }
}

/// The best codings for these rows, but for those that are constant.
fn codings(
    coded: &[usize],
    rows: &[&[Residuals]],
    constants: &[Option<Coding>],
    sample: &mut Vec<i64>,
) -> Vec<Coding> {
    let places = coded.iter().enumerate();
    let places = places.flat_map(|(column, count)| (0..*count).map(move |component| (column, component)));
    let mut choose = |column: usize, component: usize| {
        sample.clear();
        let residual = |row: &&[Residuals]| row.get(column)?.1.get(component).copied();
        sample.extend(rows.iter().filter_map(residual));
        Coding::choose(sample)
    };
    let chosen = places.zip(constants);
    chosen.map(|((column, component), known)| known.unwrap_or_else(|| choose(column, component))).collect()
}
