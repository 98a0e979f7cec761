//! Views: a row, or a struct in one, in the core's memory. They copy nothing; a text is a view of it, a list is read element by element.

use ambit_model::{ColumnType, EnumType, Field};

use super::names::{Names, accessor, variant as variant_name};
use super::unions::with_fields;
use super::{doc, open, wire};
use crate::code::Code;
use crate::plan::{TablePlan, placed};

/// The view of a table's rows; `name` is what its structs begin with.
pub(super) fn declare_row(plan: &TablePlan<'_>, name: &str, names: &Names, code: &mut Code) {
    code.line("");
    doc(code, &format!("{}\nA row in place; safe until the next tick.", plan.doc()));
    open(code, format!("class {name}View : public FAmbitView"));
    code.outdent();
    code.line("public:");
    code.indent();
    code.line("using FAmbitView::FAmbitView;");
    for (column, (at, field)) in plan.columns().zip(plan.placed()) {
        code.line("");
        doc(code, &column.doc);
        read(&field, at, names, code);
    }
    code.line("");
    code.line("/** Copies the row into the struct of Blueprint. */");
    code.line(format!("void CopyTo({name}Row& Out) const;"));
    code.close("};");
}

/// The view of a struct with a heap.
pub(super) fn declare_nested(name: &str, fields: &[(usize, Field)], names: &Names, code: &mut Code) {
    code.line("");
    code.line(format!("/** {} in place; safe until the next tick. */", article(name)));
    open(code, format!("class {name}View : public FAmbitView"));
    code.outdent();
    code.line("public:");
    code.indent();
    code.line("using FAmbitView::FAmbitView;");
    for (at, field) in fields {
        read(field, *at, names, code);
    }
    code.close("};");
}

/// The view of a union, and those of what its variants carry.
pub(super) fn declare_union(name: &str, kind: &str, union: &EnumType, names: &Names, code: &mut Code) {
    for variant in with_fields(union) {
        declare_nested(&variant_name(name, &variant.name), &placed(&variant.fields, 1), names, code);
    }
    code.line("");
    code.line(format!("/** {} in place; safe until the next tick. */", article(name)));
    open(code, format!("class {name}View : public FAmbitView"));
    code.outdent();
    code.line("public:");
    code.indent();
    code.line(format!(
        "{name}View(const uint8* Row, uint32 At) : FAmbitView(Row, ambit::heap_offset(Row, At)) {{}}"
    ));
    code.line(format!("{kind} Kind() const {{ return static_cast<{kind}>(AmbitBytes[AmbitAt]); }}"));
    for variant in with_fields(union) {
        let of = variant_name(name, &variant.name);
        let function = super::unions::member(variant);
        code.line("/** Only if it is of this kind. */");
        code.line(format!("{of}View {function}() const {{ return {of}View(AmbitBytes, AmbitAt); }}"));
    }
    code.close("};");
}

fn read(field: &Field, at: usize, names: &Names, code: &mut Code) {
    let wire = wire(&field.ty, names);
    code.line(format!(
        "{} {}() const {{ return TAmbitCodec<{wire}>::Peek(AmbitBytes, AmbitAt + {at}); }}",
        view(&field.ty, names),
        accessor(&field.name)
    ));
}

/// What a view hands out.
pub(super) fn view(ty: &ColumnType, names: &Names) -> String {
    match ty {
        ColumnType::String => "FUtf8StringView".into(),
        ColumnType::Bytes => "TAmbitListView<uint8>".into(),
        ColumnType::Vec(inner) => format!("TAmbitListView<{}>", nested(inner, names)),
        ColumnType::Option(inner) => format!("TOptional<{}>", view(inner, names)),
        ty if super::has_heap(ty) => format!("{}View", super::value(ty, names)),
        ty => super::value(ty, names),
    }
}

/// The elements of a list, as [`wire`] has them.
fn nested(inner: &ColumnType, names: &Names) -> String {
    if super::is_list(inner) {
        format!("TAmbitNested<{}, {}>", wire(inner, names), names.list(inner))
    } else {
        wire(inner, names)
    }
}

fn article(name: &str) -> String {
    let word = name.trim_start_matches('F');
    if word.starts_with(['A', 'E', 'I', 'O', 'U']) { format!("An `{word}`") } else { format!("A `{word}`") }
}
