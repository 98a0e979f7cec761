//! Table and reducer types, and the struct that joins them, in Rust.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types share one treatment")]

use ambit_model::{ColumnType, Field, IndexSchema};

use super::type_name;
use crate::code::Code;
use crate::naming::{rust as escape, snake, upper_camel};
use crate::plan::{Lookup, Plan, ReducerPlan, TablePlan};

pub(super) fn write(plan: &Plan<'_>, code: &mut Code) {
    for table in &plan.tables {
        write_table(table, code);
        code.line("");
    }
    write_tables(&plan.tables, code);
    code.line("");
    write_reducers(&plan.reducers, code);
    code.line("");
    code.line("/// The typed view of one connection: make it once the client is connected.");
    code.line("#[derive(Debug)]");
    code.open("pub struct Database {");
    code.line("/// Its tables.");
    code.line("pub tables: Tables,");
    code.line("/// Its reducers.");
    code.line("pub reducers: Reducers,");
    code.close("}");
    code.line("");
    code.open("impl Database {");
    code.line(
        "/// Refuses a database with other tables or reducers than those this code was generated from.",
    );
    code.open("pub fn new(client: &mut ambit_client::Client) -> Result<Self, ambit_client::BindError> {");
    code.line("Ok(Self { tables: Tables::new(client)?, reducers: Reducers::new(client)? })");
    code.close("}");
    code.close("}");
}

fn write_table(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    code.doc("///", &plan.doc());
    code.line("#[derive(Debug)]");
    code.line(format!("pub struct {name}Table(ambit_client::TypedTable<{name}Row>);"));
    code.line("");
    code.open(format!("impl std::ops::Deref for {name}Table {{"));
    code.line(format!("type Target = ambit_client::TypedTable<{name}Row>;"));
    code.open("fn deref(&self) -> &Self::Target {");
    code.line("&self.0");
    code.close("}");
    code.close("}");
    code.line("");
    code.open(format!("impl {name}Table {{"));
    for (id, index) in (0u16..).zip(&plan.table.indexes) {
        write_lookup(plan, id, index, code);
    }
    code.close("}");
}

fn write_lookup(plan: &TablePlan<'_>, id: u16, index: &IndexSchema, code: &mut Code) {
    let row = format!("{}Row", plan.name());
    let (lookup, method) = plan.index_method(id, index);
    let method = snake(&method);
    let (fields, _) = plan.key(index);
    let number = format!("{row}::{}_INDEX", method.to_ascii_uppercase());
    if lookup == Lookup::Near {
        let Some(position) = fields.first() else { return };
        code.line("/// Rows in the cache within `radius` of `centre`.");
        code.open(format!(
            "pub fn {method}(&self, client: &ambit_client::Client, centre: {}, radius: f64) -> Vec<{row}> {{",
            type_name(&position.ty)
        ));
        code.line(format!("self.0.rows_near(client, {number}, {}, radius)", coordinates(&position.ty)));
        code.close("}");
        return;
    }
    let (doc, answer, ask) = match lookup {
        Lookup::Find => ("The row in the cache with this key.", format!("Option<{row}>"), "found_by"),
        Lookup::Where | Lookup::Near => {
            ("The rows in the cache with this key.", format!("Vec<{row}>"), "rows_where")
        }
    };
    let params: Vec<String> =
        fields.iter().map(|field| format!("{}: &{}", escape(&field.name), type_name(&field.ty))).collect();
    let arguments: Vec<String> = fields.iter().map(|field| escape(&field.name)).collect();
    code.line(format!("/// {doc}"));
    code.open(format!(
        "pub fn {method}(&self, client_: &ambit_client::Client, {}) -> {answer} {{",
        params.join(", ")
    ));
    code.line(format!("self.0.{ask}(client_, {number}, &{row}::{method}_key({}))", arguments.join(", ")));
    code.close("}");
}

/// The three coordinates of a `centre` of a column's type.
fn coordinates(position: &ColumnType) -> String {
    let of = |axis: &str| match position {
        ColumnType::DVec2 | ColumnType::DVec3 => format!("centre.{axis}"),
        _ => format!("f64::from(centre.{axis})"),
    };
    let z = match position {
        ColumnType::Vec3 | ColumnType::DVec3 | ColumnType::IVec3 => of("z"),
        _ => "0.0".into(),
    };
    format!("[{}, {}, {z}]", of("x"), of("y"))
}

fn write_tables(tables: &[TablePlan<'_>], code: &mut Code) {
    code.line("/// All tables of the database.");
    code.line("#[derive(Debug)]");
    code.line("#[allow(missing_docs)]");
    code.open("pub struct Tables {");
    for plan in tables {
        code.line(format!("pub {}: {}Table,", escape(&plan.table.name), plan.name()));
    }
    code.close("}");
    code.line("");
    code.open("impl Tables {");
    code.line("#[allow(unused_variables)]");
    code.open("fn new(client: &mut ambit_client::Client) -> Result<Self, ambit_client::BindError> {");
    code.open("Ok(Self {");
    for plan in tables {
        let (field, name) = (escape(&plan.table.name), plan.name());
        code.line(format!(
            "{field}: {name}Table(ambit_client::TypedTable::bind(client, {name}Row::NAME, {name}Row::FINGERPRINT)?),"
        ));
    }
    code.close("})");
    code.close("}");
    code.close("}");
}

fn write_reducers(reducers: &[ReducerPlan<'_>], code: &mut Code) {
    code.line("/// Calls of all reducers; each answers the number of its request.");
    code.line("#[derive(Debug)]");
    code.open("pub struct Reducers {");
    for plan in reducers {
        let name = upper_camel(&plan.reducer.name);
        code.line(format!("{}: ambit_client::TypedReducer<reducers::{name}>,", escape(&plan.reducer.name)));
    }
    code.close("}");
    code.line("");
    code.open("impl Reducers {");
    code.line("#[allow(unused_variables)]");
    code.open("fn new(client: &mut ambit_client::Client) -> Result<Self, ambit_client::BindError> {");
    code.open("Ok(Self {");
    for plan in reducers {
        let (field, name) = (escape(&plan.reducer.name), upper_camel(&plan.reducer.name));
        code.line(format!(
            "{field}: ambit_client::TypedReducer::bind(client, reducers::{name}::NAME, reducers::{name}::FINGERPRINT)?,"
        ));
    }
    code.close("})");
    code.close("}");
    for plan in reducers {
        write_call(plan, code);
    }
    code.close("}");
}

fn write_call(plan: &ReducerPlan<'_>, code: &mut Code) {
    let reducer = plan.reducer;
    let (method, name) = (escape(&reducer.name), upper_camel(&reducer.name));
    let parameter = |field: &Field| format!(", {}: {}", escape(&field.name), type_name(&field.ty));
    let params: String = reducer.params.iter().map(parameter).collect();
    let arguments: Vec<String> = reducer.params.iter().map(|field| escape(&field.name)).collect();
    code.line("");
    code.doc("///", &reducer.doc);
    code.line("#[allow(clippy::too_many_arguments)]");
    code.open(format!(
        "pub fn {method}(&self, client_: &mut ambit_client::Client{params}) -> Result<u32, ambit_client::SendError> {{"
    ));
    code.line(format!("self.{method}.call(client_, &reducers::{name} {{ {} }})", arguments.join(", ")));
    code.close("}");
}
