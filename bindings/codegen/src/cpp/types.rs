//! Structs and enums of the schema as C++ types, each with its codec.

use std::sync::Arc;

use ambit_model::{ColumnType, EnumType, Field};

use super::type_name;
use crate::code::Code;
use crate::naming::{cpp as escape, upper_camel};
use crate::plan::{NamedType, Plan, is_in_place, placed};

pub(super) fn write(plan: &Plan<'_>, namespace: &str, code: &mut Code) {
    code.open(format!("namespace {namespace} {{"));
    for named in &plan.types {
        match named {
            NamedType::Struct(structure) => {
                write_struct(&upper_camel(&structure.name), &structure.fields, code);
            }
            NamedType::Enum(enumeration) if enumeration.has_payload() => write_union(enumeration, code),
            NamedType::Enum(enumeration) => write_enum(enumeration, code),
        }
        code.line("");
    }
    code.close("}");
    code.line("");
    code.open("namespace ambit {");
    for named in &plan.types {
        match named {
            NamedType::Struct(structure) => {
                let ty = ColumnType::Struct(Arc::clone(structure));
                let name = format!("{namespace}::{}", upper_camel(&structure.name));
                if is_in_place(&ty) {
                    assert_layout(&name, &placed(&structure.fields, 0), ty.size(), code);
                }
                write_codec(&name, &ty, code, |code, reading| {
                    write_fields("value", &structure.fields, 0, reading, namespace, code);
                });
            }
            NamedType::Enum(enumeration) if enumeration.has_payload() => {
                let name = format!("{namespace}::{}", upper_camel(&enumeration.name));
                let ty = ColumnType::Enum(Arc::clone(enumeration));
                write_codec(&name, &ty, code, |code, reading| {
                    write_variants(&name, enumeration, reading, namespace, code);
                });
            }
            NamedType::Enum(_) => {}
        }
    }
    code.close("}");
}

fn write_enum(enumeration: &EnumType, code: &mut Code) {
    code.open(format!("enum class {} : std::uint8_t {{", upper_camel(&enumeration.name)));
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        code.line(format!("{} = {tag},", escape(&upper_camel(&variant.name))));
    }
    code.close("};");
    let names: Vec<String> =
        enumeration.variants.iter().map(|variant| format!("\"{}\"", variant.name)).collect();
    code.line("/// What queries call it.");
    code.open(format!("inline std::string_view query_text({} value) {{", upper_camel(&enumeration.name)));
    code.line(format!("constexpr std::string_view names[] = {{{}}};", names.join(", ")));
    code.line("return names[static_cast<std::size_t>(value)];");
    code.close("}");
}

fn write_union(enumeration: &EnumType, code: &mut Code) {
    code.open(format!("struct {} {{", upper_camel(&enumeration.name)));
    let mut names = Vec::new();
    for variant in &enumeration.variants {
        let name = variant_name(enumeration, &variant.name);
        write_struct(&name, &variant.fields, code);
        names.push(name);
    }
    code.line(format!("std::variant<{}> value;", names.join(", ")));
    code.close("};");
}

/// A nested struct cannot have the name of the struct around it.
fn variant_name(enumeration: &EnumType, variant: &str) -> String {
    let name = escape(&upper_camel(variant));
    if name == upper_camel(&enumeration.name) { format!("{name}Variant") } else { name }
}

pub(super) fn write_struct(name: &str, fields: &[Field], code: &mut Code) {
    code.open(format!("struct {name} {{"));
    for field in fields {
        code.line(format!("{} {}{{}};", type_name(&field.ty), escape(&field.name)));
    }
    code.close("};");
}

pub(super) fn assert_layout(name: &str, fields: &[(usize, Field)], size: usize, code: &mut Code) {
    code.line(format!("static_assert(sizeof({name}) == {size}, \"{name} has another size than its row\");"));
    for (at, field) in fields {
        code.line(format!("static_assert(offsetof({name}, {}) == {at});", escape(&field.name)));
    }
}

fn write_codec(name: &str, ty: &ColumnType, code: &mut Code, body: impl Fn(&mut Code, bool)) {
    code.line("template <>");
    code.open(format!("struct Codec<{name}> {{"));
    code.line(format!("static constexpr std::uint32_t size = {}, align = {};", ty.size(), ty.align()));
    code.open(format!(
        "static {name} read([[maybe_unused]] const std::uint8_t* row, [[maybe_unused]] std::uint32_t at) {{"
    ));
    code.line(format!("{name} value{{}};"));
    body(code, true);
    code.line("return value;");
    code.close("}");
    code.open(format!(
        "static void write([[maybe_unused]] RowWriter& writer, [[maybe_unused]] std::uint32_t at, [[maybe_unused]] const {name}& value) {{"
    ));
    body(code, false);
    code.close("}");
    code.close("};");
}

fn write_fields(
    value: &str,
    fields: &[Field],
    first: usize,
    reading: bool,
    namespace: &str,
    code: &mut Code,
) {
    for (at, field) in placed(fields, first) {
        let member = format!("{value}.{}", escape(&field.name));
        let codec = format!("Codec<{}>", qualified(&field.ty, namespace));
        code.line(if reading {
            format!("{member} = {codec}::read(row, at + {at});")
        } else {
            format!("{codec}::write(writer, at + {at}, {member});")
        });
    }
}

fn write_variants(name: &str, enumeration: &EnumType, reading: bool, namespace: &str, code: &mut Code) {
    if reading {
        code.line("at = heap_offset(row, at);");
        code.open("switch (row[at]) {");
    }
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        let variant_type = format!("{name}::{}", variant_name(enumeration, &variant.name));
        if reading {
            code.open(format!("case {tag}: {{"));
            code.line(format!("{variant_type} variant{{}};"));
            write_fields("variant", &variant.fields, 1, true, namespace, code);
            code.line(format!("value.value.emplace<{tag}>(std::move(variant));"));
            code.line("break;");
        } else {
            let (size, align) = variant.block();
            code.open(format!(
                "if ([[maybe_unused]] const auto* variant = std::get_if<{tag}>(&value.value)) {{"
            ));
            code.line(format!("at = writer.block(at, {size}, {align});"));
            code.line(format!("Codec<std::uint8_t>::write(writer, at, {tag});"));
            write_fields("(*variant)", &variant.fields, 1, false, namespace, code);
            code.line("return;");
        }
        code.close("}");
    }
    if reading {
        code.line("default: break;");
        code.close("}");
    }
}

/// The type's name as seen from namespace `ambit`.
fn qualified(ty: &ColumnType, namespace: &str) -> String {
    match ty {
        ColumnType::Option(inner) if is_in_place(inner) => {
            format!("ambit::Option<{}>", qualified(inner, namespace))
        }
        ColumnType::Option(inner) => format!("std::optional<{}>", qualified(inner, namespace)),
        ColumnType::Vec(inner) => format!("std::vector<{}>", qualified(inner, namespace)),
        ColumnType::Struct(_) | ColumnType::Enum(_) => format!("{namespace}::{}", type_name(ty)),
        other => type_name(other),
    }
}
