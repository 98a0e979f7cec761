//! `RowCodec`: one reading and one writing method per composed type, in the canonical layout.

use std::collections::HashSet;

use ambit_model::{ColumnType, Field};

use super::types::{field_name, variant_name};
use super::{is_class, is_direct, read, type_name, word, write as write_statement};
use crate::code::Code;
use crate::plan::{Plan, placed};

pub(super) fn write(plan: &Plan<'_>, code: &mut Code) {
    code.open("internal static unsafe class RowCodec {");
    let mut seen = HashSet::new();
    let columns = plan.tables.iter().flat_map(|table| table.columns().map(|column| &column.ty));
    let params =
        plan.reducers.iter().flat_map(|reducer| reducer.reducer.params.iter().map(|field| &field.ty));
    for ty in columns.chain(params) {
        write_type(ty, &mut seen, code);
    }
    code.close("}");
}

fn write_type(ty: &ColumnType, seen: &mut HashSet<String>, code: &mut Code) {
    let word = word(ty);
    match ty {
        ColumnType::Option(inner) if seen.insert(word.clone()) => {
            write_type(inner, seen, code);
            write_option(ty, inner, &word, code);
        }
        ColumnType::Vec(inner) if seen.insert(word.clone()) => {
            write_type(inner, seen, code);
            write_list(inner, &word, code);
        }
        ColumnType::Struct(structure) if seen.insert(word.clone()) => {
            structure.fields.iter().for_each(|field| write_type(&field.ty, seen, code));
            let name = type_name(ty);
            if !is_direct(ty) {
                code.open(format!("internal static {name} Read{word}(byte* row, int at) {{"));
                code.line(format!("{name} value = new {name}();"));
                read_fields(&structure.name, &structure.fields, 0, code);
                code.line("return value;");
                code.close("}");
            }
            code.open(format!(
                "internal static void Write{word}(Ambit.RowWriter writer, int at, {name} value) {{"
            ));
            write_fields(&structure.name, &structure.fields, 0, "value", code);
            code.close("}");
        }
        ColumnType::Enum(enumeration) if enumeration.has_payload() && seen.insert(word.clone()) => {
            for field in enumeration.variants.iter().flat_map(|variant| &variant.fields) {
                write_type(&field.ty, seen, code);
            }
            write_union(enumeration, &word, code);
        }
        _ => {}
    }
}

fn write_option(ty: &ColumnType, inner: &ColumnType, word: &str, code: &mut Code) {
    let name = type_name(ty);
    let place = format!("at + {}", inner.align());
    let value = read(inner, "row", &format!("({place})"));
    let some = if is_class(inner) { value } else { format!("new {name}({value})") };
    code.open(format!("internal static {name} Read{word}(byte* row, int at) {{"));
    code.line(format!("return row[at] != 0 ? {some} : default({name});"));
    code.close("}");
    code.open(format!("internal static void Write{word}(Ambit.RowWriter writer, int at, {name} value) {{"));
    let (test, held) =
        if is_class(inner) { ("value != null", "value") } else { ("value.HasValue", "value.Value") };
    code.line(format!("if (!({test})) return;"));
    code.line("writer.Put(at, (byte)1);");
    code.line(write_statement(inner, &place, held));
    code.close("}");
}

fn write_list(inner: &ColumnType, word: &str, code: &mut Code) {
    let name = type_name(inner);
    let stride = inner.size();
    code.open(format!("internal static {name}[] Read{word}(byte* row, int at) {{"));
    code.line("int block = Ambit.RowReader.HeapOffset(row, at);");
    code.line("int count = Ambit.RowReader.HeapLength(row, at);");
    // C# wants the length in the first brackets of an array of arrays.
    let (element, rest) = match name.find("[]") {
        Some(brackets) => name.split_at(brackets),
        None => (name.as_str(), ""),
    };
    code.line(format!("{name}[] values = new {element}[count]{rest};"));
    code.open("for (int i = 0; i < count; i++) {");
    code.line(format!("values[i] = {};", read(inner, "row", &format!("(block + i * {stride})"))));
    code.close("}");
    code.line("return values;");
    code.close("}");
    code.open(format!(
        "internal static void Write{word}(Ambit.RowWriter writer, int at, {name}[] values) {{"
    ));
    code.line("if (values == null) return;");
    code.line(format!("int block = writer.List(at, values.Length, {stride}, {});", inner.align()));
    code.open("for (int i = 0; i < values.Length; i++) {");
    code.line(write_statement(inner, &format!("block + i * {stride}"), "values[i]"));
    code.close("}");
    code.close("}");
}

fn write_union(enumeration: &ambit_model::EnumType, word: &str, code: &mut Code) {
    code.open(format!("internal static {word} Read{word}(byte* row, int reference) {{"));
    code.line("int at = Ambit.RowReader.HeapOffset(row, reference);");
    code.open("switch (row[at]) {");
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        let name = format!("{word}.{}", variant_name(enumeration, &variant.name));
        code.open(format!("case {tag}: {{"));
        code.line(format!("{name} value = new {name}();"));
        read_fields(&variant.name, &variant.fields, 1, code);
        code.line("return value;");
        code.close("}");
    }
    code.line(format!("default: throw new InvalidOperationException(\"{word} has no such variant\");"));
    code.close("}");
    code.close("}");
    code.open(format!(
        "internal static void Write{word}(Ambit.RowWriter writer, int reference, {word} value) {{"
    ));
    code.line(format!("if (value == null) throw new ArgumentNullException(\"{word}\");"));
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        let name = format!("{word}.{}", variant_name(enumeration, &variant.name));
        let (size, align) = variant.block();
        code.open(format!("if (value is {name}) {{"));
        code.line(format!("int at = writer.Block(reference, {size}, {align});"));
        code.line(format!("writer.Put(at, (byte){tag});"));
        if !variant.fields.is_empty() {
            code.line(format!("{name} variant = ({name})value;"));
        }
        write_fields(&variant.name, &variant.fields, 1, "variant", code);
        code.close("}");
    }
    code.close("}");
}

fn read_fields(owner: &str, fields: &[Field], first: usize, code: &mut Code) {
    for (at, field) in placed(fields, first) {
        let value = read(&field.ty, "row", &format!("(at + {at})"));
        code.line(format!("value.{} = {value};", field_name(owner, &field.name)));
    }
}

fn write_fields(owner: &str, fields: &[Field], first: usize, value: &str, code: &mut Code) {
    for (at, field) in placed(fields, first) {
        let value = format!("{value}.{}", field_name(owner, &field.name));
        code.line(write_statement(&field.ty, &format!("at + {at}"), &value));
    }
}
