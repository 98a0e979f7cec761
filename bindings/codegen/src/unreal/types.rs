//! The schema's structs and enums as USTRUCTs and UENUMs, what wraps them, and their codecs.

use std::collections::BTreeSet;

use ambit_model::{ColumnType, EnumType, Field, StructType};

use super::names::{Names, Wrapped, Wrapper, enumerator, property as property_name};
use super::{doc, has_heap, open, property, unions, views, wire};
use crate::code::Code;
use crate::plan::{NamedType, Plan, placed};

/// A field that codecs read and write: its offset, its type, and how a value of the struct names it.
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) ty: ColumnType,
    pub(super) member: String,
}

pub(super) fn declare(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    let mut known = BTreeSet::new();
    for named in &plan.types {
        for ty in inside(named) {
            wrap(ty, &mut known, names, code);
        }
        match named {
            NamedType::Struct(structure) => declare_struct(structure, names, code),
            NamedType::Enum(enumeration) if enumeration.has_payload() => {
                unions::declare(enumeration, names, code);
            }
            NamedType::Enum(enumeration) => declare_enum(enumeration, names, code),
        }
    }
    for table in &plan.tables {
        table.columns().for_each(|column| wrap(&column.ty, &mut known, names, code));
    }
    for reducer in &plan.reducers {
        reducer.reducer.params.iter().for_each(|param| wrap(&param.ty, &mut known, names, code));
    }
}

/// The types that a type is made of.
fn inside(named: &NamedType) -> Vec<&ColumnType> {
    match named {
        NamedType::Struct(structure) => structure.fields.iter().map(|field| &field.ty).collect(),
        NamedType::Enum(enumeration) => {
            enumeration.variants.iter().flat_map(|variant| &variant.fields).map(|field| &field.ty).collect()
        }
    }
}

fn wrap(ty: &ColumnType, known: &mut BTreeSet<String>, names: &Names, code: &mut Code) {
    for Wrapped { name, kind, value, initial } in names.wrappers(ty, known) {
        let category = &names.namespace;
        let pin = |code: &mut Code, line: String| {
            code.line("");
            code.line(format!("UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = \"{category}\")"));
            code.line(line);
        };
        code.line("");
        doc(
            code,
            match kind {
                Wrapper::Optional => "A value that may be missing.",
                Wrapper::List => "A list inside a list.",
            },
        );
        code.line("USTRUCT(BlueprintType)");
        open(code, format!("struct {name}"));
        code.line("GENERATED_BODY()");
        match kind {
            Wrapper::Optional => {
                pin(code, "bool bIsSet = false;".into());
                pin(code, format!("{value} Value{initial};"));
            }
            Wrapper::List => pin(code, format!("{value} Values;")),
        }
        code.close("};");
    }
}

fn declare_enum(enumeration: &EnumType, names: &Names, code: &mut Code) {
    let name = names.enumeration(&enumeration.name);
    code.line("");
    code.line("UENUM(BlueprintType)");
    open(code, format!("enum class {name} : uint8"));
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        code.line(format!("{} = {tag},", enumerator(&variant.name)));
    }
    code.close("};");
    code.line("");
    let texts: Vec<String> =
        enumeration.variants.iter().map(|variant| format!("\"{}\"", variant.name)).collect();
    code.line("/** What queries call it. */");
    open(code, format!("inline std::string_view query_text({name} Value)"));
    code.line(format!("constexpr std::string_view Texts[] = {{{}}};", texts.join(", ")));
    code.line("return Texts[static_cast<uint8>(Value)];");
    code.close("}");
}

fn declare_struct(structure: &StructType, names: &Names, code: &mut Code) {
    let name = names.structure(&structure.name);
    code.line("");
    code.line("USTRUCT(BlueprintType)");
    open(code, format!("struct {name}"));
    code.line("GENERATED_BODY()");
    for field in &structure.fields {
        property(field, "", names, code);
    }
    code.close("};");
    let ty = ColumnType::Struct(std::sync::Arc::new(structure.clone()));
    if has_heap(&ty) {
        let fields = placed(&structure.fields, 0);
        views::declare_nested(&name, &fields, names, code);
    }
    declare_codec(&name, &ty, code);
}

/// A codec's head; its functions are in the source file.
pub(super) fn declare_codec(name: &str, ty: &ColumnType, code: &mut Code) {
    let view = if has_heap(ty) { format!("{name}View") } else { name.to_owned() };
    code.line("");
    code.line("template <>");
    open(code, format!("struct TAmbitCodec<{name}>"));
    code.line(format!("static constexpr uint32 Size = {}, Align = {};", ty.size(), ty.align()));
    code.line(format!("using Value = {name};"));
    code.line(format!("using View = {view};"));
    code.line(format!("static void Read(const uint8* Row, uint32 At, {name}& Out);"));
    code.line(format!("static void Write(FAmbitRowWriter& Writer, uint32 At, const {name}& From);"));
    if has_heap(ty) {
        code.line(format!("static {view} Peek(const uint8* Row, uint32 At) {{ return {view}(Row, At); }}"));
    } else {
        open(code, format!("static {name} Peek(const uint8* Row, uint32 At)"));
        code.line(format!("{name} Out;"));
        code.line("Read(Row, At, Out);");
        code.line("return Out;");
        code.close("}");
    }
    code.close("};");
}

pub(super) fn define(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    for named in &plan.types {
        match named {
            NamedType::Struct(structure) => define_struct(structure, names, code),
            NamedType::Enum(enumeration) if enumeration.has_payload() => {
                unions::define(enumeration, names, code);
            }
            NamedType::Enum(_) => {}
        }
    }
}

fn define_struct(structure: &StructType, names: &Names, code: &mut Code) {
    let name = names.structure(&structure.name);
    let fields = places("", &structure.fields, 0);
    code.line("");
    open(
        code,
        format!(
            "void TAmbitCodec<{name}>::Read({}, {name}&{})",
            unused(&fields, "const uint8* Row, uint32 At"),
            if fields.is_empty() { "" } else { " Out" }
        ),
    );
    read(&fields, names, code);
    code.close("}");
    code.line("");
    open(
        code,
        format!(
            "void TAmbitCodec<{name}>::Write({}, const {name}&{})",
            unused(&fields, "FAmbitRowWriter& Writer, uint32 At"),
            if fields.is_empty() { "" } else { " From" }
        ),
    );
    write(&fields, names, code);
    code.close("}");
}

/// Parameters without their names where nobody needs them.
fn unused(fields: &[Place], parameters: &str) -> String {
    if !fields.is_empty() {
        return parameters.to_owned();
    }
    let types = parameters.split(", ").map(|one| one.rsplit_once(' ').map_or(one, |(ty, _)| ty));
    types.collect::<Vec<_>>().join(", ")
}

/// The fields of a struct whose first `first` bytes are taken; `within` names what they are members of, with its dot.
pub(super) fn places(within: &str, fields: &[Field], first: usize) -> Vec<Place> {
    placed(fields, first)
        .into_iter()
        .map(|(at, field)| Place { at, member: format!("{within}{}", property_name(&field)), ty: field.ty })
        .collect()
}

pub(super) fn read(fields: &[Place], names: &Names, code: &mut Code) {
    for Place { at, ty, member } in fields {
        code.line(format!("TAmbitCodec<{}>::Read(Row, At + {at}, Out.{member});", wire(ty, names)));
    }
}

pub(super) fn write(fields: &[Place], names: &Names, code: &mut Code) {
    for Place { at, ty, member } in fields {
        code.line(format!("TAmbitCodec<{}>::Write(Writer, At + {at}, From.{member});", wire(ty, names)));
    }
}
