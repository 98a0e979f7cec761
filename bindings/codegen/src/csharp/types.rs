//! Structs and enums of the schema as C# types.

use ambit_model::{ColumnType, EnumType, Field, StructType};

use super::{is_direct, member, type_name};
use crate::code::Code;
use crate::naming::{csharp as escape, lower_camel, upper_camel};
use crate::plan::{NamedType, Plan, is_in_place, placed};

pub(super) fn write(plan: &Plan<'_>, code: &mut Code) {
    for named in &plan.types {
        match named {
            NamedType::Struct(structure) => write_struct(structure, code),
            NamedType::Enum(enumeration) if enumeration.has_payload() => write_union(enumeration, code),
            NamedType::Enum(enumeration) => write_enum(enumeration, code),
        }
        code.line("");
    }
}

fn write_enum(enumeration: &EnumType, code: &mut Code) {
    code.open(format!("public enum {} : byte {{", upper_camel(&enumeration.name)));
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        code.line(format!("{} = {tag},", member(&variant.name)));
    }
    code.close("}");
}

fn write_union(enumeration: &EnumType, code: &mut Code) {
    let name = upper_camel(&enumeration.name);
    code.open(format!("public abstract class {name} {{"));
    code.line(format!("private {name}() {{ }}"));
    for variant in &enumeration.variants {
        code.line("");
        code.open(format!("public sealed class {} : {name} {{", variant_name(enumeration, &variant.name)));
        for field in &variant.fields {
            code.line(format!("public {} {};", type_name(&field.ty), field_name(&variant.name, &field.name)));
        }
        code.close("}");
    }
    code.close("}");
}

/// A class cannot have the name of the class around it.
pub(super) fn variant_name(enumeration: &EnumType, variant: &str) -> String {
    let name = member(variant);
    if name == upper_camel(&enumeration.name) { format!("{name}Variant") } else { name }
}

/// A member cannot have the name of its own type.
pub(super) fn field_name(owner: &str, field: &str) -> String {
    let name = member(field);
    if name == upper_camel(owner) { format!("{name}Field") } else { name }
}

fn write_struct(structure: &StructType, code: &mut Code) {
    let name = upper_camel(&structure.name);
    let ty = ColumnType::Struct(std::sync::Arc::new(structure.clone()));
    if is_in_place(&ty) {
        write_in_place(&name, &structure.name, &placed(&structure.fields, 0), ty.size(), code, &[]);
        return;
    }
    code.open(format!("public struct {name} {{"));
    for field in &structure.fields {
        code.line(format!("public {} {};", type_name(&field.ty), field_name(&structure.name, &field.name)));
    }
    code.close("}");
}

/// A blittable struct: a field for what C# can have there, a property over plain fields for bools and options.
pub(super) fn write_in_place(
    name: &str,
    owner: &str,
    fields: &[(usize, Field)],
    size: usize,
    code: &mut Code,
    docs: &[String],
) {
    code.line(format!("[StructLayout(LayoutKind.Explicit, Size = {size})]"));
    code.open(format!("public struct {name} {{"));
    for (index, (at, field)) in fields.iter().enumerate() {
        let at = *at;
        let member = field_name(owner, &field.name);
        super::doc(code, docs.get(index).map_or("", String::as_str));
        if is_direct(&field.ty) {
            code.line(format!("[FieldOffset({at})] public {} {member};", type_name(&field.ty)));
            continue;
        }
        let backing = format!("{}_", lower_camel(&field.name));
        let mut parts = Vec::new();
        let (get, set) = access(&field.ty, at, &backing, "value", &mut parts);
        for (at, ty, part) in parts {
            code.line(format!("[FieldOffset({at})] private {ty} {part};"));
        }
        code.open(format!("public {} {} {{", type_name(&field.ty), escape(member)));
        code.line(format!("get {{ return {get}; }}"));
        code.line(format!("set {{ {set} }}"));
        code.close("}");
    }
    code.close("}");
}

type Part = (usize, String, String);

/// How a property reads and writes its plain fields.
fn access(ty: &ColumnType, at: usize, backing: &str, value: &str, parts: &mut Vec<Part>) -> (String, String) {
    match ty {
        ColumnType::Bool => {
            parts.push((at, "byte".into(), backing.into()));
            (format!("{backing} != 0"), format!("{backing} = {value} ? (byte)1 : (byte)0;"))
        }
        ColumnType::Option(inner) => {
            let tag = format!("{backing}has");
            parts.push((at, "byte".into(), tag.clone()));
            let held = if matches!(**inner, ColumnType::Option(_)) {
                format!("{value}.Value")
            } else {
                format!("{value}.GetValueOrDefault()")
            };
            let (get, set) = access(inner, at + inner.align(), &format!("{backing}v"), &held, parts);
            let whole = type_name(ty);
            (
                format!("{tag} != 0 ? new {whole}({get}) : default({whole})"),
                format!("{tag} = {value}.HasValue ? (byte)1 : (byte)0; {set}"),
            )
        }
        direct => {
            parts.push((at, type_name(direct), backing.into()));
            (backing.into(), format!("{backing} = {value};"))
        }
    }
}
