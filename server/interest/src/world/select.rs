//! The rows of a filter: by an index of the store where one helps, otherwise row by row.
//!
//! An index may find more rows than the filter holds and never fewer, so that each that it finds is tested.

use std::cmp::Reverse;
use std::ops::Bound;

use ambit_model::{IndexKind, IndexSchema, RowLayout, RowWriter, Slot};
use ambit_store::{Bounds, KeyPrefix, LookupError};

use super::World;
use crate::limits;
use crate::query::plan::{
    Area, Condition, Edge, Equal, Facts, Filter, Form, Number, Operand, Scalar, Selectivity, Span, parts,
};

/// One look-up, or several of one kind, in an index of the filter's table.
struct Path {
    index: u16,
    look_ups: Vec<LookUp>,
    cost: Cost,
}

/// Which path is tried: the smallest. Whether no two rows have one key comes first, then how few rows the most telling fact
/// leaves, then how many columns are used.
type Cost = (Reverse<bool>, Selectivity, Reverse<usize>);

enum LookUp {
    /// All rows of a key.
    Key(Vec<u8>),
    /// All rows between two ends: the first columns of a key, how many they are, and whether they belong to it.
    Range(Option<End>, Option<End>),
    Near([f64; 3], f64),
}

struct End {
    key: Vec<u8>,
    columns: usize,
    is_included: bool,
}

impl World {
    /// Appends the slots of all rows that satisfy the filter, each once.
    pub fn select(&self, filter: &Filter, out: &mut Vec<Slot>) {
        let start = out.len();
        if self.select_by_index(filter, out).is_none() {
            out.truncate(start);
            let rows = self.store.slots(filter.table).filter(|(_, row)| filter.matches(row));
            out.extend(rows.map(|(slot, _)| slot));
        }
    }

    /// The same by indexes alone; `None` if there are none that help, or one refuses the question.
    fn select_by_index(&self, filter: &Filter, out: &mut Vec<Slot>) -> Option<()> {
        let conditions: Vec<&Condition> = filter.conditions.iter().collect();
        let paths = self.paths(filter.table, &conditions)?;
        if paths.iter().map(|path| path.look_ups.len()).sum::<usize>() > limits::LOOK_UPS_MAX {
            return None;
        }
        let mut found = Vec::new();
        for path in &paths {
            for look_up in &path.look_ups {
                self.look_up(filter.table, path.index, look_up, &mut found).ok()?;
            }
        }
        if paths.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        let matches = |slot: &Slot| self.row(filter.table, *slot).is_some_and(|row| filter.matches(row));
        out.extend(found.into_iter().filter(matches));
        Some(())
    }

    fn look_up(
        &self,
        table: u16,
        index: u16,
        look_up: &LookUp,
        out: &mut Vec<Slot>,
    ) -> Result<(), LookupError> {
        match look_up {
            LookUp::Key(key) => self.store.find_all(table, index, key, out),
            LookUp::Near(centre, radius) => self.store.near(table, index, *centre, *radius, out),
            LookUp::Range(lower, upper) => {
                let bounds = Bounds { lower: bound(lower.as_ref()), upper: bound(upper.as_ref()) };
                self.store.range(table, index, &bounds, out)
            }
        }
    }

    /// Paths that together find every row which satisfies all conditions.
    fn paths(&self, table: u16, conditions: &[&Condition]) -> Option<Vec<Path>> {
        let facts = Facts::of(conditions);
        let layout = &self.table(table)?.layout;
        let indexes = &self.schema.tables.get(usize::from(table))?.indexes;
        let paths = (0..).zip(indexes).filter_map(|(id, index)| path(layout, id, index, &facts));
        if let Some(path) = paths.min_by_key(|path| path.cost) {
            return Some(vec![path]);
        }
        let is_alone = |condition: &&Condition| !matches!(condition, Condition::Any(_));
        let others: Vec<&Condition> = conditions.iter().copied().filter(is_alone).collect();
        facts.alternatives.iter().find_map(|list| {
            let mut paths = Vec::new();
            for alternative in *list {
                let all: Vec<&Condition> = others.iter().copied().chain(parts(alternative)).collect();
                paths.extend(self.paths(table, &all)?);
            }
            Some(paths)
        })
    }
}

fn bound(end: Option<&End>) -> Bound<KeyPrefix<'_>> {
    match end {
        None => Bound::Unbounded,
        Some(End { key, columns, is_included: true }) => {
            Bound::Included(KeyPrefix { key, columns: *columns })
        }
        Some(End { key, columns, is_included: false }) => {
            Bound::Excluded(KeyPrefix { key, columns: *columns })
        }
    }
}

/// How an index finds the rows, if it can.
fn path(layout: &RowLayout, id: u16, index: &IndexSchema, facts: &Facts<'_>) -> Option<Path> {
    match index.kind {
        IndexKind::Spatial { .. } => {
            let column = index.columns.first()?;
            let (_, area) = facts.areas.iter().find(|(position, _)| position.column == *column)?;
            let (centre, radius) = circle_around(area);
            let is_finite = radius.is_finite() && centre.iter().all(|part| part.is_finite());
            let cost = (Reverse(false), Selectivity::Place, Reverse(1));
            is_finite.then(|| Path { index: id, look_ups: vec![LookUp::Near(centre, radius)], cost })
        }
        IndexKind::Hash => {
            let equal = equal_columns(index, facts, Form::is_float);
            (equal.len() == index.columns.len()).then(|| whole_keys(layout, id, index, &equal)).flatten()
        }
        IndexKind::Ordered => {
            let equal = equal_columns(index, facts, |_| false);
            if equal.len() == index.columns.len() {
                return whole_keys(layout, id, index, &equal);
            }
            let next = index.columns.get(equal.len())?;
            let span = facts.spans.iter().find(|span| span.operand.column == *next);
            ranges(layout, id, index, &equal, span)
        }
    }
}

/// What is known of the index's columns from the first on, as long as each must have one of a few values. A hash tells the
/// two zeros of a float apart, a query does not.
fn equal_columns<'a>(
    index: &IndexSchema,
    facts: &'a Facts<'a>,
    is_refused: impl Fn(Form) -> bool,
) -> Vec<&'a Equal<'a>> {
    let equal = index.columns.iter().map_while(|column| {
        let equal = facts.equal.iter().find(|equal| equal.operand.column == *column)?;
        Some(equal).filter(|equal| !is_refused(equal.operand.form))
    });
    equal.collect()
}

fn whole_keys(layout: &RowLayout, id: u16, index: &IndexSchema, equal: &[&Equal<'_>]) -> Option<Path> {
    let look_ups = keys(layout, &index.columns, equal, None)?.into_iter().map(LookUp::Key).collect();
    let selectivity = equal.iter().map(|equal| equal.selectivity()).min()?;
    Some(Path { index: id, look_ups, cost: (Reverse(index.unique), selectivity, Reverse(equal.len())) })
}

/// Ranges of an ordered index: its first columns are equal, the next one lies in the span.
fn ranges(
    layout: &RowLayout,
    id: u16,
    index: &IndexSchema,
    equal: &[&Equal<'_>],
    span: Option<&Span>,
) -> Option<Path> {
    let beginnings = match equal {
        [] => None,
        _ => Some(keys(layout, index.columns.get(..equal.len())?, equal, None)?),
    };
    let columns = index.columns.get(..=equal.len())?;
    let ends = |edge: Option<&Edge>| match (edge, span) {
        (Some(edge), Some(span)) => {
            let keys = keys(layout, columns, equal, Some((span.operand, &edge.value)))?;
            let end = |key| Some(End { key, columns: columns.len(), is_included: edge.is_included });
            Some(keys.into_iter().map(end).collect())
        }
        // Open on this side: all that begins with the equal columns.
        (None, _) | (_, None) => Some(match &beginnings {
            None => vec![None],
            Some(keys) => {
                let end = |key: &Vec<u8>| End { key: key.clone(), columns: equal.len(), is_included: true };
                keys.iter().map(|key| Some(end(key))).collect::<Vec<Option<End>>>()
            }
        }),
    };
    let low = span.and_then(|span| span.low.as_ref());
    let high = span.and_then(|span| span.high.as_ref());
    if equal.is_empty() && low.is_none() && high.is_none() {
        return None;
    }
    let look_ups = ends(low)?.into_iter().zip(ends(high)?).map(|(low, high)| LookUp::Range(low, high));
    let of_equal = equal.iter().map(|equal| equal.selectivity());
    let selectivity = of_equal.chain(span.map(Span::selectivity)).min()?;
    let used = equal.len() + usize::from(span.is_some());
    Some(Path { index: id, look_ups: look_ups.collect(), cost: (Reverse(false), selectivity, Reverse(used)) })
}

/// The keys over these columns, one for each combination of the values, and perhaps of one more column's value.
fn keys(
    layout: &RowLayout,
    columns: &[u16],
    equal: &[&Equal<'_>],
    last: Option<(Operand, &Scalar)>,
) -> Option<Vec<Vec<u8>>> {
    let mut combinations: Vec<Vec<(Operand, Option<&Scalar>)>> = vec![Vec::new()];
    for equal in equal {
        if combinations.len().saturating_mul(equal.values.len()) > limits::LOOK_UPS_MAX {
            return None;
        }
        let mut longer = Vec::with_capacity(combinations.len() * equal.values.len());
        for known in &combinations {
            for value in &equal.values {
                let mut known = known.clone();
                known.push((equal.operand, *value));
                longer.push(known);
            }
        }
        combinations = longer;
    }
    let key_layout = layout.of_columns(columns);
    let last = last.map(|(operand, value)| (operand, Some(value)));
    combinations.into_iter().map(|values| key(&key_layout, values.into_iter().chain(last))).collect()
}

/// A key as a row of its columns; `None` if a value has no bytes of its own.
fn key<'a>(
    key_layout: &RowLayout,
    values: impl Iterator<Item = (Operand, Option<&'a Scalar>)>,
) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    let mut writer = RowWriter::new(&mut key, key_layout.fixed_bytes());
    for (column, (operand, value)) in key_layout.columns().iter().zip(values) {
        let Some(value) = value else {
            // What is absent is all zeros; floats that are not numbers are NULL too, and there are many.
            if operand.tag.is_none() || operand.form.is_float() {
                return None;
            }
            continue;
        };
        let mut at = column.offset;
        if let Some(tag) = operand.tag {
            writer.put(at, &[1]);
            at += operand.offset - tag;
        }
        match operand.form {
            Form::Heap => {
                let Scalar::Bytes(bytes) = value else { return None };
                writer.bytes(at, bytes);
            }
            Form::Opaque => return None,
            Form::Bool
            | Form::Unsigned(_)
            | Form::Signed(_)
            | Form::Float32
            | Form::Float64
            | Form::Bytes(_) => writer.put(at, &value.column_bytes(operand.form)),
        }
    }
    Some(key)
}

/// A circle that holds the area.
fn circle_around(area: &Area) -> ([f64; 3], f64) {
    match area {
        Area::Circle { centre, radius } => (centre.map(Number::get), radius.get()),
        Area::Box { low, high } => {
            let mut centre = [0.0; 3];
            let (mut radius, mut farthest) = (0.0_f64, 0.0_f64);
            for (part, (low, high)) in centre.iter_mut().zip(low.iter().zip(high)) {
                *part = low.get() / 2.0 + high.get() / 2.0;
                radius = radius.hypot(high.get() - *part);
                farthest = farthest.max(high.get().abs()).max(low.get().abs());
            }
            // A little wider, so that rounding loses no corner.
            (centre, radius + (radius + farthest) * 1e-12)
        }
    }
}

#[cfg(test)]
mod tests;
