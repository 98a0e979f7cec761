//! What a filter is found by: keys such that every row that the filter can hold has at least one of them.
//!
//! Of conditions joined by AND, the columns that must be equal make one hash, and one range or area narrows it further. Of
//! conditions joined by OR each needs keys of its own. NOT, which leaves most rows, gives none.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::regions::Region;
use crate::limits;
use crate::query::plan::{
    Condition, Edge, Equal, Facts, Filter, Operand, Position, Selectivity, Span, parts,
};

/// One key of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub shape: Shape,
    /// The hash of the values that the shape's columns must have.
    pub salt: u64,
    pub place: Place,
}

/// What keys are made of, and so how a row is asked for its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    /// Columns that must be equal, in order.
    pub equal: Vec<Operand>,
    pub axis: Axis,
}

/// The column that must lie somewhere, if any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Axis {
    None,
    Span(Operand),
    Region(Position),
}

/// Where it must lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Anywhere,
    /// Between two ranks, both included.
    Span {
        low: Option<u128>,
        high: Option<u128>,
    },
    Region(Region),
}

/// How much a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// All that is known.
    All,
    /// One column: a table has few such shapes, whatever clients ask for.
    OneColumn,
}

/// The keys of a filter; `None` if any row may be one of its own.
pub(super) fn keys(filter: &Filter, detail: Detail) -> Option<Vec<Key>> {
    let conditions: Vec<&Condition> = filter.conditions.iter().collect();
    keys_of_all(&conditions, detail)
}

fn keys_of_all(conditions: &[&Condition], detail: Detail) -> Option<Vec<Key>> {
    let facts = Facts::of(conditions);
    let axis = axis(&facts);
    if !axis.as_ref().is_some_and(|(_, place)| place.is_bounded())
        && let Some(keys) = keys_of_alternatives(conditions, &facts, detail)
    {
        return Some(keys);
    }
    if let Some((_, Place::Span { low: Some(low), high: Some(high) })) = axis
        && low > high
    {
        // What is empty has no keys, and needs none.
        return Some(Vec::new());
    }
    let mut equal: Vec<&Equal<'_>> = facts.equal.iter().collect();
    if detail == Detail::OneColumn {
        return one_column(&equal, axis);
    }
    equal.sort_unstable_by_key(|equal| equal.operand);
    let (axis, place) = axis.unwrap_or((Axis::None, Place::Anywhere));
    bound_product(&mut equal, limits::KEY_ENTRIES_PER_FILTER_MAX / place.entries());
    if equal.is_empty() && axis == Axis::None {
        return None;
    }
    let shape = Shape { equal: equal.iter().map(|equal| equal.operand).collect(), axis };
    let salts = salts(&equal).into_iter();
    Some(salts.map(|salt| Key { shape: shape.clone(), salt, place: place.clone() }).collect())
}

/// The keys of the first list of alternatives that all have some, each together with what holds for all of them. Lists
/// beside it narrow nothing more: so every condition is looked at once, and keys do not multiply.
fn keys_of_alternatives(conditions: &[&Condition], facts: &Facts<'_>, detail: Detail) -> Option<Vec<Key>> {
    let is_alone = |condition: &&Condition| !matches!(condition, Condition::Any(_));
    let others: Vec<&Condition> = conditions.iter().copied().filter(is_alone).collect();
    facts.alternatives.iter().find_map(|list| {
        let (mut keys, mut entries) = (Vec::new(), 0);
        for alternative in *list {
            let all: Vec<&Condition> = others.iter().copied().chain(parts(alternative)).collect();
            let more = keys_of_all(&all, detail)?;
            entries += more.iter().map(|key| key.place.entries()).sum::<usize>();
            if entries > limits::KEY_ENTRIES_PER_FILTER_MAX {
                return None;
            }
            keys.extend(more);
        }
        Some(keys)
    })
}

/// The range or area that leaves the fewest rows.
fn axis(facts: &Facts<'_>) -> Option<(Axis, Place)> {
    let area = facts.areas.iter().map(|(position, area)| (Region::of(area), *position));
    if let Some((region, position)) = area.min_by_key(|(region, _)| region.exponent()) {
        return Some((Axis::Region(position), Place::Region(region)));
    }
    let span = facts.spans.iter().min_by_key(|span| (span.selectivity(), span.operand))?;
    Some((Axis::Span(span.operand), ranks(span)))
}

/// A span as ranks. Where several values share a rank, all of them are in it.
fn ranks(span: &Span) -> Place {
    let is_exact = span.operand.is_told_by_rank();
    let rank = |edge: &Edge, inward: fn(u128, u128) -> Option<u128>| match edge.is_included || !is_exact {
        true => Some(edge.value.rank()),
        false => inward(edge.value.rank(), 1),
    };
    let low = span.low.as_ref().map(|edge| rank(edge, u128::checked_add));
    let high = span.high.as_ref().map(|edge| rank(edge, u128::checked_sub));
    match (low, high) {
        // Beyond the last value, or before the first.
        (Some(None), _) | (_, Some(None)) => Place::Span { low: Some(1), high: Some(0) },
        (low, high) => Place::Span { low: low.flatten(), high: high.flatten() },
    }
}

/// The keys of the one column that leaves the fewest rows.
fn one_column(equal: &[&Equal<'_>], axis: Option<(Axis, Place)>) -> Option<Vec<Key>> {
    let equal = equal.iter().filter(|equal| equal.values.len() <= limits::KEY_ENTRIES_PER_FILTER_MAX);
    let equal = equal.min_by_key(|equal| (equal.selectivity(), equal.operand));
    let is_before_axis = |equal: &&&Equal<'_>| match axis {
        Some((Axis::Region(_), _)) => equal.selectivity() < Selectivity::Place,
        Some((Axis::Span(_) | Axis::None, _)) | None => true,
    };
    if let Some(equal) = equal.filter(is_before_axis) {
        let shape = Shape { equal: vec![equal.operand], axis: Axis::None };
        let key = |salt| Key { shape: shape.clone(), salt, place: Place::Anywhere };
        return Some(salts(&[equal]).into_iter().map(key).collect());
    }
    let (axis, place) = axis?;
    let shape = Shape { equal: Vec::new(), axis };
    Some(
        salts(&[]).into_iter().map(|salt| Key { shape: shape.clone(), salt, place: place.clone() }).collect(),
    )
}

/// Leaves the columns with the most values out until their products are few.
fn bound_product(equal: &mut Vec<&Equal<'_>>, max: usize) {
    let product = |equal: &[&Equal<'_>]| {
        equal.iter().fold(1_usize, |product, equal| product.saturating_mul(equal.values.len()))
    };
    while product(equal) > max {
        let most = equal.iter().enumerate().max_by_key(|(_, equal)| equal.values.len());
        let Some((place, _)) = most else { return };
        equal.remove(place);
    }
}

/// The hash of each combination of values.
fn salts(equal: &[&Equal<'_>]) -> Vec<u64> {
    let mut hashers = vec![FxHasher::default()];
    for equal in equal {
        let with = |hasher: &FxHasher| {
            let hasher = hasher.clone();
            equal.values.iter().map(move |value| {
                let mut hasher = hasher.clone();
                Operand::hash_value(*value, &mut hasher);
                hasher
            })
        };
        hashers = hashers.iter().flat_map(with).collect();
    }
    hashers.iter().map(FxHasher::finish).collect()
}

impl Place {
    /// Whether it has two ends: one with a single end often leaves most rows.
    fn is_bounded(&self) -> bool {
        match self {
            Self::Anywhere => false,
            Self::Span { low, high } => low.is_some() && high.is_some(),
            Self::Region(_) => true,
        }
    }

    /// How many entries it usually has in an index.
    fn entries(&self) -> usize {
        match self {
            Self::Anywhere => 1,
            // Cells along one axis, and along three.
            Self::Span { .. } => 2,
            Self::Region(_) => 8,
        }
    }
}

impl Shape {
    /// The salt of a row's own keys.
    #[inline]
    pub fn salt(&self, row: &[u8]) -> u64 {
        let mut hasher = FxHasher::default();
        self.equal.iter().for_each(|operand| operand.hash(row, &mut hasher));
        hasher.finish()
    }
}
