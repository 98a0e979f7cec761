//! The class that joins a database's tables and reducers.

use super::names::{Names, of_object};
use super::tables::class;
use super::{doc, open};
use crate::code::Code;
use crate::plan::Plan;

pub(super) fn declare(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    let space = &names.namespace;
    code.line("");
    doc(
        code,
        "The typed view of the game instance's connection. It stays the same while connections come and go, and so do the\nhandlers of its tables' events.",
    );
    code.line("UCLASS(BlueprintType)");
    open(code, format!("class U{space}Database : public UAmbitDatabase"));
    code.line("GENERATED_BODY()");
    code.line("");
    code.outdent();
    code.line("public:");
    code.indent();
    code.line("/** That of the game instance which the object belongs to; none without a game instance. */");
    code.line(format!(
        "UFUNCTION(BlueprintPure, Category = \"{space}\", meta = (WorldContext = \"WorldContextObject\"))"
    ));
    code.line(format!("static U{space}Database* Get(const UObject* WorldContextObject);"));
    for table in &plan.tables {
        code.line("");
        doc(code, &table.doc());
        code.line(format!("UPROPERTY(BlueprintReadOnly, Category = \"{space}\")"));
        code.line(format!(
            "TObjectPtr<{}> {};",
            class(&names.table(&table.table.name)),
            of_object(&table.table.name)
        ));
    }
    code.line("");
    code.line(format!("UPROPERTY(BlueprintReadOnly, Category = \"{space}\")"));
    code.line(format!("TObjectPtr<U{space}Reducers> Reducers;"));
    code.line("");
    code.outdent();
    code.line("protected:");
    code.indent();
    code.line("virtual void Build() override;");
    code.close("};");
}

pub(super) fn define(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    let space = &names.namespace;
    code.line("");
    open(code, format!("U{space}Database* U{space}Database::Get(const UObject* WorldContextObject)"));
    code.line(format!("return Ambit::DatabaseOf<U{space}Database>(WorldContextObject);"));
    code.close("}");
    code.line("");
    open(code, format!("void U{space}Database::Build()"));
    for table in &plan.tables {
        code.line(format!(
            "{} = AddTable<{}>();",
            of_object(&table.table.name),
            class(&names.table(&table.table.name))
        ));
    }
    code.line(format!("Reducers = AddReducers<U{space}Reducers>();"));
    code.close("}");
}
