//! Row structs, table classes, reducer methods and the class that joins them, in C++.

use ambit_model::{ColumnType, IndexSchema};

use super::types::assert_layout;
use super::{parameters, type_name, view, write_parameter};
use crate::code::Code;
use crate::naming::{cpp as escape, snake};
use crate::plan::{Lookup, Plan, TablePlan};

pub(super) fn write(plan: &Plan<'_>, code: &mut Code) {
    for table in &plan.tables {
        write_row(table, code);
        code.line("");
        write_columns(table, code);
        code.line("");
        write_table(table, code);
        code.line("");
    }
    code.line("/// All tables of the database.");
    code.open("struct Tables {");
    for table in &plan.tables {
        code.line(format!("{}Table {};", table.name(), escape(&table.table.name)));
    }
    code.line("explicit Tables([[maybe_unused]] ambit::Client& client)");
    let inits: Vec<String> =
        plan.tables.iter().map(|table| format!("{}(client)", escape(&table.table.name))).collect();
    if inits.is_empty() {
        code.line("{}");
    } else {
        code.line(format!("    : {} {{}}", inits.join(", ")));
    }
    code.close("};");
}

fn write_row(plan: &TablePlan<'_>, code: &mut Code) {
    let name = format!("{}Row", plan.name());
    code.doc("///", &plan.doc());
    if plan.in_place {
        code.open(format!("struct alignas(8) {name} {{"));
        code.line("static constexpr bool in_place = true;");
        for column in &plan.table.columns {
            if column.private {
                write_padding(&column.name, &column.ty, code);
                continue;
            }
            code.doc("///", &column.doc);
            code.line(format!("{} {}{{}};", type_name(&column.ty), escape(&column.name)));
        }
        code.close("};");
        assert_layout(&name, &plan.placed(), plan.layout.fixed_bytes(), code);
        return;
    }
    code.line("/// Reads the core's memory; safe until the next tick.");
    code.open(format!("class {name} {{"));
    code.line("const std::uint8_t* row_;");
    code.close("public:");
    code.open("");
    code.line("static constexpr bool in_place = false;");
    code.line(format!("explicit {name}(const std::uint8_t* row) : row_(row) {{}}"));
    for (column, (offset, _)) in plan.columns().zip(plan.placed()) {
        code.doc("///", &column.doc);
        let (ty, value) = view(&column.ty, offset);
        code.line(format!("{ty} {}() const {{ return {value}; }}", escape(&column.name)));
    }
    code.close("};");
}

/// The place of a private column.
fn write_padding(name: &str, ty: &ColumnType, code: &mut Code) {
    if ty.size() > 0 {
        code.line(format!("alignas({}) std::uint8_t {name}[{}]{{}};", ty.align(), ty.size()));
    }
}

fn write_columns(plan: &TablePlan<'_>, code: &mut Code) {
    let (name, table) = (plan.name(), &plan.table.name);
    code.line(format!("/// The columns of table `{table}`, for typed queries."));
    code.open(format!("struct {name}Columns {{"));
    for column in plan.columns() {
        code.doc("///", &column.doc);
        code.line(format!(
            "static constexpr ambit::Column<{name}Row, {}> {}{{\"{table}\", \"{}\"}};",
            type_name(&column.ty),
            escape(&column.name),
            column.name
        ));
    }
    code.close("};");
}

fn write_table(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    code.doc("///", &plan.doc());
    code.open(format!("class {name}Table : public ambit::TypedTable<{name}Row> {{"));
    code.close("public:");
    code.open("");
    code.line(format!(
        "explicit {name}Table(ambit::Client& client) : TypedTable(client, \"{}\", 0x{:016x}u, {}) {{}}",
        plan.table.name,
        plan.table.fingerprint(),
        plan.layout.fixed_bytes()
    ));
    code.line("/// A query of all rows, to be narrowed.");
    code.line(format!(
        "static ambit::Query<{name}Row> query() {{ return ambit::Query<{name}Row>(\"{}\"); }}",
        plan.table.name
    ));
    for (id, index) in (0u16..).zip(&plan.table.indexes) {
        write_lookup(plan, id, index, code);
    }
    code.close("};");
}

fn write_lookup(plan: &TablePlan<'_>, id: u16, index: &IndexSchema, code: &mut Code) {
    let name = plan.name();
    let (lookup, method) = plan.index_method(id, index);
    let method = snake(&method);
    let (fields, layout) = plan.key(index);
    let rows = format!("ambit::Rows<{name}Row>");
    if lookup == Lookup::Near {
        let position = fields.first().map(|field| type_name(&field.ty)).unwrap_or_default();
        let z = if position.ends_with("Vec3") { "centre.z" } else { "0.0" };
        code.line("/// Rows within `radius` of `centre`; safe until the next tick.");
        code.line(format!(
            "{rows} {method}({position} centre, double radius) {{ return this->rows_near({id}, centre.x, centre.y, {z}, radius); }}"
        ));
        return;
    }
    let (answer, ask) = match lookup {
        Lookup::Find => ("Found", "found_by"),
        Lookup::Where | Lookup::Near => ("", "rows_where"),
    };
    let answer = if answer.is_empty() { rows } else { format!("ambit::Found<{name}Row>") };
    code.open(format!("{answer} {method}({}) {{", parameters(&fields)));
    code.line(format!("ambit::RowWriter& writer_ = this->key({});", layout.fixed_bytes()));
    for (field, place) in fields.iter().zip(layout.columns()) {
        code.line(write_parameter(field, place.offset));
    }
    code.line(format!("return this->{ask}({id}, writer_);"));
    code.close("}");
}

pub(super) fn write_reducers(plan: &Plan<'_>, code: &mut Code) {
    code.line("/// Calls of all reducers; each returns the number of its request.");
    code.open("class Reducers {");
    code.line("ambit::Client& client_;");
    for plan in &plan.reducers {
        code.line(format!("ambit::Reducer {}_reducer_;", plan.reducer.name));
    }
    code.close("public:");
    code.open("");
    code.line("explicit Reducers(ambit::Client& client) : client_(client) {");
    for plan in &plan.reducers {
        let reducer = plan.reducer;
        code.line(format!(
            "    {0}_reducer_ = client_.add_reducer(\"{0}\", 0x{1:016x}u);",
            reducer.name,
            reducer.fingerprint()
        ));
    }
    code.line("}");
    for plan in &plan.reducers {
        let reducer = plan.reducer;
        code.line("");
        code.doc("///", &reducer.doc);
        code.open(format!("std::uint32_t {}({}) {{", escape(&reducer.name), parameters(&reducer.params)));
        code.line(format!("ambit::RowWriter& writer_ = client_.arguments({});", plan.layout.fixed_bytes()));
        for (param, place) in reducer.params.iter().zip(plan.layout.columns()) {
            code.line(write_parameter(param, place.offset));
        }
        code.line(format!("return client_.call({}_reducer_, writer_);", reducer.name));
        code.close("}");
    }
    code.close("};");
    code.line("");
    code.line("/// The typed view of one connection: make it once, before the first tick.");
    code.open("struct Database {");
    code.line("ambit::Client& client;");
    code.line("Tables tables;");
    code.line("Reducers reducers;");
    code.line(
        "explicit Database(ambit::Client& client_) : client(client_), tables(client_), reducers(client_) {}",
    );
    code.close("};");
}
