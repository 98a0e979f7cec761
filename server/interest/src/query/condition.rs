//! WHERE and ON → a tree of conditions. NOT is pushed down to the leaves on the way.

use sqlparser::ast::{BinaryOperator, Expr, Spanned, UnaryOperator};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::comparison::{self, Own, WHAT_IS_POSSIBLE};
use super::error::TextError;
use super::place::{self, Near};
use super::plan::{Comparison, Condition, Number};
use super::scope::{ColumnName, Scope, refuse};
use crate::limits;

/// What one condition of a query says.
pub(super) enum Parsed {
    /// About one table's rows.
    Own { table: usize, condition: Condition },
    /// A column of one table equals a column of another.
    Joined(ColumnName, ColumnName, Span),
    /// Two positions are near each other.
    Near(ColumnName, ColumnName, Number, Span),
    /// Several, all of which must hold.
    All(Vec<Parsed>),
}

/// Reads expressions, and counts what it has read.
pub(super) struct Reader<'a> {
    scope: &'a Scope<'a>,
    caller: Caller<'a>,
    count: usize,
}

impl<'a> Reader<'a> {
    pub fn new(scope: &'a Scope<'a>, caller: Caller<'a>) -> Self {
        Self { scope, caller, count: 0 }
    }

    /// Appends the conditions that `expression` joins by AND.
    pub fn read(&mut self, expression: &Expr, out: &mut Vec<Parsed>) -> Result<(), TextError> {
        let mut rest = vec![self.tree(expression, true, 0)?];
        while let Some(parsed) = rest.pop() {
            match parsed {
                Parsed::All(parts) => rest.extend(parts.into_iter().rev()),
                other @ (Parsed::Own { .. } | Parsed::Joined(..) | Parsed::Near(..)) => out.push(other),
            }
        }
        Ok(())
    }

    /// The tree that is true where `expression` is, or, if not `wanted`, where it is false. Goes down as deep as
    /// parentheses nest, which the parser bounds; a chain of one operator is taken apart without going down.
    fn tree(&mut self, mut expression: &Expr, mut wanted: bool, depth: usize) -> Result<Parsed, TextError> {
        if depth > limits::SQL_DEPTH_MAX {
            let remedy = "write it with fewer parentheses";
            return Err(refuse(expression.span(), "the query nests too deep", remedy));
        }
        loop {
            #[expect(clippy::wildcard_enum_match_arm, reason = "two forms stand around another")]
            match expression {
                Expr::Nested(inner) => expression = inner,
                Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                    expression = expr;
                    wanted = !wanted;
                }
                _ => break,
            }
        }
        let Expr::BinaryOp { op: operator @ (BinaryOperator::And | BinaryOperator::Or), .. } = expression
        else {
            return self.leaf(expression, wanted);
        };
        let mut parts = Vec::new();
        let mut rest = vec![expression];
        while let Some(part) = rest.pop() {
            if let Expr::BinaryOp { left, op, right } = part
                && op == operator
            {
                rest.extend([&**right, &**left]);
            } else {
                parts.push(self.tree(part, wanted, depth + 1)?);
            }
        }
        // NOT makes an AND of negations from an OR, and the other way round.
        match (*operator == BinaryOperator::And) == wanted {
            true => Ok(Parsed::All(parts)),
            false => any(parts, expression),
        }
    }

    fn leaf(&mut self, expression: &Expr, wanted: bool) -> Result<Parsed, TextError> {
        self.count += 1;
        if self.count > limits::CONDITIONS_MAX {
            return Err(refuse(
                expression.span(),
                "the query has too many conditions",
                format!("use at most {}", limits::CONDITIONS_MAX),
            ));
        }
        let (scope, caller) = (self.scope, self.caller);
        #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is refused")]
        let (own, negated) = match expression {
            Expr::BinaryOp { left, op, right } => match self.binary(left, op, right, expression)? {
                Parsed::Own { table, condition } => ((table, condition), false),
                join @ (Parsed::Joined(..) | Parsed::Near(..) | Parsed::All(_)) => {
                    return self.join(join, expression, wanted);
                }
            },
            Expr::Between { expr, negated, low, high } => {
                (comparison::between(scope, caller, expr, low, high)?, *negated)
            }
            Expr::InList { expr, list, negated } => {
                (comparison::one_of(scope, caller, expr, list)?, *negated)
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                (comparison::like(scope, caller, expr, pattern, escape_char.as_deref())?, *negated)
            }
            Expr::ILike { .. } => {
                return Err(refuse(
                    expression.span(),
                    "ILIKE is not possible",
                    "use LIKE, which tells capital from small letters",
                ));
            }
            Expr::IsNull(expr) => (comparison::null(scope, expr)?, false),
            Expr::IsNotNull(expr) => (comparison::null(scope, expr)?, true),
            Expr::Function(function) => match place::near(scope, caller, function, expression)? {
                Some(Near::Own(own)) => (own, false),
                Some(Near::Tables(left, right, radius)) => {
                    let near = Parsed::Near(left, right, radius, expression.span());
                    return self.join(near, expression, wanted);
                }
                None => (place::within(scope, caller, function, expression)?, false),
            },
            other => (comparison::truth(scope, other)?, false),
        };
        Ok(finish(own, negated == wanted))
    }

    /// What joins two tables, if it stands where it can.
    fn join(&self, join: Parsed, expression: &Expr, wanted: bool) -> Result<Parsed, TextError> {
        match wanted {
            true => Ok(join),
            false => Err(refuse(
                expression.span(),
                "NOT cannot stand before what joins two tables",
                "join the tables by what they have in common",
            )),
        }
    }

    fn binary(
        &self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        whole: &Expr,
    ) -> Result<Parsed, TextError> {
        use Comparison as C;
        let (scope, caller) = (self.scope, self.caller);
        #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is refused")]
        let comparison = match op {
            BinaryOperator::Eq => C::Equal,
            BinaryOperator::NotEq => C::NotEqual,
            BinaryOperator::Lt => C::Less,
            BinaryOperator::LtEq => C::LessOrEqual,
            BinaryOperator::Gt => C::Greater,
            BinaryOperator::GtEq => C::GreaterOrEqual,
            BinaryOperator::PGOverlap => {
                return Ok(finish(place::overlap(scope, caller, (left, right), 2, whole)?, false));
            }
            BinaryOperator::Custom(name) if name == "&&&" => {
                return Ok(finish(place::overlap(scope, caller, (left, right), 3, whole)?, false));
            }
            other => {
                return Err(refuse(whole.span(), format!("`{other}` is not possible"), WHAT_IS_POSSIBLE));
            }
        };
        match (scope.column(left)?, scope.column(right)?) {
            (Some(left), Some(right)) if comparison == C::Equal && left.table != right.table => {
                Ok(Parsed::Joined(left, right, whole.span()))
            }
            (Some(_), Some(_)) => Err(refuse(
                whole.span(),
                "two columns can only be compared with = and if they are of two tables",
                "compare the column with a value",
            )),
            (Some(_), None) => {
                Ok(finish(comparison::compare(scope, caller, left, comparison, right)?, false))
            }
            (None, Some(_)) => {
                Ok(finish(comparison::compare(scope, caller, right, comparison.mirror(), left)?, false))
            }
            (None, None) => Err(refuse(whole.span(), "neither side is a column", WHAT_IS_POSSIBLE)),
        }
    }
}

fn finish((table, condition): Own, is_negated: bool) -> Parsed {
    Parsed::Own { table, condition: if is_negated { condition.negate() } else { condition } }
}

/// Conditions of which one must hold: on the rows of one table.
fn any(parts: Vec<Parsed>, whole: &Expr) -> Result<Parsed, TextError> {
    let mut of_table = None;
    let mut conditions = Vec::with_capacity(parts.len());
    for part in parts {
        let own = own(part).filter(|(table, _)| *of_table.get_or_insert(*table) == *table);
        match own {
            Some((_, condition)) => conditions.push(condition),
            None => {
                return Err(refuse(
                    whole.span(),
                    "OR mixes tables, or a condition with what joins them",
                    "keep an OR to the columns of one table and values, or subscribe to each alternative by itself",
                ));
            }
        }
    }
    Ok(Parsed::Own { table: of_table.unwrap_or_default(), condition: Condition::Any(conditions) })
}

/// The condition, if it is about the rows of one table.
fn own(parsed: Parsed) -> Option<Own> {
    match parsed {
        Parsed::Own { table, condition } => Some((table, condition)),
        Parsed::Joined(..) | Parsed::Near(..) => None,
        Parsed::All(parts) => {
            let parts: Vec<Own> = parts.into_iter().map(own).collect::<Option<_>>()?;
            let table = parts.first()?.0;
            let is_one = parts.iter().all(|(other, _)| *other == table);
            is_one
                .then(|| (table, Condition::All(parts.into_iter().map(|(_, condition)| condition).collect())))
        }
    }
}
