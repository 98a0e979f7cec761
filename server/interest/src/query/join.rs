//! Conditions → the plan over one table, or over two that a circle joins.

use ambit_model::{ColumnType, TableSchema};
use sqlparser::ast::{Select, Spanned};
use sqlparser::tokenizer::Span;

use super::comparison;
use super::condition::Parsed;
use super::error::TextError;
use super::place;
use super::plan::{Circle, Condition, Filter, Number, Operand, Plan, Position, canonical};
use super::scope::{ColumnName, Scope, refuse};
use crate::limits;

/// The conditions of a query over two tables, told apart.
#[derive(Default)]
struct Parts {
    target: Vec<Condition>,
    observer: Vec<Condition>,
    joined: Vec<(Operand, Operand)>,
    near: Option<(Position, Position, Number)>,
}

pub(super) fn one_table(scope: &Scope<'_>, parsed: Vec<Parsed>) -> Result<Plan, TextError> {
    let conditions = parsed.into_iter().filter_map(|parsed| match parsed {
        Parsed::Own { condition, .. } => Some(condition),
        // They name two tables, or were taken apart.
        Parsed::Joined(..) | Parsed::Near(..) | Parsed::All(_) => None,
    });
    let conditions = canonical(conditions.collect());
    match scope.tables.first() {
        Some(table) => Ok(Plan::Filter(Filter::new(table.id, conditions))),
        None => Err(refuse(Span::empty(), "the query names no table", "write SELECT * FROM table")),
    }
}

pub(super) fn two_tables(
    scope: &Scope<'_>,
    selected: usize,
    parsed: Vec<Parsed>,
    select: &Select,
) -> Result<Plan, TextError> {
    let span = select.span();
    let mut parts = Parts::default();
    for parsed in parsed {
        parts.add(scope, selected, parsed)?;
    }
    let Parts { target, observer, mut joined, near } = parts;
    let Some((target_position, observer_position, radius)) = near else {
        return Err(refuse(
            span,
            "the tables are not joined by a distance",
            "add ST_DWithin(a.position, b.position, radius) to ON",
        ));
    };
    joined.sort_unstable();
    joined.dedup();
    if joined.len() > limits::JOIN_COLUMNS_MAX {
        return Err(refuse(
            span,
            "too many columns are joined",
            format!("join at most {} pairs of columns", limits::JOIN_COLUMNS_MAX),
        ));
    }
    let (Some(target_table), Some(observer_table)) =
        (scope.tables.get(selected), scope.tables.get(1 - selected))
    else {
        return Err(refuse(span, "the query names no two tables", "write FROM a JOIN b"));
    };
    let observer = Filter::new(observer_table.id, canonical(observer));
    if !is_narrow(observer_table.schema, &observer) {
        return Err(refuse(
            span,
            format!("the circles' centre is not narrowed to a few rows of `{}`", observer_table.schema.name),
            "add a condition such as p.identity = :sender, or = on all columns of a unique index",
        ));
    }
    let target = Filter::new(target_table.id, canonical(target));
    Ok(Plan::Circle(Box::new(Circle {
        target,
        target_position,
        observer,
        observer_position,
        radius,
        joined,
        rule_for: None,
    })))
}

impl Parts {
    fn add(&mut self, scope: &Scope<'_>, selected: usize, parsed: Parsed) -> Result<(), TextError> {
        let in_order = |left: ColumnName, right: ColumnName| {
            if left.table == selected { (left, right) } else { (right, left) }
        };
        match parsed {
            Parsed::Own { table, condition } if table == selected => self.target.push(condition),
            Parsed::Own { condition, .. } => self.observer.push(condition),
            Parsed::Joined(left, right, span) => {
                let (target, observer) = in_order(left, right);
                self.joined.push(joined_columns(scope, target, observer, span)?);
            }
            Parsed::Near(left, right, radius, span) => {
                if self.near.is_some() {
                    return Err(refuse(
                        span,
                        "two distances between the tables are not possible",
                        "keep one ST_DWithin",
                    ));
                }
                let (target, observer) = in_order(left, right);
                let target = place::position(scope, target, span)?;
                let observer = place::position(scope, observer, span)?;
                if target.dimensions != observer.dimensions {
                    return Err(refuse(
                        span,
                        "one position has two dimensions, the other three",
                        "use positions of one kind",
                    ));
                }
                self.near = Some((target, observer, radius));
            }
            Parsed::All(parts) => {
                for part in parts {
                    self.add(scope, selected, part)?;
                }
            }
        }
        Ok(())
    }
}

/// Columns of the two tables that must be equal.
fn joined_columns(
    scope: &Scope<'_>,
    target: ColumnName,
    observer: ColumnName,
    span: Span,
) -> Result<(Operand, Operand), TextError> {
    let (of_target, target_type) = comparison::operand(scope, target, span)?;
    let (of_observer, observer_type) = comparison::operand(scope, observer, span)?;
    if target_type != observer_type || of_target.can_be_null() || of_observer.can_be_null() {
        let [target, observer] = [target, observer]
            .map(|name| scope.layout(name).map(|layout| layout.ty.to_string()).unwrap_or_default());
        return Err(refuse(
            span,
            format!("columns of type {target} and {observer} cannot be joined"),
            "join columns of one type that is neither optional nor a float",
        ));
    }
    Ok((of_target, of_observer))
}

/// Whether the filter leaves the rows of one player (an identity or a connection) or one row.
pub(super) fn is_narrow(table: &TableSchema, filter: &Filter) -> bool {
    let equal: Vec<u16> = filter.equalities().map(|(operand, _)| operand.column).collect();
    let is_id = |column: &u16| {
        let ty = table.columns.get(usize::from(*column)).map(|column| comparison::value_type(&column.ty));
        matches!(ty, Some(ColumnType::Identity | ColumnType::ConnectionId))
    };
    let mut unique = table.indexes.iter().filter(|index| index.unique);
    equal.iter().any(is_id) || unique.any(|index| index.columns.iter().all(|column| equal.contains(column)))
}
