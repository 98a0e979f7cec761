//! What the store should hold, kept in maps and answered by looking at every row.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use ambit_model::delta::{changed_columns, copy_columns};
use ambit_model::{IndexKind, IndexSchema, Slot, Value, decode_row, encode_row};
use ambit_store::{Bounds, KeyPrefix, Store};

use crate::world::{ITEMS, MONSTERS, layout_of, schema};

type Rows = BTreeMap<(u16, Slot), Vec<u8>>;

#[derive(Clone)]
pub struct Reference {
    rows: Rows,
    counters: [u64; 2],
    committed_rows: Rows,
    committed_counters: [u64; 2],
}

impl Reference {
    pub fn new() -> Self {
        Self { rows: Rows::new(), counters: [0; 2], committed_rows: Rows::new(), committed_counters: [0; 2] }
    }

    /// The slot and the row as it should be stored, or a part of the refusal's text.
    pub fn insert(&mut self, table: u16, row: &[u8]) -> Result<(Slot, Vec<u8>), &'static str> {
        let layout = layout_of(table);
        let mut values = decode_row(&layout, row).unwrap();
        let counter = &mut self.counters[usize::from(table)];
        let number = match &mut values[0] {
            Value::U8(number) if *number == 0 => {
                *number = u8::try_from(*counter + 1).map_err(|_| "have been handed out")?;
                u64::from(*number)
            }
            Value::U64(number) if *number == 0 => {
                *number = *counter + 1;
                *number
            }
            Value::U8(number) => u64::from(*number),
            Value::U64(number) => *number,
            other => panic!("{other:?}"),
        };
        let row = encode_row(&layout, &values).unwrap();
        self.check(table, &row, None)?;
        let counter = &mut self.counters[usize::from(table)];
        *counter = number.max(*counter);
        let slot = (0..)
            .find(|&slot| {
                !self.rows.contains_key(&(table, slot)) && !self.committed_rows.contains_key(&(table, slot))
            })
            .unwrap();
        self.rows.insert((table, slot), row.clone());
        Ok((slot, row))
    }

    pub fn update(&mut self, table: u16, slot: Slot, row: &[u8]) -> Result<(), &'static str> {
        self.check(table, row, Some(slot))?;
        let number = match decode_row(&layout_of(table), row).unwrap()[0] {
            Value::U8(number) => u64::from(number),
            Value::U64(number) => number,
            ref other => panic!("{other:?}"),
        };
        let counter = &mut self.counters[usize::from(table)];
        *counter = number.max(*counter);
        self.rows.insert((table, slot), row.to_vec());
        Ok(())
    }

    pub fn delete(&mut self, table: u16, slot: Slot) {
        self.rows.remove(&(table, slot)).unwrap();
    }

    /// One of the table's rows.
    pub fn pick(&self, table: u16, choice: usize) -> Option<Slot> {
        let slots: Vec<_> = self.rows.range((table, 0)..=(table, Slot::MAX)).map(|(key, _)| key.1).collect();
        slots.get(choice % slots.len().max(1)).copied()
    }

    /// The row with the columns of the mask taken from another.
    pub fn merge(&self, table: u16, slot: Slot, mask: u64, row: &[u8]) -> Vec<u8> {
        let layout = layout_of(table);
        let old = decode_row(&layout, &self.rows[&(table, slot)]).unwrap();
        let new = decode_row(&layout, row).unwrap();
        let merged = old.into_iter().zip(new).enumerate();
        let merged: Vec<_> =
            merged.map(|(column, (old, new))| if mask >> column & 1 == 1 { new } else { old }).collect();
        encode_row(&layout, &merged).unwrap()
    }

    pub fn rollback(&mut self) {
        self.rows = self.committed_rows.clone();
        self.counters = self.committed_counters;
    }

    /// Old and new bytes of every row that differs.
    pub fn commit(&mut self) -> BTreeMap<(u16, Slot), (Vec<u8>, Vec<u8>)> {
        let mut changes = BTreeMap::new();
        for key in self.rows.keys().chain(self.committed_rows.keys()) {
            let old = self.committed_rows.get(key).cloned().unwrap_or_default();
            let new = self.rows.get(key).cloned().unwrap_or_default();
            if old != new {
                changes.insert(*key, (old, new));
            }
        }
        self.committed_rows = self.rows.clone();
        self.committed_counters = self.counters;
        changes
    }

    /// Refusals in the order of the table's indexes, as the store gives them.
    fn check(&self, table: u16, row: &[u8], except: Option<Slot>) -> Result<(), &'static str> {
        let layout = layout_of(table);
        let old = except.map(|slot| &self.rows[&(table, slot)]);
        for index in &schema().tables[usize::from(table)].indexes {
            let mask = index.columns.iter().fold(0, |mask, column| mask | 1_u64 << column);
            if old.is_some_and(|old| changed_columns(&layout, old, row) & mask == 0) {
                continue;
            }
            if let IndexKind::Spatial { .. } = index.kind
                && !position_of(table, index, row).iter().all(|part| part.is_finite())
            {
                return Err("a position must be finite");
            }
            let key = self.key(table, index, row);
            let is_taken = |(at, other): (&(u16, Slot), &Vec<u8>)| {
                at.0 == table && Some(at.1) != except && self.key(table, index, other) == key
            };
            if index.unique && self.rows.iter().any(is_taken) {
                return Err("another row already has");
            }
        }
        Ok(())
    }

    fn key(&self, table: u16, index: &IndexSchema, row: &[u8]) -> Vec<u8> {
        let layout = layout_of(table);
        let mut key = Vec::new();
        copy_columns(&layout, row, &index.columns, &layout.of_columns(&index.columns), &mut key).unwrap();
        key
    }

    /// Everything that can be asked of the store has the reference's answer.
    pub fn compare(&self, store: &Store) {
        for table in [MONSTERS, ITEMS] {
            let rows: Vec<(Slot, &[u8])> = self
                .rows
                .range((table, 0)..=(table, Slot::MAX))
                .map(|(key, row)| (key.1, row.as_slice()))
                .collect();
            assert_eq!(store.slots(table).collect::<Vec<_>>(), rows);
            assert_eq!(store.count(table), rows.len());
            assert_eq!(store.auto_inc_counter(table, 0), Some(self.counters[usize::from(table)]));
            for (id, index) in (0..).zip(&schema().tables[usize::from(table)].indexes) {
                assert_eq!(store.index_count(table, id), Some(rows.len()));
                match index.kind {
                    IndexKind::Hash => self.compare_keys(store, table, id, index, &rows),
                    IndexKind::Ordered => {
                        if index.unique {
                            self.compare_keys(store, table, id, index, &rows);
                        }
                        compare_ranges(store, table, id, index, &rows);
                    }
                    IndexKind::Spatial { .. } => compare_circles(store, table, id, index, &rows),
                }
            }
        }
    }

    fn compare_keys(&self, store: &Store, table: u16, id: u16, index: &IndexSchema, rows: &[(Slot, &[u8])]) {
        for (slot, row) in rows {
            let key = self.key(table, index, row);
            let same = rows.iter().filter(|(_, other)| self.key(table, index, other) == key);
            let expected: Vec<_> = same.map(|(slot, _)| *slot).collect();
            let mut found = vec![];
            store.find_all(table, id, &key, &mut found).unwrap();
            assert_eq!(found, expected);
            if index.unique {
                assert_eq!(store.find(table, id, &key), Ok(Some(*slot)));
            }
        }
    }
}

fn compare_values(one: &Value, other: &Value) -> Ordering {
    let float = |number: f32| if number == 0.0 { 0.0 } else { number };
    match (one, other) {
        (Value::I32(one), Value::I32(other)) => one.cmp(other),
        (Value::U32(one), Value::U32(other)) => one.cmp(other),
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Uuid(one), Value::Uuid(other)) => one.cmp(other),
        (Value::F32(one), Value::F32(other)) => float(*one).total_cmp(&float(*other)),
        other => panic!("{other:?}"),
    }
}

/// Every pair of rows' keys as bounds, whole and cut to the first column, included and excluded.
fn compare_ranges(store: &Store, table: u16, id: u16, index: &IndexSchema, rows: &[(Slot, &[u8])]) {
    let layout = layout_of(table);
    let columns_of = |row: &[u8]| -> Vec<Value> {
        let values = decode_row(&layout, row).unwrap();
        index.columns.iter().map(|&column| values[usize::from(column)].clone()).collect()
    };
    let compare = |one: &[Value], other: &[Value]| {
        one.iter().zip(other).map(|(one, other)| compare_values(one, other)).find(|order| order.is_ne())
    };
    let mut sorted: Vec<_> = rows.iter().map(|(slot, row)| (columns_of(row), *slot)).collect();
    sorted.sort_by(|one, other| compare(&one.0, &other.0).unwrap_or(one.1.cmp(&other.1)));
    let mut found = vec![];
    store.range(table, id, &Bounds::ALL, &mut found).unwrap();
    assert_eq!(found, sorted.iter().map(|(_, slot)| *slot).collect::<Vec<_>>());

    let picked: Vec<_> = sorted.iter().map(|(values, _)| values).step_by(sorted.len() / 4 + 1).collect();
    for (count, (low, high)) in
        picked.iter().flat_map(|low| picked.iter().map(move |high| (low, high))).enumerate()
    {
        let (low_columns, high_columns) =
            (count % index.columns.len() + 1, count / 2 % index.columns.len() + 1);
        let key = |values: &[Value], columns: usize| {
            encode_row(&layout.of_columns(&index.columns[..columns]), &values[..columns]).unwrap()
        };
        let (low_key, high_key) = (key(low, low_columns), key(high, high_columns));
        let (low_prefix, high_prefix) = (
            KeyPrefix { key: &low_key, columns: low_columns },
            KeyPrefix { key: &high_key, columns: high_columns },
        );
        let (low_excluded, high_excluded) = (count % 3 == 0, count % 5 < 2);
        let lower = if low_excluded { Bound::Excluded(low_prefix) } else { Bound::Included(low_prefix) };
        let upper = if high_excluded { Bound::Excluded(high_prefix) } else { Bound::Included(high_prefix) };
        let expected = sorted.iter().filter(|(values, _)| {
            let from_low = compare(values, &low[..low_columns]).unwrap_or(Ordering::Equal);
            let to_high = compare(values, &high[..high_columns]).unwrap_or(Ordering::Equal);
            let inside_low = if low_excluded { from_low.is_gt() } else { from_low.is_ge() };
            let inside_high = if high_excluded { to_high.is_lt() } else { to_high.is_le() };
            inside_low && inside_high
        });
        let expected: Vec<_> = expected.map(|(_, slot)| *slot).collect();
        found.clear();
        store.range(table, id, &Bounds { lower, upper }, &mut found).unwrap();
        assert_eq!(found, expected, "{lower:?} {upper:?}");
        let wanted = count % 4;
        for is_backward in [false, true] {
            let mut walked = vec![];
            let walk = |slot| {
                walked.push(slot);
                walked.len() < wanted
            };
            store.walk(table, id, &Bounds { lower, upper }, is_backward, walk).unwrap();
            let mut expected = expected.clone();
            if is_backward {
                expected.reverse();
            }
            expected.truncate(wanted.max(1));
            assert_eq!(walked, expected, "{lower:?} {upper:?} backward: {is_backward}");
        }
    }
}

fn position_of(table: u16, index: &IndexSchema, row: &[u8]) -> [f64; 3] {
    match decode_row(&layout_of(table), row).unwrap()[usize::from(index.columns[0])] {
        Value::Vec3(place) => place.as_dvec3().to_array(),
        Value::DVec2(place) => [place.x, place.y, 0.0],
        ref other => panic!("{other:?}"),
    }
}

fn compare_circles(store: &Store, table: u16, id: u16, index: &IndexSchema, rows: &[(Slot, &[u8])]) {
    let flat = table == ITEMS;
    let radii = [0.0, 0.75, 1.0, 2.3, 1e9, 1e31, 1e300, f64::INFINITY];
    let centres = [[0.0, 0.0, 1.0], [0.75, -1.5, 0.0], [1e30, 0.0, 0.0], [-3.0, 2.9, 1.0]];
    for (centre, radius) in centres.iter().flat_map(|&centre| radii.map(|radius| (centre, radius))) {
        let inside = |row: &[u8]| {
            let place = position_of(table, index, row);
            let axes = if flat { 2 } else { 3 };
            let distances = (0..axes).map(|axis| place[axis] - centre[axis]);
            distances.map(|distance| (distance / radius.clamp(1e-9, 1e300)).powi(2)).sum::<f64>().sqrt()
                <= if radius == 0.0 {
                    0.0
                } else if radius.is_infinite() {
                    f64::INFINITY
                } else {
                    1.0
                }
        };
        let expected: Vec<_> = rows.iter().filter(|(_, row)| inside(row)).map(|(slot, _)| *slot).collect();
        let mut found = vec![];
        store.near(table, id, centre, radius, &mut found).unwrap();
        assert_eq!(found, expected, "{centre:?} {radius}");
    }
}
