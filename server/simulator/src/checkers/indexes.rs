//! Every index answers like a scan of its table.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use ambit_model::{IndexKind, Slot, Value, encode_row};
use ambit_store::{Bounds, KeyPrefix, Store};

use super::{Checker, Violation};
use crate::model::{Database, IndexShape, Table};
use crate::module::types;
use crate::random::Random;

/// Asks each index of the store for every key of the model, for keys that may not exist, for ranges and circles.
pub(crate) fn check(store: &Store, expected: &Database, random: &mut Random) -> Result<(), Violation> {
    for (id, shape) in (0..).zip(&expected.shape.tables) {
        let Some(table) = expected.table(id) else { continue };
        for (number, index) in (0..).zip(&shape.indexes) {
            let asked = Asked { store, table: id, number, index, rows: table };
            let result = match index.schema.kind {
                IndexKind::Hash => asked.check_keys(random),
                IndexKind::Ordered => asked.check_keys(random).and_then(|()| asked.check_ranges(random)),
                IndexKind::Spatial { .. } => asked.check_circles(random),
            };
            let counted = store.index_count(id, number);
            let result = result.and_then(|()| match counted == Some(table.rows.len()) {
                true => Ok(()),
                false => Err(format!("it holds {counted:?} rows of {}", table.rows.len())),
            });
            result.map_err(|problem| {
                Violation::new(Checker::Index, format!("{}, {}: {problem}", shape.name, index.schema.name))
            })?;
        }
    }
    Ok(())
}

struct Asked<'a> {
    store: &'a Store,
    table: u16,
    number: u16,
    index: &'a IndexShape,
    rows: &'a Table,
}

impl Asked<'_> {
    fn check_keys(&self, random: &mut Random) -> Result<(), String> {
        let mut by_key: BTreeMap<Vec<u8>, Vec<Slot>> = BTreeMap::new();
        for (&slot, row) in &self.rows.rows {
            if let Some(Some(key)) = row.keys.get(usize::from(self.number)) {
                by_key.entry(key.clone()).or_default().push(slot);
            }
        }
        for _ in 0..3 {
            let types = self.index.layout.columns().iter();
            let values: Vec<Value> = types.map(|column| types::value(random, &column.ty)).collect();
            by_key.entry(encode_row(&self.index.layout, &values).unwrap_or_default()).or_default();
        }
        for (key, slots) in &by_key {
            let mut found = Vec::new();
            let result = self.store.find_all(self.table, self.number, key, &mut found);
            if result.is_err() || found != *slots {
                return Err(format!("the key {key:?} gives {result:?} {found:?}, not {slots:?}"));
            }
            if self.index.schema.unique {
                let found = self.store.find(self.table, self.number, key);
                if found != Ok(slots.first().copied()) {
                    return Err(format!("the key {key:?} gives {found:?}, not {slots:?}"));
                }
            }
        }
        Ok(())
    }

    fn check_ranges(&self, random: &mut Random) -> Result<(), String> {
        let keys = self.rows.rows.iter().map(|(slot, row)| (self.index.values(&row.values), *slot));
        let mut sorted: Vec<(Vec<Value>, Slot)> = keys.collect();
        sorted.sort_by(|(left, left_slot), (right, right_slot)| {
            compare(left, right).then(left_slot.cmp(right_slot))
        });
        let mut everything = Vec::new();
        let result = self.store.range(self.table, self.number, &Bounds::ALL, &mut everything);
        if result.is_err() || !everything.iter().eq(sorted.iter().map(|(_, slot)| slot)) {
            return Err(format!("everything in order is {everything:?}, not {sorted:?}"));
        }
        for _ in 0..3 {
            let (lower, upper) = (self.bound(&sorted, random), self.bound(&sorted, random));
            let is_inside = |key: &[Value]| {
                let against = |prefix: &[Value]| compare(key.get(..prefix.len()).unwrap_or_default(), prefix);
                let above = match &lower {
                    Bound::Unbounded => true,
                    Bound::Included(prefix) => against(prefix) != Ordering::Less,
                    Bound::Excluded(prefix) => against(prefix) == Ordering::Greater,
                };
                above
                    && match &upper {
                        Bound::Unbounded => true,
                        Bound::Included(prefix) => against(prefix) != Ordering::Greater,
                        Bound::Excluded(prefix) => against(prefix) == Ordering::Less,
                    }
            };
            let expected: Vec<Slot> =
                sorted.iter().filter(|(key, _)| is_inside(key)).map(|(_, slot)| *slot).collect();
            let (low, high) = (self.encoded(&lower), self.encoded(&upper));
            let bounds = Bounds { lower: prefix(&low), upper: prefix(&high) };
            let mut found = Vec::new();
            let result = self.store.range(self.table, self.number, &bounds, &mut found);
            if result.is_err() || found != expected {
                return Err(format!(
                    "from {lower:?} to {upper:?} gives {result:?} {found:?}, not {expected:?}"
                ));
            }
        }
        Ok(())
    }

    /// The beginning of some row's key, or of one that may not exist.
    fn bound(&self, sorted: &[(Vec<Value>, Slot)], random: &mut Random) -> Bound<Vec<Value>> {
        let columns = self.index.layout.columns();
        let length = 1 + random.index(columns.len());
        let some_row = sorted.get(random.index(sorted.len())).map(|(key, _)| key.clone());
        let any = || -> Vec<Value> { Vec::new() };
        let mut key = some_row.filter(|_| !random.one_in(3)).unwrap_or_else(any);
        if key.is_empty() {
            key = columns.iter().map(|column| types::value(random, &column.ty)).collect();
        }
        key.truncate(length);
        match random.below(5) {
            0 => Bound::Unbounded,
            1 | 2 => Bound::Included(key),
            _ => Bound::Excluded(key),
        }
    }

    fn encoded(&self, bound: &Bound<Vec<Value>>) -> Bound<(Vec<u8>, usize)> {
        let encode = |key: &Vec<Value>| {
            let columns: Vec<u16> = (0..).take(key.len()).collect();
            let layout = self.index.layout.of_columns(&columns);
            (encode_row(&layout, key).unwrap_or_default(), key.len())
        };
        match bound {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(key) => Bound::Included(encode(key)),
            Bound::Excluded(key) => Bound::Excluded(encode(key)),
        }
    }

    fn check_circles(&self, random: &mut Random) -> Result<(), String> {
        for _ in 0..3 {
            let centre = [types::half(random), types::half(random), 0.0];
            let radius = random.between(0, 30) as f64 * 0.5;
            let mut expected = Vec::new();
            for (&slot, row) in &self.rows.rows {
                let place = self.index.values(&row.values).first().and_then(types::place_of);
                let squares = |place: [f64; 3]| -> f64 {
                    place.iter().zip(centre).map(|(part, centre)| (part - centre).powi(2)).sum()
                };
                if place.is_some_and(|place| squares(place) <= radius.powi(2)) {
                    expected.push(slot);
                }
            }
            let mut found = Vec::new();
            let result = self.store.near(self.table, self.number, centre, radius, &mut found);
            if result.is_err() || found != expected {
                return Err(format!(
                    "{radius} around {centre:?} gives {result:?} {found:?}, not {expected:?}"
                ));
            }
        }
        Ok(())
    }
}

fn prefix(bound: &Bound<(Vec<u8>, usize)>) -> Bound<KeyPrefix<'_>> {
    let of = |(key, columns): &(Vec<u8>, usize)| -> (usize, usize) { (key.len(), *columns) };
    match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(found) => Bound::Included(KeyPrefix { key: &found.0, columns: of(found).1 }),
        Bound::Excluded(found) => Bound::Excluded(KeyPrefix { key: &found.0, columns: of(found).1 }),
    }
}

/// The order of keys: column by column, numbers by size, texts and ids by their bytes.
fn compare(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right).map(|(left, right)| compare_values(left, right));
    pairs.fold(Ordering::Equal, Ordering::then)
}

fn compare_values(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::F32(left), Value::F32(right)) => left.total_cmp(right),
        (Value::F64(left), Value::F64(right)) => left.total_cmp(right),
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (Value::Identity(left), Value::Identity(right)) => left.cmp(right),
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        (Value::Enum(left, _), Value::Enum(right, _)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::U128(left), Value::U128(right)) => left.cmp(right),
        _ => number(left).cmp(&number(right)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others have been compared")]
fn number(value: &Value) -> i128 {
    match value {
        Value::I8(number) => (*number).into(),
        Value::I16(number) => (*number).into(),
        Value::I32(number) => (*number).into(),
        Value::I64(number) => (*number).into(),
        Value::U8(number) => (*number).into(),
        Value::U16(number) => (*number).into(),
        Value::U32(number) => (*number).into(),
        Value::U64(number) => (*number).into(),
        Value::EntityId(number) => number.0.into(),
        Value::Timestamp(number) => number.0.into(),
        Value::Duration(number) => number.0.into(),
        _ => 0,
    }
}
