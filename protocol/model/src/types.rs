//! Column types and their size and alignment in the fixed part of a row.

#![expect(clippy::wildcard_enum_match_arm, reason = "most questions concern a few of the 33 types")]

use std::fmt;
use std::sync::Arc;

/// The type of a column, a reducer argument or a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// One byte, 0 or 1.
    Bool,
    /// Signed 8-bit integer.
    I8,
    /// Signed 16-bit integer.
    I16,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Signed 128-bit integer, aligned to 8.
    I128,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// Unsigned 128-bit integer, aligned to 8.
    U128,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Two `f32`.
    Vec2,
    /// Three `f32`.
    Vec3,
    /// Four `f32`.
    Vec4,
    /// A rotation: x, y, z, w as `f32`.
    Quat,
    /// Two `f64`.
    DVec2,
    /// Three `f64`.
    DVec3,
    /// Two `i32`.
    IVec2,
    /// Three `i32`.
    IVec3,
    /// A player or service, 32 bytes.
    Identity,
    /// A connection, 16 bytes.
    ConnectionId,
    /// A UUID, 16 bytes.
    Uuid,
    /// An entity, `u64`.
    EntityId,
    /// Microseconds since 1970 UTC, `i64`.
    Timestamp,
    /// Microseconds, `i64`.
    Duration,
    /// UTF-8 text in the heap.
    String,
    /// Bytes in the heap.
    Bytes,
    /// A tag byte, then the value at its alignment; zero bytes when absent.
    Option(Box<ColumnType>),
    /// Elements in the heap.
    Vec(Box<ColumnType>),
    /// A tag byte; with payloads, a block in the heap.
    Enum(Arc<EnumType>),
    /// Fields in place, as `#[repr(C)]` places them.
    Struct(Arc<StructType>),
}

/// A named set of variants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// Type name in the module, `UpperCamelCase`.
    pub name: String,
    /// In tag order: the first has tag 0.
    pub variants: Vec<Variant>,
}

/// One variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Variant name, `UpperCamelCase`.
    pub name: String,
    /// Its payload; fields of tuple variants are named `_0`, `_1` ….
    pub fields: Vec<Field>,
}

/// A named group of fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructType {
    /// Type name in the module, `UpperCamelCase`.
    pub name: String,
    /// In declared order.
    pub fields: Vec<Field>,
}

/// A named value of a struct, a variant or a reducer's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Field name, `snake_case`.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
}

/// Bytes of a `{ offset: u32, len: u32 }` reference into the heap.
pub(crate) const HEAP_REF_BYTES: usize = 8;

impl ColumnType {
    /// Bytes in the fixed part.
    pub fn size(&self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64
            | Self::U64
            | Self::F64
            | Self::EntityId
            | Self::Timestamp
            | Self::Duration
            | Self::Vec2
            | Self::IVec2 => 8,
            Self::Vec3 | Self::IVec3 => 12,
            Self::I128
            | Self::U128
            | Self::Vec4
            | Self::Quat
            | Self::DVec2
            | Self::ConnectionId
            | Self::Uuid => 16,
            Self::DVec3 => 24,
            Self::Identity => 32,
            Self::String | Self::Bytes | Self::Vec(_) => HEAP_REF_BYTES,
            Self::Option(inner) => (inner.align() + inner.size()).next_multiple_of(inner.align()),
            Self::Enum(enumeration) if enumeration.has_payload() => HEAP_REF_BYTES,
            Self::Enum(_) => 1,
            Self::Struct(structure) => fields_size(&structure.fields),
        }
    }

    /// Alignment in the fixed part: 1, 2, 4 or 8.
    pub fn align(&self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 | Self::Identity | Self::ConnectionId | Self::Uuid => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32
            | Self::U32
            | Self::F32
            | Self::Vec2
            | Self::Vec3
            | Self::Vec4
            | Self::Quat
            | Self::IVec2
            | Self::IVec3
            | Self::String
            | Self::Bytes
            | Self::Vec(_) => 4,
            Self::I64
            | Self::U64
            | Self::I128
            | Self::U128
            | Self::F64
            | Self::DVec2
            | Self::DVec3
            | Self::EntityId
            | Self::Timestamp
            | Self::Duration => 8,
            Self::Option(inner) => inner.align(),
            Self::Enum(enumeration) if enumeration.has_payload() => 4,
            Self::Enum(_) => 1,
            Self::Struct(structure) => fields_align(&structure.fields),
        }
    }

    /// Whether a value lies in the fixed part alone, without a heap.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::String | Self::Bytes | Self::Vec(_) => false,
            Self::Option(inner) => inner.is_fixed(),
            Self::Enum(enumeration) => !enumeration.has_payload(),
            Self::Struct(structure) => structure.fields.iter().all(|field| field.ty.is_fixed()),
            _ => true,
        }
    }

    /// Whether any bytes of the right size are a value: no padding, no tag, no heap.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Bool | Self::Option(_) | Self::Enum(_) => false,
            Self::Struct(structure) => {
                structure.fields.iter().all(|field| field.ty.is_plain())
                    && structure.fields.iter().map(|field| field.ty.size()).sum::<usize>() == self.size()
            }
            other => other.is_fixed(),
        }
    }

    /// Whether the type is a position that a spatial index takes: Vec2, Vec3, DVec2 or DVec3.
    pub fn is_position(&self) -> bool {
        matches!(self, Self::Vec2 | Self::Vec3 | Self::DVec2 | Self::DVec3)
    }

    /// Whether the type is an integer, the only kind that `auto_inc` fills in.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::I8
                | Self::I16
                | Self::I32
                | Self::I64
                | Self::U8
                | Self::U16
                | Self::U32
                | Self::U64
                | Self::EntityId
        )
    }

    /// How deep the type nests, at least 1. Stops counting at one past the limit.
    pub(crate) fn depth(&self, limit: usize) -> usize {
        if limit == 0 {
            return 1;
        }
        let fields_depth =
            |fields: &[Field]| fields.iter().map(|field| field.ty.depth(limit - 1)).max().unwrap_or(0);
        1 + match self {
            Self::Option(inner) | Self::Vec(inner) => inner.depth(limit - 1),
            Self::Enum(enumeration) => {
                enumeration.variants.iter().map(|variant| fields_depth(&variant.fields)).max().unwrap_or(0)
            }
            Self::Struct(structure) => fields_depth(&structure.fields),
            _ => 0,
        }
    }
}

impl EnumType {
    /// Whether any variant carries fields; such an enum lives in the heap.
    pub fn has_payload(&self) -> bool {
        self.variants.iter().any(|variant| !variant.fields.is_empty())
    }
}

impl Variant {
    /// Size and alignment of the variant's heap block: the tag byte, then the fields.
    pub fn block(&self) -> (usize, usize) {
        let align = fields_align(&self.fields);
        (place_fields(&self.fields, 1, |_, _| {}).next_multiple_of(align), align)
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(inner) => write!(f, "Option<{inner}>"),
            Self::Vec(inner) => write!(f, "Vec<{inner}>"),
            Self::Enum(enumeration) => f.write_str(&enumeration.name),
            Self::Struct(structure) => f.write_str(&structure.name),
            Self::Bool => f.write_str("bool"),
            Self::I8 => f.write_str("i8"),
            Self::I16 => f.write_str("i16"),
            Self::I32 => f.write_str("i32"),
            Self::I64 => f.write_str("i64"),
            Self::I128 => f.write_str("i128"),
            Self::U8 => f.write_str("u8"),
            Self::U16 => f.write_str("u16"),
            Self::U32 => f.write_str("u32"),
            Self::U64 => f.write_str("u64"),
            Self::U128 => f.write_str("u128"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Calls `place` with each field's offset in a `#[repr(C)]` struct whose first `first_offset` bytes are taken;
/// returns the unrounded end.
pub(crate) fn place_fields<'a>(
    fields: &'a [Field],
    first_offset: usize,
    mut place: impl FnMut(usize, &'a Field),
) -> usize {
    let mut end = first_offset;
    for field in fields {
        let offset = end.next_multiple_of(field.ty.align());
        place(offset, field);
        end = offset + field.ty.size();
    }
    end
}

/// Bytes of the fields as a `#[repr(C)]` struct.
pub(crate) fn fields_size(fields: &[Field]) -> usize {
    place_fields(fields, 0, |_, _| {}).next_multiple_of(fields_align(fields))
}

/// Alignment of the fields as a `#[repr(C)]` struct.
pub(crate) fn fields_align(fields: &[Field]) -> usize {
    fields.iter().map(|field| field.ty.align()).max().unwrap_or(1)
}
