//! Conditions as players may write them, and their meaning in three values: true, false, and unknown where something is NULL.

use ambit_interest::{ParameterValue, Parameters};
use proptest::prelude::*;

use crate::shape::Row;
use crate::world::name;

/// A tree of conditions on one row.
#[derive(Debug, Clone)]
pub enum Condition {
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare {
        column: Column,
        comparison: &'static str,
        value: i32,
    },
    In {
        column: Column,
        values: Vec<i32>,
    },
    Between {
        column: Column,
        low: i32,
        high: i32,
    },
    /// The beginning of a name, of so many letters.
    Like {
        name: u8,
        letters: usize,
    },
    Null {
        column: Column,
    },
    Circle {
        centre: [f64; 2],
        radius: u8,
    },
    Box {
        corners: [[f64; 2]; 2],
    },
}

/// A column of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Zone,
    Hp,
    Level,
    Speed,
}

/// Texts of conditions, every other value of which is a parameter.
#[derive(Default)]
pub struct Printer {
    pub parameters: Parameters,
    values: usize,
}

impl Printer {
    fn value(&mut self, text: String, value: ParameterValue) -> String {
        self.values += 1;
        let name = format!("p{}", self.values);
        match self.values.is_multiple_of(2) && self.parameters.set(&name, value).is_ok() {
            true => format!(":{name}"),
            false => text,
        }
    }

    fn integer(&mut self, value: i32) -> String {
        self.value(value.to_string(), ParameterValue::Integer(value.into()))
    }

    fn point(&mut self, [x, y]: [f64; 2], is_flat: bool, z: f64) -> String {
        match is_flat {
            true => self.value(format!("ST_Point({x}, {y})"), ParameterValue::Point2([x, y])),
            false => self.value(format!("ST_MakePoint({x}, {y}, {z})"), ParameterValue::Point3([x, y, z])),
        }
    }
}

impl Condition {
    /// The text; `zone` is what the table calls that column.
    pub fn sql(&self, zone: &str, is_flat: bool, printer: &mut Printer) -> String {
        let column = |column: Column| match column {
            Column::Zone => format!("a.{zone}"),
            Column::Hp => "a.hp".to_owned(),
            Column::Level => "a.level".to_owned(),
            Column::Speed => "a.speed".to_owned(),
        };
        let mut list = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.sql(zone, is_flat, printer)).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Self::All(parts) => list(parts, " AND "),
            Self::Any(parts) => list(parts, " OR "),
            Self::Not(inner) => format!("NOT ({})", inner.sql(zone, is_flat, printer)),
            Self::Compare { column: of, comparison, value } => {
                format!("{} {comparison} {}", column(*of), printer.integer(*value))
            }
            Self::In { column: of, values } => {
                let values: Vec<String> = values.iter().map(|value| printer.integer(*value)).collect();
                format!("{} IN ({})", column(*of), values.join(", "))
            }
            Self::Between { column: of, low, high } => {
                format!("{} BETWEEN {} AND {}", column(*of), printer.integer(*low), printer.integer(*high))
            }
            Self::Like { name: number, letters } => {
                let pattern = format!("{}%", beginning(*number, *letters));
                let text = format!("'{}'", pattern.replace('\'', "''"));
                format!("a.name LIKE {}", printer.value(text, ParameterValue::Text(pattern)))
            }
            Self::Null { column: of } => format!("{} IS NULL", column(*of)),
            Self::Circle { centre, radius } => {
                let centre = printer.point(*centre, is_flat, 0.0);
                format!("ST_DWithin(a.position, {centre}, {})", printer.integer((*radius).into()))
            }
            Self::Box { corners: [low, high] } => {
                let (low, high) = (printer.point(*low, is_flat, -2.0), printer.point(*high, is_flat, 2.0));
                match is_flat {
                    true => format!("a.position && ST_MakeBox2D({low}, {high})"),
                    false => format!("ST_3DMakeBox({low}, {high}) &&& a.position"),
                }
            }
        }
    }

    /// What it says of a row; `None` if that is unknown.
    pub fn truth(&self, row: &Row) -> Option<bool> {
        let value = |column: Column| match column {
            Column::Zone => Some(f64::from(row.zone)),
            Column::Hp => Some(f64::from(row.hp)),
            Column::Level => row.level.map(f64::from),
            Column::Speed => Some(f64::from(row.speed)).filter(|speed| !speed.is_nan()),
        };
        match self {
            Self::Not(inner) => inner.truth(row).map(|truth| !truth),
            Self::All(parts) => {
                let truths: Vec<Option<bool>> = parts.iter().map(|part| part.truth(row)).collect();
                match truths.contains(&Some(false)) {
                    true => Some(false),
                    false => (!truths.contains(&None)).then_some(true),
                }
            }
            Self::Any(parts) => {
                let truths: Vec<Option<bool>> = parts.iter().map(|part| part.truth(row)).collect();
                match truths.contains(&Some(true)) {
                    true => Some(true),
                    false => (!truths.contains(&None)).then_some(false),
                }
            }
            Self::Compare { column, comparison, value: with } => {
                let (value, with) = (value(*column)?, f64::from(*with));
                Some(match *comparison {
                    "=" => value == with,
                    "<>" => value != with,
                    "<" => value < with,
                    "<=" => value <= with,
                    ">" => value > with,
                    _ => value >= with,
                })
            }
            Self::In { column, values } => {
                let value = value(*column)?;
                Some(values.iter().any(|with| value == f64::from(*with)))
            }
            Self::Between { column, low, high } => {
                let value = value(*column)?;
                Some(f64::from(*low) <= value && value <= f64::from(*high))
            }
            Self::Like { name, letters } => Some(row.name.starts_with(&beginning(*name, *letters))),
            Self::Null { column } => Some(value(*column).is_none()),
            Self::Circle { centre: [x, y], radius } => {
                let squares =
                    row.position.iter().zip([x, y, &0.0]).map(|(place, part)| (place - part).powi(2));
                Some(squares.sum::<f64>() <= f64::from(*radius).powi(2))
            }
            Self::Box { corners: [[x1, y1], [x2, y2]] } => {
                let is_between =
                    |place: f64, one: f64, other: f64| one.min(other) <= place && place <= one.max(other);
                let [x, y, z] = row.position;
                Some(is_between(x, *x1, *x2) && is_between(y, *y1, *y2) && is_between(z, -2.0, 2.0))
            }
        }
    }

    /// Whether it could be true, or false if that is `wanted`, if the row were at the right place.
    pub fn can_be(&self, wanted: bool, row: &Row) -> bool {
        let all = |parts: &[Self]| parts.iter().all(|part| part.can_be(wanted, row));
        let any = |parts: &[Self]| parts.iter().any(|part| part.can_be(wanted, row));
        match self {
            Self::Not(inner) => inner.can_be(!wanted, row),
            Self::All(parts) => {
                if wanted {
                    all(parts)
                } else {
                    any(parts)
                }
            }
            Self::Any(parts) => {
                if wanted {
                    any(parts)
                } else {
                    all(parts)
                }
            }
            Self::Circle { .. } | Self::Box { .. } => true,
            Self::Compare { .. }
            | Self::In { .. }
            | Self::Between { .. }
            | Self::Like { .. }
            | Self::Null { .. } => self.truth(row) == Some(wanted),
        }
    }
}

fn beginning(number: u8, letters: usize) -> String {
    name(number).chars().take(letters).collect()
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![12 => (-40_i32..40).prop_map(|half| f64::from(half) * 0.5), 1 => Just(1e6)]
}

pub fn condition() -> impl Strategy<Value = Condition> {
    leaf().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            1 => inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Condition> {
    let column = prop::sample::select(&[Column::Zone, Column::Hp, Column::Level, Column::Speed][..]);
    let comparison = prop::sample::select(&["=", "=", "=", "<>", "<", "<=", ">", ">="][..]);
    let corner = || [coordinate(), coordinate()];
    prop_oneof![
        4 => (column.clone(), comparison, 0_i32..8)
            .prop_map(|(column, comparison, value)| Condition::Compare { column, comparison, value }),
        2 => (column.clone(), prop::collection::vec(0_i32..8, 1..4))
            .prop_map(|(column, values)| Condition::In { column, values }),
        2 => (column, 0_i32..8, 0_i32..8).prop_map(|(column, low, high)| Condition::Between { column, low, high }),
        1 => (0_u8..3, 0_usize..5).prop_map(|(name, letters)| Condition::Like { name, letters }),
        1 => prop::sample::select(&[Column::Level, Column::Speed][..]).prop_map(|column| Condition::Null { column }),
        2 => (corner(), 0_u8..24).prop_map(|(centre, radius)| Condition::Circle { centre, radius }),
        2 => [corner(), corner()].prop_map(|corners| Condition::Box { corners }),
    ]
}
