//! What a SELECT names: its tables. Every clause that a subscription cannot have is refused
//! here.

use ambit_model::Schema;
use sqlparser::ast::{Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SetExpr, Spanned};

use super::error::TextError;
use super::parse::parse_text;
use super::scope::{Scope, refuse};
use crate::limits;

/// The SELECT, if it has nothing but columns, FROM and WHERE, apart from ORDER BY and LIMIT. It is taken out of the query: a copy of what a stranger wrote
/// costs its depth in stack.
pub(super) fn plain_select(query: &mut Query) -> Result<Select, TextError> {
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
        // These were taken out.
        order_by: _,
        limit_clause: _,
        fetch: _,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
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

/// The tables, and the conditions of each ON.
#[expect(clippy::wildcard_enum_match_arm, reason = "one kind of join is possible")]
pub(super) fn read_from<'a, 'b>(
    schema: &'a Schema,
    select: &'b Select,
    is_trusted: bool,
) -> Result<(Scope<'a>, Vec<&'b Expr>), TextError> {
    let mut scope = Scope { tables: Vec::new(), is_trusted };
    let [from] = select.from.as_slice() else {
        return Err(refuse(
            select.span(),
            "a query names one table after FROM",
            "write FROM a, or FROM a JOIN b ON a.column = b.column",
        ));
    };
    scope.add(schema, &from.relation)?;
    if let Some(join) = from.joins.get(limits::TABLES_PER_QUERY_MAX - 1) {
        return Err(refuse(
            join.relation.span(),
            "the query joins too many tables",
            format!("join at most {}", limits::TABLES_PER_QUERY_MAX),
        ));
    }
    let mut ons = Vec::with_capacity(from.joins.len());
    for join in &from.joins {
        scope.add(schema, &join.relation)?;
        match &join.join_operator {
            JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on))
                if !join.global =>
            {
                ons.push(on);
            }
            _ => {
                return Err(refuse(
                    join.relation.span(),
                    "this kind of join is not possible",
                    "write a JOIN b ON a.column = b.column, or ON ST_DWithin(a.position, b.position, radius)",
                ));
            }
        }
    }
    Ok((scope, ons))
}
