//! Columns whose values have something between them: reading them from rows, and blending two of them.

use ambit_model::glam::{DQuat, DVec4};
use ambit_model::{ColumnType, Quantize, RowLayout, TableSchema};

use super::Values;
use crate::error::InterpolateError;

/// A column that is interpolated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FollowedColumn {
    /// Its place in the table.
    pub column: u16,
    offset: usize,
    is_f64: bool,
    count: usize,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Straight,
    /// The shorter way around a turn.
    Angle {
        turn: f64,
        from: f64,
    },
    Rotation,
}

impl FollowedColumn {
    /// The column at this place of a table.
    pub(crate) fn new(
        table: &TableSchema,
        layout: &RowLayout,
        column: u16,
    ) -> Result<Self, InterpolateError> {
        let place = usize::from(column);
        let (Some(schema), Some(laid)) = (table.columns.get(place), layout.columns().get(place)) else {
            return Err(InterpolateError::UnknownColumn { table: table.name.clone(), column });
        };
        let Some((is_f64, count)) = components(&laid.ty) else {
            return Err(InterpolateError::NotNumbers {
                table: table.name.clone(),
                column: schema.name.clone(),
                ty: laid.ty.to_string(),
            });
        };
        let rule = match schema.quantize {
            Some(Quantize::Angle { turn, from, .. }) => Rule::Angle { turn, from },
            Some(Quantize::Step { .. } | Quantize::Quaternion { .. }) | None => {
                if laid.ty == ColumnType::Quat { Rule::Rotation } else { Rule::Straight }
            }
        };
        Ok(Self { column, offset: laid.offset, is_f64, count, rule })
    }

    /// The column as a mask of the table's columns.
    #[inline]
    pub(crate) fn mask(&self) -> u64 {
        1 << (self.column & 63)
    }

    /// The column's value in a row.
    #[inline]
    pub(crate) fn values(&self, row: &[u8]) -> Values {
        let mut values = [0.0; 4];
        let size = if self.is_f64 { 8 } else { 4 };
        let bytes = row.get(self.offset..self.offset + self.count * size).unwrap_or_default();
        for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(size)) {
            *value = match (bytes.first_chunk::<8>(), bytes.first_chunk::<4>()) {
                (Some(long), _) => f64::from_le_bytes(*long),
                (None, Some(short)) => f32::from_le_bytes(*short).into(),
                (None, None) => 0.0,
            };
        }
        values
    }

    /// The value at a share of the way from one to another: 0 is the first, 1 the second, more lies beyond it. Where that is no
    /// number, as on the way from infinity, the first one holds.
    ///
    /// Rotations take the shorter way at an even pace (K. Shoemake, "Animating rotation with quaternion curves", 1985: slerp).
    /// The cheaper normalised blend is not even, which shows in fast turns, and bends beyond the second value.
    pub(crate) fn blend(&self, from: Values, to: Values, share: f64) -> Values {
        let there = match self.rule {
            Rule::Straight => (DVec4::from(from) + (DVec4::from(to) - DVec4::from(from)) * share).into(),
            Rule::Angle { turn, from: least } => {
                let [[from, ..], [to, ..]] = [from, to];
                let way = (to - from + turn / 2.0).rem_euclid(turn) - turn / 2.0;
                let angle = (from + way * share - least).rem_euclid(turn) + least;
                [angle, 0.0, 0.0, 0.0]
            }
            Rule::Rotation => {
                // Rows hold rotations that are rounded, or none at all.
                let unit = |values: Values| {
                    Some(DVec4::from(values).normalize_or_zero()).filter(|unit| *unit != DVec4::ZERO)
                };
                match (unit(from), unit(to)) {
                    (Some(from), Some(to)) => {
                        let turned = DQuat::from_vec4(from).slerp(DQuat::from_vec4(to), share);
                        turned.normalize().into()
                    }
                    (None, _) | (_, None) => from,
                }
            }
        };
        if there.iter().all(|value| value.is_finite()) { there } else { from }
    }

    /// How far two values lie apart, if they can be so far apart that there is no way between them: an angle cannot.
    pub(crate) fn distance(&self, from: Values, to: Values) -> Option<f64> {
        match self.rule {
            Rule::Straight => Some(DVec4::from(from).distance(DVec4::from(to))),
            Rule::Angle { .. } | Rule::Rotation => None,
        }
    }
}

/// Whether the components of a type are `f64`, and how many there are.
#[expect(clippy::wildcard_enum_match_arm, reason = "few types have something between their values")]
fn components(ty: &ColumnType) -> Option<(bool, usize)> {
    match ty {
        ColumnType::F32 => Some((false, 1)),
        ColumnType::F64 => Some((true, 1)),
        ColumnType::Vec2 => Some((false, 2)),
        ColumnType::Vec3 => Some((false, 3)),
        ColumnType::Vec4 | ColumnType::Quat => Some((false, 4)),
        ColumnType::DVec2 => Some((true, 2)),
        ColumnType::DVec3 => Some((true, 3)),
        _ => None,
    }
}
