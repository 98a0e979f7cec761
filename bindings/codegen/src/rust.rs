//! Rust: one file, `database.g.rs`, for a game that depends on `ambit-client`. Rows are owned structs that decode from
//! the core's bytes; tables and reducers are thin over the client's typed ones.

mod columns;
mod database;

use ambit_model::{ColumnType, EnumType, Field};

use crate::code::Code;
use crate::naming::{rust as escape, snake, upper_camel};
use crate::plan::{Lookup, NamedType, OwnNames, Plan, TablePlan, placed};
use crate::{GeneratedFile, Language};

/// Besides its own types those of Rust's prelude that generated code names.
pub(crate) const OWN_NAMES: OwnNames = OwnNames {
    types: &[
        "Tables", "Reducers", "Database", "Box", "Err", "None", "Ok", "Option", "Result", "Self", "Some",
        "String", "Vec",
    ],
    of_tables: &["Row", "Table", "Columns"],
};

pub(crate) fn generate(plan: &Plan<'_>) -> Vec<GeneratedFile> {
    let mut code = Code::file(Language::Rust);
    code.line("// Include it as a module: `#[path = \"database.g.rs\"] mod database;`");
    code.line("use ambit_client::model;");
    code.line("");
    for named in &plan.types {
        match named {
            NamedType::Struct(structure) => write_struct(&structure.name, &structure.fields, &mut code),
            NamedType::Enum(enumeration) => {
                write_enum(enumeration, &mut code);
                columns::write_enum(enumeration, &mut code);
            }
        }
        code.line("");
    }
    for table in &plan.tables {
        write_table(table, &mut code);
        code.line("");
        columns::write(table, &mut code);
        code.line("");
    }
    database::write(plan, &mut code);
    code.line("");
    code.line("/// The row of arguments of each reducer.");
    code.open("pub mod reducers {");
    code.line("#[allow(unused_imports)]");
    code.line("use super::*;");
    for plan in &plan.reducers {
        let reducer = plan.reducer;
        code.line("");
        code.doc("///", &reducer.doc);
        let name = upper_camel(&reducer.name);
        write_fields_struct(&name, &reducer.params, &[], &mut code);
        let (list, placed) = (fields_list(&reducer.params), placed(&reducer.params, 0));
        write_row(&name, (&list, &placed), plan.layout.fixed_bytes(), &mut code);
        code.open(format!("impl {name} {{"));
        write_names(&reducer.name, reducer.fingerprint(), &mut code);
        code.close("}");
    }
    code.close("}");
    vec![GeneratedFile { path: "database.g.rs".into(), text: code.finish() }]
}

fn write_names(name: &str, fingerprint: u64, code: &mut Code) {
    code.line("/// Its name in the module.");
    code.line(format!("pub const NAME: &'static str = \"{name}\";"));
    code.line("/// To compare with the connected schema's.");
    code.line(format!("pub const FINGERPRINT: u64 = 0x{fingerprint:016x};"));
}

fn write_table(plan: &TablePlan<'_>, code: &mut Code) {
    let name = format!("{}Row", plan.name());
    let placed = plan.placed();
    let fields: Vec<Field> = placed.iter().map(|(_, field)| field.clone()).collect();
    let docs: Vec<&str> = plan.columns().map(|column| column.doc.as_str()).collect();
    code.doc("///", &plan.doc());
    write_fields_struct(&name, &fields, &docs, code);
    let columns = plan.table.columns.iter().map(|column| match column.private {
        true => hidden_field(&column.name, &column.ty),
        false => field_of(&Field { name: column.name.clone(), ty: column.ty.clone() }),
    });
    let columns = format!("vec![{}]", columns.collect::<Vec<_>>().join(", "));
    write_row(&name, (&columns, &placed), plan.layout.fixed_bytes(), code);
    code.open(format!("impl {name} {{"));
    write_names(&plan.table.name, plan.table.fingerprint(), code);
    for (id, index) in (0u16..).zip(&plan.table.indexes) {
        let (lookup, method) = plan.index_method(id, index);
        let method = snake(&method);
        code.line(format!("/// Number of the index that answers `{method}`."));
        code.line(format!("pub const {}_INDEX: u16 = {id};", method.to_ascii_uppercase()));
        if lookup == Lookup::Near {
            continue;
        }
        let (fields, layout) = plan.key(index);
        let params: Vec<String> = fields
            .iter()
            .map(|field| format!("{}: &{}", escape(&field.name), type_name(&field.ty)))
            .collect();
        code.line(format!("/// The key row for `{method}`."));
        code.open(format!("pub fn {method}_key({}) -> Vec<u8> {{", params.join(", ")));
        code.line("let mut out_ = Vec::new();");
        code.line(format!("let mut writer_ = model::RowWriter::new(&mut out_, {});", layout.fixed_bytes()));
        for (field, place) in fields.iter().zip(layout.columns()) {
            code.line(format!(
                "model::Column::write({}, &mut writer_, {});",
                escape(&field.name),
                place.offset
            ));
        }
        code.line("out_");
        code.close("}");
    }
    code.close("}");
}

/// The Rust type of a value.
fn type_name(ty: &ColumnType) -> String {
    use ColumnType as T;
    match ty {
        T::Bool
        | T::I8
        | T::I16
        | T::I32
        | T::I64
        | T::I128
        | T::U8
        | T::U16
        | T::U32
        | T::U64
        | T::U128
        | T::F32
        | T::F64
        | T::String => ty.to_string(),
        T::Vec2 | T::Vec3 | T::Vec4 | T::Quat | T::DVec2 | T::DVec3 | T::IVec2 | T::IVec3 => {
            format!("model::glam::{ty}")
        }
        T::Identity | T::ConnectionId | T::Uuid | T::EntityId | T::Timestamp | T::Duration => {
            format!("model::{ty}")
        }
        T::Bytes => "Vec<u8>".into(),
        T::Option(inner) => format!("Option<{}>", type_name(inner)),
        T::Vec(inner) => format!("Vec<{}>", type_name(inner)),
        T::Enum(enumeration) => upper_camel(&enumeration.name),
        T::Struct(structure) => upper_camel(&structure.name),
    }
}

fn write_fields_struct(name: &str, fields: &[Field], docs: &[&str], code: &mut Code) {
    code.line("#[derive(Debug, Clone, PartialEq)]");
    code.line("#[allow(missing_docs)]");
    code.open(format!("pub struct {name} {{"));
    for (index, field) in fields.iter().enumerate() {
        code.doc("///", docs.get(index).copied().unwrap_or_default());
        code.line(format!("pub {}: {},", escape(&field.name), type_name(&field.ty)));
    }
    code.close("}");
    code.line("");
}

/// `list` says all columns, `placed` those that the struct has and where they lie.
fn write_row(name: &str, (list, placed): (&str, &[(usize, Field)]), fixed_bytes: usize, code: &mut Code) {
    code.line("#[allow(unused_variables)]");
    code.open(format!("impl model::Row for {name} {{"));
    code.line(format!("const FIXED_BYTES: usize = {fixed_bytes};"));
    code.open("fn fields() -> Vec<model::Field> {");
    code.line(list);
    code.close("}");
    code.open("fn write_columns(&self, writer: &mut model::RowWriter<'_>) {");
    for (at, field) in placed {
        code.line(format!("model::Column::write(&self.{}, writer, {at});", escape(&field.name)));
    }
    code.close("}");
    code.open("fn read_columns(reader: model::RowReader<'_>) -> Result<Self, model::DecodeError> {");
    code.line(format!("Ok(Self {{ {} }})", readers_at(placed, "")));
    code.close("}");
    code.close("}");
}

fn fields_list(fields: &[Field]) -> String {
    let list: Vec<String> = fields.iter().map(field_of).collect();
    format!("vec![{}]", list.join(", "))
}

fn field_of(Field { name, ty }: &Field) -> String {
    let ty = type_name(ty);
    format!("model::Field {{ name: \"{name}\".into(), ty: <{ty} as model::Column>::column_type() }}")
}

/// What takes the place of a private column.
fn hidden_field(name: &str, ty: &ColumnType) -> String {
    let (size, align) = (ty.size(), ty.align());
    format!("model::Field {{ name: \"{name}\".into(), ty: model::hidden_type({size}, {align}) }}")
}

fn readers(fields: &[Field], first: usize, base: &str) -> String {
    readers_at(&placed(fields, first), base)
}

fn readers_at(placed: &[(usize, Field)], base: &str) -> String {
    let reader = |(at, field): &(usize, Field)| {
        format!("{}: model::Column::read(reader, {})?", escape(&field.name), place(base, *at))
    };
    placed.iter().map(reader).collect::<Vec<_>>().join(", ")
}

/// The place `at` bytes after a base, without a `+ 0`.
fn place(base: &str, at: usize) -> String {
    match at {
        0 if !base.is_empty() => base.trim_end_matches(" + ").to_owned(),
        _ => format!("{base}{at}"),
    }
}

fn open_column(name: &str, size: usize, align: usize, code: &mut Code) {
    code.line("#[allow(unused_variables)]");
    code.open(format!("impl model::Column for {name} {{"));
    code.line(format!("const SIZE: usize = {size};"));
    code.line(format!("const ALIGN: usize = {align};"));
    code.open("fn column_type() -> model::ColumnType {");
}

fn write_struct(name: &str, fields: &[Field], code: &mut Code) {
    let ty = ColumnType::Struct(std::sync::Arc::new(ambit_model::StructType {
        name: name.to_owned(),
        fields: fields.to_vec(),
    }));
    let camel = upper_camel(name);
    write_fields_struct(&camel, fields, &[], code);
    open_column(&camel, ty.size(), ty.align(), code);
    code.line(format!(
        "model::ColumnType::Struct(std::sync::Arc::new(model::StructType {{ name: \"{name}\".into(), fields: {} }}))",
        fields_list(fields)
    ));
    code.close("}");
    code.open("fn write(&self, writer: &mut model::RowWriter<'_>, at: usize) {");
    for (at, field) in placed(fields, 0) {
        code.line(format!(
            "model::Column::write(&self.{}, writer, {});",
            escape(&field.name),
            place("at + ", at)
        ));
    }
    code.close("}");
    code.open("fn read(reader: model::RowReader<'_>, at: usize) -> Result<Self, model::DecodeError> {");
    code.line(format!("Ok(Self {{ {} }})", readers(fields, 0, "at + ")));
    code.close("}");
    code.close("}");
}

fn write_enum(enumeration: &EnumType, code: &mut Code) {
    let name = upper_camel(&enumeration.name);
    let payload = enumeration.has_payload();
    code.line("#[derive(Debug, Clone, PartialEq)]");
    code.line("#[allow(missing_docs)]");
    code.open(format!("pub enum {name} {{"));
    for variant in &enumeration.variants {
        let fields: Vec<String> = variant
            .fields
            .iter()
            .map(|field| format!("{}: {}", escape(&field.name), type_name(&field.ty)))
            .collect();
        code.line(
            format!("{} {{ {} }},", escape(&upper_camel(&variant.name)), fields.join(", "))
                .replace(" {  }", ""),
        );
    }
    code.close("}");
    code.line("");
    let (size, align) = if payload { (8, 4) } else { (1, 1) };
    open_column(&name, size, align, code);
    let variants: Vec<String> = enumeration
        .variants
        .iter()
        .map(|variant| {
            let fields = fields_list(&variant.fields);
            format!("model::Variant {{ name: \"{}\".into(), fields: {fields} }}", variant.name)
        })
        .collect();
    code.line(format!(
        "model::ColumnType::Enum(std::sync::Arc::new(model::EnumType {{ name: \"{}\".into(), variants: vec![{}] }}))",
        enumeration.name,
        variants.join(", ")
    ));
    code.close("}");
    code.open("fn write(&self, writer: &mut model::RowWriter<'_>, at: usize) {");
    code.open("match self {");
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        let names: Vec<String> = variant.fields.iter().map(|field| escape(&field.name)).collect();
        let pattern = format!("{name}::{} {{ {} }}", escape(&upper_camel(&variant.name)), names.join(", "));
        code.open(format!("{} => {{", pattern.replace(" {  }", "")));
        if payload {
            let (size, align) = variant.block();
            code.line(format!("let block_ = writer.block(at, {size}, {align});"));
            code.line(format!("writer.put(block_, &[{tag}]);"));
            for (at, field) in placed(&variant.fields, 1) {
                code.line(format!("model::Column::write({}, writer, block_ + {at});", escape(&field.name)));
            }
        } else {
            code.line(format!("writer.put(at, &[{tag}]);"));
        }
        code.close("}");
    }
    code.close("}");
    code.close("}");
    code.open("fn read(reader: model::RowReader<'_>, at: usize) -> Result<Self, model::DecodeError> {");
    if payload {
        code.line("let (at, _) = reader.heap_ref(at)?;");
    }
    code.open("match reader.byte(at)? {");
    for (tag, variant) in enumeration.variants.iter().enumerate() {
        let value = format!(
            "{name}::{} {{ {} }}",
            escape(&upper_camel(&variant.name)),
            readers(&variant.fields, 1, "at + ")
        );
        code.line(format!("{tag} => Ok({}),", value.replace(" {  }", "")));
    }
    if enumeration.variants.len() < 256 {
        code.line("_ => Err(model::DecodeError { kind: model::DecodeErrorKind::EnumTag, at }),");
    }
    code.close("}");
    code.close("}");
    code.close("}");
}
