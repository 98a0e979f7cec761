//! Some columns of a row: keys, patches and changes.
//!
//! A column mask is a `u64`, bit i for column i. *Packed columns* are, for each column of a mask in order: a
//! fixed column's bytes as in the row; for any other column a `u32` length and a row of that one column.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

use crate::column::{RowReader, RowWriter};
use crate::decode::{DecodeError, DecodeErrorKind, validate_row, variant_at};
use crate::layout::{ColumnLayout, RowLayout};
use crate::types::{ColumnType, Field, place_fields};

/// The columns in which two rows of this layout differ.
pub fn changed_columns(layout: &RowLayout, old: &[u8], new: &[u8]) -> u64 {
    if layout.is_fixed() {
        return changed_fixed_columns(layout, old, new);
    }
    let mut mask = 0;
    for (index, column) in layout.columns().iter().enumerate() {
        let same = if column.is_fixed {
            same_fixed_bytes(column, old, new)
        } else {
            same_value(&column.ty, RowReader::new(old), RowReader::new(new), column.offset)
        };
        mask |= u64::from(!same) << index;
    }
    mask
}

/// Looks at the columns only where words differ, and only at those that are less than a word: a commit asks this for every row that it has changed.
fn changed_fixed_columns(layout: &RowLayout, old: &[u8], new: &[u8]) -> u64 {
    let candidates = differing_columns(old, new, layout.word_columns());
    let mut mask = candidates;
    let mut rest = candidates & !layout.whole_words();
    while rest != 0 {
        let index = rest.trailing_zeros();
        if let Some(column) = layout.columns().get(index as usize)
            && same_fixed_bytes(column, old, new)
        {
            mask &= !(1 << index);
        }
        rest &= rest - 1;
    }
    mask
}

/// The columns that have a byte in a word in which two rows differ. Most words are alike: four at a time.
fn differing_columns(old: &[u8], new: &[u8], word_columns: &[u64]) -> u64 {
    let of_words = |old: &[u8], new: &[u8], columns: &[u64]| {
        let words = old.as_chunks::<8>().0.iter().zip(new.as_chunks::<8>().0).zip(columns);
        words.fold(0, |mask, ((one, other), columns)| if one == other { mask } else { mask | columns })
    };
    let (old_blocks, old_rest) = old.as_chunks::<32>();
    let (new_blocks, new_rest) = new.as_chunks::<32>();
    let (columns, columns_rest) = word_columns.as_chunks::<4>();
    let mut mask = of_words(old_rest, new_rest, columns_rest);
    for ((one, other), columns) in old_blocks.iter().zip(new_blocks).zip(columns) {
        if one != other {
            mask |= of_words(one, other, columns);
        }
    }
    mask
}

/// Appends the packed columns that `mask` names. `row` is a valid row.
pub fn pack_columns(layout: &RowLayout, row: &[u8], mask: u64, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    for column in named_columns(layout, mask) {
        let reader = RowReader::new(row);
        if column.size == 8 && column.is_fixed {
            out.extend_from_slice(&reader.array::<8>(column.offset)?);
        } else if column.is_fixed {
            out.extend_from_slice(reader.slice(column.offset, column.size)?);
        } else {
            let length_at = out.len();
            out.extend_from_slice(&[0; 4]);
            let mut writer = RowWriter::new(out, column.size.next_multiple_of(8));
            copy_value(&column.ty, RowReader::new(row), column.offset, &mut writer, 0)?;
            let length = out.len() - length_at - 4;
            let length = u32::try_from(length).map_err(|_| DecodeError::new(DecodeErrorKind::TooLarge, 0))?;
            if let Some(place) = out.get_mut(length_at..length_at + 4) {
                place.copy_from_slice(&length.to_le_bytes());
            }
        }
    }
    Ok(())
}

/// Appends to `out` the row that `old` becomes when the packed columns replace its own; returns how many bytes
/// of `packed` that took. The new columns are checked; `old` is a valid row. On an error `out` may hold a part.
pub fn apply_columns(
    layout: &RowLayout,
    old: &[u8],
    mask: u64,
    packed: &[u8],
    out: &mut Vec<u8>,
) -> Result<usize, DecodeError> {
    check_mask(layout, mask)?;
    let packed = RowReader::new(packed);
    let start = out.len();
    if layout.is_fixed() {
        out.extend_from_slice(old);
        let mut taken = 0;
        for column in named_columns(layout, mask) {
            let bytes = packed.slice(taken, column.size)?;
            if let Some(place) = out.get_mut(start + column.offset..start + column.offset + column.size) {
                place.copy_from_slice(bytes);
            }
            taken += column.size;
        }
        validate_row(layout, out.get(start..).unwrap_or_default())?;
        return Ok(taken);
    }
    let mut writer = RowWriter::new(out, layout.fixed_bytes());
    let mut taken = 0;
    for (index, column) in layout.columns().iter().enumerate() {
        if mask >> index & 1 == 0 {
            copy_value(&column.ty, RowReader::new(old), column.offset, &mut writer, column.offset)?;
        } else if column.is_fixed {
            writer.put(column.offset, packed.slice(taken, column.size)?);
            taken += column.size;
        } else {
            let length = u32::from_le_bytes(packed.array(taken)?) as usize;
            let single = packed.slice(taken + 4, length)?;
            validate_row(&single_column(column), single)?;
            copy_value(&column.ty, RowReader::new(single), 0, &mut writer, column.offset)?;
            taken += 4 + length;
        }
    }
    validate_row(layout, out.get(start..).unwrap_or_default())?;
    Ok(taken)
}

/// Overwrites columns of a valid row in place. None of them may be among [`RowLayout::checked_columns`], so that any
/// bytes are a value; `packed` has the length that [`packed_length`] tells.
#[inline]
pub fn overlay_columns(layout: &RowLayout, row: &mut [u8], mask: u64, packed: &[u8]) {
    debug_assert!(mask & layout.checked_columns() == 0, "a column is overwritten unchecked");
    let mut rest = packed;
    for column in named_columns(layout, mask) {
        let Some((bytes, after)) = rest.split_at_checked(column.size) else { return };
        if let Some(place) = row.get_mut(column.offset..column.offset + column.size) {
            place.copy_from_slice(bytes);
        }
        rest = after;
    }
}

/// Whether two valid rows have the same values in the columns of `mask`. Columns among [`RowLayout::checked_columns`]
/// are compared by comparing the whole rows.
#[inline]
pub fn same_columns(layout: &RowLayout, old: &[u8], new: &[u8], mask: u64) -> bool {
    if mask & layout.checked_columns() != 0 {
        return old == new;
    }
    named_columns(layout, mask).all(|column| same_fixed_bytes(column, old, new))
}

/// How many bytes the packed columns of `mask` take at the start of `packed`. Checks lengths, not contents.
pub fn packed_length(layout: &RowLayout, mask: u64, packed: &[u8]) -> Result<usize, DecodeError> {
    check_mask(layout, mask)?;
    let reader = RowReader::new(packed);
    let mut taken = 0;
    for column in named_columns(layout, mask) {
        taken += match column.is_fixed {
            true => column.size,
            false => 4 + u32::from_le_bytes(reader.array(taken)?) as usize,
        };
    }
    reader.slice(0, taken)?;
    Ok(taken)
}

/// Appends some columns of a valid row as a row of their own, in the given order: an index key. `key` is
/// [`RowLayout::of_columns`] for the same columns.
pub fn copy_columns(
    layout: &RowLayout,
    row: &[u8],
    columns: &[u16],
    key: &RowLayout,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    // The usual key, a number, without a look at its type.
    if let &[index] = columns
        && let Some(column) = layout.columns().get(usize::from(index))
        && column.size == 8
        && layout.checked_columns() >> (index & 63) & 1 == 0
    {
        out.extend_from_slice(&RowReader::new(row).array::<8>(column.offset)?);
        return Ok(());
    }
    let mut writer = RowWriter::new(out, key.fixed_bytes());
    for (&index, target) in columns.iter().zip(key.columns()) {
        let column = layout
            .columns()
            .get(usize::from(index))
            .ok_or(DecodeError::new(DecodeErrorKind::UnknownColumn, 0))?;
        copy_value(&column.ty, RowReader::new(row), column.offset, &mut writer, target.offset)?;
    }
    Ok(())
}

fn single_column(column: &ColumnLayout) -> RowLayout {
    RowLayout::new(&[Field { name: String::new(), ty: column.ty.clone() }])
}

fn check_mask(layout: &RowLayout, mask: u64) -> Result<(), DecodeError> {
    let count = layout.columns().len();
    if count < 64 && mask >> count != 0 {
        return Err(DecodeError::new(DecodeErrorKind::UnknownColumn, 0));
    }
    Ok(())
}

fn named_columns(layout: &RowLayout, mask: u64) -> impl Iterator<Item = &ColumnLayout> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        let column = layout.columns().get(rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(column)
    })
}

/// Compared as numbers where the size is that of one: a commit asks this for every column of every changed row.
#[inline]
fn same_fixed_bytes(column: &ColumnLayout, old: &[u8], new: &[u8]) -> bool {
    let (one, other) = (RowReader::new(old), RowReader::new(new));
    match column.size {
        8 => one.array::<8>(column.offset) == other.array(column.offset),
        4 => one.array::<4>(column.offset) == other.array(column.offset),
        _ => fixed_bytes(column, old) == fixed_bytes(column, new),
    }
}

fn fixed_bytes<'a>(column: &ColumnLayout, row: &'a [u8]) -> Option<&'a [u8]> {
    row.get(column.offset..column.offset + column.size)
}

fn same_value(ty: &ColumnType, old: RowReader<'_>, new: RowReader<'_>, at: usize) -> bool {
    let single = |row| {
        let mut out = Vec::new();
        let mut writer = RowWriter::new(&mut out, ty.size());
        copy_value(ty, row, at, &mut writer, 0).map(|()| out)
    };
    match ty {
        ColumnType::String | ColumnType::Bytes => old.heap_bytes(at) == new.heap_bytes(at),
        _ => single(old) == single(new),
    }
}

/// Copies one value, heap included, from a valid row into a row being written.
fn copy_value(
    ty: &ColumnType,
    from: RowReader<'_>,
    from_at: usize,
    to: &mut RowWriter<'_>,
    to_at: usize,
) -> Result<(), DecodeError> {
    match ty {
        ColumnType::String | ColumnType::Bytes => to.bytes(to_at, from.heap_bytes(from_at)?),
        ColumnType::Vec(inner) => {
            let (block, count) = from.list(from_at, inner.size())?;
            let target = to.list(to_at, count, inner.size(), inner.align());
            if inner.is_fixed() {
                if count > 0 {
                    to.put(target, from.slice(block, count * inner.size())?);
                }
            } else {
                for step in (0..count).map(|index| index * inner.size()) {
                    copy_value(inner, from, block + step, to, target + step)?;
                }
            }
        }
        ColumnType::Option(inner) if !inner.is_fixed() => {
            let tag = from.byte(from_at)?;
            to.put(to_at, &[tag]);
            if tag == 1 {
                copy_value(inner, from, from_at + inner.align(), to, to_at + inner.align())?;
            }
        }
        ColumnType::Enum(enumeration) if enumeration.has_payload() => {
            let (block, _) = from.heap_ref(from_at)?;
            let variant = variant_at(&enumeration.variants, from, block)?;
            let (size, align) = variant.block();
            let target = to.block(to_at, size, align);
            to.put(target, &[from.byte(block)?]);
            copy_fields(&variant.fields, from, block, to, target, 1)?;
        }
        ColumnType::Struct(structure) if !ty.is_fixed() => {
            copy_fields(&structure.fields, from, from_at, to, to_at, 0)?;
        }
        fixed => to.put(to_at, from.slice(from_at, fixed.size())?),
    }
    Ok(())
}

fn copy_fields(
    fields: &[Field],
    from: RowReader<'_>,
    from_at: usize,
    to: &mut RowWriter<'_>,
    to_at: usize,
    first_offset: usize,
) -> Result<(), DecodeError> {
    let mut result = Ok(());
    place_fields(fields, first_offset, |offset, field| {
        if result.is_ok() {
            result = copy_value(&field.ty, from, from_at + offset, to, to_at + offset);
        }
    });
    result
}
