//! WHERE and ON expressions → conditions.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, UnaryOperator,
};

use super::Caller;
use super::error::TextError;
use super::literal::{coordinate, scalar};
use super::plan::{Comparison, Condition, Number, Operand, Position, Scalar};
use super::scope::{ColumnName, Scope, refuse, single_ident};
use crate::limits;

/// What one condition of a query says.
pub(super) enum Parsed {
    /// About one table's rows.
    Own { table: usize, condition: Condition },
    /// A column of one table equals a column of the other.
    Joined(ColumnName, ColumnName),
    /// Two positions are near each other.
    Near(ColumnName, ColumnName, Number),
}

const WHAT_IS_POSSIBLE: &str = "use comparisons (=, <>, <, <=, >, >=, BETWEEN) and ST_DWithin, joined by AND";

/// Appends the conditions that `expression` joins by AND.
pub(super) fn parse(
    scope: &Scope<'_>,
    caller: Caller,
    expression: &Expr,
    out: &mut Vec<Parsed>,
) -> Result<(), TextError> {
    let mut rest = vec![expression];
    while let Some(expression) = rest.pop() {
        if out.len() >= limits::CONDITIONS_MAX {
            return Err(refuse(
                expression.span(),
                "the query has too many conditions",
                format!("use at most {}", limits::CONDITIONS_MAX),
            ));
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is refused")]
        match expression {
            Expr::Nested(inner) => rest.push(inner),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => rest.extend([&**right, &**left]),
            Expr::BinaryOp { left, op, right } => {
                out.push(comparison(scope, caller, left, op, right, expression)?)
            }
            Expr::Between { expr, negated: false, low, high } => {
                out.push(compare(scope, caller, expr, Comparison::GreaterOrEqual, low)?);
                out.push(compare(scope, caller, expr, Comparison::LessOrEqual, high)?);
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => out.push(truth(scope, expr, false)?),
            Expr::Function(function) => out.push(near(scope, function, expression)?),
            other => out.push(truth(scope, other, true)?),
        }
    }
    Ok(())
}

fn comparison(
    scope: &Scope<'_>,
    caller: Caller,
    left: &Expr,
    op: &BinaryOperator,
    right: &Expr,
    whole: &Expr,
) -> Result<Parsed, TextError> {
    use Comparison as C;
    #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is refused")]
    let (comparison, mirrored) = match op {
        BinaryOperator::Eq => (C::Equal, C::Equal),
        BinaryOperator::NotEq => (C::NotEqual, C::NotEqual),
        BinaryOperator::Lt => (C::Less, C::Greater),
        BinaryOperator::LtEq => (C::LessOrEqual, C::GreaterOrEqual),
        BinaryOperator::Gt => (C::Greater, C::Less),
        BinaryOperator::GtEq => (C::GreaterOrEqual, C::LessOrEqual),
        BinaryOperator::Or => {
            return Err(refuse(
                whole.span(),
                "OR is not possible",
                "subscribe to each alternative by itself",
            ));
        }
        other => return Err(refuse(whole.span(), format!("`{other}` is not possible"), WHAT_IS_POSSIBLE)),
    };
    match (scope.column(left)?, scope.column(right)?) {
        (Some(left), Some(right)) if comparison == C::Equal && left.table != right.table => {
            Ok(Parsed::Joined(left, right))
        }
        (Some(_), Some(_)) => Err(refuse(
            whole.span(),
            "two columns can only be compared with = and across the two tables",
            "compare the column with a value",
        )),
        (Some(_), None) => compare(scope, caller, left, comparison, right),
        (None, Some(_)) => compare(scope, caller, right, mirrored, left),
        (None, None) => Err(refuse(whole.span(), "neither side is a column", WHAT_IS_POSSIBLE)),
    }
}

/// A column compared with a value.
fn compare(
    scope: &Scope<'_>,
    caller: Caller,
    column: &Expr,
    comparison: Comparison,
    value: &Expr,
) -> Result<Parsed, TextError> {
    let Some(name) = scope.column(column)? else {
        return Err(refuse(column.span(), format!("`{column}` is not a column"), WHAT_IS_POSSIBLE));
    };
    let (operand, ty) = operand(scope, name, column)?;
    let is_unordered = matches!(ty, ambit_model::ColumnType::Enum(_) | ambit_model::ColumnType::Bool);
    if is_unordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        return Err(refuse(
            column.span(),
            format!("values of type {ty} have no order"),
            "compare with = or <>",
        ));
    }
    let value = scalar(value, ty, caller)?;
    Ok(Parsed::Own { table: name.table, condition: Condition::Compare { operand, comparison, value } })
}

/// A bool column by itself, or after NOT.
fn truth(scope: &Scope<'_>, expression: &Expr, wanted: bool) -> Result<Parsed, TextError> {
    let refused =
        || refuse(expression.span(), format!("`{expression}` is not possible here"), WHAT_IS_POSSIBLE);
    let name = scope.column(expression)?.ok_or_else(refused)?;
    let (operand, ty) = operand(scope, name, expression)?;
    if *ty != ambit_model::ColumnType::Bool {
        return Err(refused());
    }
    let value = Scalar::Unsigned(u128::from(wanted));
    let condition = Condition::Compare { operand, comparison: Comparison::Equal, value };
    Ok(Parsed::Own { table: name.table, condition })
}

/// The column of this name as something to compare, and its type.
pub(super) fn operand<'a>(
    scope: &'a Scope<'_>,
    name: ColumnName,
    at: &Expr,
) -> Result<(Operand, &'a ambit_model::ColumnType), TextError> {
    let refused = || {
        refuse(
            at.span(),
            format!("`{at}` has a type that cannot be compared"),
            "compare a number, text or id",
        )
    };
    let table = scope.tables.get(name.table).ok_or_else(refused)?;
    let layout = table.layout.columns().get(usize::from(name.column)).ok_or_else(refused)?;
    Operand::new(name.column, layout).map(|operand| (operand, &layout.ty)).ok_or_else(refused)
}

/// `ST_DWithin(a, b, radius)`.
fn near(scope: &Scope<'_>, function: &Function, whole: &Expr) -> Result<Parsed, TextError> {
    const FORM: &str =
        "write ST_DWithin(position, ST_Point(x, y), radius) or ST_DWithin(a.position, b.position, radius)";
    let Some([left, right, radius]) =
        arguments(function, &["ST_DWithin"])?.and_then(|found| <[&Expr; 3]>::try_from(found).ok())
    else {
        return Err(refuse(whole.span(), format!("`{}` is not a condition", function.name), FORM));
    };
    let radius_at = radius.span();
    let radius = coordinate(radius)?;
    if radius < 0.0 {
        return Err(refuse(radius_at, "a radius cannot be negative", "write a number from 0"));
    }
    let radius = Number::new(radius);
    let (column, point) = match (scope.column(left)?, scope.column(right)?) {
        (Some(left), Some(right)) if left.table != right.table => {
            return Ok(Parsed::Near(left, right, radius));
        }
        (Some(column), None) => (column, right),
        (None, Some(column)) => (column, left),
        (Some(_), Some(_)) | (None, None) => {
            return Err(refuse(
                whole.span(),
                "the distance is not between two tables or a table and a point",
                FORM,
            ));
        }
    };
    let position = position(scope, column, whole)?;
    let centre = point_of(point)?;
    if centre.len() != position.dimensions {
        return Err(refuse(
            point.span(),
            format!("the point has {} coordinates, the column {}", centre.len(), position.dimensions),
            format!("write ST_MakePoint with {} numbers", position.dimensions),
        ));
    }
    let mut parts = centre.into_iter().map(Number::new);
    let mut part = || parts.next().unwrap_or(Number::new(0.0));
    let centre = [part(), part(), part()];
    Ok(Parsed::Own { table: column.table, condition: Condition::Within { position, centre, radius } })
}

/// The position column of this name.
pub(super) fn position(scope: &Scope<'_>, name: ColumnName, at: &Expr) -> Result<Position, TextError> {
    let layout =
        scope.tables.get(name.table).and_then(|table| table.layout.columns().get(usize::from(name.column)));
    layout.and_then(|layout| Position::new(name.column, layout)).ok_or_else(|| {
        refuse(
            at.span(),
            "ST_DWithin needs a position column",
            "use a column of type Vec2, Vec3, DVec2 or DVec3",
        )
    })
}

fn point_of(expression: &Expr) -> Result<Vec<f64>, TextError> {
    let refused = || {
        refuse(
            expression.span(),
            format!("`{expression}` is neither a position column nor a point"),
            "write ST_Point(x, y) or ST_MakePoint(x, y, z)",
        )
    };
    let Expr::Function(function) = expression else { return Err(refused()) };
    let Some(found) = arguments(function, &["ST_Point", "ST_MakePoint"])? else { return Err(refused()) };
    if !(2..=3).contains(&found.len()) {
        return Err(refused());
    }
    found.into_iter().map(coordinate).collect()
}

/// The plain arguments of a function of one of these names.
fn arguments<'a>(function: &'a Function, names: &[&str]) -> Result<Option<Vec<&'a Expr>>, TextError> {
    let name = single_ident(&function.name)?;
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let is_plain = function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && list.duplicate_treatment.is_none()
        && list.clauses.is_empty();
    if !is_plain || !names.iter().any(|known| name.value.eq_ignore_ascii_case(known)) {
        return Ok(None);
    }
    let plain = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
    });
    Ok(plain.collect())
}
