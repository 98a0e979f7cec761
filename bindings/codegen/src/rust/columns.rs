//! The columns of each table for typed queries, and enums as what they are compared with, in Rust.

use ambit_model::EnumType;

use super::type_name;
use crate::code::Code;
use crate::naming::{rust as escape, snake, upper_camel};
use crate::plan::TablePlan;

pub(super) fn write(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    code.line(format!("/// The columns of table `{}`, for typed queries.", plan.table.name));
    code.line("#[derive(Debug)]");
    code.line(format!("pub struct {name}Columns;"));
    code.line("");
    code.line("#[allow(missing_docs, non_upper_case_globals)]");
    code.open(format!("impl {name}Columns {{"));
    for column in plan.columns() {
        code.doc("///", &column.doc);
        code.line(format!(
            "pub const {}: ambit_client::Column<{name}Row, {}> = ambit_client::Column::new(\"{}\", \"{}\");",
            snake(&column.name).to_ascii_uppercase(),
            type_name(&column.ty),
            plan.table.name,
            column.name
        ));
    }
    code.close("}");
    code.line("");
    code.open(format!("impl {name}Row {{"));
    code.line("/// A query of all rows, to be narrowed.");
    code.open("pub fn query() -> ambit_client::Query<Self> {");
    code.line("ambit_client::Query::new(Self::NAME)");
    code.close("}");
    code.close("}");
}

/// Enums with payload cannot be compared.
pub(super) fn write_enum(enumeration: &EnumType, code: &mut Code) {
    if enumeration.has_payload() {
        return;
    }
    let name = upper_camel(&enumeration.name);
    code.line("");
    code.open(format!("impl ambit_client::Queried for {name} {{"));
    code.line("type Value<'a> = Self;");
    code.open("fn parameter(value: Self) -> ambit_client::ParameterValue {");
    code.open("let name = match value {");
    for variant in &enumeration.variants {
        code.line(format!("Self::{} => \"{}\",", escape(&upper_camel(&variant.name)), variant.name));
    }
    code.close("};");
    code.line("ambit_client::ParameterValue::Text(name.into())");
    code.close("}");
    code.close("}");
}
