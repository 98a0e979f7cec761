//! Row structs, table classes, reducer methods and the class that joins them, in C#.

use ambit_model::{Field, IndexSchema};

use super::types::{field_name, write_in_place};
use super::{columns, doc, member, read, type_name, write as write_statement};
use crate::code::Code;
use crate::naming::{csharp as escape, lower_camel};
use crate::plan::{Lookup, Plan, TablePlan};

pub(super) fn write(plan: &Plan<'_>, code: &mut Code) {
    for table in &plan.tables {
        write_row(table, code);
        code.line("");
        write_table(table, code);
        code.line("");
        write_rows(table, code);
        code.line("");
        columns::write(table, code);
        code.line("");
    }
    code.line("/// <summary>All tables of the database.</summary>");
    code.open("public sealed class Tables {");
    for table in &plan.tables {
        code.line(format!("public readonly {0}Table {1};", table.name(), escape(table.name())));
    }
    code.open("internal Tables(Ambit.Client client) {");
    for table in &plan.tables {
        code.line(format!("{1} = new {0}Table(client);", table.name(), escape(table.name())));
    }
    code.close("}");
    code.close("}");
}

fn write_row(plan: &TablePlan<'_>, code: &mut Code) {
    let name = format!("{}Row", plan.name());
    let docs: Vec<String> = plan.columns().map(|column| column.doc.clone()).collect();
    doc(code, &plan.doc());
    if plan.in_place {
        write_in_place(&name, &name, &plan.placed(), plan.layout.fixed_bytes(), code, &docs);
        return;
    }
    code.line("/// <remarks>Reads the core's memory; safe until the next Tick.</remarks>");
    code.open(format!("public readonly unsafe struct {name} {{"));
    code.line("private readonly byte* row;");
    code.line(format!("internal {name}(byte* row) {{ this.row = row; }}"));
    for (column, (offset, _)) in plan.columns().zip(plan.placed()) {
        doc(code, &column.doc);
        let value = read(&column.ty, "row", &offset.to_string());
        let field = field_name(&name, &column.name);
        code.line(format!("public {} {field} {{ get {{ return {value}; }} }}", type_name(&column.ty)));
    }
    code.close("}");
}

/// The expression for the row at a pointer: a reference into memory, or an accessor over it.
fn row_at(plan: &TablePlan<'_>, pointer: &str) -> String {
    if plan.in_place {
        format!("*({}Row*){pointer}", plan.name())
    } else {
        format!("new {}Row({pointer})", plan.name())
    }
}

fn write_table(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    let row = format!("{name}Row");
    code.line(format!("public delegate void {name}Inserted(in {row} row);"));
    code.line(format!("public delegate void {name}Updated(in {row} before, in {row} after);"));
    code.line(format!("public delegate void {name}Deleted(in {row} row, Ambit.DeleteReason reason);"));
    code.line("");
    doc(code, &plan.doc());
    code.open(format!("public sealed unsafe class {name}Table : Ambit.Table<{row}> {{"));
    code.line(format!("public event {name}Inserted OnInsert;"));
    code.line(format!("public event {name}Updated OnUpdate;"));
    code.line(format!("public event {name}Deleted OnDelete;"));
    code.line("");
    code.line(format!(
        "internal {name}Table(Ambit.Client client) : base(client, \"{}\", 0x{:016x}UL, {}) {{ }}",
        plan.table.name,
        plan.table.fingerprint(),
        plan.layout.fixed_bytes()
    ));
    code.line("");
    code.line("/// <summary>A query of all rows, to be narrowed.</summary>");
    code.line(format!(
        "public static Ambit.Query<{row}> Query() {{ return new Ambit.Query<{row}>(\"{}\"); }}",
        plan.table.name
    ));
    code.line("");
    code.line("/// <summary>All rows in the cache; safe until the next Tick.</summary>");
    code.line(format!("public {name}Rows Rows {{ get {{ return new {name}Rows(Client, All()); }} }}"));
    for (id, index) in (0u16..).zip(&plan.table.indexes) {
        code.line("");
        write_lookup(plan, id, index, code);
    }
    code.line("");
    let read = if plan.in_place { format!("*({row}*)row") } else { format!("new {row}(row)") };
    code.line(format!("protected override {row} Read(byte* row) {{ return {read}; }}"));
    code.line("");
    write_dispatch(plan, code);
    code.close("}");
}

fn write_lookup(plan: &TablePlan<'_>, id: u16, index: &IndexSchema, code: &mut Code) {
    let name = plan.name();
    let (lookup, method) = plan.index_method(id, index);
    let (fields, layout) = plan.key(index);
    if lookup == Lookup::Near {
        let position = fields.first().map(|field| type_name(&field.ty)).unwrap_or_default();
        code.open(format!("public {name}Rows {method}({position} centre, double radius) {{"));
        let z = if position.ends_with("Vec3") { "centre.Z" } else { "0" };
        code.line(format!("return new {name}Rows(Client, Query({id}, centre.X, centre.Y, {z}, radius));"));
        code.close("}");
        return;
    }
    let params = parameters(&fields);
    let key = |code: &mut Code| {
        code.line(format!("Ambit.RowWriter writer = Key({});", layout.fixed_bytes()));
        for (field, place) in fields.iter().zip(layout.columns()) {
            code.line(write_statement(&field.ty, &place.offset.to_string(), &argument(&field.name)));
        }
    };
    match lookup {
        Lookup::Find => {
            code.line("/// <summary>Says whether the row is in the cache, and copies it.</summary>");
            code.open(format!("public bool {method}({params}, out {name}Row row) {{"));
            key(code);
            code.line(format!("byte* found = Lookup({id}, writer);"));
            code.line(format!("row = found == null ? default({name}Row) : {};", row_at(plan, "found")));
            code.line("return found != null;");
            code.close("}");
            if plan.in_place {
                code.line("/// <summary>The row in the core's memory, null when it is not there.</summary>");
                code.open(format!("public {name}Row* {method}InPlace({params}) {{"));
                key(code);
                code.line(format!("return ({name}Row*)Lookup({id}, writer);"));
                code.close("}");
            }
        }
        Lookup::Where => {
            code.open(format!("public {name}Rows {method}({params}) {{"));
            key(code);
            code.line(format!("return new {name}Rows(Client, Query({id}, writer));"));
            code.close("}");
        }
        Lookup::Near => {}
    }
}

fn write_dispatch(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    code.open("protected override void Dispatch(ref Ambit.RowEvent change) {");
    code.open("switch (change.Kind) {");
    let raise = |code: &mut Code, kind: &str, event: &str, locals: &[(&str, &str)], arguments: &str| {
        code.open(format!("case Ambit.RowEventKind.{kind}: {{"));
        code.line(format!("if ({event} == null) break;"));
        if !plan.in_place {
            for (local, pointer) in locals {
                code.line(format!("{name}Row {local} = {};", row_at(plan, pointer)));
            }
        }
        let mut arguments = arguments.to_owned();
        for (local, pointer) in locals {
            let row = if plan.in_place { row_at(plan, pointer) } else { (*local).to_owned() };
            arguments = arguments.replace(&format!("${local}"), &format!("in {row}"));
        }
        code.line(format!("{event}({arguments});"));
        code.line("break;");
        code.close("}");
    };
    raise(code, "Insert", "OnInsert", &[("after", "change.NewRow")], "$after");
    raise(
        code,
        "Update",
        "OnUpdate",
        &[("before", "change.OldRow"), ("after", "change.NewRow")],
        "$before, $after",
    );
    raise(code, "Delete", "OnDelete", &[("before", "change.OldRow")], "$before, change.Reason");
    code.close("}");
    code.close("}");
}

fn write_rows(plan: &TablePlan<'_>, code: &mut Code) {
    let name = plan.name();
    code.line(
        "/// <summary>Rows of one answer: `foreach` reads them in place and gives their place back; safe until the next Tick.</summary>",
    );
    code.open(format!("public unsafe struct {name}Rows : System.IDisposable {{"));
    code.line("private readonly Ambit.Client client;");
    code.line("private Ambit.RowSpan rows;");
    code.line("private int next;");
    code.line(format!("internal {name}Rows(Ambit.Client client, Ambit.RowSpan rows) {{ this.client = client; this.rows = rows; next = -1; }}"));
    code.line("public int Count { get { return rows.Count; } }");
    code.line(format!("public {name}Rows GetEnumerator() {{ return this; }}"));
    code.line("public bool MoveNext() { return ++next < rows.Count; }");
    code.line("public void Dispose() { client.Release(rows); }");
    if plan.in_place {
        code.line(format!("public ref readonly {name}Row Current {{ get {{ return ref *({name}Row*)client.RowAt(rows, next); }} }}"));
        code.line(format!("public ref readonly {name}Row this[int index] {{ get {{ return ref *({name}Row*)client.RowAt(rows, index); }} }}"));
    } else {
        code.line(format!(
            "public {name}Row Current {{ get {{ return new {name}Row(client.RowAt(rows, next)); }} }}"
        ));
        code.line(format!("public {name}Row this[int index] {{ get {{ return new {name}Row(client.RowAt(rows, index)); }} }}"));
    }
    code.close("}");
}

pub(super) fn write_reducers(plan: &Plan<'_>, code: &mut Code) {
    code.line("/// <summary>Calls of all reducers; each returns the number of its request.</summary>");
    code.open("public sealed class Reducers {");
    code.line("private readonly Ambit.Client client;");
    for reducer in &plan.reducers {
        code.line(format!("private readonly Ambit.Reducer {};", handle(&reducer.reducer.name)));
    }
    code.line("");
    code.open("internal Reducers(Ambit.Client client) {");
    code.line("this.client = client;");
    for plan in &plan.reducers {
        let reducer = plan.reducer;
        code.line(format!(
            "{} = client.AddReducer(\"{}\", 0x{:016x}UL);",
            handle(&reducer.name),
            reducer.name,
            reducer.fingerprint()
        ));
    }
    code.close("}");
    for plan in &plan.reducers {
        let reducer = plan.reducer;
        code.line("");
        doc(code, &reducer.doc);
        let name = member(&reducer.name);
        let name = if name == "Reducers" { "ReducersCall".to_owned() } else { name };
        code.open(format!("public uint {name}({}) {{", parameters(&reducer.params)));
        code.line(format!("Ambit.RowWriter writer = client.Arguments({});", plan.layout.fixed_bytes()));
        for (param, place) in reducer.params.iter().zip(plan.layout.columns()) {
            code.line(write_statement(&param.ty, &place.offset.to_string(), &argument(&param.name)));
        }
        code.line(format!("return client.Call({}, writer);", handle(&reducer.name)));
        code.close("}");
    }
    code.close("}");
    code.line("");
    code.line(
        "/// <summary>The typed view of one connection: make it once, before the first Tick.</summary>",
    );
    code.open("public sealed class Database {");
    code.line("public readonly Ambit.Client Client;");
    code.line("public readonly Tables Tables;");
    code.line("public readonly Reducers Reducers;");
    code.open("public Database(Ambit.Client client) {");
    code.line("Client = client;");
    code.line("Tables = new Tables(client);");
    code.line("Reducers = new Reducers(client);");
    code.close("}");
    code.close("}");
}

fn handle(reducer: &str) -> String {
    format!("{}_", lower_camel(reducer))
}

fn parameters(fields: &[Field]) -> String {
    let params: Vec<String> =
        fields.iter().map(|field| format!("{} {}", type_name(&field.ty), argument(&field.name))).collect();
    params.join(", ")
}

/// A parameter's name, kept apart from the locals of generated methods.
fn argument(name: &str) -> String {
    let name = lower_camel(name);
    match name.as_str() {
        "writer" | "row" | "found" | "client" => format!("{name}Value"),
        _ => escape(name),
    }
}
