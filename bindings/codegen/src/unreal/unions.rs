//! Enums whose variants carry data: a USTRUCT that says which one it is and has a struct for each that carries something.

use std::sync::Arc;

use ambit_model::{ColumnType, EnumType, Variant};

use super::names::{Names, enumerator, variant as variant_name};
use super::types::{declare_codec, places, read, write};
use super::{open, property, views};
use crate::code::Code;

pub(super) fn declare(union: &EnumType, names: &Names, code: &mut Code) {
    let name = names.structure(&union.name);
    let kind = kind(union, names);
    code.line("");
    code.line("UENUM(BlueprintType)");
    open(code, format!("enum class {kind} : uint8"));
    for (tag, variant) in union.variants.iter().enumerate() {
        code.line(format!("{} = {tag},", enumerator(&variant.name)));
    }
    code.close("};");
    for variant in with_fields(union) {
        code.line("");
        code.line("USTRUCT(BlueprintType)");
        open(code, format!("struct {}", variant_name(&name, &variant.name)));
        code.line("GENERATED_BODY()");
        for field in &variant.fields {
            property(field, "", names, code);
        }
        code.close("};");
    }
    code.line("");
    code.line("/** One of its kinds; what the other kinds carry is blank. */");
    code.line("USTRUCT(BlueprintType)");
    open(code, format!("struct {name}"));
    code.line("GENERATED_BODY()");
    let mut pin = |line: String| {
        code.line("");
        code.line(format!("UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = \"{}\")", names.namespace));
        code.line(line);
    };
    let first = union.variants.first().map(|variant| enumerator(&variant.name)).unwrap_or_default();
    pin(format!("{kind} Kind = {kind}::{first};"));
    for variant in with_fields(union) {
        pin(format!("{} {};", variant_name(&name, &variant.name), member(variant)));
    }
    code.close("};");
    views::declare_union(&name, &kind, union, names, code);
    declare_codec(&name, &ColumnType::Enum(Arc::new(union.clone())), code);
}

/// The enum that says which variant it is.
pub(super) fn kind(union: &EnumType, names: &Names) -> String {
    format!("{}Kind", names.enumeration(&union.name))
}

pub(super) fn with_fields(union: &EnumType) -> impl Iterator<Item = &Variant> {
    union.variants.iter().filter(|variant| !variant.fields.is_empty())
}

/// The property of what a variant carries; `Kind` says which it is.
pub(super) fn member(variant: &Variant) -> String {
    let name = enumerator(&variant.name);
    if name.eq_ignore_ascii_case("kind") { format!("{name}_") } else { name }
}

pub(super) fn define(union: &EnumType, names: &Names, code: &mut Code) {
    let name = names.structure(&union.name);
    let kind = kind(union, names);
    code.line("");
    open(code, format!("void TAmbitCodec<{name}>::Read(const uint8* Row, uint32 At, {name}& Out)"));
    code.line("At = ambit::heap_offset(Row, At);");
    code.line(format!("Out = {name}();"));
    code.line(format!("Out.Kind = static_cast<{kind}>(Row[At]);"));
    if with_fields(union).next().is_some() {
        open(code, "switch (Out.Kind)");
        for variant in with_fields(union) {
            code.line(format!("case {kind}::{}:", enumerator(&variant.name)));
            code.indent();
            read(&places(&format!("{}.", member(variant)), &variant.fields, 1), names, code);
            code.line("break;");
            code.outdent();
        }
        code.line("default:");
        code.line("\tbreak;");
        code.close("}");
    }
    code.close("}");
    code.line("");
    open(
        code,
        format!("void TAmbitCodec<{name}>::Write(FAmbitRowWriter& Writer, uint32 At, const {name}& From)"),
    );
    open(code, "switch (From.Kind)");
    for variant in &union.variants {
        let (size, align) = variant.block();
        code.line(format!("case {kind}::{}:", enumerator(&variant.name)));
        code.indent();
        code.line(format!("At = Writer.Block(At, {size}, {align}, static_cast<uint8>(From.Kind));"));
        write(&places(&format!("{}.", member(variant)), &variant.fields, 1), names, code);
        code.line("break;");
        code.outdent();
    }
    code.close("}");
    code.close("}");
}
