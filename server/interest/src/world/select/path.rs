//! What an index of the store can be asked about the rows that satisfy some conditions, and which index is asked first.

use std::cmp::Reverse;

use ambit_model::{IndexKind, IndexSchema, RowLayout, RowWriter};

use crate::limits;
use crate::query::plan::{Area, Edge, Equal, Facts, Form, Number, Operand, Scalar, Selectivity, Span};

/// How one index finds the rows.
pub(in crate::world) struct Path<'a> {
    pub index: u16,
    /// Columns that must be equal, from the index's first on.
    equal: Vec<&'a Equal<'a>>,
    then: Then<'a>,
    pub cost: Cost,
}

/// What follows the columns that must be equal.
enum Then<'a> {
    Nothing,
    Span(&'a Span),
    Area(&'a Area),
}

/// Which path is tried first: the smallest. Whether no two rows have one key comes first, then how few rows the most telling
/// fact leaves, then how many columns are used.
pub(in crate::world) type Cost = (Reverse<bool>, Selectivity, Reverse<usize>);

/// A question to an index.
pub(in crate::world) enum LookUp {
    /// All rows of a key.
    Key(Vec<u8>),
    /// All rows between two ends: the first columns of a key, how many they are, and whether they belong to it.
    Range(Option<End>, Option<End>),
    Near([f64; 3], f64),
}

pub(in crate::world) struct End {
    pub key: Vec<u8>,
    pub columns: usize,
    pub is_included: bool,
}

impl<'a> Path<'a> {
    /// How an index finds the rows, if it can.
    pub fn new(id: u16, index: &IndexSchema, facts: &'a Facts<'a>) -> Option<Self> {
        let (equal, then) = match index.kind {
            IndexKind::Spatial { .. } => {
                let column = index.columns.first()?;
                let (_, area) = facts.areas.iter().find(|(position, _)| position.column == *column)?;
                (Vec::new(), Then::Area(area))
            }
            IndexKind::Hash => {
                let equal = equal_columns(index, facts, Form::is_float);
                if equal.len() < index.columns.len() {
                    return None;
                }
                (equal, Then::Nothing)
            }
            IndexKind::Ordered => {
                let equal = equal_columns(index, facts, |_| false);
                let next = index.columns.get(equal.len());
                let span = facts.spans.iter().find(|span| Some(&span.operand.column) == next);
                let has_ends = |span: &&Span| span.low.is_some() || span.high.is_some();
                (equal, span.filter(has_ends).map_or(Then::Nothing, Then::Span))
            }
        };
        let of_rest = match then {
            Then::Nothing => None,
            Then::Span(span) => Some(span.selectivity()),
            Then::Area(_) => Some(Selectivity::Place),
        };
        let selectivity = equal.iter().map(|equal| equal.selectivity()).chain(of_rest).min()?;
        let is_unique = index.unique && equal.len() == index.columns.len();
        let used = equal.len() + usize::from(of_rest.is_some());
        Some(Self { index: id, equal, then, cost: (Reverse(is_unique), selectivity, Reverse(used)) })
    }

    /// How few rows the most telling fact leaves.
    pub fn selectivity(&self) -> Selectivity {
        let (_, selectivity, _) = self.cost;
        selectivity
    }

    /// What to ask the index, whose columns these are; `None` if it cannot be asked that.
    pub fn look_ups(&self, layout: &RowLayout, columns: &[u16]) -> Option<Vec<LookUp>> {
        let used = columns.get(..self.equal.len())?;
        match self.then {
            Then::Area(area) => {
                let (centre, radius) = circle_around(area);
                let is_finite = radius.is_finite() && centre.iter().all(|part| part.is_finite());
                is_finite.then(|| vec![LookUp::Near(centre, radius)])
            }
            Then::Nothing => {
                let keys = keys(layout, used, &self.equal, None)?.into_iter();
                if used.len() == columns.len() {
                    return Some(keys.map(LookUp::Key).collect());
                }
                let end = |key: Vec<u8>| Some(End { key, columns: used.len(), is_included: true });
                Some(keys.map(|key| LookUp::Range(end(key.clone()), end(key))).collect())
            }
            Then::Span(span) => {
                let low = self.ends(layout, columns, span.operand, span.low.as_ref())?;
                let high = self.ends(layout, columns, span.operand, span.high.as_ref())?;
                Some(low.into_iter().zip(high).map(|(low, high)| LookUp::Range(low, high)).collect())
            }
        }
    }

    /// One end of a range for each combination of the equal columns' values. Where the span has none, it is all that begins
    /// with them.
    fn ends(
        &self,
        layout: &RowLayout,
        columns: &[u16],
        operand: Operand,
        edge: Option<&Edge>,
    ) -> Option<Vec<Option<End>>> {
        let used = self.equal.len() + usize::from(edge.is_some());
        if used == 0 {
            return Some(vec![None]);
        }
        let last = edge.map(|edge| (operand, &edge.value));
        let is_included = edge.is_none_or(|edge| edge.is_included);
        let keys = keys(layout, columns.get(..used)?, &self.equal, last)?;
        Some(keys.into_iter().map(|key| Some(End { key, columns: used, is_included })).collect())
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
