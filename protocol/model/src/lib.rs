//! What every part of Ambit agrees on: ids, column types, schema, the row layout and named limits.
//!
//! A row has the same bytes everywhere: in a module's memory, in the store's pages, in the log, on the
//! wire, in a client's cache and in a C# or C++ struct. This crate defines those bytes
//! (docs/formats/row.md). It leaves out everything that moves or stores them: no IO, no time, no tables.

#![warn(clippy::indexing_slicing)]

pub mod limits;

mod id;
mod types;

mod layout;

mod names;
mod priority;
mod quantize;
mod schema;
mod schema_check;
mod schema_codec;
mod type_check;

mod fingerprint;

mod value;

mod decode;
mod encode;

mod column;

pub mod delta;

mod motion;

mod mask;

mod disclosure;

pub mod varint;

#[allow(
    warnings,
    clippy::all,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::wildcard_enum_match_arm,
    unsafe_code
)]
#[rustfmt::skip]
#[path = "schema_generated.g.rs"]
mod schema_generated;

pub use column::{Column, Row, RowReader, RowWriter};
pub use decode::{DecodeError, DecodeErrorKind, decode_row, validate_row, wrong_column};
pub use disclosure::hidden_type;
pub use encode::{EncodeError, encode_row, encode_row_into};
pub use glam;
pub use id::{ConnectionId, Duration, EntityId, Identity, ParseIdError, Slot, Timestamp, Uuid};
pub use layout::{ColumnLayout, RowLayout};
pub use mask::masked_row;
pub use motion::{Fidelity, MotionColumn, MotionLayout, Steps};
pub use priority::Priority;
pub use quantize::Quantize;
pub use schema::{
    ColumnSchema, Durability, IndexKind, IndexSchema, Lifecycle, MigrationSchema, OnDelete, ReducerSchema,
    ReferenceSchema, Schema, SchemaError, TableSchema,
};
pub use schema_codec::SchemaDecodeError;
pub use types::{ColumnType, EnumType, Field, StructType, Variant};
pub use value::Value;
