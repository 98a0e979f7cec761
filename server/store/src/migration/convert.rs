//! How values of one type become values of another: compiled once per column, then carried out row by row on bytes.
//!
//! Which types become which others is part of what a log means (docs/formats/migration.md): every store must convert a
//! row to the same bytes. The source row is valid; the result is, too.

mod compile;

use ambit_model::{RowReader, RowWriter, limits};

pub(crate) use compile::is_same_shape;

/// Turns rows of one layout into rows of another.
#[derive(Debug)]
pub(crate) struct Converter {
    fixed_bytes: usize,
    steps: Vec<ColumnStep>,
}

#[derive(Debug)]
struct ColumnStep {
    from: usize,
    to: usize,
    conversion: Conversion,
    /// A row of this one column, to be read instead of the source row.
    constant: Option<Vec<u8>>,
}

/// What one value becomes.
#[derive(Debug)]
pub(crate) enum Conversion {
    /// The same bytes, as many as are said.
    Copy(usize),
    /// The same text or bytes.
    Text,
    /// An integer with more bytes.
    Integer { from: usize, to: usize, signed: bool },
    /// As many floats with twice the bytes.
    Floats(usize),
    /// A float of the integer's value, if there is one.
    Float { from: usize, to: usize, signed: bool },
    /// A present option.
    Wrap { align: usize, inner: Box<Conversion> },
    /// An option of something else.
    Option { from_align: usize, to_align: usize, inner: Box<Conversion> },
    /// What an option holds; an absent one has no value.
    Unwrap { align: usize, inner: Box<Conversion> },
    /// A list of something else.
    List { from_size: usize, to_size: usize, to_align: usize, inner: Box<Conversion> },
    /// Named parts at other places.
    Fields(Vec<FieldStep>),
    /// A variant of another enum, by the tag of the source.
    Enum { from_heap: bool, to_heap: bool, variants: Vec<VariantStep> },
}

#[derive(Debug)]
pub(crate) struct FieldStep {
    from: usize,
    to: usize,
    conversion: Conversion,
}

#[derive(Debug)]
pub(crate) struct VariantStep {
    tag: u8,
    size: usize,
    align: usize,
    fields: Vec<FieldStep>,
}

/// Why a row has no counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No float has the integer's value.
    Inexact,
    /// The row would be larger than a row can be.
    TooLarge,
    /// An absent option was to be unwrapped.
    Absent,
    /// The source row is not valid.
    Damaged,
}

impl Converter {
    pub(crate) fn new(fixed_bytes: usize) -> Self {
        Self { fixed_bytes, steps: Vec::new() }
    }

    /// The column at `to` comes from the source row's bytes at `from`. Columns are added in the order of the new row.
    pub(crate) fn column(&mut self, from: usize, to: usize, conversion: Conversion) {
        self.steps.push(ColumnStep { from, to, conversion, constant: None });
    }

    /// The column at `to` is the one of `row`, which has no other.
    pub(crate) fn constant(&mut self, row: Vec<u8>, to: usize, conversion: Conversion) {
        self.steps.push(ColumnStep { from: 0, to, conversion, constant: Some(row) });
    }

    /// Appends the new row. An error says which column, by its place in the new row.
    pub(crate) fn convert(&self, row: &[u8], out: &mut Vec<u8>) -> Result<(), (usize, Problem)> {
        let start = out.len();
        let mut writer = RowWriter::new(out, self.fixed_bytes);
        for (column, step) in self.steps.iter().enumerate() {
            let reader = RowReader::new(step.constant.as_deref().unwrap_or(row));
            step.conversion
                .write(reader, step.from, &mut writer, step.to)
                .map_err(|problem| (column, problem))?;
        }
        match out.len() - start > limits::ROW_BYTES_MAX {
            true => Err((self.steps.len().saturating_sub(1), Problem::TooLarge)),
            false => Ok(()),
        }
    }
}

impl Conversion {
    fn write(
        &self,
        reader: RowReader<'_>,
        from: usize,
        writer: &mut RowWriter<'_>,
        to: usize,
    ) -> Result<(), Problem> {
        match self {
            Self::Copy(size) => writer.put(to, slice(reader, from, *size)?),
            Self::Text => writer.bytes(to, reader.heap_bytes(from).map_err(|_| Problem::Damaged)?),
            Self::Integer { from: size, to: width, signed } => {
                let bytes = extend(slice(reader, from, *size)?, *signed);
                writer.put(to, bytes.get(..*width).unwrap_or(&bytes));
            }
            Self::Floats(count) => {
                for part in 0..*count {
                    let bits =
                        u32::from_le_bytes(reader.array(from + 4 * part).map_err(|_| Problem::Damaged)?);
                    writer.put(to + 8 * part, &double_bits(bits).to_le_bytes());
                }
            }
            Self::Float { from: size, to: width, signed } => {
                let number = i128::from_le_bytes(extend(slice(reader, from, *size)?, *signed));
                write_float(number, *width, writer, to)?;
            }
            Self::Wrap { align, inner } => {
                writer.put(to, &[1]);
                inner.write(reader, from, writer, to + align)?;
            }
            Self::Option { from_align, to_align, inner } => {
                if byte(reader, from)? != 0 {
                    writer.put(to, &[1]);
                    inner.write(reader, from + from_align, writer, to + to_align)?;
                }
            }
            Self::Unwrap { align, inner } => {
                if byte(reader, from)? == 0 {
                    return Err(Problem::Absent);
                }
                inner.write(reader, from + align, writer, to)?;
            }
            Self::List { from_size, to_size, to_align, inner } => {
                let (block, count) = reader.list(from, *from_size).map_err(|_| Problem::Damaged)?;
                room(0, count.saturating_mul(*to_size))?;
                let place = writer.list(to, count, *to_size, *to_align);
                room(place, count * to_size)?;
                for index in 0..count {
                    inner.write(reader, block + index * from_size, writer, place + index * to_size)?;
                }
            }
            Self::Fields(fields) => write_fields(fields, reader, from, writer, to)?,
            Self::Enum { from_heap, to_heap, variants } => {
                let block = match from_heap {
                    true => reader.heap_ref(from).map_err(|_| Problem::Damaged)?.0,
                    false => from,
                };
                let tag = usize::from(byte(reader, block)?);
                let variant = variants.get(tag).ok_or(Problem::Damaged)?;
                let place = match to_heap {
                    true => writer.block(to, variant.size, variant.align),
                    false => to,
                };
                room(place, variant.size)?;
                writer.put(place, &[variant.tag]);
                write_fields(&variant.fields, reader, block, writer, place)?;
            }
        }
        Ok(())
    }
}

/// The float of an integer's value.
fn write_float(number: i128, width: usize, writer: &mut RowWriter<'_>, to: usize) -> Result<(), Problem> {
    let (single, double) = (number as f32, number as f64);
    if double as i128 != number || (width == 4 && f64::from(single) != double) {
        return Err(Problem::Inexact);
    }
    match width {
        4 => writer.put(to, &single.to_le_bytes()),
        _ => writer.put(to, &double.to_le_bytes()),
    }
    Ok(())
}

fn write_fields(
    fields: &[FieldStep],
    reader: RowReader<'_>,
    from: usize,
    writer: &mut RowWriter<'_>,
    to: usize,
) -> Result<(), Problem> {
    fields
        .iter()
        .try_for_each(|field| field.conversion.write(reader, from + field.from, writer, to + field.to))
}

/// A little-endian integer with 16 bytes.
fn extend(bytes: &[u8], signed: bool) -> [u8; 16] {
    let is_negative = signed && bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut wide = [if is_negative { 0xFF } else { 0 }; 16];
    wide.iter_mut().zip(bytes).for_each(|(place, &byte)| *place = byte);
    wide
}

/// The bits of the `f64` of the same value. A processor may choose the bits of a NaN, and stores must agree.
fn double_bits(bits: u32) -> u64 {
    let float = f32::from_bits(bits);
    if !float.is_nan() {
        return f64::from(float).to_bits();
    }
    let (sign, fraction) = (u64::from(bits >> 31), u64::from(bits & 0x7F_FFFF));
    sign << 63 | 0x7FF << 52 | fraction << 29
}

/// Refuses what would go past a row's end before it takes memory.
fn room(place: usize, size: usize) -> Result<(), Problem> {
    match place.saturating_add(size) > limits::ROW_BYTES_MAX {
        true => Err(Problem::TooLarge),
        false => Ok(()),
    }
}

fn slice(reader: RowReader<'_>, at: usize, size: usize) -> Result<&[u8], Problem> {
    reader.slice(at, size).map_err(|_| Problem::Damaged)
}

fn byte(reader: RowReader<'_>, at: usize) -> Result<u8, Problem> {
    reader.byte(at).map_err(|_| Problem::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambit_model::{ColumnType, Field, RowLayout, StructType, Value, encode_row};

    /// Eight thousand lists of a hundred elements, each of which would grow from one byte to two thousand.
    #[test]
    fn a_row_that_grows_too_large_is_given_up_early() {
        let lists = |fields: Vec<Field>| {
            let element = ColumnType::Struct(StructType { name: "Element".into(), fields }.into());
            ColumnType::Vec(Box::new(ColumnType::Vec(Box::new(element))))
        };
        let field = |name: String, ty| Field { name, ty };
        let tag = field("tag".into(), ColumnType::Bool);
        let large = (0..60)
            .map(|number| field(format!("f{number}"), ColumnType::Option(Box::new(ColumnType::Identity))));
        let from = lists(vec![tag.clone()]);
        let to = lists(std::iter::once(tag).chain(large).collect());
        let layout = RowLayout::new(&[field(String::new(), from.clone())]);
        let element = Value::Struct(vec![Value::Bool(true)]);
        let row = encode_row(&layout, &[Value::Vec(vec![Value::Vec(vec![element; 100]); 8_000])]).unwrap();
        let mut converter = Converter::new(8);
        converter.column(0, 0, Conversion::new(&from, &to, &mut Vec::new()).unwrap());
        let mut out = Vec::new();
        assert_eq!(converter.convert(&row, &mut out), Err((0, Problem::TooLarge)));
        assert!(out.len() < 2 * limits::ROW_BYTES_MAX, "{} bytes were written", out.len());
    }
}
