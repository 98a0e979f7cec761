//! Fingerprints: one number per table and reducer that changes when generated code would read or write wrong
//! bytes. Leaves out comments, visibility and who calls a reducer: they change no byte.

use std::fmt::Write;

use crate::schema::{IndexKind, ReducerSchema, TableSchema};
use crate::types::{ColumnType, Field};

impl TableSchema {
    /// A number that two tables share exactly when rows and index keys of one are those of the other
    /// (up to a 64-bit collision): name, columns and indexes in order.
    pub fn fingerprint(&self) -> u64 {
        let mut text = String::new();
        describe(&mut text, &self.name);
        for column in &self.columns {
            describe(&mut text, &column.name);
            describe_type(&mut text, &column.ty);
        }
        text.push('|');
        for index in &self.indexes {
            let kind = match index.kind {
                IndexKind::Hash => 'h',
                IndexKind::Ordered => 'o',
                IndexKind::Spatial { .. } => 's',
            };
            describe(&mut text, &format!("{}{kind}{:?}{}", index.name, index.columns, index.unique));
        }
        describe(&mut text, &format!("{:?}", self.primary));
        fnv1a(text.as_bytes())
    }
}

impl ReducerSchema {
    /// A number that two reducers share exactly when they take the same row of arguments.
    pub fn fingerprint(&self) -> u64 {
        let mut text = String::new();
        describe(&mut text, &self.name);
        describe_fields(&mut text, &self.params);
        fnv1a(text.as_bytes())
    }
}

fn describe(text: &mut String, part: &str) {
    // The length keeps "ab" + "c" apart from "a" + "bc".
    let _infallible = write!(text, "{}:{part};", part.len());
}

fn describe_fields(text: &mut String, fields: &[Field]) {
    text.push('{');
    for field in fields {
        describe(text, &field.name);
        describe_type(text, &field.ty);
    }
    text.push('}');
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other types are named by their Display")]
fn describe_type(text: &mut String, ty: &ColumnType) {
    match ty {
        ColumnType::Option(inner) => {
            text.push('?');
            describe_type(text, inner);
        }
        ColumnType::Vec(inner) => {
            text.push('*');
            describe_type(text, inner);
        }
        ColumnType::Struct(structure) => describe_fields(text, &structure.fields),
        ColumnType::Enum(enumeration) => {
            text.push('[');
            for variant in &enumeration.variants {
                describe(text, &variant.name);
                describe_fields(text, &variant.fields);
            }
            text.push(']');
        }
        scalar => describe(text, &scalar.to_string()),
    }
}

/// FNV-1a, 64 bits: stable, tiny, and good enough to notice a change nobody made on purpose.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
