//! Conditions on one column's value: comparisons, BETWEEN, IN, LIKE, IS NULL, and a bool by itself.

use ambit_model::ColumnType;
use sqlparser::ast::{Expr, Spanned, Value};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::error::TextError;
use super::literal::{Literal, literal};
use super::pattern::Pattern;
use super::plan::{Comparison, Condition, Operand, Scalar};
use super::scope::{ColumnName, Scope, refuse};
use super::value::scalar;
use crate::limits;

/// A condition on the rows of one of the scope's tables.
pub(super) type Own = (usize, Condition);

pub(super) const WHAT_IS_POSSIBLE: &str =
    "use comparisons, BETWEEN, IN, LIKE, IS NULL, ST_DWithin and boxes, joined by AND, OR and NOT";

/// A column compared with a value.
pub(super) fn compare(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    column: &Expr,
    comparison: Comparison,
    value: &Expr,
) -> Result<Own, TextError> {
    let (table, operand, ty) = column_of(scope, column)?;
    let is_ordered = !matches!(ty, ColumnType::Enum(_) | ColumnType::Bool);
    if !is_ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        return Err(refuse(
            column.span(),
            format!("values of type {ty} have no order"),
            "compare with =, <> or IN",
        ));
    }
    let value = scalar(value, ty, caller)?;
    Ok((table, Condition::Compare { operand, comparison, value }))
}

/// `column BETWEEN low AND high`; both ends belong to it.
pub(super) fn between(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    column: &Expr,
    low: &Expr,
    high: &Expr,
) -> Result<Own, TextError> {
    let (table, low) = compare(scope, caller, column, Comparison::GreaterOrEqual, low)?;
    let (_, high) = compare(scope, caller, column, Comparison::LessOrEqual, high)?;
    Ok((table, Condition::All(vec![low, high])))
}

/// `column IN (values)`.
pub(super) fn one_of(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    column: &Expr,
    values: &[Expr],
) -> Result<Own, TextError> {
    let (table, operand, ty) = column_of(scope, column)?;
    if values.len() > limits::IN_VALUES_MAX {
        return Err(refuse(
            column.span(),
            format!("IN has {} values", values.len()),
            format!("use at most {}", limits::IN_VALUES_MAX),
        ));
    }
    let values: Vec<Scalar> =
        values.iter().map(|value| scalar(value, ty, caller)).collect::<Result<_, _>>()?;
    Ok((table, Condition::OneOf { operand, values, negated: false }))
}

/// `column LIKE pattern`.
pub(super) fn like(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    column: &Expr,
    pattern: &Expr,
    escape: Option<&Expr>,
) -> Result<Own, TextError> {
    let (table, operand, ty) = column_of(scope, column)?;
    if *ty != ColumnType::String {
        return Err(refuse(
            column.span(),
            format!("LIKE compares texts, the column is of type {ty}"),
            "compare with =, < or BETWEEN",
        ));
    }
    if let Some(escape) = escape
        && !matches!(escape, Expr::Value(value) if value.value == Value::SingleQuotedString("\\".into()))
    {
        return Err(refuse(
            escape.span(),
            "only the backslash escapes the characters of a pattern",
            "leave ESCAPE out and write \\% or \\_",
        ));
    }
    let Literal::Text(text) = literal(pattern, caller)? else {
        return Err(refuse(pattern.span(), "the pattern of LIKE is not a text", "write it as 'text%'"));
    };
    let condition = match Pattern::read(&text, pattern.span())? {
        Pattern::Prefix(prefix) => Condition::Begins { operand, prefix: prefix.into_bytes(), negated: false },
        Pattern::Exact(text) => {
            let value = Scalar::Bytes(text.into_bytes());
            Condition::Compare { operand, comparison: Comparison::Equal, value }
        }
    };
    Ok((table, condition))
}

/// `column IS NULL`.
pub(super) fn null(scope: &Scope<'_>, column: &Expr) -> Result<Own, TextError> {
    let name = named(scope, column)?;
    let operand = scope.layout(name).map(|layout| Operand::nullable(name.column, layout));
    match operand.filter(|operand| operand.can_be_null()) {
        Some(operand) => Ok((name.table, Condition::Null { operand, negated: false })),
        None => Err(refuse(
            column.span(),
            format!("`{column}` always has a value"),
            "leave the condition out; only optional columns and floats can be NULL",
        )),
    }
}

/// A bool column by itself.
pub(super) fn truth(scope: &Scope<'_>, expression: &Expr) -> Result<Own, TextError> {
    let refused =
        || refuse(expression.span(), format!("`{expression}` is not possible here"), WHAT_IS_POSSIBLE);
    scope.column(expression)?.ok_or_else(refused)?;
    let (table, operand, ty) = column_of(scope, expression)?;
    if *ty != ColumnType::Bool {
        return Err(refused());
    }
    let value = Scalar::Unsigned(1);
    Ok((table, Condition::Compare { operand, comparison: Comparison::Equal, value }))
}

/// The column of this name as something to compare, and the type of its values.
pub(super) fn operand<'a>(
    scope: &'a Scope<'_>,
    name: ColumnName,
    span: Span,
) -> Result<(Operand, &'a ColumnType), TextError> {
    let layout = scope.layout(name);
    layout.and_then(|layout| Some((Operand::new(name.column, layout)?, value_type(&layout.ty)))).ok_or_else(
        || {
            let ty = layout.map(|layout| layout.ty.to_string()).unwrap_or_default();
            refuse(span, format!("a column of type {ty} cannot be compared"), "compare a number, text or id")
        },
    )
}

/// The type of a column's values, apart from NULL.
pub(super) fn value_type(ty: &ColumnType) -> &ColumnType {
    if let ColumnType::Option(inner) = ty { inner } else { ty }
}

fn column_of<'a>(scope: &'a Scope<'_>, column: &Expr) -> Result<(usize, Operand, &'a ColumnType), TextError> {
    let name = named(scope, column)?;
    let (operand, ty) = operand(scope, name, column.span())?;
    Ok((name.table, operand, ty))
}

fn named(scope: &Scope<'_>, column: &Expr) -> Result<ColumnName, TextError> {
    scope
        .column(column)?
        .ok_or_else(|| refuse(column.span(), format!("`{column}` is not a column"), WHAT_IS_POSSIBLE))
}
