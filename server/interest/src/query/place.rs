//! Conditions on places: circles and boxes that stand still, and the circle between two tables.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::comparison::Own;
use super::error::TextError;
use super::literal::{Literal, coordinate, literal};
use super::plan::{Area, Condition, Number, Position};
use super::scope::{ColumnName, Scope, refuse, single_ident};

/// What `ST_DWithin` is about.
pub(super) enum Near {
    Own(Own),
    /// Two positions are near each other.
    Tables(ColumnName, ColumnName, Number),
}

const CIRCLE: &str =
    "write ST_DWithin(position, ST_Point(x, y), radius) or ST_DWithin(a.position, b.position, radius)";
const BOX: &str = "write position && ST_MakeEnvelope(x1, y1, x2, y2), or in three dimensions \
                   position &&& ST_3DMakeBox(ST_MakePoint(x1, y1, z1), ST_MakePoint(x2, y2, z2))";

/// `ST_DWithin(a, b, radius)`; `None` if it is another function.
pub(super) fn near(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    function: &Function,
    whole: &Expr,
) -> Result<Option<Near>, TextError> {
    if !is_called(function, "ST_DWithin")? {
        return Ok(None);
    }
    let Some([left, right, radius]) =
        arguments(function).and_then(|found| <[&Expr; 3]>::try_from(found).ok())
    else {
        return Err(refuse(whole.span(), "ST_DWithin has two places and a radius", CIRCLE));
    };
    let radius_at = radius.span();
    let radius = coordinate(radius, caller)?;
    if radius < 0.0 {
        return Err(refuse(radius_at, "a radius cannot be negative", "write a number from 0"));
    }
    let radius = Number::new(radius);
    let (column, point) = match (scope.column(left)?, scope.column(right)?) {
        (Some(left), Some(right)) if left.table != right.table => {
            return Ok(Some(Near::Tables(left, right, radius)));
        }
        (Some(column), None) => (column, right),
        (None, Some(column)) => (column, left),
        (Some(_), Some(_)) | (None, None) => {
            return Err(refuse(
                whole.span(),
                "the distance is not between two tables or a table and a point",
                CIRCLE,
            ));
        }
    };
    let position = position(scope, column, whole.span())?;
    let centre = point_of(point, position.dimensions, caller)?;
    let area = Area::Circle { centre, radius };
    Ok(Some(Near::Own((column.table, Condition::Within { position, area, negated: false }))))
}

/// `ST_Within(position, box)`.
pub(super) fn within(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    function: &Function,
    whole: &Expr,
) -> Result<Own, TextError> {
    if !is_called(function, "ST_Within")? {
        let problem = format!("`{}` is not a condition", function.name);
        return Err(refuse(whole.span(), problem, "use ST_DWithin or ST_Within"));
    }
    let Some([place, area]) = arguments(function).and_then(|found| <[&Expr; 2]>::try_from(found).ok()) else {
        return Err(refuse(whole.span(), "ST_Within has a position and a box", BOX));
    };
    match scope.column(place)? {
        Some(column) => in_box(scope, caller, column, area, 2, whole),
        None => Err(refuse(place.span(), format!("`{place}` is not a column"), BOX)),
    }
}

/// `position && box`, or `position &&& box` in three dimensions.
pub(super) fn overlap(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    (left, right): (&Expr, &Expr),
    dimensions: usize,
    whole: &Expr,
) -> Result<Own, TextError> {
    match (scope.column(left)?, scope.column(right)?) {
        (Some(column), None) => in_box(scope, caller, column, right, dimensions, whole),
        (None, Some(column)) => in_box(scope, caller, column, left, dimensions, whole),
        (Some(_), Some(_)) | (None, None) => {
            Err(refuse(whole.span(), "this is not a position column and a box", BOX))
        }
    }
}

fn in_box(
    scope: &Scope<'_>,
    caller: Caller<'_>,
    column: ColumnName,
    area: &Expr,
    dimensions: usize,
    whole: &Expr,
) -> Result<Own, TextError> {
    let position = position(scope, column, whole.span())?;
    if position.dimensions != dimensions {
        let problem = format!(
            "the position has {} dimensions, this comparison with a box {dimensions}",
            position.dimensions
        );
        return Err(refuse(whole.span(), problem, BOX));
    }
    let refused = || refuse(area.span(), format!("`{area}` is not a box of {dimensions} dimensions"), BOX);
    let Expr::Function(function) = area else { return Err(refused()) };
    let found = arguments(function).unwrap_or_default();
    let (first, second) = match (dimensions, found.as_slice()) {
        (2, [x1, y1, x2, y2]) if is_called(function, "ST_MakeEnvelope")? => {
            let number = |expression| coordinate(expression, caller).map(Number::new);
            let zero = Number::new(0.0);
            ([number(x1)?, number(y1)?, zero], [number(x2)?, number(y2)?, zero])
        }
        (2, [first, second]) if is_called(function, "ST_MakeBox2D")? => {
            (point_of(first, 2, caller)?, point_of(second, 2, caller)?)
        }
        (3, [first, second]) if is_called(function, "ST_3DMakeBox")? => {
            (point_of(first, 3, caller)?, point_of(second, 3, caller)?)
        }
        _ => return Err(refused()),
    };
    // Any two opposite corners name the same box.
    let [x, y, z] = [0, 1, 2].map(|axis| {
        let (one, other) = (first.get(axis).copied(), second.get(axis).copied());
        (one.min(other).unwrap_or(Number::new(0.0)), one.max(other).unwrap_or(Number::new(0.0)))
    });
    let area = Area::Box { low: [x.0, y.0, z.0], high: [x.1, y.1, z.1] };
    Ok((column.table, Condition::Within { position, area, negated: false }))
}

/// The position column of this name.
pub(super) fn position(scope: &Scope<'_>, name: ColumnName, span: Span) -> Result<Position, TextError> {
    scope.layout(name).and_then(|layout| Position::new(name.column, layout)).ok_or_else(|| {
        refuse(
            span,
            "a place is compared with what is not a position column",
            "use a column of type Vec2, Vec3, DVec2 or DVec3",
        )
    })
}

/// A point of so many coordinates; the third of a point in the plane is 0.
pub(super) fn point_of(
    expression: &Expr,
    dimensions: usize,
    caller: Caller<'_>,
) -> Result<[Number; 3], TextError> {
    let refused = || {
        refuse(
            expression.span(),
            format!("`{expression}` is neither a position column nor a point"),
            "write ST_Point(x, y), ST_MakePoint(x, y, z) or a :parameter that holds a point",
        )
    };
    let parts: Vec<f64> = if let Expr::Function(function) = expression {
        if !is_called(function, "ST_Point")? && !is_called(function, "ST_MakePoint")? {
            return Err(refused());
        }
        let found = arguments(function).filter(|found| (2..=3).contains(&found.len())).ok_or_else(refused)?;
        found.into_iter().map(|part| coordinate(part, caller)).collect::<Result<_, _>>()?
    } else {
        match literal(expression, caller) {
            Ok(Literal::Point(parts)) => parts,
            Err(error) if matches!(expression, Expr::Value(_)) => return Err(error),
            Ok(
                Literal::Number(_)
                | Literal::Text(_)
                | Literal::Hex(_)
                | Literal::Bytes(_)
                | Literal::Bool(_)
                | Literal::Id { .. },
            )
            | Err(_) => return Err(refused()),
        }
    };
    if parts.len() != dimensions {
        return Err(refuse(
            expression.span(),
            format!("the point has {} coordinates, the column {dimensions}", parts.len()),
            format!("write ST_MakePoint with {dimensions} numbers"),
        ));
    }
    let mut parts = parts.into_iter().map(Number::new);
    let mut part = || parts.next().unwrap_or(Number::new(0.0));
    Ok([part(), part(), part()])
}

pub(super) fn is_called(function: &Function, name: &str) -> Result<bool, TextError> {
    Ok(single_ident(&function.name)?.value.eq_ignore_ascii_case(name))
}

/// The arguments of a function, if it has nothing else.
pub(super) fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let is_plain = function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && list.duplicate_treatment.is_none()
        && list.clauses.is_empty();
    let plain = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
    });
    plain.collect::<Option<Vec<_>>>().filter(|_| is_plain)
}
