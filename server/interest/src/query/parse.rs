//! A query's text → its plan.

use ambit_model::{ColumnType, Schema, TableSchema};
use sqlparser::ast::{
    Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Spanned, Statement, WildcardAdditionalOptions,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::Caller;
use super::condition::{self, Parsed};
use super::error::TextError;
use super::plan::{Circle, Condition, Filter, Operand, Plan};
use super::scope::{ColumnName, Scope, refuse, single_ident};
use crate::limits;

/// The checked plan of a query.
pub(crate) fn parse(schema: &Schema, caller: Caller, sql: &str) -> Result<Plan, TextError> {
    let mut query = parse_text(sql)?;
    let select = &plain_select(&mut query)?;
    let (scope, on) = read_from(schema, select)?;
    let selected = read_projection(&scope, select)?;
    let mut conditions = Vec::new();
    for expression in on.into_iter().chain(&select.selection) {
        condition::parse(&scope, caller, expression, &mut conditions)?;
    }
    match scope.tables.len() {
        1 => one_table(&scope, conditions),
        _ => two_tables(&scope, selected, conditions, select),
    }
}

fn parse_text(sql: &str) -> Result<Query, TextError> {
    if sql.len() > limits::SQL_BYTES_MAX {
        return Err(refuse(
            Span::empty(),
            format!("the query has {} bytes", sql.len()),
            format!("use at most {}", limits::SQL_BYTES_MAX),
        ));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize_with_location();
    let tokens = tokens.map_err(|error| syntax(&error.into()))?;
    let is_said = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let count = tokens.iter().filter(is_said).count();
    if count > limits::SQL_TOKENS_MAX {
        let remedy = format!("use at most {}", limits::SQL_TOKENS_MAX);
        return Err(refuse(Span::empty(), format!("the query has {count} words and signs"), remedy));
    }
    let statements = Parser::new(&dialect)
        .with_recursion_limit(limits::SQL_DEPTH_MAX)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| syntax(&error))?;
    let only_select = || refuse(Span::empty(), "this is not one SELECT", "write SELECT * FROM table WHERE …");
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        _ => Err(only_select()),
    }
}

/// The parser tells the place as text: `… at Line: 1, Column: 8`.
fn syntax(error: &ParserError) -> TextError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => {
            let remedy = format!("use at most {} levels of parentheses", limits::SQL_DEPTH_MAX);
            return refuse(Span::empty(), "the query nests too deep", remedy);
        }
    };
    let (problem, place) = text.rsplit_once(" at Line: ").unwrap_or((text, ""));
    let mut numbers = place.split(", Column: ").map(|number| number.trim().parse().unwrap_or(1));
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let at = Location { line, column };
    refuse(Span::new(at, at), problem, "write SELECT * FROM table WHERE column = value AND …")
}

/// The SELECT, if it has nothing but columns, FROM and WHERE. It is taken out of the query: a copy of what a stranger wrote
/// costs its depth in stack.
fn plain_select(query: &mut Query) -> Result<Select, TextError> {
    let span = query.span();
    let refused = |what: &str| {
        Err(refuse(
            span,
            format!("{what} is not possible in a subscription"),
            "write SELECT * FROM table WHERE …; sort and count in the client",
        ))
    };
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    if order_by.is_some() {
        return refused("ORDER BY");
    }
    if limit_clause.is_some() || fetch.is_some() {
        return refused("LIMIT");
    }
    if with.is_some() {
        return refused("WITH");
    }
    if !locks.is_empty()
        || for_clause.is_some()
        || settings.is_some()
        || format_clause.is_some()
        || !pipe_operators.is_empty()
    {
        return refused("a clause after WHERE");
    }
    let SetExpr::Select(select) = &mut **body else { return refused("anything but one SELECT") };
    if select.distinct.is_some() {
        return refused("DISTINCT");
    }
    if select.group_by != GroupByExpr::Expressions(Vec::new(), Vec::new()) || select.having.is_some() {
        return refused("GROUP BY");
    }
    // What is left to refuse: every other part must be as in the plainest SELECT.
    let SetExpr::Select(plainest) = *parse_text("SELECT * FROM t")?.body else {
        return refused("anything but one SELECT");
    };
    let projection = std::mem::replace(&mut select.projection, plainest.projection.clone());
    let from = std::mem::replace(&mut select.from, plainest.from.clone());
    let selection = select.selection.take();
    if *select != plainest {
        return refused("a clause other than SELECT, FROM and WHERE");
    }
    Ok(Select { projection, from, selection, ..*plainest })
}

/// The tables, and the condition of ON.
#[expect(clippy::wildcard_enum_match_arm, reason = "one kind of join is possible")]
fn read_from<'a, 'b>(
    schema: &'a Schema,
    select: &'b Select,
) -> Result<(Scope<'a>, Option<&'b Expr>), TextError> {
    let mut scope = Scope { tables: Vec::new() };
    let [from] = select.from.as_slice() else {
        return Err(refuse(
            select.span(),
            "a query names one table after FROM",
            "write FROM a, or FROM a JOIN b ON ST_DWithin(…)",
        ));
    };
    scope.add(schema, &from.relation)?;
    match from.joins.as_slice() {
        [] => Ok((scope, None)),
        [join] => {
            scope.add(schema, &join.relation)?;
            match &join.join_operator {
                JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on))
                    if !join.global =>
                {
                    Ok((scope, Some(on)))
                }
                _ => Err(refuse(
                    join.relation.span(),
                    "this kind of join is not possible",
                    "write a JOIN b ON ST_DWithin(a.position, b.position, radius)",
                )),
            }
        }
        [_, _, third @ ..] => Err(refuse(
            third.first().map_or_else(Span::empty, |join| join.relation.span()),
            "a query can join two tables only",
            "subscribe to the others by themselves",
        )),
    }
}

/// The table whose rows are selected.
fn read_projection(scope: &Scope<'_>, select: &Select) -> Result<usize, TextError> {
    let plain = |options: &WildcardAdditionalOptions| *options == WildcardAdditionalOptions::default();
    match select.projection.as_slice() {
        [SelectItem::Wildcard(options)] if plain(options) && scope.tables.len() == 1 => Ok(0),
        [SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)]
            if plain(options) =>
        {
            scope.table(single_ident(name)?)
        }
        [SelectItem::Wildcard(_)] => Err(refuse(
            select.span(),
            "`*` would mix the rows of two tables",
            "select the rows of one table: SELECT m.* FROM monster m JOIN player p …",
        )),
        [first, ..] => {
            Err(refuse(first.span(), "columns cannot be chosen", "write SELECT * or SELECT name.*"))
        }
        [] => Err(refuse(select.span(), "nothing is selected", "write SELECT *")),
    }
}

fn one_table(scope: &Scope<'_>, parsed: Vec<Parsed>) -> Result<Plan, TextError> {
    let conditions = parsed.into_iter().filter_map(|parsed| match parsed {
        Parsed::Own { condition, .. } => Some(condition),
        // Both name two tables.
        Parsed::Joined(..) | Parsed::Near(..) => None,
    });
    let conditions = canonical(conditions.collect());
    match scope.tables.first() {
        Some(table) => Ok(Plan::Filter(Filter { table: table.id, conditions })),
        None => Err(refuse(Span::empty(), "the query names no table", "write SELECT * FROM table")),
    }
}

fn two_tables(
    scope: &Scope<'_>,
    selected: usize,
    parsed: Vec<Parsed>,
    select: &Select,
) -> Result<Plan, TextError> {
    let at = Expr::Wildcard(sqlparser::ast::helpers::attached_token::AttachedToken::empty());
    let span = select.span();
    let other = 1 - selected;
    let (mut own, mut others, mut joined, mut near) = (Vec::new(), Vec::new(), Vec::new(), None);
    for parsed in parsed {
        match parsed {
            Parsed::Own { table, condition } if table == selected => own.push(condition),
            Parsed::Own { condition, .. } => others.push(condition),
            Parsed::Joined(left, right) => {
                let (target, observer) = if left.table == selected { (left, right) } else { (right, left) };
                joined.push(joined_columns(scope, target, observer, &at, span)?);
            }
            Parsed::Near(left, right, radius) if near.is_none() => {
                let (target, observer) = if left.table == selected { (left, right) } else { (right, left) };
                near = Some((target, observer, radius));
            }
            Parsed::Near(..) => {
                return Err(refuse(
                    span,
                    "two distances between the tables are not possible",
                    "keep one ST_DWithin",
                ));
            }
        }
    }
    let Some((target, observer, radius)) = near else {
        return Err(refuse(
            span,
            "the two tables are not joined by a distance",
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
    let target_position = condition::position(scope, target, &at)?;
    let observer_position = condition::position(scope, observer, &at)?;
    if target_position.dimensions != observer_position.dimensions {
        return Err(refuse(
            span,
            "one position has two dimensions, the other three",
            "use positions of one kind",
        ));
    }
    let (Some(target_table), Some(observer_table)) = (scope.tables.get(selected), scope.tables.get(other))
    else {
        return Err(refuse(span, "the query names no two tables", "write FROM a JOIN b"));
    };
    let observer = Filter { table: observer_table.id, conditions: canonical(others) };
    if !is_narrow(observer_table.schema, &observer) {
        return Err(refuse(
            span,
            format!("the circles' centre is not narrowed to a few rows of `{}`", observer_table.schema.name),
            "add a condition such as p.identity = :sender, or = on all columns of a unique index",
        ));
    }
    let target = Filter { table: target_table.id, conditions: canonical(own) };
    Ok(Plan::Circle(Box::new(Circle {
        target,
        target_position,
        observer,
        observer_position,
        radius,
        joined,
    })))
}

/// Columns of the two tables that must be equal.
fn joined_columns(
    scope: &Scope<'_>,
    target: ColumnName,
    observer: ColumnName,
    at: &Expr,
    span: Span,
) -> Result<(Operand, Operand), TextError> {
    let (target, target_type) = condition::operand(scope, target, at)?;
    let (observer, observer_type) = condition::operand(scope, observer, at)?;
    let is_float = matches!(target_type, ColumnType::F32 | ColumnType::F64);
    if target_type != observer_type || is_float {
        return Err(refuse(
            span,
            format!("columns of type {target_type} and {observer_type} cannot be joined"),
            "join columns of one type that is not a float",
        ));
    }
    Ok((target, observer))
}

fn canonical(mut conditions: Vec<Condition>) -> Vec<Condition> {
    conditions.sort_unstable();
    conditions.dedup();
    conditions
}

/// Whether the filter leaves the rows of one player (an identity or a connection) or one row.
fn is_narrow(table: &TableSchema, filter: &Filter) -> bool {
    let equal: Vec<u16> = filter.equalities().map(|(operand, _)| operand.column).collect();
    let is_id = |column: &u16| {
        let ty = table.columns.get(usize::from(*column)).map(|column| &column.ty);
        matches!(ty, Some(ColumnType::Identity | ColumnType::ConnectionId))
    };
    let mut unique = table.indexes.iter().filter(|index| index.unique);
    equal.iter().any(is_id) || unique.any(|index| index.columns.iter().all(|column| equal.contains(column)))
}
