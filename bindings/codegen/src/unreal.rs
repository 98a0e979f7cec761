//! C++ for Unreal: `<Namespace>Types.g`, `<Namespace>Tables.g` and `<Namespace>Reducers.g`, each a `.h` and a `.cpp`.
//!
//! Blueprint gets copies in USTRUCTs; C++ gets views over the core's memory, from which nothing is copied until it is asked for.
//! Blueprint knows few number types, so a column's type in a row and in Blueprint may differ: `wire` names the first, `value`
//! the second, and the plugin's codecs lead from one to the other. Names that would meet are `names`' affair.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

mod names;

mod types;

mod unions;

mod views;

mod tables;

mod database;

mod reducers;

use ambit_model::{ColumnType, Field};

use crate::code::Code;
use crate::plan::{OwnNames, Plan, is_in_place};
use crate::{GenerateError, GeneratedFile, Language, Options};
use names::Names;

/// Names in Unreal have prefixes and are checked by [`Names`].
pub(crate) const OWN_NAMES: OwnNames =
    OwnNames { types: &["Tables", "Reducers", "Database"], of_tables: &["Row", "Table", "View", "Columns"] };

pub(crate) fn generate(plan: &Plan<'_>, options: &Options) -> Result<Vec<GeneratedFile>, GenerateError> {
    let names = Names::new(plan, &options.namespace)?;
    let space = &names.namespace;
    let header = |part: &str, includes: &[String], write: &dyn Fn(&mut Code)| {
        let mut code = Code::file(Language::Unreal);
        code.line("#pragma once");
        code.line("");
        code.line("#include \"CoreMinimal.h\"");
        includes.iter().for_each(|include| code.line(format!("#include \"{include}\"")));
        // UnrealHeaderTool wants its own file last.
        code.line(format!("#include \"{space}{part}.g.generated.h\""));
        write(&mut code);
        GeneratedFile { path: format!("{space}{part}.g.h"), text: code.finish() }
    };
    let source = |part: &str, write: &dyn Fn(&mut Code)| {
        let mut code = Code::file(Language::Unreal);
        code.line(format!("#include \"{space}{part}.g.h\""));
        write(&mut code);
        GeneratedFile { path: format!("{space}{part}.g.cpp"), text: code.finish() }
    };
    let types = format!("{space}Types.g.h");
    let tables = format!("{space}Tables.g.h");
    Ok(vec![
        header("Types", &["AmbitCodec.h".into(), "AmbitOptionals.h".into()], &|code| {
            types::declare(plan, &names, code);
        }),
        source("Types", &|code| types::define(plan, &names, code)),
        header("Tables", &["AmbitTable.h".into(), types], &|code| tables::declare(plan, &names, code)),
        source("Tables", &|code| tables::define(plan, &names, code)),
        header("Reducers", &["AmbitCallAction.h".into(), "AmbitDatabase.h".into(), tables], &|code| {
            reducers::declare(plan, &names, code);
            database::declare(plan, &names, code);
        }),
        source("Reducers", &|code| {
            reducers::define(plan, &names, code);
            database::define(plan, &names, code);
        }),
    ])
}

/// How a type lies in a row: the parameter of the plugin's `TAmbitCodec`.
fn wire(ty: &ColumnType, names: &Names) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => "bool".into(),
        T::I8 | T::I16 | T::I32 | T::I64 => format!("int{}", ty.size() * 8),
        T::U8 | T::U16 | T::U32 | T::U64 => format!("uint{}", ty.size() * 8),
        T::F32 => "float".into(),
        T::F64 => "double".into(),
        T::String => "FString".into(),
        T::Bytes => "TAmbitList<uint8>".into(),
        T::Option(inner) => format!("TAmbitOption<{}, {}>", wire(inner, names), names.optional(inner)),
        T::Vec(inner) if is_list(inner) => {
            format!("TAmbitList<TAmbitNested<{}, {}>>", wire(inner, names), names.list(inner))
        }
        T::Vec(inner) => format!("TAmbitList<{}>", wire(inner, names)),
        T::Enum(enumeration) if enumeration.has_payload() => names.structure(&enumeration.name),
        T::Enum(enumeration) => names.enumeration(&enumeration.name),
        T::Struct(structure) => names.structure(&structure.name),
        other => format!("ambit::{}", crate::naming::upper_camel(&other.to_string())),
    }
}

/// The type that Blueprint has for it.
fn value(ty: &ColumnType, names: &Names) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => "bool".into(),
        T::U8 => "uint8".into(),
        T::I8 | T::I16 | T::I32 | T::U16 => "int32".into(),
        T::I64 | T::U32 | T::U64 | T::EntityId => "int64".into(),
        T::I128 => "FAmbitInt128".into(),
        T::U128 => "FAmbitUInt128".into(),
        T::F32 => "float".into(),
        T::F64 => "double".into(),
        T::Vec2 | T::DVec2 => "FVector2D".into(),
        T::Vec3 | T::DVec3 => "FVector".into(),
        T::Vec4 => "FVector4".into(),
        T::Quat => "FQuat".into(),
        T::IVec2 => "FIntPoint".into(),
        T::IVec3 => "FIntVector".into(),
        T::Identity => "FAmbitIdentity".into(),
        T::ConnectionId => "FAmbitConnectionId".into(),
        T::Uuid => "FGuid".into(),
        T::Timestamp => "FDateTime".into(),
        T::Duration => "FTimespan".into(),
        T::String => "FString".into(),
        T::Bytes => "TArray<uint8>".into(),
        T::Option(inner) => names.optional(inner),
        T::Vec(inner) if is_list(inner) => format!("TArray<{}>", names.list(inner)),
        T::Vec(inner) => format!("TArray<{}>", value(inner, names)),
        T::Enum(enumeration) if enumeration.has_payload() => names.structure(&enumeration.name),
        T::Enum(enumeration) => names.enumeration(&enumeration.name),
        T::Struct(structure) => names.structure(&structure.name),
    }
}

/// What a property of the type begins with: Unreal refuses properties that begin with nothing.
fn initial(ty: &ColumnType, names: &Names) -> String {
    use ColumnType as T;
    match ty {
        T::Bool => " = false".into(),
        T::I8 | T::I16 | T::I32 | T::I64 | T::U8 | T::U16 | T::U32 | T::U64 | T::EntityId => " = 0".into(),
        T::F32 => " = 0.0f".into(),
        T::F64 => " = 0.0".into(),
        T::Vec2 | T::DVec2 => " = FVector2D::ZeroVector".into(),
        T::Vec3 | T::DVec3 => " = FVector::ZeroVector".into(),
        T::Vec4 => " = FVector4(0.0, 0.0, 0.0, 0.0)".into(),
        T::Quat => " = FQuat::Identity".into(),
        T::IVec2 => " = FIntPoint::ZeroValue".into(),
        T::IVec3 => " = FIntVector::ZeroValue".into(),
        T::Enum(enumeration) if !enumeration.has_payload() => {
            let first = enumeration.variants.first().map(|variant| names::enumerator(&variant.name));
            format!(" = {}::{}", names.enumeration(&enumeration.name), first.unwrap_or_default())
        }
        _ => String::new(),
    }
}

/// What C++ compares a column with in a typed query.
fn compared(ty: &ColumnType, names: &Names) -> String {
    match ty {
        ColumnType::String => "std::string".into(),
        ColumnType::Option(inner) => format!("ambit::Option<{}>", compared(inner, names)),
        other => wire(other, names),
    }
}

/// Whether Blueprint has it as an array, which no array can hold.
fn is_list(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Vec(_) | ColumnType::Bytes)
}

/// Whether a value of it has memory of its own.
fn has_heap(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Struct(structure) => structure.fields.iter().any(|field| has_heap(&field.ty)),
        other => !is_in_place(other),
    }
}

/// Parameters as a UFUNCTION takes them.
fn parameters(fields: &[Field], names: &Names) -> Vec<String> {
    fields.iter().map(|field| parameter(field, names)).collect()
}

fn parameter(field: &Field, names: &Names) -> String {
    use ColumnType as T;
    let (ty, name) = (value(&field.ty, names), names::parameter(field));
    let is_plain = match &field.ty {
        T::Bool | T::I8 | T::I16 | T::I32 | T::I64 | T::U8 | T::U16 | T::U32 | T::U64 => true,
        T::F32 | T::F64 | T::EntityId => true,
        T::Enum(enumeration) => !enumeration.has_payload(),
        _ => false,
    };
    if is_plain { format!("{ty} {name}") } else { format!("const {ty}& {name}") }
}

/// A statement that writes a parameter at byte `at` of the row in `Writer`.
fn write_parameter(field: &Field, at: usize, names: &Names) -> String {
    format!("TAmbitCodec<{}>::Write(Writer, {at}, {});", wire(&field.ty, names), names::parameter(field))
}

/// A comment in the form that Unreal shows as a tooltip; nothing for an empty one.
fn doc(code: &mut Code, text: &str) {
    let text = text.trim().replace("*/", "* /");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => {}
        [line] => code.line(format!("/** {line} */")),
        lines => {
            code.line("/**");
            for line in lines {
                code.line(format!(" * {line}").trim_end());
            }
            code.line(" */");
        }
    }
}

/// Opens a block whose brace has a line of its own.
fn open(code: &mut Code, line: impl AsRef<str>) {
    code.line(line);
    code.open("{");
}

/// A property of a USTRUCT.
fn property(field: &Field, text: &str, names: &Names, code: &mut Code) {
    code.line("");
    doc(code, text);
    code.line(format!("UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = \"{}\")", names.namespace));
    code.line(format!(
        "{} {}{};",
        value(&field.ty, names),
        names::property(field),
        initial(&field.ty, names)
    ));
}
