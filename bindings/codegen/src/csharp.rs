//! C# 7.3: `Types.g.cs`, `Tables.g.cs`, `Reducers.g.cs`.
//!
//! A fixed row is an explicit struct over the core's memory; a row with a heap is an accessor that decodes on
//! demand. No reflection, no callbacks from native code.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

mod codec;
mod columns;
mod tables;
mod types;

use ambit_model::ColumnType;

use crate::code::Code;
use crate::naming::{csharp as escape, upper_camel};
use crate::plan::{OwnNames, Plan};
use crate::{GeneratedFile, Language, Options};

/// `Ambit` and `System` are the namespaces that generated code names things by.
pub(crate) const OWN_NAMES: OwnNames = OwnNames {
    types: &["Tables", "Reducers", "Database", "RowCodec", "Ambit", "System"],
    of_tables: &["Row", "Rows", "Table", "Columns", "Inserted", "Updated", "Deleted"],
};

pub(crate) fn generate(plan: &Plan<'_>, options: &Options) -> Vec<GeneratedFile> {
    let file = |path: &str, write: &dyn Fn(&mut Code)| {
        let mut code = Code::file(Language::CSharp);
        code.line("// ReSharper disable All");
        code.line("using System;");
        code.line("using System.Runtime.InteropServices;");
        code.line("");
        code.open(format!("namespace {} {{", options.namespace));
        write(&mut code);
        code.close("}");
        GeneratedFile { path: path.into(), text: code.finish() }
    };
    vec![
        file("Types.g.cs", &|code| {
            types::write(plan, code);
            codec::write(plan, code);
        }),
        file("Tables.g.cs", &|code| tables::write(plan, code)),
        file("Reducers.g.cs", &|code| tables::write_reducers(plan, code)),
    ]
}

/// The C# type of a value.
fn type_name(ty: &ColumnType) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => "bool".into(),
        T::I8 => "sbyte".into(),
        T::I16 => "short".into(),
        T::I32 => "int".into(),
        T::I64 => "long".into(),
        T::U8 => "byte".into(),
        T::U16 => "ushort".into(),
        T::U32 => "uint".into(),
        T::U64 => "ulong".into(),
        T::F32 => "float".into(),
        T::F64 => "double".into(),
        T::String => "string".into(),
        T::Bytes => "byte[]".into(),
        T::Option(inner) => match &**inner {
            T::Option(_) => format!("Ambit.Optional<{}>", type_name(inner)),
            value if is_class(value) => type_name(value),
            value => format!("{}?", type_name(value)),
        },
        T::Vec(inner) => {
            // `int?[]` reads as written; an array of arrays does too, from the inside out.
            format!("{}[]", type_name(inner))
        }
        T::Enum(enumeration) => upper_camel(&enumeration.name),
        T::Struct(structure) => upper_camel(&structure.name),
        T::I128
        | T::U128
        | T::Vec2
        | T::Vec3
        | T::Vec4
        | T::Quat
        | T::DVec2
        | T::DVec3
        | T::IVec2
        | T::IVec3
        | T::Identity
        | T::ConnectionId
        | T::Uuid
        | T::EntityId
        | T::Timestamp
        | T::Duration => {
            format!("Ambit.{}", scalar_word(ty))
        }
    }
}

/// Whether C# has the type on its heap, so that `null` says "absent".
fn is_class(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::String | ColumnType::Bytes | ColumnType::Vec(_) => true,
        ColumnType::Enum(enumeration) => enumeration.has_payload(),
        _ => false,
    }
}

/// Whether bytes of the type at an address are the C# value: everything in place but bools and options.
fn is_direct(ty: &ColumnType) -> bool {
    !matches!(ty, ColumnType::Bool | ColumnType::Option(_)) && crate::plan::is_in_place(ty)
}

/// A name for the type inside method names.
fn word(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Option(inner) => format!("OptionOf{}", word(inner)),
        ColumnType::Vec(inner) => format!("ListOf{}", word(inner)),
        ColumnType::Enum(enumeration) => upper_camel(&enumeration.name),
        ColumnType::Struct(structure) => upper_camel(&structure.name),
        scalar => scalar_word(scalar),
    }
}

fn scalar_word(ty: &ColumnType) -> String {
    upper_camel(&ty.to_string())
}

/// An expression that reads the value at byte `at` of the row at pointer `row`.
fn read(ty: &ColumnType, row: &str, at: &str) -> String {
    match ty {
        ColumnType::Bool => format!("({row}[{at}] != 0)"),
        ColumnType::String => format!("Ambit.RowReader.Text({row}, {at})"),
        ColumnType::Bytes => format!("Ambit.RowReader.Bytes({row}, {at})"),
        direct if is_direct(direct) => format!("*({}*)({row} + {at})", type_name(direct)),
        composed => format!("RowCodec.Read{}({row}, {at})", word(composed)),
    }
}

/// A statement that writes `value` at byte `at` of the row in `writer`.
fn write(ty: &ColumnType, at: &str, value: &str) -> String {
    match ty {
        ColumnType::Option(_) | ColumnType::Vec(_) | ColumnType::Struct(_) => {
            format!("RowCodec.Write{}(writer, {at}, {value});", word(ty))
        }
        ColumnType::Enum(enumeration) if enumeration.has_payload() => {
            format!("RowCodec.Write{}(writer, {at}, {value});", word(ty))
        }
        ColumnType::Enum(_) => format!("writer.Put({at}, (byte){value});"),
        _ => format!("writer.Put({at}, {value});"),
    }
}

fn member(name: &str) -> String {
    escape(upper_camel(name))
}

fn doc(code: &mut Code, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if !text.trim().is_empty() {
        code.line("/// <summary>");
        code.doc("///", &text);
        code.line("/// </summary>");
    }
}
