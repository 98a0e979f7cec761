//! Per table: the row struct of Blueprint, the view of C++, delegates, columns for typed queries, and the class that answers.

use ambit_model::{ColumnSchema, Field, IndexKind, IndexSchema};

use super::names::{Names, accessor, property as property_name};
use super::{compared, doc, open, parameters, property, views, wire, write_parameter};
use crate::code::Code;
use crate::plan::{Lookup, Plan, TablePlan};

pub(super) fn declare(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    for table in &plan.tables {
        let name = names.table(&table.table.name);
        declare_row(table, &name, names, code);
        views::declare_row(table, &name, names, code);
        declare_columns(table, &name, names, code);
        declare_delegates(&name, code);
        declare_table(table, &name, names, code);
    }
}

fn declare_row(plan: &TablePlan<'_>, name: &str, names: &Names, code: &mut Code) {
    code.line("");
    doc(code, &plan.doc());
    code.line("USTRUCT(BlueprintType)");
    open(code, format!("struct {name}Row"));
    code.line("GENERATED_BODY()");
    for column in plan.columns() {
        let field = Field { name: column.name.clone(), ty: column.ty.clone() };
        property(&field, &column.doc, names, code);
    }
    code.close("};");
}

fn declare_columns(plan: &TablePlan<'_>, name: &str, names: &Names, code: &mut Code) {
    code.line("");
    code.line(format!("/** The columns of table `{}`, for typed queries. */", plan.table.name));
    open(code, format!("struct {name}Columns"));
    for column in plan.columns() {
        code.line(format!(
            "static constexpr ambit::Column<{name}View, {}> {}{{\"{}\", \"{}\"}};",
            compared(&column.ty, names),
            accessor(&column.name),
            plan.table.name,
            column.name
        ));
    }
    code.close("};");
}

fn declare_delegates(name: &str, code: &mut Code) {
    code.line("");
    code.line(format!("DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam({name}Inserted, const {name}Row&, Row);"));
    code.line(format!(
        "DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams({name}Updated, const {name}Row&, Before, const {name}Row&, After);"
    ));
    code.line(format!(
        "DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams({name}Deleted, const {name}Row&, Row, EAmbitDeleteReason, Reason);"
    ));
}

/// The class of a table called `FPlayer` without its endings.
pub(super) fn class(name: &str) -> String {
    format!("U{}Table", name.get(1..).unwrap_or_default())
}

fn declare_table(plan: &TablePlan<'_>, name: &str, names: &Names, code: &mut Code) {
    let class = class(name);
    let category = format!("{}|{}", names.namespace, plan.name());
    let callable = format!("UFUNCTION(BlueprintCallable, Category = \"{category}\")");
    code.line("");
    doc(code, &plan.doc());
    code.line("UCLASS(BlueprintType)");
    open(code, format!("class {class} : public UAmbitTable"));
    code.line("GENERATED_BODY()");
    code.line("");
    section("public:", code);
    for (event, text) in [
        ("Insert", "A row came into the cache."),
        ("Update", "A row of the cache changed."),
        ("Delete", "A row left the cache, and why."),
    ] {
        code.line(format!("/** {text} */"));
        code.line(format!("UPROPERTY(BlueprintAssignable, Category = \"{category}\")"));
        let past = if event.ends_with('e') { format!("{event}d") } else { format!("{event}ed") };
        code.line(format!("{name}{past} On{event};"));
        code.line("");
    }
    code.line("/** The same for C++: nothing is copied, and views are safe until the next tick. */");
    code.line(format!("TMulticastDelegate<void(const {name}View&)> OnInsertView;"));
    code.line(format!("TMulticastDelegate<void(const {name}View&, const {name}View&)> OnUpdateView;"));
    code.line(format!("TMulticastDelegate<void(const {name}View&, EAmbitDeleteReason)> OnDeleteView;"));
    for index in &plan.table.indexes {
        code.line("");
        declare_lookup(&Asked::new(plan, index, names), name, &callable, code);
    }
    code.line("");
    code.line("/** Copies of all rows in the cache. */");
    code.line(&callable);
    code.line(format!("TArray<{name}Row> GetRows();"));
    code.line("");
    code.line("/** All rows in the cache, in place; safe until the next tick. */");
    code.line(format!("TAmbitRows<{name}View> Views();"));
    code.line("");
    code.line("/** A copy of the row that an entity shows. False if the entity shows none of this table. */");
    code.line(&callable);
    code.line(format!("bool RowOf(const UAmbitEntityComponent* Entity, {name}Row& Row);"));
    code.line(format!("TOptional<{name}View> ViewOf(const UAmbitEntityComponent* Entity);"));
    code.line("");
    code.line("/** A query of all rows, to be narrowed. */");
    code.line(format!(
        "static ambit::Query<{name}View> Query() {{ return ambit::Query<{name}View>(\"{}\"); }}",
        plan.table.name
    ));
    code.line("");
    code.line(format!(
        "virtual FString GetTableName() const override {{ return TEXT(\"{}\"); }}",
        plan.table.name
    ));
    code.line("");
    section("protected:", code);
    code.line("virtual TUniquePtr<ambit::Table> MakeLink(ambit::Client& Client) override;");
    code.line("virtual void Raise(const ambit::RowEvent& Event) override;");
    code.line("virtual TConstArrayView<const TCHAR*> ColumnNames() const override;");
    code.line("");
    section("private:", code);
    code.line("// Used again for each event, so that texts and lists keep their memory.");
    code.line(format!("{name}Row Before, After;"));
    code.close("};");
}

fn section(line: &str, code: &mut Code) {
    code.outdent();
    code.line(line);
    code.indent();
}

/// An index as a question: function names, parameters, what is asked.
struct Asked {
    lookup: Lookup,
    /// Of the function for Blueprint, and of that for C++.
    copying: String,
    viewing: String,
    parameters: Vec<String>,
    arguments: Vec<String>,
}

impl Asked {
    fn new(plan: &TablePlan<'_>, index: &IndexSchema, names: &Names) -> Self {
        let id = plan.table.indexes.iter().position(|other| std::ptr::eq(other, index)).unwrap_or_default();
        let (lookup, method) = plan.index_method(u16::try_from(id).unwrap_or(u16::MAX), index);
        let viewing = match lookup {
            Lookup::Find => method.replacen("Find", "FindView", 1),
            Lookup::Where | Lookup::Near => format!("Views{method}"),
        };
        let (fields, _) = plan.key(index);
        let mut arguments: Vec<String> = fields.iter().map(super::names::parameter).collect();
        let mut parameters = parameters(&fields, names);
        if let (IndexKind::Spatial { .. }, Some(field)) = (&index.kind, fields.first()) {
            parameters =
                vec![format!("const {}& Centre", super::value(&field.ty, names)), "double Radius".into()];
            arguments = vec!["Centre".into(), "Radius".into()];
        }
        Self { lookup, copying: method, viewing, parameters, arguments }
    }
}

fn declare_lookup(asked: &Asked, name: &str, callable: &str, code: &mut Code) {
    let given = asked.parameters.join(", ");
    let Asked { copying, viewing, .. } = asked;
    match asked.lookup {
        Lookup::Find => {
            code.line("/** A copy of the row with this key. False if the cache has none. */");
            code.line(callable);
            code.line(format!("bool {copying}({given}, {name}Row& Row);"));
            code.line(format!("TOptional<{name}View> {viewing}({given});"));
        }
        Lookup::Where | Lookup::Near => {
            code.line(if asked.lookup == Lookup::Near {
                "/** Copies of the rows within a radius, in units of the position. */"
            } else {
                "/** Copies of the rows with this key. */"
            });
            code.line(callable);
            code.line(format!("TArray<{name}Row> {copying}({given});"));
            code.line(format!("TAmbitRows<{name}View> {viewing}({given});"));
        }
    }
}

pub(super) fn define(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    for table in &plan.tables {
        define_table(table, &names.table(&table.table.name), names, code);
    }
}

fn define_table(plan: &TablePlan<'_>, name: &str, names: &Names, code: &mut Code) {
    let class = class(name);
    code.line("");
    open(code, format!("void {name}View::CopyTo({name}Row& Out) const"));
    for (at, field) in plan.placed() {
        code.line(format!(
            "TAmbitCodec<{}>::Read(AmbitBytes, {at}, Out.{});",
            wire(&field.ty, names),
            property_name(&field)
        ));
    }
    code.close("}");
    for (id, index) in plan.table.indexes.iter().enumerate() {
        define_lookup(plan, id, index, name, names, code);
    }
    let mut function = |head: String, body: String| {
        code.line("");
        open(code, head);
        code.line(body);
        code.close("}");
    };
    function(
        format!("TArray<{name}Row> {class}::GetRows()"),
        format!("return Ambit::Copied<{name}Row>(Views());"),
    );
    function(format!("TAmbitRows<{name}View> {class}::Views()"), format!("return AllRows<{name}View>();"));
    function(
        format!("bool {class}::RowOf(const UAmbitEntityComponent* Entity, {name}Row& Row)"),
        "return Ambit::Copied(ViewOf(Entity), Row);".into(),
    );
    function(
        format!("TOptional<{name}View> {class}::ViewOf(const UAmbitEntityComponent* Entity)"),
        format!("return RowAt<{name}View>(Entity);"),
    );
    function(
        format!("TUniquePtr<ambit::Table> {class}::MakeLink(ambit::Client& Client)"),
        format!(
            "return MakeUnique<TAmbitTableLink<{name}View>>(*this, Client, \"{}\", 0x{:016x}u, {});",
            plan.table.name,
            plan.table.fingerprint(),
            plan.layout.fixed_bytes()
        ),
    );
    function(
        format!("TConstArrayView<const TCHAR*> {class}::ColumnNames() const"),
        format!("static const TCHAR* const Names[] = {{{}}};\n\treturn Names;", column_names(plan)),
    );
    function(
        format!("void {class}::Raise(const ambit::RowEvent& Event)"),
        format!("Ambit::Raise<{name}View>(*this, Event, Before, After);"),
    );
}

fn column_names(plan: &TablePlan<'_>) -> String {
    let name = |column: &ColumnSchema| if column.private { String::new() } else { column.name.clone() };
    let texts: Vec<String> =
        plan.table.columns.iter().map(|column| format!("TEXT(\"{}\")", name(column))).collect();
    texts.join(", ")
}

fn define_lookup(
    plan: &TablePlan<'_>,
    id: usize,
    index: &IndexSchema,
    name: &str,
    names: &Names,
    code: &mut Code,
) {
    let asked = Asked::new(plan, index, names);
    let Asked { lookup, copying, viewing, parameters, arguments } = &asked;
    let (class, given, passed) = (class(name), parameters.join(", "), arguments.join(", "));
    let (fields, layout) = plan.key(index);
    let (copy_head, copy, view_head, ask) = match lookup {
        Lookup::Find => (
            format!("bool {class}::{copying}({given}, {name}Row& Row)"),
            format!("return Ambit::Copied({viewing}({passed}), Row);"),
            format!("TOptional<{name}View> {class}::{viewing}({given})"),
            format!("return FindRow<{name}View>({id}, Writer);"),
        ),
        Lookup::Where | Lookup::Near => (
            format!("TArray<{name}Row> {class}::{copying}({given})"),
            format!("return Ambit::Copied<{name}Row>({viewing}({passed}));"),
            format!("TAmbitRows<{name}View> {class}::{viewing}({given})"),
            if *lookup == Lookup::Near {
                format!("return RowsNear<{name}View>({id}, Centre, Radius);")
            } else {
                format!("return RowsWhere<{name}View>({id}, Writer);")
            },
        ),
    };
    code.line("");
    open(code, copy_head);
    code.line(copy);
    code.close("}");
    code.line("");
    open(code, view_head);
    if *lookup != Lookup::Near {
        code.line(format!("FAmbitRowWriter Writer = BeginKey({});", layout.fixed_bytes()));
        for (field, place) in fields.iter().zip(layout.columns()) {
            code.line(write_parameter(field, place.offset, names));
        }
    }
    code.line(ask);
    code.close("}");
}
