//! What the code that the macros generate uses. Not for people: it may change with every version.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

pub use ambit_model::{
    Column, ColumnSchema, ColumnType, ConnectionId, DecodeError, DecodeErrorKind, Durability, Duration,
    EntityId, EnumType, Field, Identity, IndexKind, IndexSchema, Lifecycle, OnDelete, Priority, Quantize,
    ReferenceSchema, Row, RowReader, RowWriter, StructType, TableSchema, Timestamp, Uuid, Variant,
};
use ambit_module_abi::CallHeader;

pub use crate::context::{Context, Db};
pub use crate::error::PatchError;
pub use crate::index::{Index, Position, SpatialIndex};
pub use crate::migration::{Migration, Old};
pub use crate::patch::PatchTarget;
pub use crate::quantize::{Angle, Quaternion, Stepped};
pub use crate::table::{PrimaryKey, Stored, Table, TableHandle};

/// A table of the module, known before anything runs.
#[derive(Debug)]
pub struct TableRegistration {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> TableSchema,
    id: AtomicU32,
}

/// A reducer of the module, known before anything runs.
pub struct ReducerRegistration {
    /// The reducer's name.
    pub name: &'static str,
    /// Its parameters.
    pub params: fn() -> Vec<Field>,
    /// Who calls it.
    pub lifecycle: Lifecycle,
    /// The author's comment.
    pub doc: &'static str,
    /// Reads the arguments and runs it.
    pub run: RunReducer,
}

/// A migration of the module, known before anything runs.
pub struct MigrationRegistration {
    /// The function's name.
    pub name: &'static str,
    /// The version that it starts from.
    pub from: u32,
    /// Runs it; the migration's own error is a text.
    pub run: fn(&CallHeader) -> Result<(), String>,
}

/// Damaged arguments are the outer error; the reducer's own error is a text.
pub type RunReducer = fn(&Context, RowReader<'_>) -> Result<Result<(), String>, DecodeError>;

/// Where the fields of a `#[repr(C)]` struct lie.
#[derive(Debug, Clone, Copy)]
pub struct Places<const N: usize> {
    /// Of each field.
    pub offsets: [usize; N],
    /// A multiple of the alignment.
    pub size: usize,
    /// The largest of the fields, at least 1.
    pub align: usize,
    /// The size rounded up to 8: the fixed part of a row of these columns.
    pub row_bytes: usize,
}

/// Places fields of these sizes and alignments in order after `first_offset` taken bytes.
pub const fn place<const N: usize>(first_offset: usize, fields: [(usize, usize); N]) -> Places<N> {
    let mut offsets = [0; N];
    let (mut end, mut align, mut index) = (first_offset, 1, 0);
    while index < N {
        let (field_size, field_align) = fields[index];
        offsets[index] = end.next_multiple_of(field_align);
        end = offsets[index] + field_size;
        if field_align > align {
            align = field_align;
        }
        index += 1;
    }
    let size = end.next_multiple_of(align);
    Places { offsets, size, align, row_bytes: size.next_multiple_of(8) }
}

/// What a reducer or migration may return.
#[diagnostic::on_unimplemented(
    message = "a reducer or migration cannot return `{Self}`",
    label = "not possible for a reducer or migration",
    note = "a reducer or migration returns nothing or `Result<(), E>`, where E can be displayed"
)]
pub trait ReducerOutput {
    /// The text of the error, if it is one.
    fn into_result(self) -> Result<(), String>;
}

/// A column type that `auto_inc` can fill in.
#[diagnostic::on_unimplemented(
    message = "`#[auto_inc]` cannot count in `{Self}`",
    label = "not an integer of at most 64 bits",
    note = "`#[auto_inc]` stands on a column of type i8 to i64, u8 to u64 or EntityId"
)]
pub trait AutoInc: Column {}

macro_rules! auto_inc {
    ($($ty:ty),*) => { $(impl AutoInc for $ty {})* };
}

auto_inc!(i8, i16, i32, i64, u8, u16, u32, u64, EntityId);

/// A column type that says what a row is worth.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no priority",
    label = "neither an f32 nor a small number",
    note = "`#[priority]` stands on a column of type f32, u8 or u16"
)]
pub trait Weight: Column {}

impl Weight for f32 {}
impl Weight for u8 {}
impl Weight for u16 {}

/// A column type that an ordered index takes. Enums without fields get it from `#[derive(Column)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order",
    label = "an ordered index does not take this type",
    note = "an ordered index takes numbers, bool, text, bytes, ids, moments and enums without fields; for equality use `hash`"
)]
pub trait Orderable: Column {}

macro_rules! orderable {
    ($($ty:ty),*) => { $(impl Orderable for $ty {})* };
}

orderable!(bool, i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, f32, f64, String, Vec<u8>);
orderable!(Identity, ConnectionId, Uuid, EntityId, Timestamp, Duration);

/// Fails to compile for a type that an ordered index does not take.
pub const fn must_be_orderable<T: Orderable>() {}

/// Fails to compile for a type that `auto_inc` cannot fill in.
pub const fn must_be_auto_inc<T: AutoInc>() {}

/// Fails to compile for a type that says no priority.
pub const fn must_be_priority<T: Weight>() {}

/// Fails to compile for a type that a spatial index does not take.
pub const fn must_be_position<T: Position>() {}

/// Fails to compile for a type that has no steps.
pub const fn must_be_stepped<T: Stepped>() {}

/// Fails to compile for a type that is no angle.
pub const fn must_be_angle<T: Angle>() {}

/// Fails to compile for a type that is no quaternion.
pub const fn must_be_quaternion<T: Quaternion>() {}

impl ReducerOutput for () {
    fn into_result(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: fmt::Display> ReducerOutput for Result<(), E> {
    fn into_result(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

impl fmt::Debug for ReducerRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReducerRegistration").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for MigrationRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigrationRegistration").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TableRegistration {
    /// A table whose id is not known yet.
    pub const fn new(name: &'static str, describe: fn() -> TableSchema) -> Self {
        Self { name, describe, id: AtomicU32::new(0) }
    }

    /// Known as soon as any reducer runs.
    #[inline]
    pub fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    pub(crate) fn set_id(&self, id: u32) {
        self.id.store(id, Ordering::Relaxed);
    }
}

/// Adds a table to the module.
pub fn add_table(table: &'static TableRegistration) {
    crate::registry::add_table(table);
}

/// Adds a table as it was in version `from`.
pub fn add_old_table(from: u32, table: &'static TableRegistration) {
    crate::registry::add_old_table(from, table);
}

/// Adds a migration to the module.
pub fn add_migration(migration: &'static MigrationRegistration) {
    crate::registry::add_migration(migration);
}

/// What a migration is given.
pub fn migration<const FROM: u32>(header: &CallHeader) -> Migration<FROM> {
    Migration::new(header)
}

/// Adds a reducer to the module.
pub fn add_reducer(reducer: &'static ReducerRegistration) {
    crate::registry::add_reducer(reducer);
}

/// The handle of a table, for the struct that the macro makes around it.
pub const fn table_handle<T: Stored>() -> TableHandle<T> {
    TableHandle::new()
}

/// A field or column of the schema.
pub fn field<C: Column>(name: &str) -> Field {
    Field { name: name.to_owned(), ty: C::column_type() }
}

/// A column of the schema.
pub fn column<C: Column>(name: &str, auto_inc: bool, doc: &str) -> ColumnSchema {
    ColumnSchema { auto_inc, doc: doc.to_owned(), ..ColumnSchema::new(name, C::column_type()) }
}

/// A row of one column: what the column holds in rows that are older than itself.
pub fn default_row<C: Column>(value: &C) -> Vec<u8> {
    let mut bytes = Vec::new();
    let places = place(0, [(C::SIZE, C::ALIGN)]);
    value.write(&mut RowWriter::new(&mut bytes, places.row_bytes), 0);
    bytes
}

/// A reference of the schema.
pub fn reference(columns: &[u16], table: &str, on_delete: OnDelete) -> ReferenceSchema {
    ReferenceSchema { columns: columns.to_vec(), table: table.to_owned(), on_delete }
}

/// An index of the schema.
pub fn index(name: &str, columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    IndexSchema { name: name.to_owned(), columns: columns.to_vec(), kind, unique }
}

/// The type of an enum.
pub fn enum_type(name: &str, variants: Vec<(&str, Vec<Field>)>) -> ColumnType {
    let variants =
        variants.into_iter().map(|(name, fields)| Variant { name: name.to_owned(), fields }).collect();
    ColumnType::Enum(std::sync::Arc::new(EnumType { name: name.to_owned(), variants }))
}

/// The type of a struct.
pub fn struct_type(name: &str, fields: Vec<Field>) -> ColumnType {
    ColumnType::Struct(std::sync::Arc::new(StructType { name: name.to_owned(), fields }))
}

/// The error for a tag that names no variant.
#[cold]
pub fn unknown_tag(at: usize) -> DecodeError {
    DecodeError { kind: DecodeErrorKind::EnumTag, at }
}

/// Ends the call if a patch was refused.
#[inline]
#[track_caller]
pub fn must_patch(result: Result<(), PatchError>) {
    crate::operations::must(result);
}
