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

#[cfg(test)]
mod tests {
    use ambit_model::glam::{DVec3, Vec2};
    use ambit_model::{Identity, Value, encode_row};

    use crate::query::random::{filter, schema};

    /// A row whose level and title are NULL or not, and whose floats are what is given.
    fn row(level: Option<i16>, title: Option<&str>, speed: f32, aim: f64) -> Vec<u8> {
        let values = [
            Value::U32(1),
            Value::Identity(Identity([1; 32])),
            Value::U8(2),
            Value::I32(-3),
            Value::Option(level.map(|level| Box::new(Value::I16(level)))),
            Value::F32(speed),
            Value::Option(Some(Box::new(Value::F64(speed.into())))),
            Value::String("orc".into()),
            Value::Option(title.map(|title| Box::new(Value::String(title.into())))),
            Value::Bool(true),
            Value::Vec2(Vec2::ZERO),
            Value::DVec3(DVec3::new(aim, 0.0, 0.0)),
            Value::Option(None),
        ];
        encode_row(&schema().tables[0].layout(), &values).unwrap()
    }

    #[test]
    fn what_is_null_satisfies_neither_a_comparison_nor_its_negation() {
        let schema = schema();
        let (known, unknown) = (row(Some(5), Some("Duke"), 5.0, 5.0), row(None, None, f32::NAN, f64::NAN));
        for (condition, holds) in [
            ("level = 5", true),
            ("level <> 5", false),
            ("level IN (4, 5)", true),
            ("level BETWEEN 6 AND 7", false),
            ("title LIKE 'Du%'", true),
            ("title < 'Da'", false),
            ("speed = 5", true),
            ("speed > 5", false),
            ("mass <> 4", true),
            ("mass IN (5)", true),
            ("ST_DWithin(aim, ST_MakePoint(5, 0, 0), 0)", true),
            ("aim &&& ST_3DMakeBox(ST_MakePoint(6, 0, 0), ST_MakePoint(7, 0, 0))", false),
            ("NOT (level = 4 OR title = 'Earl')", true),
        ] {
            let negated = format!("NOT ({condition})");
            let (condition, negated) = (filter(&schema, condition), filter(&schema, &negated));
            assert_eq!(
                (condition.matches(&known), negated.matches(&known)),
                (holds, !holds),
                "{condition:?}"
            );
            assert!(!condition.matches(&unknown) && !negated.matches(&unknown), "{condition:?}");
        }
        for column in ["level", "title", "speed", "mass"] {
            let null = filter(&schema, &format!("{column} IS NULL"));
            let other = filter(&schema, &format!("{column} IS NOT NULL"));
            assert!(null.matches(&unknown) && !null.matches(&known), "{column}");
            assert!(!other.matches(&unknown) && other.matches(&known), "{column}");
        }
    }

    #[test]
    fn an_unknown_part_does_not_decide_where_another_does() {
        let schema = schema();
        let unknown = row(None, None, f32::NAN, 0.0);
        for (condition, expected) in [
            ("zone = 2 OR level = 5", true),
            ("NOT (zone = 1 AND level = 5)", true),
            ("NOT (zone = 2 AND level = 5)", false),
            ("NOT (zone = 1 OR level = 5)", false),
            ("level = 5 OR level <> 5", false),
            ("level = 5 OR level IS NULL", true),
        ] {
            assert_eq!(filter(&schema, condition).matches(&unknown), expected, "{condition}");
        }
    }

    #[test]
    fn at_another_place_every_area_and_none_is_satisfied() {
        let schema = schema();
        let row = row(None, None, 0.0, 100.0);
        for (condition, expected) in [
            ("ST_DWithin(aim, ST_MakePoint(0, 0, 0), 1)", true),
            ("NOT ST_DWithin(aim, ST_MakePoint(100, 0, 0), 1)", true),
            ("zone = 2 AND place && ST_MakeEnvelope(5, 5, 6, 6)", true),
            ("zone = 1 AND place && ST_MakeEnvelope(5, 5, 6, 6)", false),
            ("zone = 1 OR place && ST_MakeEnvelope(5, 5, 6, 6)", true),
            ("NOT (zone = 2 OR place && ST_MakeEnvelope(5, 5, 6, 6))", false),
        ] {
            let filter = filter(&schema, condition);
            assert!(!filter.matches(&row), "{condition}");
            assert_eq!(filter.matches_apart_from_distance(&row), expected, "{condition}");
        }
    }
}
