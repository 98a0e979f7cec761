//! C++17 without exceptions and RTTI: `types.g.h`, `tables.g.h`, `reducers.g.h`, header only.
//!
//! A fixed row is a struct over the core's memory, checked by static_assert; a row with a heap is an accessor.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

mod tables;
mod types;

use ambit_model::{ColumnType, Field};

use crate::code::Code;
use crate::naming::{cpp as escape, upper_camel};
use crate::plan::{OwnNames, Plan, is_in_place};
use crate::{GeneratedFile, Language, Options};

pub(crate) const OWN_NAMES: OwnNames =
    OwnNames { types: &["Tables", "Reducers", "Database"], of_tables: &["Row", "Table", "Columns"] };

pub(crate) fn generate(plan: &Plan<'_>, options: &Options) -> Vec<GeneratedFile> {
    let namespace = options.namespace.replace('.', "::").to_ascii_lowercase();
    let file = |path: &str, includes: &[&str], write: &dyn Fn(&mut Code)| {
        let mut code = Code::file(Language::Cpp);
        code.line("#pragma once");
        code.line("");
        includes.iter().for_each(|include| code.line(format!("#include {include}")));
        code.line("");
        write(&mut code);
        GeneratedFile { path: path.into(), text: code.finish() }
    };
    vec![
        file("types.g.h", &["<cstddef>", "<ambit/row.h>"], &|code| types::write(plan, &namespace, code)),
        file("tables.g.h", &["<ambit/client.h>", "<ambit/query.h>", "\"types.g.h\""], &|code| {
            code.open(format!("namespace {namespace} {{"));
            tables::write(plan, code);
            code.close("}");
        }),
        file("reducers.g.h", &["<ambit/client.h>", "\"tables.g.h\""], &|code| {
            code.open(format!("namespace {namespace} {{"));
            tables::write_reducers(plan, code);
            code.close("}");
        }),
    ]
}

/// The C++ type of a value.
fn type_name(ty: &ColumnType) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => "bool".into(),
        T::I8 | T::I16 | T::I32 | T::I64 => format!("std::int{}_t", ty.size() * 8),
        T::U8 | T::U16 | T::U32 | T::U64 => format!("std::uint{}_t", ty.size() * 8),
        T::F32 => "float".into(),
        T::F64 => "double".into(),
        T::String => "std::string".into(),
        T::Bytes => "std::vector<std::uint8_t>".into(),
        T::Option(inner) if is_in_place(inner) => format!("ambit::Option<{}>", type_name(inner)),
        T::Option(inner) => format!("std::optional<{}>", type_name(inner)),
        T::Vec(inner) => format!("std::vector<{}>", type_name(inner)),
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
            format!("ambit::{}", upper_camel(&ty.to_string()))
        }
    }
}

/// How an accessor hands out a column: text and lists of fixed elements without a copy.
fn view(ty: &ColumnType, at: usize) -> (String, String) {
    match ty {
        ColumnType::String => ("std::string_view".into(), format!("ambit::text_at(row_, {at})")),
        ColumnType::Bytes => {
            ("ambit::List<std::uint8_t>".into(), format!("ambit::list_at<std::uint8_t>(row_, {at})"))
        }
        ColumnType::Vec(inner) if is_in_place(inner) => (
            format!("ambit::List<{}>", type_name(inner)),
            format!("ambit::list_at<{}>(row_, {at})", type_name(inner)),
        ),
        other => (type_name(other), format!("ambit::Codec<{}>::read(row_, {at})", type_name(other))),
    }
}

/// How a function takes a value.
fn parameter(field: &Field) -> String {
    let name = escape(&field.name);
    match &field.ty {
        ColumnType::String => format!("std::string_view {name}"),
        ty if ty.size() > 16 || !is_in_place(ty) => format!("const {}& {name}", type_name(ty)),
        ty => format!("{} {name}", type_name(ty)),
    }
}

/// A statement that writes a parameter at byte `at` of the row in `writer`.
fn write_parameter(field: &Field, at: usize) -> String {
    let name = escape(&field.name);
    match &field.ty {
        ColumnType::String => format!("writer_.bytes({at}, {name}.data(), {name}.size());"),
        ty => format!("ambit::Codec<{}>::write(writer_, {at}, {name});", type_name(ty)),
    }
}

fn parameters(fields: &[Field]) -> String {
    fields.iter().map(parameter).collect::<Vec<_>>().join(", ")
}
