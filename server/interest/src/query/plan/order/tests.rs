//! Ranks compare as the values of the rows do, key by key.

use std::cmp::Ordering;

use ambit_model::{Value, decode_row};
use proptest::prelude::*;

use super::*;
use crate::query::plan::Plan;
use crate::query::random::{order_of, row, schema};

/// One of the columns of `body`.
const COLUMNS: [&str; 10] = ["id", "owner", "zone", "hp", "level", "speed", "mass", "name", "title", "alive"];

#[derive(Debug, Clone)]
struct Key {
    column: usize,
    is_descending: bool,
    nulls: Option<bool>,
}

impl Key {
    fn sql(&self) -> String {
        let nulls = self.nulls.map_or("", |first| if first { " NULLS FIRST" } else { " NULLS LAST" });
        format!("{}{}{nulls}", COLUMNS[self.column], if self.is_descending { " DESC" } else { "" })
    }

    fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        let (left, right) = (value(&left[self.column]), value(&right[self.column]));
        let is_null_first = self.nulls.unwrap_or(self.is_descending);
        let ordering = match (left, right) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return if is_null_first { Ordering::Less } else { Ordering::Greater },
            (Some(_), None) => return if is_null_first { Ordering::Greater } else { Ordering::Less },
            (Some(left), Some(right)) => left.partial_cmp(&right).unwrap(),
        };
        if self.is_descending { ordering.reverse() } else { ordering }
    }
}

#[derive(PartialEq, PartialOrd)]
enum Plain {
    Number(f64),
    Bytes(Vec<u8>),
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the table has a few of the types")]
fn value(value: &Value) -> Option<Plain> {
    Some(match value {
        Value::Option(inner) => return inner.as_deref().and_then(self::value),
        Value::F32(number) if number.is_nan() => return None,
        Value::F64(number) if number.is_nan() => return None,
        Value::F32(number) => Plain::Number((*number).into()),
        Value::F64(number) => Plain::Number(*number),
        Value::U32(number) => Plain::Number((*number).into()),
        Value::U8(number) => Plain::Number((*number).into()),
        Value::I32(number) => Plain::Number((*number).into()),
        Value::I16(number) => Plain::Number((*number).into()),
        Value::Bool(truth) => Plain::Number(u8::from(*truth).into()),
        Value::Identity(id) => Plain::Bytes(id.0.to_vec()),
        Value::String(text) => Plain::Bytes(text.as_bytes().to_vec()),
        other => panic!("{other:?}"),
    })
}

fn key() -> impl Strategy<Value = Key> {
    (0..COLUMNS.len(), any::<bool>(), any::<Option<bool>>()).prop_map(|(column, is_descending, nulls)| Key {
        column,
        is_descending,
        nulls,
    })
}

proptest! {
    #[test]
    fn ranks_compare_as_rows_do(
        keys in prop::collection::vec(key(), 1..4),
        rows in prop::collection::vec(row(), 2..6),
    ) {
        let schema = schema();
        let layout = schema.tables[0].layout();
        let text: Vec<String> = keys.iter().map(Key::sql).collect();
        let order = order_of(&schema, &text.join(", "));
        let rank = |slot: Slot, row: &[u8]| {
            let mut rank = Vec::new();
            order.rank((slot, row), 0, |_| f64::NAN, &mut rank);
            rank
        };
        for (slot, left) in (0..).zip(&rows) {
            for (other, right) in (0..).zip(&rows) {
                let values = |row: &[u8]| decode_row(&layout, row).unwrap();
                let (left_values, right_values) = (values(left), values(right));
                let of_keys = keys.iter().map(|key| key.compare(&left_values, &right_values));
                let expected = of_keys.fold(Ordering::Equal, Ordering::then).then(slot.cmp(&other));
                prop_assert_eq!(rank(slot, left).cmp(&rank(other, right)), expected, "{:?}", text);
                // What does not come after a row satisfies the condition that is made from it.
                if expected.is_le() && let Some(condition) = order.up_to(right) {
                    prop_assert!(condition.holds(left), "{condition:?} of {left_values:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_as_near_is_within_the_circle(
        places in prop::collection::vec((-20_i32..20, -20_i32..20, -9_i32..9), 2..5),
        scale in prop::sample::select(&[1.0, 1e-170, 1e-90, 1e30, 1e152][..]),
    ) {
        let schema = schema();
        let order = order_of(&schema, "ST_Distance(aim, ST_MakePoint(0, 0, 0))");
        let Some(By::Distance(position, centre)) = order.keys.first().map(|key| key.by.clone()) else {
            return Err(TestCaseError::fail("no distance"));
        };
        prop_assert!(centre.iter().all(|part| part.get() == 0.0));
        let rows: Vec<Vec<u8>> = places.iter().map(|(x, y, z)| {
            let mut row = vec![0; position.offset + 24];
            for (axis, part) in [x, y, z].into_iter().enumerate() {
                let at = position.offset + 8 * axis;
                row[at..at + 8].copy_from_slice(&(f64::from(*part) * scale).to_le_bytes());
            }
            row
        }).collect();
        for left in &rows {
            for right in &rows {
                let square = |row: &[u8]| square_of_distance(position.read(row), [0.0; 3]);
                if square(left) <= square(right) && let Some(condition) = order.up_to(right) {
                    prop_assert!(condition.holds(left), "{condition:?} {left:?}");
                }
            }
        }
    }
}

#[test]
fn the_primary_key_decides_last() {
    let mut schema = (*schema()).clone();
    let keys = |schema: &ambit_model::Schema| order_of(schema, "zone DESC").keys.len();
    assert_eq!(keys(&schema), 1);
    schema.tables[0].primary = Some(0);
    assert_eq!(keys(&schema), 2);
    let parsed = order_of(&schema, "zone DESC, id DESC, zone");
    assert_eq!(parsed.keys.len(), 2, "what stands there twice decides once");
    assert!(matches!(crate::query::random::plan(&schema, "SELECT * FROM body"), Plan::Filter(_)));
}
