//! One converted table: the rows of an old one under a new description, in the same slots.

use ambit_model::{RowLayout, TableSchema};

use crate::migration::ColumnSource;
use crate::migration::convert::{Conversion, Converter, Problem, is_same_shape};
use crate::table::{Adopted, Table};

/// How the rows of one table become those of another.
#[derive(Debug)]
pub(super) enum RowMaker {
    /// They are the same bytes.
    Copy,
    /// Column by column.
    Convert(Converter),
}

/// Why a row of the old table has no place in the new one.
#[derive(Debug)]
pub(super) enum Misfit {
    /// A column has no counterpart.
    Value { column: u16, problem: Problem },
    /// The position in this index is not finite.
    Position { index: u16 },
    /// Another row has the key in this unique index.
    Duplicate { index: u16 },
}

impl RowMaker {
    /// `None` when the sources do not fit the tables.
    pub(super) fn new(old: &TableSchema, new: &TableSchema, sources: &[ColumnSource]) -> Option<Self> {
        if sources.len() != new.columns.len() {
            return None;
        }
        let (old_layout, new_layout) = (old.layout(), new.layout());
        if old.columns.len() == new.columns.len() && is_identity(&old_layout, &new_layout, sources) {
            return Some(Self::Copy);
        }
        let mut converter = Converter::new(new_layout.fixed_bytes());
        for (source, column) in sources.iter().zip(new_layout.columns()) {
            match source {
                ColumnSource::Column(from) => {
                    let from = old_layout.columns().get(usize::from(*from))?;
                    let conversion = Conversion::new(&from.ty, &column.ty, &mut Vec::new()).ok()?;
                    converter.column(from.offset, column.offset, conversion);
                }
                ColumnSource::Default(row) => {
                    let conversion = Conversion::new(&column.ty, &column.ty, &mut Vec::new()).ok()?;
                    converter.constant(row.clone(), column.offset, conversion);
                }
            }
        }
        Some(Self::Convert(converter))
    }

    /// The new row, in `out` or where it was.
    pub(super) fn make<'a>(&self, row: &'a [u8], out: &'a mut Vec<u8>) -> Result<&'a [u8], Misfit> {
        match self {
            Self::Copy => Ok(row),
            Self::Convert(converter) => {
                out.clear();
                converter
                    .convert(row, out)
                    .map_err(|(column, problem)| Misfit::Value { column: column as u16, problem })?;
                Ok(out)
            }
        }
    }
}

/// Fills an empty table with the rows of another. On an error it says at which row it stopped.
pub(super) fn fill<'a>(
    table: &mut Table,
    maker: &RowMaker,
    old: &'a Table,
) -> Result<(), (&'a [u8], Misfit)> {
    let mut scratch = Vec::new();
    for (slot, row) in old.slots() {
        let made = maker.make(row, &mut scratch).map_err(|misfit| (row, misfit))?;
        match table.adopt_row(slot, made) {
            Adopted::Yes => {}
            Adopted::Position { index } => return Err((row, Misfit::Position { index })),
            Adopted::Duplicate { index } => return Err((row, Misfit::Duplicate { index })),
        }
    }
    Ok(())
}

fn is_identity(old: &RowLayout, new: &RowLayout, sources: &[ColumnSource]) -> bool {
    let columns = old.columns().iter().zip(new.columns()).zip((0..).zip(sources));
    columns.into_iter().all(|((old, new), (position, source))| {
        *source == ColumnSource::Column(position) && is_same_shape(&old.ty, &new.ty)
    })
}
