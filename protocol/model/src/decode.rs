//! Row bytes → values known at run time, and the check that bytes are a row at all.
//!
//! Every value has exactly one encoding: heap blocks lie in the order in which the columns refer to them,
//! without gaps other than zero padding. So equal rows have equal bytes, and no bytes are read twice.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

use glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};

use crate::column::{Column, RowReader};
use crate::layout::RowLayout;
use crate::limits;
use crate::types::{ColumnType, Field, Variant, fields_size, place_fields};
use crate::value::Value;

/// Why bytes are not a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at} of the row")]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Where it is wrong: byte offset from the row's start.
    pub at: usize,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the row's end.
    #[error("unexpected bytes follow the row")]
    TrailingBytes,
    /// More than [`limits::ROW_BYTES_MAX`] bytes.
    #[error("the row is larger than {} bytes", limits::ROW_BYTES_MAX)]
    TooLarge,
    /// A bool is neither 0 nor 1.
    #[error("a bool is neither 0 nor 1")]
    Bool,
    /// An option's tag is neither 0 nor 1.
    #[error("an option's tag is neither 0 nor 1")]
    OptionTag,
    /// An enum's tag names no variant.
    #[error("an enum's tag names no variant")]
    EnumTag,
    /// Padding, or the place of an absent option, is not zero.
    #[error("padding is not zero")]
    Padding,
    /// A heap reference does not point to the next free place of the heap.
    #[error("a heap reference points to the wrong place")]
    HeapOrder,
    /// A list is longer than [`limits::LIST_ELEMENTS_MAX`].
    #[error("a list has more than {} elements", limits::LIST_ELEMENTS_MAX)]
    ListTooLong,
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    Utf8,
    /// A column mask or a key names a column that the row does not have.
    #[error("a column is named that the row does not have")]
    UnknownColumn,
}

impl DecodeError {
    pub(crate) const fn new(kind: DecodeErrorKind, at: usize) -> Self {
        Self { kind, at }
    }
}

/// Whether `bytes` are exactly one row of this layout. Costs a walk over the columns, no allocation.
#[inline]
pub fn validate_row(layout: &RowLayout, bytes: &[u8]) -> Result<(), DecodeError> {
    if layout.is_plain() && bytes.len() == layout.fixed_bytes() {
        return Ok(());
    }
    walk_row(layout, bytes)
}

fn walk_row(layout: &RowLayout, bytes: &[u8]) -> Result<(), DecodeError> {
    if bytes.len() > limits::ROW_BYTES_MAX {
        return Err(DecodeError::new(DecodeErrorKind::TooLarge, limits::ROW_BYTES_MAX));
    }
    let reader = RowReader::new(bytes);
    reader.slice(0, layout.fixed_bytes())?;
    let mut walk = Walk { reader, heap_end: layout.fixed_bytes() };
    let mut end = 0;
    for column in layout.columns() {
        walk.zero(end, column.offset)?;
        walk.check(&column.ty, column.offset)?;
        end = column.offset + column.size;
    }
    walk.zero(end, layout.fixed_bytes())?;
    if walk.heap_end != bytes.len() {
        return Err(DecodeError::new(DecodeErrorKind::TrailingBytes, walk.heap_end));
    }
    Ok(())
}

/// The column that an error of [`validate_row`] is about; `None` when it is about the row as a whole. For error texts.
pub fn wrong_column(layout: &RowLayout, bytes: &[u8], error: DecodeError) -> Option<usize> {
    let mut walk = Walk { reader: RowReader::new(bytes), heap_end: layout.fixed_bytes() };
    layout.columns().iter().position(|column| walk.check(&column.ty, column.offset) == Err(error))
}

/// One value per column, after [`validate_row`].
pub fn decode_row(layout: &RowLayout, bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    validate_row(layout, bytes)?;
    let reader = RowReader::new(bytes);
    layout.columns().iter().map(|column| read_value(reader, &column.ty, column.offset)).collect()
}

/// A walk over a row in heap order.
struct Walk<'a> {
    reader: RowReader<'a>,
    heap_end: usize,
}

impl Walk<'_> {
    fn zero(&self, from: usize, to: usize) -> Result<(), DecodeError> {
        let padding = self.reader.slice(from, to.saturating_sub(from))?;
        match padding.iter().position(|&byte| byte != 0) {
            None => Ok(()),
            Some(index) => Err(DecodeError::new(DecodeErrorKind::Padding, from + index)),
        }
    }

    fn check(&mut self, ty: &ColumnType, at: usize) -> Result<(), DecodeError> {
        match ty {
            ColumnType::Bool => bool::read(self.reader, at).map(drop),
            ColumnType::String => {
                let (block, len) = self.reader.heap_ref(at)?;
                self.take(at, block, len, len, 1)?;
                let bytes = self.reader.slice(block, len)?;
                std::str::from_utf8(bytes).map(drop).map_err(|_| DecodeError::new(DecodeErrorKind::Utf8, at))
            }
            ColumnType::Bytes => {
                let (block, len) = self.reader.heap_ref(at)?;
                self.take(at, block, len, len, 1)
            }
            ColumnType::Option(inner) => self.check_option(inner, at),
            ColumnType::Vec(inner) => {
                let (block, count) = self.reader.list(at, inner.size())?;
                self.take(at, block, count, count * inner.size(), inner.align())?;
                // Elements without bytes are all valid; a row could name very many of them.
                let count = if inner.size() == 0 { 0 } else { count };
                (0..count).try_for_each(|index| self.check(inner, block + index * inner.size()))
            }
            ColumnType::Struct(structure) => {
                self.check_fields(&structure.fields, at, 0, fields_size(&structure.fields))
            }
            ColumnType::Enum(enumeration) if enumeration.has_payload() => {
                let (block, len) = self.reader.heap_ref(at)?;
                let variant = variant_at(&enumeration.variants, self.reader, block)?;
                let (size, align) = variant.block();
                if len != size {
                    return Err(DecodeError::new(DecodeErrorKind::HeapOrder, at));
                }
                self.take(at, block, 1, size, align)?;
                self.check_fields(&variant.fields, block, 1, size)
            }
            ColumnType::Enum(enumeration) => variant_at(&enumeration.variants, self.reader, at).map(drop),
            _ => Ok(()),
        }
    }

    fn check_option(&mut self, inner: &ColumnType, at: usize) -> Result<(), DecodeError> {
        let (value_at, end) = (at + inner.align(), at + inner.align() + inner.size());
        match self.reader.byte(at)? {
            0 => self.zero(at + 1, end),
            1 => {
                self.zero(at + 1, value_at)?;
                self.check(inner, value_at)
            }
            _ => Err(DecodeError::new(DecodeErrorKind::OptionTag, at)),
        }
    }

    fn check_fields(
        &mut self,
        fields: &[Field],
        base: usize,
        first: usize,
        size: usize,
    ) -> Result<(), DecodeError> {
        let mut end = first;
        for field in fields {
            let offset = end.next_multiple_of(field.ty.align());
            self.zero(base + end, base + offset)?;
            self.check(&field.ty, base + offset)?;
            end = offset + field.ty.size();
        }
        self.zero(base + end, base + size)
    }

    /// Claims the next heap block; it must be where the writer would have put it.
    fn take(
        &mut self,
        at: usize,
        block: usize,
        count: usize,
        size: usize,
        align: usize,
    ) -> Result<(), DecodeError> {
        let wrong_place = DecodeError::new(DecodeErrorKind::HeapOrder, at);
        if count == 0 {
            return if block == 0 { Ok(()) } else { Err(wrong_place) };
        }
        if block != self.heap_end.next_multiple_of(align) {
            return Err(wrong_place);
        }
        self.zero(self.heap_end, block)?;
        self.reader.slice(block, size)?;
        self.heap_end = block + size;
        Ok(())
    }
}

pub(crate) fn variant_at<'a>(
    variants: &'a [Variant],
    reader: RowReader<'_>,
    at: usize,
) -> Result<&'a Variant, DecodeError> {
    let tag = reader.byte(at)?;
    variants.get(usize::from(tag)).ok_or(DecodeError::new(DecodeErrorKind::EnumTag, at))
}

fn read_value(reader: RowReader<'_>, ty: &ColumnType, at: usize) -> Result<Value, DecodeError> {
    use ColumnType as T;
    Ok(match ty {
        T::Bool => Value::Bool(bool::read(reader, at)?),
        T::I8 => Value::I8(i8::read(reader, at)?),
        T::I16 => Value::I16(i16::read(reader, at)?),
        T::I32 => Value::I32(i32::read(reader, at)?),
        T::I64 => Value::I64(i64::read(reader, at)?),
        T::I128 => Value::I128(i128::read(reader, at)?),
        T::U8 => Value::U8(u8::read(reader, at)?),
        T::U16 => Value::U16(u16::read(reader, at)?),
        T::U32 => Value::U32(u32::read(reader, at)?),
        T::U64 => Value::U64(u64::read(reader, at)?),
        T::U128 => Value::U128(u128::read(reader, at)?),
        T::F32 => Value::F32(f32::read(reader, at)?),
        T::F64 => Value::F64(f64::read(reader, at)?),
        T::Vec2 => Value::Vec2(Vec2::read(reader, at)?),
        T::Vec3 => Value::Vec3(Vec3::read(reader, at)?),
        T::Vec4 => Value::Vec4(Vec4::read(reader, at)?),
        T::Quat => Value::Quat(Quat::read(reader, at)?),
        T::DVec2 => Value::DVec2(DVec2::read(reader, at)?),
        T::DVec3 => Value::DVec3(DVec3::read(reader, at)?),
        T::IVec2 => Value::IVec2(IVec2::read(reader, at)?),
        T::IVec3 => Value::IVec3(IVec3::read(reader, at)?),
        T::Identity => Value::Identity(Column::read(reader, at)?),
        T::ConnectionId => Value::ConnectionId(Column::read(reader, at)?),
        T::Uuid => Value::Uuid(Column::read(reader, at)?),
        T::EntityId => Value::EntityId(Column::read(reader, at)?),
        T::Timestamp => Value::Timestamp(Column::read(reader, at)?),
        T::Duration => Value::Duration(Column::read(reader, at)?),
        T::String => Value::String(String::read(reader, at)?),
        T::Bytes => Value::Bytes(reader.heap_bytes(at)?.to_vec()),
        T::Option(inner) => match reader.byte(at)? {
            0 => Value::Option(None),
            _ => Value::Option(Some(Box::new(read_value(reader, inner, at + inner.align())?))),
        },
        T::Vec(inner) => {
            let (block, count) = reader.list(at, inner.size())?;
            let elements = (0..count).map(|index| read_value(reader, inner, block + index * inner.size()));
            Value::Vec(elements.collect::<Result<_, _>>()?)
        }
        T::Struct(structure) => Value::Struct(read_fields(reader, &structure.fields, at, 0)?),
        T::Enum(enumeration) => {
            let (block, _) = if enumeration.has_payload() { reader.heap_ref(at)? } else { (at, 1) };
            let variant = variant_at(&enumeration.variants, reader, block)?;
            Value::Enum(reader.byte(block)?, read_fields(reader, &variant.fields, block, 1)?)
        }
    })
}

fn read_fields(
    reader: RowReader<'_>,
    fields: &[Field],
    base: usize,
    first_offset: usize,
) -> Result<Vec<Value>, DecodeError> {
    let mut values = Vec::with_capacity(fields.len());
    place_fields(fields, first_offset, |offset, field| {
        values.push(read_value(reader, &field.ty, base + offset));
    });
    values.into_iter().collect()
}
