//! Queries by chance, and their meaning said as plainly as possible: every row is looked at.

#![expect(clippy::wildcard_enum_match_arm, reason = "conditions are about a few of the types")]

use ambit_model::{ColumnType, Schema, TableSchema, Value};
use ambit_wire::{Delivery, Tier};

use crate::model::Row;
use crate::module::types;
use crate::random::Random;

/// A query of one table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub table: String,
    pub sql: String,
    pub delivery: Delivery,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Always,
    Equal(usize, Value),
    /// Column, lowest, highest.
    Between(usize, i128, i128),
    /// Column, centre, radius.
    Near(usize, [f64; 3], f64),
}

impl Query {
    /// A query of a public table; none if there is none.
    pub(crate) fn random(random: &mut Random, schema: &Schema) -> Option<Self> {
        let public: Vec<usize> = (0..schema.tables.len())
            .filter(|place| schema.tables.get(*place).is_some_and(|table| table.public))
            .collect();
        let table = schema.tables.get(*public.get(random.index(public.len()))?)?;
        let places: Vec<usize> = (0..table.columns.len()).filter(|&place| is_place(table, place)).collect();
        let column = match places.get(random.index(places.len())) {
            Some(place) if random.one_in(3) => *place,
            Some(_) | None => random.index(table.columns.len()),
        };
        let schema = table.columns.get(column)?;
        let (name, sample) = (&schema.name, types::value(random, &schema.ty));
        let (text, condition) = match &sample {
            _ if random.one_in(3) => (String::new(), Condition::Always),
            Value::String(text) => {
                (format!("{name} = '{}'", text.replace('\'', "''")), Condition::Equal(column, sample.clone()))
            }
            Value::Bool(truth) => (format!("{name} = {truth}"), Condition::Equal(column, sample.clone())),
            other => match (types::place_of(other), integer(other)) {
                (Some(_), _) => near(random, name, column, other),
                (None, Some(number)) => {
                    let high = number.saturating_add(random.below(8).into()).min(highest(other));
                    (format!("{name} BETWEEN {number} AND {high}"), Condition::Between(column, number, high))
                }
                (None, None) => (String::new(), Condition::Always),
            },
        };
        let filter = if text.is_empty() { String::new() } else { format!(" WHERE {text}") };
        let sql = format!("SELECT * FROM {}{filter}", table.name);
        let delivery = delivery(random, table, &condition);
        Some(Self { table: table.name.clone(), sql, delivery, condition })
    }

    /// Whether the client is told every change.
    pub(crate) fn is_strict(&self) -> bool {
        let Delivery { hysteresis, tiers, budget, .. } = &self.delivery;
        *hysteresis == 0.0 && tiers.is_empty() && *budget == 0
    }

    /// Whether the row is in the result.
    pub(crate) fn shows(&self, row: &Row) -> bool {
        self.reaches(row, 0.0)
    }

    /// Whether a row that was in the result may still be held.
    pub(crate) fn holds(&self, row: &Row) -> bool {
        self.reaches(row, self.delivery.hysteresis)
    }

    fn reaches(&self, row: &Row, farther: f64) -> bool {
        let value = |column: &usize| row.values.get(*column);
        match &self.condition {
            Condition::Always => true,
            Condition::Equal(column, wanted) => value(column) == Some(wanted),
            Condition::Between(column, low, high) => {
                value(column).and_then(integer).is_some_and(|number| (*low..=*high).contains(&number))
            }
            Condition::Near(column, centre, radius) => {
                value(column).and_then(types::place_of).is_some_and(|place| {
                    let squares = place.iter().zip(centre).map(|(part, centre)| (part - centre).powi(2));
                    squares.sum::<f64>() <= (radius + farther).powi(2)
                })
            }
        }
    }
}

fn is_place(table: &TableSchema, column: usize) -> bool {
    table.columns.get(column).is_some_and(|column| {
        matches!(column.ty, ColumnType::Vec2 | ColumnType::DVec2 | ColumnType::Vec3 | ColumnType::DVec3)
    })
}

/// Every second query has delivery options.
fn delivery(random: &mut Random, table: &TableSchema, condition: &Condition) -> Delivery {
    let mut delivery = Delivery::at_rate(random.pick(&[0.0, f32::INFINITY, 5.0, 20.0, 60.0]));
    if random.one_in(2) {
        return delivery;
    }
    delivery.budget = random.pick(&[0, 0, 10_000, 60_000]);
    if matches!(condition, Condition::Near(..)) {
        delivery.hysteresis = random.pick(&[0.0, 1.0, 6.0]);
        for number in 0..random.below(3) {
            let distance = (number + 1) as f64 * random.pick(&[2.0, 5.0]);
            let rate = random.pick(&[0.0, 10.0, 5.0, 4.0]);
            let columns = table.columns.iter().filter(|_| random.one_in(4));
            let columns = columns.map(|column| column.name.clone()).collect();
            delivery.tiers.push(Tier { distance, rate, columns });
        }
        delivery.tiers.sort_by(|left, right| left.distance.total_cmp(&right.distance));
        delivery.tiers.dedup_by(|left, right| left.distance == right.distance);
    }
    delivery
}

fn near(random: &mut Random, name: &str, column: usize, sample: &Value) -> (String, Condition) {
    let (x, y, radius) = (types::half(random), types::half(random), random.between(0, 40) as f64 * 0.5);
    let point = match sample {
        Value::Vec2(_) | Value::DVec2(_) => format!("ST_Point({x}, {y})"),
        _ => format!("ST_MakePoint({x}, {y}, 0)"),
    };
    (format!("ST_DWithin({name}, {point}, {radius})"), Condition::Near(column, [x, y, 0.0], radius))
}

/// The highest number of the value's type: a condition names no other.
fn highest(value: &Value) -> i128 {
    match value {
        Value::I8(_) => i8::MAX.into(),
        Value::I16(_) => i16::MAX.into(),
        Value::I32(_) => i32::MAX.into(),
        Value::I64(_) => i64::MAX.into(),
        Value::U8(_) => u8::MAX.into(),
        Value::U16(_) => u16::MAX.into(),
        Value::U32(_) => u32::MAX.into(),
        _ => u64::MAX.into(),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I8(number) => Some((*number).into()),
        Value::I16(number) => Some((*number).into()),
        Value::I32(number) => Some((*number).into()),
        Value::I64(number) => Some((*number).into()),
        Value::U8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) => Some((*number).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::schema::random_schema;

    #[test]
    fn queries_use_every_delivery_option() {
        let mut random = Random::new(1);
        let queries: Vec<Query> = (0..1_000)
            .filter_map(|_| Query::random(&mut random.fork(), &random_schema(&mut random)))
            .collect();
        let count = |is: &dyn Fn(&Query) -> bool| queries.iter().filter(|query| is(query)).count();
        let circles = count(&|query| matches!(query.condition, Condition::Near(..)));
        let tiers = count(&|query| query.delivery.tiers.len() > 1);
        let slow = count(&|query| query.delivery.tiers.iter().any(|tier| tier.rate > 0.0));
        let columns = count(&|query| query.delivery.tiers.iter().any(|tier| !tier.columns.is_empty()));
        let hysteresis = count(&|query| query.delivery.hysteresis > 0.0);
        let budgets = count(&|query| query.delivery.budget > 0);
        let fewest = [circles, tiers, slow, columns, hysteresis, budgets].into_iter().min();
        assert!(fewest > Some(30), "{circles} {tiers} {slow} {columns} {hysteresis} {budgets}");
    }
}
