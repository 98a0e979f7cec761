//! ORDER BY and LIMIT → which rows come first, and how many of them are shown.

use sqlparser::ast::{
    Expr, Function, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Query, Spanned, Value,
};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::comparison;
use super::error::TextError;
use super::literal::{Literal, literal};
use super::place::{arguments, is_called, point_of, position};
use super::plan::{By, Operand, Order, OrderKey, Plan, Top};
use super::scope::{ColumnName, Scope, refuse};
use crate::limits;

const ORDER: &str =
    "order by columns of the selected table, or by ST_Distance(position, point), each with ASC or DESC";

/// ORDER BY and LIMIT of a query, taken out of it.
pub(super) struct Sorting {
    keys: Vec<OrderByExpr>,
    limit: Expr,
}

/// The table whose rows are ordered, and what is known of it.
struct Reader<'a> {
    scope: &'a Scope<'a>,
    selected: usize,
    caller: Caller<'a>,
    plan: &'a Plan,
}

impl Sorting {
    /// Takes them out; `None` if the query has neither.
    pub fn take(query: &mut Query) -> Result<Option<Self>, TextError> {
        let (order_by, limit) = (query.order_by.take(), query.limit_clause.take());
        if let Some(fetch) = query.fetch.take() {
            return Err(refuse(fetch.span(), "FETCH is not possible", "write ORDER BY column LIMIT 10"));
        }
        let limit = limit.map(plain_limit).transpose()?;
        match (order_by, limit) {
            (None, None) => Ok(None),
            (Some(order_by), Some(limit)) => Ok(Some(Self { keys: plain_keys(order_by)?, limit })),
            (None, Some(limit)) => Err(refuse(
                limit.span(),
                "LIMIT alone leaves open which rows are meant",
                "say which come first: ORDER BY column DESC LIMIT 10",
            )),
            (Some(order_by), None) => Err(refuse(
                order_by.span(),
                "ORDER BY without LIMIT changes nothing, for what a client holds has no order",
                "add LIMIT and how many of the first rows to show, or leave ORDER BY out and sort in the client",
            )),
        }
    }

    /// Which rows a rule shows does not depend on others.
    pub fn refused_in_rule(&self) -> TextError {
        let span = self.keys.first().map_or_else(Span::empty, Spanned::span);
        refuse(span, "a rule has no ORDER BY and LIMIT", "say by conditions which rows a client may see")
    }

    /// The first rows of what `plan` shows.
    pub fn plan(
        &self,
        scope: &Scope<'_>,
        selected: usize,
        caller: Caller<'_>,
        plan: Plan,
    ) -> Result<Plan, TextError> {
        let reader = Reader { scope, selected, caller, plan: &plan };
        let mut keys: Vec<OrderKey> = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let key = reader.key(key)?;
            // The same once more decides nothing.
            if !keys.iter().any(|known| known.by == key.by) {
                keys.push(key);
            }
        }
        for operand in reader.primary_key() {
            if !keys.iter().any(|known| known.by == By::Column(operand)) {
                keys.push(OrderKey::ascending(operand));
            }
        }
        let limit = reader.limit(&self.limit)?;
        Ok(Plan::Top(Box::new(Top { of: plan, order: Order { keys }, limit })))
    }
}

/// How many rows, if nothing else is said.
fn plain_limit(clause: LimitClause) -> Result<Expr, TextError> {
    let span = clause.span();
    match clause {
        LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by } if limit_by.is_empty() => {
            Ok(limit)
        }
        LimitClause::LimitOffset { offset: Some(_), .. } | LimitClause::OffsetCommaLimit { .. } => {
            Err(refuse(
                span,
                "OFFSET is not possible: which rows it leaves out would change with every row before them",
                "begin behind a value, such as score < :last, or show more rows and leave some out in the client",
            ))
        }
        LimitClause::LimitOffset { .. } => {
            Err(refuse(span, "LIMIT BY is not possible", "write ORDER BY column LIMIT 10"))
        }
    }
}

fn plain_keys(order_by: OrderBy) -> Result<Vec<OrderByExpr>, TextError> {
    let span = order_by.span();
    let keys = match order_by {
        OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None } => keys,
        OrderBy { .. } => return Err(refuse(span, "this ORDER BY is not possible", ORDER)),
    };
    if keys.len() > limits::ORDER_KEYS_MAX {
        let remedy = format!("order by at most {}", limits::ORDER_KEYS_MAX);
        return Err(refuse(span, format!("ORDER BY names {} columns", keys.len()), remedy));
    }
    Ok(keys)
}

impl Reader<'_> {
    fn key(&self, key: &OrderByExpr) -> Result<OrderKey, TextError> {
        let span = key.expr.span();
        let is_descending = match (&key.options.sort, &key.with_fill) {
            (None | Some(OrderBySort::Asc), None) => false,
            (Some(OrderBySort::Desc), None) => true,
            (Some(OrderBySort::Using(_)), _) | (_, Some(_)) => {
                return Err(refuse(span, "only ASC, DESC and NULLS FIRST or LAST are possible here", ORDER));
            }
        };
        // As in PostgreSQL, NULL counts as greater than every value.
        let is_null_first = key.options.nulls_first.unwrap_or(is_descending);
        let by = if let Expr::Function(function) = &key.expr {
            self.distance(function, &key.expr)?
        } else {
            By::Column(self.operand(&key.expr)?)
        };
        Ok(OrderKey { by, is_descending, is_null_first })
    }

    fn operand(&self, expression: &Expr) -> Result<Operand, TextError> {
        let span = expression.span();
        let Some(column) = self.scope.column(expression)? else {
            return Err(refuse(span, format!("rows cannot be ordered by `{expression}`"), ORDER));
        };
        self.check_selected(column, span)?;
        comparison::operand(self.scope, column, span).map(|(operand, _)| operand)
    }

    /// `ST_Distance(a, b)`, of which one is a position of the selected table.
    fn distance(&self, function: &Function, whole: &Expr) -> Result<By, TextError> {
        let span = whole.span();
        let refused = |problem: &str| {
            Err(refuse(
                span,
                problem,
                "write ST_Distance(position, ST_Point(x, y)), or ST_Distance(a.position, b.position) as in ST_DWithin",
            ))
        };
        if !is_called(function, "ST_Distance")? {
            return Err(refuse(span, format!("rows cannot be ordered by `{}`", function.name), ORDER));
        }
        let found = arguments(function).and_then(|found| <[&Expr; 2]>::try_from(found).ok());
        let Some([left, right]) = found else { return refused("ST_Distance has two places") };
        let (column, point) = match (self.scope.column(left)?, self.scope.column(right)?) {
            (Some(left), Some(right)) => return self.distance_from_centre(left, right, span),
            (Some(column), None) => (column, right),
            (None, Some(column)) => (column, left),
            (None, None) => return refused("neither place is a column"),
        };
        self.check_selected(column, span)?;
        let position = position(self.scope, column, span)?;
        Ok(By::Distance(position, point_of(point, position.dimensions, self.caller)?))
    }

    /// The distance between the two positions that a moving circle joins.
    fn distance_from_centre(&self, left: ColumnName, right: ColumnName, span: Span) -> Result<By, TextError> {
        let is_selected = |column: &ColumnName| column.table == self.selected;
        let [own, other] = if is_selected(&left) { [left, right] } else { [right, left] };
        if let Plan::Circle(circle) = self.plan
            && is_selected(&own)
            && !is_selected(&other)
            && circle.target_position == position(self.scope, own, span)?
            && circle.observer_position == position(self.scope, other, span)?
        {
            return Ok(By::DistanceFromCentre(circle.target_position));
        }
        Err(refuse(
            span,
            "rows can only be ordered by the distance that joins them with the centre of their circle",
            "name the two positions of ST_DWithin, or a position and a point",
        ))
    }

    fn check_selected(&self, column: ColumnName, span: Span) -> Result<(), TextError> {
        if column.table == self.selected {
            return Ok(());
        }
        let name = self.scope.name(self.selected).value;
        Err(refuse(
            span,
            "rows cannot be ordered by a column of another table, of which several rows may go with them",
            format!("order by a column of `{name}`"),
        ))
    }

    /// The columns of the primary key that can be compared. What they leave open the slot decides.
    fn primary_key(&self) -> impl Iterator<Item = Operand> {
        let table = self.scope.tables.get(self.selected);
        let columns = table.and_then(|table| table.schema.primary_index()).map(|index| &index.columns);
        columns.into_iter().flatten().filter_map(move |&column| {
            let layout = table?.layout.columns().get(usize::from(column))?;
            Operand::new(column, layout)
        })
    }

    fn limit(&self, expression: &Expr) -> Result<usize, TextError> {
        let refused = |problem: String, remedy: String| Err(refuse(expression.span(), problem, remedy));
        if matches!(expression, Expr::Value(value) if value.value == Value::Null) {
            return refused("LIMIT NULL is not possible".into(), "write LIMIT and a whole number".into());
        }
        let number = match literal(expression, self.caller)? {
            Literal::Number(text) => text.parse::<i128>().ok(),
            Literal::Text(_)
            | Literal::Hex(_)
            | Literal::Bytes(_)
            | Literal::Bool(_)
            | Literal::Point(_)
            | Literal::Id { .. } => None,
        };
        let Some(number) = number.filter(|number| *number >= 0) else {
            let remedy = "write a number from 0, or a :parameter that holds one";
            return refused("LIMIT takes a whole number".into(), remedy.into());
        };
        match usize::try_from(number) {
            Ok(number) if number <= limits::TOP_ROWS_MAX => Ok(number),
            Ok(_) | Err(_) => refused(
                format!("LIMIT {number} is too much"),
                format!(
                    "use at most {}, or leave ORDER BY and LIMIT out to see all rows",
                    limits::TOP_ROWS_MAX
                ),
            ),
        }
    }
}
