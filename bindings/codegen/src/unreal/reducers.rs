//! Reducers as functions that give a request's number, and as actions of Blueprint that go on when the answer is there.

use super::names::{Names, of_object, parameter};
use super::{doc, open, parameters, write_parameter};
use crate::code::Code;
use crate::plan::{Plan, ReducerPlan};

pub(super) fn declare(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    let space = &names.namespace;
    code.line("");
    doc(
        code,
        "Calls of all reducers. Each gives its request's number, to be told by WhenDone what became of it; 0 if the call was\nrefused, and then the database's GetError says why.",
    );
    code.line("UCLASS(BlueprintType)");
    open(code, format!("class U{space}Reducers : public UAmbitReducers"));
    code.line("GENERATED_BODY()");
    code.line("");
    code.outdent();
    code.line("public:");
    code.indent();
    for reducer in &plan.reducers {
        doc(code, &tooltip(reducer));
        code.line(format!("UFUNCTION(BlueprintCallable, Category = \"{space}|Reducers\")"));
        code.line(format!(
            "int64 {}({});",
            function(reducer),
            parameters(&reducer.reducer.params, names).join(", ")
        ));
        code.line("");
    }
    code.outdent();
    code.line("protected:");
    code.indent();
    code.line("virtual void AddAll() override;");
    code.close("};");
    for reducer in &plan.reducers {
        declare_call(reducer, names, code);
    }
}

fn function(plan: &ReducerPlan<'_>) -> String {
    of_object(&plan.reducer.name)
}

/// The author's comment; a node without a tooltip would be nameless.
fn tooltip(plan: &ReducerPlan<'_>) -> String {
    if plan.reducer.doc.trim().is_empty() {
        format!("Calls reducer `{}`.", plan.reducer.name)
    } else {
        plan.reducer.doc.clone()
    }
}

fn declare_call(plan: &ReducerPlan<'_>, names: &Names, code: &mut Code) {
    let class = format!("U{}", names.call(&plan.reducer.name));
    code.line("");
    doc(code, &plan.reducer.doc);
    code.line("UCLASS()");
    open(code, format!("class {class} : public UAmbitCallAction"));
    code.line("GENERATED_BODY()");
    code.line("");
    code.outdent();
    code.line("public:");
    code.indent();
    doc(code, &tooltip(plan));
    code.line(format!(
        "UFUNCTION(BlueprintCallable, Category = \"{0}|Reducers\", meta = (BlueprintInternalUseOnly = \"true\", WorldContext = \"WorldContextObject\", DisplayName = \"Call {1}\"))",
        names.namespace,
        function(plan)
    ));
    code.line(format!("static {class}* {}({});", function(plan), given(plan, names)));
    code.close("};");
}

fn given(plan: &ReducerPlan<'_>, names: &Names) -> String {
    let mut all = vec!["UObject* WorldContextObject".to_owned()];
    all.extend(parameters(&plan.reducer.params, names));
    all.join(", ")
}

pub(super) fn define(plan: &Plan<'_>, names: &Names, code: &mut Code) {
    let space = &names.namespace;
    code.line("");
    open(code, format!("void U{space}Reducers::AddAll()"));
    for reducer in &plan.reducers {
        code.line(format!("Add(\"{}\", 0x{:016x}u);", reducer.reducer.name, reducer.reducer.fingerprint()));
    }
    code.close("}");
    for (number, reducer) in plan.reducers.iter().enumerate() {
        code.line("");
        open(
            code,
            format!(
                "int64 U{space}Reducers::{}({})",
                function(reducer),
                parameters(&reducer.reducer.params, names).join(", ")
            ),
        );
        code.line(format!("FAmbitRowWriter Writer = BeginCall({});", reducer.layout.fixed_bytes()));
        for (param, place) in reducer.reducer.params.iter().zip(reducer.layout.columns()) {
            code.line(write_parameter(param, place.offset, names));
        }
        code.line(format!("return FinishCall({number}, Writer);"));
        code.close("}");
    }
    for reducer in &plan.reducers {
        define_call(reducer, names, code);
    }
}

fn define_call(plan: &ReducerPlan<'_>, names: &Names, code: &mut Code) {
    let (space, class) = (&names.namespace, format!("U{}", names.call(&plan.reducer.name)));
    let passed = plan.reducer.params.iter().map(parameter).collect::<Vec<_>>();
    code.line("");
    open(code, format!("{class}* {class}::{}({})", function(plan), given(plan, names)));
    code.line(format!("{class}* Action = NewObject<{class}>();"));
    let captured = passed.join(", ");
    code.line(format!(
        "Action->BeginCall<U{space}Database>(WorldContextObject, [{captured}](U{space}Database& Database) {{ return Database.Reducers->{}({captured}); }});",
        function(plan)
    ));
    code.line("return Action;");
    code.close("}");
}
