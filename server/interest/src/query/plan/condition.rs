//! The tree of conditions on one row. NOT stands at its leaves only.
//!
//! SQL knows three answers: true, false and unknown. A comparison with NULL is unknown, and NOT of unknown is unknown. Where
//! NOT stands at the leaves only, a tree is true exactly if it is true with "unknown" read as "no" at every leaf; so
//! a leaf answers whether it is true, and a leaf and its negation can both answer no.

use std::cmp::Ordering;

use super::{Area, Form, Operand, Position, Scalar};

/// What a row must satisfy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Condition {
    Compare {
        operand: Operand,
        comparison: Comparison,
        value: Scalar,
    },
    /// The column is one of the values, or, negated, none of them. They are sorted.
    OneOf {
        operand: Operand,
        values: Vec<Scalar>,
        negated: bool,
    },
    /// The text begins with these bytes, or, negated, does not.
    Begins {
        operand: Operand,
        prefix: Vec<u8>,
        negated: bool,
    },
    /// The column is NULL, or, negated, is not.
    Null {
        operand: Operand,
        negated: bool,
    },
    /// The position lies in the area, or, negated, outside.
    Within {
        position: Position,
        area: Area,
        negated: bool,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    pub fn holds(&self, row: &[u8]) -> bool {
        match self {
            Self::Compare { operand, comparison, value } => {
                operand.compare(row, value).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::OneOf { operand, values, negated } => {
                let order =
                    |value: &Scalar| operand.compare(row, value).map_or(Ordering::Less, Ordering::reverse);
                !operand.is_null(row) && values.binary_search_by(order).is_ok() != *negated
            }
            Self::Begins { operand, prefix, negated } => {
                !operand.is_null(row) && operand.bytes(row).starts_with(prefix) != *negated
            }
            Self::Null { operand, negated } => operand.is_null(row) != *negated,
            Self::Within { position, area, negated } => {
                area.holds(position.read(row)).is_some_and(|holds| holds != *negated)
            }
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(row)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(row)),
        }
    }

    /// Whether it holds if every condition on a place is taken as satisfied.
    pub fn holds_at_some_place(&self, row: &[u8]) -> bool {
        match self {
            Self::Compare { .. } | Self::OneOf { .. } | Self::Begins { .. } | Self::Null { .. } => {
                self.holds(row)
            }
            Self::Within { .. } => true,
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds_at_some_place(row)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds_at_some_place(row)),
        }
    }

    /// The columns that decide, as a column mask.
    pub fn columns(&self) -> u64 {
        match self {
            Self::Compare { operand, .. }
            | Self::OneOf { operand, .. }
            | Self::Begins { operand, .. }
            | Self::Null { operand, .. } => 1 << operand.column,
            Self::Within { position, .. } => 1 << position.column,
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().fold(0, |mask, condition| mask | condition.columns())
            }
        }
    }

    /// The column that must have one value, and the value.
    pub fn equality(&self) -> Option<(Operand, &Scalar)> {
        match self {
            Self::Compare { operand, comparison: Comparison::Equal, value } => Some((*operand, value)),
            Self::Compare { .. }
            | Self::OneOf { .. }
            | Self::Begins { .. }
            | Self::Null { .. }
            | Self::Within { .. }
            | Self::All(_)
            | Self::Any(_) => None,
        }
    }

    /// What is true where this is false.
    pub fn negate(self) -> Self {
        let each = |conditions: Vec<Self>| conditions.into_iter().map(Self::negate).collect();
        match self {
            Self::Compare { operand, comparison, value } => {
                Self::Compare { operand, comparison: comparison.negate(), value }.without_unequal_truth()
            }
            Self::OneOf { operand, values, negated } => Self::OneOf { operand, values, negated: !negated },
            Self::Begins { operand, prefix, negated } => Self::Begins { operand, prefix, negated: !negated },
            Self::Null { operand, negated } => Self::Null { operand, negated: !negated },
            Self::Within { position, area, negated } => Self::Within { position, area, negated: !negated },
            Self::All(conditions) => Self::Any(each(conditions)),
            Self::Any(conditions) => Self::All(each(conditions)),
        }
    }

    /// A bool that is not TRUE is FALSE: an equality, which an index can find.
    pub fn without_unequal_truth(self) -> Self {
        match self {
            Self::Compare {
                operand: operand @ Operand { form: Form::Bool, .. },
                comparison: Comparison::NotEqual,
                value: Scalar::Unsigned(value),
            } => {
                let value = Scalar::Unsigned(u128::from(value == 0));
                Self::Compare { operand, comparison: Comparison::Equal, value }
            }
            other @ (Self::Compare { .. }
            | Self::OneOf { .. }
            | Self::Begins { .. }
            | Self::Null { .. }
            | Self::Within { .. }
            | Self::All(_)
            | Self::Any(_)) => other,
        }
    }
}

impl Comparison {
    /// Whether a value that lies so to the other satisfies it.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    fn negate(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The same with its sides exchanged: `5 < x` is `x > 5`.
    pub fn mirror(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}
