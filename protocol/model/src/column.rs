//! Rust types ↔ row bytes: what the module macros and generated clients call.

use glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};

use crate::decode::{DecodeError, DecodeErrorKind};
use crate::id::{ConnectionId, Duration, EntityId, Identity, Timestamp, Uuid};
use crate::types::{ColumnType, Field, HEAP_REF_BYTES};

/// A Rust type that can be a column, a field or a reducer argument.
pub trait Column: Sized {
    /// Bytes in the fixed part; equals [`ColumnType::size`].
    const SIZE: usize;
    /// Alignment in the fixed part; equals [`ColumnType::align`].
    const ALIGN: usize;
    /// Whether a value lies in the fixed part alone; equals [`ColumnType::is_fixed`].
    const IS_FIXED: bool = true;

    /// The column type.
    fn column_type() -> ColumnType;

    /// Writes the value at byte `at` of the row. The bytes there are zero before.
    fn write(&self, writer: &mut RowWriter<'_>, at: usize);

    /// Reads the value at byte `at` of the row.
    fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError>;
}

/// A Rust struct whose fields are the columns of a row: a table's row, or a reducer's parameters.
pub trait Row: Sized {
    /// Bytes of the fixed part, a multiple of 8.
    const FIXED_BYTES: usize;

    /// The columns in declared order.
    fn fields() -> Vec<Field>;

    /// Writes all columns.
    fn write_columns(&self, writer: &mut RowWriter<'_>);

    /// Reads all columns.
    fn read_columns(reader: RowReader<'_>) -> Result<Self, DecodeError>;

    /// Appends the row's bytes to `out`, which should end at a multiple of 8.
    #[inline]
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.write_columns(&mut RowWriter::new(out, Self::FIXED_BYTES));
    }

    /// The row's bytes.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::FIXED_BYTES);
        self.encode_into(&mut out);
        out
    }

    /// The row from its bytes. Bytes from outside are to be checked with [`crate::validate_row`] first.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read_columns(RowReader::new(bytes))
    }
}

/// Bytes of a row's fixed part up to which it is zeroed word by word.
const ZEROED_BY_WORDS_MAX: usize = 128;

/// Appends one row to a buffer.
#[derive(Debug)]
pub struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> RowWriter<'a> {
    /// Starts a row at the end of `out` with a zeroed fixed part.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>, fixed_bytes: usize) -> Self {
        let start = out.len();
        if fixed_bytes <= ZEROED_BY_WORDS_MAX {
            // In WebAssembly a fill of unknown length is a call of the runtime, which costs more than all of a small row.
            (0..fixed_bytes / 8).for_each(|_| out.extend_from_slice(&[0; 8]));
        }
        out.resize(start + fixed_bytes, 0);
        Self { out, start }
    }

    /// Overwrites bytes at `at`. Bytes past the end of the row are ignored.
    #[inline]
    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        let at = self.start + at;
        debug_assert!(at + bytes.len() <= self.out.len(), "a column lies outside its row");
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Appends `bytes` to the heap and refers to them at `at`.
    pub fn bytes(&mut self, at: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.heap_ref(at, self.out.len() - self.start, bytes.len());
        self.out.extend_from_slice(bytes);
    }

    /// Reserves a zeroed list of `count` elements in the heap, refers to it at `at`, returns its place.
    pub fn list(&mut self, at: usize, count: usize, stride: usize, align: usize) -> usize {
        if count == 0 {
            return 0;
        }
        let block = self.reserve(count * stride, align);
        self.heap_ref(at, block, count);
        block
    }

    /// Reserves a zeroed block of `size` bytes in the heap, refers to it at `at`, returns its place.
    pub fn block(&mut self, at: usize, size: usize, align: usize) -> usize {
        let block = self.reserve(size, align);
        self.heap_ref(at, block, size);
        block
    }

    fn reserve(&mut self, size: usize, align: usize) -> usize {
        let block = (self.out.len() - self.start).next_multiple_of(align);
        self.out.resize(self.start + block + size, 0);
        block
    }

    fn heap_ref(&mut self, at: usize, offset: usize, len: usize) {
        // A row past 4 GiB is refused by every reader long before (ROW_BYTES_MAX); saturating keeps it refused.
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.put(at, &offset.to_le_bytes());
        self.put(at + 4, &len.to_le_bytes());
    }
}

/// Reads one row.
#[derive(Debug, Clone, Copy)]
pub struct RowReader<'a> {
    bytes: &'a [u8],
}

impl<'a> RowReader<'a> {
    /// Reads from a whole row.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The `N` bytes at `at`.
    #[inline]
    pub fn array<const N: usize>(self, at: usize) -> Result<[u8; N], DecodeError> {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>())
            .copied()
            .ok_or(DecodeError::new(DecodeErrorKind::Truncated, at))
    }

    /// The byte at `at`.
    #[inline]
    pub fn byte(self, at: usize) -> Result<u8, DecodeError> {
        self.bytes.get(at).copied().ok_or(DecodeError::new(DecodeErrorKind::Truncated, at))
    }

    /// The `len` bytes at `at`.
    pub fn slice(self, at: usize, len: usize) -> Result<&'a [u8], DecodeError> {
        at.checked_add(len)
            .and_then(|end| self.bytes.get(at..end))
            .ok_or(DecodeError::new(DecodeErrorKind::Truncated, at))
    }

    /// The heap reference `{ offset, len }` at `at`.
    pub fn heap_ref(self, at: usize) -> Result<(usize, usize), DecodeError> {
        let offset = u32::from_le_bytes(self.array(at)?);
        let len = u32::from_le_bytes(self.array(at + 4)?);
        Ok((offset as usize, len as usize))
    }

    /// The heap bytes that the reference at `at` names.
    pub fn heap_bytes(self, at: usize) -> Result<&'a [u8], DecodeError> {
        let (offset, len) = self.heap_ref(at)?;
        self.slice(offset, len)
    }

    /// The place and element count of the list that the reference at `at` names, within the row.
    pub fn list(self, at: usize, stride: usize) -> Result<(usize, usize), DecodeError> {
        let (offset, count) = self.heap_ref(at)?;
        if count > crate::limits::LIST_ELEMENTS_MAX {
            return Err(DecodeError::new(DecodeErrorKind::ListTooLong, at));
        }
        self.slice(offset, count * stride)?;
        Ok((offset, count))
    }
}

macro_rules! number_column {
    ($($rust:ty => $ty:ident, $size:literal, $align:literal;)*) => {$(
        impl Column for $rust {
            const SIZE: usize = $size;
            const ALIGN: usize = $align;

            fn column_type() -> ColumnType {
                ColumnType::$ty
            }

            #[inline]
            fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
                writer.put(at, &self.to_le_bytes());
            }

            #[inline]
            fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
                reader.array(at).map(Self::from_le_bytes)
            }
        }
    )*};
}

number_column! {
    i8 => I8, 1, 1;
    i16 => I16, 2, 2;
    i32 => I32, 4, 4;
    i64 => I64, 8, 8;
    i128 => I128, 16, 8;
    u8 => U8, 1, 1;
    u16 => U16, 2, 2;
    u32 => U32, 4, 4;
    u64 => U64, 8, 8;
    u128 => U128, 16, 8;
    f32 => F32, 4, 4;
    f64 => F64, 8, 8;
}

macro_rules! vector_column {
    ($($rust:ident($scalar:ty: $($part:ident)*), $size:literal, $align:literal, $new:path;)*) => {$(
        impl Column for $rust {
            const SIZE: usize = $size;
            const ALIGN: usize = $align;

            fn column_type() -> ColumnType {
                ColumnType::$rust
            }

            #[inline]
            fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
                let mut at = at;
                $(
                    self.$part.write(writer, at);
                    at += size_of::<$scalar>();
                )*
                debug_assert!(at != 0);
            }

            #[inline]
            fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
                let bytes: [u8; $size] = reader.array(at)?;
                let mut parts = bytes.chunks_exact(size_of::<$scalar>());
                $(
                    let $part = parts
                        .next()
                        .and_then(|part| part.first_chunk())
                        .map(|part| <$scalar>::from_le_bytes(*part))
                        .unwrap_or_default();
                )*
                Ok($new($($part),*))
            }
        }
    )*};
}

vector_column! {
    Vec2(f32: x y), 8, 4, Vec2::new;
    Vec3(f32: x y z), 12, 4, Vec3::new;
    Vec4(f32: x y z w), 16, 4, Vec4::new;
    Quat(f32: x y z w), 16, 4, Quat::from_xyzw;
    DVec2(f64: x y), 16, 8, DVec2::new;
    DVec3(f64: x y z), 24, 8, DVec3::new;
    IVec2(i32: x y), 8, 4, IVec2::new;
    IVec3(i32: x y z), 12, 4, IVec3::new;
}

macro_rules! wrapper_column {
    ($($rust:ident($inner:ty);)*) => {$(
        impl Column for $rust {
            const SIZE: usize = size_of::<$inner>();
            const ALIGN: usize = align_of::<$inner>();

            fn column_type() -> ColumnType {
                ColumnType::$rust
            }

            #[inline]
            fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
                wrapper_column!(@write self writer at $inner)
            }

            #[inline]
            fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
                wrapper_column!(@read reader at $inner).map(Self)
            }
        }
    )*};
    (@write $self:ident $writer:ident $at:ident [u8; $n:literal]) => { $writer.put($at, &$self.0) };
    (@write $self:ident $writer:ident $at:ident $inner:ty) => { $writer.put($at, bytes_of(&$self.0).as_ref()) };
    (@read $reader:ident $at:ident $inner:ty) => { <$inner as FromRow>::from_row($reader, $at) };
}

wrapper_column! {
    Identity([u8; 32]);
    ConnectionId([u8; 16]);
    Uuid([u8; 16]);
    EntityId(u64);
    Timestamp(i64);
    Duration(i64);
}

/// The little-endian bytes of what an id wraps.
fn bytes_of<T: FromRow>(value: &T) -> T::Bytes {
    value.to_bytes()
}

trait FromRow: Sized {
    type Bytes: AsRef<[u8]>;
    fn to_bytes(&self) -> Self::Bytes;
    fn from_row(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError>;
}

impl<const N: usize> FromRow for [u8; N] {
    type Bytes = [u8; N];
    fn to_bytes(&self) -> [u8; N] {
        *self
    }
    fn from_row(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        reader.array(at)
    }
}

impl FromRow for u64 {
    type Bytes = [u8; 8];
    fn to_bytes(&self) -> [u8; 8] {
        self.to_le_bytes()
    }
    fn from_row(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        Self::read(reader, at)
    }
}

impl FromRow for i64 {
    type Bytes = [u8; 8];
    fn to_bytes(&self) -> [u8; 8] {
        self.to_le_bytes()
    }
    fn from_row(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        Self::read(reader, at)
    }
}

impl Column for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    fn column_type() -> ColumnType {
        ColumnType::Bool
    }

    fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
        writer.put(at, &[u8::from(*self)]);
    }

    fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        match reader.byte(at)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::new(DecodeErrorKind::Bool, at)),
        }
    }
}

impl Column for String {
    const SIZE: usize = HEAP_REF_BYTES;
    const ALIGN: usize = 4;
    const IS_FIXED: bool = false;

    fn column_type() -> ColumnType {
        ColumnType::String
    }

    fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
        writer.bytes(at, self.as_bytes());
    }

    fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        let bytes = reader.heap_bytes(at)?;
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::new(DecodeErrorKind::Utf8, at))?;
        Ok(text.to_owned())
    }
}

impl<T: Column> Column for Option<T> {
    const SIZE: usize = (T::ALIGN + T::SIZE).next_multiple_of(T::ALIGN);
    const ALIGN: usize = T::ALIGN;
    const IS_FIXED: bool = T::IS_FIXED;

    fn column_type() -> ColumnType {
        ColumnType::Option(Box::new(T::column_type()))
    }

    fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
        if let Some(value) = self {
            writer.put(at, &[1]);
            value.write(writer, at + T::ALIGN);
        }
    }

    fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        match reader.byte(at)? {
            0 => Ok(None),
            1 => T::read(reader, at + T::ALIGN).map(Some),
            _ => Err(DecodeError::new(DecodeErrorKind::OptionTag, at)),
        }
    }
}

/// A list of `u8` is a `Bytes` column; every other list a `Vec` column. The two have the same bytes.
impl<T: Column> Column for Vec<T> {
    const SIZE: usize = HEAP_REF_BYTES;
    const ALIGN: usize = 4;
    const IS_FIXED: bool = false;

    fn column_type() -> ColumnType {
        let element = T::column_type();
        if element == ColumnType::U8 { ColumnType::Bytes } else { ColumnType::Vec(Box::new(element)) }
    }

    fn write(&self, writer: &mut RowWriter<'_>, at: usize) {
        let block = writer.list(at, self.len(), T::SIZE, T::ALIGN);
        for (index, value) in self.iter().enumerate() {
            value.write(writer, block + index * T::SIZE);
        }
    }

    fn read(reader: RowReader<'_>, at: usize) -> Result<Self, DecodeError> {
        let (block, count) = reader.list(at, T::SIZE)?;
        (0..count).map(|index| T::read(reader, block + index * T::SIZE)).collect()
    }
}
