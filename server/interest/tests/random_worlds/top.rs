//! ORDER BY and LIMIT as players may write them, and their meaning: the rows are sorted, and the first are kept.

use std::cmp::Ordering;

use ambit_interest::ParameterValue::{Integer, Point2, Point3};
use ambit_model::Slot;
use proptest::prelude::*;

use crate::condition::Printer;
use crate::shape::Row;

/// The first rows in an order.
#[derive(Debug, Clone)]
pub struct Top {
    pub keys: Vec<Key>,
    pub limit: u8,
    /// Whether the limit is a parameter, so that it can be changed.
    pub by_parameter: bool,
}

/// What rows are ordered by.
#[derive(Debug, Clone)]
pub struct Key {
    pub by: By,
    pub is_descending: bool,
    pub nulls_first: Option<bool>,
}

#[derive(Debug, Clone)]
pub enum By {
    Id,
    Owner,
    Zone,
    Hp,
    Name,
    Level,
    Speed,
    Link,
    Point(f64, f64),
    /// The own rows in the centre of a circle; where there are none, the row's id.
    Centre,
}

/// A value that can be compared; NULL is none.
#[derive(PartialEq, PartialOrd)]
enum Plain {
    Number(f64),
    Bytes(Vec<u8>),
}

impl Top {
    /// The text behind the conditions. `zone` is what the table calls that column.
    pub fn sql(&self, zone: &str, is_flat: bool, has_centre: bool, printer: &mut Printer) -> String {
        let keys = self.keys.iter().enumerate().map(|(place, key)| {
            let by = match &key.by {
                By::Owner => "a.owner".to_owned(),
                By::Zone => format!("a.{zone}"),
                By::Hp => "a.hp".to_owned(),
                By::Name => "a.name".to_owned(),
                By::Level => "a.level".to_owned(),
                By::Speed => "a.speed".to_owned(),
                By::Link => "a.link".to_owned(),
                By::Point(x, y) => {
                    let (text, value) = match is_flat {
                        true => (format!("ST_Point({x}, {y})"), Point2([*x, *y])),
                        false => (format!("ST_MakePoint({x}, {y}, 0)"), Point3([*x, *y, 0.0])),
                    };
                    let name = format!("order_point_{place}");
                    let is_set = self.by_parameter && printer.parameters.set(&name, value).is_ok();
                    let point = if is_set { format!(":{name}") } else { text };
                    format!("ST_Distance(a.position, {point})")
                }
                By::Centre if has_centre => "ST_Distance(p.position, a.position)".to_owned(),
                By::Id | By::Centre => "a.id".to_owned(),
            };
            let direction = if key.is_descending { " DESC" } else { "" };
            let nulls = match key.nulls_first {
                None => "",
                Some(true) => " NULLS FIRST",
                Some(false) => " NULLS LAST",
            };
            format!("{by}{direction}{nulls}")
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        let limit = Integer(self.limit.into());
        let limit = match self.by_parameter && printer.parameters.set("limit", limit).is_ok() {
            true => ":limit".to_owned(),
            false => self.limit.to_string(),
        };
        format!(" ORDER BY {keys} LIMIT {limit}")
    }

    /// Keeps the first rows. `centres` are the own rows that a row's circle may be around.
    pub fn cut(&self, rows: &mut Vec<(Slot, Row)>, centres: impl Fn(&Row) -> Vec<[f64; 3]>) {
        rows.sort_by(|(left_slot, left), (right_slot, right)| {
            let of_keys = self.keys.iter().map(|key| key.compare(left, right, &centres));
            let ordering = of_keys.fold(Ordering::Equal, Ordering::then);
            ordering.then(left.id.cmp(&right.id)).then(left_slot.cmp(right_slot))
        });
        rows.truncate(self.limit.into());
    }
}

impl Key {
    fn compare(&self, left: &Row, right: &Row, centres: &impl Fn(&Row) -> Vec<[f64; 3]>) -> Ordering {
        let is_null_first = self.nulls_first.unwrap_or(self.is_descending);
        match (self.by.value(left, centres), self.by.value(right, centres)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => {
                if is_null_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (Some(_), None) => {
                if is_null_first {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Some(left), Some(right)) => {
                let ordering = left.partial_cmp(&right).unwrap();
                if self.is_descending { ordering.reverse() } else { ordering }
            }
        }
    }
}

impl By {
    fn value(&self, row: &Row, centres: &impl Fn(&Row) -> Vec<[f64; 3]>) -> Option<Plain> {
        let square = |centre: [f64; 3]| {
            row.position.iter().zip(centre).map(|(place, centre)| (place - centre).powi(2)).sum::<f64>()
        };
        let number = |number: f64| Some(Plain::Number(number));
        match self {
            Self::Id => number(row.id.into()),
            Self::Owner => Some(Plain::Bytes(row.owner.0.to_vec())),
            Self::Zone => number(row.zone.into()),
            Self::Hp => number(row.hp.into()),
            Self::Name => Some(Plain::Bytes(row.name.as_bytes().to_vec())),
            Self::Level => row.level.map(|level| Plain::Number(level.into())),
            Self::Speed => {
                Some(row.speed).filter(|speed| !speed.is_nan()).and_then(|speed| number(speed.into()))
            }
            Self::Link => row.link.map(|link| Plain::Number(link.into())),
            Self::Point(x, y) => number(square([*x, *y, 0.0])),
            Self::Centre => {
                let nearest = centres(row).into_iter().map(square).min_by(f64::total_cmp);
                number(nearest.unwrap_or(row.id.into()))
            }
        }
    }
}

pub fn top() -> impl Strategy<Value = Top> {
    let point = || (-40_i32..40).prop_map(|half| f64::from(half) * 0.5);
    let by = prop_oneof![
        1 => Just(By::Id), 1 => Just(By::Owner), 2 => Just(By::Zone), 4 => Just(By::Hp), 2 => Just(By::Name),
        3 => Just(By::Level), 3 => Just(By::Speed), 2 => Just(By::Link), 3 => Just(By::Centre),
        3 => (point(), point()).prop_map(|(x, y)| By::Point(x, y)),
    ];
    let key = (by, any::<bool>(), any::<Option<bool>>()).prop_map(|(by, is_descending, nulls_first)| Key {
        by,
        is_descending,
        nulls_first,
    });
    (prop::collection::vec(key, 1..4), 0_u8..12, any::<bool>()).prop_map(|(keys, limit, by_parameter)| Top {
        keys,
        limit,
        by_parameter,
    })
}
